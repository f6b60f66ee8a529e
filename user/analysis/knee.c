// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>

#include "analysis/sweep.h"

static double mean_of(const struct sweep_step *p)
{
	return p->mean;
}

/* Throughput is not made monotone: with too many connections it does fall. */
static double rate_of(const struct sweep *s, double at)
{
	double sum = 0;
	size_t n = 0;

	if (s->mode == SWEEP_RATES)
		return at;
	for (size_t i = 0; i < s->n; i++) {
		if (s->steps[i].dropped || sweep_asked(s, &s->steps[i]) != at)
			continue;
		sum += s->steps[i].rate;
		n++;
	}
	return n ? sum / n : NAN;
}

/* The top of the parabola through three points, of which the middle one is the highest. */
static double top(const double x[3], const double y[3])
{
	double left = (y[1] - y[0]) / (x[1] - x[0]), right = (y[2] - y[1]) / (x[2] - x[1]);
	double bend = (right - left) / (x[2] - x[0]);

	if (!(bend < 0))
		return x[1];
	return fmin(fmax((x[0] + x[1]) / 2 - left / (2 * bend), x[0]), x[2]);
}

static double between(double from, double to, double a, double b, double at)
{
	return to > from ? a + (b - a) * (at - from) / (to - from) : a;
}

static void settle(const struct sweep *s, const struct sweep_curve *c, const double *power,
		   size_t best, struct knee *k)
{
	size_t next = best + 1 < c->n ? best + 1 : best, last = best ? best - 1 : best;
	size_t other;

	k->low = c->x[last];
	k->high = next > best ? c->x[next] : c->saturated;
	k->at = c->x[best];
	if (last < best && next > best)
		k->at = top(&c->x[last], &power[last]);
	other = k->at < c->x[best] ? last : next;
	k->rate = between(c->x[best], c->x[other], rate_of(s, c->x[best]), rate_of(s, c->x[other]),
			  k->at);
	if (other < best)
		k->rate = between(c->x[other], c->x[best], rate_of(s, c->x[other]),
				  rate_of(s, c->x[best]), k->at);
	k->mean = sweep_curve_at(c, k->at);
	k->power = k->rate / (k->mean / 1e9);
	k->found = last == best ? SWEEP_BELOW : isinf(k->high) ? SWEEP_ABOVE : SWEEP_FOUND;
}

/* Power is flat around its top: which steps can be it, if their means are what they may be. */
static void widen(const struct sweep *s, struct knee *k)
{
	double least = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct sweep_step *p = &s->steps[i];
		double power = rate_of(s, sweep_asked(s, p)) / p->mean_between.high;

		if (!p->dropped && !p->saturated && power > least)
			least = power;
	}
	for (size_t i = 0; i < s->n; i++) {
		const struct sweep_step *p = &s->steps[i];
		double at = sweep_asked(s, p);

		if (p->dropped || p->saturated || !(rate_of(s, at) / p->mean_between.low >= least))
			continue;
		k->low = fmin(k->low, at);
		k->high = fmax(k->high, at);
	}
}

void sweep_knee(const struct sweep *s, struct knee *k)
{
	double power[SWEEP_MAX_STEPS];
	struct sweep_curve c;
	size_t best = 0;

	*k = (struct knee){
		.at = NAN, .low = NAN, .high = NAN, .rate = NAN, .mean = NAN, .power = NAN
	};
	sweep_curve(s, mean_of, &c);
	if (c.n + isfinite(c.saturated) < 3)
		return;
	for (size_t i = 0; i < c.n; i++) {
		power[i] = rate_of(s, c.x[i]) / (c.y[i] / 1e9);
		if (power[i] > power[best])
			best = i;
	}
	if (!c.n)
		return;
	settle(s, &c, power, best, k);
	widen(s, k);
}
