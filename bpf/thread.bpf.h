/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A thread's clocks and its ring of transitions.
 *
 * A thread is in exactly one state (cause) at a time, and has one cumulative clock for each. The
 * clocks therefore sum to the time since it was first seen, by construction, and what a thread did
 * between two moments is a difference of clocks.
 *
 * Pure: no helpers, no maps. The unit tests compile this natively. The includer supplies
 * lvt_count(counter, n).
 */
#ifndef LVT_THREAD_BPF_H
#define LVT_THREAD_BPF_H

#include "abi.h"

/*
 * 16 transitions leave up to 60 % of the queue time behind a busy reader unattributed, 64 up to 5 %.
 * 64 events lose 31 % of 200 connections that are read in one turn of the loop and then answered;
 * 1,024 lose none at 500.
 */
#define THREAD_RING 256
#define THREAD_EVENTS 1024
#define CLOCKS 8 /* NR_CAUSES, rounded up so that an index can be masked */

_Static_assert(NR_CAUSES <= CLOCKS, "a clock for each cause");

struct clocks {
	__u64 ns[CLOCKS];
};

struct thread {
	/* what a wake-up from another CPU touches, and the clocks */
	__u64 cur; /* present state: CLOCK_MONOTONIC ns of its start << 4 | cause; 0 = never seen */
	__u64 wake;	 /* the first wake-up that no switch-in has consumed; 0 = none */
	__u8 early;	 /* the wake-up came before the switch-out */
	__u8 fresh;	 /* never ran since its fork */
	__u8 after_send; /* the next sleep is where it idles */
	__u8 home_trust;
	__u8 wait; /* enum wait_class of the last sleep */
	__u8 event_send;
	__u16 pad;
	__u32 head;  /* transitions pushed */
	__u32 event; /* socket events seen */
	struct clocks clock;
	__u64 event_sk, event_ns, event_cpu; /* the last one: socket, time, CPU clock */
	/* the last moment at which it was free to take other work: a send, the end of an idle wait, its birth */
	__u64 mark_ns;
	struct clocks mark;
	__u64 home_arg;
	__s32 home_sys;
	__u32 pad2;
	__u64 born;		      /* its fork, if that was seen; else 0 */
	__u64 block_start, block_end; /* the last blocked interval */
	__u64 ring[THREAD_RING];      /* end of an interval << 4 | its cause */
	__u64 events[THREAD_EVENTS]; /* CPU clock at the start of each run of events on one socket */
};

static __always_inline __u64 thread_since(const struct thread *t)
{
	return t->cur >> 4;
}

static __always_inline __u32 thread_cause(const struct thread *t)
{
	return t->cur & 15;
}

static __always_inline bool cause_is_blocked(__u32 cause)
{
	return cause == CAUSE_BLOCKED || cause == CAUSE_MUX || cause == CAUSE_HOME;
}

/* End the present state at `end`, book it as `as`, and enter `next`. */
static __always_inline void thread_close(struct thread *t, __u64 end, __u32 as, __u32 next)
{
	__u64 since = thread_since(t);

	if (end < since) {
		lvt_count(COUNTER_CLOCK_BACK, 1);
		end = since;
	}
	t->clock.ns[as & (CLOCKS - 1)] += end - since;
	t->ring[t->head & (THREAD_RING - 1)] = end << 4 | as;
	t->head++;
	t->cur = end << 4 | next;
}

/*
 * First sight, in state `cause`. With `born` its whole life is known; without, what it did before is
 * not. The sentinel at the bottom of the ring says so to the walk.
 */
static __always_inline void thread_init(struct thread *t, __u64 now, __u32 cause, bool born)
{
	t->ring[0] = now << 4 | CAUSE_UNKNOWN;
	t->head = 1;
	t->after_send = 1;
	if (born) {
		t->born = t->mark_ns = now;
		t->fresh = 1;
	}
	t->cur = now << 4 | cause;
}

