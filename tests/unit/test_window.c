// SPDX-License-Identifier: BSD-2-Clause
/* What came between two looks: it is what alone would have been counted. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../lib/run_look.h"
#include "../lib/why_fill.h"
#include "model/hist.h"
#include "model/waits.h"
#include "model/window.h"

/* The same requests into two shards. */
static void both(struct lvt_shard *a, struct lvt_shard *b, __u64 *seed, __u64 most)
{
	__u64 st[NR_STAGES] = { 0 };

	for (int i = 0; i < NR_STAGES; i++)
		st[i] = fill_below(seed, 3) ? 0 : fill_below(seed, most);
	st[STAGE_SERVICE_CPU]++;
	fill_request(a, st);
	fill_request(b, st);
}

static void within_a_bucket(__u64 shown, __u64 really)
{
	assert_int_equal(hist_index(shown), hist_index(really));
}

/* Looks of which the second had 500 requests more: as large ones, larger, and smaller ones. */
static void the_difference_is_what_came(void **state)
{
	static const __u64 most[] = { 100000, 10000000, 1000 };
	struct lvt_shard *before, *now, *alone, *w;
	__u64 seed = 11;

	(void)state;
	for (int round = 0; round < 3; round++) {
		struct run_service s = { .window_s = 1 }, t = { .window_s = 1 };
		struct dist got, want;

		before = fill_shard();
		now = fill_shard();
		alone = fill_shard();
		w = fill_shard();
		for (int i = 0; i < 2000; i++)
			both(before, now, &seed, 100000);
		for (int i = 0; i < 500; i++)
			both(now, alone, &seed, most[round]);
		now->net_max[0] = 5000;
		now->net[0][hist_index(5000)] = 1;
		assert_int_equal(shard_window(w, now, before), 1);
		s.sum = w;
		t.sum = alone;
		service_latency(&s, &got);
		service_latency(&t, &want);
		assert_int_equal(got.count, 500);
		assert_true(got.mean == want.mean);
		within_a_bucket(got.max, want.max);
		within_a_bucket(got.min, want.min);
		within_a_bucket(got.p99, want.p99);
		assert_int_equal(got.p50, want.p50);
		if (round == 1) /* the largest of all came now */
			assert_int_equal(got.max, want.max);
		if (round == 2)
			assert_true(got.max < before->latency_max);
		for (int st = 0; st < NR_STAGES; st++) {
			assert_memory_equal(w->stage[st], alone->stage[st], sizeof(w->stage[st]));
			within_a_bucket(w->stage_max[st], alone->stage_max[st]);
		}
		assert_memory_equal(w->anatomy, alone->anatomy, sizeof(w->anatomy));
		assert_int_equal(w->net_max[0], 5000);
		free(before);
		free(now);
		free(alone);
		free(w);
	}
}

static void nothing_came(void **state)
{
	struct lvt_shard *now = fill_shard(), *w = fill_shard(), *zeros = fill_shard();

	(void)state;
	fill(now, STAGE_SERVICE_CPU, 5000ull, -1);
	assert_int_equal(shard_window(w, now, now), 0);
	assert_memory_equal(w, zeros, sizeof(*w)); /* maxima, too */
	assert_int_equal(shard_window(w, now, NULL), 1);
	assert_memory_equal(w, now, sizeof(*w));
	assert_int_equal(shard_window(w, zeros, NULL), 0);
	assert_int_equal(shard_window(w, zeros, now), -1);
	free(now);
	free(w);
	free(zeros);
}

static __u64 stage_rows(const struct run_service *s, enum lvt_stage st)
{
	__u64 sum = 0;

	for (size_t i = 0; i < s->n_waits; i++)
		if (s->waits[i].stage == st)
			sum += s->waits[i].ns;
	return sum;
}

static const struct run_wait *row_of(const struct run_service *s, const char *call,
				     const char *peer)
{
	for (size_t i = 0; i < s->n_waits; i++)
		if (!strcmp(s->waits[i].syscall, call) && !strcmp(s->waits[i].peer_comm, peer))
			return &s->waits[i];
	return NULL;
}

