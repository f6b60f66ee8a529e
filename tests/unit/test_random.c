// SPDX-License-Identifier: BSD-2-Clause
/*
 * A million random sequences of events. Whatever happens, the stages of a request add up to its
 * latency, none is negative, and the clocks of a thread add up to the time since it was first seen.
 * If nothing was lost, they are also compared with a second account, kept in another way: a full
 * history of each thread, and its CPU time charged forward from socket event to socket event.
 *
 * LVT_SEED=N starts with the sequence of that seed; a failure names it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "machine.h"
#include "shard_fill.h"

#define SHORT 24
#define LONG 3000 /* enough to exhaust both rings; one sequence in LONG_EVERY */
#define LONG_EVERY 4096

enum state { RUNNING, READY, ASLEEP, STATES };

struct event {
	__u64 at;
	int conn; /* -1: none yet */
	bool send;
};

static struct truth {
	struct {
		__u64 at[2 * LONG + 4];
		__u8 state[2 * LONG + 4];
		int n;
		__u64 first, wake;
		bool early; /* that wake-up came before the sleep */
		struct event event;
	} t[THREADS];
	struct {
		__u64 charged, charged_done;
		__u32 count;
	} c[CONNS];
} truth;

static __u64 seed, now;
static int n_threads, n_conns;
static bool exact; /* nothing is lost: the truth is known */
static bool back;  /* the clock steps back at times */
static int length;
static __u64 checked, compared, occupied, unsound;
static __u64 waited[NR_STAGES]; /* in the requests of a sequence */
static bool clients;		/* one of them was held up by its client */
static bool unanswered;		/* one was read, and that was it */

/* What a thread can sleep for, and no more. */
static const enum lvt_stage asleep[] = { STAGE_SERVICE_DISK,   STAGE_SERVICE_LOCK,
					 STAGE_SERVICE_NET,    STAGE_SERVICE_POOL,
					 STAGE_SERVICE_SLEEP,  STAGE_SERVICE_FAULT,
					 STAGE_SERVICE_BLOCKED };

#define N_ASLEEP (int)(sizeof(asleep) / sizeof(*asleep))

static __u64 below(__u64 n)
{
	return fill_below(&seed, n);
}

/* ---- the second account ---- */

static void enters(int t, __u64 at, enum state s)
{
	truth.t[t].at[truth.t[t].n] = at;
	truth.t[t].state[truth.t[t].n++] = s;
}

static enum state state_of(int t)
{
	return truth.t[t].state[truth.t[t].n - 1];
}

/* The ns that a thread was in each state during [from, to]. */
static void time_in(int t, __u64 from, __u64 to, __u64 out[STATES])
{
	memset(out, 0, STATES * sizeof(*out));
	for (int i = truth.t[t].n - 1; i >= 0 && to > from; i--) {
		__u64 at = truth.t[t].at[i] > from ? truth.t[t].at[i] : from;

		if (at < to) {
			out[truth.t[t].state[i]] += to - at;
			to = at;
		}
	}
}

/* A socket event: whose was the CPU time since the one before it? */
static void charge(int t, int conn, bool send)
{
	struct event *before = &truth.t[t].event;
	__u64 in[STATES];
	int whose = -1;

	if (before->conn == conn || (before->conn >= 0 && !before->send))
		whose = before->conn;
	else if (before->conn >= 0 && send)
		whose = conn;
	if (whose >= 0 && m.c[whose].tid == t + 1u) {
		time_in(t, before->at, now, in);
		truth.c[whose].charged += in[RUNNING];
	}
	*before = (struct event){ now, conn, send };
}

/* ---- what must hold ---- */

static void wrong(const char *what, __u64 sequence)
{
	fail_msg("%s; LVT_SEED=%llu", what, sequence);
}

