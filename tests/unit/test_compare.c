// SPDX-License-Identifier: BSD-2-Clause
/* Saved runs side by side: what is said of how many runs, of which services. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "../lib/compare_fill.h"
#include "model/hist.h"

static struct run_set before, after;
static struct comparison c;

static void compare_with(const struct compare_options *o)
{
	struct err e = { 0 };
	int err = compare_runs(&before.side, &after.side, o, &c, &e);

	if (err)
		print_error("%s: %s\n", e.message, e.hint);
	assert_int_equal(err, 0);
}

static void compare(void)
{
	struct compare_options o = compare_options_default();

	compare_with(&o);
}

static void done(void)
{
	comparison_free(&c);
	set_free(&before);
	set_free(&after);
}

static void close_to(double a, double b)
{
	assert_true(fabs(a - b) <= 1e-9 * fmax(1, fabs(b)));
}

/* So many runs a side, which differ by a factor. */
static void compare_sets(size_t m, size_t n, double factor, double spread)
{
	set_fill(&before, m, 1);
	set_fill(&after, n, 1);
	set_requests(&before, 4000, 1, spread, 1);
	set_requests(&after, 4000, factor, spread, 77);
	compare();
}

static double p99_of(const struct run *r)
{
	struct dist d;

	service_latency(&r->services[0], &d);
	return d.p99;
}

static void several_runs_are_compared_by_rank(void **state)
{
	struct compare_value *v;
	struct location l;
	double x[5], y[5], off[2] = { 0 }, wider;

	(void)state;
	compare_sets(5, 5, 1.5, 0.03);
	assert_int_equal(c.method, COMPARE_RANKS);
	assert_int_equal(c.n_services, 1);
	for (int i = 0; i < 5; i++) {
		x[i] = log(p99_of(&before.runs[i]));
		y[i] = log(p99_of(&after.runs[i]));
		off[0] = fmax(off[0], hist_error(p99_of(&before.runs[i])));
		off[1] = fmax(off[1], hist_error(p99_of(&after.runs[i])));
	}
	wider = (1 + off[0]) * (1 + off[1]);
	assert_true(wider > 1.007 && wider < 1.0157);
	assert_int_equal(shift_location(x, 5, y, 5, 0.95, &l), 0);
	v = &c.services[0].values[COMPARE_P99];
	close_to(v->ratio, exp(l.estimate));
	close_to(v->low, exp(l.low) / wider);
	close_to(v->high, exp(l.high) * wider);
	close_to(v->p, 2 / 252.0);
	close_to(v->p_adjusted, v->p);
	assert_true(v->low < 1.5 && 1.5 < v->high);
	assert_int_equal(v->saying, COMPARE_HIGHER);
	assert_true(v->detectable > 1 && v->detectable < 2);
	/* the others are adjusted: by 5, or as long as they are all the smallest possible */
	close_to(c.services[0].values[COMPARE_P50].p_adjusted, 10 / 252.0);
	assert_int_equal(c.services[0].values[COMPARE_P50].saying, COMPARE_HIGHER);
	done();
	compare_sets(4, 4, 0.5, 0.03);
	assert_int_equal(c.services[0].values[COMPARE_P99].saying, COMPARE_LOWER);
	assert_int_equal(c.services[0].values[COMPARE_P50].saying, COMPARE_NO_DIFFERENCE);
	done();
}

static void alike_runs_are_alike_or_not_seen_to_differ(void **state)
{
	struct compare_options o = compare_options_default();
	struct compare_value *v = NULL;

	(void)state;
	compare_sets(6, 6, 1, 0.001);
	comparison_free(&c);
	o.delta = 0.05; /* chance alone moves the medians of 4000 requests by 2 % */
	compare_with(&o);
	v = c.services[0].values;
	assert_int_equal(v[COMPARE_P50].saying, COMPARE_ALIKE);
	assert_int_equal(v[COMPARE_THROUGHPUT].saying, COMPARE_ALIKE);
	close_to(v[COMPARE_THROUGHPUT].before, 400);
	close_to(v[COMPARE_THROUGHPUT].p, 1);
	done();
	compare_sets(6, 6, 1, 0.3);
	v = c.services[0].values;
	assert_int_equal(v[COMPARE_P50].saying, COMPARE_NO_DIFFERENCE);
	assert_int_equal(v[COMPARE_P99].saying, COMPARE_NO_DIFFERENCE);
	done();
}

