// SPDX-License-Identifier: BSD-2-Clause
/* Sweeps of simulated queues: steps from runs, what to measure next, capacity and the balance. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../lib/sweep_fill.h"

#define SERVICE_NS 200e3 /* 5,000/s */

static void near(double a, double b, double relative)
{
	if (!(fabs(a - b) <= relative * fabs(b)))
		print_error("%.12g is not %.12g\n", a, b);
	assert_true(fabs(a - b) <= relative * fabs(b));
}

/* ---- objectives */

static void objectives(void **state)
{
	static const struct {
		const char *text, *name;
		double ns;
	} good[] = {
		{ "p99<5ms", "p99", 5e6 },     { "p99.9 <= 800 us", "p99.9", 800e3 },
		{ " p50<1.5s", "p50", 1.5e9 }, { "mean<800µs", "mean", 800e3 },
		{ "max<2s", "max", 2e9 },      { "p99.99<100ns", "p99.99", 100 },
	};
	static const char *const bad[] = { "",
					   "p99",
					   "p99<",
					   "p99<5",
					   "p99>5ms",
					   "p100<5ms",
					   "p0<5ms",
					   "p<5ms",
					   "q99<5ms",
					   "p99<5h",
					   "p99<-5ms",
					   "p99<0ms",
					   "p99<1e3ms",
					   "p99<5ms x",
					   "p99<inf",
					   "mena<1ms",
					   "p99<1.2.3ms",
					   "p99 5ms",
					   "p9999999999999999999<5ms" };
	char name[SLO_NAME_LEN];
	struct slo slo;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_int_equal(slo_parse(good[i].text, &slo, NULL), 0);
		assert_string_equal(slo_name(name, &slo), good[i].name);
		near(slo.bound_ns, good[i].ns, 1e-12);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct err e = { 0 };

		assert_int_equal(slo_parse(bad[i], &slo, &e), -EINVAL);
		assert_int_equal(e.status, EXIT_USAGE);
		assert_non_null(strstr(e.message, bad[i]));
	}
}

/* ---- a step */

static void a_step(void **state)
{
	const struct fill_queue q = { .service_ns = SERVICE_NS, .seed = 11, .copies = true };
	struct sweep *s = fill_plan(1000, 4000, 2, 5e6);
	const struct sweep_step *p = &s->steps[0];
	double stages = 0;

	(void)state;
	fill_step(s, &q, 2500, 20, 1);
	assert_string_equal(s->target, "127.0.0.1:6379");
	assert_string_equal(s->service, "redis-server");
	assert_string_equal(s->arrivals, "poisson");
	assert_true(p->rate_intended == 2500 && p->connections == 50 && p->seconds == 20);
	near(p->rate, 2500, 0.02);
	assert_true(p->due == p->answered && p->failed == 0);
	near(p->mean, mm1_latency(2500, SERVICE_NS) + FILL_NETWORK_NS, 0.05);
	near(p->p99, mm1_quantile(2500, SERVICE_NS, 0.99) + FILL_NETWORK_NS, 0.1);
	near(p->p50, mm1_quantile(2500, SERVICE_NS, 0.5) + FILL_NETWORK_NS, 0.1);
	near(p->kernel.mean, p->mean - FILL_NETWORK_NS, 0.001);
	near(p->kernel.requests, p->due, 1e-12);
	for (int st = 0; st < NR_STAGES; st++)
		stages += p->kernel.stage[st];
	near(stages, p->kernel.mean, 1e-9);
	near(p->late_p99, FILL_LATE_NS, 0.01);
	assert_true(p->objective.value == p->p99);
	assert_true(p->objective.low < p->p99 && p->p99 < p->objective.high);
	assert_true(p->objective.high < 1.5 * p->objective.low);
	assert_true(p->mean_between.low < p->mean && p->mean < p->mean_between.high);
	assert_false(p->saturated || p->late || p->dropped);
	assert_true(isnan(p->closed_p99));
	free(s);
}