/* Against the second account: the queue, and the service if it was in the hands of one thread. */
static void compare(int x, __u64 sequence)
{
	const struct answer *a = &m.last[x];
	const __u64 *s = a->stage;
	__u64 q[STATES], v[STATES], cpu, slept = 0;

	time_in(a->reader - 1, a->arrive, a->read, q);
	time_in(a->reader - 1, a->read, a->done, v);
	if (s[STAGE_QUEUE_BUSY] + s[STAGE_QUEUE_PICKUP] != q[RUNNING])
		wrong("queue on CPU", sequence);
	if (s[STAGE_QUEUE_RUNQ] + s[STAGE_QUEUE_WAKEUP] != q[READY])
		wrong("queue ready", sequence);
	if (s[STAGE_QUEUE_BLOCKED] + s[STAGE_QUEUE_ACCEPT] !=
	    a->read - a->arrive - q[RUNNING] - q[READY])
		wrong("queue asleep or unborn", sequence);
	compared++;
	if (a->flags & (CONN_MULTI_THREAD | CONN_EVENTS_SHORT))
		return;
	cpu = truth.c[x].charged_done;
	if (s[STAGE_SERVICE_CPU] != cpu)
		wrong("service.cpu", sequence);
	if (s[STAGE_SERVICE_RUNQ] + s[STAGE_SERVICE_WAKEUP] != v[READY])
		wrong("service ready", sequence);
	if (s[STAGE_SERVICE_CLIENT] && !(a->flags & CONN_CLIENT))
		wrong("service.client", sequence);
	if (!(a->flags & CONN_CLIENT) && s[STAGE_SERVICE_OTHER] != v[RUNNING] - cpu)
		wrong("service.other", sequence);
	for (int i = 0; i < N_ASLEEP; i++)
		slept += s[asleep[i]];
	if (!(a->flags & CONN_CLIENT) && slept != v[ASLEEP])
		wrong("service: asleep", sequence);
}

/* It kept its threads for no less than its CPU time, and no longer than they had it. */
static void check_occupied(const struct answer *a, __u64 sequence)
{
	__u64 most = a->stage[STAGE_SERVICE_CPU] + a->stage[STAGE_SERVICE_RUNQ] +
		     a->stage[STAGE_SERVICE_WAKEUP];

	for (int i = 0; i < N_ASLEEP; i++)
		most += a->stage[asleep[i]];
	if (a->occupied == OCCUPIED_UNKNOWN)
		return;
	occupied++;
	if (!a->sound)
		wrong("occupied, though nothing is known", sequence);
	if (a->occupied < a->stage[STAGE_SERVICE_CPU] || a->occupied > most)
		wrong("occupied", sequence);
}

/* A request may have finished. */
static void check_answer(int x, __u64 sequence)
{
	const struct answer *a = &m.last[x];
	__u64 sum = 0, any = 0;

	if (a->count == truth.c[x].count)
		return;
	truth.c[x].count = a->count;
	checked++;
	for (int i = 0; i < NR_STAGES; i++) {
		sum += a->stage[i];
		any |= a->stage[i];
		waited[i] += a->stage[i];
	}
	clients |= !!(a->flags & CONN_CLIENT);
	if (sum != a->latency)
		wrong("the stages do not add up to the latency", sequence);
	if (a->latency >> 63)
		wrong("negative latency", sequence);
	if (!a->sound)
		unsound++;
	if (counters[COUNTER_SUM_MISMATCH] + counters[COUNTER_NEGATIVE_STAGE] != unsound)
		wrong("what is not sound is not counted", sequence);
	if (!a->sound && (!back || a->stage[STAGE_UNATTRIBUTED] != a->latency))
		wrong(counters[COUNTER_SUM_MISMATCH] ? "sum mismatch" : "negative stage", sequence);
	if (a->sound && any >> 63)
		wrong("a negative stage is taken for sound", sequence);
	check_occupied(a, sequence);
	if (!exact)
		return;
	if (a->stage[STAGE_UNATTRIBUTED] && length == SHORT)
		wrong("unattributed, though nothing was lost", sequence);
	if (!a->stage[STAGE_UNATTRIBUTED])
		compare(x, sequence);
}

static void check_clocks(__u64 sequence)
{
	for (int t = 0; t < n_threads; t++) {
		struct clocks all = machine_clocks(now, t);
		__u64 sum = 0, in[STATES];

		if (!m.t[t].cur)
			continue;
		for (int i = 0; i < CLOCKS; i++)
			sum += all.ns[i];
		if (sum != now - truth.t[t].first)
			wrong("clocks do not add up to elapsed time", sequence);
		if (!exact)
			continue;
		time_in(t, truth.t[t].first, now, in);
		if (all.ns[CAUSE_RUN] != in[RUNNING] || all.ns[CAUSE_UNKNOWN])
			wrong("clock on CPU", sequence);
	}
}

