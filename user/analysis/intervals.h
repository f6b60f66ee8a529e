/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_INTERVALS_H
#define LVT_INTERVALS_H

#include "analysis/compare.h"
#include "store/run_read.h"

/*
 * The latencies of a run by its intervals, from which it is known how independent its requests are.
 * Filled while the run is read:
 *
 *	struct intervals *all = intervals_new();
 *	struct run_watch watch = { .interval = intervals_add, .arg = all };
 *	run_read_watched(path, &run, &watch, warning, e);
 *	intervals_effective(all, &run, effective);
 *
 * Memory is bounded, to 2 MB a service, whatever the run's length: when there are INTERVALS_MAX of
 * a service, or too many different latencies in them, neighbours are merged two by two. That leaves
 * what their sum varies by as it is (batch means: Law, "Simulation Modeling and Analysis", 5th ed.
 * 2015, 9.5), and keeps the autocovariances, which take n^2 steps, cheap.
 */
enum { INTERVALS_MAX = 512 };

struct intervals;

struct intervals *intervals_new(void);	    /* NULL without memory */
void intervals_free(struct intervals *all); /* NULL-safe */

/* An interval more is in the sum of a service; `all` is a struct intervals. 0 or -ENOMEM. */
int intervals_add(void *all, const struct run_service *s);

/*
 * How many independent requests the requests of each service of a run, and then of each client, are worth
 * for each quantile (struct compare_side); NAN = not known. As a quantile is a bucket, what is counted is the
 * requests above that edge of it which is nearer to the quantile, and they are held against their
 * own share. Returns into how many intervals the service that has most is divided; or -ENOMEM.
 */
int intervals_effective(struct intervals *all, const struct run *r,
			double (*effective)[COMPARE_QUANTILES]);

/* The same of one service, or of the view of a client, and any quantile below the maximum. */
double intervals_worth(struct intervals *all, const struct run_service *s, __u32 millionths);

/*
 * Which values a quantile of a run lies between at a level, if its requests are worth so many
 * independent ones: the outer edges of two buckets, and from 0 or to INFINITY if they are too few.
 * false: nothing is known, as `worth` is NAN or below 1.
 */
bool quantile_between(const __u64 cells[HIST_BUCKETS], double worth, __u32 millionths, double level,
		      double *low, double *high);

#endif
