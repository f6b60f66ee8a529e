// SPDX-License-Identifier: BSD-2-Clause
/* Findings and warnings: each rule speaks when the data proves it, and is silent when it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../lib/findings_look.h"
#include "../lib/run_fill.h"

/* n requests of which `slow` have extra ns in a stage. */
static void some_slow(struct run_service *s, int n, int slow, enum lvt_stage stage, __u64 extra)
{
	for (int i = 0; i < n; i++)
		fill(s->sum, STAGE_SERVICE_CPU, 50000ull, STAGE_SERVICE_OTHER, 50000ull, (int)stage,
		     i < slow ? (unsigned long long)extra : 0ull, -1);
}

static void a_tail_has_a_cause(void **state)
{
	const struct finding *f;
	struct run r;

	(void)state;
	fill_run(&r, 1);
	some_slow(&r.services[0], 10000, 200, STAGE_QUEUE_RUNQ, 1200000);
	look(&r.services[0]);
	f = find("tail_is_runq");
	assert_non_null(f);
	assert_ptr_equal(f, &found[0]);
	assert_string_equal(f->text, "The p99 is 13 times the median; 92 % of the time of the "
				     "slowest 1 % is queue.runq: its reader is ready but another "
				     "task has the CPU.");
	assert_true(fabs(number(f, "share") - 12.0 / 13) < 0.001);
	assert_true(number(f, "requests") == 200);
	run_free(&r);
}

static void a_short_tail_is_none(void **state)
{
	struct run r;

	(void)state;
	fill_run(&r, 2);
	some_slow(&r.services[0], 10000, 200, STAGE_QUEUE_RUNQ, 80000);
	look(&r.services[0]);
	assert_int_equal(n_found, 0);
	some_slow(&r.services[1], 400, 5, STAGE_QUEUE_RUNQ, 8000000); /* too few slow ones */
	look(&r.services[1]);
	assert_null(find("tail_is_runq"));
	assert_non_null(find("few_requests"));
	run_free(&r);
}

static void a_tail_without_one_cause(void **state)
{
	struct run r;

	(void)state;
	fill_run(&r, 1);
	for (int i = 0; i < 10000; i++) {
		unsigned long long x = i < 200 ? 100000 : 0;

		fill(r.services[0].sum, STAGE_SERVICE_CPU, 30000ull, STAGE_QUEUE_BUSY, x,
		     STAGE_QUEUE_RUNQ, x, STAGE_SERVICE_RUNQ, x, STAGE_SERVICE_CLIENT, x, -1);
	}
	look(&r.services[0]);
	assert_non_null(find("tail_is_mixed"));
	run_free(&r);
}

static void few_requests_are_said(void **state)
{
	static const int n[] = { 1, 367, 368, 3687, 3688 };
	static const char *const text[] = {
		"p99 rests on the slowest 1 of only 1 request: it takes 368 to place it with 95 % "
		"confidence.",
		"p99 rests on the slowest 4 of only 367 requests: it takes 368 to place it with "
		"95 % confidence.",
		"p99.9 rests on the slowest 1 of only 368 requests: it takes 3,688 to place it "
		"with 95 % confidence.",
		"p99.9 rests on the slowest 4 of only 3,687 requests: it takes 3,688 to place it "
		"with 95 % confidence.",
		NULL,
	};

	(void)state;
	for (int i = 0; i < 5; i++) {
		struct run r;

		fill_run(&r, 1);
		some_slow(&r.services[0], n[i], 0, STAGE_QUEUE_RUNQ, 0);
		look(&r.services[0]);
		if (text[i])
			assert_string_equal(find("few_requests")->text, text[i]);
		else
			assert_null(find("few_requests"));
		run_free(&r);
	}
}