/* All clocks as of now; the thread is on CPU. */
static __always_inline void thread_clocks(const struct thread *t, __u64 now, struct clocks *out)
{
	*out = t->clock;
	out->ns[CAUSE_RUN] += now - thread_since(t);
}

static __always_inline __u64 thread_cpu(const struct thread *t, __u64 now)
{
	return t->clock.ns[CAUSE_RUN] + now - thread_since(t);
}

/*
 * The thread does something, so it is on CPU. If its account says otherwise, a switch was not
 * delivered: the time since the last thing known is nobody's. Without this, ghosts of milliseconds
 * appear in queue.busy.
 */
static __always_inline void thread_act(struct thread *t, __u64 now)
{
	__u32 cause = thread_cause(t);

	if (cause == CAUSE_RUN)
		return;
	lvt_count(COUNTER_LOST_SWITCH, 1);
	if (cause_is_blocked(cause) && t->wake > thread_since(t) && t->wake < now)
		thread_close(t, t->wake, cause, CAUSE_UNKNOWN);
	thread_close(t, now, CAUSE_UNKNOWN, CAUSE_RUN);
	t->wake = 0;
	t->fresh = 0;
}

/*
 * Where does the thread idle? In the (syscall, first argument) of its first sleep after a send or
 * after its birth. Now and then a contended lock comes first, so the place is voted for. Condition
 * variables alternate between neighbouring words: arguments within 48 bytes are the same place.
 */
static __always_inline bool thread_is_home(struct thread *t, __s32 sysno, __u64 arg)
{
	bool home = t->home_trust && sysno == t->home_sys && arg - t->home_arg + 48 < 96;

	if (!t->after_send)
		return home;
	t->after_send = 0;
	if (home) {
		if (t->home_trust < 8)
			t->home_trust++;
	} else if (t->home_trust <= 1) {
		t->home_sys = sysno;
		t->home_arg = arg;
		t->home_trust = 1;
		home = true;
	} else {
		t->home_trust--;
	}
	return home;
}

/* sched_switch: the thread leaves the CPU, still runnable. */
static __always_inline void thread_preempted(struct thread *t, __u64 now)
{
	thread_act(t, now);
	thread_close(t, now, CAUSE_RUN, CAUSE_RUNQ);
}

/* sched_switch: the thread leaves the CPU to sleep in a syscall (sysno -1: none, a page fault). */
static __always_inline void thread_sleeps(struct thread *t, __u64 now, __s32 sysno, __u64 arg,
					  enum wait_class wait)
{
	__u32 cause = wait == WAIT_MUX ? CAUSE_MUX : CAUSE_BLOCKED;

	thread_act(t, now);
	if (thread_is_home(t, sysno, arg))
		cause = CAUSE_HOME;
	t->wait = wait;
	thread_close(t, now, CAUSE_RUN, cause);
}

/*
 * sched_waking. It often comes before the sleeper's own switch-out (32 % of redis' sleeps at ten
 * connections): such an early wake-up is kept, but a later one overrides it, as it may have been for
 * a sleep that never happened.
 */
static __always_inline void thread_waking(struct thread *t, __u64 now)
{
	bool early = thread_cause(t) == CAUSE_RUN;

	if (t->wake && !t->early && !early) {
		lvt_count(COUNTER_DUPLICATE_WAKE, 1);
		return;
	}
	t->early = early;
	t->wake = now;
}

/* End of a blocked interval: it lasted until the wake-up. */
static __always_inline void thread_woken(struct thread *t, __u64 now, __u32 cause)
{
	__u64 since = thread_since(t), wake = t->wake;

	if (!wake || wake > now) {
		lvt_count(COUNTER_WAKE_MISSED, 1);
		wake = now;
	} else if (wake < since) {
		lvt_count(COUNTER_EARLY_WAKE, 1);
		wake = since;
	}
	t->block_start = since;
	t->block_end = wake;
	thread_close(t, wake, cause, CAUSE_RUNQ);
	if (cause == CAUSE_HOME) {
		t->mark_ns = wake;
		t->mark = t->clock;
	}
}

