/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The request state machine of one connection: arrive -> read -> send ... -> finish, by the
 * turn-around rule: a request runs from the first inbound payload after the previous answer to the
 * last outbound payload before the next inbound one.
 *
 *   IDLE --arrive--> ARRIVED --read--> READING --send--> ANSWERED --arrive--> NEXT --read--> READING ...
 *
 * NEXT is an answered request that is complete, as the next one has arrived, but not yet accounted: that
 * is done at the read, by the CPU of the service. The arrival is often on another CPU (the client's, on
 * loopback), and then all of the connection's cache lines would travel there and back.
 *
 * Pure, as thread.bpf.h. The callers hold the socket's lock, so nothing here is atomic.
 */
#ifndef LVT_REQUEST_BPF_H
#define LVT_REQUEST_BPF_H

#include "past.bpf.h"
#include "waits.bpf.h"

enum phase { PHASE_IDLE, PHASE_ARRIVED, PHASE_READING, PHASE_ANSWERED, PHASE_NEXT };

enum conn_flags {
	CONN_UNKNOWN = 1 << 0, /* until its next request: what it is doing is not known */
	CONN_PIPELINED = 1 << 1,
	CONN_MULTI_THREAD = 1 << 2,
	CONN_UNACCEPTED = 1 << 3, /* the request arrived before the connection was accepted */
	CONN_DRAINED = 1 << 4,	  /* the reader has taken all there was */
	CONN_STALLED = 1 << 5,	  /* the last send met a full send buffer */
	CONN_EVENTS_SHORT = 1 << 6,
	CONN_LAST_WAS_SEND = 1 << 7,  /* the last socket event here */
	CONN_CLIENT = 1 << 8,	      /* .client is not all zero */
	CONN_FRESH = 1 << 10,	      /* no request yet; .arrive is when it was established */
	CONN_OWED = 1 << 11,	      /* in a request whose start was not seen: until its answer */
	CONN_SWEPT = 1 << 12,	      /* its last answer was taken for complete, as it was idle */
	CONN_ALL_READ = 1 << 13,      /* when it last sent, nothing was unread */
	CONN_NEXT_PIPELINED = 1 << 9, /* CONN_PIPELINED of the request that waits in NEXT */
	CONN_ASLEEP = 1 << 14,	      /* .asleep is not all zero */
};

#define CONN_OF_REQUEST                                                                       \
	(CONN_PIPELINED | CONN_MULTI_THREAD | CONN_UNACCEPTED | CONN_DRAINED | CONN_STALLED | \
	 CONN_EVENTS_SHORT | CONN_CLIENT | CONN_NEXT_PIPELINED | CONN_ASLEEP)

/* Why a reader slept that was not idle: CAUSE_BLOCKED and what follows, up to CAUSE_FAULT. */
#define ASLEEP_CAUSES (CAUSE_FAULT - CAUSE_BLOCKED + 1)

struct conn {
	/* what an arrival touches, often on another CPU: one cache line, as a pointer of the kernel's precedes */
	__u32 service;
	__u16 phase; /* enum phase */
	__u16 flags;
	__u64 arrive;
	__u64 next;	       /* NEXT: when the next request arrived */
	__u64 more;	       /* when the next part of an unfinished request arrived */
	__u32 copied, written; /* copied_seq, write_seq as last seen */
	__u64 acked;	       /* the peer's ACK covers the answer; 0 = not seen */
	__u32 sent_seq;	       /* the highest sequence number that was handed to the device */
	__u32 drops;	       /* sk_drops, as last seen */
	/* the service's side */
	__u64 sent;	   /* the answer's last byte was handed to the device; 0 = not seen */
	__u32 reader, tid; /* the thread that read first; the one whose clocks these are */
	__u32 written_at_reply;
	__u32 event;		 /* number of its last socket event here */
	__u64 event_cpu;	 /* its CPU clock at that event */
	__u64 read, reply, done; /* the other marks, ns */
	__u64 own, own_done;	 /* CPU ns charged to the request; as of `done` */
	__u64 occupied;		 /* once finished: ns that it kept its threads, see finish.bpf.h */
	__u64 reader_own;	 /* at a hand-off: what the reader can have spent on it at most */
	__u32 reader_head;	 /* transitions in the reader's ring at the first read */
	__u32 sends;		 /* of the answer */
	__u64 nic, next_nic;	 /* ns from the driver to `arrive`, to `next`; 0 = not known */
	struct clocks base;	 /* its clocks where its share of the request starts */
	struct clocks at;	 /* its clocks at its last read, once answered at its last send */
	__u64 stage[NR_STAGES];	 /* what is settled before `base` */
	__u64 bytes_in, bytes_out;
	struct clocks client; /* out of at - base, time that the client caused; see CONN_CLIENT */
	__u64 asleep[ASLEEP_CAUSES]; /* of queue.blocked: see CONN_ASLEEP */
	struct wait_base waits;
};