static void too_few_runs_say_what_they_could(void **state)
{
	struct compare_value *v;

	(void)state;
	compare_sets(3, 3, 3, 0.01);
	v = &c.services[0].values[COMPARE_P99];
	close_to(c.least_p, 0.1);
	assert_int_equal(v->gap, COMPARE_FEW_RUNS);
	assert_int_equal(v->saying, COMPARE_UNDECIDED);
	assert_true(isinf(v->detectable));
	close_to(v->level, 0.9);
	assert_true(v->low > 2 && v->high < 4);
	done();
	compare_sets(1, 2, 3, 0.01); /* no level worth its name */
	v = &c.services[0].values[COMPARE_P99];
	assert_int_equal(v->gap, COMPARE_FEW_RUNS);
	assert_true(v->low == 0 && isinf(v->high));
	done();
	compare_sets(3, 5, 3, 0.01);
	assert_int_equal(c.services[0].values[COMPARE_P99].saying, COMPARE_HIGHER);
	done();
}

static void one_run_a_side_without_intervals(void **state)
{
	struct compare_value *v;

	(void)state;
	compare_sets(1, 1, 2, 0);
	assert_int_equal(c.method, COMPARE_WITHIN_RUN);
	v = c.services[0].values;
	for (int m = 0; m < NR_COMPARE_METRICS; m++) {
		assert_int_equal(v[m].saying, COMPARE_UNDECIDED);
		assert_true(isnan(v[m].low) && isnan(v[m].p));
	}
	assert_int_equal(v[COMPARE_P50].gap, COMPARE_NO_INTERVALS);
	assert_int_equal(v[COMPARE_MEAN].gap, COMPARE_NO_SPREAD);
	/* 4 of 4000 lie beyond the p99.9 */
	assert_int_equal(v[COMPARE_P99_9].gap, COMPARE_UNRESOLVED);
	close_to(v[COMPARE_P99_9].beyond[0], 4);
	assert_true(fabs(v[COMPARE_P50].ratio / 2 - 1) < 0.05);
	close_to(v[COMPARE_THROUGHPUT].ratio, 1);
	done();
}

/* With interval data; requests are independent, then worth a quarter. */
static void one_run_a_side_with_intervals(void **state)
{
	static const double full[1][COMPARE_QUANTILES] = { { 4000, 4000, 4000, NAN } };
	static const double quarter[1][COMPARE_QUANTILES] = { { 1000, 1000, 999, 1000 } };
	struct compare_value v[2][COMPARE_QUANTILES];

	(void)state;
	for (int i = 0; i < 2; i++) {
		set_fill(&before, 1, 1);
		set_fill(&after, 1, 1);
		before.side.effective = after.side.effective = i ? quarter : full;
		set_requests(&before, 4000, 1, 0, 1);
		set_requests(&after, 4000, 1.1, 0, 9);
		compare();
		memcpy(v[i], c.services[0].values, sizeof(v[i]));
		done();
	}
	assert_int_equal(v[0][COMPARE_P50].saying, COMPARE_HIGHER);
	assert_true(v[0][COMPARE_P50].low > 1.03 && v[0][COMPARE_P50].high < 1.17);
	assert_true(v[0][COMPARE_P50].low > v[1][COMPARE_P50].low);
	assert_true(v[0][COMPARE_P50].high < v[1][COMPARE_P50].high);
	assert_int_equal(v[0][COMPARE_P99].saying, COMPARE_NO_DIFFERENCE);
	assert_int_equal(v[1][COMPARE_P99].gap, COMPARE_UNRESOLVED); /* 9.99 */
	assert_int_equal(v[0][COMPARE_P99_9].gap, COMPARE_UNRESOLVED);
}

/*
 * As alike as can be: what is left is the width of a bucket, and what other runs would have been.
 */
static void one_run_a_side_is_never_called_alike(void **state)
{
	static const double worth[1][COMPARE_QUANTILES] = { { 5000, 5000, 5000, 5000 } };
	double edge = 1000000;
	struct compare_value *v;

	(void)state;
	set_fill(&before, 1, 1);
	set_fill(&after, 1, 1);
	before.side.effective = after.side.effective = worth;
	for (int i = 0; i < 5000; i++) {
		fill(before.runs[0].services[0].sum, STAGE_SERVICE_CPU, 1000000ull, -1);
		fill(after.runs[0].services[0].sum, STAGE_SERVICE_CPU, 1000000ull, -1);
	}
	compare();
	v = &c.services[0].values[COMPARE_P99];
	edge = hist_low(hist_index(edge));
	close_to(v->high, (edge + hist_width(hist_index(edge)) - 1) / edge);
	close_to(v->low, 1 / v->high);
	assert_true(v->high < 1.02);
	assert_int_equal(v->saying, COMPARE_NO_DIFFERENCE);
	done();
}

