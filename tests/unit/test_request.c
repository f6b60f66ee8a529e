// SPDX-License-Identifier: BSD-2-Clause
/* The stages of a request in the hands of one thread, in exact ns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "machine.h"

static void a_simple_request(void **state)
{
	(void)state;
	loop_idles();
	arrives(1000, X);
	woken(1010, A);
	runs_idle(1050, A);
	reads(1060, A, X);
	sends(1500, A, X);
	EXPECT(X, STAGE_QUEUE_BLOCKED, 10, STAGE_QUEUE_WAKEUP, 40, STAGE_QUEUE_PICKUP, 10,
	       STAGE_SERVICE_CPU, 440);
	assert_int_equal(m.last[X].latency, 500);
	assert_int_equal(m.last[X].flags & (CONN_PIPELINED | CONN_MULTI_THREAD), 0);
}

/* The same connection again, in the same turn of the loop: nothing is left of the first request. */
static void the_next_request_starts_anew(void **state)
{
	(void)state;
	loop_idles();
	arrives(1000, X);
	woken(1010, A);
	runs_idle(1050, A);
	reads(1060, A, X);
	sends_full(1500, A, X);
	arrives(1600, X);  /* the first is complete, but accounted only by the next read */
	sends(1650, A, X); /* of neither; the second is not alone any more */
	assert_int_equal(m.last[X].count, 0);
	reads(1700, A, X);
	assert_int_equal(m.last[X].count, 1);
	assert_int_equal(m.last[X].latency, 500);
	assert_int_equal(m.last[X].flags & CONN_PIPELINED, 0);
	sends(1730, A, X);
	EXPECT(X, STAGE_QUEUE_PICKUP, 100, STAGE_SERVICE_CPU, 30);
	assert_true(m.last[X].flags & CONN_PIPELINED);
}

static void a_loop_that_reads_all_then_answers(void **state)
{
	(void)state;
	loop_idles();
	arrives(1000, X);
	woken(1005, A);
	arrives(1010, Y);
	arrives(1020, Z);
	runs_idle(1050, A);
	reads(1100, A, X);
	reads(1120, A, Y);
	reads(1150, A, Z);
	sends(1200, A, X);
	sends(1260, A, Y);
	sends(1330, A, Z);
	assert_int_equal(counters[COUNTER_AMBIGUOUS_CPU_NS], 50); /* read Z -> send X: given to Z */
	EXPECT(X, STAGE_QUEUE_BLOCKED, 5, STAGE_QUEUE_WAKEUP, 45, STAGE_QUEUE_PICKUP, 50,
	       STAGE_SERVICE_CPU, 20, STAGE_SERVICE_OTHER, 80);
	EXPECT(Y, STAGE_QUEUE_WAKEUP, 40, STAGE_QUEUE_BUSY, 50, STAGE_QUEUE_PICKUP, 20,
	       STAGE_SERVICE_CPU, 30 + 60, STAGE_SERVICE_OTHER, 50);
	EXPECT(Z, STAGE_QUEUE_WAKEUP, 30, STAGE_QUEUE_BUSY, 70, STAGE_QUEUE_PICKUP, 30,
	       STAGE_SERVICE_CPU, 50 + 70, STAGE_SERVICE_OTHER, 60);
}

static void the_head_of_the_line_blocks(void **state)
{
	(void)state;
	machine_reset();
	seen(1, A, CAUSE_RUN);
	arrives(100, X);
	reads(100, A, X);
	arrives(500, Y);
	sends(2000, A, X);
	reads(2030, A, Y);
	sends(2100, A, Y);
	EXPECT(X, STAGE_SERVICE_CPU, 1900);
	EXPECT(Y, STAGE_QUEUE_BUSY, 1500, STAGE_QUEUE_PICKUP, 30, STAGE_SERVICE_CPU, 70);
	assert_int_equal(counters[COUNTER_AMBIGUOUS_CPU_NS], 0);
}

/* A send -> the read of another connection: nobody's, so it is other work for those still open. */
static void picking_up_the_next_is_nobodys(void **state)
{
	(void)state;
	machine_reset();
	seen(1, A, CAUSE_RUN);
	arrives(10, X);
	arrives(10, Y);
	arrives(10, Z);
	reads(100, A, X);
	reads(110, A, Y);
	sends(130, A, Y);
	reads(170, A, Z); /* 40 on the way */
	sends(230, A, X);
	sends(240, A, Z);
	EXPECT(X, STAGE_QUEUE_PICKUP, 90, STAGE_SERVICE_CPU, 10, STAGE_SERVICE_OTHER, 120);
	EXPECT(Z, STAGE_QUEUE_BUSY, 120, STAGE_QUEUE_PICKUP, 40, STAGE_SERVICE_CPU, 60 + 10);
}

