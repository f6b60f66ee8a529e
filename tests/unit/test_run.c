// SPDX-License-Identifier: BSD-2-Clause
/* Reading a run: everything that must add up does, over hand-made shards. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../lib/shard_fill.h"
#include "model/run.h"

#define KEPT 5000

/* Random requests, remembered, so that every figure can be computed a second time. */
struct fixture {
	struct run_service s;
	__u64 latency[KEPT];
	__u64 stage[KEPT][NR_STAGES];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	__u64 seed = 42;

	if (!f)
		return -1;
	f->s.sum = fill_shard();
	f->s.window_s = 2.5;
	f->s.in_flight = NAN;
	for (int i = 0; i < KEPT; i++) {
		for (int st = 0; st < NR_STAGES - 1; st++) /* the last stage stays zero */
			if (fill_below(&seed, 3) == 0)
				f->stage[i][st] = fill_random(&seed) >>
						  (32 + fill_below(&seed, 20));
		f->stage[i][STAGE_SERVICE_CPU] += 1000;
		f->latency[i] = fill_request(f->s.sum, f->stage[i]);
	}
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	free(f->s.sum);
	free(f);
	return 0;
}

#define assert_near(a, b) assert_true(fabs((a) - (b)) <= 1e-12 * fabs(b))

static void stage_means_add_up_to_the_latency_mean(void **state)
{
	struct fixture *f = *state;
	struct dist latency, stage;
	double total = 0, share = 0, truth = 0;

	for (int i = 0; i < KEPT; i++)
		truth += f->latency[i];
	service_latency(&f->s, &latency);
	for (int st = 0; st < NR_STAGES; st++) {
		service_stage(&f->s, st, &stage);
		total += stage.mean;
		share += stage.share;
	}
	assert_near(latency.mean, truth / KEPT);
	assert_near(total, latency.mean);
	assert_near(share, 1.0);
}

static int by_value(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return x < y ? -1 : x > y;
}

static void check_dist(const struct dist *d, __u64 *sorted)
{
	const __u64 got[] = { d->p50, d->p90, d->p99, d->p99_9 };
	const int rank[] = { KEPT / 2, KEPT / 10 * 9, KEPT / 100 * 99, KEPT / 1000 * 999 };

	qsort(sorted, KEPT, sizeof(*sorted), by_value);
	for (int i = 0; i < 4; i++) {
		double truth = sorted[rank[i] - 1];

		assert_true(fabs(got[i] - truth) <= truth / 100);
	}
	assert_true(d->max == sorted[KEPT - 1]);
	assert_true(d->min <= sorted[0] && sorted[0] - d->min <= sorted[0] / 64);
}

static void quantiles_count_the_zeros(void **state)
{
	struct fixture *f = *state;
	__u64 sorted[KEPT], nonzero;
	struct dist d;

	service_latency(&f->s, &d);
	memcpy(sorted, f->latency, sizeof(sorted));
	check_dist(&d, sorted);
	assert_true(d.min == sorted[0] && d.count == KEPT);
	for (int st = 0; st < NR_STAGES; st++) {
		nonzero = 0;
		for (int i = 0; i < KEPT; i++) {
			sorted[i] = f->stage[i][st];
			nonzero += sorted[i] > 0;
		}
		service_stage(&f->s, st, &d);
		assert_true(d.count == nonzero);
		check_dist(&d, sorted);
	}
}

