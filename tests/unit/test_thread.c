// SPDX-License-Identifier: BSD-2-Clause
/* A thread's clocks and its ring of transitions: what it did, and when that is not known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "machine.h"

/* The ns of [from, now] in each cause by the ring, from pairs (cause, ns) up to -1; then the rest. */
static void expect_past(int line, int thread, __u64 from, __u64 now, ...)
{
	__u64 want[CLOCKS] = { 0 }, unknown;
	struct walk w;
	va_list ap;
	int cause;

	va_start(ap, now);
	while ((cause = va_arg(ap, int)) >= 0)
		want[cause] += va_arg(ap, int);
	unknown = va_arg(ap, int);
	va_end(ap);
	if (thread_past(&m.t[thread], from, now, &w) != unknown)
		fail_msg("line %d: unknown is %llu", line, w.hi - from);
	for (int i = 0; i < CLOCKS; i++)
		if (w.did.ns[i] != want[i])
			fail_msg("line %d: cause %d is %llu", line, i, w.did.ns[i]);
}

/* The clocks at `now` from pairs (cause, ns) up to -1; the others are 0. */
static void expect_clocks(int line, int thread, __u64 now, ...)
{
	struct clocks have = machine_clocks(now, thread);
	__u64 want[CLOCKS] = { 0 };
	va_list ap;
	int cause;

	va_start(ap, now);
	while ((cause = va_arg(ap, int)) >= 0)
		want[cause] += va_arg(ap, int);
	va_end(ap);
	for (int i = 0; i < CLOCKS; i++)
		if (have.ns[i] != want[i])
			fail_msg("line %d: cause %d is %llu", line, i, have.ns[i]);
}

#define PAST(...) expect_past(__LINE__, A, __VA_ARGS__)
#define CLOCKS_AT(...) expect_clocks(__LINE__, A, __VA_ARGS__)

static void clocks_by_cause(void **state)
{
	(void)state;
	machine_reset();
	seen(1000, A, CAUSE_RUN);
	preempted(1100, A);
	runs(1130, A);
	sleeps(1200, A, WAIT_MUX, 5); /* the first sleep: its home */
	woken(1500, A);
	runs_idle(1540, A);
	sleeps(1600, A, WAIT_OTHER, 9);
	woken(1800, A);
	runs(1850, A);
	sleeps(1900, A, WAIT_MUX, 800); /* another epoll */
	woken(2000, A);
	CLOCKS_AT(2000, CAUSE_RUN, 280, CAUSE_RUNQ, 80, CAUSE_HOME, 300, CAUSE_WAKEUP, 40,
		  CAUSE_BLOCKED, 200, CAUSE_MUX, 100, -1);
	runs(2007, A);
	CLOCKS_AT(2010, CAUSE_RUN, 283, CAUSE_RUNQ, 87, CAUSE_HOME, 300, CAUSE_WAKEUP, 40,
		  CAUSE_BLOCKED, 200, CAUSE_MUX, 100, -1);
	assert_true(thread_cpu(&m.t[A], 2010) == 283);
	for (int i = 0; i < NR_COUNTERS; i++)
		assert_int_equal(counters[i], 0);
}

static void a_preempted_thread_waits_even_for_an_idle_cpu(void **state)
{
	(void)state;
	machine_reset();
	seen(0, A, CAUSE_RUN);
	preempted(100, A);
	runs_idle(150, A); /* it migrated: contention, not wake-up latency */
	CLOCKS_AT(150, CAUSE_RUN, 100, CAUSE_RUNQ, 50, -1);
}

static void a_new_thread_wakes_up(void **state)
{
	(void)state;
	machine_reset();
	forked(100, A);
	runs_idle(130, A);
	preempted(200, A);
	runs_idle(250, A);
	CLOCKS_AT(250, CAUSE_WAKEUP, 30, CAUSE_RUN, 70, CAUSE_RUNQ, 50, -1);
	forked(100, B);
	runs(130, B);
	expect_clocks(__LINE__, B, 130, CAUSE_RUNQ, 30, -1);
}

