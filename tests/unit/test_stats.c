// SPDX-License-Identifier: BSD-2-Clause
/*
 * The rank statistics: against R, and against every arrangement counted one by one.
 * "R" is R 4.2.2: psignrank, qsignrank, pwilcox, qwilcox, wilcox.test, p.adjust, qbinom, acf.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>

#include "../lib/shard_fill.h"
#include "analysis/stats.h"
#include "model/hist.h"

#define SIZE(a) (sizeof(a) / sizeof((a)[0]))

static void close_to(double a, double b)
{
	if (!(fabs(a - b) <= 1e-12 * fmax(1, fabs(b))) && a != b)
		print_error("%.17g instead of %.17g\n", a, b);
	assert_true(fabs(a - b) <= 1e-12 * fmax(1, fabs(b)) || a == b);
}

/*
 * The depression scale factors of nine patients, before and after (HWC table 3.1; R's ?wilcox.test)
 */
static const double before[] = { 1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30 };
static const double after[] = { 0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29 };
/* Permeability constants at term, and at 12 to 26 weeks (HWC table 4.1; R's ?wilcox.test) */
static const double term[] = { 0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46 };
static const double early[] = { 1.15, 0.88, 0.90, 0.74, 1.21 };

static void signed_ranks_as_in_r(void **state)
{
	(void)state;
	close_to(signrank_cdf(8, 3), 5 / 256.0);
	close_to(signrank_cdf(10, 8), 25 / 1024.0);
	close_to(signrank_cdf(16, 25), 0.012481689453125003);
	close_to(signrank_cdf(30, 100), 0.0026913899928331384);
	close_to(signrank_cdf(40, 300), 0.071174259790495853);
	close_to(signrank_cdf(49, 433), 0.0374148627329376);
	close_to(signrank_cdf(8, 36), 1);
	close_to(signrank_cdf(8, 1000), 1);
	close_to(signrank_cdf(100, 5050), 1);
	assert_true(isnan(signrank_cdf(0, 0)) && isnan(signrank_cdf(101, 0)));
}

static void check_ranks(size_t n, double level, __u64 low, __u64 high)
{
	struct ranks r;

	assert_int_equal(signrank_ranks(n, level, &r), 0);
	assert_int_equal(r.low, low);
	assert_int_equal(r.high, high);
	assert_true(r.level >= level - 1e-12);
	if (low)
		close_to(r.level, 1 - 2 * signrank_cdf(n, low - 1));
	assert_true(1 - 2 * signrank_cdf(n, low) < level);
}

/* R: qsignrank((1 - level) / 2, n), with 0 for none; 8, 10 and 16 are what trials are made of. */
static void ranks_of_the_signed_rank_interval(void **state)
{
	static const struct {
		size_t n;
		__u64 low;
	} at_95[] = { { 5, 0 },	  { 6, 1 },   { 7, 3 },	  { 8, 4 },    { 10, 9 },   { 12, 14 },
		      { 16, 30 }, { 20, 53 }, { 25, 90 }, { 30, 138 }, { 40, 265 }, { 49, 416 } },
	  at_975[] = { { 7, 1 }, { 8, 3 }, { 10, 6 }, { 16, 26 }, { 20, 46 }, { 49, 389 } },
	  at_99[] = { { 8, 1 }, { 10, 4 }, { 16, 20 }, { 20, 38 }, { 25, 69 }, { 30, 110 } };
	struct ranks r;

	(void)state;
	for (size_t i = 0; i < SIZE(at_95); i++)
		check_ranks(at_95[i].n, 0.95, at_95[i].low,
			    at_95[i].n * (at_95[i].n + 1) / 2 + 1 - at_95[i].low);
	for (size_t i = 0; i < SIZE(at_975); i++)
		check_ranks(at_975[i].n, 0.975, at_975[i].low,
			    at_975[i].n * (at_975[i].n + 1) / 2 + 1 - at_975[i].low);
	for (size_t i = 0; i < SIZE(at_99); i++)
		check_ranks(at_99[i].n, 0.99, at_99[i].low,
			    at_99[i].n * (at_99[i].n + 1) / 2 + 1 - at_99[i].low);
	check_ranks(8, 0.95, 4, 33);
	check_ranks(10, 0.95, 9, 47);
	check_ranks(16, 0.975, 26, 111);
	signrank_ranks(8, 0.95, &r);
	assert_int_equal(lround(r.level * 1000), 961);
	signrank_ranks(10, 0.95, &r);
	assert_int_equal(lround(r.level * 1000), 951);
	signrank_ranks(16, 0.975, &r);
	assert_int_equal(lround(r.level * 1000), 975);
	assert_int_equal(signrank_ranks(0, 0.95, &r), -EINVAL);
	assert_int_equal(signrank_ranks(8, 1, &r), -EINVAL);
}

