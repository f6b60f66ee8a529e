/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_WINDOW_OF_RUN_H
#define LVT_WINDOW_OF_RUN_H

#include "model/run.h"

/*
 * What came between two looks at one trace. All that a look has is counted from the start, so it is a
 * difference; with NULL for the earlier look it is all of it.
 *
 * The kernel side goes on counting while it is read, cell by cell: a request at the edge of a window
 * may be in one histogram of it and not yet in another.
 */

/*
 * now - before (NULL = zeros) of n cells into out. Returns 1 if there is any difference, 0 if not, -1 if
 * a cell has less: it is of another trace, or damaged.
 */
int cells_growth(__u64 *out, const __u64 *now, const __u64 *before, size_t n);

/* The same service in another look, by its port and network namespace; NULL = it is not there. */
const struct run_service *run_find(const struct run *r, __u32 netns, __u16 port);

/* By how much a wait has grown, all rows of it; waits and ns may be less: as signed numbers. */
struct run_wait wait_growth(const struct run_service *now, const struct run_service *before,
			    const struct run_wait *w);

/*
 * Sums are exact. A maximum or minimum is exact if it is that of the whole run, otherwise the middle or
 * the low end of its bucket. Returns as cells_growth().
 */
int shard_window(struct lvt_shard *w, const struct lvt_shard *now, const struct lvt_shard *before);

/*
 * A service's window as a service, for all that takes one: *w must be zeroed, and its sum and waits are
 * to be freed by service_window_free(). What is of one moment (processes, threads, accept queue) is as
 * now; the slowest requests and outbound peers are left out. Returns 0, -ENOMEM, or -EINVAL if a count
 * has gone down.
 */
int service_window(struct run_service *w, const struct run_service *now,
		   const struct run_service *before);

/* Its mean number of requests in flight; NAN if there were no samples. */
double window_in_flight(const struct run_service *now, const struct run_service *before);

void service_window_free(struct run_service *w); /* also of one that is zeroed */

#endif
