/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A request that one thread reads and another one answers. Pure, as thread.bpf.h. */
#ifndef LVT_HANDOFF_BPF_H
#define LVT_HANDOFF_BPF_H

#include "request.bpf.h"

/*
 * The reader's own share of a request that another thread answers: what it did between the read and
 * `until`, up to its first idle wait or, if it went straight on, its next socket event.
 */
static __always_inline void request_reader_share(const struct conn *c, const struct thread *r,
						 __u64 until, struct walk *w)
{
	__u64 limit = c->reader_own;

	w->from = c->read;
	w->hi = until;
	w->at = c->reader_head;
	thread_walk_busy(r, w);
	/* as much as one walk goes, and no idle wait yet */
	if (w->at - c->reader_head >= THREAD_BLOCK || r->head - c->reader_head >= THREAD_RING)
		lvt_count(COUNTER_RING_SHORT, 1);
	if (w->did.ns[CAUSE_RUN] > limit) {
		__builtin_memset(&w->did, 0, sizeof(w->did));
		w->did.ns[CAUSE_RUN] = limit;
	}
}

/* Before its first hand-off: how much CPU can the reader have spent on the request? */
static __always_inline void request_reader_limit(struct conn *c, const struct thread *r)
{
	__u32 passed = r->event - c->event;

	if (!passed)
		return;
	c->reader_own = c->own;
	if (passed >= THREAD_EVENTS)
		lvt_count(COUNTER_EVENTS_SHORT, 1);
	else if (!(c->flags & CONN_LAST_WAS_SEND))
		c->reader_own += r->events[(c->event + 1) & (THREAD_EVENTS - 1)] - c->event_cpu;
}

/* The clocks of an acting thread at an earlier moment. Returns ns that its ring does not know. */
static __always_inline __u64 thread_clocks_at(const struct thread *t, __u64 when, __u64 now,
					      struct clocks *out, struct walk *w)
{
	__u64 unknown;
	__u32 i;

	if (when == t->mark_ns) {
		*out = t->mark;
		return 0;
	}
	thread_clocks(t, now, out);
	unknown = thread_past(t, when, now, w);
	for (i = 0; i < NR_CAUSES; i++)
		out->ns[i] -= w->did.ns[i];
	return unknown;
}

/* The reader's share, and what is left of the gap. Its idle waits are not in the share. */
static __always_inline void request_handoff_stages(struct conn *c, const struct clocks *share,
						   __u64 gap)
{
	c->stage[STAGE_SERVICE_CPU] = share->ns[CAUSE_RUN];
#define CAUSE(id, name, queue, service, what)                      \
	if (CAUSE_##id > CAUSE_RUN && CAUSE_##id < CAUSE_MUX)      \
		c->stage[STAGE_##service] = share->ns[CAUSE_##id]; \
	if (CAUSE_##id < CAUSE_MUX)                                \
		gap -= share->ns[CAUSE_##id];
#include "causes.def"
#undef CAUSE
	c->stage[STAGE_SERVICE_HANDOFF] = gap;
}

/*
 * Another thread takes the request over. Its own share starts at the latest of the read, its previous
 * send, the end of its idle wait, its birth. What lies between the read and that is the reader's own
 * share (if the reader `r` could be asked), and otherwise service.handoff.
 */
static __always_inline void request_take_over(struct conn *c, struct thread *t, struct thread *r,
					      struct waits *waits, const struct act *a, __u64 cpu)
{
	struct walk *share = &a->scratch->share;
	__u64 start = c->read, unknown;

	if (t->mark_ns > start && t->mark_ns <= a->now)
		start = t->mark_ns;
	/* it hands off instead of sending: its next sleep may be where it idles */
	if (r)
		r->after_send = 1;
	if (r && c->tid == c->reader)
		request_reader_limit(c, r);
	__builtin_memset(share, 0, sizeof(*share));
	if (r && start > c->read)
		request_reader_share(c, r, start, share);
	request_handoff_stages(c, &share->did, start - c->read);
	unknown = thread_clocks_at(t, start, a->now, &c->base, &a->scratch->past);
	if (unknown && !thread_ring_whole(t))
		lvt_count(COUNTER_RING_SHORT, 1);
	/* the ring did not reach: as if the thread had been in an unknown state */
	c->base.ns[CAUSE_UNKNOWN] -= unknown;
	c->flags &= ~(CONN_CLIENT | CONN_STALLED | CONN_DRAINED | CONN_EVENTS_SHORT);
	c->flags |= CONN_MULTI_THREAD;
	c->own = cpu - c->base.ns[CAUSE_RUN];
	waits_begin(&c->waits, NULL, start);
	waits_begin_at(&c->waits, waits, start);
	c->tid = a->tid;
	c->at = c->base;
	c->more = 0;
	/* so that settling finds nothing to add */
	c->event = t->event;
	c->event_cpu = cpu;
}

#endif
