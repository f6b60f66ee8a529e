// SPDX-License-Identifier: BSD-2-Clause
/* Waits that are no end: a lock that is asked for again, a tick of an event loop's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "machine.h"

#define LOCKED (WAKER_SIBLING | WAKES_LOCKS)

/* Idle in read() of its connection, as a thread for each does; then it reads a request. */
static void request_in_hand(int conn)
{
	machine_reset();
	seen(1, A, CAUSE_RUN);
	sleeps(10, A, RECV);
	woken(100, A);
	arrives(100, conn);
	runs(100, A);
	reads(110, A, conn);
}

static void a_lock_that_is_asked_for_every_so_often(void **state)
{
	(void)state;
	request_in_hand(X);
	sleeps(200, A, LOCK);
	woken_by(5200, A, WAKER_TIMER);
	runs_idle(5200, A);
	sleeps(5205, A, LOCK);
	woken_by(10205, A, WAKER_TIMER);
	runs_idle(10205, A);
	sleeps(10210, A, LOCK);
	woken_by(12210, A, LOCKED);
	runs_idle(12210, A);
	sends(12300, A, X);
	EXPECT(X, STAGE_QUEUE_PICKUP, 10, STAGE_SERVICE_CPU, 90 + 5 + 5 + 90, STAGE_SERVICE_LOCK,
	       12000);
	waits_flush(&m.w[A]);
	assert_int_equal(rows.ns[STAGE_SERVICE_LOCK], 12000);
	assert_int_equal(rows.waits[STAGE_SERVICE_LOCK], 3);
	assert_int_equal(rows.ns[STAGE_SERVICE_SLEEP], 0);
}

static void a_sleep_on_a_futex(void **state)
{
	(void)state;
	request_in_hand(X);
	sleeps(200, A, LOCK);
	woken_by(5200, A, WAKER_TIMER);
	runs_idle(5200, A);
	sleeps(5200 + AGAIN_NS, A, LOCK); /* after other work: not the same wait */
	woken_by(5200 + AGAIN_NS + 100, A, LOCKED);
	runs_idle(5200 + AGAIN_NS + 100, A);
	sends(5200 + AGAIN_NS + 110, A, X);
	EXPECT(X, STAGE_QUEUE_PICKUP, 10, STAGE_SERVICE_CPU, 90 + AGAIN_NS + 10,
	       STAGE_SERVICE_SLEEP, 5000, STAGE_SERVICE_LOCK, 100);
}

/* A loop with a request in hand that waits for what another client sends. */
static void ticks_are_no_end_of_a_wait(void **state)
{
	(void)state;
	loop_idles();
	woken(1000, A);
	arrives(1000, X);
	runs(1000, A);
	reads(1100, A, X);
	sleeps(1200, A, EPOLL);
	for (__u64 now = 2000; now < 6000; now += 1000) {
		woken_by(now, A, WAKER_TIMER);
		runs_idle(now, A);
		sleeps(now + 10, A, EPOLL);
	}
	woken(6000, A);
	arrives(6000, Y);
	runs_idle(6000, A);
	reads(6010, A, Y);
	sends(6020, A, X);
	EXPECT(X, STAGE_QUEUE_PICKUP, 100, STAGE_SERVICE_CPU, 100 + 4 * 10 + 10,
	       STAGE_SERVICE_OTHER, 10, STAGE_SERVICE_BLOCKED, 4800 - 4 * 10);
	waits_flush(&m.w[A]);
	assert_int_equal(rows.ns[STAGE_SERVICE_SLEEP], 0);
}

static void a_tick_after_which_it_asks_is(void **state)
{
	(void)state;
	loop_idles();
	woken(1000, A);
	arrives(1000, X);
	runs(1000, A);
	reads(1100, A, X);
	sleeps(1200, A, EPOLL);
	woken_by(3200, A, WAKER_TIMER);
	runs_idle(3200, A);
	m.t[A].asked = 3205;
	sleeps(3210, A, EPOLL);
	woken_by(4210, A, WAKER_SOCKET);
	runs_idle(4210, A);
	sends(4220, A, X);
	EXPECT(X, STAGE_QUEUE_PICKUP, 100, STAGE_SERVICE_CPU, 100 + 10 + 10, STAGE_SERVICE_SLEEP,
	       2000, STAGE_SERVICE_NET, 1000);
	waits_flush(&m.w[A]);
	assert_int_equal(rows.ns[STAGE_SERVICE_SLEEP], 2000);
	assert_int_equal(rows.ns[STAGE_SERVICE_NET], 1000);
}

/* So many turns of 10 ns on CPU and 10 ns ready; returns the time after them. */
static __u64 turns(__u64 now, int n)
{
	while (n--) {
		preempted(now + 10, A);
		runs(now += 20, A);
	}
	return now;
}

/* The ns of [from, now] in a cause. */
static __u64 past(__u64 from, __u64 now, enum lvt_cause cause)
{
	struct walk w;

	assert_int_equal(thread_past(&m.t[A], from, now, &w), 0);
	return w.did.ns[cause];
}

/*
 * A futex wait that times out and is taken up again was for a lock. That shows at the end of its last
 * part, when a checkpoint may have been noted meanwhile: the past is the same wherever that was.
 */
static void the_past_is_the_same_at_any_checkpoint(void **state)
{
	__u64 now, start;
	int i, k;

	(void)state;
	for (i = 0; i < THREAD_BLOCK; i++) {
		machine_reset();
		seen(1000, A, CAUSE_RUN);
		sleeps(1010, A, EPOLL); /* its home */
		woken(1020, A);
		runs(1030, A);
		start = now = turns(1030, i);
		sleeps(start + 10, A, LOCK);
		woken_by(start + 110, A, WAKER_TIMER);
		runs(start + 120, A);
		sleeps(start + 130, A, LOCK);
		woken_by(start + 230, A, WAKER_SIBLING | WAKES_LOCKS);
		runs(start + 240, A);
		/* so many turns later that the past is known from a checkpoint */
		now = turns(start + 240, THREAD_BLOCK);
		for (k = 0; k <= 240; k += 10) {
			__u64 lock = k < 10  ? 200 :
				     k < 110 ? 210 - k :
				     k < 130 ? 100 :
				     k < 230 ? 230 - k :
					       0;

			assert_int_equal(past(start + k, now, CAUSE_LOCK), lock);
			assert_int_equal(past(start + k, now, CAUSE_SLEEP), 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lock_that_is_asked_for_every_so_often),
		cmocka_unit_test(a_sleep_on_a_futex),
		cmocka_unit_test(ticks_are_no_end_of_a_wait),
		cmocka_unit_test(a_tick_after_which_it_asks_is),
		cmocka_unit_test(the_past_is_the_same_at_any_checkpoint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
