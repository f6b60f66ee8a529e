// SPDX-License-Identifier: BSD-2-Clause
/* The stages of a request that goes from thread to thread, in exact ns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "machine.h"

/* A reader, and workers that idle on a condition variable since 50. */
static void pool_idles(void)
{
	loop_idles();
	for (int i = B; i <= C; i++) {
		seen(1, i, CAUSE_RUN);
		sleeps(50, i, IDLE);
	}
	arrives(1000, X);
	woken(1000, A);
	runs(1000, A);
	reads(1100, A, X);
}

static void a_pool_whose_worker_idles(void **state)
{
	(void)state;
	pool_idles();
	woken(1200, B); /* by the reader, after 100 of parsing */
	sleeps(1220, A, EPOLL);
	runs_idle(1260, B);
	sends(1700, B, X);
	EXPECT(X, STAGE_QUEUE_PICKUP, 100, STAGE_SERVICE_CPU, 100 + 440, STAGE_SERVICE_WAKEUP, 60);
	assert_true(m.last[X].flags & CONN_MULTI_THREAD);
}

/* What the reader does after its next socket event, or its idle wait, is not about this request. */
static void a_pool_whose_worker_is_woken_late(void **state)
{
	(void)state;
	pool_idles();
	arrives(1120, Y);
	reads(1150, A, Y);
	sleeps(1180, A, EPOLL);
	woken(1400, B);
	runs(1410, B);
	sends(1500, B, X);
	EXPECT(X, STAGE_QUEUE_PICKUP, 100, STAGE_SERVICE_CPU, 50 + 90, STAGE_SERVICE_HANDOFF, 250,
	       STAGE_SERVICE_RUNQ, 10);
}

static void a_pool_whose_worker_is_busy(void **state)
{
	(void)state;
	pool_idles();
	woken(1050, B);
	runs(1060, B);
	arrives(1070, Y);
	reads(1080, B, Y);
	sleeps(1200, A, EPOLL);
	sends(1500, B, Y);
	sends(1800, B, X); /* straight from the queue of the application, nobody woke it */
	EXPECT(X, STAGE_QUEUE_PICKUP, 100, STAGE_SERVICE_CPU, 100 + 300, STAGE_SERVICE_HANDOFF,
	       300);
	EXPECT(Y, STAGE_QUEUE_PICKUP, 10, STAGE_SERVICE_CPU, 420);
}

static void a_reader_a_worker_a_sender(void **state)
{
	(void)state;
	pool_idles();
	woken(1140, B);
	sleeps(1150, A, EPOLL);
	runs(1160, B);
	woken(1400, C);
	sleeps(1410, B, IDLE);
	runs_idle(1440, C);
	sends(1500, C, X);
	EXPECT(X, STAGE_QUEUE_PICKUP, 100, STAGE_SERVICE_CPU, 50 + 60, STAGE_SERVICE_HANDOFF, 250,
	       STAGE_SERVICE_WAKEUP, 40);
}

static void a_worker_blocks_in_its_share(void **state)
{
	(void)state;
	pool_idles();
	preempted(1110, A); /* the reader, before it hands over */
	runs(1130, A);
	woken(1200, B);
	runs(1200, B);
	sleeps(1300, B, LOCK); /* not its home */
	woken(1600, B);
	runs(1605, B);
	sends(1700, B, X);
	EXPECT(X, STAGE_QUEUE_PICKUP, 100, STAGE_SERVICE_CPU, 80 + 195, STAGE_SERVICE_RUNQ, 20 + 5,
	       STAGE_SERVICE_LOCK, 300);
}

static void a_reader_that_is_gone(void **state)
{
	(void)state;
	pool_idles();
	m.exited[A] = true;
	woken(1200, B);
	runs(1260, B);
	sends(1700, B, X);
	assert_int_equal(counters[COUNTER_READER_GONE], 1);
	EXPECT(X, STAGE_QUEUE_PICKUP, 100, STAGE_SERVICE_HANDOFF, 100, STAGE_SERVICE_CPU, 440,
	       STAGE_SERVICE_RUNQ, 60);
}

static void a_thread_for_each_request(void **state)
{
	(void)state;
	pool_idles();
	forked(1300, D);
	runs_idle(1320, D);
	sleeps(1350, A, EPOLL);
	sends(1500, D, X);
	EXPECT(X, STAGE_QUEUE_PICKUP, 100, STAGE_SERVICE_CPU, 200 + 180, STAGE_SERVICE_WAKEUP, 20);
}