static void walk_gives_each_part_of_the_past(void **state)
{
	(void)state;
	machine_reset();
	seen(1000, A, CAUSE_RUN);
	sleeps(1100, A, WAIT_MUX, 5);
	woken(1500, A);
	runs(1550, A);
	PAST(1590ull, 1600ull, CAUSE_RUN, 10, -1, 0);
	PAST(1550ull, 1600ull, CAUSE_RUN, 50, -1, 0);
	PAST(1549ull, 1600ull, CAUSE_RUN, 50, CAUSE_RUNQ, 1, -1, 0);
	PAST(1400ull, 1600ull, CAUSE_RUN, 50, CAUSE_RUNQ, 50, CAUSE_HOME, 100, -1, 0);
	PAST(1000ull, 1600ull, CAUSE_RUN, 150, CAUSE_RUNQ, 50, CAUSE_HOME, 400, -1, 0);
	PAST(1600ull, 1600ull, -1, 0);
	PAST(1700ull, 1600ull, -1, 0);
}

static void before_its_first_sight_nothing_is_known(void **state)
{
	(void)state;
	machine_reset();
	seen(1000, A, CAUSE_RUN);
	PAST(700ull, 1200ull, CAUSE_RUN, 200, -1, 300);
	preempted(1300, A);
	runs(1400, A);
	PAST(700ull, 1500ull, CAUSE_RUN, 400, CAUSE_RUNQ, 100, -1, 300);
	assert_true(thread_ring_whole(&m.t[A]));
	assert_int_equal(m.t[A].born, 0);
	forked(1000, B);
	assert_int_equal(m.t[B].born, 1000);
	assert_int_equal(m.t[B].mark_ns, 1000);
}

/* Alternate between the CPU and its queue every 10 ns until `head` transitions are in the ring. */
static __u64 alternate(__u32 head)
{
	__u64 now = 1000;

	machine_reset();
	seen(now, A, CAUSE_RUN);
	while (m.t[A].head < head) {
		now += 10;
		if (thread_cause(&m.t[A]) == CAUSE_RUN)
			preempted(now, A);
		else
			runs(now, A);
	}
	return now;
}

/* The CPU time of alternate() during the first `ns`. */
static __u64 alternate_run(__u64 ns)
{
	return ns / 20 * 10 + (ns % 20 < 10 ? ns % 20 : 10);
}

/* Across all checkpoints, and at every ns between them. */
static void a_ring_knows_each_moment(void **state)
{
	const __u32 heads[] = { 2, 62, 63, 64, 65, 66, 127, 128, 129, 320, 446 };
	struct walk w;

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		__u64 now = alternate(heads[i]);

		if (thread_cause(&m.t[A]) != CAUSE_RUN)
			runs(now += 10, A);
		now += 3;
		for (__u64 from = 1000; from < now; from++) {
			__u64 run = alternate_run(now - 1000) - alternate_run(from - 1000);

			assert_int_equal(thread_past(&m.t[A], from, now, &w), 0);
			assert_int_equal(w.did.ns[CAUSE_RUN], run);
			assert_int_equal(w.did.ns[CAUSE_RUNQ], now - from - run);
		}
		assert_int_equal(thread_past(&m.t[A], 990, now, &w), 10);
		assert_int_equal(w.did.ns[CAUSE_RUN], alternate_run(now - 1000));
	}
}