/*
 * What was waited for has names, and no more than there is. With one thread and no client in the way all
 * of it has, but for idle waits, whose rest goes to the stage of what ended the last of them.
 */
static void check_rows(__u64 sequence)
{
	static const enum lvt_stage whole[] = { STAGE_SERVICE_DISK, STAGE_SERVICE_LOCK,
						STAGE_SERVICE_FAULT };

	if (!exact || n_threads > 1)
		return;
	waits_flush(&m.w[0]);
	for (int i = 0; i < N_ASLEEP; i++)
		if (rows.ns[asleep[i]] > waited[asleep[i]])
			wrong("more is named than was waited for", sequence);
	for (int x = 0; x < n_conns; x++)
		unanswered |= m.c[x].phase == PHASE_READING;
	if (!unanswered && rows.ns[STAGE_QUEUE_RUNQ] > waited[STAGE_QUEUE_RUNQ])
		wrong("more of the run queue is named than there was", sequence);
	for (int i = 0; !clients && length == SHORT && i < 3; i++)
		if (rows.ns[whole[i]] != waited[whole[i]])
			wrong("a wait has lost its name", sequence);
}

/* ---- events ---- */

static void tick(void)
{
	static const __u64 most[] = { 4, 100, 10000, 5000000 };

	if (back && below(8) == 0)
		now -= below(30);
	else
		now += below(most[below(4)]);
}

static void sleep_somewhere(int t)
{
	sleeps(now, t, below(8), 4096 * below(3) + below(64));
	enters(t, now, ASLEEP);
}

static void switch_in(int t)
{
	__u64 since = truth.t[t].at[truth.t[t].n - 1], wake = truth.t[t].wake;

	if (below(2))
		runs(now, t);
	else
		runs_idle(now, t);
	if (exact && state_of(t) == ASLEEP)
		enters(t, wake > since ? wake : since, READY);
	enters(t, now, RUNNING);
	truth.t[t].wake = 0;
}

static void wake_up(int t)
{
	/* of two wake-ups during one sleep the first counts; one before it counts only if alone */
	if (state_of(t) != ASLEEP || !truth.t[t].wake || truth.t[t].early)
		truth.t[t].wake = now;
	truth.t[t].early = state_of(t) != ASLEEP;
	woken_by(now, t, below(6) | (below(2) ? WAKES_LOOPS : 0) | (below(2) ? WAKES_LOCKS : 0));
}

static void touch(int t, int x)
{
	__u16 phase = m.c[x].phase;
	bool send = below(2);

	if (!truth.t[t].first)
		truth.t[t].first = now;
	charge(t, x, send);
	if (send)
		machine_sends(now, t, x, below(4) == 0, below(4) == 0);
	else
		machine_reads(now, t, x, below(4) == 0);
	if ((phase == PHASE_ARRIVED || phase == PHASE_NEXT) && m.c[x].phase == PHASE_READING)
		truth.c[x].charged = 0;
	else if (send && m.c[x].phase == PHASE_ANSWERED)
		truth.c[x].charged_done = truth.c[x].charged;
}

static void begin(int t, bool born)
{
	static const __u32 causes[] = { CAUSE_RUN, CAUSE_RUNQ, CAUSE_BLOCKED, CAUSE_MUX };
	int i = below(4);

	if (born)
		forked(now, t);
	else
		seen(now, t, causes[i]);
	truth.t[t].first = now;
	enters(t, now, born ? READY : i == 0 ? RUNNING : i == 1 ? READY : ASLEEP);
}