/* One stage at a time as 60 % of the latency: which rule speaks of it. */
static void causes_are_named(void **state)
{
	static const struct {
		enum lvt_stage stage;
		const char *id;
		bool queue;
	} cases[] = {
		{ STAGE_QUEUE_BUSY, "head_of_line", true },
		{ STAGE_QUEUE_RUNQ, "cpu_contention", true },
		{ STAGE_SERVICE_RUNQ, "cpu_contention", false },
		{ STAGE_QUEUE_WAKEUP, "wakeup_latency", true },
		{ STAGE_SERVICE_WAKEUP, "wakeup_latency", false },
		{ STAGE_SERVICE_CLIENT, "client_holds_up", false },
		{ STAGE_SERVICE_HANDOFF, "handoff", false },
		{ STAGE_SERVICE_CPU, "mostly_cpu", false },
		{ STAGE_SERVICE_BLOCKED, "mostly_blocked", false },
		{ STAGE_SERVICE_DISK, "waits_for_disk", false },
		{ STAGE_SERVICE_LOCK, "waits_for_lock", false },
		{ STAGE_SERVICE_NET, "waits_for_net", false },
		{ STAGE_SERVICE_POOL, "waits_for_pool", false },
		{ STAGE_SERVICE_SLEEP, "waits_for_sleep", false },
		{ STAGE_SERVICE_FAULT, "waits_for_fault", false },
		{ STAGE_QUEUE_BLOCKED, "mostly_blocked", true },
		{ STAGE_QUEUE_ACCEPT, "mostly_accept", true },
		{ STAGE_UNATTRIBUTED, "unattributed", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct run r;

		fill_run(&r, 1);
		for (int k = 0; k < 4000; k++)
			fill(r.services[0].sum, STAGE_SERVICE_OTHER, 40000ull, (int)cases[i].stage,
			     60000ull, -1);
		look(&r.services[0]);
		assert_non_null(find(cases[i].id));
		assert_true(cases[i].queue == !!find("queue_dominates"));
		assert_int_equal(n_found, 1 + cases[i].queue);
		assert_non_null(strstr(find(cases[i].id)->text, "60 %"));
		run_free(&r);
	}
}

static void unattributed_from_one_percent(void **state)
{
	struct run r;

	(void)state;
	fill_run(&r, 1);
	for (int i = 0; i < 4000; i++)
		fill(r.services[0].sum, STAGE_SERVICE_OTHER, 99100ull, STAGE_UNATTRIBUTED, 900ull,
		     -1);
	look(&r.services[0]);
	assert_null(find("unattributed"));
	fill(r.services[0].sum, STAGE_UNATTRIBUTED, 500000ull, -1);
	look(&r.services[0]);
	assert_non_null(find("unattributed"));
	run_free(&r);
}

static void little_only_beyond_noise(void **state)
{
	struct run r;
	struct run_service *s;

	(void)state;
	fill_run(&r, 1);
	s = &r.services[0];
	some_slow(s, 50000, 0, STAGE_QUEUE_RUNQ, 0); /* 0.5 in flight */
	fill_in_flight(s, 1.04);
	look(s);
	assert_null(find("littles_law_off"));
	fill_in_flight(s, 1.2);
	look(s);
	assert_non_null(find("littles_law_off"));
	assert_true(fabs(number(find("littles_law_off"), "relative_error") - 0.2) < 0.001);
	s->in_flight_samples = 100; /* the same from so few proves nothing */
	look(s);
	assert_null(find("littles_law_off"));
	run_free(&r);
}

static void at_most_five_the_heaviest_first(void **state)
{
	struct run r;

	(void)state;
	fill_run(&r, 1);
	for (int i = 0; i < 1500; i++)
		fill(r.services[0].sum, STAGE_QUEUE_BUSY, 30000ull, STAGE_QUEUE_RUNQ,
		     i < 40 ? 3000000ull : 30000ull, STAGE_QUEUE_WAKEUP, 30000ull,
		     STAGE_UNATTRIBUTED, 30000ull, STAGE_SERVICE_HANDOFF, 60000ull, -1);
	fill_in_flight(&r.services[0], 2);
	look(&r.services[0]);
	assert_int_equal(n_found, MAX_FINDINGS);
	assert_string_equal(found[0].id, "unattributed"); /* 12 %: it spoils all the others */
	assert_string_equal(found[1].id, "tail_is_runq");
	run_free(&r);
}

static void no_requests_no_findings(void **state)
{
	struct run r;

	(void)state;
	fill_run(&r, 1);
	look(&r.services[0]);
	assert_int_equal(n_found, 0);
	n_found = service_warnings(&r, &r.services[0], found);
	assert_int_equal(n_found, 1);
	assert_non_null(find("no_requests"));
	run_free(&r);
}

static void warnings_have_thresholds(void **state)
{
	struct run r;
	struct lvt_shard *sum;

	(void)state;
	fill_run(&r, 1);
	sum = r.services[0].sum;
	some_slow(&r.services[0], 1000, 0, STAGE_QUEUE_RUNQ, 0);
	sum->exchanges[EXCHANGE_ABORTED] = 50; /* 4.8 % */
	sum->batch_sampled = 100;
	sum->batch_found = 5;
	sum->batch_messages = 10;
	sum->h2_found = 5;
	sum->streaming = 50;
	assert_int_equal(service_warnings(&r, &r.services[0], found), 0);
	assert_int_equal(run_warnings(&r, found), 0);
	sum->exchanges[EXCHANGE_ABORTED] = 60;
	sum->exchanges[EXCHANGE_PIPELINED] = 10;
	sum->exchanges[EXCHANGE_UNSOLICITED] = 100;
	sum->batch_found = 6;
	sum->h2_found = 6;
	sum->streaming = 51;
	r.services[0].window_s = 9;
	n_found = service_warnings(&r, &r.services[0], found);
	assert_int_equal(n_found, MAX_WARNINGS); /* the most there can be */
	assert_non_null(find("aborted"));
	assert_non_null(find("pipelined"));
	assert_non_null(find("unsolicited"));
	assert_non_null(find("batches"));
	assert_non_null(find("came_later"));
	assert_non_null(find("multiplexed"));
	assert_true(number(find("multiplexed"), "found") == 6);
	assert_string_equal(find("streaming")->text,
			    "stream: 5 % of the answers are transfers: their latency is the time "
			    "that the transfer took.");
	assert_true(fabs(number(find("aborted"), "plain_share") - 1000.0 / 1170) < 1e-9);
	r.counters[COUNTER_RECURSION] = 1;
	r.n_untraced = 1;
	assert_int_equal(run_warnings(&r, found), 2);
	r.n_untraced = 0;
	run_free(&r);
}

static void quantities_have_three_digits(void **state)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{ 0, "0" },	     { 0.1414, "0.141" }, { 0.9996, "1.00" }, { 2.5, "2.50" },
		{ 9.996, "10.0" },   { 10.46, "10.5" },	  { 99.94, "99.9" },  { 99.96, "100" },
		{ 1239.6, "1,240" }, { NAN, "-" },
	};
	char buf[32];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(fmt_quantity(buf, sizeof(buf), cases[i].value), cases[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tail_has_a_cause),
		cmocka_unit_test(a_short_tail_is_none),
		cmocka_unit_test(a_tail_without_one_cause),
		cmocka_unit_test(few_requests_are_said),
		cmocka_unit_test(causes_are_named),
		cmocka_unit_test(unattributed_from_one_percent),
		cmocka_unit_test(little_only_beyond_noise),
		cmocka_unit_test(at_most_five_the_heaviest_first),
		cmocka_unit_test(no_requests_no_findings),
		cmocka_unit_test(warnings_have_thresholds),
		cmocka_unit_test(quantities_have_three_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