/* sched_switch: the thread gets a CPU, which was idle or not. */
static __always_inline void thread_runs(struct thread *t, __u64 now, bool was_idle)
{
	__u32 cause = thread_cause(t);
	bool wakes = t->fresh;

	if (cause_is_blocked(cause)) {
		thread_woken(t, now, cause);
		wakes = true;
	} else if (cause != CAUSE_RUNQ) {
		lvt_count(COUNTER_LOST_SWITCH, 1);
		thread_close(t, now, CAUSE_UNKNOWN, CAUSE_RUN);
		t->wake = 0;
		return;
	}
	thread_close(t, now, wakes && was_idle ? CAUSE_WAKEUP : CAUSE_RUNQ, CAUSE_RUN);
	t->wake = 0;
	t->fresh = 0;
}

/* It has sent something: from here on it is free for other work. */
static __always_inline void thread_sent(struct thread *t, __u64 now, const struct clocks *clocks)
{
	t->after_send = 1;
	t->mark_ns = now;
	t->mark = *clocks;
}

/*
 * A walk back along a ring. Its variables live in memory and are read anew each time, for the
 * verifier: it knows nothing of what it reads from memory, so all paths through one step of the walk
 * look alike to it, and 256 steps cost it 256 times one. With registers it gives up at a million.
 */
struct walk {
	__u64 from, hi;	   /* what remains: [from, hi] */
	__u64 cause;	   /* the state that ended at hi */
	struct clocks did; /* what was found */
};

#define WALK(w, field) (*(volatile __u64 *)&(w)->field)

/*
 * What the thread did during [w->from, w->hi], where hi is not before its last transition: into
 * w->did. Afterwards [w->from, w->hi] is what the ring does not know. Global, so that it is verified
 * once and not at each call.
 */
__weak __noinline int thread_walk(const struct thread *t, struct walk *w)
{
	__u64 entry, lo;
	__u32 head, i;

	if (!t || !w)
		return 0;
	head = t->head;
	WALK(w, cause) = thread_cause(t);
	for (i = 0; i < THREAD_RING; i++) {
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

/*
 * The same for any part of the past, and only up to the first idle wait in it: what comes later is no
 * longer about what the thread had in hand at w->from.
 */
__weak __noinline int thread_walk_busy(const struct thread *t, struct walk *w)
{
	__u64 entry, lo;
	__u32 head, i;

	if (!t || !w)
		return 0;
	head = t->head;
	WALK(w, cause) = thread_cause(t);
	for (i = 0; i < THREAD_RING; i++) {
		if (i >= head || WALK(w, hi) <= WALK(w, from))
			break;
		entry = t->ring[(head - 1 - i) & (THREAD_RING - 1)];
		lo = entry >> 4;
		if (lo < WALK(w, from))
			lo = WALK(w, from);
		if (lo < WALK(w, hi)) {
			w->did.ns[WALK(w, cause) & (CLOCKS - 1)] += WALK(w, hi) - lo;
			if (WALK(w, cause) == CAUSE_MUX || WALK(w, cause) == CAUSE_HOME)
				__builtin_memset(&w->did, 0, sizeof(w->did));
			WALK(w, hi) = lo;
		}
		WALK(w, cause) = entry & 15;
	}
	return 0;
}

/* [from, now] of an acting thread's past; returns the ns of it that its ring does not know. */
static __always_inline __u64 thread_past(const struct thread *t, __u64 from, __u64 now,
					 struct walk *w)
{
	__builtin_memset(w, 0, sizeof(*w));
	w->from = from;
	w->hi = now;
	if (from < now)
		thread_walk(t, w);
	return w->hi > from ? w->hi - from : 0;
}

/* Does the ring still reach down to the first sight? */
static __always_inline bool thread_ring_whole(const struct thread *t)
{
	return t->head <= THREAD_RING;
}

#endif