static void depression_as_in_r(void **state)
{
	double d[9], with_nan[2] = { 1, NAN };
	struct location l;

	(void)state;
	for (int i = 0; i < 9; i++)
		d[i] = after[i] - before[i];
	assert_int_equal(paired_location(d, 9, 0.95, &l), 0);
	close_to(l.estimate, -0.46);
	close_to(l.low, -0.786);
	close_to(l.high, -0.01);
	close_to(l.p, 0.0390625);
	assert_int_equal(paired_location(with_nan, 2, 0.95, &l), -EDOM);
	assert_true(isnan(signrank_p(with_nan, 2)));
}

/* Pratt's mid-ranks, over every choice of signs */
static double slow_signrank_p(const double *x, int n)
{
	double rank[16], t = 0, low = 0, high = 0;
	int signs = 0, which[16];

	for (int i = 0; i < n; i++) {
		rank[i] = 0.5;
		for (int j = 0; j < n; j++)
			rank[i] += fabs(x[j]) < fabs(x[i]) ? 1 : fabs(x[j]) == fabs(x[i]) ? 0.5 : 0;
		if (x[i] != 0)
			which[signs++] = i;
		if (x[i] > 0)
			t += rank[i];
	}
	for (int mask = 0; mask < 1 << signs; mask++) {
		double sum = 0;

		for (int i = 0; i < signs; i++)
			sum += mask >> i & 1 ? rank[which[i]] : 0;
		low += sum <= t;
		high += sum >= t;
	}
	return fmin(1, 2 * fmin(low, high) / (1 << signs));
}

static void signed_ranks_counted_one_by_one(void **state)
{
	__u64 seed = 5;
	double x[12];

	(void)state;
	for (int round = 0; round < 400; round++) {
		int n = 1 + fill_below(&seed, 12), values = 2 + fill_below(&seed, 20);

		for (int i = 0; i < n; i++)
			x[i] = (double)fill_below(&seed, values) - values / 2;
		if (round % 5 == 0)
			x[0] = round % 2 ? INFINITY : -INFINITY;
		close_to(signrank_p(x, n), slow_signrank_p(x, n));
	}
	for (int i = 0; i < 12; i++)
		x[i] = 0;
	close_to(signrank_p(x, 12), 1);
}

static void timeouts_keep_their_rank(void **state)
{
	double x[8] = { 0.1, 0.2, 0.3, 0.4, 0.5, INFINITY, INFINITY, 0.6 }, y[4], z[4];
	struct location l;

	(void)state;
	assert_int_equal(paired_location(x, 8, 0.95, &l), 0);
	close_to(l.p, 2 / 256.0);
	assert_true(isinf(l.high) && l.low > 0 && isfinite(l.low));
	/* a timeout on either side: no average, against the interval at both ends */
	x[0] = -INFINITY;
	assert_int_equal(paired_location(x, 8, 0.95, &l), 0);
	assert_true(l.low == -INFINITY && l.high == INFINITY && isfinite(l.estimate));
	for (int i = 0; i < 4; i++) {
		y[i] = i;
		z[i] = i == 3 ? INFINITY : 10 + i;
	}
	assert_int_equal(shift_location(y, 4, z, 4, 0.95, &l), 0);
	close_to(l.p, 2 / 70.0);
	close_to(l.low, 7);
	assert_true(isinf(l.high));
	y[3] = INFINITY;
	assert_int_equal(shift_location(y, 4, z, 4, 0.95, &l), 0);
	assert_true(l.low == -INFINITY && isinf(l.high));
	assert_int_equal(shift_location((double[]){ 0 }, 1, (double[]){ -INFINITY, INFINITY }, 2,
					0.95, &l),
			 0);
	close_to(l.estimate, 0);
}