_Static_assert(sizeof(struct conn) <= 952, "a connection and its bookkeeping fit 1 kB");

/* What does not fit the stack of a program. */
struct scratch {
	struct clocks now;
	struct walk past, share;
};

/* Everything a hook knows of the moment: time, socket, acting thread. */
struct act {
	__u64 now;
	__u64 sk;
	struct scratch *scratch;
	__u32 tid;
	__u32 unread;  /* bytes that TCP has and the application has not */
	__u32 written; /* a send: write_seq before it */
	bool full;     /* no room left in the send buffer */
};

static __always_inline void request_reset(struct conn *c)
{
	c->phase = PHASE_IDLE;
	c->flags &= ~CONN_OF_REQUEST;
	c->tid = 0;
	c->sends = 0;
	c->sent = c->acked = c->nic = 0;
	c->bytes_in = c->bytes_out = 0;
	__builtin_memset(c->stage, 0, sizeof(c->stage));
}

/* New payload came in. */
static __always_inline void request_arrive(struct conn *c, __u64 now, bool unaccepted)
{
	if (c->phase == PHASE_ANSWERED) {
		c->next = now;
		c->phase = PHASE_NEXT;
	} else if (c->phase == PHASE_IDLE) {
		c->arrive = now;
		c->phase = PHASE_ARRIVED;
		c->flags &= ~(CONN_UNKNOWN | CONN_FRESH | CONN_SWEPT);
		if (unaccepted)
			c->flags |= CONN_UNACCEPTED;
	} else if (c->phase == PHASE_READING && c->flags & CONN_DRAINED) {
		c->more = now;
		c->flags &= ~CONN_DRAINED;
	}
}

/* The request that waited in NEXT takes the connection, once the one before it is accounted and reset. */
static __always_inline void request_next(struct conn *c, bool pipelined)
{
	c->arrive = c->next;
	c->nic = c->next_nic;
	c->phase = PHASE_ARRIVED;
	if (pipelined)
		c->flags |= CONN_PIPELINED;
}

/* CPU ns from the thread's last event here to its next one elsewhere. */
static __always_inline __u32 request_interval(const struct conn *c, const struct thread *t)
{
	return t->events[(c->event + 1) & (THREAD_EVENTS - 1)] - (__u32)c->event_cpu;
}

/*
 * Whose CPU time is the interval between two socket events of a thread?
 *   read X -> anything: X.  send X -> send Y: Y.  send X -> read: nobody's.  X -> X: X.
 * "The last connection touched" would be wrong: a read-all-then-answer loop gave 16 us where 103 were
 * spent. read X -> send Y is ambiguous: X gets it, and the time so decided is counted.
 */
static __always_inline void request_settle(struct conn *c, const struct thread *t, __u64 cpu,
					   bool send)
{
	__u32 passed = t->event - c->event;

	if (!passed) {
		c->own += cpu - c->event_cpu;
		return;
	}
	if (!(c->flags & CONN_LAST_WAS_SEND)) {
		/* the ring keeps the low half of a clock */
		if (passed < THREAD_EVENTS && cpu - c->event_cpu <= 0xffffffff)
			c->own += request_interval(c, t);
		else
			c->flags |= CONN_EVENTS_SHORT;
	}
	if (!send)
		return;
	if (t->event_send)
		c->own += cpu - t->event_cpu;
	else
		lvt_count(COUNTER_AMBIGUOUS_CPU_NS, cpu - t->event_cpu);
}

/* Book a socket event of the thread. */
static __always_inline void thread_event(struct thread *t, const struct act *a, __u64 cpu,
					 bool send)
{
	if (t->event_sk != a->sk || t->event_send != send) {
		t->event++;
		t->events[t->event & (THREAD_EVENTS - 1)] = cpu;
	}
	t->event_sk = a->sk;
	t->event_send = send;
	t->event_ns = a->now;
	t->event_cpu = cpu;
}

