// SPDX-License-Identifier: BSD-2-Clause
/* Verdicts: each rule by itself, then how often they are wrong on pairs whose truth is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>

#include "../lib/shard_fill.h"
#include "analysis/power.h"
#include "analysis/verdict.h"

enum { K = 8 };

/* Log ratios evenly spread by +-spread around ln(ratio) */
static void spread_around(double *d, size_t n, double ratio, double spread)
{
	for (size_t i = 0; i < n; i++)
		d[i] = log(ratio) + spread * (2.0 * i / (n - 1) - 1);
}

static enum verdict judge(double ratio, double spread, bool throughput, unsigned int looks)
{
	struct trial_design design = trial_design_default();
	double d[K];
	struct trial_metric m = { "p99", throughput, d, 0 };
	struct trial_result r;

	design.looks = looks;
	spread_around(d, K, ratio, spread);
	assert_int_equal(trial_judge(&design, &m, 1, K, 0, &r), 0);
	assert_true(fabs(r.effects[0].ratio / ratio - 1) < 1e-9);
	assert_int_equal(r.extend, r.verdict == VERDICT_INCONCLUSIVE && looks == 2);
	return r.verdict;
}

static void the_rules(void **state)
{
	(void)state;
	for (unsigned int looks = 1; looks <= 2; looks++) {
		assert_int_equal(judge(0.9, 0.01, false, looks), VERDICT_IMPROVED);
		assert_int_equal(judge(1.1, 0.01, false, looks), VERDICT_REGRESSED);
		assert_int_equal(judge(1.1, 0.01, true, looks), VERDICT_IMPROVED);
		assert_int_equal(judge(0.9, 0.01, true, looks), VERDICT_REGRESSED);
		assert_int_equal(judge(1.0, 0.01, false, looks), VERDICT_EQUIVALENT);
		/* significant, but all of it within delta */
		assert_int_equal(judge(1.01, 0.005, false, looks), VERDICT_EQUIVALENT);
		/* significant and not within delta, but under delta itself */
		assert_int_equal(judge(1.0195, 0.015, false, looks), VERDICT_INCONCLUSIVE);
		assert_int_equal(judge(1 / 1.0195, 0.015, false, looks), VERDICT_INCONCLUSIVE);
		assert_int_equal(judge(1.1, 0.5, false, looks), VERDICT_INCONCLUSIVE);
		assert_int_equal(judge(1.0, 0.1, false, looks), VERDICT_INCONCLUSIVE);
	}
}

/* Ranks [4, 33] of 36 for one look, [3, 34] for the first of two. */
/* What lies within a bucket is not told apart by pairs that agree to the last digit. */
static void an_interval_is_no_finer_than_its_values(void **state)
{
	struct trial_design design = trial_design_default();
	double d[K];
	struct trial_metric m = { "p50", false, d, 0.015 };
	struct trial_result r;

	(void)state;
	spread_around(d, K, 1.01, 0);
	assert_int_equal(trial_judge(&design, &m, 1, K, 0, &r), 0);
	assert_true(fabs(r.effects[0].low / (1.01 * exp(-0.015)) - 1) < 1e-9);
	assert_true(fabs(r.effects[0].high / (1.01 * exp(0.015)) - 1) < 1e-9);
	assert_int_equal(r.verdict, VERDICT_INCONCLUSIVE);
	m.resolution = 0.005;
	assert_int_equal(trial_judge(&design, &m, 1, K, 0, &r), 0);
	assert_int_equal(r.verdict, VERDICT_EQUIVALENT);
}

static void each_look_has_half_the_error(void **state)
{
	struct trial_design design = trial_design_default();
	double d[2 * K];
	struct trial_metric m = { "p99", false, d, 0 };
	struct trial_result r;

	(void)state;
	spread_around(d, 2 * K, 1, 0.1);
	trial_judge(&design, &m, 1, K, 0, &r);
	assert_true(fabs(r.look_level - 0.975) < 1e-12);
	assert_true(fabs(r.effects[0].level - (1 - 2 * 3 / 256.0)) < 1e-12);
	design.look = 2;
	trial_judge(&design, &m, 1, 2 * K, 0, &r);
	assert_true(fabs(r.effects[0].level - 0.975) < 1e-4);
	assert_false(r.extend);
	design = (struct trial_design){ 0.95, 0.02, 1, 1 };
	trial_judge(&design, &m, 1, K, 0, &r);
	assert_true(fabs(r.effects[0].level - (1 - 2 * 5 / 256.0)) < 1e-12);
}