static void failing_steps(void **state)
{
	const struct fill_queue q = { .service_ns = SERVICE_NS, .failing = 0.005, .seed = 3 };
	const struct fill_queue worse = { .service_ns = SERVICE_NS, .failing = 0.03, .seed = 3 };
	struct sweep *s = fill_plan(1000, 4000, 2, 5e6);
	const struct sweep_step *p = &s->steps[1];

	(void)state;
	fill_step(s, &q, 2500, 10, 1);
	fill_step(s, &worse, 2500, 10, 1);
	assert_true(s->steps[0].failed > 0 && !s->steps[0].saturated);
	assert_true(isinf(s->steps[0].max) && isinf(s->steps[0].p99_9));
	assert_true(isfinite(s->steps[0].p99) && s->steps[0].objective.value == s->steps[0].p99);
	assert_true(isinf(p->p99) && isinf(p->objective.value) && isfinite(p->p90));
	assert_true(isinf(p->objective.high));
	assert_true(p->saturated); /* not answered rightly is not answered */
	near(p->mean, s->steps[0].mean, 0.1);
	free(s);
}

static void saturated_steps(void **state)
{
	const struct fill_queue q = { .service_ns = SERVICE_NS, .seed = 3 };
	struct sweep *s = fill_plan(1000, 6000, 2, NAN);

	(void)state;
	fill_step(s, &q, 4500, 10, 1);
	fill_step(s, &q, 5500, 10, 1);
	fill_step(s, &q, 100, 2, 1); /* few requests: chance is not saturation */
	assert_false(s->steps[0].saturated || s->steps[2].saturated);
	assert_true(s->steps[1].saturated);
	near(s->steps[1].rate, 5000, 0.03);
	free(s);
}

/* Not enough intervals: it is not known how far off the numbers are. */
static void unwatched(void **state)
{
	struct sweep *s = fill_plan(1000, 6000, 2, 1e6);
	struct sweep_step *p = &s->steps[0];
	struct run_client c = { .open = true, .local = true, .rate_intended = 1000 };
	struct run r;

	(void)state;
	fill_run(&r, 0);
	assert_int_equal(client_init(&c), 0);
	c.view.window_s = 1;
	c.view.in_flight = NAN;
	sweep_step_init(p);
	sweep_step_fill(p, &s->slo, &r, &c, NULL, NULL);
	assert_true(p->dropped && isnan(p->p99) && isnan(p->mean) && isnan(p->objective.value));
	c.view.arrivals = c.completed = 1000;
	for (int i = 0; i < 1000; i++)
		fill(c.view.sum, STAGE_UNATTRIBUTED, 1000ull + i, -1);
	sweep_step_fill(p, &s->slo, &r, &c, NULL, NULL);
	assert_true(!p->dropped && !p->saturated && p->p99 > 1900);
	assert_true(isnan(p->objective.low) && isnan(p->mean_between.high));
	assert_true(isnan(p->kernel.mean) && isnan(p->kernel.service.mean_ns));
	/* late by as much as the latency */
	for (int i = 0; i < 1000; i++)
		fill(c.view.sum, STAGE_UNATTRIBUTED, 150000ull, -1);
	c.times[CLIENT_LATE].cells[hist_index(140000)] += 100;
	c.times[CLIENT_LATE].max = 140000;
	sweep_step_fill(p, &s->slo, &r, &c, NULL, NULL);
	assert_true(p->late);
	/* what is missing is chance of 200 requests, and not of 20,000 */
	c.view.arrivals = 200;
	c.completed = 190;
	sweep_step_fill(p, &s->slo, &r, &c, NULL, NULL);
	assert_false(p->saturated);
	c.view.arrivals *= 100;
	c.completed *= 100;
	sweep_step_fill(p, &s->slo, &r, &c, NULL, NULL);
	assert_true(p->saturated);
	c.open = false;
	sweep_step_fill(p, &s->slo, &r, &c, NULL, NULL);
	assert_false(p->saturated || p->late);
	client_free(&c);
	run_free(&r);
	free(s);
}

/* ---- what to measure next */

