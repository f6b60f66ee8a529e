// SPDX-License-Identifier: BSD-2-Clause
/* Saved runs side by side: the views of loads. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../lib/client_fill.h"
#include "../lib/compare_fill.h"
#include "report/compare_words.h"

static struct run_set before, after;
static struct comparison c;

/* A load in each run of a side: n answers, from runs that differ by up to +-spread. */
static void loads(struct run_set *s, size_t runs, size_t services, int n, double factor)
{
	set_fill(s, runs, services);
	set_requests(s, 1000, factor, 0.05, 1);
	for (size_t i = 0; i < runs; i++) {
		struct run_client *l = fill_client(&s->runs[i], 6379, "GET k", n / 10.0);
		__u64 seed = 3 + i + 100 * factor;

		if (!services)
			s->runs[i].n_hooks = 0;
		for (int k = 0; k < n; k++)
			fill_answered(l, 1000, 0,
				      factor * (1 + 0.01 * i) * fill_exponential(&seed, 1e6));
	}
}

static void fail_some(struct run_set *s, int n)
{
	for (size_t i = 0; i < s->side.n; i++)
		for (int k = 0; k < n; k++)
			fill_failed(&s->runs[i].clients[0], CLIENT_ERROR_TIMEOUT);
}

static void compare(void)
{
	struct compare_options o = compare_options_default();
	struct err e = { 0 };

	if (compare_runs(&before.side, &after.side, &o, &c, &e))
		fail_msg("%s", e.message);
}

static void done(void)
{
	comparison_free(&c);
	set_free(&before);
	set_free(&after);
}

static const struct compare_condition *condition(const char *name)
{
	for (size_t i = 0; i < c.n_conditions; i++)
		if (!strcmp(c.conditions[i].name, name))
			return &c.conditions[i];
	fail_msg("no condition %s", name);
	return NULL;
}

/* After its service, by its own figures. */
static void as_a_service_is(void **state)
{
	char name[COMPARE_WORDS_LEN];

	(void)state;
	loads(&before, 5, 1, 2000, 1);
	loads(&after, 5, 1, 2000, 2);
	compare();
	assert_int_equal(c.n_services, 2);
	assert_false(c.services[0].client);
	assert_true(c.services[1].client); /* though it has more requests */
	compare_service_name(&c.services[1], name);
	assert_string_equal(name, "client of 127.0.0.1:6379");
	assert_int_equal(c.services[1].match, COMPARE_SAME);
	assert_int_equal(c.services[1].requests[0], 10000);
	assert_int_equal(c.services[1].values[COMPARE_P99].saying, COMPARE_HIGHER);
	assert_true(fabs(c.services[1].values[COMPARE_P50].ratio - 2) < 0.15);
	assert_int_equal(c.services[1].values[COMPARE_THROUGHPUT].before, 200);
	for (size_t i = 0; i < c.n_conditions; i++)
		assert_false(c.conditions[i].warns);
	assert_string_equal(condition("loop")->before, "open, poisson");
	assert_string_equal(condition("requests")->before, "redis GET k");
	assert_string_equal(condition("rate wanted")->before, "200 /s");
	assert_string_equal(condition("client")->before, "50 connections");
	done();
}

/* A quantile that is infinite in some runs keeps its rank, and the mean is of the others. */
static void failed_requests_are_infinite(void **state)
{
	const struct compare_value *v;

	(void)state;
	loads(&before, 5, 0, 2000, 1);
	loads(&after, 5, 0, 2000, 1);
	fail_some(&after, 30);
	compare();
	v = c.services[0].values;
	assert_true(isinf(v[COMPARE_P99].after));
	assert_false(isinf(v[COMPARE_P99].before));
	assert_true(isinf(v[COMPARE_P99].ratio));
	assert_int_equal(v[COMPARE_P99].saying, COMPARE_HIGHER);
	assert_false(isinf(v[COMPARE_P90].after));
	assert_true(fabs(v[COMPARE_MEAN].ratio - 1) < 0.1);
	assert_int_equal(v[COMPARE_THROUGHPUT].after, 200); /* of those that were answered */
	done();

	loads(&before, 5, 0, 2000, 1);
	loads(&after, 5, 0, 2000, 1);
	fail_some(&before, 30);
	fail_some(&after, 30);
	compare();
	assert_int_equal(c.services[0].values[COMPARE_P99].saying, COMPARE_NO_DIFFERENCE);
	done();
}

