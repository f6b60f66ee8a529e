/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_TIMERS_H
#define LVT_TIMERS_H

#include "load/conn.h"

/* A binary heap of connections by their timers, the earliest first; room for all of them. */

/* Set, move or (at 0) remove the timer of a connection. */
void timers_set(struct conn **heap, __u32 *n, struct conn *c, __u64 at);

#endif
