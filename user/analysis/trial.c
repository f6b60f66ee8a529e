/* SPDX-License-Identifier: BSD-2-Clause */
#include "analysis/trial.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/stats.h"
#include "model/hist.h"

_Static_assert((int)TRIAL_METRICS <= (int)TRIAL_MAX_METRICS, "they can be judged");
_Static_assert((int)TRIAL_KINDS == (int)NR_COMPARE_METRICS, "the same metrics");
_Static_assert((int)TRIAL_QUANTILES == (int)COMPARE_QUANTILES, "the same quantiles");

enum { LEAST_BEYOND = 10 };

const char *trial_metric_name(int metric)
{
	static const char *const of_client[TRIAL_KINDS] = {
		"client.p50",	"client.p90",  "client.p99",
		"client.p99.9", "client.mean", "client.throughput",
	};

	return trial_of_client(metric) ? of_client[trial_kind(metric)] :
					 compare_metric_name(metric);
}

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
static void describe(const struct kept *k, int first, struct trial_outcome *o)
{
	for (int m = 0; m < TRIAL_METRICS; m++) {
		struct trial_value *v = &o->values[m];

		bool quantile = trial_kind(m) < TRIAL_QUANTILES;

		*v = (struct trial_value){ .before = first ? NAN : median(k, TRIAL_BEFORE, m),
					   .after = median(k, TRIAL_AFTER, m),
					   .resolved = true,
					   .effect = { .name = trial_metric_name(m),
						       .ratio = NAN,
						       .low = NAN,
						       .high = NAN,
						       .level = NAN,
						       .p = NAN,
						       .p_adjusted = NAN,
						       .verdict = VERDICT_INVALID } };
		for (int arm = 0; arm < TRIAL_ARMS; arm++) {
			/* the client's requests are the same ones */
			v->beyond[arm] = quantile ? 0 : NAN;
			for (size_t i = 0; quantile && i < k->n; i++)
				v->beyond[arm] += k->pairs[i]->arm[arm].beyond[trial_kind(m)];
			v->resolved &= arm < first || !(v->beyond[arm] < LEAST_BEYOND);
		}
	}
}

/* What a run is checked for; of a load that is not lvt's own only what the kernel saw is known. */
static struct trial_run run_of(const struct trial_plan *p, const struct trial_arm *a, int arm)
{
	int kind = trial_kind(p->primary);
	bool own = p->own_load, timed = kind != COMPARE_THROUGHPUT;

	return (struct trial_run){
		.after = arm == TRIAL_AFTER,
		.rate_intended = own ? a->client.due_rps : p->rate,
		.rate_achieved = own ? a->value[TRIAL_KINDS + COMPARE_THROUGHPUT] :
				       a->arrivals / a->window_s,
		.lateness_p99_ns = own ? a->client.late_p99_ns : NAN,
		.client_ns = own && timed ? a->value[TRIAL_KINDS + kind] : NAN,
		.kernel_ns = timed ? a->value[kind] : NAN,
		.client_requests = own ? a->client.requests : NAN,
		.kernel_requests = a->requests,
		.edges = own ? a->client.edges : 0,
		.exceedances = kind < TRIAL_QUANTILES ? a->beyond[kind] : a->requests,
		.loss = a->loss,
	};
}

static void check_gates(const struct trial *t, const struct kept *k, struct trial_outcome *o)
{
	struct trial_run runs[TRIAL_ARMS * 2 * TRIAL_MAX_PAIRS];
	size_t n = 0;

	for (size_t i = 0; i < k->n; i++)
		for (int arm = trial_first_arm(&t->plan); arm < TRIAL_ARMS; arm++)
			runs[n++] = run_of(&t->plan, &k->pairs[i]->arm[arm], arm);
	o->failed = trial_gates(runs, n, o->planned, o->discarded, &o->unchecked);
	if (t->plan.alone && o->values[t->plan.primary].resolved)
		o->failed &= ~(1u << GATE_UNRESOLVED); /* the arm that does not run has none */
}

/* A quantile of requests that failed is infinite, and exactly so. */
static double error_of(double value)
{
	return isfinite(value) ? hist_error(value) : 0;
}

/* How far the ratio of two values of a metric can be off: quantiles are middles of buckets. */
static double resolution(const struct kept *k, int metric)
{
	double most[TRIAL_ARMS] = { 0 };

	if (trial_kind(metric) >= TRIAL_QUANTILES)
		return 0;
	for (size_t i = 0; i < k->n; i++)
		for (int arm = 0; arm < TRIAL_ARMS; arm++)
			most[arm] = fmax(most[arm], error_of(k->pairs[i]->arm[arm].value[metric]));
	return log1p(most[TRIAL_BEFORE]) + log1p(most[TRIAL_AFTER]);
}

/*
 * The primary metric, and the others of one view. Each view is adjusted for itself: the two are of the
 * same requests, and eleven others could not show anything in 8 pairs, whose least p is 1 in 128.
 */
static int judge_view(const struct trial *t, const struct kept *k, bool client,
		      struct trial_outcome *o, struct trial_result *r)
{
	double d[TRIAL_METRICS][2 * TRIAL_MAX_PAIRS];
	struct trial_metric metrics[TRIAL_METRICS];
	int order[TRIAL_METRICS], n = 1, err;

	order[0] = t->plan.primary;
	for (int m = 0; m < TRIAL_METRICS; m++)
		if (m != (int)t->plan.primary && trial_of_client(m) == client)
			order[n++] = m;
	for (int i = 0; i < n; i++) {
		int m = order[i];

		for (size_t p = 0; p < k->n; p++)
			d[m][p] = o->values[m].resolved || !i ?
					  log_ratio(k->pairs[p]->arm[TRIAL_BEFORE].value[m],
						    k->pairs[p]->arm[TRIAL_AFTER].value[m]) :
					  NAN;
		metrics[i] = (struct trial_metric){ trial_metric_name(m),
						    trial_kind(m) == COMPARE_THROUGHPUT, d[m],
						    resolution(k, m) };
	}
	err = trial_judge(&o->design, metrics, n, k->n, o->failed, r);
	if (err)
		return err;
	for (int i = 0; i < n; i++)
		o->values[order[i]].effect = r->effects[i];
	o->detectable = trial_detectable(&o->design, &metrics[0], k->n);
	return 0;
}

static int judge(const struct trial *t, const struct kept *k, struct trial_outcome *o,
		 struct trial_result *r)
{
	int err = judge_view(t, k, false, o, r);

	return err || !t->plan.own_load ? err : judge_view(t, k, true, o, r);
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
	describe(&k, trial_first_arm(p), o);
	check_gates(t, &k, o);
	if (o->discarded > trial_may_discard(o->planned)) {
		o->next = TRIAL_TOO_NOISY;
		/* it ended early: what is few by now says nothing */
		o->failed &= ~(1u << GATE_UNRESOLVED);
		o->unchecked |= 1u << GATE_UNRESOLVED;
	}
	if (k.n && !p->alone)
		err = judge(t, &k, o, &r);
	if (err)
		return err_set(e, err, "the pairs cannot be judged: %s", strerror(-err));
	o->level = k.n && !p->alone ? r.look_level : NAN;
	o->verdict = r.verdict;
	if (o->next != TRIAL_TOO_NOISY)
		o->next = k.n < o->planned || r.extend ? TRIAL_NEXT_PAIR : TRIAL_DONE;
	return 0;
}

__u32 trial_next_pair(const struct trial *t)
{
	return trial_kept(t) + 1;
}
