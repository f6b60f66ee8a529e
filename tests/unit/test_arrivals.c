/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "load/arrivals.h"

#define NS 1e-9

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/*
 * The distance of Kolmogorov and Smirnov from the uniform distribution on 0..1, times sqrt(n): above
 * 1.95 it is by chance once in 1,000 (Stephens 1970: (sqrt n + 0.12 + 0.11/sqrt n) D).
 */
static double ks(double *x, size_t n)
{
	double d = 0, root = sqrt(n);

	qsort(x, n, sizeof(*x), by_value);
	for (size_t i = 0; i < n; i++) {
		d = fmax(d, (i + 1.0) / n - x[i]);
		d = fmax(d, x[i] - (double)i / n);
	}
	return (root + 0.12 + 0.11 / root) * d;
}

/* All arrivals of a profile, of all its threads, in order. */
static size_t draw(const struct profile *p, bool poisson, uint64_t seed, unsigned threads,
		   double *at, size_t room)
{
	size_t n = 0;

	for (unsigned t = 0; t < threads; t++) {
		struct arrivals a;
		uint64_t last = 0, next;

		arrivals_start(&a, p, poisson, seed, t, threads);
		while ((next = arrivals_next(&a)) != UINT64_MAX) {
			assert_true(next >= last);
			assert_true(n < room);
			last = next;
			at[n++] = next * NS;
		}
	}
	qsort(at, n, sizeof(*at), by_value);
	return n;
}

enum { ROOM = 100000 };
static double at[ROOM], gap[ROOM];

/* 20 seeds, gaps and places, 1 and 4 threads: of 80 tests at 1 in 10,000 (2.23) none fails by chance. */
static void poisson_is_poisson(void **state)
{
	struct profile p;
	double total = 0;

	(void)state;
	assert_int_equal(profile_even(&p, 1000, 20), 0);
	for (uint64_t seed = 0; seed < 20; seed++)
		for (unsigned threads = 1; threads <= 4; threads += 3) {
			size_t n = draw(&p, true, seed, threads, at, ROOM);

			total += n;
			/* 20,000 on average, deviation 141 */
			assert_true(fabs(n - 20000.0) < 5 * 141);
			for (size_t i = 0; i + 1 < n; i++)
				gap[i] = -expm1(-1000 * (at[i + 1] - at[i]));
			assert_true(ks(gap, n - 1) < 2.23);
			for (size_t i = 0; i < n; i++)
				at[i] /= 20;
			assert_true(ks(at, n) < 2.23);
		}
	/* 40 x 20,000: deviation 894 */
	assert_true(fabs(total - 800000) < 4 * 894);
	profile_free(&p);
}

/* Gaps must not go with the ones before: the correlation of neighbours is 0, deviation 1/sqrt(n). */
static void gaps_are_independent(void **state)
{
	struct profile p;
	double sum = 0, square = 0, pairs = 0, mean;
	size_t n;

	(void)state;
	assert_int_equal(profile_even(&p, 1000, 50), 0);
	n = draw(&p, true, 42, 3, at, ROOM) - 1;
	for (size_t i = 0; i < n; i++) {
		gap[i] = at[i + 1] - at[i];
		sum += gap[i];
		square += gap[i] * gap[i];
	}
	mean = sum / n;
	for (size_t i = 0; i + 1 < n; i++)
		pairs += (gap[i] - mean) * (gap[i + 1] - mean);
	assert_true(fabs(pairs / (square - n * mean * mean)) < 5 / sqrt(n));
	profile_free(&p);
}

static void a_seed_is_a_schedule(void **state)
{
	struct profile p;
	size_t n, m, same = 0;

	(void)state;
	assert_int_equal(profile_even(&p, 500, 10), 0);
	n = draw(&p, true, 7, 2, at, ROOM);
	m = draw(&p, true, 7, 2, gap, ROOM);
	assert_int_equal(n, m);
	assert_memory_equal(at, gap, n * sizeof(*at));
	m = draw(&p, true, 8, 2, gap, ROOM);
	for (size_t i = 0; i < n && i < m; i++)
		same += at[i] == gap[i];
	assert_int_equal(same, 0);
	profile_free(&p);
}

static void constant_is_even(void **state)
{
	static const double rates[] = { 0.5, 10, 333, 4999.5 };
	struct profile p;

	(void)state;
	for (size_t r = 0; r < 4; r++)
		for (unsigned threads = 1; threads <= 3; threads++) {
			size_t n;

			assert_int_equal(profile_even(&p, rates[r], 10), 0);
			n = draw(&p, false, 1, threads, at, ROOM);
			assert_int_equal(n, lround(rates[r] * 10));
			for (size_t i = 0; i < n; i++)
				assert_float_equal(at[i], (i + 0.5) / rates[r], 3e-9);
			profile_free(&p);
		}
}