/* Independent requests: the interval holds the true ratio at least as often as it says. */
static void the_interval_within_a_run_holds(void **state)
{
	static const double worth[1][COMPARE_QUANTILES] = { { 1500, 1500, 1500, 1500 } };
	int held[3] = { 0 }, rounds = 200;

	(void)state;
	for (int i = 0; i < rounds; i++) {
		set_fill(&before, 1, 1);
		set_fill(&after, 1, 1);
		before.side.effective = after.side.effective = worth;
		set_requests(&before, 1500, 1, 0, 5 + 2 * i);
		set_requests(&after, 1500, 1.3, 0, 6 + 2 * i);
		compare();
		for (int m = 0; m < 3; m++)
			held[m] += c.services[0].values[m].low <= 1.3 &&
				   c.services[0].values[m].high >= 1.3;
		done();
	}
	for (int m = 0; m < 3; m++)
		assert_true(held[m] >= 0.95 * rounds - 3 * sqrt(0.05 * 0.95 * rounds));
}

static void a_run_without_requests(void **state)
{
	(void)state;
	set_fill(&before, 4, 1);
	set_fill(&after, 4, 1);
	set_requests(&before, 1000, 1, 0.01, 1);
	compare();
	for (int m = 0; m < NR_COMPARE_METRICS; m++) {
		assert_int_equal(c.services[0].values[m].gap, COMPARE_NO_REQUESTS);
		assert_int_equal(c.services[0].values[m].saying, COMPARE_UNDECIDED);
	}
	done();
}

static void services_are_matched(void **state)
{
	(void)state;
	set_fill(&before, 1, 5);
	set_fill(&after, 1, 5);
	set_requests(&before, 100, 1, 0, 1);
	set_requests(&after, 100, 1, 0, 1);
	/* 6379, 6380 the same; 6381 another program; 6382 moves; 6383 goes, 9999 comes */
	strcpy(after.runs[0].services[2].comm, "valkey-server");
	strcpy(before.runs[0].services[3].comm, "nginx");
	strcpy(after.runs[0].services[3].comm, "nginx");
	after.runs[0].services[3].port = 8080;
	strcpy(before.runs[0].services[4].comm, "old");
	strcpy(after.runs[0].services[4].comm, "new");
	after.runs[0].services[4].port = 9999;
	fill_scaled(&after.runs[0].services[3], 500, 1, 3);
	compare();
	assert_int_equal(c.n_services, 4);
	assert_int_equal(c.services[0].match, COMPARE_SAME_NAME); /* the most requests */
	assert_int_equal(c.services[0].port[0], 6382);
	assert_int_equal(c.services[0].port[1], 8080);
	assert_int_equal(c.services[0].requests[1], 600);
	for (int i = 1; i < 4; i++)
		if (c.services[i].port[0] == 6381) {
			assert_int_equal(c.services[i].match, COMPARE_SAME_PORT);
			assert_string_equal(c.services[i].comm[1], "valkey-server");
		} else {
			assert_int_equal(c.services[i].match, COMPARE_SAME);
		}
	assert_int_equal(c.n_unmatched[0], 1);
	assert_string_equal(c.unmatched[0][0], "old:6383");
	assert_int_equal(c.n_unmatched[1], 1);
	assert_string_equal(c.unmatched[1][0], "new:9999");
	done();
}

/* As in two network namespaces: the first with the first, the second with the second. */
static void twins_are_matched_in_their_order(void **state)
{
	(void)state;
	set_fill(&before, 2, 2);
	set_fill(&after, 2, 2);
	for (int i = 0; i < 2; i++)
		before.runs[i].services[1].port = after.runs[i].services[1].port = 6379;
	set_requests(&before, 100, 1, 0, 1);
	set_requests(&after, 100, 1, 0, 1);
	for (int i = 0; i < 2; i++) {
		fill_scaled(&before.runs[i].services[1], 50, 1, 3);
		fill_scaled(&after.runs[i].services[1], 70, 1, 3);
	}
	compare();
	assert_int_equal(c.n_services, 2);
	assert_int_equal(c.services[0].requests[0], 300);
	assert_int_equal(c.services[0].requests[1], 340);
	assert_int_equal(c.services[1].requests[0], 200);
	assert_int_equal(c.services[0].runs[0], 2);
	done();
}

