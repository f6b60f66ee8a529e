// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>

#include "analysis/compare_internal.h"
#include "analysis/intervals.h"
#include "analysis/power.h"
#include "analysis/stats_internal.h"
#include "model/hist.h"

static const __u32 quantiles[COMPARE_QUANTILES] = { Q_P50, Q_P90, Q_P99, Q_P99_9 };

enum { LEAST_BEYOND = 10 };

__u32 compare_millionths(enum compare_metric quantile)
{
	return quantiles[quantile];
}

/* A metric in the runs of both sides. */
struct samples {
	double v[2][STATS_MAX_N];
	size_t n[2];
};

/* Requests that failed keep their rank: they take for ever. */
static double quantile_of(__u64 ns)
{
	return ns == CLIENT_FAILED ? INFINITY : ns;
}

static double metric_of(const struct service_group *g, size_t i, enum compare_metric m)
{
	const struct run_client *c = g->client[i];
	struct dist d;

	if (c)
		client_latency(c, &d);
	else
		service_latency(g->in[i], &d);
	if (!d.count)
		return NAN;
	switch (m) {
	case COMPARE_P50:
		return quantile_of(d.p50);
	case COMPARE_P90:
		return quantile_of(d.p90);
	case COMPARE_P99:
		return quantile_of(d.p99);
	case COMPARE_P99_9:
		return quantile_of(d.p99_9);
	case COMPARE_MEAN:
		return d.mean;
	default:
		return c ? client_rps(c) : service_rps(g->in[i]);
	}
}

static void samples_fill(struct samples *x, const struct service_group *const g[2],
			 enum compare_metric m)
{
	for (int side = 0; side < 2; side++) {
		x->n[side] = g[side]->n;
		for (size_t i = 0; i < g[side]->n; i++)
			x->v[side][i] = metric_of(g[side], i, m);
	}
}

static double median(const double *v, size_t n)
{
	double sorted[STATS_MAX_N];

	for (size_t i = 0; i < n; i++)
		sorted[i] = v[i];
	sort_doubles(sorted, n);
	return sorted_median(sorted, n);
}

/* Requests of a side beyond a quantile; independent ones, if that is known. */
static double beyond(const struct service_group *g, enum compare_metric m)
{
	double q = quantiles[m] / (double)Q_MAX, requests = 0;

	for (size_t i = 0; i < g->n; i++)
		requests += service_requests(g->in[i]);
	if (g->effective && !isnan(g->effective[m]))
		requests = g->effective[m];
	return requests * (1 - q);
}

/* ---- several runs */

static bool ratio_known(const struct samples *x)
{
	for (int side = 0; side < 2; side++)
		for (size_t i = 0; i < x->n[side]; i++)
			if (!(x->v[side][i] > 0))
				return false;
	return true;
}

/*
 * The interval at the level or, for so few runs that there is none, at the level that they do
 * attain, from the smallest to the largest difference. Quantiles are the middles of buckets: what is in
 * one cannot be told apart by however many runs, so the interval is wider by that.
 */
static void by_ranks(const struct samples *x, double level, bool quantile, struct compare_value *v)
{
	double logs[2][STATS_MAX_N], off[2] = { 0 }, least = ranksum_least_p(x->n[0], x->n[1]);
	struct location l;

	for (int side = 0; side < 2; side++)
		for (size_t i = 0; i < x->n[side]; i++) {
			logs[side][i] = log(x->v[side][i]);
			off[side] = fmax(off[side], quantile ? hist_error(x->v[side][i]) : 0);
		}
	if (!at_most(least, 1 - level)) {
		v->gap = COMPARE_FEW_RUNS;
		level = fmax(0.5, 1 - least);
	}
	if (shift_location(logs[0], x->n[0], logs[1], x->n[1], level, &l))
		return;
	v->ratio = exp(l.estimate);
	v->low = exp(l.low) / ((1 + off[0]) * (1 + off[1]));
	v->high = exp(l.high) * (1 + off[0]) * (1 + off[1]);
	v->level = l.level;
	v->p = v->p_adjusted = l.p;
	v->detectable = v->gap == COMPARE_FEW_RUNS ?
				INFINITY :
				exp(detectable_shift(logs[0], x->n[0], logs[1], x->n[1], level));
}