static void the_plan(void **state)
{
	const struct fill_queue q = { .service_ns = SERVICE_NS, .seed = 1 };
	struct sweep *s = fill_plan(500, 8000, 10, 5e6);
	double rate, good = 0, bad = 1e9, next = 0, below = 0;

	(void)state;
	for (size_t i = 0; i < 10; i++) {
		assert_true(sweep_next_rate(s, &rate));
		near(rate, 500 * pow(16, i / 9.0), 1e-12);
		fill_step(s, &q, rate, 4, 1);
	}
	assert_true(s->steps[8].saturated && s->steps[9].saturated);
	fill_sweep(s, &q, 4);
	assert_true(s->n > 13 && s->n <= sweep_most_steps(s));
	for (size_t i = 0; i < s->n; i++) {
		const struct sweep_step *p = &s->steps[i];

		if (p->saturated)
			bad = fmin(bad, p->rate_intended);
		else
			good = fmax(good, p->rate_intended);
		for (size_t k = 0; k < i; k++)
			assert_true(s->steps[k].rate_intended != p->rate_intended);
		if (p->rate_intended > 4071 && (!next || p->rate_intended < next))
			next = p->rate_intended;
	}
	assert_true(good < bad && bad <= good * 1.05 && good > 4500 && bad < 5600);
	for (size_t i = 0; i < s->n; i++)
		if (s->steps[i].rate_intended < next)
			below = fmax(below, s->steps[i].rate_intended);
	assert_true(next < below * 1.1); /* around where the objective is missed */
	/* of the steps alone: taken up in the middle, it goes on in the same way */
	for (size_t n = 0; n < s->n; n++) {
		struct sweep *part = malloc(sizeof(*part));

		*part = *s;
		part->n = n;
		assert_true(sweep_next_rate(part, &rate));
		assert_true(rate == s->steps[n].rate_intended);
		free(part);
	}
	assert_false(sweep_next_rate(s, &rate));
	free(s);
}

static void ends_early(void **state)
{
	const struct fill_queue q = { .service_ns = SERVICE_NS, .seed = 1 };
	struct sweep *s = fill_plan(4000, 22000, 10, NAN);
	double highest = 0;

	(void)state;
	fill_sweep(s, &q, 2);
	for (size_t i = 0; i < s->n; i++)
		highest = fmax(highest, s->steps[i].rate_intended);
	near(highest, 8000, 1e-9); /* 6000 and 8000 are saturated */
	free(s);
	/* few steps over much: it is bounded all the same */
	s = fill_plan(100, 20000, 3, 5e6);
	fill_sweep(s, &q, 1);
	assert_int_equal(sweep_most_steps(s), 14);
	assert_true(s->n > 8 && s->n <= 14);
	free(s);
	/* and all of it: nothing below is looked for, and it ends */
	s = fill_plan(6000, 60000, 10, 5e6);
	fill_sweep(s, &q, 1);
	assert_int_equal(s->n, 2);
	free(s);
}

static void of_connections(void **state)
{
	struct sweep *s = fill_plan(1, 64, 7, NAN);
	double n;

	(void)state;
	s->mode = SWEEP_CONNECTIONS;
	while (sweep_next_rate(s, &n)) {
		struct sweep_step *p = &s->steps[s->n++];

		assert_true(n == round(n));
		sweep_step_init(p);
		p->connections = n;
		p->rate = 1000 * n / (1 + 0.05 * (n - 1) + 0.002 * n * (n - 1));
		p->mean = n / p->rate * 1e9;
		assert_true(s->n <= sweep_most_steps(s));
	}
	assert_true(s->n >= 8);
	for (int i = 0; i < 7; i++)
		assert_int_equal(s->steps[i].connections, 1 << i);
	free(s);
	/* fewer connections than steps */
	s = fill_plan(1, 3, 10, NAN);
	s->mode = SWEEP_CONNECTIONS;
	while (sweep_next_rate(s, &n)) {
		sweep_step_init(&s->steps[s->n]);
		s->steps[s->n++].connections = n;
	}
	assert_int_equal(s->n, 3);
	free(s);
}

/* ---- what it says */

static void steps(struct sweep *s, const double *rate, const double *ns, size_t n)
{
	s->n = n;
	for (size_t i = 0; i < n; i++) {
		struct sweep_step *p = &s->steps[i];

		sweep_step_init(p);
		p->rate_intended = p->rate = rate[i];
		p->p50 = p->mean = ns[i] / 4;
		p->p99 = ns[i];
		p->objective = (struct bounded){ ns[i], ns[i] * 0.9, ns[i] * 1.1 };
	}
}

