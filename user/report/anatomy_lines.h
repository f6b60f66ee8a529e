/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_ANATOMY_LINES_H
#define LVT_ANATOMY_LINES_H

#include "model/run.h"
#include "report/page.h"

/* What the table and the bars of an anatomy have in common: which stages they show, and how. */
enum {
	OTHER = NR_STAGES, /* a line a stage, and one for the small ones together */
	NR_LINES,
	MAX_COLUMNS = 2 * ANATOMY_ROWS,
};

struct column {
	const char *at;
	double latency, ns[NR_LINES]; /* NAN: no request is near that quantile */
	__u64 requests;
	int time_width, share_width;
};

struct lines {
	struct column column[MAX_COLUMNS];
	int n_columns;
	int ranked; /* the first column by which stages get their keys: what is before changes faster */
	bool shown[NR_LINES];
	const char *key[NR_LINES]; /* what a stage looks like in the bars */
};

/* Add the columns of a service's anatomy, one for each quantile. */
void lines_add(struct lines *l, const struct run_service *s);

/*
 * Choose the lines by what the columns have, and what each looks like. Stages under 0.5 % and 1 µs in
 * all columns are one line, unattributed time never.
 */
void lines_choose(struct lines *l, const struct page *p);

const char *line_name(int line);
int line_style(const struct page *p, int line);

/* The share of a line in a column's latency. */
double line_share_of(const struct column *c, int line);

/* Print the bar; nothing but blanks for a column without requests. */
void lines_bar(const struct page *p, const struct lines *l, const struct column *c, int width);

#endif
