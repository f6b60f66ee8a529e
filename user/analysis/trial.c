/* SPDX-License-Identifier: BSD-2-Clause */
#include "analysis/trial.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/stats.h"
#include "model/hist.h"

_Static_assert((int)TRIAL_METRICS == (int)NR_COMPARE_METRICS, "the same metrics");
_Static_assert((int)TRIAL_QUANTILES == (int)COMPARE_QUANTILES, "the same quantiles");

enum { LEAST_BEYOND = 10 };

/* The kept pairs, in the order of their numbers. */
struct kept {
	const struct trial_pair *pairs[2 * TRIAL_MAX_PAIRS];
	size_t n;
};

static void find_kept(const struct trial *t, struct kept *k)
{
	k->n = 0;
	for (size_t i = 0; i < t->n && k->n < 2 * TRIAL_MAX_PAIRS; i++)
		if (!t->pairs[i].discarded)
			k->pairs[k->n++] = &t->pairs[i];
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(const struct kept *k, int arm, int metric)
{
	double v[2 * TRIAL_MAX_PAIRS];

	if (!k->n)
		return NAN;
	for (size_t i = 0; i < k->n; i++) {
		v[i] = k->pairs[i]->arm[arm].value[metric];
		if (isnan(v[i]))
			return NAN;
	}
	qsort(v, k->n, sizeof(*v), by_value);
	return k->n % 2 ? v[k->n / 2] : (v[k->n / 2 - 1] + v[k->n / 2]) / 2;
}

/* What the values are before any test: medians, and whether there is enough in them. */
static void describe(const struct kept *k, struct trial_outcome *o)
{
	for (int m = 0; m < TRIAL_METRICS; m++) {
		struct trial_value *v = &o->values[m];

		*v = (struct trial_value){ .before = median(k, TRIAL_BEFORE, m),
					   .after = median(k, TRIAL_AFTER, m),
					   .resolved = true,
					   .effect = { .name = compare_metric_name(m),
						       .ratio = NAN,
						       .low = NAN,
						       .high = NAN,
						       .level = NAN,
						       .p = NAN,
						       .p_adjusted = NAN,
						       .verdict = VERDICT_INVALID } };
		for (int arm = 0; arm < TRIAL_ARMS; arm++) {
			v->beyond[arm] = m < TRIAL_QUANTILES ? 0 : NAN;
			for (size_t i = 0; m < TRIAL_QUANTILES && i < k->n; i++)
				v->beyond[arm] += k->pairs[i]->arm[arm].beyond[m];
			v->resolved &= !(v->beyond[arm] < LEAST_BEYOND);
		}
	}
}

/* Only what the kernel saw: the client's numbers are not known with a load that is not lvt's own. */
static void check_gates(const struct trial *t, const struct kept *k, struct trial_outcome *o)
{
	struct trial_run runs[TRIAL_ARMS * 2 * TRIAL_MAX_PAIRS];
	__u32 primary = t->plan.primary;
	size_t n = 0;

	for (size_t i = 0; i < k->n; i++)
		for (int arm = 0; arm < TRIAL_ARMS; arm++) {
			const struct trial_arm *a = &k->pairs[i]->arm[arm];

			runs[n++] = (struct trial_run){
				.after = arm == TRIAL_AFTER,
				.rate_intended = t->plan.rate,
				.rate_achieved = a->arrivals / a->window_s,
				.lateness_p99_ns = NAN,
				.client_ns = NAN,
				.kernel_ns = a->value[primary],
				.client_requests = NAN,
				.kernel_requests = a->requests,
				.exceedances = primary < TRIAL_QUANTILES ? a->beyond[primary] :
									   a->requests,
				.loss = a->loss,
			};
		}
	o->failed = trial_gates(runs, n, o->planned, o->discarded, &o->unchecked);
}

/* How far the ratio of two values of a metric can be off: quantiles are middles of buckets. */
static double resolution(const struct kept *k, int metric)
{
	double most[TRIAL_ARMS] = { 0 };

	if (metric >= TRIAL_QUANTILES)
		return 0;
	for (size_t i = 0; i < k->n; i++)
		for (int arm = 0; arm < TRIAL_ARMS; arm++)
			most[arm] =
				fmax(most[arm], hist_error(k->pairs[i]->arm[arm].value[metric]));
	return log1p(most[TRIAL_BEFORE]) + log1p(most[TRIAL_AFTER]);
}

static int judge(const struct trial *t, const struct kept *k, struct trial_outcome *o,
		 struct trial_result *r)
{
	double d[TRIAL_METRICS][2 * TRIAL_MAX_PAIRS];
	struct trial_metric metrics[TRIAL_METRICS];
	int order[TRIAL_METRICS], n = 1, err;

	order[0] = t->plan.primary;
	for (int m = 0; m < TRIAL_METRICS; m++)
		if (m != (int)t->plan.primary)
			order[n++] = m;
	for (int i = 0; i < TRIAL_METRICS; i++) {
		int m = order[i];

		for (size_t p = 0; p < k->n; p++)
			d[m][p] = o->values[m].resolved || !i ?
					  log_ratio(k->pairs[p]->arm[TRIAL_BEFORE].value[m],
						    k->pairs[p]->arm[TRIAL_AFTER].value[m]) :
					  NAN;
		metrics[i] = (struct trial_metric){ compare_metric_name(m), m == COMPARE_THROUGHPUT,
						    d[m], resolution(k, m) };
	}
	err = trial_judge(&o->design, metrics, TRIAL_METRICS, k->n, o->failed, r);
	if (err)
		return err;
	for (int i = 0; i < TRIAL_METRICS; i++)
		o->values[order[i]].effect = r->effects[i];
	o->detectable = trial_detectable(&o->design, &metrics[0], k->n);
	return 0;
}

int trial_judge_all(const struct trial *t, struct trial_outcome *o, struct err *e)
{
	const struct trial_plan *p = &t->plan;
	struct trial_result r = { .verdict = VERDICT_INVALID };
	struct kept k;
	int err = 0;

	find_kept(t, &k);
	*o = (struct trial_outcome){ .verdict = VERDICT_INVALID,
				     .design = trial_design_default(),
				     .planned = p->pairs,
				     .kept = k.n,
				     .discarded = trial_discarded(t),
				     .detectable = NAN };
	o->design.delta = p->delta;
	o->design.looks = p->looks;
	for (size_t i = 0; i < t->n; i++)
		if (t->pairs[i].number > p->pairs)
			o->planned = 2 * p->pairs; /* the extension has begun */
	if (k.n > p->pairs)
		o->design.look = 2;
	describe(&k, o);
	check_gates(t, &k, o);
	if (o->discarded > trial_may_discard(o->planned)) {
		o->next = TRIAL_TOO_NOISY;
		/* it ended early: what is few by now says nothing */
		o->failed &= ~(1u << GATE_UNRESOLVED);
		o->unchecked |= 1u << GATE_UNRESOLVED;
	}
	if (k.n)
		err = judge(t, &k, o, &r);
	if (err)
		return err_set(e, err, "the pairs cannot be judged: %s", strerror(-err));
	o->level = k.n ? r.look_level : NAN;
	o->verdict = r.verdict;
	if (o->next != TRIAL_TOO_NOISY)
		o->next = k.n < o->planned || r.extend ? TRIAL_NEXT_PAIR : TRIAL_DONE;
	return 0;
}

__u32 trial_next_pair(const struct trial *t)
{
	return trial_kept(t) + 1;
}
