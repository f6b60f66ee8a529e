// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>

#include "analysis/sweep.h"

static double objective_of(const struct sweep_step *p)
{
	return p->objective.value;
}

/* Steps in the order of their rates: the bounds hold up to, and from, the first that breaks them. */
static void bound_it(const struct sweep *s, double bound, double saturated, struct capacity *c)
{
	const struct sweep_step *sorted[SWEEP_MAX_STEPS];
	size_t n = sweep_sorted(s, sorted);
	bool meets = true;

	c->low = 0;
	c->high = INFINITY;
	c->bounded = true;
	for (size_t i = 0; i < n; i++) {
		const struct bounded *o = &sorted[i]->objective;
		double at = sweep_asked(s, sorted[i]);
		double low = isnan(o->low) ? o->value : o->low;
		double high = isnan(o->high) ? o->value : o->high;

		if (isnan(o->value))
			continue;
		if (at < saturated && (isnan(o->low) || isnan(o->high)))
			c->bounded = false;
		meets = meets && at < saturated && high < bound;
		if (meets)
			c->low = at;
		if (at < saturated && low < bound)
			c->high = INFINITY;
		else if (isinf(c->high))
			c->high = at;
	}
}

void sweep_capacity(const struct sweep *s, double bound_ns, struct capacity *c)
{
	struct sweep_curve curve;

	sweep_curve(s, objective_of, &curve);
	*c = (struct capacity){ .low = NAN, .high = NAN };
	c->found = sweep_curve_crossing(&curve, bound_ns, &c->at, &c->by_saturation);
	if (!curve.n && isfinite(curve.saturated)) { /* nothing but saturated steps */
		c->found = SWEEP_BELOW;
		c->at = curve.saturated;
		c->by_saturation = true;
	}
	if (c->found)
		bound_it(s, bound_ns, curve.saturated, c);
}
