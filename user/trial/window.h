/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_WINDOW_H
#define LVT_WINDOW_H

#include "capture/recording.h"
#include "model/trial.h"

/*
 * The window of a trial's run in intervals: how the latencies are spread over time, from which the
 * number of independent requests beyond a quantile is known.
 */
enum { WINDOW_INTERVALS = 8, WINDOW_MAX = 64 };

struct window {
	__u32 port;
	size_t n;
	__u64 (*cells)[HIST_BUCKETS]; /* so far, at the end of each interval */
};

/* Set the recording's interval, and look at it. */
void window_open(struct window *w, struct recording *r, double seconds);

/*
 * What the service on out->port came to: numbers, name, and what is beyond; and what lvt's own load saw, if
 * it is in the run, whose window may begin and end so much later. Returns 0, or -errno with *e
 * filled: it is not in the run, or it had no requests.
 */
int window_result(struct window *w, const struct run *r, double edges_s, struct trial_arm *out,
		  struct err *e);

void window_close(struct window *w);

#endif