/* What has no average or difference counts against both ends, wherever the others lie. */
static void what_is_undefined_is_beyond_both_ends(void **state)
{
	double x[20], y[10], z[10], all[210];
	struct location l;

	(void)state;
	for (int sign = -1; sign <= 1; sign += 2) {
		for (int i = 0; i < 20; i++)
			x[i] = i < 2 ? (i ? INFINITY : -INFINITY) : sign * (100 + i * i);
		assert_int_equal(paired_location(x, 20, 0.95, &l), 0);
		assert_int_equal(walsh_averages(x, 20, -INFINITY, all), 1);
		close_to(l.low, all[53 - 1]);
		assert_int_equal(walsh_averages(x, 20, INFINITY, all), 1);
		close_to(l.high, all[210 - 53]);
		/* 9 differences are -INFINITY, 9 INFINITY, one is none: ranks 24 and 77 of 100 */
		for (int i = 0; i < 10; i++) {
			y[i] = i ? 100 * i : INFINITY;
			z[i] = i ? i + sign * 5000 : INFINITY;
		}
		assert_int_equal(shift_location(y, 10, z, 10, 0.95, &l), 0);
		close_to(l.low, sign * 5000 - 100 * 8 + 5);  /* the 14th finite one */
		close_to(l.high, sign * 5000 - 100 * 2 + 5); /* the 14th from above */
	}
}

static void rank_sums_as_in_r(void **state)
{
	static const struct {
		size_t m, n;
		__u64 low;
	} at_95[] = { { 3, 3, 0 }, { 4, 4, 1 }, { 5, 5, 3 },	{ 8, 8, 14 },	{ 10, 10, 24 },
		      { 4, 9, 5 }, { 3, 5, 1 }, { 20, 15, 91 }, { 45, 49, 844 } };
	struct ranks r;

	(void)state;
	close_to(ranksum_cdf(4, 4, 0), 1 / 70.0);
	close_to(ranksum_cdf(5, 5, 2), 0.015873015873015872);
	close_to(ranksum_cdf(10, 10, 23), 0.021628526272489117);
	close_to(ranksum_cdf(4, 9, 10), 0.13006993006993006);
	close_to(ranksum_cdf(20, 15, 100), 0.049688559820732822);
	close_to(ranksum_cdf(45, 49, 900), 0.063351230522384255);
	close_to(ranksum_cdf(4, 4, 16), 1);
	for (size_t i = 0; i < SIZE(at_95); i++) {
		assert_int_equal(ranksum_ranks(at_95[i].m, at_95[i].n, 0.95, &r), 0);
		assert_int_equal(r.low, at_95[i].low);
		assert_int_equal(r.high, at_95[i].m * at_95[i].n + 1 - r.low);
	}
	close_to(ranksum_least_p(3, 3), 0.1);
	close_to(ranksum_least_p(4, 4), 2 / 70.0);
	close_to(ranksum_least_p(1, 1), 1);
	assert_int_equal(ranksum_ranks(0, 3, 0.95, &r), -EINVAL);
	assert_int_equal(ranksum_ranks(3, 101, 0.95, &r), -EINVAL);
}

static void permeability_as_in_r(void **state)
{
	struct location l;

	(void)state;
	assert_int_equal(shift_location(early, 5, term, 10, 0.95, &l), 0);
	close_to(l.estimate, 0.305);
	close_to(l.low, -0.15);
	close_to(l.high, 0.76);
	close_to(l.p, 0.2544122544122544);
	assert_int_equal(shift_location(early, 5, term, 10, 0.9, &l), 0);
	close_to(l.low, -0.08);
	close_to(l.high, 0.72);
	assert_true(l.level >= 0.9 && l.level < 0.95);
}