static void a_full_ring_forgets_its_oldest_block(void **state)
{
	const __u32 full = THREAD_RING - THREAD_BLOCK;
	struct walk w;
	__u64 now = alternate(full - 1);

	(void)state;
	assert_true(thread_ring_whole(&m.t[A]));
	assert_int_equal(thread_past(&m.t[A], 990, now, &w), 10);
	now += 10;
	preempted(now, A);
	assert_false(thread_ring_whole(&m.t[A]));
	/* known from the checkpoint before transition 64: 63 after the sentinel, 10 ns each */
	assert_int_equal(thread_past(&m.t[A], 990, now, &w), 640);
	assert_int_equal(w.did.ns[CAUSE_RUN] + w.did.ns[CAUSE_RUNQ], now - 1630);
	assert_int_equal(thread_past(&m.t[A], 1630, now, &w), 0);
	assert_int_equal(thread_past(&m.t[A], 1629, now, &w), 1);
	now = alternate(10 * THREAD_RING + 2) + 5;
	assert_int_equal(thread_past(&m.t[A], now - 10 * (full - THREAD_BLOCK), now, &w), 0);
	assert_true(thread_past(&m.t[A], now - 10 * THREAD_RING - 20, now, &w) > 0);
}

static void early_wake_ups_count_from_the_switch_out(void **state)
{
	(void)state;
	machine_reset();
	seen(0, A, CAUSE_RUN);
	woken(90, A);
	sleeps(100, A, WAIT_OTHER, 5);
	runs_idle(140, A);
	CLOCKS_AT(140, CAUSE_RUN, 100, CAUSE_WAKEUP, 40, -1);
	assert_int_equal(counters[COUNTER_EARLY_WAKE], 1);
	/* an early one was for a sleep that never happened: a later one overrides it */
	woken(150, A);
	sleeps(200, A, WAIT_OTHER, 5);
	woken(300, A);
	runs_idle(310, A);
	CLOCKS_AT(310, CAUSE_RUN, 160, CAUSE_WAKEUP, 50, CAUSE_HOME, 100, -1);
	assert_int_equal(counters[COUNTER_EARLY_WAKE], 1);
	assert_int_equal(counters[COUNTER_DUPLICATE_WAKE], 0);
	/* and a preemption forgets it */
	woken(320, A);
	preempted(330, A);
	runs(340, A);
	sleeps(350, A, WAIT_OTHER, 5);
	woken(360, A);
	woken(390, A);
	runs(400, A);
	CLOCKS_AT(400, CAUSE_RUN, 190, CAUSE_WAKEUP, 50, CAUSE_HOME, 110, CAUSE_RUNQ, 50, -1);
	assert_int_equal(counters[COUNTER_EARLY_WAKE], 1);
}

static void of_two_wake_ups_the_first_counts(void **state)
{
	(void)state;
	machine_reset();
	seen(0, A, CAUSE_RUN);
	sleeps(100, A, WAIT_OTHER, 5);
	woken(200, A);
	woken(250, A);
	runs(300, A);
	CLOCKS_AT(300, CAUSE_RUN, 100, CAUSE_HOME, 100, CAUSE_RUNQ, 100, -1);
	assert_int_equal(counters[COUNTER_DUPLICATE_WAKE], 1);
	assert_int_equal(m.t[A].block_start, 100);
	assert_int_equal(m.t[A].block_end, 200);
}

static void a_missed_wake_up_is_counted(void **state)
{
	(void)state;
	machine_reset();
	seen(0, A, CAUSE_RUN);
	sleeps(100, A, WAIT_OTHER, 5);
	runs(300, A);
	CLOCKS_AT(300, CAUSE_RUN, 100, CAUSE_HOME, 200, -1);
	assert_int_equal(counters[COUNTER_WAKE_MISSED], 1);
}

