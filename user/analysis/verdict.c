// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/verdict.h"

#include <errno.h>
#include <math.h>

#include "analysis/power.h"
#include "analysis/stats.h"

const char *verdict_name(enum verdict v)
{
	static const char *const names[] = { "IMPROVED", "REGRESSED", "EQUIVALENT", "INCONCLUSIVE",
					     "INVALID" };

	return names[v];
}

struct trial_design trial_design_default(void)
{
	return (struct trial_design){ .level = 0.95, .delta = 0.02, .looks = 2, .look = 1 };
}

double log_ratio(double before, double after)
{
	if (!(before > 0) || !(after > 0))
		return NAN;
	if (isinf(before) || isinf(after))
		return isinf(before) && isinf(after) ? NAN : isinf(after) ? INFINITY : -INFINITY;
	return log(after / before);
}

static double look_level(const struct trial_design *d)
{
	return 1 - (1 - d->level) / d->looks;
}

static bool design_valid(const struct trial_design *d)
{
	return d->level >= 0.5 && look_level(d) <= 0.9999 && d->delta >= 0 && d->delta < 1 &&
	       (d->looks == 1 || d->looks == 2) && d->look >= 1 && d->look <= d->looks;
}

static bool known(const double *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (isnan(x[i]))
			return false;
	return true;
}

static int effect_fill(const struct trial_metric *m, size_t pairs, double level, bool invalid,
		       struct effect *f)
{
	struct location l;
	int err;

	*f = (struct effect){ .name = m->name,
			      .ratio = NAN,
			      .low = NAN,
			      .high = NAN,
			      .level = NAN,
			      .p = NAN,
			      .p_adjusted = NAN,
			      .verdict = VERDICT_INVALID };
	if (!known(m->log_ratio, pairs))
		return 0;
	err = paired_location(m->log_ratio, pairs, level, &l);
	if (err)
		return err;
	f->ratio = exp(l.estimate);
	f->low = exp(l.low - m->resolution);
	f->high = exp(l.high + m->resolution);
	f->level = l.level;
	f->p = f->p_adjusted = l.p;
	f->verdict = invalid ? VERDICT_INVALID : VERDICT_INCONCLUSIVE;
	return 0;
}

static enum verdict decide(const struct effect *f, bool throughput, double alpha, double delta)
{
	bool more = f->ratio > 1;

	if (f->low >= 1 / (1 + delta) && f->high <= 1 + delta)
		return VERDICT_EQUIVALENT;
	if ((f->low <= 1 && f->high >= 1) || f->p_adjusted > alpha * (1 + 1e-9))
		return VERDICT_INCONCLUSIVE;
	if (f->ratio < 1 + delta && f->ratio > 1 / (1 + delta))
		return VERDICT_INCONCLUSIVE;
	return more == throughput ? VERDICT_IMPROVED : VERDICT_REGRESSED;
}

/* Holm's adjustment of all but the first. */
static void adjust_others(struct trial_result *r)
{
	double p[TRIAL_MAX_METRICS];

	for (size_t i = 1; i < r->n_effects; i++)
		p[i - 1] = r->effects[i].p;
	holm_adjust(p, r->n_effects - 1);
	for (size_t i = 1; i < r->n_effects; i++)
		r->effects[i].p_adjusted = p[i - 1];
}

int trial_judge(const struct trial_design *d, const struct trial_metric *metrics, size_t n_metrics,
		size_t pairs, __u32 failed, struct trial_result *r)
{
	if (!design_valid(d) || n_metrics < 1 || n_metrics > TRIAL_MAX_METRICS || pairs < 1 ||
	    pairs > STATS_MAX_N)
		return -EINVAL;
	*r = (struct trial_result){ .pairs = pairs,
				    .look_level = look_level(d),
				    .n_effects = n_metrics };
	for (size_t i = 0; i < n_metrics; i++) {
		__u32 excused = metrics[i].throughput ? 1u << GATE_SATURATED : 0;
		int err = effect_fill(&metrics[i], pairs, r->look_level, failed & ~excused,
				      &r->effects[i]);

		if (err)
			return err;
	}
	adjust_others(r);
	for (size_t i = 0; i < n_metrics; i++) {
		struct effect *f = &r->effects[i];

		if (f->verdict != VERDICT_INVALID)
			f->verdict = decide(f, metrics[i].throughput, 1 - r->look_level, d->delta);
	}
	r->verdict = r->effects[0].verdict;
	r->extend = r->verdict == VERDICT_INCONCLUSIVE && d->look < d->looks;
	return 0;
}

double trial_detectable(const struct trial_design *d, const struct trial_metric *m, size_t pairs)
{
	double noise = design_valid(d) ? detectable_paired(m->log_ratio, pairs, look_level(d)) :
					 NAN;

	return isnan(noise) ? NAN : fmax(exp(noise + m->resolution), 1 + d->delta);
}