/* ... and remember it on the connection whose request it is about. */
static __always_inline void request_event(struct conn *c, struct thread *t, const struct act *a,
					  __u64 cpu, bool send)
{
	thread_event(t, a, cpu, send);
	if (c->tid != a->tid)
		return;
	c->event = t->event;
	c->event_cpu = cpu;
	if (send)
		c->flags |= CONN_LAST_WAS_SEND;
	else
		c->flags &= ~CONN_LAST_WAS_SEND;
}

/* What the reader slept in while the request waited: returns the ns of it. */
static __always_inline __u64 request_asleep(struct conn *c, const struct clocks *did)
{
	__u64 idle = 0, any = 0;
	__u32 i;

	for (i = CAUSE_MUX; i <= CAUSE_LOOP_SLEEP; i++)
		idle += did->ns[i];
	for (i = 0; i < ASLEEP_CAUSES; i++)
		any += did->ns[CAUSE_BLOCKED + i];
	if (any) {
		c->flags |= CONN_ASLEEP;
		for (i = 0; i < ASLEEP_CAUSES; i++)
			c->asleep[i] = did->ns[CAUSE_BLOCKED + i];
	}
	return idle + any;
}

/* The queue stages of [arrive, now], from what the reader did meanwhile. */
static __always_inline void request_queue(struct conn *c, const struct thread *t,
					  struct waits *waits, const struct act *a)
{
	__u64 unknown, pickup = thread_since(t), asleep;
	struct walk *w = &a->scratch->past;

	if (pickup < c->arrive)
		pickup = c->arrive;
	if (t->event_sk != a->sk && t->event_ns > pickup)
		pickup = t->event_ns;
	pickup = a->now > pickup ? a->now - pickup : 0;
	c->stage[STAGE_QUEUE_PICKUP] += pickup;
	/* on CPU all the while, as a busy event loop is: its past need not be walked */
	if (c->arrive >= thread_since(t)) {
		if (a->now > c->arrive)
			c->stage[STAGE_QUEUE_BUSY] += a->now - c->arrive - pickup;
		return;
	}
	unknown = thread_past(t, c->arrive, a->now, w);
	if (unknown && t->born && thread_ring_whole(t)) {
		c->stage[STAGE_QUEUE_ACCEPT] += unknown;
	} else if (unknown) {
		c->stage[STAGE_UNATTRIBUTED] += unknown;
		if (!thread_ring_whole(t))
			lvt_count(COUNTER_RING_SHORT, 1);
	}
	c->stage[STAGE_QUEUE_BUSY] += w->did.ns[CAUSE_RUN] - pickup;
	c->stage[STAGE_QUEUE_RUNQ] += w->did.ns[CAUSE_RUNQ];
	c->stage[STAGE_QUEUE_WAKEUP] += w->did.ns[CAUSE_WAKEUP];
	c->stage[STAGE_UNATTRIBUTED] += w->did.ns[CAUSE_UNKNOWN];
	if (waits && w->did.ns[CAUSE_RUNQ])
		waits_charge_queue(waits, c->service, c->arrive);
	asleep = request_asleep(c, &w->did);
	/* while its reader sleeps, a connection that nobody has accepted waits for just that */
	if (c->flags & CONN_UNACCEPTED) {
		c->stage[STAGE_QUEUE_ACCEPT] += asleep;
		c->flags &= ~CONN_ASLEEP;
	} else {
		c->stage[STAGE_QUEUE_BLOCKED] += asleep;
	}
}

/* The first read of a request: its queue ends, the reader's share begins. */
static __always_inline void request_first_read(struct conn *c, struct thread *t,
					       struct waits *waits, const struct act *a)
{
	c->read = a->now;
	c->phase = PHASE_READING;
	c->reader = c->tid = a->tid;
	c->reader_head = t->head;
	c->own = 0;
	c->reader_own = ~0ull;
	request_queue(c, t, waits, a);
	waits_begin(&c->waits, waits, a->now);
	thread_clocks(t, a->now, &c->base);
	c->at = c->base;
}

static __always_inline void request_client_init(struct conn *c)
{
	if (c->flags & CONN_CLIENT)
		return;
	c->flags |= CONN_CLIENT;
	__builtin_memset(&c->client, 0, sizeof(c->client));
}

/*
 * Between its last event here and `until` the thread could not go on with this request, as the client
 * had not done its part. Waiting for events and idling in that time is the client's, and so is work on
 * other requests; a blocked interval is if it was a read that waits for data.
 */