static void the_others_are_adjusted(void **state)
{
	struct trial_design design = { 0.95, 0.02, 1, 1 };
	double clear[K], other[K];
	struct trial_metric m[8] = { { "p99", false, clear, 0 } };
	struct trial_result r;

	(void)state;
	spread_around(clear, K, 1.2, 0.05);
	spread_around(other, K, 1.2, 0.05);
	for (size_t i = 1; i < 8; i++)
		m[i] = (struct trial_metric){ "other", false, other, 0 };
	/* p = 2 / 256: five times that is below 5 %, seven times is not */
	assert_int_equal(trial_judge(&design, m, 6, K, 0, &r), 0);
	assert_int_equal(r.effects[5].verdict, VERDICT_REGRESSED);
	assert_true(fabs(r.effects[5].p_adjusted - 10 / 256.0) < 1e-12);
	assert_int_equal(trial_judge(&design, m, 8, K, 0, &r), 0);
	assert_int_equal(r.verdict, VERDICT_REGRESSED);
	assert_true(fabs(r.effects[0].p_adjusted - 2 / 256.0) < 1e-12);
	assert_int_equal(r.effects[5].verdict, VERDICT_INCONCLUSIVE);
	/* one that is not known is not counted */
	other[3] = NAN;
	m[6].log_ratio = m[7].log_ratio = clear;
	assert_int_equal(trial_judge(&design, m, 8, K, 0, &r), 0);
	assert_int_equal(r.effects[1].verdict, VERDICT_INVALID);
	assert_int_equal(r.effects[7].verdict, VERDICT_REGRESSED);
}

static void few_pairs_say_nothing(void **state)
{
	struct trial_design design = { 0.95, 0.02, 1, 1 };
	double d[6];
	struct trial_metric m = { "p99", false, d, 0 };
	struct trial_result r;

	(void)state;
	spread_around(d, 6, 2, 0.001);
	assert_int_equal(trial_judge(&design, &m, 1, 5, 0, &r), 0);
	assert_int_equal(r.verdict, VERDICT_INCONCLUSIVE);
	assert_true(r.effects[0].low == 0 && isinf(r.effects[0].high));
	assert_true(isinf(trial_detectable(&design, &m, 5)));
	assert_int_equal(trial_judge(&design, &m, 1, 6, 0, &r), 0);
	assert_int_equal(r.verdict, VERDICT_REGRESSED);
	assert_int_equal(trial_judge(&design, &m, 1, 0, 0, &r), -EINVAL);
	assert_int_equal(trial_judge(&design, &m, 0, 6, 0, &r), -EINVAL);
	design.look = 2;
	assert_int_equal(trial_judge(&design, &m, 1, 6, 0, &r), -EINVAL);
}

static void timeouts(void **state)
{
	struct trial_design design = trial_design_default();
	double d[K];
	struct trial_metric m = { "p99", false, d, 0 };
	struct trial_result r;

	(void)state;
	assert_true(isnan(log_ratio(0, 1)) && isnan(log_ratio(NAN, 1)) && isnan(log_ratio(1, -1)));
	assert_true(isnan(log_ratio(INFINITY, INFINITY)));
	assert_true(log_ratio(1, INFINITY) == INFINITY && log_ratio(INFINITY, 1) == -INFINITY);
	assert_true(fabs(log_ratio(2, 1) + M_LN2) < 1e-12);
	spread_around(d, K, 1.5, 0.1);
	d[0] = d[1] = INFINITY;
	trial_judge(&design, &m, 1, K, 0, &r);
	assert_int_equal(r.verdict, VERDICT_REGRESSED);
	assert_true(isinf(r.effects[0].high) && r.effects[0].low > 1.2);
	for (int i = 0; i < K; i++)
		d[i] = INFINITY;
	trial_judge(&design, &m, 1, K, 0, &r);
	assert_int_equal(r.verdict, VERDICT_REGRESSED);
	d[0] = NAN;
	trial_judge(&design, &m, 1, K, 0, &r);
	assert_int_equal(r.verdict, VERDICT_INVALID);
	assert_false(r.extend);
}

