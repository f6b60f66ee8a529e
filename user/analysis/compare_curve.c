// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>

#include "analysis/compare_internal.h"
#include "analysis/stats_internal.h"
#include "model/hist.h"

/* Where the points of a decade are: about evenly in its logarithm, and 1, 2 and 4 among them. */
static const double steps[] = { 1, 1.25, 1.6, 2, 2.5, 3.2, 4, 5, 6.3, 8 };

enum { STEPS = sizeof(steps) / sizeof(steps[0]) };

/* The latencies of a run, those that failed apart. */
struct latencies {
	const __u64 *cells;
	__u64 n, failed, min, max;
};

static void latencies_of(const struct service_group *g, size_t i, struct latencies *l)
{
	const struct run_client *c = g->client[i];
	struct dist d;

	if (c)
		client_latency(c, &d);
	else
		service_latency(g->in[i], &d);
	*l = (struct latencies){ .cells = g->in[i]->sum->latency,
				 .n = d.count,
				 .failed = c ? client_failed(c) : 0,
				 .min = d.min,
				 .max = g->in[i]->sum->latency_max };
}

/* The values at the points of a curve, by rising rank: one pass over the buckets. */
static void values_of(const struct latencies *l, const struct compare_curve *curve, double *v)
{
	__u64 seen = 0, good = l->n - l->failed;
	__u32 bucket = 0;

	for (size_t k = 0; k < curve->n; k++) {
		bool last = k + 1 == curve->n;
		__u64 rank = last ? l->n : l->n - (__u64)(l->n / curve->points[k].per);

		rank = rank ? rank : 1;
		if (rank > good) {
			v[k] = INFINITY;
			continue;
		}
		while (bucket < HIST_BUCKETS && seen + l->cells[bucket] < rank)
			seen += l->cells[bucket++];
		v[k] = rank == l->n ? l->max : hist_bucket_value(bucket, l->min, l->max);
		if (curve->points[k].per == 1)
			v[k] = l->min;
	}
}

/* As far as every run of the side has requests beyond. */
static void place_points(struct compare_curve *curve, double least)
{
	double power = 1;

	for (size_t i = 0; steps[i % STEPS] * power <= least; i++) {
		if (curve->n + 1 == COMPARE_MAX_POINTS)
			break;
		curve->points[curve->n++] =
			(struct compare_point){ steps[i % STEPS] * power, NAN, NAN, NAN };
		if (i % STEPS == STEPS - 1)
			power *= 10;
	}
	curve->points[curve->n++] = (struct compare_point){ 2 * least, NAN, NAN, NAN };
}

static void between_runs(double v[STATS_MAX_N], size_t n, struct compare_point *p)
{
	sort_doubles(v, n);
	p->ns = sorted_median(v, n);
	p->low = v[0];
	p->high = v[n - 1];
}

static void within_run(const struct service_group *g, double level, struct compare_curve *curve)
{
	static const double per[] = { 2, 10, 100, 1000 };

	for (size_t k = 0; k + 1 < curve->n; k++)
		for (int m = 0; m < COMPARE_QUANTILES; m++)
			if (curve->points[k].per == per[m])
				compare_run_interval(g, m, compare_each(level),
						     &curve->points[k].low, &curve->points[k].high);
}

void compare_curve(const struct service_group *g, enum compare_method method, double level,
		   struct compare_curve *curve)
{
	double all[STATS_MAX_N][COMPARE_MAX_POINTS], v[STATS_MAX_N], least = INFINITY;
	struct latencies l;

	curve->n = 0;
	for (size_t i = 0; i < g->n; i++) {
		latencies_of(g, i, &l);
		least = fmin(least, l.n);
	}
	if (!(least >= 1) || isinf(least))
		return;
	place_points(curve, least);
	for (size_t i = 0; i < g->n; i++) {
		latencies_of(g, i, &l);
		values_of(&l, curve, all[i]);
	}
	for (size_t k = 0; k < curve->n; k++) {
		for (size_t i = 0; i < g->n; i++)
			v[i] = all[i][k];
		between_runs(v, g->n, &curve->points[k]);
		if (method == COMPARE_WITHIN_RUN)
			curve->points[k].low = curve->points[k].high = NAN;
	}
	if (method == COMPARE_WITHIN_RUN)
		within_run(g, level, curve);
}
