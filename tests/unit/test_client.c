// SPDX-License-Identifier: BSD-2-Clause
/* The client's view: what requests that failed do to it, and what lies between the two views. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../lib/client_fill.h"
#include "../lib/run_fill.h"
#include "model/hist.h"
#include "model/window.h"

static void close_to(double a, double b)
{
	if (!(fabs(a - b) <= 1e-9 * fabs(b)))
		fail_msg("%.17g is not %.17g", a, b);
}

/* A run of one client, n requests of 1..n ms; late 1, connection 2, and the rest is the answer. */
static struct run load(int n)
{
	struct run r;
	struct run_client *c;

	fill_run(&r, 0);
	c = fill_client(&r, 6379, "GET k", 100);
	for (int i = 1; i <= n; i++)
		fill_answered(c, 1, 2, 1000000ull * i - 3);
	return r;
}

static void without_failures(void **state)
{
	struct run r = load(1000);
	struct run_client *c = &r.clients[0];
	struct dist d;

	(void)state;
	client_latency(c, &d);
	assert_int_equal(d.count, 1000);
	close_to(d.mean, 500.5e6);
	assert_int_equal(d.min, 1000000);
	assert_int_equal(d.max, 1000000000);
	assert_true(fabs(d.p50 / 500e6 - 1) < 0.008);
	assert_true(fabs(d.p99_9 / 999e6 - 1) < 0.008);
	assert_int_equal(client_answered(c), 1000);
	assert_int_equal(client_failed(c), 0);
	close_to(client_rps(c), 100);
	close_to(client_sent_rps(c), 100);
	run_free(&r);
}

/* 10 of 1000 failed: the 991st in rank is the first that has no end. */
static void failed_ones_keep_their_rank(void **state)
{
	struct run r = load(990);
	struct run_client *c = &r.clients[0];
	struct dist d;

	(void)state;
	for (int i = 0; i < 10; i++)
		fill_failed(c, CLIENT_ERROR_TIMEOUT);
	client_latency(c, &d);
	assert_int_equal(d.count, 1000);
	assert_true(fabs(d.p90 / 900e6 - 1) < 0.008);
	assert_true(fabs(d.p99 / 990e6 - 1) < 0.008); /* the slowest that was answered */
	assert_true(d.p99 <= 990000000);
	assert_true(d.p99_9 == CLIENT_FAILED);
	assert_true(d.max == CLIENT_FAILED);
	close_to(d.mean, 495.5e6); /* of those that were answered */
	assert_int_equal(d.min, 1000000);
	assert_int_equal(client_failed(c), 10);
	close_to(client_rps(c), 99);
	close_to(client_sent_rps(c), 100);

	fill_failed(c, CLIENT_ERROR_RESET); /* one more: the 991st of 1001 */
	client_latency(c, &d);
	assert_true(d.p99 == CLIENT_FAILED);
	assert_true(d.p90 != CLIENT_FAILED);
	run_free(&r);
}

static void all_failed(void **state)
{
	struct run r = load(0);
	struct dist d;

	(void)state;
	fill_failed(&r.clients[0], CLIENT_ERROR_REFUSED);
	client_latency(&r.clients[0], &d);
	assert_int_equal(d.count, 1);
	assert_true(isnan(d.mean));
	assert_true(d.p50 == CLIENT_FAILED && d.p99_9 == CLIENT_FAILED && d.max == CLIENT_FAILED);
	client_time(&r.clients[0], CLIENT_ANSWER, &d);
	assert_int_equal(d.count, 0);
	run_free(&r);
}

static void nothing_at_all(void **state)
{
	struct run r = load(0);
	struct dist d;

	(void)state;
	client_latency(&r.clients[0], &d);
	assert_int_equal(d.count, 0);
	assert_true(isnan(d.mean));
	assert_true(d.p50 != CLIENT_FAILED);
	r.clients[0].view.window_s = 0;
	assert_true(isnan(client_rps(&r.clients[0])));
	assert_true(isnan(client_sent_rps(&r.clients[0])));
	run_free(&r);
}

static void parts_add_up(void **state)
{
	struct run r = load(50);
	struct dist whole, part;
	double sum = 0;

	(void)state;
	fill_failed(&r.clients[0], CLIENT_ERROR_WRONG);
	client_latency(&r.clients[0], &whole);
	for (int t = CLIENT_LATE; t <= CLIENT_ANSWER; t++) {
		client_time(&r.clients[0], t, &part);
		assert_int_equal(part.count, 50);
		sum += part.mean;
	}
	close_to(sum, whole.mean);
	client_time(&r.clients[0], CLIENT_CLOSED, &part);
	assert_int_equal(part.count, 0);
	run_free(&r);
}