static void a_preempted_reader(void **state)
{
	(void)state;
	machine_reset();
	seen(1, A, CAUSE_RUN);
	arrives(1000, X);
	preempted(1100, A);
	runs(1300, A);
	reads(1350, A, X);
	preempted(1400, A);
	runs_idle(1600, A);
	sends(1700, A, X);
	EXPECT(X, STAGE_QUEUE_BUSY, 100, STAGE_QUEUE_RUNQ, 200, STAGE_QUEUE_PICKUP, 50,
	       STAGE_SERVICE_CPU, 150, STAGE_SERVICE_RUNQ, 200);
}

static void a_reader_that_blocks(void **state)
{
	(void)state;
	loop_idles();
	woken(1000, A);
	runs(1000, A);
	arrives(1010, X);
	sleeps(1020, A, LOCK); /* in other work */
	woken(1120, A);
	runs_idle(1150, A);
	reads(1180, A, X);
	sleeps(1200, A, LOCK); /* in this work */
	woken(1500, A);
	runs(1530, A);
	sends(1540, A, X);
	EXPECT(X, STAGE_QUEUE_BUSY, 10, STAGE_QUEUE_BLOCKED, 100, STAGE_QUEUE_WAKEUP, 30,
	       STAGE_QUEUE_PICKUP, 30, STAGE_SERVICE_CPU, 30, STAGE_SERVICE_LOCK, 300,
	       STAGE_SERVICE_RUNQ, 30);
}

static void an_unaccepted_connection(void **state)
{
	(void)state;
	loop_idles();
	m.unaccepted[X] = true;
	arrives(1000, X);
	woken(1300, A);
	runs_idle(1340, A);
	reads(1400, A, X);
	sends(1450, A, X);
	EXPECT(X, STAGE_QUEUE_ACCEPT, 300, STAGE_QUEUE_WAKEUP, 40, STAGE_QUEUE_PICKUP, 60,
	       STAGE_SERVICE_CPU, 50);
}

/* From `t` on, the connection still open from before. */
static void two_segments(__u64 t, bool loop)
{
	woken(t, A);
	arrives(t, X);
	runs(t + 50, A);
	reads(t + 100, A, X);
	if (loop)
		sleeps(t + 150, A, EPOLL);
	else
		sleeps(t + 150, A, RECV);
	arrives(t + 1000, X);
	woken(t + 1010, A);
	runs(t + 1050, A);
	reads(t + 1060, A, X);
	sends(t + 1100, A, X);
	sleeps(t + 1200, A, EPOLL);
	EXPECT(X, STAGE_QUEUE_RUNQ, 50, STAGE_QUEUE_PICKUP, 50, STAGE_SERVICE_CPU, 100,
	       STAGE_SERVICE_CLIENT, 850, STAGE_SERVICE_BLOCKED, 10, STAGE_SERVICE_RUNQ, 40);
}

static void a_request_in_two_segments(void **state)
{
	(void)state;
	loop_idles();
	two_segments(1000, true);
	two_segments(3000, false);
	two_segments(5000, false);
	two_segments(7000, true);
}

/* The second segment takes two reads: the client kept us waiting once. */
static void a_request_in_three_reads(void **state)
{
	(void)state;
	machine_reset();
	seen(1, A, CAUSE_RUN);
	arrives(100, X);
	reads(110, A, X);
	sleeps(150, A, EPOLL);
	arrives(200, X);
	woken(220, A);
	runs(220, A);
	reads_part(250, A, X);
	reads(270, A, X);
	sends(300, A, X);
	EXPECT(X, STAGE_QUEUE_PICKUP, 10, STAGE_SERVICE_CPU, 40 + 80, STAGE_SERVICE_CLIENT, 50,
	       STAGE_SERVICE_BLOCKED, 20);
}

/* While the client is slow, what its thread does for others is the client's, not the server's. */
static void a_slow_client_of_a_busy_loop(void **state)
{
	(void)state;
	loop_idles();
	woken(1000, A);
	arrives(1000, X);
	arrives(1000, Y);
	runs(1000, A);
	reads(1100, A, X);
	reads(1150, A, Y);
	sends(1300, A, Y);
	sleeps(1400, A, EPOLL);
	arrives(1500, X);
	woken(1500, A);
	runs(1500, A);
	reads(1510, A, X);
	sends(1600, A, X);
	EXPECT(X, STAGE_QUEUE_PICKUP, 100, STAGE_SERVICE_CPU, 50 + 90, STAGE_SERVICE_CLIENT,
	       250 + 100, STAGE_SERVICE_OTHER, 10);
}

