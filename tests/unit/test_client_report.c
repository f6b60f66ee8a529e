// SPDX-License-Identifier: BSD-2-Clause
/* What the reports say of a client: its figures, its warnings with their bounds, what is not known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../lib/client_fill.h"
#include "../lib/json_look.h"
#include "../lib/run_fill.h"
#include "../lib/text_look.h"
#include "report/client_view.h"
#include "report/json.h"

static bool warned(const struct run_client *c, const char *id)
{
	struct finding found[MAX_WARNINGS];
	size_t n = client_warnings(c, found);

	assert_true(n <= MAX_WARNINGS);
	for (size_t i = 0; i < n; i++)
		if (!strcmp(found[i].id, id))
			return true;
	return false;
}

/* One of the warnings says this. */
static void says(const struct run_client *c, const char *what)
{
	struct finding found[MAX_WARNINGS];
	size_t n = client_warnings(c, found);

	for (size_t i = 0; i < n; i++)
		if (strstr(found[i].text, what))
			return;
	fail_msg("missing: %s\nin: %s", what, n ? found[0].text : "nothing");
}

/* n answers of 160 µs, of which the kernel sees 120; 2 µs late. */
static struct run_client *load(struct run *r, bool service, int n)
{
	struct run_client *c;

	fill_run(r, service);
	if (!service)
		r->n_hooks = 0;
	c = fill_client(r, 6379, "GET k", n / 10.0);
	for (int i = 0; i < n; i++) {
		fill_answered(c, 2000, 0, 160000);
		if (service)
			fill(r->services[0].sum, STAGE_SERVICE_CPU, 120000ull, -1);
	}
	return c;
}

static void in_a_line_each(void **state)
{
	struct run r;
	char *text;

	(void)state;
	load(&r, true, 10000);
	text = render(&r, "120");
	check_lines(text, 120);
	assert_row(text, "client of 127.0.0.1:6379 · redis GET k ─");
	assert_row(text, "─ 10,000 requests\n p50 162 µs p90 162 µs");
	assert_row(text, "made of late 2.0 µs + no free connection 0 ns + answer 160 µs = 162 µs a "
			 "request, from when it was due");
	assert_row(text, "answer 120 µs in the service (kernel) + 40 µs between");
	assert_row(text, "load open loop · poisson · seed 7 · 1,000 /s intended · 1,000 /s sent · "
			 "1,000 /s answered");
	assert_row(text, "CPU 50 µs a request");
	assert_silent(text, "!");
	assert_silent(text, "closed loop");
	/* after its service, before the foot */
	assert_true(strstr(text, ":6379 redis-server") < strstr(text, "client of"));
	assert_true(strstr(text, "client of") < strstr(text, "the trace"));
	free(text);
	text = render(&r, "80");
	check_lines(text, 80);
	free(text);
	run_free(&r);
}

/* Of a load's own run there is no trace to speak of. */
static void alone(void **state)
{
	struct run r;
	char *text;

	(void)state;
	load(&r, false, 100);
	text = render(&r, "80");
	assert_says(text, "client of 127.0.0.1:6379");
	assert_silent(text, "the trace");
	assert_silent(text, "loss");
	assert_silent(text, "filter");
	assert_silent(text, "cost");
	assert_silent(text, "answer   ");
	assert_silent(text, "no listening TCP service");
	free(text);
	run_free(&r);
}

/* Names from outside are as wide as they can be, and not only letters. */
static void it_fits(void **state)
{
	struct run r;
	struct run_client *c;
	char *text;

	(void)state;
	c = load(&r, true, 10);
	memset(c->target, 'x', sizeof(c->target) - 1);
	for (size_t i = 0; i < sizeof(c->request) - 1; i++)
		c->request[i] = i % 7 ? '\033' : ' ';
	for (int k = 0; k < NR_CLIENT_ERRORS; k++)
		for (int i = 0; i < 3; i++)
			fill_failed(c, k);
	for (const char **w = (const char *[]){ "40", "80", "120", NULL }; *w; w++) {
		text = render(&r, *w);
		assert_silent(text, "\033");
		free(text);
	}
	strcpy(c->target, "[2001:db8:1111:2222:3333:4444:5555:6666]:65535");
	strcpy(c->request, "GET /a/path/that/does/not/fit/into/the/title HTTP");
	for (const char **w = (const char *[]){ "80", "120", NULL }; *w; w++) {
		text = render(&r, *w);
		check_lines(text, atoi(*w));
		free(text);
	}
	run_free(&r);
}

