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
 * How far back a thread's past is known. 16 transitions leave up to 60 % of the queue time behind a busy
 * reader unattributed, 64 up to 5 %, 256 still 1 % of a busy node server. The clocks are noted at every
 * 64th, so that a moment long ago is found without walking all the way.
 *
 * 64 events lose 31 % of 200 connections that are read in one turn of the loop and then answered; 512
 * lose none at 500.
 *
 * With these a thread takes less than 8 kB: larger ones would take 32 (the kernel's allocator knows
 * powers of two), and newer kernels have none for them.
 */
#define THREAD_RING 512
#define THREAD_BLOCK 64 /* transitions between two checkpoints */
#define THREAD_CHECKPOINTS (THREAD_RING / THREAD_BLOCK)
#define THREAD_EVENTS 512
#define CLOCKS 16 /* NR_CAUSES, rounded up so that an index can be masked */

_Static_assert(NR_CAUSES <= CLOCKS, "a clock for each cause");

struct clocks {
	__u64 ns[CLOCKS];
};

struct checkpoint {
	__u64 ns;
	struct clocks clock;
};

struct thread {
	/* what a wake-up from another CPU touches, and the clocks */
	__u64 cur; /* present state: CLOCK_MONOTONIC ns of its start << 4 | cause; 0 = never seen */
	__u64 wake;	 /* the first wake-up that no switch-in has consumed; 0 = none */
	__u8 early;	 /* the wake-up came before the switch-out */
	__u8 fresh;	 /* never ran since its fork */
	__u8 after_send; /* the next sleep is where it idles */
	__u8 home_hits;	 /* how often its idle place was the first sleep after a send */
	__u8 wait;	 /* enum wait_class of the last sleep */
	__u8 waker;	 /* enum waker of .wake, and the WAKES_ bits of what it was doing */
	__u8 block_as;	 /* what the last blocked interval was booked as */
	__u8 event_send;
	__u8 throttled;	  /* ready, but it has left its CPU to nobody */
	__u8 switched;	  /* its present run began with a switch that was delivered */
	__u16 other_hits; /* how often another place was, in a row */
	__u32 head;	  /* transitions pushed */
	__u32 event;	  /* socket events seen */
	__u32 waiting;	  /* it is counted among those that are ready without a CPU */
	__u32 slots;	  /* its waits have names: see waits.bpf.h */
	struct clocks clock;
	__u64 event_sk, event_ns, event_cpu; /* the last one: socket, time, CPU clock */
	/* the last moment at which it was free to take other work: a send, the end of an idle wait, its birth */
	__u64 mark_ns;
	struct clocks mark;
	__u64 home_arg, other_arg;
	__s32 home_sys, other_sys;
	__s64 clock_offset;	      /* CLOCK_MONOTONIC - the scheduler clock, ns; 0 = not known */
	__u64 born;		      /* its fork, if that was seen; else 0 */
	__u64 block_start, block_end; /* the last blocked interval */
	__u32 block_at;		      /* its transition */
	__u64 sleep_arg;	      /* first argument of its syscall, */
	__s32 sysno;		      /* and that */
	__u32 chain; /* of waits taken up again: transition of the first, + 1; 0 = none */
	__u64 chain_start;
	__u64 asked; /* when it last sent something on a socket that is none of a service's */
	__u64 moved; /* when it last came from another CPU */
	__u32 cpu, moved_from;				  /* where it is; where it was then */
	__u32 service;					  /* whose it is, id + 1; 0 = not known */
	struct checkpoint checkpoint[THREAD_CHECKPOINTS]; /* before transition THREAD_BLOCK * i */
	__u64 ring[THREAD_RING];			  /* end of an interval << 4 | its cause */
	/* low half of its CPU clock at the start of each run of events on one socket */
	__u32 events[THREAD_EVENTS];
};

_Static_assert(sizeof(struct thread) <= 8000, "a thread and its bookkeeping fit 8 kB");

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
	return cause >= CAUSE_BLOCKED && cause <= CAUSE_LOOP_SLEEP;
}