static size_t between(size_t n, double from, double to)
{
	size_t in = 0;

	for (size_t i = 0; i < n; i++)
		in += at[i] >= from && at[i] < to;
	return in;
}

static void profiles(void **state)
{
	struct profile p;
	struct err e = { 0 };
	size_t n;

	(void)state;
	assert_int_equal(profile_parse(&p, "step 1000 3000 500 2s", 99, &e), 0);
	assert_float_equal(p.length, 10, 1e-9);
	assert_float_equal(p.total, 20000, 1e-6);
	n = draw(&p, false, 1, 1, at, ROOM);
	assert_int_equal(n, 20000);
	for (int i = 0; i < 5; i++)
		assert_int_equal(between(n, 2 * i, 2 * i + 2), 2000 + 1000 * i);
	profile_free(&p);

	assert_int_equal(profile_parse(&p, "step 3000 1000 1000 1", 99, &e), 0);
	n = draw(&p, false, 1, 2, at, ROOM);
	assert_int_equal(between(n, 0, 1), 3000);
	assert_int_equal(between(n, 2, 3), 1000);
	profile_free(&p);

	assert_int_equal(profile_parse(&p, "ramp 0 1k 10", 99, &e), 0);
	n = draw(&p, false, 1, 1, at, ROOM);
	assert_int_equal(n, 5000);
	for (int i = 0; i < 10; i++) /* 100 (i + 1/2) */
		assert_in_range(between(n, i, i + 1), 100 * i + 49, 100 * i + 51);
	profile_free(&p);

	assert_int_equal(profile_parse(&p, "burst 100 5000 1 0.1s", 3, &e), 0);
	n = draw(&p, false, 1, 1, at, ROOM);
	assert_int_equal(n, 3 * (500 + 90));
	for (int i = 0; i < 3; i++)
		assert_int_equal(between(n, i, i + 0.1), 500);
	profile_free(&p);

	assert_int_equal(profile_parse(&p, "burst 0 5000 1 0.1", 3, &e), 0);
	assert_int_equal(draw(&p, false, 1, 1, at, ROOM), 1500);
	profile_free(&p);
}

static void warm_up_is_at_the_first_rate(void **state)
{
	struct profile p;
	struct err e = { 0 };
	size_t n;

	(void)state;
	assert_int_equal(profile_parse(&p, "ramp 100 300 2", 0, &e), 0);
	assert_int_equal(profile_warm_up(&p, 3), 0);
	n = draw(&p, false, 1, 1, at, ROOM);
	assert_int_equal(between(n, 0, 3), 300);
	assert_int_equal(n, 700);
	profile_free(&p);
}

static void expected_and_time_are_inverse(void **state)
{
	struct profile p;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(profile_parse(&p, "ramp 500 20 7", 0, &e), 0);
	for (double t = 0; t < 7; t += 0.01)
		assert_float_equal(profile_time(&p, profile_expected(&p, t)), t, 1e-9);
	assert_true(isinf(profile_time(&p, p.total)));
	profile_free(&p);
}

static void bad_profiles(void **state)
{
	static const char *const bad[] = {
		"",
		"step",
		"step 1 2 3",
		"step 1 2 0 1",
		"step 1 2 1 0",
		"step 1 2 1 1 1",
		"step a 2 1 1",
		"step 1 -2 1 1",
		"ramp 1 2",
		"ramp 0 0 5",
		"ramp 1 2 0",
		"burst 1 2 3",
		"burst 1 2 1 1",
		"burst 1 2 1 0",
		"sine 1 2 3",
		"step 1 1e9 1 1",
		"step 0 10M 1 1",
		"ramp 1 20M 1",
		"burst 0 0 1 .5",
	};
	struct profile p;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct err e = { 0 };

		if (profile_parse(&p, bad[i], 10, &e) != -EINVAL || e.status != EXIT_USAGE)
			fail_msg("taken: '%s'", bad[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(poisson_is_poisson),
		cmocka_unit_test(gaps_are_independent),
		cmocka_unit_test(a_seed_is_a_schedule),
		cmocka_unit_test(constant_is_even),
		cmocka_unit_test(profiles),
		cmocka_unit_test(warm_up_is_at_the_first_rate),
		cmocka_unit_test(expected_and_time_are_inverse),
		cmocka_unit_test(bad_profiles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