/* Data that had come before the first read ended is no wait for the client. */
static void a_request_in_two_reads(void **state)
{
	(void)state;
	machine_reset();
	seen(1, A, CAUSE_RUN);
	arrives(100, X);
	reads_part(150, A, X);
	arrives(160, X);
	sleeps(170, A, LOCK);
	woken(270, A);
	runs(270, A);
	reads(280, A, X);
	sends(300, A, X);
	EXPECT(X, STAGE_QUEUE_PICKUP, 50, STAGE_SERVICE_CPU, 50, STAGE_SERVICE_LOCK, 100);
}

static void a_send_that_blocks(void **state)
{
	(void)state;
	loop_idles();
	woken(1000, A);
	arrives(1000, X);
	runs(1000, A);
	reads(1100, A, X);
	sends_full(1200, A, X);
	sleeps(1250, A, SENDING);
	woken(3000, A);
	runs_idle(3040, A);
	sends(3060, A, X);
	EXPECT(X, STAGE_QUEUE_PICKUP, 100, STAGE_SERVICE_CPU, 100 + 50 + 20, STAGE_SERVICE_CLIENT,
	       1750, STAGE_SERVICE_WAKEUP, 40);
}

static void a_loop_whose_client_does_not_read(void **state)
{
	(void)state;
	loop_idles();
	woken(1000, A);
	arrives(1000, X);
	runs(1000, A);
	reads(1100, A, X);
	sends_full(1200, A, X);
	arrives(1210, Y);
	reads(1250, A, Y);
	sends(1300, A, Y);
	sleeps(1350, A, EPOLL);
	woken(3000, A);
	runs(3000, A);
	sends(3020, A, X);
	sleeps(3025, A, LOCK); /* not stalled any more */
	woken(3125, A);
	runs(3125, A);
	sends(3130, A, X);
	EXPECT(X, STAGE_QUEUE_PICKUP, 100, STAGE_SERVICE_CPU, 100 + 70 + 10, STAGE_SERVICE_CLIENT,
	       100 + 1650, STAGE_SERVICE_LOCK, 100);
	/* 1200..1250 was nobody's: the tail of the send, and picking up */
	EXPECT(Y, STAGE_QUEUE_PICKUP, 40, STAGE_SERVICE_CPU, 50);
}

static void an_answer_in_several_sends(void **state)
{
	(void)state;
	machine_reset();
	seen(1, A, CAUSE_RUN);
	arrives(100, X);
	reads(100, A, X);
	sends(200, A, X);
	preempted(230, A);
	runs(250, A);
	sends(300, A, X);
	sleeps(310, A, LOCK);
	woken(390, A);
	runs(400, A);
	sends(450, A, X);
	sleeps(500, A, EPOLL); /* after the last one, nothing counts */
	EXPECT(X, STAGE_SERVICE_CPU, 100 + 80 + 60, STAGE_SERVICE_RUNQ, 20 + 10, STAGE_SERVICE_LOCK,
	       80);
}

/* Between, the reader answers `n` others: 2n runs of events. */
static void many_events(int n, __u64 *now)
{
	machine_reset();
	seen(1, A, CAUSE_RUN);
	arrives(1, X);
	reads(10, A, X);
	*now = 10;
	for (int i = 0; i < n; i++) {
		reads(*now += 5, A, Y);
		sends(*now += 5, A, Z);
	}
	sends(*now += 5, A, X);
}

static void more_events_than_the_ring_keeps(void **state)
{
	__u64 now;

	(void)state;
	many_events(THREAD_EVENTS / 2 - 1, &now);
	EXPECT(X, STAGE_QUEUE_PICKUP, 9, STAGE_SERVICE_CPU, 10, STAGE_SERVICE_OTHER,
	       5 * (THREAD_EVENTS - 3));
	assert_int_equal(counters[COUNTER_EVENTS_SHORT], 0);
	many_events(THREAD_EVENTS / 2, &now);
	EXPECT(X, STAGE_QUEUE_PICKUP, 9, STAGE_SERVICE_CPU, 5, STAGE_UNATTRIBUTED,
	       5 * THREAD_EVENTS);
	assert_int_equal(counters[COUNTER_EVENTS_SHORT], 1);
}

