// SPDX-License-Identifier: BSD-2-Clause
/* The figures of labs: names, values, texts, and what is claimed in logs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client_fill.h"
#include "lab/figure.h"
#include "run_fill.h"

enum { US = 1000, REQUESTS = 1000 };

/* 1000 requests of 100 us of CPU; the last 20 of them wait for a neighbour, 10 ms each. */
static void make_run(struct run *r)
{
	struct run_service *s;

	fill_run(r, 2);
	s = &r->services[1];
	for (int i = 0; i < REQUESTS; i++) {
		__u64 st[NR_STAGES] = { [STAGE_SERVICE_CPU] = 100 * US };

		if (i >= REQUESTS - 20)
			st[STAGE_QUEUE_RUNQ] = 10000 * US;
		fill_request(s->sum, st);
	}
	s->waits = calloc(3, sizeof(*s->waits));
	s->n_waits = 3;
	s->waits[0] = (struct run_wait){
		.stage = STAGE_QUEUE_RUNQ, .who = "noisy", .pid = 7, .waits = 12, .ns = 120000 * US
	};
	s->waits[1] = (struct run_wait){
		.stage = STAGE_QUEUE_RUNQ, .who = "idle", .waits = 6, .ns = 60000 * US
	};
	s->waits[2] =
		(struct run_wait){ .stage = STAGE_QUEUE_RUNQ, .other = true, .ns = 20000 * US };
	s->cpu_share = 0.02;
	s->in_flight = 3.5;
	s->sum->exchanges[EXCHANGE_ABORTED] = 250;
}

static double of(const struct run *r, const char *name)
{
	assert_int_not_equal(figure_kind(name), FIGURE_UNKNOWN);
	return figure_of(name, r, 6380);
}

static void near(double value, double expected)
{
	if (!(fabs(value - expected) <= 0.008 * fabs(expected)))
		fail_msg("%g, not %g", value, expected);
}

static void of_the_kernel(void **state)
{
	struct run r;

	(void)state;
	make_run(&r);
	near(of(&r, "kernel.p50"), 100 * US);
	near(of(&r, "kernel.p97"), 100 * US);
	near(of(&r, "kernel.p98.1"), 10100 * US);
	near(of(&r, "kernel.mean"), 300 * US);
	near(of(&r, "kernel.max"), 10100 * US);
	near(of(&r, "kernel.throughput"), 100);
	near(of(&r, "kernel.requests"), REQUESTS);
	near(of(&r, "kernel.aborted_share"), 0.2);
	near(of(&r, "queue.runq.mean"), 200 * US);
	near(of(&r, "queue.runq.p99"), 10000 * US);
	assert_true(of(&r, "queue.runq.p50") == 0);
	near(of(&r, "queue.runq.share"), 2.0 / 3);
	near(of(&r, "queue.runq.at_p99"), 10000 * US);
	near(of(&r, "runq.at_p99"), 10000 * US);
	near(of(&r, "runq.mean"), 200 * US);
	assert_true(of(&r, "runq.at_p50") == 0);
	near(of(&r, "ran.noisy"), 120 * US);
	near(of(&r, "ran.nobody"), 60 * US);
	assert_true(of(&r, "ran.who") == 0);
	near(of(&r, "cpu_per_request"), 200 * US);
	near(of(&r, "in_flight"), 3.5);
	near(of(&r, "utilisation"), 0.02);
	assert_true(isnan(of(&r, "net.tx.mean")));
	assert_true(isnan(of(&r, "occupancy.mean")));
	/* of the other service, which has no requests; of a port that is not there */
	assert_true(isnan(figure_of("kernel.p50", &r, 6379)));
	assert_true(isnan(figure_of("queue.runq.mean", &r, 6379)));
	assert_true(isnan(figure_of("ran.noisy", &r, 6379)));
	assert_true(isnan(figure_of("kernel.p50", &r, 1)));
	run_free(&r);
}

