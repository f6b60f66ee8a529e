/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_MERGE_H
#define LVT_MERGE_H

#include "base/err.h"
#include "model/run.h"

/*
 * Runs of several hosts or moments as one. What it comes to:
 *
 * - histograms, anatomy, counts, counters, lvt's own CPU: the sum; maxima and minima are those of all;
 * - duration and a service's window: the sum, so that a rate (requests / window) is the mean rate of
 *   one part, and what goes with it is too: in flight and CPUs are means weighted by window;
 * - what all parts have alike stays (host, kernel, CPUs, label, an accept queue's limit, processes),
 *   what differs is not known of the whole: it is in the parts;
 * - what one part does not know that must be known of each (in flight, cost) is not known;
 * - services are the same with one port and name, in lvt's own network namespace or in one of the
 *   same number;
 * - clients are the same with one target, protocol and request, and both open or both closed loops;
 * - the slowest requests are those of all, their time from the earliest start.
 *
 * So it does not matter how the runs are grouped: (a + b) + c = a + (b + c), but for rounding.
 */

/* Make a run that was not merged its own one part, as which it was read from `file`. */
int run_become_part(struct run *r, const char *file, struct err *e);

/*
 * Add a run, of which nothing is left but what run_free() wants; both have parts. Returns 0, or
 * -errno with *e filled: no memory, or -EINVAL, "cannot add FILE: ..." with what keeps it apart: one is a
 * log of another tool, other hooks, the same run twice, more than a run can hold. *to is then to be
 * freed.
 */
int run_merge(struct run *to, struct run *from, const char *file, struct err *e);

/* merge_service.c: of services that are the same. Returns 0 or a negative errno, as above. */
int service_merge(struct run_service *to, struct run_service *from, const char *file,
		  struct err *e);

/* merge_client.c: of all clients. Returns as above. */
int clients_merge(struct run *to, struct run *from, const char *file, struct err *e);

#endif
