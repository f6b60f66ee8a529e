/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_OPENMETRICS_PARTS_H
#define LVT_OPENMETRICS_PARTS_H

#include <stdbool.h>
#include <stdio.h>

#include "base/escape.h"
#include "model/run.h"
#include "report/openmetrics.h"

/* What openmetrics.c (histograms) and openmetrics_counts.c share. */
enum { LABEL_LEN = 2 * ESCAPE_FACTOR * 256 + 1, LABELS_LEN = 400 };

/* What is printed, where and how; live NULL = a run that has ended. */
struct output {
	FILE *out;
	const struct run *r;
	const struct openmetrics_live *live;
	bool text;
};

/* The value of a label: safe for a terminal, then as the format has it. */
const char *om_label(char buf[LABEL_LEN], const char *name);

/* What tells a service from all others; what is not known of it is left out. */
const char *om_labels(char buf[LABELS_LEN], const struct run_service *s);

/* The lines before the samples of a family; unit may be NULL. */
void om_family(const struct output *o, const char *name, const char *type, const char *unit,
	       const char *help);

struct series {
	const char *name, *labels;
	const __u64 *cells;
	__u64 zeros;  /* values beside those in the cells */
	__u64 sum_ns; /* exact: a mean times a count could be a little less than the time before */
	bool halves;  /* bounds at half octaves, too */
	const struct run_service *slowest; /* whose slowest requests are exemplars; NULL = none */
	double created;			   /* NAN = not known */
};

void om_histogram(const struct output *o, const struct series *h);

/* openmetrics_client.c: all families of clients; nothing of a run without. */
void om_clients(const struct output *o);

/* Counters and gauges of the services, of the run, of its parts. */
void om_counts(const struct output *o);

#endif
