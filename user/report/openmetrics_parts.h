/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_OPENMETRICS_PARTS_H
#define LVT_OPENMETRICS_PARTS_H

#include <stdbool.h>
#include <stdio.h>

#include "base/escape.h"
#include "model/run.h"

/* Parts of the OpenMetrics report. */
enum { LABEL_LEN = 2 * ESCAPE_FACTOR * 256 + 1 };

/* The value of a label: safe for a terminal, then as the format has it. */
const char *label_value(char buf[LABEL_LEN], const char *name);

/* The lines that head a family; unit NULL = none. */
void family(FILE *out, const char *name, const char *type, const char *unit, const char *help);

struct series {
	const char *name, *labels;
	const __u64 *cells;
	__u64 zeros; /* values beside those in the cells */
	double sum_s;
	bool halves; /* bounds at half octaves, too */
};

void print_histogram(FILE *out, const struct series *h);

/* openmetrics_client.c: all families of clients; nothing of a run without. */
void print_clients(FILE *out, const struct run *r);

#endif
