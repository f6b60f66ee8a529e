/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_BLOCKS_H
#define LVT_BLOCKS_H

#include "capture/loader.h"

/* The services' numbers in the kernel: a map of shards for each, in t->block_fd. */

/*
 * A descriptor for each program, link, map and service. Raising the limit may fail: then opening says
 * so. The command of record was forked before, with the limit that it had.
 */
void blocks_raise_limit(void);

/* A block; the caller owns the descriptor. Returns it, or -errno. */
int block_make(const struct tracer *t);

/* A block for each of the services, and a few to spare, in `map`. They go with the tracer. */
int blocks_make(struct tracer *t, __u32 services, int map, struct err *e);

#endif