static void a_failed_gate_is_invalid(void **state)
{
	struct trial_design design = trial_design_default();
	double d[K], more[K];
	struct trial_metric m[] = { { "p99", false, d, 0 }, { "throughput", true, more, 0 } };
	struct trial_result r;

	(void)state;
	spread_around(d, K, 2, 0.01);
	spread_around(more, K, 2, 0.01);
	trial_judge(&design, m, 2, K, 1u << GATE_SATURATED, &r);
	assert_int_equal(r.verdict, VERDICT_INVALID);
	assert_true(r.effects[0].ratio > 1.9);
	assert_int_equal(r.effects[1].verdict, VERDICT_IMPROVED);
	trial_judge(&design, m, 2, K, 1u << GATE_LOSS, &r);
	assert_int_equal(r.effects[1].verdict, VERDICT_INVALID);
	assert_string_equal(verdict_name(r.verdict), "INVALID");
}

static const struct trial_run good = {
	.rate_intended = 1000,
	.rate_achieved = 991,
	.lateness_p99_ns = 99,
	.client_ns = 1000,
	.kernel_ns = 1019,
	.client_requests = 1000,
	.kernel_requests = 1009,
	.exceedances = 10,
};

static __u32 gates_of(struct trial_run bad)
{
	struct trial_run runs[] = { good, bad };
	__u32 unchecked;

	runs[1].after = true;
	return trial_gates(runs, 2, 8, 2, &unchecked) | unchecked << 16;
}

#define WITH(field, value)                     \
	({                                     \
		struct trial_run with_ = good; \
		with_.field = value;           \
		gates_of(with_);               \
	})

static void each_gate_at_its_limit(void **state)
{
	struct trial_run runs[] = { good, good }, with;
	__u32 unchecked;

	(void)state;
	assert_int_equal(gates_of(good), 0);
	assert_int_equal(WITH(rate_achieved, 989), 1u << GATE_SATURATED);
	assert_int_equal(WITH(rate_achieved, 1011), 1u << GATE_SATURATED);
	assert_int_equal(WITH(lateness_p99_ns, 100), 1u << GATE_LATE);
	assert_int_equal(WITH(loss, 1), 1u << GATE_LOSS);
	assert_int_equal(WITH(kernel_requests, 989), 1u << GATE_VIEWS);
	assert_int_equal(WITH(kernel_ns, 1021), 1u << GATE_VIEWS);
	assert_int_equal(WITH(exceedances, 9.5), 1u << GATE_UNRESOLVED);
	assert_int_equal(WITH(rate_intended, NAN), 1u << (16 + GATE_SATURATED));
	assert_int_equal(WITH(exceedances, NAN), 1u << (16 + GATE_UNRESOLVED));
	/* what may be in one of the views alone is no fault: of 1000 requests 5 are half a per cent */
	with = good;
	with.edges = 5;
	with.kernel_requests = 1014;
	with.rate_achieved = 986;
	assert_int_equal(gates_of(with), 0);
	with.kernel_requests = 1016;
	with.rate_achieved = 984;
	assert_int_equal(gates_of(with), 1u << GATE_VIEWS | 1u << GATE_SATURATED);
	with = good;
	with.edges = 11;
	with.kernel_ns = 2000; /* not of the same requests any more */
	assert_int_equal(gates_of(with), 1u << (16 + GATE_VIEWS));
	with.client_requests = 0;
	with.rate_achieved = 0;
	assert_true(gates_of(with) & 1u << GATE_VIEWS && gates_of(with) & 1u << GATE_SATURATED);
	runs[1].after = true;
	assert_int_equal(trial_gates(runs, 2, 8, 3, &unchecked), 1u << GATE_DISCARDED);
	assert_int_equal(trial_gates(runs, 1, 8, 0, NULL), 1u << GATE_UNRESOLVED);
	for (int g = 0; g < NR_GATES; g++)
		assert_true(gate_name(g)[0] && gate_meaning(g)[0]);
}

