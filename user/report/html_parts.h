/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_HTML_PARTS_H
#define LVT_HTML_PARTS_H

#include <stdio.h>

#include "model/run.h"
#include "report/findings.h"

/* The parts of the page about a run, from its top to its foot: html_report.c puts them together. */
void html_head(FILE *out, const struct run *r);

/* A link for each service, with its main figures; `shown`: so many of them have a section below. */
void html_services(FILE *out, const struct run *r, size_t shown);

/* A section about one service, with so many of its slowest requests. */
void html_service(FILE *out, const struct run *r, const struct run_service *s, size_t number,
		  size_t slowest);

/* A section about a client. */
void html_client(FILE *out, const struct run *r, size_t number);

/* What was waited for, and who ran meanwhile; nothing where there is nothing to say. */
void html_waits(FILE *out, const struct run_service *s);

/* The slowest requests, each as a bar over its time. */
void html_slowest(FILE *out, const struct run *r, const struct run_service *s, size_t n);

/* How the numbers are defined, the trace's conditions, hooks, counters. */
void html_foot(FILE *out, const struct run *r);

/* "<p class=CLASS>" for each sentence. */
void html_sentences(FILE *out, const char *class, const struct finding *found, size_t n);

/* A name and its value, in a list <dl>. */
void html_fact(FILE *out, const char *name, const char *value);

#endif
