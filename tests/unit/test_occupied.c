// SPDX-License-Identifier: BSD-2-Clause
/* How long a request kept its threads: in the kernel's account, and what a run makes of it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "machine.h"
#include "shard_fill.h"
#include "model/run.h"

#define OTHER_SOCKET WAIT_READ, 9

/* The answered request of a connection is over: how long did it keep its threads? */
static __u64 occupied(int conn)
{
	finishes(conn);
	return m.last[conn].occupied;
}

static void its_cpu_its_run_queue_and_what_it_blocked_in(void **state)
{
	(void)state;
	loop_idles();
	arrives(1000, X);
	woken(1000, A);
	runs(1020, A);
	reads(1050, A, X);
	preempted(1100, A);
	runs(1130, A);
	sleeps(1200, A, LOCK);
	woken_by(1500, A, WAKER_SIBLING | WAKES_LOCKS);
	runs_idle(1540, A);
	sends(1600, A, X);
	assert_int_equal(occupied(X), 550); /* all from the read to the send */
	assert_int_equal(m.last[X].stage[STAGE_SERVICE_LOCK], 300);
}

/* Whatever an event loop waits for, it serves others meanwhile. */
static void a_loop_waits(enum waker waker, enum lvt_stage stage)
{
	loop_idles();
	arrives(1000, X);
	woken(1000, A);
	runs(1010, A);
	reads(1050, A, X);
	sleeps(1100, A, EPOLL);
	woken_by(3000, A, waker);
	runs(3020, A);
	sends(3100, A, X);
	assert_int_equal(occupied(X), 50 + 20 + 80);
	assert_int_equal(m.last[X].stage[stage], 1900);
	assert_int_equal(m.last[X].stage[STAGE_SERVICE_CPU], 130);
}

static void a_loop_that_waits_is_free(void **state)
{
	(void)state;
	a_loop_waits(WAKER_SOCKET, STAGE_SERVICE_NET);
	a_loop_waits(WAKER_TIMER, STAGE_SERVICE_SLEEP);
	a_loop_waits(WAKER_SIBLING | WAKES_LOOPS, STAGE_SERVICE_POOL);
	a_loop_waits(WAKER_CLIENT, STAGE_SERVICE_BLOCKED);
}

/* A thread that sleeps in a read from downstream is not. */
static void a_thread_that_waits_is_not(void **state)
{
	(void)state;
	loop_idles();
	arrives(1000, X);
	woken(1000, A);
	runs(1010, A);
	reads(1050, A, X);
	sleeps(1100, A, OTHER_SOCKET);
	woken_by(3000, A, WAKER_SOCKET);
	runs(3020, A);
	sends(3100, A, X);
	assert_int_equal(occupied(X), 2050);
}

static void work_on_others_is_theirs(void **state)
{
	(void)state;
	machine_reset();
	seen(1, A, CAUSE_RUN);
	arrives(100, X);
	reads(100, A, X);
	arrives(150, Y);
	reads(200, A, Y);
	sends(700, A, Y);
	sends(800, A, X);
	assert_int_equal(occupied(X), 100 + 100);
	assert_int_equal(occupied(Y), 500);
}

/* Nor does a client that has not sent all of its request keep the thread. */
static void a_client_that_lingers_does_not_count(void **state)
{
	(void)state;
	loop_idles();
	arrives(1000, X);
	woken(1000, A);
	runs(1000, A);
	reads(1050, A, X);
	sleeps(1100, A, RECV);
	arrives(5000, X);
	woken(5000, A);
	runs(5000, A);
	reads(5010, A, X);
	sends(5100, A, X);
	assert_int_equal(occupied(X), 50 + 100);
	assert_int_equal(m.last[X].stage[STAGE_SERVICE_CLIENT], 3900);
}

/* Both threads', but not the time between them. */
static void a_request_that_is_handed_over(void **state)
{
	(void)state;
	loop_idles();
	seen(1, B, CAUSE_RUN);
	sleeps(50, B, IDLE);
	arrives(1000, X);
	woken(1000, A);
	runs(1000, A);
	reads(1100, A, X);
	sleeps(1130, A, LOCK); /* 120 of CPU and lock, then idle */
	woken_by(1200, A, WAKER_SIBLING | WAKES_LOCKS);
	runs(1200, A);
	sleeps(1220, A, EPOLL);
	woken_by(2000, B, WAKER_SIBLING | WAKES_LOCKS);
	runs(2010, B);
	sends(2500, B, X);
	assert_int_equal(occupied(X), 120 + 500);
	assert_int_equal(m.last[X].stage[STAGE_SERVICE_HANDOFF], 780);
}