static __always_inline void request_client(struct conn *c, const struct thread *t,
					   const struct clocks *then, __u64 until, __u64 own)
{
	__u64 run, from, to;
	__u32 i;

	request_client_init(c);
	run = then->ns[CAUSE_RUN] - c->at.ns[CAUSE_RUN];
	if (run > own && run < 1ull << 60)
		c->client.ns[CAUSE_RUN] += run - own;
	for (i = CAUSE_MUX; i <= CAUSE_LOOP_SLEEP; i++)
		c->client.ns[i] += then->ns[i] - c->at.ns[i];
	if (t->wait == WAIT_READ) {
		from = t->block_start;
		to = t->block_end < until ? t->block_end : until;
		run = then->ns[CAUSE_BLOCKED] - c->at.ns[CAUSE_BLOCKED];
		if (to > from && to - from <= run)
			c->client.ns[CAUSE_BLOCKED] += to - from;
	}
}

/* A further read of a request that came in parts. */
static __always_inline void request_read_more(struct conn *c, struct thread *t, struct waits *waits,
					      const struct act *a, __u64 cpu)
{
	struct clocks *now = &a->scratch->now;
	struct walk *w = &a->scratch->past;
	__u64 own = c->own;
	__u32 i;

	request_settle(c, t, cpu, false);
	thread_clocks(t, a->now, now);
	if (c->more) {
		thread_past(t, c->more, a->now, w);
		/* as of c->more */
		for (i = 0; i < NR_CAUSES; i++)
			w->did.ns[i] = now->ns[i] - w->did.ns[i];
		request_client(c, t, &w->did, c->more, c->own - own);
		/* what it waited for until `more` was the client */
		if (waits)
			waits_begin_at(&c->waits, waits, c->more);
	}
	c->at = *now;
}

/*
 * The application received bytes. `cpu` is its thread's CPU clock, `waits` what it waited for, NULL if
 * that is not known or nothing.
 */
static __always_inline void request_read(struct conn *c, struct thread *t, struct waits *waits,
					 const struct act *a, __u64 cpu)
{
	if (c->phase == PHASE_ARRIVED)
		request_first_read(c, t, waits, a);
	else if (c->phase == PHASE_READING)
		request_read_more(c, t, waits, a, cpu);
	else if (c->phase == PHASE_ANSWERED && c->tid == a->tid)
		request_settle(c, t, cpu, false);
	c->more = 0;
	if (a->unread)
		c->flags &= ~CONN_DRAINED;
	else
		c->flags |= CONN_DRAINED;
	request_event(c, t, a, cpu, false);
}

/* ns that its thread waited in its event loop, until other clients ended it. */
static __always_inline __u64 request_pooled(const struct clocks *now, const struct clocks *then)
{
	return now->ns[CAUSE_MUX] + now->ns[CAUSE_HOME] - then->ns[CAUSE_MUX] -
	       then->ns[CAUSE_HOME];
}

/*
 * The application starts a send on a request that it has read: tentatively the last one. Returns the
 * ns by which `done` moved, 0 for the first send.
 */
static __always_inline __u64 request_send(struct conn *c, struct thread *t, struct waits *waits,
					  const struct act *a, __u64 cpu)
{
	struct clocks *now = &a->scratch->now;
	__u64 own = c->own, moved = 0;
	bool stalled = false;

	request_settle(c, t, cpu, true);
	if (c->phase == PHASE_READING) {
		c->reply = a->now;
		c->written_at_reply = a->written;
		if (a->unread)
			c->flags |= CONN_PIPELINED;
	} else {
		moved = a->now - c->done;
		stalled = c->flags & CONN_STALLED;
		if (stalled) {
			/* blocked inside the send, or in its event loop until there was room */
			request_client_init(c);
			thread_clocks(t, a->now, now);
			c->client.ns[CAUSE_BLOCKED] +=
				now->ns[CAUSE_BLOCKED] - c->at.ns[CAUSE_BLOCKED];
			request_client(c, t, now, 0, c->own - own);
		}
	}
	if (a->unread)
		c->flags &= ~CONN_ALL_READ;
	else
		c->flags |= CONN_ALL_READ;
	if (a->full)
		c->flags |= CONN_STALLED;
	else
		c->flags &= ~CONN_STALLED;
	if (waits && waits->last > c->waits.from)
		waits_charge(&c->waits, waits, c->service, request_pooled(&t->clock, &c->at),
			     stalled);
	c->phase = PHASE_ANSWERED;
	c->sends++;
	c->sent = c->acked = 0;
	c->done = a->now;
	thread_clocks(t, a->now, &c->at);
	c->own_done = c->own;
	request_event(c, t, a, cpu, true);
	thread_sent(t, a->now, &c->at);
	return moved;
}

#endif
