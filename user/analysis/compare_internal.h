/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_COMPARE_INTERNAL_H
#define LVT_COMPARE_INTERNAL_H

#include "analysis/compare.h"
#include "analysis/stats.h"
#include "model/client.h"

/* A service, or a client's view of one, in the runs of one side. */
struct service_group {
	const struct run_client *client[STATS_MAX_N]; /* those that `in` are the views of; or NULL */
	__u16 port;
	char comm[LVT_COMM_LEN + 1];
	size_t nth; /* of several alike in a run: 0, 1, ... */
	bool matched;
	size_t n; /* runs that have it */
	const struct run_service *in[STATS_MAX_N];
	const double *effective; /* of the only run, by quantile; NULL = not known */
};

/* compare_values.c */
__u32 compare_millionths(enum compare_metric quantile);
void compare_values(const struct service_group *before, const struct service_group *after,
		    enum compare_method method, const struct compare_options *o,
		    struct compare_service *s);

/* The interval of a quantile of the only run, a side; false: nothing is known. */
bool compare_run_interval(const struct service_group *g, enum compare_metric m, double level,
			  double *low, double *high);

/* At which level each side's interval is, so that together they hold at `level` (Bonferroni). */
static inline double compare_each(double level)
{
	return 1 - (1 - level) / 2;
}

/* compare_curve.c */
void compare_curve(const struct service_group *g, enum compare_method method, double level,
		   struct compare_curve *curve);

/* compare_anatomy.c */
void compare_anatomies(const struct service_group *before, const struct service_group *after,
		       struct compare_anatomy anatomy[COMPARE_ANATOMIES]);

/* compare_conditions.c; a condition that all runs have as a text, or a number (NAN = not known) */
typedef void text_of(const struct run *r, char text[128]);
typedef double number_of(const struct run *r);
typedef const char *formatter(char *buf, size_t size, double v);
void condition_text(const struct compare_side *a, const struct compare_side *b,
		    struct comparison *c, const char *name, text_of *of, const char *why);
void condition_number(const struct compare_side *a, const struct compare_side *b,
		      struct comparison *c, const char *name, number_of *of, double tolerance,
		      formatter *fmt, const char *why);

void compare_conditions(const struct compare_side *before, const struct compare_side *after,
			struct comparison *c);

/* compare_clients.c: the conditions of loads, if there are any */
void compare_clients(const struct compare_side *a, const struct compare_side *b,
		     struct comparison *c);

#endif
