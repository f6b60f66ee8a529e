// SPDX-License-Identifier: BSD-2-Clause
/* Queueing formulas against values worked out by hand, and the scalability law against its own data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../lib/sweep_fill.h"
#include "base/random.h"

static void near(double a, double b, double relative)
{
	if (!(fabs(a - b) <= relative * fabs(b)))
		print_error("%.12g is not %.12g\n", a, b);
	assert_true(fabs(a - b) <= relative * fabs(b));
}

/* 1 ms of service; rho 0.5: 2 ms, half of them waiting; rho 0.9: 10 ms. */
static void mm1(void **state)
{
	(void)state;
	near(mm1_latency(500, 1e6), 2e6, 1e-12);
	near(mm1_latency(900, 1e6), 10e6, 1e-12);
	near(queue_wait(500, 1e6, 2e12, 1), 1e6, 1e-12);
	near(queue_wait(900, 1e6, 2e12, 1), 9e6, 1e-12);
	near(mm1_quantile(500, 1e6, 0.99), 2e6 * log(100), 1e-12);
	assert_true(isinf(mm1_latency(1000, 1e6)));
	assert_true(isinf(queue_wait(1000, 1e6, 2e12, 1)));
	assert_true(isnan(queue_wait(500, NAN, 2e12, 1)));
	assert_true(isnan(queue_wait(500, 1e6, NAN, 1)));
}

/* Constant service waits half as long; two kinds, by Pollaczek and Khinchine. */
static void mg1(void **state)
{
	/* 90 % of 0.1 ms, 10 % of 9.1 ms: E[S] = 1 ms, E[S^2] = 8.29 ms^2 */
	const double square = 8.29e12;

	(void)state;
	near(queue_wait(500, 1e6, 1e12, 1), 0.5e6, 1e-12);
	near(queue_wait(800, 1e6, 1e12, 1), 2e6, 1e-12);
	near(queue_wait(600, 1e6, square, 1), 600 * square / 1e9 / (2 * 0.4), 1e-12);
	near(service_variation(&(struct occupancy){ 1e6, square }), 7.29, 1e-12);
}

/* Kleinrock I, 3.5: a = 1 on 2 servers: C = 1/3; a = 2 on 3: 4/9. */
static void mmc(void **state)
{
	(void)state;
	near(erlang_c(1, 2), 1.0 / 3, 1e-12);
	near(erlang_c(2, 3), 4.0 / 9, 1e-12);
	near(erlang_c(0.7, 1), 0.7, 1e-12);
	near(erlang_c(3, 3), 1, 1e-12);
	near(queue_wait(1000, 1e6, 2e12, 2), 1e6 / 3, 1e-12);
	near(queue_rho(1000, 1e6, 2), 0.5, 1e-12);
}

/*
 * One server, exponential service of 1 ms, that takes a while to wake up when it was idle: by simulation, what
 * requests wait for others, and for a server that is waking up, is what the law makes of the latter alone.
 */
static void wakes_up(void **state)
{
	static const double wake_ms[] = { 0.2, 1, 3 };
	uint64_t random = 11;
	enum { N = 2000000 };

	(void)state;
	for (int i = 0; i < 6; i++) {
		double wake = wake_ms[i / 2], rate = i % 2 ? 0.8 : 0.4, now = 0, free_at = 0;
		double awake_at = 0, waking = 0, wait = 0;

		for (int k = 0; k < N; k++) {
			double start;

			now += -log1p(-random_unit((__u64 *)&random)) / rate;
			if (now >= free_at) { /* idle: evenly spread about its mean */
				awake_at = now + wake * 2 * random_unit((__u64 *)&random);
				free_at = awake_at;
			}
			start = free_at;
			waking += fmax(0, awake_at - now);
			wait += start - now;
			free_at = start - log1p(-random_unit((__u64 *)&random));
		}
		near(wait / N,
		     queue_wait(rate * 1e3, 1e6, 2e12, 1) / 1e6 +
			     queue_wakeup(rate, waking / N * 1e6, 1) / 1e6,
		     0.04);
	}
	assert_true(isinf(queue_wakeup(1, 5, 1)));
	near(queue_wakeup(0.5, 7, 4), 7, 1e-12);
}