/* The row's requests are those in the quantile's bucket, and its figures are their exact means. */
static void anatomy_rows_add_up(void **state)
{
	const int rank[] = { KEPT / 2, KEPT / 10 * 9, KEPT / 100 * 99, KEPT / 1000 * 999, KEPT };
	struct fixture *f = *state;
	struct anatomy_row rows[ANATOMY_ROWS];
	__u64 sorted[KEPT];

	memcpy(sorted, f->latency, sizeof(sorted));
	qsort(sorted, KEPT, sizeof(*sorted), by_value);
	service_anatomy(&f->s, rows);
	for (int r = 0; r < ANATOMY_ROWS; r++) {
		__u32 bucket = hist_index(sorted[rank[r] - 1]) / 2;
		double stage[NR_STAGES] = { 0 }, total = 0;
		__u64 n = 0;

		for (int i = 0; i < KEPT; i++) {
			if (hist_index(f->latency[i]) / 2 != bucket)
				continue;
			n++;
			for (int st = 0; st < NR_STAGES; st++)
				stage[st] += f->stage[i][st];
		}
		assert_true(rows[r].requests == n && n > 0);
		for (int st = 0; st < NR_STAGES; st++) {
			assert_near(rows[r].stage_ns[st], stage[st] / n);
			total += rows[r].stage_ns[st];
		}
		assert_near(total, rows[r].latency_ns);
		assert_true(fabs(total - sorted[rank[r] - 1]) <= 0.032 * total);
	}
	assert_string_equal(rows[0].at, "p50");
	assert_string_equal(rows[4].at, "max");
}

static void the_tail_is_the_slowest_requests(void **state)
{
	struct fixture *f = *state;
	struct anatomy_row tail, all;
	struct dist d;
	double total = 0;

	service_tail(&f->s, 0, &all);
	service_latency(&f->s, &d);
	assert_true(all.requests == KEPT);
	assert_near(all.latency_ns, d.mean);
	service_tail(&f->s, 990000, &tail);
	assert_true(tail.requests >= KEPT / 100 && tail.requests < KEPT / 50);
	assert_true(tail.latency_ns > d.p99 * 0.97);
	for (int st = 0; st < NR_STAGES; st++)
		total += tail.stage_ns[st];
	assert_near(total, tail.latency_ns);
}

static void shards_add_up(void **state)
{
	struct fixture *f = *state;
	struct lvt_shard *half[2] = { fill_shard(), fill_shard() }, *sum = fill_shard();

	for (int i = 0; i < KEPT; i++)
		fill_request(half[i % 2], f->stage[i]);
	half[0]->bytes_in = f->s.sum->bytes_in = 7;
	half[1]->batch_messages = f->s.sum->batch_messages = 5;
	shard_add(sum, half[1]); /* an empty one must not make the minimum zero */
	shard_add(sum, half[0]);
	assert_memory_equal(sum, f->s.sum, sizeof(*sum));
	free(half[0]);
	free(half[1]);
	free(sum);
}

/* The members of a shard are all added, whatever is put in them: none is forgotten. */
static void no_member_is_forgotten(void **state)
{
	struct lvt_shard *src = fill_shard(), *dst = fill_shard();
	__u64 *cells = (__u64 *)src;

	(void)state;
	for (size_t i = 0; i < sizeof(*src) / sizeof(__u64); i++)
		cells[i] = i + 1;
	shard_add(dst, src);
	assert_memory_equal(dst, src, sizeof(*dst));
	free(src);
	free(dst);
}

static void littles_law_is_a_check(void **state)
{
	struct fixture *f = *state;
	struct littles_law l;
	struct dist d;

	service_latency(&f->s, &d);
	service_littles_law(&f->s, &l);
	assert_near(l.lambda_rps, KEPT / 2.5);
	assert_near(l.predicted, KEPT / 2.5 * d.mean / 1e9);
	assert_true(isnan(l.sampled) && isnan(l.relative_error));
	f->s.in_flight = 3;
	service_littles_law(&f->s, &l);
	assert_near(l.sampled, 3.0);
	assert_near(l.relative_error, fabs(3.0 - l.predicted) / l.predicted);
}

static void nothing_is_not_zero(void **state)
{
	struct run_service s = { .sum = fill_shard(), .window_s = 1, .in_flight = NAN };
	struct anatomy_row rows[ANATOMY_ROWS];
	struct littles_law l;
	struct dist d;

	(void)state;
	service_latency(&s, &d);
	assert_true(d.count == 0 && isnan(d.mean) && isnan(d.share));
	service_stage(&s, STAGE_SERVICE_CPU, &d);
	assert_true(d.count == 0 && isnan(d.mean) && isnan(d.share));
	service_anatomy(&s, rows);
	assert_true(rows[2].requests == 0 && isnan(rows[2].latency_ns));
	service_littles_law(&s, &l);
	assert_true(l.lambda_rps == 0 && isnan(l.predicted) && isnan(l.relative_error));
	assert_true(isnan(service_plain_share(&s)));
	s.window_s = 0;
	assert_true(isnan(service_rps(&s)));
	free(s.sum);
}

