// SPDX-License-Identifier: BSD-2-Clause
/* A window of a run since an earlier look that was packed, against a run of that part alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../lib/why_fill.h"
#include "model/hist.h"
#include "model/past.h"
#include "model/window.h"
#include "report/why.h"

static void some_requests(struct run_service *s, __u64 *seed, int n, double mean)
{
	for (int i = 0; i < n; i++) {
		__u64 st[NR_STAGES] = { 0 };

		st[STAGE_QUEUE_BUSY] = fill_below(seed, 3) ? fill_exponential(seed, mean) : 0;
		st[STAGE_SERVICE_CPU] = 1 + fill_exponential(seed, mean);
		fill_request(s->sum, st);
	}
}

/* What both say of a service: all but the extremes, which are known to their bucket. */
static void assert_same(const struct run_service *a, const struct run_service *b)
{
	struct anatomy_row x[ANATOMY_ROWS], y[ANATOMY_ROWS];

	assert_memory_equal(a->sum->latency, b->sum->latency, sizeof(a->sum->latency));
	assert_memory_equal(a->sum->stage, b->sum->stage, sizeof(a->sum->stage));
	assert_memory_equal(a->sum->anatomy, b->sum->anatomy, sizeof(a->sum->anatomy));
	assert_memory_equal(a->sum->exchanges, b->sum->exchanges, sizeof(a->sum->exchanges));
	assert_int_equal(hist_index(a->sum->latency_max), hist_index(b->sum->latency_max));
	assert_int_equal(hist_index(~a->sum->latency_min_inv),
			 hist_index(~b->sum->latency_min_inv));
	for (int st = 0; st < NR_STAGES; st++)
		assert_int_equal(hist_index(a->sum->stage_max[st]),
				 hist_index(b->sum->stage_max[st]));
	service_anatomy(a, x);
	service_anatomy(b, y);
	for (int i = 0; i < ANATOMY_ROWS; i++)
		assert_true(x[i].latency_ns == y[i].latency_ns);
}

/* early, then late: window(early) = late, whichever of them is the slower one. */
static void is_what_came_since(void **state)
{
	static const double mean[][2] = { { 1e4, 1e6 }, { 1e6, 1e4 }, { 1e5, 1e5 } };

	(void)state;
	for (int k = 0; k < 3; k++) {
		struct run whole, late;
		struct past past;
		__u64 seed = 11 + k, again;

		fill_run(&whole, 1);
		fill_run(&late, 1);
		some_requests(&whole.services[0], &seed, 700, mean[k][0]);
		whole.services[0].sum->bytes_in = 100;
		whole.counters[COUNTER_LOST_SWITCH] = 3;
		assert_int_equal(past_take(&past, &whole), 0);
		again = seed;
		some_requests(&whole.services[0], &seed, 500, mean[k][1]);
		some_requests(&late.services[0], &again, 500, mean[k][1]);
		whole.services[0].sum->bytes_in = 150;
		whole.counters[COUNTER_LOST_SWITCH] = 5;
		whole.duration_s = whole.services[0].window_s = 14.5;
		assert_int_equal(run_window(&whole, &past), 0);
		assert_same(&whole.services[0], &late.services[0]);
		assert_int_equal(whole.services[0].sum->bytes_in, 50);
		assert_int_equal(whole.counters[COUNTER_LOST_SWITCH], 2);
		assert_true(fabs(whole.duration_s - 4.5) < 1e-9);
		assert_true(fabs(whole.services[0].window_s - 4.5) < 1e-9);
		assert_string_equal(whole.started, "2026-11-23T10:00:10Z");
		past_free(&past);
		run_free(&whole);
		run_free(&late);
	}
}

static void without_requests_since(void **state)
{
	struct run r;
	struct past past;
	struct dist d;

	(void)state;
	fill_run(&r, 1);
	fill(r.services[0].sum, STAGE_SERVICE_CPU, 5000ull, -1);
	assert_int_equal(past_take(&past, &r), 0);
	assert_int_equal(run_window(&r, &past), 0);
	service_latency(&r.services[0], &d);
	assert_int_equal(d.count, 0);
	assert_int_equal(d.max, 0);
	assert_int_equal(d.min, 0);
	assert_true(isnan(r.services[0].in_flight));
	past_free(&past);
	run_free(&r);
}