/* Mid-ranks over every choice of m from all */
static double slow_ranksum_p(const double *v, int m, int all)
{
	double rank[16], t = 0, low = 0, high = 0, choices = 0;

	for (int i = 0; i < all; i++) {
		rank[i] = 0.5;
		for (int j = 0; j < all; j++)
			rank[i] += v[j] < v[i] ? 1 : v[j] == v[i] ? 0.5 : 0;
		t += i < m ? rank[i] : 0;
	}
	for (int mask = 0; mask < 1 << all; mask++) {
		double sum = 0;

		if (__builtin_popcount(mask) != m)
			continue;
		for (int i = 0; i < all; i++)
			sum += mask >> i & 1 ? rank[i] : 0;
		low += sum <= t;
		high += sum >= t;
		choices++;
	}
	return fmin(1, 2 * fmin(low, high) / choices);
}

static void rank_sums_counted_one_by_one(void **state)
{
	__u64 seed = 6;
	double v[12];

	(void)state;
	for (int round = 0; round < 300; round++) {
		int m = 1 + fill_below(&seed, 6), n = 1 + fill_below(&seed, 6);
		int values = 2 + fill_below(&seed, 30);

		for (int i = 0; i < m + n; i++)
			v[i] = fill_below(&seed, values);
		if (round % 5 == 0)
			v[0] = INFINITY;
		close_to(ranksum_p(v, m, v + m, n), slow_ranksum_p(v, m, m + n));
	}
}

static void holm_as_in_r(void **state)
{
	double p[] = { 0.04, 0.001, 0.03, 0.2, NAN, 0.005 }, q[] = { 0.01, 0.02, 0.03, 0.04 };

	(void)state;
	assert_int_equal(holm_adjust(p, 6), 0);
	close_to(p[0], 0.09);
	close_to(p[1], 0.005);
	close_to(p[2], 0.09);
	close_to(p[3], 0.2);
	assert_true(isnan(p[4]));
	close_to(p[5], 0.02);
	assert_int_equal(holm_adjust(q, 4), 0);
	close_to(q[0], 0.04);
	close_to(q[1], 0.06);
	close_to(q[2], 0.06);
	close_to(q[3], 0.06);
	assert_int_equal(holm_adjust(p, STATS_MAX_N + 1), -EINVAL);
}

static void check_quantile(__u64 n, __u32 q, __u64 low, __u64 high)
{
	struct ranks r;

	assert_int_equal(quantile_ranks(n, q, 0.95, &r), 0);
	assert_int_equal(r.low, low);
	assert_int_equal(r.high, high);
	if (low > 0 && high <= n)
		assert_true(r.level >= 0.95);
}

/* R: low = qbinom(0.025, n, q), high = qbinom(0.975, n, q) + 1 */
static void ranks_of_quantiles_as_in_r(void **state)
{
	struct ranks r;

	(void)state;
	check_quantile(100, Q_P50, 40, 61);
	check_quantile(20, Q_P50, 6, 15);
	check_quantile(1000, Q_P99, 983, 997);
	check_quantile(5000, Q_P99_9, 4990, 5000);
	check_quantile(36, Q_P90, 29, 36);
	check_quantile(368, Q_P99, 360, 368);
	check_quantile(1000000, Q_P99_9, 998938, 999062);
	check_quantile(5, Q_P50, 0, 6); /* 2 / 2^5 is too much */
	check_quantile(6, Q_P50, 1, 6);
	check_quantile(1, Q_P99_9, 1, 2); /* one value lies below the p99.9 at 99.9 % */
	assert_int_equal(quantile_ranks(0, Q_P50, 0.95, &r), -EINVAL);
	assert_int_equal(quantile_ranks(10, 0, 0.95, &r), -EINVAL);
	assert_int_equal(quantile_ranks(10, Q_MAX, 0.95, &r), -EINVAL);
}

static void fewest_values_for_a_bound(void **state)
{
	static const __u32 quantiles[] = { Q_P50, Q_P90, Q_P99, Q_P99_9 };
	static const __u64 least[] = { 6, 36, 368, 3688 };
	struct ranks r;

	(void)state;
	for (size_t i = 0; i < SIZE(least); i++) {
		assert_int_equal(quantile_least_n(quantiles[i], 0.95), least[i]);
		quantile_ranks(least[i], quantiles[i], 0.95, &r);
		assert_int_equal(r.high, least[i]);
		quantile_ranks(least[i] - 1, quantiles[i], 0.95, &r);
		assert_int_equal(r.high, least[i]); /* one past the last */
	}
	assert_int_equal(quantile_least_n(Q_MAX, 0.95), 0);
}

