/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a thread did in a part of its past, from its ring of transitions. Pure, as thread.bpf.h. */
#ifndef LVT_PAST_BPF_H
#define LVT_PAST_BPF_H

#include "thread.bpf.h"

/*
 * A walk along a ring. Its variables live in memory and are read anew each time, for the verifier: it
 * knows nothing of what it reads from memory, so all paths through one step look alike to it, and 64
 * steps cost it 64 times one. With registers it gives up at a million. The walks are global functions,
 * so that each is verified once and not at every call.
 */
struct walk {
	__u64 from, hi;	   /* what remains: [from, hi] */
	__u64 cause;	   /* the state that ended at hi */
	__u64 at;	   /* where in the ring */
	struct clocks did; /* what was found */
};

#define WALK(w, field) (*(volatile __u64 *)&(w)->field)

/*
 * Back from the present, where hi is not before the last transition: what the thread did during
 * [w->from, w->hi], up to 64 transitions of it, into w->did. [w->from, w->hi] is then what remains.
 */
__weak __noinline int thread_walk(const struct thread *t, struct walk *w)
{
	__u64 entry, lo;
	__u32 head, i;

	if (!t || !w)
		return 0;
	head = t->head;
	WALK(w, cause) = thread_cause(t);
	for (i = 0; i < THREAD_BLOCK; i++) {
		if (i >= head)
			break;
		entry = t->ring[(head - 1 - i) & (THREAD_RING - 1)];
		lo = entry >> 4;
		if (lo <= WALK(w, from)) {
			w->did.ns[WALK(w, cause) & (CLOCKS - 1)] += WALK(w, hi) - WALK(w, from);
			WALK(w, hi) = WALK(w, from);
			break;
		}
		w->did.ns[WALK(w, cause) & (CLOCKS - 1)] += WALK(w, hi) - lo;
		WALK(w, hi) = lo;
		WALK(w, cause) = entry & 15;
	}
	return 0;
}

/* The last checkpoint not after w->from, or the oldest there is: its number into w->at. */
static __always_inline void thread_find(const struct thread *t, struct walk *w)
{
	__u32 i;

	WALK(w, at) = t->head / THREAD_BLOCK;
	/* one less than there are: the oldest may have lost its first transitions */
	for (i = 0; i < THREAD_CHECKPOINTS - 2; i++) {
		if (!WALK(w, at) ||
		    t->checkpoint[WALK(w, at) & (THREAD_CHECKPOINTS - 1)].ns <= WALK(w, from))
			break;
		WALK(w, at) -= 1;
	}
}

/*
 * The thread's clocks at w->from into w->did, from the checkpoint before it. w->hi is the moment that
 * they are of: w->from, or the oldest moment known if that is later.
 */
__weak __noinline int thread_rewind(const struct thread *t, struct walk *w)
{
	const struct checkpoint *c;
	__u64 entry, end;
	__u32 i;

	if (!t || !w)
		return 0;
	thread_find(t, w);
	c = &t->checkpoint[WALK(w, at) & (THREAD_CHECKPOINTS - 1)];
	w->did = c->clock;
	WALK(w, hi) = c->ns;
	WALK(w, at) *= THREAD_BLOCK;
	for (i = 0; i < THREAD_BLOCK; i++) {
		if (WALK(w, hi) >= WALK(w, from))
			break;
		entry = t->ring[WALK(w, at) & (THREAD_RING - 1)];
		/* the present state has no end yet */
		if (WALK(w, at) >= t->head)
			entry = WALK(w, from) << 4 | thread_cause(t);
		end = entry >> 4;
		if (end > WALK(w, from))
			end = WALK(w, from);
		w->did.ns[entry & (CLOCKS - 1)] += end - WALK(w, hi);
		WALK(w, hi) = end;
		WALK(w, at) += 1;
	}
	return 0;
}

/*
 * Forward from w->from, which lies before transition w->at: what the thread did until w->hi, or its
 * first idle wait, or for 64 transitions. May be another thread, running on another CPU.
 */
__weak __noinline int thread_walk_busy(const struct thread *t, struct walk *w)
{
	__u64 entry, end, cause;
	__u32 i;

	if (!t || !w || t->head - (__u32)w->at >= THREAD_RING)
		return 0;
	for (i = 0; i < THREAD_BLOCK; i++) {
		if (WALK(w, from) >= WALK(w, hi))
			break;
		entry = t->ring[WALK(w, at) & (THREAD_RING - 1)];
		if (WALK(w, at) >= t->head)
			entry = WALK(w, hi) << 4 | thread_cause(t);
		cause = entry & (CLOCKS - 1);
		if (cause_is_idle(cause))
			break;
		end = entry >> 4;
		if (end > WALK(w, hi))
			end = WALK(w, hi);
		if (end > WALK(w, from)) {
			w->did.ns[cause & (CLOCKS - 1)] += end - WALK(w, from);
			WALK(w, from) = end;
		}
		WALK(w, at) += 1;
	}
	return 0;
}

/* [from, now] of an acting thread's past, into w->did; returns the ns of it that are not known. */
static __always_inline __u64 thread_past(const struct thread *t, __u64 from, __u64 now,
					 struct walk *w)
{
	__u32 i;

	__builtin_memset(w, 0, sizeof(*w));
	w->from = from;
	w->hi = now;
	if (from >= now)
		return 0;
	thread_walk(t, w);
	if (w->hi <= from)
		return 0;
	thread_rewind(t, w);
	for (i = 0; i < NR_CAUSES; i++)
		w->did.ns[i] = t->clock.ns[i] - w->did.ns[i];
	w->did.ns[CAUSE_RUN] += now - thread_since(t);
	return w->hi - from;
}

/* Does its known past reach down to its first sight? */
static __always_inline bool thread_ring_whole(const struct thread *t)
{
	return t->head < THREAD_RING - THREAD_BLOCK;
}

#endif