static void capacities(void **state)
{
	static const double rate[] = { 100, 200, 300, 400, 500 };
	static const double ns[] = { 1e6, 1.1e6, 2e6, 8e6, 50e6 };
	struct sweep *s = fill_plan(100, 500, 5, 4e6);
	struct capacity c;

	(void)state;
	steps(s, rate, ns, 5);
	sweep_capacity(s, 4e6, &c);
	assert_int_equal(c.found, SWEEP_FOUND);
	near(c.at, 350, 1e-9);
	assert_true(c.low == 300 && c.high == 400 && c.bounded && !c.by_saturation);
	/* a bound within an interval: it may be met at 300, or not */
	sweep_capacity(s, 1.9e6, &c);
	assert_true(c.at > 200 && c.at < 300 && c.low == 200 && c.high == 400);
	sweep_capacity(s, 2.1e6, &c);
	assert_true(c.at > 300 && c.low == 200 && c.high == 400);
	sweep_capacity(s, 100e6, &c);
	assert_int_equal(c.found, SWEEP_ABOVE);
	assert_true(c.at == 500 && c.low == 500 && isinf(c.high));
	sweep_capacity(s, 0.5e6, &c);
	assert_int_equal(c.found, SWEEP_BELOW);
	assert_true(c.at == 100 && c.low == 0 && c.high == 100);
	/* saturated: met by no objective, however small its latency was */
	s->steps[3].saturated = s->steps[4].saturated = true;
	sweep_capacity(s, 100e6, &c);
	assert_int_equal(c.found, SWEEP_FOUND);
	assert_true(c.by_saturation && c.at == 300 && c.low == 300 && c.high == 400);
	s->steps[0].saturated = s->steps[1].saturated = s->steps[2].saturated = true;
	sweep_capacity(s, 100e6, &c);
	assert_int_equal(c.found, SWEEP_BELOW);
	assert_true(c.at == 100 && c.low == 0 && c.high == 100 && c.by_saturation);
	s->n = 0;
	sweep_capacity(s, 4e6, &c);
	assert_int_equal(c.found, SWEEP_NOT_KNOWN);
	assert_true(isnan(c.at) && isnan(c.low));
	free(s);
}

/* One slow step among fast ones, failed quantiles, intervals that are not known. */
static void noisy(void **state)
{
	static const double rate[] = { 100, 200, 300, 400, 500, 600 };
	static const double ns[] = { 1e6, 6e6, 1e6, 1e6, 2e6, INFINITY };
	struct sweep *s = fill_plan(100, 600, 6, 4e6);
	struct capacity c;
	double y[] = { 1, 3, 2, 2, 5, 4 };

	(void)state;
	isotonic(y, 6);
	assert_true(y[0] == 1 && fabs(y[1] - 7 / 3.0) < 1e-12 && y[3] == y[1] && y[4] == 4.5);
	steps(s, rate, ns, 6);
	sweep_capacity(s, 4e6, &c);
	assert_int_equal(c.found, SWEEP_FOUND);
	assert_true(c.at == 500); /* not interpolated towards what failed */
	assert_true(c.low == 100 && c.high == 600);
	s->steps[2].objective.low = s->steps[2].objective.high = NAN;
	sweep_capacity(s, 4e6, &c);
	assert_false(c.bounded);
	/* the order of measuring does not matter, and twice the same rate is one point */
	s->steps[5] = s->steps[0];
	s->steps[0] = s->steps[4];
	s->steps[4].objective.value = 4 * s->steps[0].objective.value;
	sweep_capacity(s, 4.01e6, &c);
	assert_int_equal(c.found, SWEEP_ABOVE);
	sweep_capacity(s, 3.99e6, &c);
	assert_int_equal(c.found, SWEEP_FOUND);
	assert_true(c.at > 400 && c.at < 500);
	free(s);
}