/* R's data set lh; acf(lh) = 1, 0.5755, 0.1818, -0.1448, -0.1748, -0.1497 ...: two pairs count */
static void effective_size_of_lh(void **state)
{
	static const double lh[] = { 2.4, 2.4, 2.4, 2.2, 2.1, 1.5, 2.3, 2.3, 2.5, 2.0, 1.9, 1.7,
				     2.2, 1.8, 3.2, 3.2, 2.7, 2.2, 2.2, 1.9, 1.9, 1.8, 2.7, 3.0,
				     2.3, 2.0, 2.0, 2.9, 2.9, 2.7, 2.7, 2.3, 2.6, 2.4, 1.8, 1.7,
				     1.5, 1.4, 2.1, 3.3, 3.5, 3.5, 3.1, 2.6, 2.1, 3.4, 3.0, 2.9 };
	double pairs = 1 + 0.5755244755244755 + 0.18181818181818182 - 0.14475524475524471;

	(void)state;
	close_to(effective_size(lh, 48), 48 / (2 * pairs - 1));
	assert_true(isnan(effective_size(lh, 3)));
	close_to(effective_size((double[]){ 1, 1, 1, 1 }, 4), 4);
	close_to(effective_size((double[]){ 1, 2, 1, 2, 1, 2 }, 6), 6);
}

static double normal(__u64 *seed)
{
	double u = ((fill_random(seed) >> 11) + 0.5) * 0x1p-53, v = fill_random(seed) * 0x1p-64;

	return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

/* An AR(1) series of n is worth n (1 - a) / (1 + a). */
static void effective_size_of_an_ar1(void **state)
{
	static double x[20000];
	__u64 seed = 7;

	(void)state;
	for (int k = 0; k < 4; k++) {
		double a = k * 0.3, truth = SIZE(x) * (1 - a) / (1 + a);

		x[0] = normal(&seed);
		for (size_t i = 1; i < SIZE(x); i++)
			x[i] = a * x[i - 1] + sqrt(1 - a * a) * normal(&seed);
		assert_true(fabs(effective_size(x, SIZE(x)) / truth - 1) < 0.15);
	}
}

/* Independent requests are worth themselves; when each comes with 4 like it, a fifth. */
static void effective_requests_of_clusters(void **state)
{
	static double count[400], above[400];
	__u64 seed = 8;
	double worth;

	(void)state;
	for (int cluster = 1; cluster <= 5; cluster += 4) {
		for (size_t i = 0; i < SIZE(count); i++) {
			count[i] = 1000;
			above[i] = 0;
			for (int k = 0; k < 1000 / cluster; k++)
				above[i] += fill_below(&seed, 100) == 0 ? cluster : 0;
		}
		worth = effective_requests(count, above, SIZE(count), Q_P99);
		assert_true(fabs(worth * cluster / 400000 - 1) < 0.25);
		assert_true(worth <= 400000);
	}
	for (size_t i = 0; i < SIZE(above); i++) /* more even than chance: no gain */
		above[i] = i % 2 ? 9 : 11;
	close_to(effective_requests(count, above, SIZE(count), Q_P99), 400000);
	memset(above, 0, sizeof(above));
	assert_true(isnan(effective_requests(count, above, SIZE(count), Q_P99)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signed_ranks_as_in_r),
		cmocka_unit_test(ranks_of_the_signed_rank_interval),
		cmocka_unit_test(depression_as_in_r),
		cmocka_unit_test(signed_ranks_counted_one_by_one),
		cmocka_unit_test(timeouts_keep_their_rank),
		cmocka_unit_test(what_is_undefined_is_beyond_both_ends),
		cmocka_unit_test(rank_sums_as_in_r),
		cmocka_unit_test(permeability_as_in_r),
		cmocka_unit_test(rank_sums_counted_one_by_one),
		cmocka_unit_test(holm_as_in_r),
		cmocka_unit_test(ranks_of_quantiles_as_in_r),
		cmocka_unit_test(fewest_values_for_a_bound),
		cmocka_unit_test(effective_size_of_lh),
		cmocka_unit_test(effective_size_of_an_ar1),
		cmocka_unit_test(effective_requests_of_clusters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
