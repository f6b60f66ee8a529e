/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_MACHINE_H
#define LVT_MACHINE_H

/*
 * The pure part of the kernel side, compiled natively, and a machine of a few threads and connections
 * that drives it as the hooks do. Each event is a call whose first argument is its time in ns.
 *
 * Include after <cmocka.h>.
 */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "abi.h"

static __u64 counters[NR_COUNTERS];

/* What has been handed out as waits: how many, and ns, by stage. */
static struct {
	__u64 waits[NR_STAGES], ns[NR_STAGES];
} rows;

static inline void lvt_wait_row(__u32 service, __u32 stage, const struct lvt_wait *w, __u32 n,
				__u64 ns)
{
	(void)service;
	(void)w;
	rows.waits[stage] += n;
	rows.ns[stage] += ns;
}

static inline void lvt_count(__u32 counter, __u64 n)
{
	counters[counter] += n;
}

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#define __noinline __attribute__((noinline))
/* a global function in the kernel, where nobody asks for its prototype */
#define __weak static __attribute__((unused))
#include "again.bpf.h"
#include "finish.bpf.h"
#include "handoff.bpf.h"
#undef __weak

enum { A, B, C, D, THREADS };
enum { X, Y, Z, W, CONNS };

/* A finished request, as it is handed to the account. */
struct answer {
	__u64 stage[NR_STAGES];
	__u64 latency, arrive, read, done, occupied;
	__u32 reader; /* its tid */
	__u32 count;  /* requests of this connection so far */
	__u16 flags;
	bool sound; /* what request_finish() said */
};

static struct machine {
	struct thread t[THREADS]; /* the tid is the index + 1; .cur == 0: not seen yet */
	struct waits w[THREADS];
	struct scratch scratch;
	bool exited[THREADS];	/* cannot be asked any more */
	__u64 arrived[THREADS]; /* when it got its CPU by the scheduler's own account; 0: not known */
	struct conn c[CONNS];
	bool unaccepted[CONNS];
	struct answer last[CONNS];
} m;

/*
 * A new machine. The rings keep what was in them: nothing may depend on what lies beyond their heads,
 * and a million sequences are much faster.
 */
static inline void machine_reset(void)
{
	for (int i = 0; i < THREADS; i++) {
		memset(&m.t[i], 0, offsetof(struct thread, checkpoint));
		memset(&m.w[i], 0, sizeof(m.w[i]));
	}
	memset(m.exited, 0, sizeof(m) - offsetof(struct machine, exited));
	memset(counters, 0, sizeof(counters));
	memset(&rows, 0, sizeof(rows));
}

/* ---- the scheduler ---- */

/* A thread that was there before: it is in state `cause`. */
static inline void seen(__u64 now, int thread, __u32 cause)
{
	thread_init(&m.t[thread], now, cause, false);
}

static inline void forked(__u64 now, int thread)
{
	thread_init(&m.t[thread], now, CAUSE_RUNQ, true);
}

/* Does something that only a running thread can do. */
static inline void acts(__u64 now, int thread)
{
	thread_act(&m.t[thread], now, m.arrived[thread]);
}

static inline void preempted(__u64 now, int thread)
{
	acts(now, thread);
	thread_preempted(&m.t[thread], now);
}

/* Sleeps in a syscall on `arg`; each wait class has a syscall of its own. */
static inline void sleeps(__u64 now, int thread, enum wait_class wait, __u64 arg)
{
	struct thread *t = &m.t[thread];

	acts(now, thread);
	if (thread_sleeps_again(t, now, 200 + wait, arg))
		waits_ticked(&m.w[thread], t->block_start);
	thread_sleeps(&m.t[thread], now, 200 + wait, arg, wait);
}

/* Woken by ... (an enum waker and WAKES_ bits) */
static inline void woken_by(__u64 now, int thread, __u32 waker)
{
	thread_waking(&m.t[thread], now, waker);
}

static inline void woken(__u64 now, int thread)
{
	woken_by(now, thread, WAKER_CLIENT);
}