static void what_is_not_known_is_no_number(void **state)
{
	(void)state;
	machine_reset();
	seen(1, A, CAUSE_RUN);
	arrives(10, X);
	reads(100, A, X);
	runs(200, A); /* again: it left the CPU at some time, unseen */
	sends(250, A, X);
	assert_true(occupied(X) == OCCUPIED_UNKNOWN);
	machine_reset();
	seen(1, A, CAUSE_RUN);
	arrives(200, X);
	reads(190, A, X); /* the clock stepped back */
	sends(300, A, X);
	assert_true(occupied(X) == OCCUPIED_UNKNOWN);
	assert_false(m.last[X].sound);
}

static void squares_are_exact(void **state)
{
	__u64 edges[] = { 0, 1, 0xffffffff, 0x100000000, 0x1ffffffff, 1ull << 62, ~0ull }, seed = 5;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		__u64 v = i < 7 ? edges[i] : fill_random(&seed) >> fill_below(&seed, 64), lo, hi;
		unsigned __int128 want = (unsigned __int128)v * v;

		square(v, &lo, &hi);
		if (lo != (__u64)want || hi != (__u64)(want >> 64))
			fail_msg("%llu: %llu %llu", v, hi, lo);
	}
}

/* ---- the run ---- */

/* n requests, in turn of 2 and 8 s. */
static void service_of(struct run_service *s, int n)
{
	unsigned __int128 sum = 0;

	*s = (struct run_service){ .sum = fill_shard(), .window_s = 10, .cpu_share = NAN };
	for (int i = 0; i < n; i++) {
		__u64 ns = i % 2 ? 8000000000ull : 2000000000ull;

		fill(s->sum, STAGE_QUEUE_BUSY, 1000ull, STAGE_SERVICE_CPU, ns, -1);
		s->sum->occupied += ns;
		sum += (unsigned __int128)ns * ns;
	}
	s->sum->occupied_square = sum;
	s->sum->occupied_square_hi = sum >> 64;
	s->occupancies = n;
}

static void its_moments(void **state)
{
	struct run_service s;
	double mean, square_ns2;

	(void)state;
	service_of(&s, 1000);
	assert_true(s.sum->occupied_square_hi > 0);
	assert_true(service_occupancy(&s, &mean, &square_ns2));
	assert_true(fabs(mean - 5e9) < 1);
	assert_true(fabs(square_ns2 / 34e18 - 1) < 1e-12);
	assert_true(isnan(service_busy_ns(&s)));
	s.cpu_share = 520; /* CPUs over 10 s: 5.2 s a request, of which 5 in the requests' hands */
	assert_true(fabs(service_busy_ns(&s) - 5.2e9) < 10);
	s.sum->occupied += 300000000000ull; /* blocked as well, 0.3 s a request */
	assert_true(fabs(service_busy_ns(&s) - 5.5e9) < 10);
	free(s.sum);
}

static void it_is_unknown(void **state)
{
	struct run_service s;
	double mean, square_ns2;

	(void)state;
	service_of(&s, 1000);
	s.cpu_share = 1;
	s.occupancies = 991; /* the rest is not in the sums */
	assert_true(service_occupancy(&s, &mean, &square_ns2));
	s.occupancies = 989;
	assert_false(service_occupancy(&s, &mean, &square_ns2));
	assert_true(isnan(service_busy_ns(&s)));
	s.occupancies = 0; /* an older version's */
	assert_false(service_occupancy(&s, &mean, &square_ns2));
	free(s.sum);
	service_of(&s, 0);
	assert_false(service_occupancy(&s, &mean, &square_ns2));
	free(s.sum);
}

static void sums_carry(void **state)
{
	struct lvt_shard *a = fill_shard(), *b = fill_shard();

	(void)state;
	a->occupied_square = b->occupied_square = 1ull << 63;
	a->occupied_square_hi = 3;
	b->occupied_square_hi = 4;
	shard_add(a, b);
	assert_true(a->occupied_square == 0 && a->occupied_square_hi == 8);
	shard_add(a, b);
	assert_true(a->occupied_square == 1ull << 63 && a->occupied_square_hi == 12);
	free(a);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_cpu_its_run_queue_and_what_it_blocked_in),
		cmocka_unit_test(a_loop_that_waits_is_free),
		cmocka_unit_test(a_thread_that_waits_is_not),
		cmocka_unit_test(work_on_others_is_theirs),
		cmocka_unit_test(a_client_that_lingers_does_not_count),
		cmocka_unit_test(a_request_that_is_handed_over),
		cmocka_unit_test(what_is_not_known_is_no_number),
		cmocka_unit_test(squares_are_exact),
		cmocka_unit_test(its_moments),
		cmocka_unit_test(it_is_unknown),
		cmocka_unit_test(sums_carry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
