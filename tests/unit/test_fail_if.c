// SPDX-License-Identifier: BSD-2-Clause
/* The expressions of --fail-if: which are understood, and what they answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <string.h>

#include "analysis/compare.h"

static struct fail_if parse(const char *text)
{
	struct err e = { 0 };
	struct fail_if f;
	int err = fail_if_parse(text, &f, &e);

	if (err)
		print_error("%s: %s\n", e.message, e.hint);
	assert_int_equal(err, 0);
	return f;
}

static void check(const char *text, enum compare_metric m, bool less, bool or_equal, bool absolute,
		  double bound)
{
	struct fail_if f = parse(text);

	assert_int_equal(f.metric, m);
	assert_int_equal(f.less, less);
	assert_int_equal(f.or_equal, or_equal);
	assert_int_equal(f.absolute, absolute);
	assert_true(fabs(f.bound - bound) < 1e-9 * fmax(1, bound));
}

static void what_is_understood(void **state)
{
	(void)state;
	check("p99>+5%", COMPARE_P99, false, false, false, 1.05);
	check("p99.9>=+0.5%", COMPARE_P99_9, false, true, false, 1.005);
	check(" p50 <= -10 % ", COMPARE_P50, true, true, false, 0.9);
	check("throughput<-10%", COMPARE_THROUGHPUT, true, false, false, 0.9);
	check("mean>0%", COMPARE_MEAN, false, false, false, 1);
	check("mean>+200%", COMPARE_MEAN, false, false, false, 3);
	check("p90>20ms", COMPARE_P90, false, false, true, 20e6);
	check("p90>1.5 us", COMPARE_P90, false, false, true, 1500);
	check("p90>1µs", COMPARE_P90, false, false, true, 1000);
	check("p90>2s", COMPARE_P90, false, false, true, 2e9);
	check("throughput<1000", COMPARE_THROUGHPUT, true, false, true, 1000);
	check("throughput<1000/s", COMPARE_THROUGHPUT, true, false, true, 1000);
}

static void what_is_not(void **state)
{
	static const char *const bad[] = {
		"",
		"p99",
		"p99>",
		"p99>5%",
		"p98>+5%",
		"p99=+5%",
		"p99>+",
		"p99>+x%",
		"p99>+5",
		"p99>+5ms",
		"p99>5",
		"p99>5m",
		"p99>+5%%",
		"p99>+5% or",
		"p99>-100%",
		"p99>+1e3%",
		"p99>+inf%",
		"p99>+nan%",
		"p99>+.%",
		"p99>+5.%",
		"p99>+.5%",
		"p99>+0x5%",
		"p99>>+5%",
		"p99>--5%",
		"p99>++5%",
		"throughput>5ms",
		"p99>+5%,p50",
		">+5%",
		"p99 +5%",
		"P99>+5%",
		"p99>+5millions",
		"p99.99>+5%",
		"latency>+5%",
		"p99>1.2.3ms",
		"p99>+99999999999999999999999999999999%",
	};
	struct fail_if f;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err e = { 0 };

		if (fail_if_parse(bad[i], &f, &e) != -EINVAL)
			print_error("taken: %s\n", bad[i]);
		assert_int_equal(fail_if_parse(bad[i], &f, &e), -EINVAL);
		assert_int_equal(e.status, EXIT_USAGE);
		assert_true(e.message[0] && strstr(e.hint, "'p99>+5%'"));
	}
}

static enum compare_answer answer(const char *text, double low, double high, enum compare_gap gap)
{
	struct fail_if f = parse(text);
	struct compare_service s = { 0 };

	s.values[f.metric] =
		(struct compare_value){ .after = 3e6, .low = low, .high = high, .gap = gap };
	return fail_if_answer(&f, &s);
}

static void what_they_answer(void **state)
{
	(void)state;
	assert_int_equal(answer("p99>+5%", 1.051, 1.2, 0), COMPARE_HOLDS);
	assert_int_equal(answer("p99>+5%", 1.049, 1.2, 0), COMPARE_UNKNOWN);
	assert_int_equal(answer("p99>+5%", 0.9, 1.049, 0), COMPARE_HOLDS_NOT);
	assert_int_equal(answer("p99>+5%", 0.9, INFINITY, 0), COMPARE_UNKNOWN);
	assert_int_equal(answer("p99>+5%", 1.1, INFINITY, 0), COMPARE_HOLDS);
	assert_int_equal(answer("p99<-50%", 0.3, 0.49, 0), COMPARE_HOLDS);
	assert_int_equal(answer("p99<-50%", 0.5, 0.6, 0), COMPARE_HOLDS_NOT);
	assert_int_equal(answer("p99<=-50%", 0.5, 0.6, 0), COMPARE_UNKNOWN);
	assert_int_equal(answer("p99>=+0%", 1, 1, 0), COMPARE_HOLDS);
	assert_int_equal(answer("p99>+0%", 1, 1, 0), COMPARE_HOLDS_NOT);
	assert_int_equal(answer("p99>+5%", NAN, NAN, 0), COMPARE_UNKNOWN);
	assert_int_equal(answer("p99>+5%", 2, 3, COMPARE_FEW_RUNS), COMPARE_UNKNOWN);
	assert_int_equal(answer("p99>2ms", NAN, NAN, COMPARE_NO_INTERVALS), COMPARE_HOLDS);
	assert_int_equal(answer("p99>3ms", NAN, NAN, 0), COMPARE_HOLDS_NOT);
	assert_int_equal(answer("p99>=3ms", NAN, NAN, 0), COMPARE_HOLDS);
	assert_int_equal(answer("p99<5ms", NAN, NAN, 0), COMPARE_HOLDS);
	assert_int_equal(answer("p99>2ms", NAN, NAN, COMPARE_UNRESOLVED), COMPARE_UNKNOWN);
}

static void any_service_counts(void **state)
{
	struct compare_service s[2] = { 0 };
	struct comparison c = { .services = s, .n_services = 2 };
	struct fail_if f = parse("p99>+5%");

	(void)state;
	s[0].values[COMPARE_P99] = (struct compare_value){ .low = 0.9, .high = 1 };
	s[1] = s[0];
	assert_int_equal(fail_if_comparison(&f, &c), COMPARE_HOLDS_NOT);
	s[1].values[COMPARE_P99].high = 2;
	assert_int_equal(fail_if_comparison(&f, &c), COMPARE_UNKNOWN);
	s[0].values[COMPARE_P99] = (struct compare_value){ .low = 1.1, .high = 1.2 };
	assert_int_equal(fail_if_comparison(&f, &c), COMPARE_HOLDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_understood),
		cmocka_unit_test(what_is_not),
		cmocka_unit_test(what_they_answer),
		cmocka_unit_test(any_service_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