/* Gets a CPU; notes what it waited for as the hook does. */
static inline void machine_runs(__u64 now, int thread, bool was_idle)
{
	struct thread *t = &m.t[thread];
	struct lvt_wait w = {
		.start = thread_since(t), .end = now, .cause = CAUSE_RUNQ, .sysno = -1
	};
	__u32 cause = thread_cause(t);
	bool slept = cause_is_blocked(cause), wakes = slept || t->fresh;
	__u32 mistaken = 0;

	thread_runs(t, now, was_idle);
	if (slept) {
		mistaken = thread_woken_again(t);
		w = (struct lvt_wait){ .start = t->block_start,
				       .end = t->block_end,
				       .cause = t->block_as,
				       .sysno = t->sysno,
				       .waker = t->waker & 15 };
		if (wait_has_name(t))
			waits_add(&m.w[thread], &w);
		if (wait_has_name(t) && mistaken)
			waits_rename(&m.w[thread], t->chain_start, mistaken);
		w = (struct lvt_wait){
			.start = t->block_end, .end = now, .cause = CAUSE_RUNQ, .sysno = -1
		};
	}
	if ((slept || cause == CAUSE_RUNQ) && !(wakes && was_idle) && w.end > w.start)
		waits_add(&m.w[thread], &w);
}

/* Gets a CPU that another task had; one that was idle. */
static inline void runs(__u64 now, int thread)
{
	machine_runs(now, thread, false);
}

static inline void runs_idle(__u64 now, int thread)
{
	machine_runs(now, thread, true);
}

/* ---- TCP ---- */

/* The answered request is complete. If the next one has arrived, it takes the connection. */
static inline void finishes(int conn)
{
	struct conn *c = &m.c[conn];
	struct answer *a = &m.last[conn];
	bool next = c->phase == PHASE_NEXT, pipelined = c->flags & CONN_NEXT_PIPELINED;

	a->flags = c->flags;
	a->reader = c->reader;
	a->arrive = c->arrive;
	a->read = c->read;
	a->sound = request_finish(c);
	a->done = c->done;
	a->occupied = c->occupied;
	a->latency = c->done - c->arrive;
	a->count++;
	memcpy(a->stage, c->stage, sizeof(a->stage));
	request_reset(c);
	if (next)
		request_next(c, pipelined);
}

/* The connection closes: an answered request counts, any other does not. */
static inline void resets(int conn)
{
	struct conn *c = &m.c[conn];

	if (c->phase == PHASE_ANSWERED || c->phase == PHASE_NEXT)
		finishes(conn);
	request_reset(c);
}

static inline void arrives(__u64 now, int conn)
{
	struct conn *c = &m.c[conn];

	if (c->phase == PHASE_IDLE || c->phase == PHASE_ANSWERED || c->flags & CONN_DRAINED)
		request_arrive(c, now, m.unaccepted[conn]);
}

/* Has the request been read, so that a send is its answer? */
static inline bool machine_open(const struct conn *c)
{
	return c->phase == PHASE_READING || c->phase == PHASE_ANSWERED;
}

/* What a read and a send have in common: the thread, its CPU clock, a change of hands. */
static inline struct thread *machine_acts(const struct act *a, struct conn *c, bool send,
					  __u64 *cpu)
{
	struct thread *t = &m.t[a->tid - 1], *reader;

	if (!t->cur) {
		thread_init(t, a->now, CAUSE_RUN, false);
		lvt_count(COUNTER_FIRST_SIGHT, 1);
	}
	acts(a->now, a->tid - 1);
	*cpu = thread_cpu(t, a->now);
	if (c->tid == a->tid || !(send ? machine_open(c) : c->phase == PHASE_READING))
		return t;
	reader = m.exited[c->reader - 1] ? NULL : &m.t[c->reader - 1];
	if (!reader)
		lvt_count(COUNTER_READER_GONE, 1);
	request_take_over(c, t, reader, &m.w[a->tid - 1], a, *cpu);
	return t;
}