static void failed_is_said(void **state)
{
	struct run r;
	struct run_client *c = load(&r, false, 990);
	char *text;
	json_t *root;

	(void)state;
	for (int i = 0; i < 10; i++)
		fill_failed(c, i ? CLIENT_ERROR_TIMEOUT : CLIENT_ERROR_RESET);
	text = render(&r, "100");
	assert_row(text, "p99 162 µs p99.9 failed max failed mean 162 µs");
	says(c, "failed: 10 of 1,000 requests, 1 %: timeout 9 (no whole answer within");
	says(c, ", reset 1. ");
	free(text);
	root = parse(report_json, &r);
	assert_true(number(root, "clients/0/latency_ns/p99") > 0);
	assert_true(json_is_null(at(root, "clients/0/latency_ns/p99_9")));
	assert_true(json_is_null(at(root, "clients/0/latency_ns/max")));
	assert_int_equal(number(root, "clients/0/latency_ns/count"), 1000);
	assert_int_equal(number(root, "clients/0/failed"), 10);
	assert_int_equal(number(root, "clients/0/errors/timeout"), 9);
	assert_null(json_object_get(at(root, "clients/0/errors"), "cut"));
	assert_string_equal(word(root, "clients/0/warnings/0/id"), "failed");
	json_decref(root);
	run_free(&r);
}

static void none_was_answered(void **state)
{
	struct run r;
	struct run_client *c = load(&r, false, 0);
	char *text = render(&r, "100");
	json_t *root;

	(void)state;
	assert_says(text, "no requests to report");
	free(text);
	fill_failed(c, CLIENT_ERROR_REFUSED);
	text = render(&r, "100");
	says(c, "1 of 1 request, 100 %: refused 1 (the connection was refused). None was answered "
		"rightly.");
	assert_silent(text, "p50");
	assert_silent(text, "made of");
	free(text);
	root = parse(report_json, &r);
	assert_true(json_is_null(at(root, "clients/0/latency_ns/p50")));
	assert_true(json_is_null(at(root, "clients/0/latency_ns/min")));
	assert_true(json_is_null(at(root, "clients/0/latency_ns/mean")));
	assert_true(json_is_null(at(root, "clients/0/answer_ns")));
	json_decref(root);
	run_free(&r);
}

static void json_of_both(void **state)
{
	struct run r;
	struct run_client *c = load(&r, true, 1000);
	json_t *root;

	(void)state;
	c->view.sum->bytes_in = 27000;
	c->view.sum->bytes_out = 5000;
	c->warm_up_s = 2;
	root = parse(report_json, &r);
	assert_string_equal(word(root, "clients/0/target"), "127.0.0.1:6379");
	assert_string_equal(word(root, "clients/0/request"), "GET k");
	assert_string_equal(word(root, "clients/0/arrivals"), "poisson");
	assert_true(json_is_true(at(root, "clients/0/open")));
	assert_int_equal(number(root, "clients/0/seed"), 7);
	assert_int_equal(number(root, "clients/0/connections"), 50);
	assert_int_equal(number(root, "clients/0/duration_s"), 10);
	assert_int_equal(number(root, "clients/0/warm_up_s"), 2);
	assert_int_equal(number(root, "clients/0/scheduled"), 1000);
	assert_int_equal(number(root, "clients/0/sent"), 1000);
	assert_int_equal(number(root, "clients/0/ok"), 1000);
	assert_int_equal(number(root, "clients/0/rate_intended"), 100);
	assert_int_equal(number(root, "clients/0/rate_sent"), 100);
	assert_int_equal(number(root, "clients/0/rate_achieved"), 100);
	assert_int_equal(number(root, "clients/0/cpu_per_request_ns"), 500000);
	assert_int_equal(number(root, "clients/0/bytes_sent"), 27000);
	assert_int_equal(number(root, "clients/0/bytes_received"), 5000);
	assert_int_equal(number(root, "clients/0/answer_ns/mean"), 160000);
	assert_int_equal(number(root, "clients/0/send_latency_ns/mean"), 160000);
	assert_int_equal(number(root, "clients/0/lateness_ns/max"), 2000);
	assert_int_equal(number(root, "clients/0/connection_ns/mean"), 0);
	assert_int_equal(number(root, "clients/0/kernel_latency_mean_ns"), 120000);
	assert_int_equal(number(root, "clients/0/between_mean_ns"), 40000);
	assert_true(json_is_null(at(root, "clients/0/closed_latency_ns")));
	assert_true(json_is_null(at(root, "clients/0/in_flight")));
	json_decref(root);
	for (int i = 0; i < 20; i++) /* of somebody else's */
		fill(r.services[0].sum, STAGE_SERVICE_CPU, 120000ull, -1);
	root = parse(report_json, &r);
	assert_true(json_is_null(at(root, "clients/0/kernel_latency_mean_ns")));
	assert_true(json_is_null(at(root, "clients/0/between_mean_ns")));
	json_decref(root);
	run_free(&r);
}

