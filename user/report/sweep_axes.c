// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>

#include "report/html_chart.h"
#include "report/sweep_plot.h"

/* Room above what was measured below saturation, where the latency is as long as the step was. */
#define ROOM_ABOVE 3

double sweep_p50(const struct sweep_step *p)
{
	return p->p50;
}

double sweep_p99(const struct sweep_step *p)
{
	return p->p99;
}

double sweep_p99_9(const struct sweep_step *p)
{
	return p->p99_9;
}

static void hold(double ns, double *least, double *most)
{
	if (!isfinite(ns) || ns <= 0)
		return;
	*least = fmin(*least, ns);
	*most = fmax(*most, ns);
}

void sweep_axes(const struct sweep_report *r, sweep_metric *const *of, size_t n,
		struct sweep_axes *a)
{
	const struct sweep *s = r->sweep;
	double least = INFINITY, most = 0, right = 0;
	bool all = isnan(r->analysis->saturation.good);

	for (size_t i = 0; i < s->n; i++) {
		const struct sweep_step *p = &s->steps[i];

		if (p->dropped)
			continue;
		right = isfinite(p->rate) ? fmax(right, p->rate) : right;
		for (size_t m = 0; m < n && (all || !p->saturated); m++)
			hold(of[m](p), &least, &most);
	}
	if (!(most > 0)) {
		least = 1e3;
		most = 1e6;
	}
	hold(s->slo.bound_ns, &least, &most);
	a->right = right > 0 ? right * 1.06 : 1;
	a->bottom = chart_log_edge(least, false);
	a->top = chart_log_edge(most * (r->analysis->saturation.found ? ROOM_ABOVE : 1.2), true);
}

double sweep_x(const struct sweep_axes *a, double rate)
{
	return rate / a->right;
}

double sweep_y(const struct sweep_axes *a, double ns)
{
	if (!(ns > 0))
		return ns == 0 ? 0 : NAN;
	return fmin(fmax((log10(ns) - a->bottom) / (a->top - a->bottom), 0), 1);
}