static void adding(void **state)
{
	struct run a = load(10), b = load(20);
	struct run_client *x = &a.clients[0], *y = &b.clients[0];
	struct dist d;

	(void)state;
	fill_failed(x, CLIENT_ERROR_TIMEOUT);
	fill_failed(y, CLIENT_ERROR_TIMEOUT);
	fill_failed(y, CLIENT_ERROR_CUT);
	fill_time(y, CLIENT_CLOSED, 12345);
	x->reconnects = 1;
	y->reconnects = 4;
	y->connections = 7;
	client_add(x, y);
	client_latency(x, &d);
	assert_int_equal(d.count, 33);
	close_to(d.mean, (55 + 210) * 1e6 / 30);
	assert_int_equal(client_answered(x), 30);
	assert_int_equal(client_failed(x), 3);
	assert_int_equal(x->view.arrivals, 33);
	assert_int_equal(x->sent, 33);
	assert_int_equal(x->errors[CLIENT_ERROR_TIMEOUT], 2);
	assert_int_equal(x->errors[CLIENT_ERROR_CUT], 1);
	assert_int_equal(x->reconnects, 5);
	close_to(x->cpu_s, 1);
	client_time(x, CLIENT_ANSWER, &d);
	assert_int_equal(d.count, 30);
	assert_int_equal(d.max, 20000000 - 3);
	client_time(x, CLIENT_CLOSED, &d);
	assert_int_equal(d.max, 12345);
	assert_int_equal(d.mean, 12345);
	/* not what the load was, nor for how long */
	assert_int_equal(x->connections, 50);
	close_to(x->view.window_s, 10);
	close_to(x->rate_intended, 100);
	run_free(&a);
	run_free(&b);
}

/* ---- the service of a client ---- */

/* n requests of a load, of 100 µs each as it sees them; of 60 µs as the kernel does, m of them. */
static struct run both(int n, int m)
{
	struct run r;
	struct run_client *c;

	fill_run(&r, 2);
	c = fill_client(&r, 6380, "GET k", 100);
	for (int i = 0; i < n; i++)
		fill_answered(c, 5000, 0, 100000);
	for (int i = 0; i < m; i++)
		fill(r.services[1].sum, STAGE_SERVICE_CPU, 60000ull, -1);
	return r;
}

static void between(int n, int m, double ns)
{
	struct run r = both(n, m);

	if (isnan(ns))
		assert_true(isnan(client_between_ns(&r, &r.clients[0])));
	else
		close_to(client_between_ns(&r, &r.clients[0]), ns);
	run_free(&r);
}

static void what_lies_between(void **state)
{
	(void)state;
	between(1000, 1000, 40000);
	between(1000, 1010, 40000); /* 1 % of somebody else's */
	between(1000, 990, 40000);
	between(1000, 1011, NAN);
	between(1000, 989, NAN);
	between(1000, 0, NAN);
	between(0, 1000, NAN);
	between(0, 0, NAN);
}

/* The kernel cannot have seen more of them than the client: these are other requests. */
static void never_less_than_nothing(void **state)
{
	struct run r = both(1000, 1000);

	(void)state;
	for (int i = 0; i < 5; i++)
		fill(r.services[1].sum, STAGE_SERVICE_CPU, 60000000000ull, -1);
	assert_true(isnan(client_between_ns(&r, &r.clients[0])));
	run_free(&r);
}

static void its_service(void **state)
{
	struct run r = both(10, 10);

	(void)state;
	assert_ptr_equal(client_service(&r, &r.clients[0]), &r.services[1]);
	r.clients[0].view.port = 80;
	assert_null(client_service(&r, &r.clients[0]));
	assert_true(isnan(client_between_ns(&r, &r.clients[0])));
	/* of two on one port that of this network namespace */
	r.services[0].port = r.services[1].port = 80;
	r.services[0].foreign_netns = true;
	assert_ptr_equal(client_service(&r, &r.clients[0]), &r.services[1]);
	r.services[0].foreign_netns = false;
	r.services[1].foreign_netns = true;
	assert_ptr_equal(client_service(&r, &r.clients[0]), &r.services[0]);
	r.clients[0].local = false; /* another host's of the same port */
	assert_null(client_service(&r, &r.clients[0]));
	run_free(&r);
}