/* ---- rules */

/* p99 of lateness against a tenth of that of the latency, 100 µs. */
static void late(void **state)
{
	(void)state;
	for (int much = 0; much < 2; much++) {
		struct run r;
		struct run_client *c;

		fill_run(&r, 0);
		c = fill_client(&r, 80, "", 100);
		for (int i = 0; i < 1000; i++)
			fill_answered(c, much ? 12000 : 8000, 0, 88000);
		assert_int_equal(warned(c, "late"), much);
		run_free(&r);
	}
}

/* 1 % of what was intended; what was due may be fewer by chance. */
static void saturated(void **state)
{
	struct run r;
	struct run_client *c = load(&r, false, 985);

	(void)state;
	c->rate_intended = 100;
	assert_false(warned(c, "saturated")); /* only 985 were due, and all of them were answered */
	c->view.arrivals = 990;
	assert_false(warned(c, "saturated"));
	c->view.arrivals = 1000;
	assert_true(warned(c, "saturated"));
	c->rate_intended = 99;
	c->view.arrivals = 990;
	assert_false(warned(c, "saturated"));
	c->rate_intended = 100;
	c->view.arrivals = 1000;
	for (int i = 0; i < 10; i++) /* an answer that says no is one */
		fill_failed(c, CLIENT_ERROR_STATUS);
	c->view.arrivals = 1000;
	assert_false(warned(c, "saturated"));
	c->errors[CLIENT_ERROR_STATUS] = 0;
	c->errors[CLIENT_ERROR_TIMEOUT] = 10;
	assert_true(warned(c, "saturated"));
	c->open = false;
	assert_false(warned(c, "saturated"));
	run_free(&r);
}

static void connections_run_out(void **state)
{
	struct run r;
	struct run_client *c;

	(void)state;
	fill_run(&r, 0);
	c = fill_client(&r, 80, "", 10);
	for (int i = 0; i < 100; i++)
		fill_answered(c, 0, 40000, 60000);
	assert_false(warned(c, "connections"));
	for (int i = 0; i < 100; i++)
		fill_answered(c, 0, 80000, 20000);
	assert_true(warned(c, "connections")); /* in the mean, 60 of 100 */
	says(c, "a free one, of which there are 50, in the mean 60 µs of 100 µs");
	run_free(&r);

	fill_run(&r, 0);
	c = fill_client(&r, 80, "", 10);
	for (int i = 0; i < 1000; i++)
		fill_answered(c, 0, i % 50 ? 0 : 900000, 100000);
	assert_true(warned(c, "connections")); /* in the tail */
	says(c, "there are 50, at p99 ");
	run_free(&r);
}

/* ---- the closed loop */

static bool material(__u64 closed, int n, int failed)
{
	struct finding found[MAX_FINDINGS];
	struct run r;
	struct run_client *c = load(&r, false, 10000); /* 162 µs */
	bool yes;

	for (int i = 0; i < n; i++)
		fill_time(c, CLIENT_CLOSED, closed);
	for (int i = 0; i < failed; i++)
		fill_failed(c, CLIENT_ERROR_TIMEOUT);
	yes = client_findings(c, found) == 1;
	if (yes)
		assert_string_equal(found[0].id, "coordinated_omission");
	if (yes && n < 1000)
		assert_null(strstr(found[0].text, "p99.9"));
	run_free(&r);
	return yes;
}

static void a_closed_loop(void **state)
{
	(void)state;
	assert_false(material(162000, 5000, 0));
	assert_false(material(150000, 5000, 0)); /* 1.08 times */
	assert_true(material(140000, 5000, 0));	 /* 1.16 times */
	assert_false(material(300000, 5000, 0)); /* it would have reported more */
	assert_true(material(140000, 100, 0));
	assert_false(material(140000, 99, 0)); /* its p99 is its maximum */
	assert_false(material(140000, 0, 0));
	assert_true(material(162000, 5000, 50)); /* p99.9 is infinite */
	assert_false(material(162000, 500, 50)); /* which so few do not have */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_a_line_each),
		cmocka_unit_test(alone),
		cmocka_unit_test(it_fits),
		cmocka_unit_test(failed_is_said),
		cmocka_unit_test(none_was_answered),
		cmocka_unit_test(json_of_both),
		cmocka_unit_test(late),
		cmocka_unit_test(saturated),
		cmocka_unit_test(connections_run_out),
		cmocka_unit_test(a_closed_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
