// SPDX-License-Identifier: BSD-2-Clause
/* The histogram: bucket arithmetic at every boundary, and quantiles against a sorted array. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../lib/shard_fill.h"
#include "model/hist.h"

#define LARGEST ((1ull << 42) - 1)

static void every_bucket_holds_exactly_its_values(void **state)
{
	(void)state;
	for (__u32 i = 0; i < HIST_BUCKETS; i++) {
		__u64 low = hist_low(i), high = low + hist_width(i) - 1;

		assert_int_equal(hist_index(low), i);
		assert_int_equal(hist_index(high), i);
		if (i > 0)
			assert_int_equal(hist_low(i - 1) + hist_width(i - 1), low);
	}
}

static void the_range_is_from_0_to_73_minutes(void **state)
{
	(void)state;
	assert_int_equal(hist_index(0), 0);
	assert_int_equal(hist_index(1), 1);
	assert_true(HIST_MAX == LARGEST);
	assert_int_equal(hist_index(LARGEST), HIST_BUCKETS - 1);
	assert_true(hist_low(HIST_BUCKETS - 1) + hist_width(HIST_BUCKETS - 1) - 1 == LARGEST);
	assert_int_equal(hist_index(LARGEST + 1), HIST_BUCKETS - 1);
	assert_int_equal(hist_index(UINT64_MAX), HIST_BUCKETS - 1);
	assert_true(hist_index(3600ull * 1000000000) < HIST_BUCKETS - 1);
}

static void the_middle_is_within_one_percent(void **state)
{
	(void)state;
	for (__u32 i = 1; i < HIST_BUCKETS; i++) {
		double low = hist_low(i), high = low + hist_width(i) - 1, mid = hist_middle(i);

		assert_true(mid >= low && mid <= high);
		assert_true((mid - low) / low <= 1.0 / 128);
		assert_true((high - mid) / high <= 1.0 / 128);
	}
}

static void the_index_never_falls(void **state)
{
	__u64 seed = 1, v, w;

	(void)state;
	for (v = 0; v < 100000; v++)
		assert_true(hist_index(v + 1) - hist_index(v) <= 1);
	for (int i = 0; i < 100000; i++) {
		v = fill_random(&seed) >> (22 + fill_below(&seed, 42));
		w = fill_random(&seed) >> (22 + fill_below(&seed, 42));
		assert_true(v <= w ? hist_index(v) <= hist_index(w) :
				     hist_index(v) >= hist_index(w));
		assert_true(hist_low(hist_index(v)) <= v);
	}
}

static void ranks_are_exact(void **state)
{
	(void)state;
	assert_int_equal(hist_rank(0, Q_P50), 0);
	assert_int_equal(hist_rank(1, Q_P50), 1);
	assert_int_equal(hist_rank(1, 0), 1);
	assert_int_equal(hist_rank(2, Q_P50), 1);
	assert_int_equal(hist_rank(3, Q_P50), 2);
	assert_int_equal(hist_rank(100, 70000), 7);
	assert_int_equal(hist_rank(1000, Q_P99_9), 999);
	assert_int_equal(hist_rank(1001, Q_P99_9), 1000);
	assert_int_equal(hist_rank(1000, Q_MAX), 1000);
	assert_true(hist_rank(UINT64_MAX, Q_MAX) == UINT64_MAX);
	assert_true(hist_rank(1000000ull << 40, Q_P99) == 990000ull << 40);
}

static int by_value(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return x < y ? -1 : x > y;
}

/* n random values over many octaves, a part of them zero, against the sorted array. */
static void check_random(__u64 seed, size_t n, unsigned int zero_percent)
{
	static const __u32 quantiles[] = {
		0, 1, 100000, Q_P50, Q_P90, Q_P99, Q_P99_9, 999999, Q_MAX
	};
	static __u64 cells[HIST_BUCKETS], values[20000];
	__u64 zeros = 0, min = UINT64_MAX, max = 0;

	memset(cells, 0, sizeof(cells));
	for (size_t i = 0; i < n; i++) {
		__u64 v = 1 + (fill_random(&seed) >> (23 + fill_below(&seed, 41)));

		if (fill_below(&seed, 100) < zero_percent) {
			v = 0;
			zeros++;
		} else {
			cells[hist_index(v)]++;
			min = v < min ? v : min;
			max = v > max ? v : max;
		}
		values[i] = v;
	}
	qsort(values, n, sizeof(values[0]), by_value);
	for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++) {
		__u64 rank = hist_rank(n, quantiles[i]), truth = values[rank - 1];
		__u64 got = hist_quantile(cells, zeros, quantiles[i], min, max);

		assert_true((got > truth ? got - truth : truth - got) <= truth / 100);
		if (quantiles[i] == Q_MAX)
			assert_true(got == truth);
	}
}

static void quantiles_of_random_values(void **state)
{
	(void)state;
	for (__u64 seed = 1; seed <= 60; seed++)
		check_random(seed, 1 + seed * 331 % 20000, seed % 4 * 30);
}

static void quantiles_of_few_values(void **state)
{
	__u64 cells[HIST_BUCKETS] = { 0 };

	(void)state;
	assert_int_equal(hist_quantile(cells, 0, Q_P99, 0, 0), 0);
	assert_int_equal(hist_quantile(cells, 10, Q_P99, 0, 0), 0);
	cells[hist_index(1000003)] = 1; /* one value: min and max make every quantile exact */
	assert_int_equal(hist_quantile(cells, 0, Q_P50, 1000003, 1000003), 1000003);
	assert_int_equal(hist_quantile(cells, 1, Q_P50, 1000003, 1000003), 0);
	assert_int_equal(hist_quantile(cells, 1, Q_P90, 1000003, 1000003), 1000003);
}

static void longer_than_the_range(void **state)
{
	__u64 cells[HIST_BUCKETS] = { 0 };

	(void)state;
	cells[hist_index(1ull << 50)] = 1;
	assert_true(hist_quantile(cells, 0, Q_P50, 1ull << 50, 1ull << 50) == 1ull << 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_bucket_holds_exactly_its_values),
		cmocka_unit_test(the_range_is_from_0_to_73_minutes),
		cmocka_unit_test(the_middle_is_within_one_percent),
		cmocka_unit_test(the_index_never_falls),
		cmocka_unit_test(ranks_are_exact),
		cmocka_unit_test(quantiles_of_random_values),
		cmocka_unit_test(quantiles_of_few_values),
		cmocka_unit_test(longer_than_the_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
