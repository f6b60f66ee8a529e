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

/* What a section about a service has beside what it always has. */
struct html_extras {
	size_t slowest; /* so many of its slowest requests */
	bool over_time;
};

void html_service(FILE *out, const struct run *r, const struct run_service *s, size_t number,
		  const struct html_extras *extras);

/* A section about a client. */
void html_client(FILE *out, const struct run *r, size_t number, bool over_time);

/*
 * Latency, throughput and requests in flight over time, with their table, or why there is nothing;
 * without a word if the service has no series. `client`: it is the view of one.
 */
void html_over_time(FILE *out, const struct run_service *s, bool client, bool room);

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
