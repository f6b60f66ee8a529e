/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_PAST_H
#define LVT_PAST_H

#include "model/run.h"

/*
 * An earlier look at a trace, packed, as only few of a service's cells are not zero (40 kB instead of
 * 1 MB): what model/window.h needs of it. To be freed by past_free(), also one that is zeroed.
 */
struct past {
	struct run run; /* its services have waits, but neither sums nor slow requests nor peers */
	struct past_sum *sums; /* of each of them; owned */
	__u64 connections;     /* of all of them */
};

/* Returns 0 or -ENOMEM; *p is to be freed also then. */
int past_take(struct past *p, const struct run *r);

/* The sum of services[at], to be freed; NULL without memory. */
struct lvt_shard *past_sum(const struct past *p, size_t at);

void past_free(struct past *p);

#endif
