// SPDX-License-Identifier: BSD-2-Clause
#include "load/timers.h"

static void put(struct conn **heap, __u32 at, struct conn *c)
{
	heap[at] = c;
	c->timer_at = at;
}

static void up(struct conn **heap, struct conn *c)
{
	__u32 at = c->timer_at;

	for (; at && heap[(at - 1) / 2]->timer > c->timer; at = (at - 1) / 2)
		put(heap, at, heap[(at - 1) / 2]);
	put(heap, at, c);
}

static void down(struct conn **heap, __u32 n, struct conn *c)
{
	__u32 at = c->timer_at, child;

	while ((child = 2 * at + 1) < n) {
		if (child + 1 < n && heap[child + 1]->timer < heap[child]->timer)
			child++;
		if (heap[child]->timer >= c->timer)
			break;
		put(heap, at, heap[child]);
		at = child;
	}
	put(heap, at, c);
}

void timers_set(struct conn **heap, __u32 *n, struct conn *c, __u64 at)
{
	struct conn *moved = c;

	if (c->timer && !at) {
		moved = heap[--*n];
		if (moved != c)
			put(heap, c->timer_at, moved);
	} else if (!c->timer && at) {
		put(heap, (*n)++, c);
	}
	c->timer = at;
	if (moved == c && !at)
		return;
	up(heap, moved);
	down(heap, *n, moved);
}