static void of_the_client(void **state)
{
	struct run_client *c;
	char name[64];
	struct run r;

	(void)state;
	make_run(&r);
	assert_true(isnan(of(&r, "client.p50")));
	c = fill_client(&r, 6380, "x", 100);
	assert_true(isnan(of(&r, "client.p50")));
	assert_true(isnan(of(&r, "client.failed_share")));
	for (int i = 0; i < 900; i++)
		fill_answered(c, 0, 0, 200 * US);
	assert_int_equal(c->completed, 900);
	near(of(&r, "client.p99"), 200 * US);
	for (int i = 0; i < 100; i++)
		fill_failed(c, 0);
	near(of(&r, "client.p90"), 200 * US);
	assert_true(isinf(of(&r, "client.p90.1")));
	assert_true(isinf(of(&r, "client.max")));
	near(of(&r, "client.mean"), 200 * US);
	near(of(&r, "client.failed"), 100);
	near(of(&r, "client.failed_share"), 0.1);
	near(of(&r, "client.requests"), 1000);
	near(of(&r, "client.throughput"), 90);
	fill_time(c, CLIENT_CLOSED, 50 * US);
	near(of(&r, "client.closed.p50"), 50 * US);
	assert_string_equal(figure_lateness(name, sizeof(name), "client.p99.5"),
			    "client.late.p99.5");
	assert_string_equal(figure_lateness(name, sizeof(name), "kernel.mean"), "client.late.mean");
	assert_string_equal(figure_lateness(name, sizeof(name), "client.throughput"), "");
	assert_true(of(&r, "client.late.p99.5") == 0);
	near(of(&r, "client.answer.mean"), 200 * US);
	run_free(&r);
}

static void names(void **state)
{
	static const char *const wrong[] = {
		"",
		"client",
		"client.",
		"client.p5",
		"client.p100",
		"client.p9a",
		"client.p99.",
		"client.x",
		"kernel.failed",
		"queue.runq",
		"queue.p50",
		"runq.p50",
		"runq.at_p95",
		"net.tx.share",
		"ran.",
		"claim.",
		"little",
		"ran.a-name-that-is-too-long",
		"queue.runq.meanx",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		if (figure_kind(wrong[i]) != FIGURE_UNKNOWN)
			fail_msg("'%s' is a figure", wrong[i]);
	assert_int_equal(figure_kind("client.p99.99"), FIGURE_TIME_NS);
	assert_int_equal(figure_kind("service.lock.share"), FIGURE_SHARE);
	assert_int_equal(figure_kind("claim.rows_rate"), FIGURE_RATE);
	assert_int_equal(figure_kind("claim.p99"), FIGURE_TIME_NS);
	assert_int_equal(figure_kind("beside.done"), FIGURE_PLAIN);
	assert_int_equal(figure_quantile("client.p99.95"), 999500);
	assert_int_equal(figure_quantile("client.mean"), 0);
	assert_int_equal(figure_quantile("claim.p99"), 0);
	assert_true(figure_error("kernel.p50", 1e6) > 0.001);
	assert_true(figure_error("kernel.mean", 1e6) == 0);
	assert_true(figure_error("kernel.p50", INFINITY) == 0);
}

static void texts(void **state)
{
	const struct {
		const char *name;
		double value;
		const char *text;
	} rows[] = {
		{ "client.p50", 1234567, "1.2 ms" },
		{ "client.p50", NAN, "unknown" },
		{ "client.p99", INFINITY, "failed" },
		{ "client.throughput", 512, "512 /s" },
		{ "queue.runq.share", 0.031, "3.1 %" },
		{ "queue.runq.share", 0.31, "31 %" },
		{ "client.failed_share", 0, "0.0 %" },
		{ "client.failed_share", 0.00031, "0.031 %" },
		{ "client.requests", 12345, "12,345" },
		{ "in_flight", 4.25, "4.25" },
		{ "beside.done", 123456, "123,456" },
	};
	char buf[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(figure_format(buf, sizeof(buf), rows[i].name, rows[i].value),
				    rows[i].text);
}

static void claims(void **state)
{
	struct claims c = { 0 };
	char path[] = "/tmp/lvt-claims-XXXXXX";
	int fd = mkstemp(path);
	FILE *out = fdopen(fd, "w");

	(void)state;
	claims_parse(&c, "listening on 5\nclaim a=1 b=2.5e3\nnot a claim c=3\nclaim a=7\n"
			 "claim bad=x worse=1x also=inf =4 alone last=-1");
	assert_int_equal(c.n, 3);
	assert_true(claims_value(&c, "a") == 7);
	assert_true(claims_value(&c, "b") == 2500);
	assert_true(claims_value(&c, "last") == -1);
	assert_true(isnan(claims_value(&c, "c")));
	assert_true(isnan(claims_value(NULL, "a")));
	/* of a long log the end counts */
	fputs("claim first=1 a=0\n", out);
	for (int i = 0; i < 20000; i++)
		fputs("much talk\n", out);
	fputs("claim a=8 z=9", out);
	fclose(out);
	claims_read(&c, path);
	unlink(path);
	assert_true(claims_value(&c, "a") == 8);
	assert_true(claims_value(&c, "z") == 9);
	assert_true(isnan(claims_value(&c, "first")));
	claims_read(&c, "/no/such/file");
	assert_int_equal(c.n, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_the_kernel), cmocka_unit_test(of_the_client),
		cmocka_unit_test(names),	 cmocka_unit_test(texts),
		cmocka_unit_test(claims),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
