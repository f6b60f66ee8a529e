// SPDX-License-Identifier: BSD-2-Clause
/* The legs of a check: what holds, what fails, and that nothing passes by default. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "lab/leg.h"

static struct leg_rule rule(const char *figure)
{
	return (struct leg_rule){ .figure = figure,
				  .ratio_min = NAN,
				  .ratio_max = NAN,
				  .min = NAN,
				  .max = NAN,
				  .within = NAN,
				  .number = NAN };
}

/* n pairs: about before and after, each a few % off. */
static struct leg_values values(size_t n, double before, double after)
{
	struct leg_values v = { .n = n, .beyond = { INFINITY, INFINITY } };

	for (size_t i = 0; i < n; i++) {
		v.value[TRIAL_BEFORE][i] = before * (1 + 0.01 * (i % 5));
		v.value[TRIAL_AFTER][i] = after * (1 + 0.01 * (i * 3 % 5));
	}
	return v;
}

static enum leg_state judge(const struct leg_rule *r, const struct leg_values *v)
{
	struct leg_result result;

	leg_judge(r, v, &result);
	assert_true(*result.required || result.state == LEG_UNKNOWN);
	return result.state;
}

static void ratios(void **state)
{
	const struct {
		double before, after, min, max;
		enum leg_state expected;
	} rows[] = {
		{ 40e6, 1e6, NAN, 0.1, LEG_HOLDS },
		{ 40e6, 40e6, NAN, 0.1, LEG_FAILS },
		{ 40e6, 4e6, NAN, 0.1, LEG_UNDECIDED },
		{ 40e6, 40e6, 0.9, NAN, LEG_HOLDS },
		{ 40e6, 30e6, 0.9, NAN, LEG_FAILS },
		{ 40e6, 36e6, 0.9, NAN, LEG_UNDECIDED },
		{ 40e6, 40e6, 0.9, 1.1, LEG_HOLDS },
		{ 40e6, 50e6, 0.9, 1.1, LEG_FAILS },
		/* below 1 us there is nothing to tell apart; 0 is no improvement without end */
		{ 900, 1, NAN, 0.5, LEG_FAILS },
		{ 0, 0, NAN, 0.5, LEG_FAILS },
		{ 0, 0, 0.9, NAN, LEG_HOLDS },
		{ 40e6, 0, NAN, 0.1, LEG_HOLDS },
		/* requests that failed keep their rank */
		{ INFINITY, 40e6, NAN, 0.5, LEG_HOLDS },
		{ 40e6, INFINITY, NAN, 0.5, LEG_FAILS },
		{ INFINITY, INFINITY, NAN, 0.5, LEG_UNKNOWN },
		{ NAN, 40e6, NAN, 0.5, LEG_UNKNOWN },
		{ 40e6, NAN, NAN, 0.5, LEG_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct leg_values v = values(8, rows[i].before, rows[i].after);
		struct leg_rule r = rule("client.mean");

		r.ratio_min = rows[i].min;
		r.ratio_max = rows[i].max;
		if (judge(&r, &v) != rows[i].expected)
			fail_msg("row %zu: %s", i, leg_state_name(judge(&r, &v)));
	}
}

/* An interval as wide as the bucket: one that ends within it of the bound is undecided. */
static void resolution(void **state)
{
	struct leg_values v = values(8, 1e6, 1e6);
	struct leg_rule mean = rule("client.mean"), p50 = rule("client.p50");

	(void)state;
	for (int i = 0; i < 8; i++)
		v.value[TRIAL_BEFORE][i] = 1e6, v.value[TRIAL_AFTER][i] = 0.995e6;
	mean.ratio_max = p50.ratio_max = 1;
	assert_int_equal(judge(&mean, &v), LEG_HOLDS);
	assert_int_equal(judge(&p50, &v), LEG_UNDECIDED);
}

static void few_runs(void **state)
{
	struct leg_rule r = rule("client.p99");
	struct leg_result result;

	(void)state;
	r.ratio_max = 0.5;
	for (size_t n = 0; n < 8; n++) {
		struct leg_values v = values(n, 40e6, 1e6);

		leg_judge(&r, &v, &result);
		assert_int_equal(result.state, !n    ? LEG_UNKNOWN :
					       n < 6 ? LEG_UNDECIDED :
						       LEG_HOLDS);
		if (n && n < 6)
			assert_non_null(strstr(result.why, "few runs"));
		v = values(8, 40e6, 1e6);
		v.beyond[TRIAL_AFTER] = n + 3;
		leg_judge(&r, &v, &result);
		assert_int_equal(result.state, n + 3 < 10 ? LEG_UNDECIDED : LEG_HOLDS);
	}
}

static void bounds(void **state)
{
	const struct {
		const char *figure;
		double value, min, max;
		enum leg_state expected;
	} rows[] = {
		{ "client.mean", 4e6, NAN, 5e6, LEG_HOLDS },
		{ "client.mean", 6e6, NAN, 5e6, LEG_FAILS },
		{ "client.mean", 4.9e6, NAN, 5e6, LEG_UNDECIDED },
		{ "client.throughput", 500, 450, NAN, LEG_HOLDS },
		{ "client.throughput", 400, 450, NAN, LEG_FAILS },
		{ "client.failed_share", 0, NAN, 0.01, LEG_HOLDS },
		{ "client.failed_share", 0, NAN, 0, LEG_HOLDS },
		{ "client.failed_share", 0.02, NAN, 0.01, LEG_FAILS },
		{ "client.failed_share", 0.02, NAN, 0, LEG_FAILS },
		{ "client.failed_share", 0, 0.01, NAN, LEG_FAILS },
		{ "client.p99", INFINITY, NAN, 5e6, LEG_FAILS },
		{ "client.p99", NAN, NAN, 5e6, LEG_UNKNOWN },
		{ "client.p99", 4e6, NAN, NAN, LEG_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (int before = 0; before < 2; before++) {
			struct leg_values v = before ? values(8, rows[i].value, 1) :
						       values(8, 1, rows[i].value);
			struct leg_rule r = rule(rows[i].figure);

			r.before = before;
			r.min = rows[i].min;
			r.max = rows[i].max;
			if (judge(&r, &v) != rows[i].expected)
				fail_msg("row %zu: %s", i, leg_state_name(judge(&r, &v)));
		}
}

static void answers(void **state)
{
	struct leg_values v = values(7, 1, 4e6), none = { 0 };
	struct leg_rule r = rule("client.mean");

	(void)state;
	r.answer = "";
	r.within = 0.1;
	assert_int_equal(judge(&r, &v), LEG_FAILS);
	r.answer = "4.3ms";
	r.number = 4.3e6;
	assert_int_equal(judge(&r, &v), LEG_HOLDS);
	assert_int_equal(judge(&r, &none), LEG_UNKNOWN);
	r.number = 3e6;
	assert_int_equal(judge(&r, &v), LEG_FAILS);
	r.number = 5e6;
	assert_int_equal(judge(&r, &v), LEG_FAILS);
	r.number = NAN;
	assert_int_equal(judge(&r, &v), LEG_FAILS);
	r.is = "p99.9";
	r.answer = "P99.9";
	assert_int_equal(judge(&r, &v), LEG_HOLDS);
	r.answer = "p99";
	assert_int_equal(judge(&r, &v), LEG_FAILS);
}

/* Two arms that are alike: a leg that asks for any improvement holds in less than 2.5 % of trials. */
static void never_by_chance(void **state)
{
	__u64 seed = 12;
	int holds = 0;

	(void)state;
	for (int trial = 0; trial < 4000; trial++) {
		struct leg_values v = { .n = 6, .beyond = { INFINITY, INFINITY } };
		struct leg_rule r = rule("client.mean");

		r.ratio_max = 1;
		for (int i = 0; i < 12; i++)
			v.value[i % 2][i / 2] = 1e6 * (1 + random_unit(&seed));
		holds += judge(&r, &v) == LEG_HOLDS;
	}
	/* 4000 / 64 = 62.5, 5 standard deviations */
	assert_true(holds > 22 && holds < 102);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ratios),   cmocka_unit_test(resolution),
		cmocka_unit_test(few_runs), cmocka_unit_test(bounds),
		cmocka_unit_test(answers),  cmocka_unit_test(never_by_chance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
