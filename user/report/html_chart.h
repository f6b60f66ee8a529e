/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_HTML_CHART_H
#define LVT_HTML_CHART_H

#include <stdio.h>

#include "model/run.h"

/*
 * Charts of a page. Bars are made of boxes that have their widths in per cent, curves of inline SVG
 * that is stretched to its box; labels are plain text beside them, so that they keep their size and
 * can be left out by the style sheet where there is no room.
 *
 * A stage has one colour everywhere, by its cause; what passes before the request is read (queue.*)
 * is hatched. html.css has them, by the stage's name.
 */

/* The class of a stage's colour: "s-queue-runq". */
enum { STAGE_CLASS_LEN = 32 };
const char *chart_stage_class(char buf[STAGE_CLASS_LEN], enum lvt_stage st);

/* A box of a stage's colour with its name beside it. */
void chart_stage(FILE *out, enum lvt_stage st);

/*
 * A stacked bar of a request's (or a mean request's) stages, which add up to `latency`; `length` is
 * how much of its room it takes, 0..1. Boxes wide enough have their share, or name and share, in them.
 */
void chart_stages(FILE *out, const double ns[NR_STAGES], double latency, double length);

/* The stages that are seen in any of n such bars. */
void chart_legend(FILE *out, const struct anatomy_row *rows, size_t n);

/* 1, 2 or 5 times a power of ten: a step with which at most so many reach over a span. */
double chart_step(double span, int at_most);

/* log10 of the 1, 2 or 5 times a power of ten, ns, that is at least (up) or at most `ns`. */
double chart_log_edge(double ns, bool up);

/* A time on an axis: as fmt_ns(), without ".0". buf of UNIT_LEN. Returns buf. */
const char *chart_tick(char *buf, double ns);

/* A rate on an axis: as fmt_rate(), without zeros at the end of a fraction. */
const char *chart_rate_tick(char *buf, double per_second);

/*
 * The latency of a service by percentile, both axes logarithmic as in HdrHistogram's plots, with its
 * table. The service must have requests.
 */
void chart_percentiles(FILE *out, const struct run_service *s);

/* The same of a client that has answers: the curve ends where the requests failed. */
struct run_client;
void chart_client(FILE *out, const struct run_client *c);

#endif