static void a_lost_switch_in(void **state)
{
	(void)state;
	machine_reset();
	seen(0, A, CAUSE_RUN);
	preempted(100, A);
	acts(150, A);
	CLOCKS_AT(160, CAUSE_RUN, 110, CAUSE_UNKNOWN, 50, -1);
	assert_int_equal(counters[COUNTER_LOST_SWITCH], 1);
	sleeps(200, A, WAIT_OTHER, 5);
	woken(270, A);
	acts(300, A); /* asleep until the wake-up, then nobody knows */
	CLOCKS_AT(300, CAUSE_RUN, 150, CAUSE_UNKNOWN, 80, CAUSE_HOME, 70, -1);
	assert_int_equal(counters[COUNTER_LOST_SWITCH], 2);
	sleeps(400, A, WAIT_OTHER, 5);
	acts(450, A); /* no wake-up either */
	CLOCKS_AT(450, CAUSE_RUN, 250, CAUSE_UNKNOWN, 130, CAUSE_HOME, 70, -1);
	sleeps(500, A, WAIT_OTHER, 5);
	woken(510, A);
	sleeps(600, A, WAIT_OTHER, 5); /* the switch-out shows it, too */
	CLOCKS_AT(600, CAUSE_RUN, 300, CAUSE_UNKNOWN, 220, CAUSE_HOME, 80, -1);
	assert_int_equal(counters[COUNTER_LOST_SWITCH], 4);
	acts(600, A);
	acts(650, A); /* now it runs: nothing is lost */
	assert_int_equal(counters[COUNTER_LOST_SWITCH], 5);
	assert_int_equal(m.t[A].wake, 0);
}

/* The scheduler itself knows when a thread got its CPU. */
static void a_lost_switch_in_is_repaired(void **state)
{
	(void)state;
	machine_reset();
	seen(1, A, CAUSE_RUN);
	preempted(100, A);
	m.arrived[A] = 130;
	acts(150, A);
	CLOCKS_AT(150, CAUSE_RUN, 99 + 20, CAUSE_RUNQ, 30, -1);
	sleeps(200, A, WAIT_OTHER, 5);
	woken(270, A);
	m.arrived[A] = 280;
	acts(300, A);
	CLOCKS_AT(300, CAUSE_RUN, 169 + 20, CAUSE_RUNQ, 40, CAUSE_HOME, 70, -1);
	assert_int_equal(counters[COUNTER_SWITCH_REPAIRED], 2);
	assert_int_equal(counters[COUNTER_LOST_SWITCH], 0);
	assert_int_equal(m.t[A].wake, 0);
	/* but not if that was before it left, before its wake-up, or is yet to come */
	for (int i = 0; i < 3; i++) {
		__u64 now = 400 + i * 100;

		sleeps(now, A, WAIT_OTHER, 5);
		woken(now + 20, A);
		m.arrived[A] = now + (i == 0 ? -1 : i == 1 ? 19 : 41);
		acts(now + 40, A);
	}
	assert_int_equal(counters[COUNTER_LOST_SWITCH], 3);
	CLOCKS_AT(640, CAUSE_RUN, 289 + 60 + 60, CAUSE_RUNQ, 40, CAUSE_HOME, 130, CAUSE_UNKNOWN, 60,
		  -1);
	preempted(700, A);
	m.arrived[A] = 690;
	acts(720, A);
	assert_int_equal(counters[COUNTER_LOST_SWITCH], 4);
}

static void a_lost_switch_out(void **state)
{
	(void)state;
	machine_reset();
	seen(0, A, CAUSE_RUN);
	preempted(100, A);
	runs(200, A);
	runs(700, A); /* again, though it never left */
	CLOCKS_AT(750, CAUSE_RUN, 150, CAUSE_RUNQ, 100, CAUSE_UNKNOWN, 500, -1);
	assert_int_equal(counters[COUNTER_LOST_SWITCH], 1);
	PAST(600ull, 750ull, CAUSE_RUN, 50, CAUSE_UNKNOWN, 100, -1, 0);
}

/* What a thread sleeps in, by the cause of that sleep. The machine's clock is the caller's. */
static __u32 sleep_of(__u64 *now, enum wait_class wait, __u64 arg)
{
	__u32 cause;

	sleeps(*now += 10, A, wait, arg);
	cause = thread_cause(&m.t[A]);
	woken(*now += 10, A);
	runs(*now += 10, A);
	return cause;
}