/* One run a side: how many independent requests its own are worth is given for clients, too. */
static void within_a_run(void **state)
{
	static const double services[2][COMPARE_QUANTILES] = { { NAN, NAN, NAN, NAN },
							       { 2000, 2000, 2000, 2000 } };
	const struct compare_value *v;

	(void)state;
	for (int failed = 0; failed < 4; failed++) {
		loads(&before, 1, 1, 2000, 1);
		loads(&after, 1, 1, 2000, 1);
		before.side.effective = after.side.effective = services;
		fail_some(&before, failed & 1 ? 100 : 0);
		fail_some(&after, failed & 2 ? 100 : 0);
		compare();
		v = c.services[1].values;
		assert_int_equal(v[COMPARE_P50].saying, COMPARE_NO_DIFFERENCE);
		assert_int_equal(v[COMPARE_P99].saying, failed == 1 ? COMPARE_LOWER :
							failed == 2 ? COMPARE_HIGHER :
								      COMPARE_NO_DIFFERENCE);
		assert_true(v[COMPARE_P99].low <= v[COMPARE_P99].high);
		assert_int_equal(!!isinf(v[COMPARE_P99].low), failed == 2);
		assert_int_equal(!!isinf(v[COMPARE_P99].high), failed >= 2);
		assert_int_equal(c.services[0].values[COMPARE_P50].gap, COMPARE_NO_INTERVALS);
		done();
	}
}

static void other_loads_are_told(void **state)
{
	(void)state;
	loads(&before, 2, 1, 500, 1);
	loads(&after, 2, 1, 500, 1);
	for (int i = 0; i < 2; i++) {
		struct run_client *l = &after.runs[i].clients[0];

		l->open = false;
		l->rate_intended = NAN;
		l->think_s = 0.25;
		l->connections = 10;
		strcpy(l->request, "GET other");
	}
	compare();
	assert_int_equal(c.services[1].match, COMPARE_SAME_PORT); /* of the same target */
	assert_true(condition("loop")->warns);
	assert_string_equal(condition("loop")->after, "closed, thinks 250 ms");
	assert_true(condition("requests")->warns);
	assert_true(condition("client")->warns);
	assert_string_equal(condition("client")->after, "10 connections");
	assert_true(condition("rate wanted")->differs);
	done();

	loads(&before, 2, 1, 500, 1);
	loads(&after, 2, 1, 500, 1);
	for (int i = 0; i < 2; i++)
		after.runs[i].clients[0].rate_intended = 60;
	compare();
	assert_true(condition("rate wanted")->warns);
	done();
}

/* Another port is found by the request; a client is never a service. */
static void matched_by_target_then_request(void **state)
{
	char name[COMPARE_WORDS_LEN];

	(void)state;
	loads(&before, 1, 0, 100, 1);
	loads(&after, 1, 0, 100, 1);
	strcpy(after.runs[0].clients[0].target, "other:80");
	after.runs[0].clients[0].view.port = 80;
	compare();
	assert_int_equal(c.services[0].match, COMPARE_SAME_NAME);
	compare_service_name(&c.services[0], name);
	assert_string_equal(name, "client of 127.0.0.1:6379 before, client of other:80 after");
	done();

	loads(&before, 1, 1, 100, 1);
	set_fill(&after, 1, 1);
	set_requests(&after, 100, 1, 0, 1);
	compare();
	assert_int_equal(c.n_services, 1);
	assert_int_equal(c.n_unmatched[0], 1);
	assert_string_equal(c.unmatched[0][0], "client of 127.0.0.1:6379");
	done();
}

/* Nothing was traced: no loss, no hooks, and that is no difference. */
static void loads_alone(void **state)
{
	(void)state;
	loads(&before, 2, 0, 500, 1);
	loads(&after, 2, 0, 500, 1);
	compare();
	assert_string_equal(condition("loss")->before, COMPARE_NOT_KNOWN);
	assert_string_equal(condition("hooks")->before, COMPARE_NOT_KNOWN);
	assert_string_equal(condition("load")->before, "50 /s");
	for (size_t i = 0; i < c.n_conditions; i++)
		if (strcmp(c.conditions[i].name, "runs"))
			assert_false(c.conditions[i].warns);
	done();
}

static void one_run_twice(void **state)
{
	(void)state;
	loads(&before, 1, 0, 100, 1);
	loads(&after, 1, 0, 100, 1);
	compare();
	assert_true(condition("runs")->warns);
	done();
	loads(&before, 1, 0, 100, 1);
	loads(&after, 1, 0, 101, 1); /* another load at the same second */
	compare();
	assert_false(condition("runs")->warns);
	done();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_a_service_is),
		cmocka_unit_test(failed_requests_are_infinite),
		cmocka_unit_test(within_a_run),
		cmocka_unit_test(other_loads_are_told),
		cmocka_unit_test(matched_by_target_then_request),
		cmocka_unit_test(loads_alone),
		cmocka_unit_test(one_run_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