/* ---- how often they are wrong */

static double uniform(__u64 *seed)
{
	return ((fill_random(seed) >> 11) + 0.5) * 0x1p-53;
}

static double normal(__u64 *seed)
{
	double size = sqrt(-2 * log(uniform(seed)));

	return size * cos(2 * M_PI * uniform(seed));
}

/*
 * One arm's log latency. Heavy: a tail of a few percent of disturbed runs. Steps: quantiles from
 * buckets 1.6 % wide, so that ties and zeros are common.
 */
enum noise { NORMAL, HEAVY, STEPS };

static double arm(__u64 *seed, enum noise kind)
{
	double x = 0.03 * normal(seed);

	if (kind == HEAVY && uniform(seed) < 0.1)
		x += 0.3 * uniform(seed);
	return kind == STEPS ? round(x / 0.016) * 0.016 : x;
}

struct tally {
	double wrong, held, extended, detected;
};

/* Whole trials of a design, extension and all, of a true ratio; pairs share a drift. */
static struct tally simulate(struct trial_design design, double ratio, enum noise kind, int trials)
{
	__u64 seed = 11 + kind;
	struct tally t = { 0 };

	for (int i = 0; i < trials; i++) {
		double d[2 * K];
		struct trial_metric m = { "p99", false, d, 0 };
		struct trial_result r;

		for (int k = 0; k < 2 * K; k++)
			d[k] = log(ratio) + arm(&seed, kind) - arm(&seed, kind);
		design.look = 1;
		assert_int_equal(trial_judge(&design, &m, 1, K, 0, &r), 0);
		if (r.extend) {
			design.look = 2;
			assert_int_equal(trial_judge(&design, &m, 1, 2 * K, 0, &r), 0);
			t.extended++;
		}
		t.wrong += r.verdict == (ratio >= 1 ? VERDICT_IMPROVED : VERDICT_REGRESSED);
		t.detected += r.verdict == (ratio > 1 ? VERDICT_REGRESSED : VERDICT_IMPROVED) ||
			      (ratio == 1 && r.verdict == VERDICT_REGRESSED);
		t.held += r.effects[0].low <= ratio && ratio <= r.effects[0].high;
	}
	t.wrong /= trials;
	t.held /= trials;
	t.extended /= trials;
	t.detected /= trials;
	return t;
}

enum { TRIALS = 3000 };

/* Three standard errors of a share near 5 %. */
#define CHANCE (3 * sqrt(0.05 * 0.95 / TRIALS))

/* Against itself. Without a delta the rule is the bare interval, and wrong as often as it says. */
static void alike_is_called_different_at_most_as_often_as_it_says(void **state)
{
	struct trial_design bare = { 0.95, 0, 1, 1 }, one = { 0.95, 0.02, 1, 1 };
	struct trial_design two = trial_design_default(), bare_two = { 0.95, 0, 2, 1 };

	(void)state;
	for (enum noise kind = NORMAL; kind <= STEPS; kind++) {
		assert_true(simulate(bare, 1, kind, TRIALS).detected <= 0.05 + CHANCE);
		assert_true(simulate(bare_two, 1, kind, TRIALS).detected <= 0.05 + CHANCE);
		assert_true(simulate(one, 1, kind, TRIALS).detected <= 0.05 + CHANCE);
		assert_true(simulate(two, 1, kind, TRIALS).detected <= 0.05 + CHANCE);
	}
	/* [W4, W33] misses in 10 of 256 */
	assert_true(fabs(simulate(bare, 1, NORMAL, TRIALS).detected - 10 / 256.0) < CHANCE);
}