static __u32 sleep_after_send(__u64 *now, enum wait_class wait, __u64 arg)
{
	struct clocks clocks;

	thread_clocks(&m.t[A], *now, &clocks);
	thread_sent(&m.t[A], *now, &clocks);
	return sleep_of(now, wait, arg);
}

static void home_is_voted_for(void **state)
{
	__u64 now = 0;

	(void)state;
	machine_reset();
	seen(now, A, CAUSE_RUN);
	/* a disk or a timer is no place to idle in, and is not the first sleep that counts */
	assert_int_equal(sleep_of(&now, WAIT_SLEEP, 5), CAUSE_SLEEP);
	assert_int_equal(sleep_of(&now, WAIT_MUX, 5), CAUSE_HOME); /* after its first sight */
	assert_int_equal(sleep_of(&now, WAIT_OTHER, 5), CAUSE_BLOCKED);
	assert_int_equal(sleep_of(&now, WAIT_MUX, 4000), CAUSE_MUX);
	assert_int_equal(sleep_of(&now, WAIT_MUX, 5), CAUSE_HOME);
	/* another place must come first more than four times as often */
	for (int i = 0; i < 4; i++)
		assert_int_equal(sleep_after_send(&now, WAIT_OTHER, 7000), CAUSE_BLOCKED);
	assert_int_equal(sleep_of(&now, WAIT_MUX, 5), CAUSE_HOME);
	assert_int_equal(sleep_after_send(&now, WAIT_OTHER, 7000), CAUSE_HOME);
	assert_int_equal(sleep_of(&now, WAIT_MUX, 5), CAUSE_MUX);
	assert_int_equal(sleep_of(&now, WAIT_OTHER, 7000), CAUSE_HOME);
}

static void home_is_left_without_a_break_only(void **state)
{
	__u64 now = 0;

	(void)state;
	machine_reset();
	seen(now, A, CAUSE_RUN);
	assert_int_equal(sleep_of(&now, WAIT_MUX, 5), CAUSE_HOME);
	for (int i = 0; i < 4; i++)
		assert_int_equal(sleep_after_send(&now, WAIT_OTHER, 7000), CAUSE_BLOCKED);
	assert_int_equal(sleep_after_send(&now, WAIT_OTHER, 100), CAUSE_BLOCKED); /* elsewhere */
	for (int i = 0; i < 4; i++)
		assert_int_equal(sleep_after_send(&now, WAIT_OTHER, 7000), CAUSE_BLOCKED);
	assert_int_equal(sleep_after_send(&now, WAIT_MUX, 5), CAUSE_HOME); /* at home */
	for (int i = 0; i < 8; i++)
		assert_int_equal(sleep_after_send(&now, WAIT_OTHER, 7000), CAUSE_BLOCKED);
	assert_int_equal(sleep_after_send(&now, WAIT_OTHER, 7000), CAUSE_HOME);
	/* and there is a limit to habit */
	for (int i = 0; i < 1000; i++)
		assert_int_equal(sleep_after_send(&now, WAIT_OTHER, 7000), CAUSE_HOME);
	for (int i = 0; i < 240; i++)
		assert_int_equal(sleep_after_send(&now, WAIT_OTHER, 9), CAUSE_BLOCKED);
	assert_int_equal(sleep_after_send(&now, WAIT_OTHER, 9), CAUSE_HOME);
}