/* Power lambda (mu - lambda) of M/M/1 is greatest at rho = 0.5, where one request is in the system. */
static void power_of_mm1(void **state)
{
	static const double rates[] = { 100, 300, 420, 610, 800, 900 };
	struct sweep *s = fill_plan(100, 900, 6, NAN);
	struct knee k;

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct sweep_step *p = &s->steps[s->n++];

		sweep_step_init(p);
		p->rate_intended = p->rate = rates[i];
		p->mean = mm1_latency(rates[i], 1e6);
	}
	sweep_knee(s, &k);
	assert_int_equal(k.found, SWEEP_FOUND);
	near(k.at, 500, 1e-9);
	near(k.rate, 500, 1e-9);
	near(k.low, 300, 1e-12);
	near(k.high, 610, 1e-12);
	near(k.rate * k.mean / 1e9, 1, 0.05); /* log-linear between the steps */
	near(k.power, k.rate / (k.mean / 1e9), 1e-12);

	/* only the falling, only the rising side, and a saturated step that ends it */
	for (size_t i = 0; i < 3; i++)
		s->steps[i].dropped = true;
	sweep_knee(s, &k);
	assert_int_equal(k.found, SWEEP_BELOW);
	near(k.at, 610, 1e-12);
	for (size_t i = 0; i < 6; i++)
		s->steps[i].dropped = i > 2;
	sweep_knee(s, &k);
	assert_int_equal(k.found, SWEEP_ABOVE);
	near(k.at, 420, 1e-12);
	s->steps[3].dropped = false;
	s->steps[3].saturated = true;
	sweep_knee(s, &k);
	assert_int_equal(k.found, SWEEP_FOUND);
	near(k.at, 420, 1e-12);
	near(k.high, 610, 1e-12);
	free(s);
}

static double squares(const double *n, const double *x, const struct usl *u)
{
	double sum = 0;

	for (size_t i = 0; i < 8; i++)
		sum += pow(x[i] - usl_at(u, n[i]), 2);
	return sum;
}

/* No parameter a little off fits better. */
static void is_least(const double *n, const double *x, const struct usl *u)
{
	for (int i = 0; i < 6; i++) {
		struct usl off = *u;
		double *v = i % 3 == 0 ? &off.l : i % 3 == 1 ? &off.s : &off.k;

		*v *= i < 3 ? 1.001 : 0.999;
		assert_true(squares(n, x, &off) > squares(n, x, u));
	}
}

static void usl(double l, double s, double k, double noise)
{
	double n[] = { 1, 2, 4, 8, 16, 32, 64, 128 }, x[8];
	struct usl u;
	__u64 seed = 5;

	for (size_t i = 0; i < 8; i++)
		x[i] = l * n[i] / (1 + s * (n[i] - 1) + k * n[i] * (n[i] - 1)) *
		       (1 + noise * (random_unit(&seed) - 0.5));
	usl_fit(n, x, 8, &u);
	assert_true(u.known);
	near(u.l, l, 1e-6 + noise);
	assert_true(fabs(u.s - s) <= 1e-6 + noise);
	assert_true(fabs(u.k - k) <= 1e-6 + noise / 10);
	assert_true(u.r2 > 1 - 1e-6 - noise);
	assert_true(u.worst <= 1e-6 + noise);
	if (noise) {
		is_least(n, x, &u);
		return;
	}
	near(usl_at(&u, 24), l * 24 / (1 + s * 23 + k * 24 * 23), 1e-6);
	if (k > 0) {
		near(u.peak_n, sqrt((1 - s) / k), 1e-4);
		near(u.peak_rate, usl_at(&u, u.peak_n), 1e-9);
	} else {
		assert_true(u.k < 1e-8 && u.peak_n > 1e3);
	}
}

static void recovers(void **state)
{
	(void)state;
	usl(1000, 0.02, 0.0005, 0);
	usl(50000, 0.3, 0.00001, 0);
	usl(1000, 0, 0.001, 0);
	usl(1000, 0.05, 0, 0);
	usl(1000, 0, 0, 0);
	usl(1000, 0.02, 0.0005, 0.02);
	usl(1000, 0.02, 0.0005, 0.3);
}

/* Faster than linear would need a negative contention: it stays at 0. */
static void constrained(void **state)
{
	const double n[] = { 1, 2, 4, 8, 16 }, x[] = { 100, 210, 440, 930, 1950 };
	struct usl u;

	(void)state;
	usl_fit(n, x, 5, &u);
	assert_true(u.known && u.s == 0 && u.k == 0);
	assert_true(u.l > 110 && u.l < 125);
	assert_true(isinf(u.peak_n) && isinf(u.peak_rate));
	usl_fit(n, x, 3, &u);
	assert_false(u.known);
	assert_true(isnan(u.l));
}

/* ---- whether the law applies */

static struct sweep *traced(double threads, double busy, bool saturated)
{
	struct sweep *s = fill_plan(100, 900, 2, NAN);