static inline struct act machine_act(__u64 now, int thread, int conn, bool unread, bool full)
{
	return (struct act){ .now = now,
			     .sk = 0x1000 + conn,
			     .scratch = &m.scratch,
			     .tid = thread + 1,
			     .unread = unread,
			     .full = full };
}

static inline void machine_reads(__u64 now, int thread, int conn, bool unread)
{
	struct act a = machine_act(now, thread, conn, unread, false);
	struct conn *c = &m.c[conn];
	struct thread *t;
	__u64 cpu;

	if (c->phase == PHASE_NEXT)
		finishes(conn);
	t = machine_acts(&a, c, false, &cpu);
	request_read(c, t, &m.w[thread], &a, cpu);
}

static inline void machine_sends(__u64 now, int thread, int conn, bool unread, bool full)
{
	struct act a = machine_act(now, thread, conn, unread, full);
	struct conn *c = &m.c[conn];
	__u64 cpu;
	struct thread *t = machine_acts(&a, c, true, &cpu);

	if (machine_open(c)) {
		request_send(c, t, &m.w[thread], &a, cpu);
		return;
	}
	if (c->phase == PHASE_ARRIVED)
		c->flags |= CONN_PIPELINED;
	else if (c->phase == PHASE_NEXT)
		c->flags |= CONN_NEXT_PIPELINED;
	thread_event(t, &a, cpu, true);
}

/* Reads everything there is; leaves something. */
static inline void reads(__u64 now, int thread, int conn)
{
	machine_reads(now, thread, conn, false);
}

static inline void reads_part(__u64 now, int thread, int conn)
{
	machine_reads(now, thread, conn, true);
}

/* Starts a send; into a full buffer. */
static inline void sends(__u64 now, int thread, int conn)
{
	machine_sends(now, thread, conn, false, false);
}

static inline void sends_full(__u64 now, int thread, int conn)
{
	machine_sends(now, thread, conn, false, true);
}

/* All clocks of a thread, whatever its state, with the present interval in its cause. */
static inline struct clocks machine_clocks(__u64 now, int thread)
{
	const struct thread *t = &m.t[thread];
	struct clocks all = t->clock;

	all.ns[thread_cause(t)] += now - thread_since(t);
	return all;
}

/* ---- examples ---- */

#define EPOLL WAIT_MUX, 5
#define RECV WAIT_READ, 7
#define LOCK WAIT_LOCK, 0x7000
#define SENDING WAIT_OTHER, 3 /* into a full buffer */
#define IDLE WAIT_LOCK, 0x9000

/* Finish the request of a connection: its stages from pairs (stage, ns) up to -1; the others are 0. */
static inline void expect_stages(int line, int conn, ...)
{
	static const char *const names[] = {
#define STAGE(id, name, what) name,
#include "stages.def"
#undef STAGE
	};
	__u64 want[NR_STAGES] = { 0 }, sum = 0;
	const struct answer *a = &m.last[conn];
	va_list ap;
	int stage;

	va_start(ap, conn);
	while ((stage = va_arg(ap, int)) >= 0)
		want[stage] += va_arg(ap, int);
	va_end(ap);
	if (m.c[conn].phase != PHASE_ANSWERED && m.c[conn].phase != PHASE_NEXT)
		fail_msg("line %d: not answered", line);
	finishes(conn);
	for (int i = 0; i < NR_STAGES; i++) {
		sum += a->stage[i];
		if (a->stage[i] != want[i])
			fail_msg("line %d: %s is %lld, not %llu", line, names[i],
				 (long long)a->stage[i], want[i]);
	}
	if (!a->sound || sum != a->latency)
		fail_msg("line %d: latency %llu, sum %llu", line, a->latency, sum);
}

#define EXPECT(...) expect_stages(__LINE__, __VA_ARGS__, -1)

/* An event loop that idles in epoll since 900. */
static inline void loop_idles(void)
{
	machine_reset();
	seen(1, A, CAUSE_RUN);
	sleeps(900, A, EPOLL);
}

#endif