/* Rows grow, shrink (`other`), come to have a name, and are new: each stage adds up all the same. */
static void waits_of_a_window(void **state)
{
	struct run before, now;
	struct run_service *a, *b, w = { 0 };
	const struct run_wait *row;
	__u64 named = 0;

	(void)state;
	fill_run(&before, 1);
	fill_run(&now, 1);
	a = &before.services[0];
	b = &now.services[0];
	fill_web(a, 1000);
	fill_web_waits(a);
	fill_web(b, 3000);
	fill_web_waits(b);
	qsort(a->waits, a->n_waits, sizeof(*a->waits), run_wait_order);
	for (size_t i = 0; i < b->n_waits; i++) {
		if (!strcmp(b->waits[i].peer_comm, "postgres"))
			named = b->waits[i].ns;
		if (!strcmp(b->waits[i].syscall, "fsync"))
			b->waits[i].ns = 10; /* shrunk */
	}
	for (size_t i = 0; i < a->n_waits; i++)
		if (!strcmp(a->waits[i].peer_comm, "postgres"))
			a->waits[i].peer_comm[0] = '\0'; /* not known then */
	assert_int_equal(service_window(&w, b, a), 0);
	for (int st = 0; st < NR_STAGES; st++)
		if (stage_rows(&w, st))
			assert_int_equal(stage_rows(&w, st), service_stage_sum(&w, st));
	assert_true(stage_rows(&w, STAGE_SERVICE_NET) > 0);
	row = row_of(&w, "recvfrom", "postgres");
	assert_non_null(row);
	assert_true(row->ns < named); /* what it had without a name is not of this window */
	assert_null(row_of(&w, "fsync", ""));
	row = row_of(&w, "futex", "");
	assert_non_null(row);
	for (size_t i = 1; i < w.n_waits; i++)
		assert_true(run_wait_order(&w.waits[i - 1], &w.waits[i]) <= 0);
	service_window_free(&w);
	run_free(&before);
	run_free(&now);
}

static void a_window_of_a_service(void **state)
{
	struct run before, now;
	struct run_service *a, *b, w = { 0 };

	(void)state;
	fill_run(&before, 1);
	fill_run(&now, 1);
	a = &before.services[0];
	b = &now.services[0];
	fill_event_loop(a, 1000);
	fill_event_loop(b, 1500);
	a->window_s = 4;
	b->window_s = 5.5;
	a->arrivals = 1001;
	b->arrivals = 1502;
	a->in_flight = 2;
	a->in_flight_samples = 1000;
	b->in_flight = 4;
	b->in_flight_samples = 2000;
	a->accept_drops = 3;
	b->accept_drops = 7;
	a->occupancies = 990;
	b->occupancies = 1480;
	a->sum->occupied_square = ~0ull; /* a borrow goes from word to word */
	b->sum->occupied_square = 8;
	b->sum->occupied_square_hi = 1;
	fill_exemplar(b, 100, 10, 90);
	assert_int_equal(service_window(&w, b, a), 0);
	assert_true(w.window_s == 1.5);
	assert_int_equal(w.arrivals, 501);
	assert_true(w.in_flight == 6);
	assert_int_equal(w.in_flight_samples, 1000);
	assert_int_equal(w.accept_drops, 4);
	assert_int_equal(w.occupancies, 490);
	assert_int_equal(w.sum->occupied_square, 9);
	assert_int_equal(w.sum->occupied_square_hi, 0);
	assert_int_equal(service_requests(&w), 500);
	assert_null(w.slowest);
	assert_int_equal(w.n_slowest, 0);
	service_window_free(&w);

	/* nothing was sampled before, or between */
	a->in_flight = NAN;
	a->in_flight_samples = 0;
	assert_int_equal(service_window(&w, b, a), 0);
	assert_true(w.in_flight == 4);
	service_window_free(&w);
	assert_int_equal(service_window(&w, b, b), 0);
	assert_true(isnan(w.in_flight));
	assert_int_equal(service_requests(&w), 0);
	service_window_free(&w);

	/* one that has just come is all new */
	assert_int_equal(service_window(&w, b, NULL), 0);
	assert_int_equal(service_requests(&w), 1500);
	assert_true(w.window_s == 5.5 && w.in_flight == 4);
	service_window_free(&w);

	/* of another trace */
	assert_int_equal(service_window(&w, a, b), -EINVAL);
	assert_null(w.sum);

	assert_ptr_equal(run_find(&now, b->netns, 6379), b);
	assert_null(run_find(&now, b->netns + 1, 6379));
	assert_null(run_find(&now, b->netns, 6380));
	run_free(&before);
	run_free(&now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_difference_is_what_came),
		cmocka_unit_test(nothing_came),
		cmocka_unit_test(waits_of_a_window),
		cmocka_unit_test(a_window_of_a_service),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