/* Sums near 2^63 in several stages are more than 64 bits hold together. */
static void huge_sums(void **state)
{
	struct run_service s = { .sum = fill_shard(), .window_s = 1, .in_flight = NAN };
	struct dist d;

	(void)state;
	s.sum->latency[HIST_BUCKETS - 1] = 1ull << 22;
	for (int st = 0; st < 4; st++) {
		s.sum->anatomy[ANATOMY_BUCKETS - 1][st] = 1ull << 63;
		s.sum->stage[st][hist_index(1ull << 41)] = 1ull << 22;
		s.sum->stage_max[st] = 1ull << 41;
	}
	service_latency(&s, &d);
	assert_near(d.mean, 0x1p43);
	service_stage(&s, 2, &d);
	assert_near(d.mean, 0x1p41);
	assert_near(d.share, 0.25);
	free(s.sum);
}

static void loss_is_the_loss_counters(void **state)
{
	struct run r = { 0 };

	(void)state;
	assert_int_equal(run_loss(&r), 0);
	r.counters[COUNTER_LOST_SWITCH] = 1000;
	r.counters[COUNTER_EARLY_WAKE] = 1000;
	assert_int_equal(run_loss(&r), 0);
	r.counters[COUNTER_CONN_STORAGE] = 3;
	r.counters[COUNTER_RECURSION] = 4;
	assert_int_equal(run_loss(&r), 7);
}

static void names_are_those_of_the_tables(void **state)
{
	(void)state;
	assert_string_equal(stage_name(STAGE_QUEUE_RUNQ), "queue.runq");
	assert_string_equal(stage_name(NR_STAGES - 1), "unattributed");
	assert_string_equal(counter_name(COUNTER_LOST_SWITCH), "lost_switch");
	assert_int_equal(counter_kind(COUNTER_LOST_SWITCH), COUNTER_KIND_GAP);
	assert_int_equal(counter_kind(COUNTER_OPEN_AT_END), COUNTER_KIND_NOTE);
	for (int st = 0; st < NR_STAGES; st++)
		assert_true(stage_name(st) && stage_meaning(st));
	for (int c = 0; c < NR_COUNTERS; c++)
		assert_true(counter_name(c) && counter_meaning(c));
}

static void a_run_is_freed(void **state)
{
	struct run r = { .n_services = 1, .n_untraced = 1 };

	(void)state;
	r.services = calloc(1, sizeof(*r.services));
	r.services[0].sum = fill_shard();
	r.untraced = calloc(1, sizeof(*r.untraced));
	r.untraced[0] = strdup("sshd:22");
	run_free(&r);
	assert_true(!r.services && !r.untraced && r.n_services == 0);
	run_free(&r);
	run_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(stage_means_add_up_to_the_latency_mean, setup,
						teardown),
		cmocka_unit_test_setup_teardown(quantiles_count_the_zeros, setup, teardown),
		cmocka_unit_test_setup_teardown(anatomy_rows_add_up, setup, teardown),
		cmocka_unit_test_setup_teardown(the_tail_is_the_slowest_requests, setup, teardown),
		cmocka_unit_test_setup_teardown(shards_add_up, setup, teardown),
		cmocka_unit_test(no_member_is_forgotten),
		cmocka_unit_test_setup_teardown(littles_law_is_a_check, setup, teardown),
		cmocka_unit_test(nothing_is_not_zero),
		cmocka_unit_test(huge_sums),
		cmocka_unit_test(loss_is_the_loss_counters),
		cmocka_unit_test(names_are_those_of_the_tables),
		cmocka_unit_test(a_run_is_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
