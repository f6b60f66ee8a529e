/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_WORKER_COUNT_H
#define LVT_WORKER_COUNT_H

#include "load/worker.h"

/* What a worker counts, and when. */

/* A request is due: which kind is it, and is it one of those that count? */
void worker_notice(struct worker *w, __u64 due, struct due *d);

/* A request is over now: it was answered rightly (why < 0), or failed (enum client_error). */
void worker_finish(struct worker *w, struct on_way *q, int why);

/* The same of one that had no connection yet, and fails. */
void worker_fail_waiting(struct worker *w, const struct due *d, enum client_error why);

/*
 * The smallest closed loop that could send at this rate has as many connections as there are requests on
 * their way (Little's law), by the median, which a stall does not move.
 */
void worker_imagine_users(struct worker *w);

#endif
