/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LIST_H
#define LVT_LIST_H

#include "top/frame.h"
#include "top/grid.h"

/* The services as a table: which of them, in which order, and a line each. */
enum list_column {
	LIST_PORT,
	LIST_NAME,
	LIST_RATE,
	LIST_P50,
	LIST_P99,
	LIST_QUEUE,
	LIST_RUNQ,
	LIST_IN_FLIGHT,
	NR_LIST_COLUMNS,
};

/* Ends with NULL: the names of what can be sorted by, for the command line and the menu. */
extern const char *const list_columns[NR_LIST_COLUMNS + 1];
const char *list_column_meaning(enum list_column c);

struct list {
	enum list_column sort;
	bool inverted;	 /* largest first; of ports and names: last first */
	char filter[64]; /* only services whose ":port name" has this in it, in any case; "" = all */
	const struct row *row[LVT_MAX_SERVICES]; /* what is shown, in order */
	int n;
};

/* Choose and order the rows of a frame. What has no value comes last, equal ones by port. */
void list_choose(struct list *l, const struct frame *f);

/* The index of a service among the chosen ones, or -1. */
int list_find(const struct list *l, __u32 netns, __u16 port);

/*
 * Draw the head into row `at`, and the services from the one with index `first` on into the rows after
 * it, up to row `end`. `selected` is an index, or -1. Without `tracks` the sparklines are left out.
 */
void list_draw(const struct list *l, struct grid *g, int at, int end, int first, int selected,
	       bool tracks);

/*
 * The last `width` samples as a line of eighths up to `most`; a blank is not known, zero is not blank. buf
 * has room for 3 bytes a column and NUL. Returns buf.
 */
const char *sparkline(char *buf, const float *value, int n, int width, double most);

/* ":6379 redis-server", ":6379@4026532201 web" in another network namespace; escaped. */
enum { ROW_NAME_LEN = 160 };
const char *row_name(const struct row *r, char buf[ROW_NAME_LEN]);

#endif
