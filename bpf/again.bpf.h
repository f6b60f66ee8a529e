/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Waits that are no end: taken up again, or interrupted for nothing. Pure, as thread.bpf.h. */
#ifndef LVT_AGAIN_BPF_H
#define LVT_AGAIN_BPF_H

#include "waits.bpf.h"

/*
 * What a chain of waits was for shows at its end. A futex wait that times out looks like a sleep, but if
 * it is taken up again it was for a lock, as with Python's, which is asked for every 5 ms. And who reads
 * from a Unix socket is also woken when the other end reads. So the last one's cause is that of those
 * before: see thread_mistaken().
 *
 * A wait is the one before, taken up again, if the thread did nothing but go back to it. */
#define AGAIN_NS 20000

static __always_inline void thread_chain(struct thread *t, __u64 now, __s32 sysno, __u64 arg)
{
	/* on CPU since the last wait; nothing may have asked for its clocks meanwhile */
	bool again = now - thread_since(t) < AGAIN_NS && t->event_ns < t->block_start &&
		     same_place(sysno, arg, t->sysno, t->sleep_arg);
	__u32 first = t->chain ? t->chain - 1 : t->block_at;

	if (!again || t->head - first >= THREAD_BLOCK) {
		t->chain = 0;
	} else if (!t->chain) {
		t->chain = t->block_at + 1;
		t->chain_start = t->block_start;
	}
}

/*
 * Waits since transition `first`, which began at `start`, that were booked as `from` are `as` after all.
 * Nothing may have asked for the thread's clocks meanwhile. Returns whether there were any.
 */
__weak __noinline int thread_rebook(struct thread *t, __u32 first, __u64 start, __u32 from,
				    __u32 as)
{
	__u64 before = start, ns = 0, marked = 0, end;
	struct checkpoint *c;
	__u32 i, cause;

	if (!t)
		return 0;
	/* a chain has up to THREAD_BLOCK transitions; its last sleep and what followed have three more */
	for (i = 0; i < THREAD_BLOCK + 4; i++) {
		if (first + i >= t->head)
			break;
		end = t->ring[(first + i) & (THREAD_RING - 1)] >> 4;
		cause = t->ring[(first + i) & (THREAD_RING - 1)] & 15;
		if (cause == from) {
			ns += end - before;
			if (end <= t->mark_ns)
				marked = ns;
			t->ring[(first + i) & (THREAD_RING - 1)] += (__u64)as - from;
		}
		before = end;
		if ((first + i + 1) % THREAD_BLOCK)
			continue;
		/* it has the clocks before transition first + i + 1 */
		c = &t->checkpoint[(first + i + 1) / THREAD_BLOCK & (THREAD_CHECKPOINTS - 1)];
		c->clock.ns[from & (CLOCKS - 1)] -= ns;
		c->clock.ns[as & (CLOCKS - 1)] += ns;
	}
	t->mark.ns[from & (CLOCKS - 1)] -= marked;
	t->mark.ns[as & (CLOCKS - 1)] += marked;
	t->clock.ns[from & (CLOCKS - 1)] -= ns;
	t->clock.ns[as & (CLOCKS - 1)] += ns;
	return ns > 0;
}

/*
 * Before a sleep: was the last one ended by a timer for nothing that a request waits for? An event loop has
 * timers of its own (redis' cron ticks ten times a second): after such a tick it did not read or send,
 * neither to a client nor to anybody else, so the wait goes on as if there had been none.
 */
static __always_inline bool thread_ticked(const struct thread *t)
{
	return t->block_as == CAUSE_LOOP_SLEEP && t->event_ns < t->block_end &&
	       t->asked < t->block_end && t->head - t->block_at < THREAD_BLOCK;
}

/* After a wake-up: the cause under which waits of its chain may be booked wrongly, 0 if none. */
static __always_inline __u32 thread_mistaken(const struct thread *t)
{
	if (!t->chain)
		return 0;
	if (t->block_as == CAUSE_LOCK || t->block_as == CAUSE_HOME_LOCK)
		return CAUSE_SLEEP;
	return t->block_as == CAUSE_NET ? CAUSE_BLOCKED : 0;
}

/* sched_switch, before thread_sleeps(): what the last sleep was, now that the next one begins. */
static __always_inline bool thread_sleeps_again(struct thread *t, __u64 now, __s32 sysno, __u64 arg)
{
	bool ticked = thread_ticked(t);

	if (ticked)
		thread_rebook(t, t->block_at, t->block_start, CAUSE_LOOP_SLEEP, CAUSE_MUX);
	thread_chain(t, now, sysno, arg);
	return ticked;
}

/* sched_switch, after thread_runs() from a sleep: the cause to give to waits_rename(), 0 if none. */
static __always_inline __u32 thread_woken_again(struct thread *t)
{
	__u32 mistaken = thread_mistaken(t);

	if (mistaken && !thread_rebook(t, t->chain - 1, t->chain_start, mistaken, t->block_as))
		return 0;
	return mistaken;
}

#endif