/* The extremes are never beyond those of the whole run, and exact where they may be the whole's. */
static void extremes_are_in_their_bucket(void **state)
{
	struct run r;
	struct past past;
	struct lvt_shard *sum;

	(void)state;
	fill_run(&r, 1);
	sum = r.services[0].sum;
	fill(sum, STAGE_SERVICE_CPU, 1000ull, -1);
	fill(sum, STAGE_SERVICE_CPU, 1000000ull, -1);
	assert_int_equal(past_take(&past, &r), 0);
	fill(sum, STAGE_SERVICE_CPU, 50000ull, -1);
	assert_int_equal(run_window(&r, &past), 0);
	assert_int_equal(hist_index(sum->latency_max), hist_index(50000));
	assert_true(sum->latency_max >= 50000);
	assert_true(~sum->latency_min_inv <= 50000);
	assert_int_equal(hist_index(~sum->latency_min_inv), hist_index(50000));
	past_free(&past);

	assert_int_equal(past_take(&past, &r), 0);
	fill(sum, STAGE_SERVICE_CPU, 2000003ull, -1);
	assert_int_equal(run_window(&r, &past), 0);
	assert_int_equal(sum->latency_max, 2000003);
	past_free(&past);
	run_free(&r);
}

/* Services are found by port and namespace, in whatever order; a new one is left whole. */
static void services_come_and_change_places(void **state)
{
	struct run r;
	struct past past;
	struct run_service s;

	(void)state;
	fill_run(&r, 3);
	r.services[2].netns = 7;
	r.services[2].port = 6379; /* as the first one, elsewhere */
	for (int i = 0; i < 3; i++)
		fill(r.services[i].sum, STAGE_SERVICE_CPU, 1000ull, -1);
	r.n_services = 2;
	assert_int_equal(past_take(&past, &r), 0);
	r.n_services = 3;
	s = r.services[0];
	r.services[0] = r.services[1];
	r.services[1] = s;
	fill(r.services[1].sum, STAGE_SERVICE_CPU, 2000ull, -1);
	fill(r.services[1].sum, STAGE_SERVICE_CPU, 2000ull, -1);
	assert_int_equal(run_window(&r, &past), 0);
	assert_int_equal(r.services[0].port, 6379); /* by requests */
	assert_int_equal(service_requests(&r.services[0]), 2);
	assert_int_equal(r.services[1].netns, 7);
	assert_int_equal(service_requests(&r.services[1]), 1);
	assert_int_equal(service_requests(&r.services[2]), 0);
	past_free(&past);
	run_free(&r);
}

static void stage_sums(struct run_service *s, __u64 disk, __u64 runq, __u64 lock, __u64 net)
{
	s->sum->anatomy[0][STAGE_SERVICE_DISK] = disk;
	s->sum->anatomy[0][STAGE_SERVICE_RUNQ] = runq;
	s->sum->anatomy[0][STAGE_SERVICE_LOCK] = lock;
	s->sum->anatomy[0][STAGE_SERVICE_NET] = net;
}

static void waits_and_the_slowest(void **state)
{
	struct run r;
	struct run_service *s;
	struct past past;

	(void)state;
	fill_run(&r, 1);
	s = &r.services[0];
	fill_blocked(s, STAGE_SERVICE_DISK, 10, 1000, "fsync", NULL);
	fill_ran(s, STAGE_SERVICE_RUNQ, 5, 700, "stress", 900);
	fill_blocked(s, STAGE_SERVICE_LOCK, 5, 800, "futex", "holder");
	strcpy(s->waits[1].cgroup, "/a"); /* is not known of a process that has ended */
	fill_exemplar(s, 9000, 10, 20)->at_s = 3;
	fill_exemplar(s, 3000000000ull, 10, 20)->at_s = 8; /* answered later */
	stage_sums(s, 1000, 700, 800, 0);
	assert_int_equal(past_take(&past, &r), 0);
	s->waits[0].waits = 14;
	s->waits[0].ns = 1300;
	strcpy(s->waits[1].cgroup, "");
	s->waits[1].ns = 900;
	fill_ran(s, STAGE_SERVICE_RUNQ, 5, 1000, "kworker", 12);
	fill_blocked(s, STAGE_SERVICE_NET, 1, 900, "recvfrom", NULL);
	fill_exemplar(s, 8000, 10, 20)->at_s = 12;
	stage_sums(s, 1300, 1900, 800, 900);
	r.duration_s = 20;
	assert_int_equal(run_window(&r, &past), 0);
	assert_int_equal(s->n_waits, 4); /* none of the lock since */
	assert_string_equal(s->waits[0].who, "kworker");
	assert_int_equal(s->waits[0].ns, 1000);
	assert_int_equal(s->waits[1].stage, STAGE_SERVICE_NET);
	assert_int_equal(s->waits[2].ns, 300);
	assert_int_equal(s->waits[2].waits, 4);
	assert_string_equal(s->waits[3].who, "stress");
	assert_int_equal(s->waits[3].ns, 200);
	assert_int_equal(s->n_slowest, 2);
	assert_true(s->slowest[0].at_s == 0);
	assert_true(s->slowest[1].at_s == 2);
	past_free(&past);
	run_free(&r);
}