static void the_balance(void **state)
{
	static const double rate[] = { 100, 200, 300, 400, 500 };
	static const double ns[] = { 1e6, 1e6, 1.5e6, 6e6, 50e6 };
	struct sweep *s = fill_plan(100, 500, 5, NAN);
	struct balance b;

	(void)state;
	steps(s, rate, ns, 5);
	s->steps[4].saturated = true;
	s->steps[4].rate = 450;
	sweep_balance(s, &b);
	near(b.unloaded_p99, 1e6, 1e-9);
	assert_true(b.unloaded_at == 100 && b.most == 450);
	assert_true(b.latency.known && b.throughput.known);
	near(b.latency.at, 300 + 100 * log(2 / 1.5) / log(4), 1e-9);
	near(b.latency.p99, 2e6, 1e-9);
	near(b.latency.rate_share, b.latency.at / 450, 1e-9);
	near(b.latency.p50, 0.5e6, 1e-9);
	assert_true(b.throughput.at == 400 &&
		    !b.latency.at_end); /* 405 is beyond what it kept up with */
	near(b.throughput.times, 6, 1e-9);
	s->n = 3;
	sweep_balance(s, &b);
	assert_true(b.latency.at_end && b.latency.at == 300 && b.most == 300);
	near(b.throughput.at, 270, 1e-9);
	s->n = 1;
	sweep_balance(s, &b);
	assert_false(b.latency.known || b.throughput.known);
	free(s);
}

/* The capacity of M/M/1 for a p99 of 5 ms, of which the network has its part, over 20 sweeps. */
static void covers(void **state)
{
	const double truth =
		(1 - log(100) * SERVICE_NS / (5e6 - FILL_NETWORK_NS)) / SERVICE_NS * 1e9;
	double off = 0;
	int inside = 0;

	(void)state;
	for (int i = 0; i < 20; i++) {
		const struct fill_queue q = { .service_ns = SERVICE_NS, .seed = 100 + i };
		struct sweep *s = fill_plan(2000, 6000, 7, 5e6);
		struct capacity c;

		fill_sweep(s, &q, 3);
		sweep_capacity(s, 5e6, &c);
		assert_int_equal(c.found, SWEEP_FOUND);
		assert_true(c.low <= c.at && c.at <= c.high && c.bounded);
		inside += c.low <= truth && truth <= c.high;
		off += (c.at / truth - 1) / 20;
		free(s);
	}
	if (inside < 19 || fabs(off) > 0.03)
		print_error("%d of 20 cover %.0f, which is %.3f off\n", inside, truth, off);
	assert_true(inside >= 19 && fabs(off) < 0.03);
}

static void knee_of_a_queue(void **state)
{
	const struct fill_queue q = { .service_ns = SERVICE_NS, .seed = 8 };
	struct sweep *s = fill_plan(500, 5500, 8, NAN);
	struct sweep_analysis *a = malloc(sizeof(*a));

	(void)state;
	fill_sweep(s, &q, 8);
	sweep_analyse(s, a);
	assert_int_equal(a->knee.found, SWEEP_FOUND);
	/* 2614/s with 40 us of network */
	assert_true(a->knee.low <= 2614 && 2614 <= a->knee.high);
	near(a->knee.at, 2614, 0.15);
	assert_true(a->saturation.found && a->saturation.good < 5200 && a->saturation.bad > 4800);
	near(a->saturation.rate, 5000, 0.02);
	assert_int_equal(a->law.gap, LAW_APPLIES);
	near(a->law.variation, 1, 0.1);
	for (size_t i = 0; i < s->n; i++)
		if (!s->steps[i].saturated && s->steps[i].rate < 4000)
			assert_true(fabs(a->at[i].apart) < 0.1);
	assert_int_equal(a->capacity.found, SWEEP_NOT_KNOWN);
	assert_false(a->usl.known);
	free(a);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objectives),	   cmocka_unit_test(a_step),
		cmocka_unit_test(failing_steps),   cmocka_unit_test(saturated_steps),
		cmocka_unit_test(unwatched),	   cmocka_unit_test(the_plan),
		cmocka_unit_test(ends_early),	   cmocka_unit_test(of_connections),
		cmocka_unit_test(capacities),	   cmocka_unit_test(noisy),
		cmocka_unit_test(the_balance),	   cmocka_unit_test(covers),
		cmocka_unit_test(knee_of_a_queue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
