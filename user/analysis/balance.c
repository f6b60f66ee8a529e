// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>

#include "analysis/sweep.h"

static double p99_of(const struct sweep_step *p)
{
	return p->p99;
}

static double p50_of(const struct sweep_step *p)
{
	return p->p50;
}

static double mean_of(const struct sweep_step *p)
{
	return p->mean;
}

/* Throughput at what was asked for, and back: linear between steps. */
static double convert(const struct sweep *s, double v, bool to_asked)
{
	const struct sweep_step *sorted[SWEEP_MAX_STEPS];
	size_t n = sweep_sorted(s, sorted);

	if (s->mode == SWEEP_RATES)
		return v;
	for (size_t i = 0; i < n; i++) {
		double x = sweep_asked(s, sorted[i]), y = sorted[i]->rate;
		double from = to_asked ? y : x, to = to_asked ? x : y, last_from, last_to;

		if (from == v)
			return to;
		if (!i || !(from > v))
			continue;
		last_from = to_asked ? sorted[i - 1]->rate : sweep_asked(s, sorted[i - 1]);
		last_to = to_asked ? sweep_asked(s, sorted[i - 1]) : sorted[i - 1]->rate;
		if (last_from < v)
			return last_to + (to - last_to) * (v - last_from) / (from - last_from);
	}
	return NAN;
}

double sweep_throughput(const struct sweep *s, double at)
{
	return convert(s, at, false);
}

static void point(const struct sweep *s, const struct balance *b, double at,
		  struct balance_point *p)
{
	struct sweep_curve c;

	p->at = at;
	p->rate = sweep_throughput(s, at);
	sweep_curve(s, p50_of, &c);
	p->p50 = sweep_curve_at(&c, at);
	sweep_curve(s, mean_of, &c);
	p->mean = sweep_curve_at(&c, at);
	sweep_curve(s, p99_of, &c);
	p->p99 = sweep_curve_at(&c, at);
	p->rate_share = p->rate / b->most;
	p->times = p->p99 / b->unloaded_p99;
	p->known = isfinite(p->rate) && isfinite(p->p99);
}

void sweep_balance(const struct sweep *s, struct balance *b)
{
	struct saturation end;
	struct sweep_curve c;
	bool by_saturation;
	double at;

	*b = (struct balance){ .unloaded_p99 = NAN, .unloaded_at = NAN };
	sweep_saturation(s, &end);
	b->most = end.rate;
	sweep_curve(s, p99_of, &c);
	if (c.n < 2 || isinf(c.y[0]))
		return;
	b->unloaded_p99 = c.y[0];
	b->unloaded_at = c.x[0];
	b->latency.at_end = sweep_curve_crossing(&c, BALANCE_TIMES * c.y[0], &at, &by_saturation) ==
			    SWEEP_ABOVE;
	point(s, b, at, &b->latency);
	at = convert(s, BALANCE_SHARE * b->most, true);
	point(s, b, at > c.x[c.n - 1] ? c.x[c.n - 1] : at, &b->throughput);
}