static void the_interval_holds_the_true_ratio(void **state)
{
	static const double ratios[] = { 0.8, 0.97, 1.01, 1.03, 1.1, 1.5 };
	struct trial_design two = trial_design_default(), one = { 0.95, 0.02, 1, 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(ratios) / sizeof(ratios[0]); i++)
		for (enum noise kind = NORMAL; kind <= STEPS; kind++) {
			struct tally t = simulate(two, ratios[i], kind, TRIALS);

			assert_true(t.held >= 0.95 - CHANCE);
			assert_true(t.wrong <= 0.025 + CHANCE);
			assert_true(simulate(one, ratios[i], kind, TRIALS).held >= 0.95 - CHANCE);
			if (ratios[i] == 1.5 || ratios[i] == 0.8)
				assert_true(t.detected > 0.99);
		}
}

/* What is said to be detectable is found in about 8 of 10 trials with that effect. */
static void what_is_detectable_is_detected(void **state)
{
	struct trial_design design = { 0.95, 0.001, 1, 1 };
	double d[K], sum = 0, found;
	struct trial_metric m = { "p99", false, d, 0 };
	__u64 seed = 3;

	(void)state;
	for (int i = 0; i < 40; i++) {
		for (int k = 0; k < K; k++)
			d[k] = arm(&seed, NORMAL) - arm(&seed, NORMAL);
		sum += log(trial_detectable(&design, &m, K));
	}
	found = simulate(design, exp(sum / 40), NORMAL, 1000).detected;
	assert_true(found > 0.7 && found < 0.95);
	/* of pairs that are all alike, delta is what counts */
	for (int k = 0; k < K; k++)
		d[k] = 0;
	assert_true(fabs(trial_detectable(&design, &m, K) - 1.001) < 1e-12);
	d[0] = INFINITY;
	assert_true(trial_detectable(&design, &m, K) > 1);
	d[0] = NAN;
	assert_true(isnan(trial_detectable(&design, &m, K)));
}

/* The worse direction counts, whichever it is. */
static void a_tail_on_either_side_is_as_bad(void **state)
{
	double d[K] = { 0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.3, 0.6 }, mirrored[K];

	(void)state;
	for (int k = 0; k < K; k++)
		mirrored[k] = -d[k];
	assert_true(fabs(detectable_paired(d, K, 0.95) - detectable_paired(mirrored, K, 0.95)) <
		    1e-9);
}

static void a_detectable_shift(void **state)
{
	double x[8], y[8], z[8];

	(void)state;
	for (int i = 0; i < 8; i++) {
		x[i] = 0.1 * i;
		y[i] = 0.1 * i + 5;
		z[i] = i * 0.2;
	}
	/* not of where they lie, but of how they spread */
	assert_true(fabs(detectable_shift(x, 8, y, 8, 0.95) - detectable_shift(x, 8, x, 8, 0.95)) <
		    1e-9);
	assert_true(detectable_shift(z, 8, z, 8, 0.95) > 1.9 * detectable_shift(x, 8, x, 8, 0.95));
	assert_true(detectable_shift(x, 8, x, 8, 0.95) > 0.3);
	assert_true(detectable_shift(x, 8, x, 8, 0.95) < 1);
	assert_true(isinf(detectable_shift(x, 3, y, 3, 0.95)));
	assert_true(isnan(detectable_shift(x, 1, y, 8, 0.95)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rules),
		cmocka_unit_test(an_interval_is_no_finer_than_its_values),
		cmocka_unit_test(each_look_has_half_the_error),
		cmocka_unit_test(the_others_are_adjusted),
		cmocka_unit_test(few_pairs_say_nothing),
		cmocka_unit_test(timeouts),
		cmocka_unit_test(a_failed_gate_is_invalid),
		cmocka_unit_test(each_gate_at_its_limit),
		cmocka_unit_test(alike_is_called_different_at_most_as_often_as_it_says),
		cmocka_unit_test(the_interval_holds_the_true_ratio),
		cmocka_unit_test(what_is_detectable_is_detected),
		cmocka_unit_test(a_tail_on_either_side_is_as_bad),
		cmocka_unit_test(a_detectable_shift),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