/* What this thread can do in its state. */
static void legal(int t)
{
	if (!m.t[t].cur) {
		begin(t, true);
	} else if (state_of(t) == READY) {
		switch_in(t);
	} else if (state_of(t) == ASLEEP) {
		if (truth.t[t].wake && below(4))
			switch_in(t);
		else
			wake_up(t);
	} else if (below(3)) {
		touch(t, below(n_conns));
	} else if (below(4) == 0) {
		wake_up(t);
	} else if (below(2)) {
		preempted(now, t);
		enters(t, now, READY);
	} else {
		sleep_somewhere(t);
	}
}

/* Anything: what lies between was lost. */
static void illegal(int t)
{
	int what = below(5);

	/* the scheduler's word on its switch-in, or none, or one that cannot be */
	m.arrived[t] = below(2) ? 0 : now - below(below(2) ? 20 : 5000) % now + below(4);

	if (what == 0 || !m.t[t].cur)
		touch(t, below(n_conns));
	else if (what == 1)
		wake_up(t);
	else if (what == 2)
		switch_in(t);
	else if (what == 3)
		sleep_somewhere(t);
	else
		preempted(now, t);
}

static void any_event(int chaos)
{
	int x = below(n_conns), t = below(n_threads);

	switch (below(8)) {
	case 0:
	case 1:
		arrives(now, x);
		break;
	case 2:
		if (below(2) && (m.c[x].phase == PHASE_ANSWERED || m.c[x].phase == PHASE_NEXT))
			finishes(x);
		else if (below(8) == 0)
			unanswered = true, resets(x);
		else
			m.unaccepted[x] = below(2);
		break;
	default:
		if (!exact && below(64) == 0)
			m.exited[t] = true;
		if ((int)below(16) < chaos)
			illegal(t);
		else
			legal(t);
	}
}

static void sequence(void)
{
	__u64 start = seed;
	int chaos = exact ? 0 : 1 << below(5);

	machine_reset();
	memset(&truth.c, 0, sizeof(truth.c));
	memset(waited, 0, sizeof(waited));
	clients = unanswered = false;
	unsound = 0;
	now = 1000;
	n_threads = 1 + below(THREADS);
	n_conns = 1 + below(CONNS);
	length = below(LONG_EVERY) ? SHORT : LONG;
	for (int t = 0; t < THREADS; t++) {
		truth.t[t].n = 0;
		truth.t[t].first = truth.t[t].wake = 0;
		truth.t[t].event.conn = -1;
		if (t < n_threads && (t == 0 || below(2)))
			begin(t, false);
		else if (!exact)
			enters(t, now, READY);
	}
	for (int i = 0; i < length; i++) {
		tick();
		any_event(chaos);
		for (int x = 0; x < n_conns; x++)
			check_answer(x, start);
	}
	for (int x = 0; x < n_conns; x++) {
		if (m.c[x].phase == PHASE_ANSWERED || m.c[x].phase == PHASE_NEXT)
			finishes(x);
		check_answer(x, start);
	}
	check_rows(start);
	if (!back)
		check_clocks(start);
	if (exact && counters[COUNTER_LOST_SWITCH] + counters[COUNTER_CLOCK_BACK] +
			     counters[COUNTER_WAKE_MISSED] + counters[COUNTER_FIRST_SIGHT] +
			     counters[COUNTER_SWITCH_REPAIRED])
		wrong("a loss is counted, though nothing was lost", start);
}

static void many_sequences(__u64 n)
{
	const char *given = getenv("LVT_SEED");

	seed = given ? strtoull(given, NULL, 0) : 0x1e7a11c5ull;
	checked = compared = occupied = 0;
	print_message("# LVT_SEED=%llu\n", seed);
	for (__u64 i = 0; i < n; i++)
		sequence();
	print_message("# %llu sequences, %llu requests, %llu compared\n", n, checked, compared);
	assert_true(checked > n / 4);
}

static void nothing_lost(void **state)
{
	(void)state;
	exact = true;
	back = false;
	many_sequences(500000);
	assert_true(compared > 100000);
	assert_true(occupied == checked);
}

static void anything_lost(void **state)
{
	(void)state;
	exact = back = false;
	many_sequences(500000);
}

static void the_clock_steps_back(void **state)
{
	(void)state;
	exact = false;
	back = true;
	many_sequences(100000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_lost),
		cmocka_unit_test(anything_lost),
		cmocka_unit_test(the_clock_steps_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
