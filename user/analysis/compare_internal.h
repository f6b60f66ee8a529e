/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_COMPARE_INTERNAL_H
#define LVT_COMPARE_INTERNAL_H

#include "analysis/compare.h"
#include "analysis/stats.h"

/* A service in the runs of one side. */
struct service_group {
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

/* compare_anatomy.c */
void compare_anatomies(const struct service_group *before, const struct service_group *after,
		       struct compare_anatomy anatomy[COMPARE_ANATOMIES]);

/* compare_conditions.c */
void compare_conditions(const struct compare_side *before, const struct compare_side *after,
			struct comparison *c);

#endif