static void names(void **state)
{
	(void)state;
	for (int k = 0; k < NR_CLIENT_ERRORS; k++) {
		assert_non_null(client_error_name(k));
		assert_true(strlen(client_error_meaning(k)) > 10);
		for (int i = 0; i < k; i++)
			assert_string_not_equal(client_error_name(k), client_error_name(i));
	}
	assert_string_equal(client_time_name(CLIENT_LATE), "late");
	assert_string_equal(client_time_name(CLIENT_CONNECTION), "connection");
	assert_string_equal(client_time_name(CLIENT_ANSWER), "answer");
	assert_string_equal(client_time_name(CLIENT_CLOSED), "closed");
}

/* A window within a load: what came after 1000 requests is as if there had been nothing before. */
static void what_came_since(void **state)
{
	struct run base = load(1000), r = load(1000), want = load(0);
	struct run_client *c = &r.clients[0], *w = &want.clients[0];
	struct dist d, dw;

	(void)state;
	c->view.window_s = 30;
	base.clients[0].view.window_s = 10;
	c->view.in_flight = 3;
	base.clients[0].view.in_flight = 1;
	c->rate_intended = 400;
	base.clients[0].rate_intended = 100;
	c->completed = 1500;
	base.clients[0].completed = 990;
	fill_time(&base.clients[0], CLIENT_LATE, 9000);
	fill_time(c, CLIENT_LATE, 9000);
	fill_time(c, CLIENT_CLOSED, 7000);
	for (int i = 1; i <= 500; i++) {
		fill_answered(c, 50, 0, 20000 + i);
		fill_answered(w, 50, 0, 20000 + i);
	}
	for (int i = 0; i < 2; i++) {
		fill_failed(c, CLIENT_ERROR_TIMEOUT);
		fill_failed(w, CLIENT_ERROR_TIMEOUT);
	}
	client_window(c, &base.clients[0]);
	close_to(c->view.window_s, 20);
	close_to(c->view.in_flight, 4);
	close_to(c->rate_intended, 550);
	assert_int_equal(c->completed, 1010);
	assert_int_equal(c->view.arrivals, 502);
	assert_int_equal(c->sent, 502);
	assert_int_equal(client_answered(c), 500);
	assert_int_equal(c->errors[CLIENT_ERROR_TIMEOUT], 2);
	client_latency(c, &d);
	client_latency(w, &dw);
	assert_int_equal(d.count, dw.count);
	/* they are the same but for what minimum and maximum say of their bucket */
	assert_true(fabs((double)d.p50 / dw.p50 - 1) < 0.01);
	assert_true(fabs((double)d.p99 / dw.p99 - 1) < 0.01);
	assert_true(d.p99_9 == CLIENT_FAILED && d.max == CLIENT_FAILED);
	close_to(d.mean, dw.mean);
	/* as far as the buckets tell */
	assert_true(d.min <= 20051 && d.min > 20051 * 0.99);
	assert_true(c->view.sum->latency_max >= 20550 && c->view.sum->latency_max < 20550 * 1.01);
	client_time(c, CLIENT_LATE, &d);
	assert_true(d.count == 500 && d.mean == 50 && d.max == 50);
	client_time(c, CLIENT_CLOSED, &d);
	assert_true(d.count == 1 && d.max == 7000);
	run_free(&base);
	run_free(&r);
	base = load(10);
	r = load(10);
	base.clients[0].view.window_s = 0; /* it was warming up */
	r.clients[0].view.in_flight = 2;
	client_window(&r.clients[0], &base.clients[0]);
	close_to(r.clients[0].view.in_flight, 2);
	client_latency(&r.clients[0], &d);
	assert_true(d.count == 0 && r.clients[0].view.sum->latency_max == 0);
	run_free(&base);
	run_free(&r);
	run_free(&want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_failures),  cmocka_unit_test(failed_ones_keep_their_rank),
		cmocka_unit_test(all_failed),	     cmocka_unit_test(nothing_at_all),
		cmocka_unit_test(parts_add_up),	     cmocka_unit_test(adding),
		cmocka_unit_test(what_lies_between), cmocka_unit_test(never_less_than_nothing),
		cmocka_unit_test(its_service),	     cmocka_unit_test(names),
		cmocka_unit_test(what_came_since),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
