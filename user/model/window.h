/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_WINDOW_OF_RUN_H
#define LVT_WINDOW_OF_RUN_H

#include "model/run.h"

struct past;

/*
 * What came between two looks at one trace: for run files, live views and loads. All that a look has is
 * counted from the start, so it is a difference; with NULL for the earlier look it is all of it.
 *
 * The kernel side goes on counting while it is read, cell by cell: a request at the edge of a window
 * may be in one histogram of it and not yet in another.
 */

/*
 * now - before (NULL = zeros) of n cells into out, which may be `now`: then what is as it was is not
 * written. Returns 1 if there is any difference, 0 if not, -1 if a cell has less, as it is of another
 * trace, or damaged: its difference is 0.
 */
int cells_growth(__u64 *out, const __u64 *now, const __u64 *before, size_t n);

/* The same service in another look, by its port and network namespace; NULL = it is not there. */
const struct run_service *run_find(const struct run *r, __u32 netns, __u16 port);

/* By how much a wait has grown, all rows of it; waits and ns may be less: as signed numbers. */
struct run_wait wait_growth(const struct run_service *now, const struct run_service *before,
			    const struct run_wait *w);

/*
 * Of maxima and minima there is no difference. One that lies in the bucket of that of the whole run, `all`,
 * is taken to be it; others are the upper or lower end of their bucket: at most 1.6 % off, and never too
 * small or too large. 0 without values.
 */
__u64 window_max(const __u64 cells[HIST_BUCKETS], __u64 all);
__u64 window_min_inv(const __u64 cells[HIST_BUCKETS], __u64 all_inv);

/*
 * Sums are exact; maxima and minima as above. Connections are as now: those that were open before are
 * part of a window as of a run. *w may be *now. Returns as cells_growth().
 */
int shard_window(struct lvt_shard *w, const struct lvt_shard *now, const struct lvt_shard *before);

/*
 * A service's window as a service, for all that takes one: *w must be zeroed, and its sum and waits are
 * to be freed by service_window_free(). What is of one moment (processes, threads, accept queue) is as
 * now; the slowest requests, outbound peers and the course over time are left out. Returns 0, -ENOMEM,
 * or -EINVAL if a count has gone down.
 */
int service_window(struct run_service *w, const struct run_service *now,
		   const struct run_service *before);

/* Its mean number of requests in flight; NAN if there were no samples. */
double window_in_flight(const struct run_service *now, const struct run_service *before);

void service_window_free(struct run_service *w); /* also of one that is zeroed */

/* Of the slowest requests leave those that were answered so many seconds after the start or later. */
void service_slowest_from(struct run_service *s, double from_s);

/*
 * Make a look at a run its window since an earlier one: services, counters, the slowest requests that are
 * kept, start and duration. Counts that have gone down are 0. Connections that had been counted
 * before are told as open at the start. Returns 0, or -ENOMEM: *r is to be freed.
 */
int run_window(struct run *r, const struct past *before);

/*
 * The same of a client, of which `before` is an earlier view of the same load: rates and requests in
 * flight are of the time between. Connections are those that it made meanwhile.
 */
void client_window(struct run_client *c, const struct run_client *before);

#endif
