// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>

#include "analysis/sweep.h"

/* What stands for infinity where averages are taken: 11 days. */
#define LOG_INFINITY 34.5

const char *sweep_found_name(enum sweep_found f)
{
	static const char *const names[] = { "unknown", "below", "found", "above" };

	return names[f];
}

void isotonic(double *y, size_t n)
{
	double mean[SWEEP_MAX_STEPS];
	size_t size[SWEEP_MAX_STEPS], blocks = 0;

	for (size_t i = 0; i < n; i++) {
		mean[blocks] = y[i];
		size[blocks++] = 1;
		while (blocks > 1 && mean[blocks - 2] > mean[blocks - 1]) {
			size_t both = size[blocks - 2] + size[blocks - 1];

			mean[blocks - 2] = (mean[blocks - 2] * size[blocks - 2] +
					    mean[blocks - 1] * size[blocks - 1]) /
					   both;
			size[blocks-- - 2] = both;
		}
	}
	for (size_t b = 0, i = 0; b < blocks; b++)
		for (size_t k = 0; k < size[b]; k++)
			y[i++] = mean[b];
}

void sweep_saturation(const struct sweep *s, struct saturation *x)
{
	const struct sweep_step *sorted[SWEEP_MAX_STEPS];
	size_t n = sweep_sorted(s, sorted);

	*x = (struct saturation){ .good = NAN, .bad = NAN, .rate = NAN };
	for (size_t i = 0; i < n; i++) {
		double at = sweep_asked(s, sorted[i]);

		x->rate = fmax(x->rate, sorted[i]->rate);
		if (!sorted[i]->saturated) {
			x->good = at;
			x->bad = NAN;
		} else if (isnan(x->bad)) {
			x->bad = at;
		}
	}
	/* one rate measured twice, of which one run was saturated, was kept up with once */
	x->found = !isnan(x->bad);
}

void sweep_curve(const struct sweep *s, sweep_metric *of, struct sweep_curve *c)
{
	const struct sweep_step *sorted[SWEEP_MAX_STEPS];
	size_t n = sweep_sorted(s, sorted), same = 1;
	struct saturation end;

	sweep_saturation(s, &end);
	c->n = 0;
	c->saturated = end.found ? end.bad : INFINITY;
	for (size_t i = 0; i < n; i++) {
		double x = sweep_asked(s, sorted[i]), y = of(sorted[i]);

		if (isnan(y) || isnan(end.good) || x > end.good)
			continue;
		y = fmin(log(fmax(y, 1)), LOG_INFINITY);
		same = c->n && c->x[c->n - 1] == x ? same + 1 : 1;
		if (same > 1) {
			c->y[c->n - 1] += (y - c->y[c->n - 1]) / same;
			continue;
		}
		c->x[c->n] = x;
		c->y[c->n++] = y;
	}
	isotonic(c->y, c->n);
	for (size_t i = 0; i < c->n; i++)
		c->y[i] = c->y[i] < LOG_INFINITY ? exp(c->y[i]) : INFINITY;
}

double sweep_curve_at(const struct sweep_curve *c, double x)
{
	for (size_t i = 0; i < c->n; i++) {
		double part;

		if (c->x[i] == x)
			return c->y[i];
		if (!i || c->x[i - 1] > x || c->x[i] < x)
			continue;
		if (isinf(c->y[i]))
			return INFINITY;
		part = (x - c->x[i - 1]) / (c->x[i] - c->x[i - 1]);
		return exp((1 - part) * log(c->y[i - 1]) + part * log(c->y[i]));
	}
	return NAN;
}

enum sweep_found sweep_curve_crossing(const struct sweep_curve *c, double bound, double *at,
				      bool *by_saturation)
{
	size_t meets = 0;
	double part;

	*at = NAN;
	*by_saturation = false;
	if (!c->n)
		return SWEEP_NOT_KNOWN;
	while (meets < c->n && c->y[meets] < bound)
		meets++;
	*at = c->x[meets ? meets - 1 : 0];
	if (!meets)
		return SWEEP_BELOW;
	if (meets == c->n) {
		*by_saturation = isfinite(c->saturated);
		return *by_saturation ? SWEEP_FOUND : SWEEP_ABOVE;
	}
	part = log(bound / c->y[meets - 1]) /
	       log(c->y[meets] / c->y[meets - 1]); /* 0 to INFINITY */
	*at += part * (c->x[meets] - c->x[meets - 1]);
	return SWEEP_FOUND;
}