static void condition_variables_are_one_place_within_48_bytes(void **state)
{
	const struct {
		__u64 home, arg;
		__u32 cause;
	} tries[] = {
		{ 1 << 20, 1 << 20, CAUSE_HOME },
		{ 1 << 20, (1 << 20) + 4, CAUSE_HOME },
		{ 1 << 20, (1 << 20) - 4, CAUSE_HOME },
		{ 1 << 20, (1 << 20) + 47, CAUSE_HOME },
		{ 1 << 20, (1 << 20) - 48, CAUSE_HOME },
		{ 1 << 20, (1 << 20) + 48, CAUSE_BLOCKED },
		{ 1 << 20, (1 << 20) - 49, CAUSE_BLOCKED },
		{ 1 << 20, ~0ull - (1 << 20), CAUSE_BLOCKED },
		/* descriptors */
		{ 4, 4, CAUSE_HOME },
		{ 4, 6, CAUSE_BLOCKED },
		{ 6, 4, CAUSE_BLOCKED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(tries) / sizeof(*tries); i++) {
		__u64 now = 0;

		machine_reset();
		seen(now, A, CAUSE_RUN);
		assert_int_equal(sleep_of(&now, WAIT_OTHER, tries[i].home), CAUSE_HOME);
		assert_int_equal(sleep_of(&now, WAIT_OTHER, tries[i].arg), tries[i].cause);
	}
}

static void the_end_of_an_idle_wait_is_a_mark(void **state)
{
	(void)state;
	machine_reset();
	seen(0, A, CAUSE_RUN);
	sleeps(100, A, WAIT_MUX, 5);
	woken(300, A);
	runs(350, A);
	assert_int_equal(m.t[A].mark_ns, 300);
	assert_int_equal(m.t[A].mark.ns[CAUSE_RUN], 100);
	assert_int_equal(m.t[A].mark.ns[CAUSE_HOME], 200);
	assert_int_equal(m.t[A].mark.ns[CAUSE_RUNQ], 0);
	sleeps(400, A, WAIT_OTHER, 5);
	woken(500, A);
	runs(550, A);
	assert_int_equal(m.t[A].mark_ns, 300);
}

static void a_clock_that_steps_back(void **state)
{
	(void)state;
	machine_reset();
	seen(1000, A, CAUSE_RUN);
	preempted(990, A);
	CLOCKS_AT(1000, -1);
	assert_int_equal(counters[COUNTER_CLOCK_BACK], 1);
	runs(1100, A);
	CLOCKS_AT(1150, CAUSE_RUNQ, 100, CAUSE_RUN, 50, -1);
	assert_int_equal(counters[COUNTER_CLOCK_BACK], 1);
	sleeps(1200, A, WAIT_OTHER, 5);
	woken(1300, A);
	runs(1290, A); /* before its wake-up */
	CLOCKS_AT(1290, CAUSE_RUNQ, 100, CAUSE_RUN, 100, CAUSE_HOME, 90, -1);
	assert_int_equal(counters[COUNTER_WAKE_MISSED], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clocks_by_cause),
		cmocka_unit_test(a_preempted_thread_waits_even_for_an_idle_cpu),
		cmocka_unit_test(a_new_thread_wakes_up),
		cmocka_unit_test(walk_gives_each_part_of_the_past),
		cmocka_unit_test(before_its_first_sight_nothing_is_known),
		cmocka_unit_test(a_ring_knows_each_moment),
		cmocka_unit_test(a_full_ring_forgets_its_oldest_block),
		cmocka_unit_test(early_wake_ups_count_from_the_switch_out),
		cmocka_unit_test(of_two_wake_ups_the_first_counts),
		cmocka_unit_test(a_missed_wake_up_is_counted),
		cmocka_unit_test(a_lost_switch_in),
		cmocka_unit_test(a_lost_switch_in_is_repaired),
		cmocka_unit_test(a_lost_switch_out),
		cmocka_unit_test(home_is_voted_for),
		cmocka_unit_test(home_is_left_without_a_break_only),
		cmocka_unit_test(condition_variables_are_one_place_within_48_bytes),
		cmocka_unit_test(the_end_of_an_idle_wait_is_a_mark),
		cmocka_unit_test(a_clock_that_steps_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
