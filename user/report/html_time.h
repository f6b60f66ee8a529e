/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_HTML_TIME_H
#define LVT_HTML_TIME_H

#include <stdio.h>

#include "model/series.h"

/* The drawings over time, which have one axis of time: html_time.c puts them together. */
struct time_axis {
	const struct series_column *column;
	size_t n;
	double from, to; /* s */
	__u64 min, max;	 /* of all latencies, exact */
	bool client; /* the last bucket has failed requests, which are in no drawing of latency */
};

enum { TIME_WIDTH = 1000, TIME_LINE_HEIGHT = 100, TIME_TEXT_LEN = 48 };

/* Where a time is, of TIME_WIDTH. */
long time_x(const struct time_axis *t, double at);

/* "12.5 s – 13 s" from the start of the run, as precise as the columns need. */
const char *time_span(char buf[TIME_TEXT_LEN], const struct series_column *c);

/* Grid, labels of the axis. */
void time_ticks(FILE *out, const struct time_axis *t);

/* A label of the axis from the left, at 0..1 of the height, with its line. */
void time_y_tick(FILE *out, double at, const char *text);

/* Requests of a column that have a latency, and one of their quantiles. */
__u64 time_answered(const struct time_axis *t, const struct series_column *c);
double time_quantile(const struct time_axis *t, const struct series_column *c, __u32 millionths);

/* Latencies as a map of time and latency, coloured by requests; nothing if no request has one. */
void time_heat(FILE *out, const struct time_axis *t);

#endif
