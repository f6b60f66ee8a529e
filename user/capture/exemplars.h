/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_EXEMPLARS_H
#define LVT_EXEMPLARS_H

#include <stddef.h>
#include "abi.h"
#include "base/err.h"
#include "model/run.h"

struct ring_buffer;

/* The slowest requests that the kernel side has sent, so many of each service at most. */
struct exemplars {
	struct ring_buffer *ring;
	size_t most;				     /* up to RUN_MAX_SLOWEST */
	struct lvt_exemplar *kept[LVT_MAX_SERVICES]; /* NULL until there is one */
	size_t n[LVT_MAX_SERVICES];
	/* 0 = the slowest of all; else of those answered so long before a new one only a fifth stays, ns */
	__u64 recent;
};

enum { EXEMPLARS_OLD = 5 };

/*
 * `map` is the ring buffer; most: 0 = RUN_MAX_SLOWEST; recent: as above. Returns 0, or -errno with *e
 * set.
 */
int exemplars_open(struct exemplars *x, int map, size_t most, __u64 recent, struct err *e);

/* Take what has come since the last time: without a system call if that is nothing. */
void exemplars_read(struct exemplars *x);

/*
 * A service's exemplars as a run has them, slowest first; times from `start` (CLOCK_MONOTONIC ns). *out is
 * the caller's to free. Returns 0, or -ENOMEM.
 */
int exemplars_of(const struct exemplars *x, __u32 service, __u64 start, struct run_exemplar **out,
		 size_t *n);

void exemplars_close(struct exemplars *x); /* also of one that is zeroed */

#endif
