// SPDX-License-Identifier: BSD-2-Clause
/* Saved runs side by side: under what they were made. */
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

/* So many runs a side, which differ by a factor. */
static void compare_sets(size_t m, size_t n, double factor, double spread)
{
	set_fill(&before, m, 1);
	set_fill(&after, n, 1);
	set_requests(&before, 4000, 1, spread, 1);
	set_requests(&after, 4000, factor, spread, 77);
	compare();
}

static const struct compare_condition *condition(const char *name)
{
	for (size_t i = 0; i < c.n_conditions; i++)
		if (!strcmp(c.conditions[i].name, name))
			return &c.conditions[i];
	print_error("no condition %s\n", name);
	assert_true(false);
	return NULL;
}

static void like_conditions(void **state)
{
	(void)state;
	compare_sets(2, 2, 1, 0);
	for (size_t i = 0; i < c.n_conditions; i++) {
		assert_false(c.conditions[i].differs || c.conditions[i].warns);
		assert_string_equal(c.conditions[i].before, c.conditions[i].after);
	}
	assert_string_equal(condition("load")->before, "400 /s");
	assert_string_equal(condition("hooks")->before, "the same 2");
	assert_string_equal(condition("runs")->before, "2");
	done();
}

static void unlike_conditions_are_named(void **state)
{
	(void)state;
	set_fill(&before, 2, 1);
	set_fill(&after, 2, 1);
	set_requests(&before, 1000, 1, 0, 1);
	set_requests(&after, 1060, 1, 0, 1);
	strcpy(after.runs[1].kernel, "Linux 6.1.0");
	after.runs[0].cpus = after.runs[1].cpus = 4;
	after.runs[1].hooks[1].hook = "fentry/tcp_sendmsg_locked";
	before.runs[0].duration_s = before.runs[1].duration_s = 10;
	after.runs[0].duration_s = after.runs[1].duration_s = 8;
	before.runs[0].counters[COUNTER_CONN_STORAGE] = 3;
	after.runs[0].counters[COUNTER_CONN_STORAGE] = 3;
	strcpy(after.runs[0].label, "new allocator");
	compare();
	assert_true(condition("kernel")->differs && condition("kernel")->warns);
	assert_string_equal(condition("kernel")->before, "Linux 6.18.44");
	assert_string_equal(condition("kernel")->after, "Linux 6.18.44, Linux 6.1.0");
	assert_true(condition("CPUs")->warns);
	assert_true(condition("hooks")->warns);
	assert_string_equal(condition("hooks")->before, "send tp_btf/tcp_sendmsg_locked");
	assert_string_equal(condition("hooks")->after,
			    "send tp_btf/tcp_sendmsg_locked, send fentry/tcp_sendmsg_locked");
	assert_true(condition("duration")->warns);
	assert_string_equal(condition("duration")->after, "8.0 s");
	assert_true(condition("load")->warns);
	assert_true(condition("loss")->warns && !condition("loss")->differs);
	assert_true(condition("label")->differs && !condition("label")->warns);
	assert_false(condition("host")->differs || condition("filter")->differs);
	done();
}

/* The same file, or a copy of it, on both sides or twice on one. */
static void a_run_that_is_given_twice(void **state)
{
	(void)state;
	for (int k = 0; k < 3; k++) {
		set_fill(&before, 2, 1);
		set_fill(&after, 2, 1);
		set_requests(&before, 1000, 1, 0.1, 1);
		set_requests(&after, 1000, 1, 0.1, k == 1 ? 1 : 7000);
		if (k == 2)
			before.pointers[1] = before.pointers[0];
		compare();
		assert_true(condition("runs")->warns == (k > 0));
		done();
	}
}

/* What another tool's log does not tell is said to be unknown, once. */
static void logs_of_other_tools(void **state)
{
	int warnings = 0;

	(void)state;
	set_fill(&before, 1, 1);
	set_fill(&after, 1, 1);
	set_requests(&before, 1000, 1, 0, 1);
	set_requests(&after, 1000, 1, 0, 2);
	after.runs[0].latency_only = true;
	after.runs[0].cpus = 0;
	after.runs[0].n_hooks = 0;
	after.runs[0].kernel[0] = '\0';
	strcpy(after.runs[0].host, "");
	compare();
	for (size_t i = 0; i < c.n_conditions; i++)
		warnings += c.conditions[i].warns;
	assert_int_equal(warnings, 1);
	assert_true(condition("made by")->warns);
	assert_string_equal(condition("CPUs")->after, "not known");
	assert_string_equal(condition("kernel")->after, "not known");
	assert_string_equal(condition("hooks")->after, "not known");
	assert_string_equal(condition("loss")->after, "not known");
	assert_string_equal(condition("loss")->before, "0");
	assert_string_equal(condition("connections")->after, "not known");
	assert_string_equal(condition("duration")->after, "10.0 s");
	done();
}

static void other_connections(void **state)
{
	(void)state;
	set_fill(&before, 1, 1);
	set_fill(&after, 1, 1);
	set_requests(&before, 1000, 1, 0, 1);
	set_requests(&after, 1000, 1, 0, 2);
	before.runs[0].services[0].sum->connections = 10;
	after.runs[0].services[0].sum->connections = 50;
	compare();
	assert_true(condition("connections")->warns);
	assert_string_equal(condition("connections")->after, "50");
	done();
}

static void tolerances(void **state)
{
	(void)state;
	set_fill(&before, 1, 1);
	set_fill(&after, 1, 1);
	set_requests(&before, 1000, 1, 0, 1);
	set_requests(&after, 1040, 1, 0, 1);
	after.runs[0].duration_s = 9.95;
	compare();
	assert_false(condition("load")->differs || condition("duration")->differs);
	done();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(like_conditions),
		cmocka_unit_test(unlike_conditions_are_named),
		cmocka_unit_test(a_run_that_is_given_twice),
		cmocka_unit_test(logs_of_other_tools),
		cmocka_unit_test(other_connections),
		cmocka_unit_test(tolerances),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
