// SPDX-License-Identifier: BSD-2-Clause
/* What test_random.c and reading have found, each as small as it can be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "machine.h"

/* The clocks that the read has used must not go back when the switch-out turns out to be lost. */
static void an_event_before_a_lost_switch_out(void **state)
{
	(void)state;
	machine_reset();
	seen(1, A, CAUSE_RUN);
	arrives(10, X);
	reads(100, A, X);
	runs(200, A); /* again: it left the CPU at some time since 100, unseen */
	sends(250, A, X);
	EXPECT(X, STAGE_QUEUE_PICKUP, 90, STAGE_SERVICE_CPU, 50, STAGE_UNATTRIBUTED, 100);
	assert_int_equal(counters[COUNTER_LOST_SWITCH], 1);
	assert_int_equal(counters[COUNTER_NEGATIVE_STAGE], 0);
}

/* `done` before `arrive`: 2^64 - 5 ns would be added to the anatomy and be the maximum for ever. */
static void a_latency_below_zero(void **state)
{
	(void)state;
	machine_reset();
	seen(1, A, CAUSE_RUN);
	arrives(200, X);
	reads(190, A, X);
	sends(195, A, X);
	finishes(X);
	assert_false(m.last[X].sound);
	assert_true(m.last[X].stage[STAGE_UNATTRIBUTED] < 1000);
	assert_true(m.c[X].done >= m.c[X].arrive); /* account_request() takes the difference */
}

/* The reader's ring is too short for its share: this is not known, and must at least be counted. */
static void a_share_longer_than_the_ring(void **state)
{
	__u64 now = 100;

	(void)state;
	machine_reset();
	seen(1, A, CAUSE_RUN);
	arrives(100, X);
	reads(100, A, X);
	for (int i = 0; i < 200; i++) {
		preempted(now += 7, A);
		runs(now += 3, A);
	}
	forked(now += 5, B);
	runs(now += 5, B);
	sends(now += 5, B, X);
	assert_int_equal(counters[COUNTER_RING_SHORT], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_before_a_lost_switch_out),
		cmocka_unit_test(a_latency_below_zero),
		cmocka_unit_test(a_share_longer_than_the_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
