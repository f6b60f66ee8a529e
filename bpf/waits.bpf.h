/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a thread waited for, by name: the clocks of thread.bpf.h, finer. Each kind of wait (its cause,
 * syscall, peer, who ended it) has a slot with the sum of all its waits, so what a request waited for is
 * a difference of sums, however many waits there were. A slot that is taken over for another kind has
 * a new number, by which a request knows that the sum began after it did.
 *
 * The last waits are also kept one by one: for the queue, whose start is not known until it ends, and
 * for exemplars.
 *
 * Pure, as thread.bpf.h. The includer supplies lvt_wait_row(service, stage, wait, n, ns): n waits of
 * requests of the service, of ns together.
 */
#ifndef LVT_WAITS_BPF_H
#define LVT_WAITS_BPF_H

#include "thread.bpf.h"

#define WAIT_SLOTS \
	16 /* a half for run queues, where names may change all the time, one for the rest */
#define WAIT_HALF (WAIT_SLOTS / 2)
#define WAIT_LOG 16

struct wait_slot {
	struct lvt_wait w; /* the last one */
	__u64 key;	   /* of its kind */
	__u64 charged_ns;  /* request time that has not been handed to lvt_wait_row() yet */
	__u32 charged_n;
	__u32 born;
	__u32 service; /* of the charged ones */
	__u32 used;    /* since the hand of waits_slot() passed */
};

struct wait_entry {
	struct lvt_wait w;
	__u64 queue_ns; /* of the requests that were in the queue meanwhile, as charged_ns */
	__u32 queue_n, service;
	__u32 slot, born;
};

struct waits {
	/* who ended the sleep that goes on, by sched_waking */
	struct lvt_peer peer;
	char comm[LVT_COMM_LEN];
	__u32 born;    /* slots made so far */
	__u32 hand[2]; /* of each half: where to look for a slot to take over */
	__u32 head;    /* waits logged */
	__u32 loop; /* slot + 1 of the last wait of its event loop that something else than a client ended */
	__u32 loop_before; /* the one before that */
	__u32 pad;
	/* what each request looks at, together: the end of the last wait, the sums of the slots */
	__u64 last;
	__u64 ns[WAIT_SLOTS];
	__u16 n[WAIT_SLOTS];
	struct wait_slot slot[WAIT_SLOTS];
	struct wait_entry log[WAIT_LOG];
};

_Static_assert(sizeof(struct waits) <= 4000, "waits and their bookkeeping fit 4 kB");

/* What a connection keeps of its thread's slots: their sums when its request began. */
struct wait_base {
	__u64 ns[WAIT_SLOTS];
	__u64 from;	     /* when that was */
	__u16 n[WAIT_SLOTS]; /* their counts */
	__u32 born;
	__u32 loop; /* enum lvt_cause that ended the waits of its event loop; 0 = none but clients */
};

static __always_inline __u32 cause_stage(__u32 cause)
{
	switch (cause) {
#define CAUSE(id, name, queue, service, what) \
	case CAUSE_##id:                      \
		return STAGE_##service;
#include "causes.def"
#undef CAUSE
	}
	return STAGE_UNATTRIBUTED;
}

/* The thread's last sleep: only idling, until a client's request, has no name. */
static __always_inline bool wait_has_name(const struct thread *t)
{
	/* an early wake-up leaves nothing of a sleep */
	if (t->block_as == CAUSE_HOME || t->block_end == t->block_start)
		return false;
	return t->block_as != CAUSE_MUX || (t->waker & 15) == WAKER_THREAD;
}

static __always_inline __u64 wait_mix(__u64 key, __u64 word)
{
	key = (key ^ word) * 0x9e3779b97f4a7c15ull;
	return key ^ key >> 32;
}

static __always_inline __u64 wait_key(const struct lvt_wait *w)
{
	const __u32 *peer = (const __u32 *)&w->peer;
	const __u64 *comm = (const __u64 *)w->comm;
	__u64 key = (__u64)w->cause << 32 | (__u32)w->sysno;

	key = wait_mix(key, w->pid);
	key = wait_mix(key, (__u64)peer[0] << 32 | peer[1]);
	key = wait_mix(key, (__u64)peer[2] << 32 | peer[3]);
	key = wait_mix(key, peer[4]);
	key = wait_mix(key, comm[0]);
	return wait_mix(key, comm[1]);
}

static __always_inline void slot_flush(struct wait_slot *s)
{
	if (s->charged_n || s->charged_ns)
		lvt_wait_row(s->service, cause_stage(s->w.cause), &s->w, s->charged_n,
			     s->charged_ns);
	s->charged_n = 0;
	s->charged_ns = 0;
}

static __always_inline void entry_flush(struct wait_entry *e)
{
	if (e->queue_n)
		lvt_wait_row(e->service, STAGE_QUEUE_RUNQ, &e->w, e->queue_n, e->queue_ns);
	e->queue_n = 0;
	e->queue_ns = 0;
}