static void in_flight_is_of_the_samples_since(void **state)
{
	struct run r;
	struct run_service *s;
	struct past past;

	(void)state;
	fill_run(&r, 1);
	s = &r.services[0];
	s->in_flight = 2;
	s->in_flight_samples = 1000;
	assert_true(window_in_flight(s, NULL) == 2);
	assert_int_equal(past_take(&past, &r), 0);
	s->in_flight = 5; /* 8,000 in 1,600 samples: 6,000 of them in the last 600 */
	s->in_flight_samples = 1600;
	assert_true(fabs(window_in_flight(s, &past.run.services[0]) - 10) < 1e-9);
	assert_int_equal(run_window(&r, &past), 0);
	assert_true(fabs(s->in_flight - 10) < 1e-9);
	assert_int_equal(s->in_flight_samples, 600);
	past_free(&past);
	run_free(&r);
}

/* A snapshot reads one count after the other: a difference may be a step below zero. */
static void never_below_zero(void **state)
{
	struct run r;
	struct past past;

	(void)state;
	fill_run(&r, 1);
	fill(r.services[0].sum, STAGE_SERVICE_CPU, 1000ull, -1);
	r.counters[COUNTER_RECURSION] = 2;
	assert_int_equal(past_take(&past, &r), 0);
	r.services[0].sum->latency[hist_index(1000)] = 0;
	r.services[0].sum->exchanges[0] = 0;
	r.counters[COUNTER_RECURSION] = 1;
	assert_int_equal(run_window(&r, &past), 0);
	assert_int_equal(service_requests(&r.services[0]), 0);
	assert_int_equal(r.services[0].sum->exchanges[0], 0);
	assert_int_equal(r.counters[COUNTER_RECURSION], 0);
	past_free(&past);
	run_free(&r);
}

/* The sum of squares has two words: a borrow goes from one to the other. */
static void squares_of_occupancies(void **state)
{
	struct run r;
	struct run_service *s;
	struct past past;

	(void)state;
	fill_run(&r, 1);
	s = &r.services[0];
	s->occupancies = 10;
	s->sum->occupied_square = ~0ull;
	s->sum->occupied_square_hi = 4;
	assert_int_equal(past_take(&past, &r), 0);
	s->occupancies = 17;
	s->sum->occupied_square = 8;
	s->sum->occupied_square_hi = 6;
	assert_int_equal(run_window(&r, &past), 0);
	assert_int_equal(s->occupancies, 7);
	assert_int_equal(s->sum->occupied_square, 9);
	assert_int_equal(s->sum->occupied_square_hi, 1);
	past_free(&past);
	run_free(&r);
}

/* How many of the connections are still open is not known, but how many came is. */
static void connections_are_those_of_all_the_run(void **state)
{
	struct run r;
	struct past past;

	(void)state;
	fill_run(&r, 1);
	r.counters[COUNTER_OPEN_AT_START] = 3;
	r.services[0].sum->connections = 10;
	assert_int_equal(past_take(&past, &r), 0);
	r.services[0].sum->connections = 18;
	r.services[0].window_s += 4;
	assert_int_equal(run_window(&r, &past), 0);
	assert_int_equal(r.services[0].sum->connections, 18);
	assert_int_equal(r.counters[COUNTER_OPEN_AT_START], 10);
	assert_true(fabs(service_connection_rate(&r, &r.services[0]) - 2) < 1e-9);
	past_free(&past);
	run_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_what_came_since),
		cmocka_unit_test(without_requests_since),
		cmocka_unit_test(extremes_are_in_their_bucket),
		cmocka_unit_test(services_come_and_change_places),
		cmocka_unit_test(waits_and_the_slowest),
		cmocka_unit_test(in_flight_is_of_the_samples_since),
		cmocka_unit_test(never_below_zero),
		cmocka_unit_test(squares_of_occupancies),
		cmocka_unit_test(connections_are_those_of_all_the_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
