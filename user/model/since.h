/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_SINCE_H
#define LVT_SINCE_H

#include "model/run.h"

/*
 * The last part of a run that goes on: the difference of two snapshots, of which the earlier one is kept
 * packed, as only few of a service's cells are not zero (40 kB instead of 1 MB).
 */
struct past {
	double duration_s; /* of the run when it was taken */
	double loader_cpu_s;
	__u64 counters[NR_COUNTERS];
	struct past_service *services; /* owned */
	size_t n_services;
};

/* Keep what a run has come to. Returns 0 or -ENOMEM; *p is to be freed with past_free() also then. */
int past_take(struct past *p, const struct run *r);
void past_free(struct past *p);

/*
 * Make a later snapshot of the same run what came since: counts, sums, waits, the slowest requests that are
 * kept, duration, start, the mean in flight. Minima and maxima are only known to their bucket, so they
 * are at most the width of one (1.6 %) off, and never beyond those of the whole run. What is a state and
 * no sum (processes, connections, the accept queue's longest) stays.
 */
void run_since(struct run *r, const struct past *p);

/* Of that only a service's mean requests in flight; p NULL: since the start. NAN = not known. */
double since_in_flight(const struct run_service *s, const struct past *p);

#endif