static void a_thread_for_each_connection(void **state)
{
	(void)state;
	machine_reset();
	m.unaccepted[X] = true;
	arrives(1000, X);
	forked(1300, B);
	runs(1340, B);
	reads(1400, B, X);
	sends(1450, B, X);
	EXPECT(X, STAGE_QUEUE_ACCEPT, 300, STAGE_QUEUE_RUNQ, 40, STAGE_QUEUE_PICKUP, 60,
	       STAGE_SERVICE_CPU, 50);
}

static void another_thread_reads_the_rest(void **state)
{
	(void)state;
	pool_idles();
	reads_part(1100, A, X);
	woken(1400, B);
	runs(1450, B);
	reads(1500, B, X);
	sends(1600, B, X);
	EXPECT(X, STAGE_QUEUE_PICKUP, 100, STAGE_SERVICE_CPU, 300 + 50 + 100, STAGE_SERVICE_RUNQ,
	       50);
	assert_true(m.last[X].flags & CONN_MULTI_THREAD);
}

/* What the reader did after its own send was the next request's, or nobody's. */
static void a_reader_that_goes_on_after_its_send(void **state)
{
	(void)state;
	pool_idles();
	sends(1150, A, X);
	arrives(1160, Y);
	reads(1180, A, Y);
	sleeps(1250, A, EPOLL);
	woken(1400, B);
	runs(1400, B);
	sends(1500, B, X);
	EXPECT(X, STAGE_QUEUE_PICKUP, 100, STAGE_SERVICE_CPU, 50 + 100, STAGE_SERVICE_HANDOFF, 250);
}

static void a_second_thread_continues_the_answer(void **state)
{
	(void)state;
	pool_idles();
	sends(1150, A, X);
	woken(1200, B);
	runs(1200, B);
	sends(1300, B, X);
	EXPECT(X, STAGE_QUEUE_PICKUP, 100, STAGE_SERVICE_CPU, 200);
	assert_int_equal(m.last[X].latency, 300);
}

/* What a thread did from `from`, which lies before transition `at`, up to its first idle wait. */
static struct walk busy(__u32 at, __u64 from, __u64 until)
{
	struct walk w = { .from = from, .hi = until, .at = at };

	thread_walk_busy(&m.t[A], &w);
	return w;
}

static void walk_of_another_thread_ends_at_its_idle_wait(void **state)
{
	struct walk w;

	(void)state;
	machine_reset();
	seen(1, A, CAUSE_RUN); /* transition 0 */
	sleeps(100, A, WAIT_MUX, 5);
	woken(300, A);
	runs(350, A); /* transitions 2 and 3 */
	sleeps(400, A, WAIT_OTHER, 5);
	woken(500, A);
	runs_idle(530, A);
	assert_int_equal(m.t[A].head, 7);
	w = busy(4, 360, 520);
	assert_true(w.did.ns[CAUSE_RUN] == 40 && w.did.ns[CAUSE_BLOCKED] == 100);
	assert_true(w.did.ns[CAUSE_WAKEUP] == 20 && w.from == 520);
	w = busy(7, 540, 600); /* the present */
	assert_true(w.did.ns[CAUSE_RUN] == 60);
	w = busy(1, 50, 600); /* what it does from 300 on is about something else */
	assert_true(w.did.ns[CAUSE_RUN] == 50 && w.did.ns[CAUSE_WAKEUP] == 0);
	assert_true(w.did.ns[CAUSE_BLOCKED] == 0 && w.did.ns[CAUSE_HOME] == 0);
	w = busy(2, 200, 600);
	for (int i = 0; i < CLOCKS; i++)
		assert_int_equal(w.did.ns[i], 0);
	for (__u64 now = 1000; m.t[A].head < 5 + THREAD_RING; now += 20) {
		preempted(now, A);
		runs(now + 10, A);
	}
	/* of each ring one transition is given up: it may be overwritten meanwhile */
	assert_int_equal(busy(m.t[A].head - THREAD_RING + 1, 500, 1000).did.ns[CAUSE_WAKEUP], 30);
	assert_int_equal(busy(m.t[A].head - THREAD_RING, 400, 1000).did.ns[CAUSE_BLOCKED], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pool_whose_worker_idles),
		cmocka_unit_test(a_pool_whose_worker_is_woken_late),
		cmocka_unit_test(a_pool_whose_worker_is_busy),
		cmocka_unit_test(a_reader_a_worker_a_sender),
		cmocka_unit_test(a_worker_blocks_in_its_share),
		cmocka_unit_test(a_reader_that_is_gone),
		cmocka_unit_test(a_thread_for_each_request),
		cmocka_unit_test(a_thread_for_each_connection),
		cmocka_unit_test(another_thread_reads_the_rest),
		cmocka_unit_test(a_reader_that_goes_on_after_its_send),
		cmocka_unit_test(a_second_thread_continues_the_answer),
		cmocka_unit_test(walk_of_another_thread_ends_at_its_idle_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