/* Asleep, but free for other work: such a thread does not hold the requests that it has read. */
static __always_inline bool cause_is_idle(__u32 cause)
{
	return cause >= CAUSE_MUX && cause <= CAUSE_LOOP_SLEEP;
}

static __always_inline void thread_checkpoint(struct thread *t, __u64 now)
{
	struct checkpoint *c;

	c = &t->checkpoint[t->head / THREAD_BLOCK & (THREAD_CHECKPOINTS - 1)];
	c->ns = now;
	c->clock = t->clock;
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
	if (!(t->head % THREAD_BLOCK))
		thread_checkpoint(t, end);
}

/*
 * First sight, in state `cause`. With `born` its whole life is known; without, what it did before is
 * not. The sentinel at the bottom of the ring says so to the walk.
 */
static __always_inline void thread_init(struct thread *t, __u64 now, __u32 cause, bool born)
{
	t->ring[0] = now << 4 | CAUSE_UNKNOWN;
	thread_checkpoint(t, now);
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
 * Condition variables alternate between neighbouring words: within 48 bytes is the same place. Not so for
 * descriptors, which are small numbers.
 */
static __always_inline bool same_place(__s32 sysno, __u64 arg, __s32 other_sys, __u64 other_arg)
{
	if (sysno != other_sys)
		return false;
	return arg == other_arg || (arg > 65535 && arg - other_arg + 48 < 96);
}

/*
 * Where does the thread idle? In the (syscall, first argument) of its first sleep after a send or after
 * its birth. Now and then a contended lock comes first, and a worker whose queue is never empty does not
 * idle at all: so a place that was right before is kept until another has come first four times as
 * often, without a break.
 */
static __always_inline bool thread_is_home(struct thread *t, __s32 sysno, __u64 arg,
					   enum wait_class wait)
{
	bool home;

	if (wait >= WAIT_SLEEP || sysno < 0)
		return false;
	home = t->home_hits && same_place(sysno, arg, t->home_sys, t->home_arg);
	if (!t->after_send)
		return home;
	t->after_send = 0;
	if (home) {
		t->other_hits = 0;
		if (t->home_hits < 60)
			t->home_hits++;
		return true;
	}
	if (!same_place(sysno, arg, t->other_sys, t->other_arg))
		t->other_hits = 0;
	t->other_sys = sysno;
	t->other_arg = arg;
	t->other_hits++;
	if (t->home_hits && t->other_hits <= 4 * t->home_hits)
		return false;
	t->home_sys = sysno;
	t->home_arg = arg;
	t->home_hits = 1;
	t->other_hits = 0;
	return true;
}

/* What a sleep was that began as `cause`, now that it is known who ended it. */
static __always_inline __u32 thread_resolve(const struct thread *t, __u32 cause)
{
	__u32 waker = t->waker & 15;

	if (t->wait == WAIT_MUX) {
		if (waker == WAKER_SOCKET)
			return CAUSE_LOOP_NET;
		if (waker == WAKER_CLIENT || waker == WAKER_UNKNOWN)
			return cause;
		/* a thread that does nothing of the kind was interrupted by a timer */
		if (waker == WAKER_TIMER || !(t->waker & WAKES_LOOPS))
			return CAUSE_LOOP_SLEEP;
		return waker == WAKER_SIBLING ? CAUSE_POOL : cause;
	}
	if (cause == CAUSE_LOCK && waker >= WAKER_TIMER && waker <= WAKER_THREAD &&
	    !(t->waker & WAKES_LOCKS))
		return CAUSE_SLEEP;
	if (cause == CAUSE_BLOCKED && t->wait == WAIT_READ && waker == WAKER_SOCKET)
		return CAUSE_NET;
	return cause;
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
	t->block_as = t->wake ? thread_resolve(t, cause) : cause;
	t->block_at = t->head;
	thread_close(t, wake, t->block_as, CAUSE_RUNQ);
	if (cause == CAUSE_HOME || cause == CAUSE_HOME_LOCK) {
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
		/* until its last socket event it did run: requests hold its clocks of then */
		if (t->event_ns > thread_since(t) && t->event_ns <= now)
			thread_close(t, t->event_ns, CAUSE_RUN, CAUSE_RUN);
		thread_close(t, now, CAUSE_UNKNOWN, CAUSE_RUN);
		t->wake = 0;
		t->switched = 1;
		return;
	}
	thread_close(t, now, wakes && was_idle ? CAUSE_WAKEUP : CAUSE_RUNQ, CAUSE_RUN);
	t->wake = 0;
	t->fresh = 0;
	t->switched = 1;
}

/*
 * The thread does something, so it is on CPU. If its account says otherwise, its switch-in was not
 * delivered: on some hosts none is, after certain threads of the host's own. `arrived` is when the
 * scheduler says that it got its CPU, 0 if that is not known; then the time since the last thing known
 * is nobody's. Without all this, ghosts of milliseconds appear in queue.busy.
 */
static __always_inline void thread_act(struct thread *t, __u64 now, __u64 arrived)
{
	__u32 cause = thread_cause(t);
	__u64 since = thread_since(t), wake = t->wake;

	if (cause == CAUSE_RUN)
		return;
	if (arrived >= since && arrived <= now &&
	    (cause == CAUSE_RUNQ || (wake && wake <= arrived))) {
		lvt_count(COUNTER_SWITCH_REPAIRED, 1);
		thread_runs(t, arrived, false);
		t->switched = 0;
		return;
	}
	t->switched = 0;
	lvt_count(COUNTER_LOST_SWITCH, 1);
	if (cause_is_blocked(cause) && wake > since && wake < now)
		thread_close(t, wake, thread_resolve(t, cause), CAUSE_UNKNOWN);
	thread_close(t, now, CAUSE_UNKNOWN, CAUSE_RUN);
	t->wake = 0;
	t->fresh = 0;
}

/* sched_switch: the thread, which has acted until now, leaves the CPU, still runnable. */
static __always_inline void thread_preempted(struct thread *t, __u64 now)
{
	thread_close(t, now, CAUSE_RUN, CAUSE_RUNQ);
}

static __always_inline __u32 wait_cause(enum wait_class wait)
{
	switch (wait) {
	case WAIT_MUX:
		return CAUSE_MUX;
	case WAIT_LOCK:
		return CAUSE_LOCK;
	case WAIT_SLEEP:
		return CAUSE_SLEEP;
	case WAIT_DISK:
		return CAUSE_DISK;
	case WAIT_FAULT:
		return CAUSE_FAULT;
	default:
		return CAUSE_BLOCKED;
	}
}

/* sched_switch: the thread leaves the CPU to sleep in a syscall (sysno -1: none, a page fault). */
static __always_inline void thread_sleeps(struct thread *t, __u64 now, __s32 sysno, __u64 arg,
					  enum wait_class wait)
{
	__u64 wake = t->wake; /* once: another CPU may be writing it */
	__u32 cause = wait_cause(wait);

	t->sysno = sysno;
	t->sleep_arg = arg;

	/* an early wake-up from before this run was for a sleep that never happened */
	if (wake && t->early && wake < thread_since(t))
		t->wake = 0;
	if (thread_is_home(t, sysno, arg, wait))
		cause = wait == WAIT_LOCK ? CAUSE_HOME_LOCK : CAUSE_HOME;
	t->wait = wait;
	thread_close(t, now, CAUSE_RUN, cause);
}

/*
 * sched_waking. It often comes before the sleeper's own switch-out (32 % of redis' sleeps at ten
 * connections): such an early wake-up is kept, but a later one overrides it, as it may have been for
 * a sleep that never happened. `waker` is an enum waker and WAKES_ bits. False if it does not count.
 */
static __always_inline bool thread_waking(struct thread *t, __u64 now, __u32 waker)
{
	bool early = thread_cause(t) == CAUSE_RUN;

	if (t->wake && !t->early && !early) {
		lvt_count(COUNTER_DUPLICATE_WAKE, 1);
		return false;
	}
	t->early = early;
	t->waker = waker;
	t->wake = now;
	return true;
}

/* It has sent something: from here on it is free for other work. */
static __always_inline void thread_sent(struct thread *t, __u64 now, const struct clocks *clocks)
{
	t->after_send = 1;
	t->mark_ns = now;
	t->mark = *clocks;
}

#endif