static void a_twin_that_is_gone_is_left_over(void **state)
{
	(void)state;
	set_fill(&before, 1, 2);
	set_fill(&after, 1, 1);
	before.runs[0].services[1].port = 6379;
	set_requests(&before, 100, 1, 0, 1);
	set_requests(&after, 100, 1, 0, 1);
	compare();
	assert_int_equal(c.n_services, 1);
	assert_int_equal(c.n_unmatched[0], 1);
	assert_int_equal(c.n_unmatched[1], 0);
	done();
}

static void what_cannot_be_compared(void **state)
{
	struct compare_options o = compare_options_default();
	struct err e = { 0 };

	(void)state;
	set_fill(&before, 1, 1);
	set_fill(&after, 1, 1);
	after.runs[0].services[0].port = 1;
	strcpy(after.runs[0].services[0].comm, "x");
	assert_int_equal(compare_runs(&before.side, &after.side, &o, &c, &e), -ENOENT);
	assert_true(e.message[0] && e.hint[0]);
	after.side.n = 0;
	assert_int_equal(compare_runs(&before.side, &after.side, &o, &c, &e), -EINVAL);
	after.side.n = STATS_MAX_N + 1;
	assert_int_equal(compare_runs(&before.side, &after.side, &o, &c, &e), -EINVAL);
	after.side.n = 1;
	o.level = 1;
	assert_int_equal(compare_runs(&before.side, &after.side, &o, &c, &e), -EINVAL);
	set_free(&before);
	set_free(&after);
}

static void the_anatomy_difference(void **state)
{
	struct compare_anatomy *a;

	(void)state;
	set_fill(&before, 2, 1);
	set_fill(&after, 2, 1);
	for (int i = 0; i < 2; i++)
		for (int k = 0; k < 1000; k++) {
			fill(before.runs[i].services[0].sum, STAGE_SERVICE_CPU, 50000ull,
			     STAGE_QUEUE_BUSY, 20000ull, -1);
			fill(after.runs[i].services[0].sum, STAGE_SERVICE_CPU, 60000ull + 2000 * i,
			     STAGE_QUEUE_BUSY, 18000ull, STAGE_SERVICE_LOCK, 30000ull, -1);
		}
	compare();
	for (int i = 0; i < COMPARE_ANATOMIES; i++) {
		double moved = 0, shares = 0;

		a = &c.services[0].anatomy[i];
		assert_string_equal(a->at, i ? "p99" : "p50");
		close_to(a->before_ns, 70000);
		close_to(a->after_ns, 109000);
		close_to(a->requests[0], 2000);
		assert_int_equal(a->stages[0].stage, STAGE_SERVICE_LOCK);
		assert_int_equal(a->stages[1].stage, STAGE_SERVICE_CPU);
		close_to(a->stages[1].change_ns, 11000);
		assert_int_equal(a->stages[2].stage, STAGE_QUEUE_BUSY);
		close_to(a->stages[2].change_ns, -2000);
		close_to(a->stages[2].share, -2 / 39.0);
		for (int st = 0; st < NR_STAGES; st++) {
			moved += a->stages[st].change_ns;
			shares += a->stages[st].share;
		}
		close_to(moved, 39000);
		close_to(shares, 1);
	}
	done();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(several_runs_are_compared_by_rank),
		cmocka_unit_test(alike_runs_are_alike_or_not_seen_to_differ),
		cmocka_unit_test(too_few_runs_say_what_they_could),
		cmocka_unit_test(one_run_a_side_without_intervals),
		cmocka_unit_test(one_run_a_side_with_intervals),
		cmocka_unit_test(one_run_a_side_is_never_called_alike),
		cmocka_unit_test(the_interval_within_a_run_holds),
		cmocka_unit_test(a_run_without_requests),
		cmocka_unit_test(services_are_matched),
		cmocka_unit_test(twins_are_matched_in_their_order),
		cmocka_unit_test(a_twin_that_is_gone_is_left_over),
		cmocka_unit_test(what_cannot_be_compared),
		cmocka_unit_test(the_anatomy_difference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