/* ---- one run a side */

/* The last bucket has what failed: it ends nowhere. */
static double edge(const struct service_group *g, double ns)
{
	bool failed = g->client[0] && client_failed(g->client[0]);

	return failed && ns >= hist_low(HIST_BUCKETS - 1) ? INFINITY : ns;
}

bool compare_run_interval(const struct service_group *g, enum compare_metric m, double level,
			  double *low, double *high)
{
	if (!g->effective || !quantile_between(g->in[0]->sum->latency, g->effective[m],
					       quantiles[m], level, low, high))
		return false;
	*low = edge(g, *low);
	*high = edge(g, *high);
	return true;
}

/* Each side at half the error: together they hold both, and so the ratio. */
static void within_run(const struct service_group *const g[2], enum compare_metric m, double level,
		       struct compare_value *v)
{
	double low[2], high[2], each = compare_each(level);

	v->ratio = v->after / v->before;
	if (m >= COMPARE_QUANTILES) {
		v->gap = COMPARE_NO_SPREAD;
		return;
	}
	if (!compare_run_interval(g[0], m, each, &low[0], &high[0]) ||
	    !compare_run_interval(g[1], m, each, &low[1], &high[1])) {
		v->gap = COMPARE_NO_INTERVALS;
		return;
	}
	v->low = isinf(high[0]) ? 0 : low[1] / fmax(1, high[0]);
	v->high = low[0] > 0 && !isinf(high[1]) ? high[1] / low[0] : INFINITY;
	v->level = level;
}

/* ---- */

static enum compare_saying say(const struct compare_value *v, enum compare_method method,
			       const struct compare_options *o)
{
	if (v->gap || isnan(v->low))
		return COMPARE_UNDECIDED;
	if (method == COMPARE_RANKS && v->low >= 1 / (1 + o->delta) && v->high <= 1 + o->delta)
		return COMPARE_ALIKE;
	if (method == COMPARE_RANKS && !at_most(v->p_adjusted, 1 - o->level))
		return COMPARE_NO_DIFFERENCE;
	if (v->low > 1)
		return COMPARE_HIGHER;
	return v->high < 1 ? COMPARE_LOWER : COMPARE_NO_DIFFERENCE;
}

static void value_fill(const struct service_group *const g[2], enum compare_metric m,
		       enum compare_method method, double level, struct compare_value *v)
{
	struct samples x;

	*v = (struct compare_value){ .before = NAN,
				     .after = NAN,
				     .ratio = NAN,
				     .low = NAN,
				     .high = NAN,
				     .level = NAN,
				     .p = NAN,
				     .p_adjusted = NAN,
				     .detectable = NAN,
				     .beyond = { NAN, NAN } };
	samples_fill(&x, g, m);
	if (!ratio_known(&x)) {
		v->gap = COMPARE_NO_REQUESTS;
		return;
	}
	v->before = median(x.v[0], x.n[0]);
	v->after = median(x.v[1], x.n[1]);
	if (method == COMPARE_RANKS)
		by_ranks(&x, level, m < COMPARE_QUANTILES, v);
	else
		within_run(g, m, level, v);
	for (int side = 0; side < 2 && m < COMPARE_QUANTILES; side++) {
		v->beyond[side] = beyond(g[side], m);
		if (v->beyond[side] < LEAST_BEYOND * (1 - 1e-9))
			v->gap = COMPARE_UNRESOLVED;
	}
}

void compare_values(const struct service_group *before, const struct service_group *after,
		    enum compare_method method, const struct compare_options *o,
		    struct compare_service *s)
{
	const struct service_group *const g[2] = { before, after };
	double others[NR_COMPARE_METRICS];

	for (int m = 0; m < NR_COMPARE_METRICS; m++) {
		value_fill(g, m, method, o->level, &s->values[m]);
		others[m] = m == (int)o->primary ? NAN : s->values[m].p;
	}
	holm_adjust(others, NR_COMPARE_METRICS);
	for (int m = 0; m < NR_COMPARE_METRICS; m++) {
		struct compare_value *v = &s->values[m];

		if (m != (int)o->primary)
			v->p_adjusted = others[m];
		v->saying = say(v, method, o);
	}
}