static void a_reader_first_seen_when_it_reads(void **state)
{
	(void)state;
	machine_reset();
	arrives(100, X);
	reads(300, A, X);
	sends(400, A, X);
	assert_int_equal(counters[COUNTER_FIRST_SIGHT], 1);
	EXPECT(X, STAGE_UNATTRIBUTED, 200, STAGE_SERVICE_CPU, 100);
}

static void a_queue_longer_than_the_ring(void **state)
{
	__u64 now = 100;

	(void)state;
	machine_reset();
	seen(1, A, CAUSE_RUN);
	arrives(100, X);
	for (int i = 0; i < 1000; i++) {
		preempted(now += 7, A);
		runs(now += 3, A);
	}
	reads(now += 5, A, X);
	sends(now += 1, A, X);
	assert_int_equal(counters[COUNTER_RING_SHORT], 1);
	/* known from the checkpoint before transition 1600 (of 2001): after 799 turns and 7 ns */
	EXPECT(X, STAGE_QUEUE_BUSY, 200 * 7, STAGE_QUEUE_RUNQ, 201 * 3, STAGE_QUEUE_PICKUP, 5,
	       STAGE_UNATTRIBUTED, 7997, STAGE_SERVICE_CPU, 1);
}

static void lost_switches_are_unattributed(void **state)
{
	(void)state;
	machine_reset();
	seen(1, A, CAUSE_RUN);
	preempted(50, A); /* its switch-in is lost */
	arrives(100, X);
	reads(300, A, X);
	sleeps(350, A, LOCK);
	woken(400, A);
	sends(450, A, X); /* here too */
	EXPECT(X, STAGE_UNATTRIBUTED, 200 + 50, STAGE_SERVICE_CPU, 50, STAGE_SERVICE_LOCK, 50);
	assert_int_equal(counters[COUNTER_LOST_SWITCH], 2);
}

static void exchanges_of_other_kinds(void **state)
{
	(void)state;
	machine_reset();
	seen(1, A, CAUSE_RUN);
	sends(50, A, X); /* unsolicited */
	assert_int_equal(m.c[X].phase, PHASE_IDLE);
	arrives(100, X);
	reads_part(200, A, X);
	machine_sends(300, A, X, true, false); /* bytes are unread */
	EXPECT(X, STAGE_QUEUE_PICKUP, 100, STAGE_SERVICE_CPU, 100);
	assert_true(m.last[X].flags & CONN_PIPELINED);
	arrives(400, X);
	reads(410, A, X);
	resets(X);
	assert_int_equal(m.c[X].phase, PHASE_IDLE);
	assert_int_equal(m.last[X].count, 1);
	assert_int_equal(m.c[X].flags, 0);
}

static void what_does_not_add_up_is_counted(void **state)
{
	const struct answer *a = &m.last[X];

	(void)state;
	machine_reset();
	seen(1, A, CAUSE_RUN);
	arrives(200, X);
	reads(190, A, X); /* the clock stepped back */
	sends(300, A, X);
	finishes(X);
	assert_false(a->sound);
	assert_int_equal(counters[COUNTER_SUM_MISMATCH] + counters[COUNTER_NEGATIVE_STAGE], 1);
	assert_int_equal(a->stage[STAGE_UNATTRIBUTED], 100);
	assert_int_equal(a->stage[STAGE_SERVICE_CPU], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_simple_request),
		cmocka_unit_test(the_next_request_starts_anew),
		cmocka_unit_test(a_loop_that_reads_all_then_answers),
		cmocka_unit_test(the_head_of_the_line_blocks),
		cmocka_unit_test(picking_up_the_next_is_nobodys),
		cmocka_unit_test(a_preempted_reader),
		cmocka_unit_test(a_reader_that_blocks),
		cmocka_unit_test(an_unaccepted_connection),
		cmocka_unit_test(a_request_in_two_segments),
		cmocka_unit_test(a_request_in_three_reads),
		cmocka_unit_test(a_slow_client_of_a_busy_loop),
		cmocka_unit_test(a_request_in_two_reads),
		cmocka_unit_test(a_send_that_blocks),
		cmocka_unit_test(a_loop_whose_client_does_not_read),
		cmocka_unit_test(an_answer_in_several_sends),
		cmocka_unit_test(more_events_than_the_ring_keeps),
		cmocka_unit_test(a_reader_first_seen_when_it_reads),
		cmocka_unit_test(a_queue_longer_than_the_ring),
		cmocka_unit_test(lost_switches_are_unattributed),
		cmocka_unit_test(exchanges_of_other_kinds),
		cmocka_unit_test(what_does_not_add_up_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