	strcpy(s->arrivals, "poisson");
	s->n = 2;
	for (int i = 0; i < 2; i++) {
		struct sweep_step *p = &s->steps[i];

		sweep_step_init(p);
		p->rate_intended = i ? 1000 : 100;
		p->seconds = 10;
		p->due = p->rate_intended * 10;
		p->kernel.requests = i ? busy * 1e4 : p->due;
		p->kernel.mean = 2e6;
		memset(p->kernel.stage, 0, sizeof(p->kernel.stage));
		p->kernel.stage[STAGE_QUEUE_BUSY] = p->kernel.stage[STAGE_SERVICE_CPU] = 1e6;
		p->kernel.threads = threads;
		p->kernel.service = (struct occupancy){ 1e6, 2e12 };
		p->saturated = i && saturated;
	}
	return s;
}

static void servers(double threads, double busy, bool saturated, enum law_gap gap, unsigned int n)
{
	struct sweep *s = traced(threads, busy, saturated);
	struct queue_point at;
	struct queue_law law;

	sweep_law(s, &law);
	assert_int_equal(law.gap, gap);
	assert_int_equal(law.servers, n);
	sweep_law_at(&s->steps[0], &law, &at);
	assert_true(gap ? isnan(at.latency) : at.latency > 1e6);
	free(s);
}

static void applies(void **state)
{
	struct queue_point at;
	struct queue_law law;
	struct sweep *s;

	(void)state;
	servers(1, 0.5, false, LAW_APPLIES, 1);
	servers(5, 0.98, true, LAW_APPLIES, 1); /* an event loop, and threads that do nothing */
	servers(4, 3.9, true, LAW_APPLIES, 4);
	servers(4, 3.9, false, LAW_SERVERS, 0);
	servers(4, 2.5, true, LAW_SERVERS, 0);
	servers(4, 6, true, LAW_SERVERS, 0);
	servers(NAN, 0.5, false, LAW_SERVERS, 0);
	servers(1, 1.2, false, LAW_OVERLAP, 1);
	servers(1, 1.2, true, LAW_APPLIES, 1);
	s = traced(1, 0.5, false);
	strcpy(s->arrivals, "constant");
	sweep_law(s, &law);
	assert_int_equal(law.gap, LAW_ARRIVALS);
	s->mode = SWEEP_CONNECTIONS;
	sweep_law(s, &law);
	assert_int_equal(law.gap, LAW_CLOSED);
	s->mode = SWEEP_RATES;
	strcpy(s->arrivals, "poisson");
	sweep_law(s, &law);
	sweep_law_at(&s->steps[0], &law, &at);
	near(at.rho, 0.1, 1e-12);
	near(at.latency, 1e6 / 0.9, 1e-12);
	near(at.in_flight, 1 / 9.0, 1e-12);
	near(at.apart, 0.8, 1e-12);
	near(at.p99, log(100) * 1e6 / 0.9, 1e-12);
	s->steps[0].kernel.stage[STAGE_QUEUE_WAKEUP] =
		9e4; /* 1e5 by the law; at the other step more */
	s->steps[1].kernel.stage[STAGE_QUEUE_WAKEUP] = s->steps[1].kernel.stage[STAGE_QUEUE_RUNQ] =
		9e4;
	sweep_law(s, &law);
	near(law.wakeup_ns, 1e5, 1e-12);
	sweep_law_at(&s->steps[0], &law, &at);
	near(at.latency - at.wait, 1.1e6 - 9e4, 1e-12); /* of a mean that stayed as it was */
	s->steps[0].kernel.stage[STAGE_QUEUE_WAKEUP] =
		s->steps[1].kernel.stage[STAGE_QUEUE_WAKEUP] = 0;
	s->steps[1].kernel.stage[STAGE_QUEUE_RUNQ] = 0;
	sweep_law(s, &law);
	near(sweep_law_mean(s, &law, 550), 1e6 / 0.45, 1e-12);
	assert_true(isinf(sweep_law_mean(s, &law, 1000)));
	s->steps[0].kernel.service.square_ns2 = 1e12; /* constant: no quantiles of M/M/1 */
	sweep_law_at(&s->steps[0], &law, &at);
	assert_true(isnan(at.p99));
	near(at.wait, 0.1 / 1.8 * 1e6, 1e-12);
	s->steps[0].saturated = s->steps[1].saturated = true;
	sweep_law(s, &law);
	assert_int_equal(law.gap, LAW_SATURATED);
	s->steps[0].kernel.service.mean_ns = s->steps[1].kernel.service.mean_ns = NAN;
	sweep_law(s, &law);
	assert_int_equal(law.gap, LAW_UNTRACED);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mm1),		cmocka_unit_test(mg1),
		cmocka_unit_test(mmc),		cmocka_unit_test(wakes_up),
		cmocka_unit_test(power_of_mm1), cmocka_unit_test(recovers),
		cmocka_unit_test(constrained),	cmocka_unit_test(applies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