/* Hand out everything that has been charged. */
__weak __noinline int waits_flush(struct waits *w)
{
	__u32 i;

	if (!w)
		return 0;
	for (i = 0; i < WAIT_SLOTS; i++)
		slot_flush(&w->slot[i]);
	for (i = 0; i < WAIT_LOG; i++)
		entry_flush(&w->log[i]);
	return 0;
}

/* The slot of a half that has not been used for the longest time, nearly: a clock with a hand. */
__weak __noinline int waits_unused(struct waits *w, __u32 half)
{
	__u32 k, i = 0;

	if (!w)
		return 0;
	half &= 1;
	for (k = 0; k < WAIT_HALF; k++) {
		i = half * WAIT_HALF + (w->hand[half]++ & (WAIT_HALF - 1));
		if (!w->slot[i].used)
			break;
		w->slot[i].used = 0;
	}
	return i;
}

/*
 * The slot of a kind of wait; if there is none, another kind's is taken over. What that kind was to
 * requests that are open now is lost to the rest of their stage.
 */
__weak __noinline int waits_slot(struct waits *w, __u64 key, __u32 half)
{
	__u32 i, k;

	if (!w)
		return 0;
	for (k = 0; k < WAIT_HALF; k++) {
		i = (half & 1) * WAIT_HALF + k;
		if (w->slot[i].key == key)
			return i;
	}
	i = waits_unused(w, half) & (WAIT_SLOTS - 1);
	slot_flush(&w->slot[i]);
	if (w->loop == i + 1)
		w->loop = 0;
	w->slot[i].key = key;
	w->ns[i] = 0;
	w->n[i] = 0;
	w->slot[i].born = ++w->born;
	return i;
}

/* A wait of the thread has ended. */
__weak __noinline int waits_add(struct waits *w, const struct lvt_wait *wait)
{
	struct wait_entry *e;
	struct wait_slot *s;
	__u32 i;

	if (!w || !wait)
		return 0;
	i = waits_slot(w, wait_key(wait), wait->cause == CAUSE_RUNQ) & (WAIT_SLOTS - 1);
	s = &w->slot[i];
	s->used = 1;
	s->w = *wait;
	w->ns[i] += wait->end - wait->start;
	w->n[i]++;
	w->last = wait->end;
	if (wait->cause >= CAUSE_POOL && wait->cause <= CAUSE_LOOP_SLEEP) {
		w->loop_before = w->loop;
		w->loop = i + 1;
	}
	e = &w->log[w->head & (WAIT_LOG - 1)];
	entry_flush(e);
	e->w = *wait;
	e->slot = i;
	e->born = s->born;
	w->head++;
	return 0;
}

/* Give a logged wait to another slot, and its name. */
static __always_inline void wait_move(struct waits *w, struct wait_entry *e, __u32 to)
{
	__u64 ns = e->w.end - e->w.start;
	__u32 i = e->slot & (WAIT_SLOTS - 1);

	if (w->slot[i].born == e->born) {
		w->ns[i] -= ns;
		w->n[i]--;
	}
	to &= WAIT_SLOTS - 1;
	w->ns[to] += ns;
	w->n[to]++;
	e->slot = to;
	e->born = w->slot[to].born;
}

/* One wait of waits_rename(): 1 if it is before the chain. */
__weak __noinline int wait_rename(struct waits *w, struct wait_entry *e, __u64 since, __u32 from)
{
	struct wait_entry *last;

	if (!w || !e || e->w.start < since)
		return 1;
	if (e->w.cause != from)
		return 0;
	last = &w->log[(w->head - 1) & (WAIT_LOG - 1)];
	wait_move(w, e, last->slot);
	e->w.cause = last->w.cause;
	e->w.peer = last->w.peer;
	__builtin_memcpy(e->w.comm, last->w.comm, LVT_COMM_LEN);
	return 0;
}

/* The waits since `since` that are called `from` were the last one all along: see thread_chain(). */
static __always_inline void waits_rename(struct waits *w, __u64 since, __u32 from)
{
	__u32 k;

	for (k = 1; k < WAIT_LOG; k++) {
		if (k >= w->head)
			break;
		if (wait_rename(w, &w->log[(w->head - 1 - k) & (WAIT_LOG - 1)], since, from))
			break;
	}
}

/* The wait of an event loop that began at `start` was not ended by that timer: see thread_ticked(). */
__weak __noinline int waits_ticked(struct waits *w, __u64 start)
{
	struct wait_entry *e;
	__u32 k, i;

	if (!w)
		return 0;
	/* a wait for a CPU may have followed */
	for (k = 0; k < 4; k++) {
		e = &w->log[(w->head - 1 - k) & (WAIT_LOG - 1)];
		if (k >= w->head || e->w.start < start)
			return 0;
		if (e->w.start == start && e->w.cause == CAUSE_LOOP_SLEEP)
			break;
	}
	if (k == 4)
		return 0;
	e->w.cause = CAUSE_MUX;
	i = waits_slot(w, wait_key(&e->w), 0) & (WAIT_SLOTS - 1);
	w->slot[i].w = e->w;
	w->slot[i].used = 1;
	wait_move(w, e, i);
	w->loop = w->loop_before;
	return 0;
}

