/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LINE_H
#define LVT_LINE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

/* Requests that are due and have no connection yet, first come, first served. */
struct due {
	__u64 due, noticed; /* CLOCK_MONOTONIC ns */
	__u32 kind;	    /* of the mix */
	bool counted;	    /* it was due in the window */
	bool sample;	    /* one that a closed loop would have sent */
};

struct line {
	struct due *ring; /* owned; room for a power of two */
	size_t room, head, n;
};

/* 0 or -ENOMEM */
int line_add(struct line *l, const struct due *d);

/* The i-th, 0 = the first; NULL = there is none. */
const struct due *line_at(const struct line *l, size_t i);

/* Take the first one out; there has to be one. */
struct due line_take(struct line *l);

void line_free(struct line *l);

#endif