/* A request is in the thread's hands from now on: what it has waited for so far is not the request's. */
static __always_inline void waits_begin(struct wait_base *b, const struct waits *w, __u64 now)
{
	b->from = now;
	b->born = 0;
	b->loop = 0;
	if (!w)
		return;
	b->born = w->born;
	__builtin_memcpy(b->ns, w->ns, sizeof(b->ns));
	__builtin_memcpy(b->n, w->n, sizeof(b->n));
}

/* The same for a moment in the past: what is logged since then is the request's. */
__weak __noinline int waits_begin_at(struct wait_base *b, const struct waits *w, __u64 when)
{
	const struct wait_entry *e;
	__u32 i, k;

	if (!b || !w)
		return 0;
	waits_begin(b, w, when);
	for (k = 0; k < WAIT_LOG; k++) {
		e = &w->log[(w->head - 1 - k) & (WAIT_LOG - 1)];
		if (k >= w->head || e->w.end <= when)
			break;
		i = e->slot & (WAIT_SLOTS - 1);
		if (e->w.start < when || w->slot[i].born != e->born)
			continue;
		b->ns[i] -= e->w.end - e->w.start;
		b->n[i]--;
	}
	return 0;
}

/* Waits of a kind in which the client held the request up, if it did. */
static __always_inline bool cause_may_be_clients(__u32 cause)
{
	return cause == CAUSE_BLOCKED || cause_is_idle(cause);
}

/* A charge, packed, as a global function takes five arguments: */
#define CHARGE_CLIENT 1 /* the client held the request up meanwhile */
#define CHARGE_LOOP(slot) \
	((slot) << 8) /* slot + 1 of what ended the event loop's waits, 0 = only clients */
#define CHARGE_SERVICE(id) ((__u64)(id) << 32)

/* One slot of waits_charge(): global, so that it is verified once and not for each. */
__weak __noinline int waits_charge_slot(struct wait_base *b, struct waits *w, __u32 i, __u64 pooled,
					__u64 charge)
{
	__u32 service = charge >> 32, loop = charge >> 8 & 255;
	struct wait_slot *s;
	__u64 ns;
	__u16 n;

	if (!b || !w)
		return 0;
	i &= WAIT_SLOTS - 1;
	s = &w->slot[i];
	ns = w->ns[i];
	n = w->n[i];
	if ((__s32)(s->born - b->born) <= 0) {
		ns -= b->ns[i];
		n -= b->n[i];
	}
	b->ns[i] = w->ns[i];
	b->n[i] = w->n[i];
	if ((charge & CHARGE_CLIENT && cause_may_be_clients(s->w.cause)) ||
	    (loop && s->w.cause == CAUSE_MUX))
		ns = n = 0;
	if (loop == i + 1 && !(charge & CHARGE_CLIENT))
		ns += pooled;
	if (!ns)
		return 0;
	if (s->service != service)
		slot_flush(s);
	s->service = service;
	s->charged_ns += ns;
	s->charged_n += n;
	return 0;
}

/*
 * Charge to a request of `service` what its thread waited for since waits_begin() or the last charge.
 * client: the client held it up meanwhile. pooled: ns that the thread waited in its event loop, until
 * other clients ended it; if since the request began something else ended such a wait, they go to that.
 */
__weak __noinline int waits_charge(struct wait_base *b, struct waits *w, __u32 service,
				   __u64 pooled, __u32 client)
{
	__u64 charge = CHARGE_SERVICE(service) | (client ? CHARGE_CLIENT : 0);
	__u32 i;

	if (!b || !w)
		return 0;
	i = w->loop - 1;
	if (i < WAIT_SLOTS && w->slot[i].w.end > b->from) {
		b->loop = w->slot[i].w.cause;
		charge |= CHARGE_LOOP(i + 1);
	}
	for (i = 0; i < WAIT_SLOTS; i++)
		if (w->slot[i].w.end > b->from)
			waits_charge_slot(b, w, i, pooled, charge);
	b->born = w->born;
	return 0;
}

/* One entry of waits_charge_queue(); global for the same reason. Returns 1 if it is before `arrive`. */
__weak __noinline int waits_charge_entry(struct wait_entry *e, __u32 service, __u64 arrive)
{
	__u64 start;

	if (!e || e->w.end <= arrive)
		return 1;
	if (e->w.cause != CAUSE_RUNQ)
		return 0;
	if (e->service != service)
		entry_flush(e);
	e->service = service;
	start = e->w.start > arrive ? e->w.start : arrive;
	e->queue_ns += e->w.end - start;
	e->queue_n++;
	return 0;
}

/* Charge the run-queue waits of the reader to a request that was in its queue since `arrive`. */
static __always_inline void waits_charge_queue(struct waits *w, __u32 service, __u64 arrive)
{
	__u32 k;

	for (k = 0; k < WAIT_LOG; k++) {
		if (k >= w->head)
			break;
		if (waits_charge_entry(&w->log[(w->head - 1 - k) & (WAIT_LOG - 1)], service,
				       arrive))
			break;
	}
}

#endif
