/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/leg.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "analysis/stats.h"
#include "analysis/verdict.h"
#include "base/units.h"

#define LEVEL 0.95

/* Of a quantile an arm needs so many independent requests beyond it. */
enum { LEAST_BEYOND = 10 };

const char *leg_state_name(enum leg_state s)
{
	static const char *const names[] = { "holds", "FAILS", "undecided", "unknown" };

	return names[s];
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double leg_median(const double *values, size_t n)
{
	double v[2 * TRIAL_MAX_PAIRS];

	if (!n || n > 2 * TRIAL_MAX_PAIRS)
		return NAN;
	for (size_t i = 0; i < n; i++) {
		v[i] = values[i];
		if (isnan(v[i]))
			return NAN;
	}
	qsort(v, n, sizeof(*v), by_value);
	if (n % 2 || v[n / 2 - 1] == v[n / 2])
		return v[n / 2];
	return (v[n / 2 - 1] + v[n / 2]) / 2;
}

static void unknown(struct leg_result *r, const char *why)
{
	r->state = LEG_UNKNOWN;
	snprintf(r->why, sizeof(r->why), "%s", why);
}

/* How far the values of an arm can be off, as logarithm. */
static double resolution(const struct leg_rule *rule, const struct leg_values *v, int arm)
{
	double most = 0;

	for (size_t i = 0; i < v->n; i++)
		most = fmax(most, figure_error(rule->figure, v->value[arm][i]));
	return log1p(most);
}

/* Smaller values are alike: neither the clock nor the reader can tell them apart. */
static double least_of(const char *figure)
{
	switch (figure_kind(figure)) {
	case FIGURE_TIME_NS:
		return 1000;
	case FIGURE_SHARE:
		return 0.0001;
	default:
		return 0;
	}
}

/* Where an interval lies against bounds; NAN = no bound. */
static enum leg_state decide(double low, double high, double min, double max)
{
	bool holds = (isnan(min) || low >= min) && (isnan(max) || high <= max);
	bool fails = (!isnan(min) && high < min) || (!isnan(max) && low > max);

	return holds ? LEG_HOLDS : fails ? LEG_FAILS : LEG_UNDECIDED;
}

static bool resolved(const struct leg_values *v, int first, int last, struct leg_result *r)
{
	for (int arm = first; arm <= last; arm++)
		if (v->beyond[arm] < LEAST_BEYOND) {
			r->state = LEG_UNDECIDED;
			snprintf(r->why, sizeof(r->why),
				 "%s: %.0f independent requests lie beyond it in all runs, and it "
				 "takes %d",
				 trial_arm_name(arm), floor(v->beyond[arm]), LEAST_BEYOND);
			return false;
		}
	return true;
}

static void need_more(struct leg_result *r)
{
	if (r->state == LEG_UNDECIDED && !*r->why && r->level >= 1 - 1e-12)
		snprintf(r->why, sizeof(r->why), "so few runs have no interval");
}

/* ---- the ratio of the two arms, in pairs ---- */

static void judge_ratio(const struct leg_rule *rule, const struct leg_values *v,
			struct leg_result *r)
{
	double d[2 * TRIAL_MAX_PAIRS], least = least_of(rule->figure), off;
	struct location l;

	r->ratio = true;
	for (size_t i = 0; i < v->n; i++) {
		d[i] = log_ratio(fmax(v->value[TRIAL_BEFORE][i], least),
				 fmax(v->value[TRIAL_AFTER][i], least));
		if (isnan(v->value[0][i]) || isnan(v->value[1][i]) || isnan(d[i])) {
			unknown(r, isinf(v->value[0][i]) ? "it failed in both arms" :
							   "it is not known in every run");
			return;
		}
	}
	if (!v->n || paired_location(d, v->n, LEVEL, &l)) {
		unknown(r, "there are no runs");
		return;
	}
	off = resolution(rule, v, TRIAL_BEFORE) + resolution(rule, v, TRIAL_AFTER);
	r->estimate = exp(l.estimate);
	r->low = exp(l.low - off);
	r->high = exp(l.high + off);
	r->level = l.level;
	if (!resolved(v, TRIAL_BEFORE, TRIAL_AFTER, r))
		return;
	r->state = decide(r->low, r->high, rule->ratio_min, rule->ratio_max);
	need_more(r);
}

/* ---- the value itself ---- */

/* Logarithms, as times and rates vary by factors; what is or may be 0 has none. */
static void judge_value(const struct leg_rule *rule, const struct leg_values *v,
			struct leg_result *r)
{
	int arm = rule->before ? TRIAL_BEFORE : TRIAL_AFTER;
	double x[2 * TRIAL_MAX_PAIRS], off = resolution(rule, v, arm);
	bool logs = true;
	struct location l;

	for (size_t i = 0; i < v->n; i++) {
		x[i] = v->value[arm][i];
		logs &= x[i] > 0;
		if (isnan(x[i])) {
			unknown(r, "it is not known in every run");
			return;
		}
	}
	for (size_t i = 0; i < v->n && logs; i++)
		x[i] = log(x[i]);
	if (!v->n || paired_location(x, v->n, LEVEL, &l)) {
		unknown(r, "there are no runs");
		return;
	}
	r->estimate = logs ? exp(l.estimate) : l.estimate;
	r->low = logs ? exp(l.low - off) : l.low;
	r->high = logs ? exp(l.high + off) : l.high;
	r->level = l.level;
	if (!resolved(v, arm, arm, r))
		return;
	r->state = decide(r->low, r->high, rule->min, rule->max);
	need_more(r);
}

/* ---- what the learner says ---- */

static void judge_answer(const struct leg_rule *rule, const struct leg_values *v,
			 struct leg_result *r)
{
	int arm = rule->before ? TRIAL_BEFORE : TRIAL_AFTER;
	double truth = leg_median(v->value[arm], v->n);

	if (!*rule->answer) {
		r->state = LEG_FAILS;
		snprintf(r->why, sizeof(r->why), "it is not answered yet, in settings.ini");
	} else if (rule->is) {
		r->state = strcasecmp(rule->answer, rule->is) ? LEG_FAILS : LEG_HOLDS;
	} else if (isnan(truth) || isinf(truth)) {
		unknown(r, "it could not be measured");
	} else if (isnan(rule->number)) {
		r->state = LEG_FAILS;
		snprintf(r->why, sizeof(r->why), "the answer is to be a number%s",
			 figure_kind(rule->figure) == FIGURE_TIME_NS ? " with its unit: 4.2ms" :
								       "");
	} else {
		r->state = fabs(rule->number - truth) <= rule->within * fabs(truth) ? LEG_HOLDS :
										      LEG_FAILS;
	}
}

/* ---- words ---- */

static size_t add_bound(struct leg_result *r, size_t len, const char *word, const char *value)
{
	return len + snprintf(r->required + len, sizeof(r->required) - len, "%s%s %s",
			      len ? ", " : "", word, value);
}

static void say_required(const struct leg_rule *rule, struct leg_result *r)
{
	char text[UNIT_LEN];
	size_t len = 0;

	if (rule->answer && rule->is) {
		snprintf(r->required, sizeof(r->required), "the right word");
	} else if (rule->answer) {
		snprintf(r->required, sizeof(r->required), "within %g %%", rule->within * 100);
	} else if (r->ratio) {
		if (!isnan(rule->ratio_min)) {
			snprintf(text, sizeof(text), "%.3g", rule->ratio_min);
			len = add_bound(r, len, "at least", text);
		}
		if (!isnan(rule->ratio_max)) {
			snprintf(text, sizeof(text), "%.3g", rule->ratio_max);
			add_bound(r, len, "at most", text);
		}
	} else {
		if (!isnan(rule->min))
			len = add_bound(r, len, "at least",
					figure_format(text, sizeof(text), rule->figure, rule->min));
		if (!isnan(rule->max))
			add_bound(r, len, "at most",
				  figure_format(text, sizeof(text), rule->figure, rule->max));
	}
}

void leg_judge(const struct leg_rule *rule, const struct leg_values *v, struct leg_result *r)
{
	*r = (struct leg_result){ .state = LEG_UNKNOWN,
				  .before = leg_median(v->value[TRIAL_BEFORE], v->n),
				  .after = leg_median(v->value[TRIAL_AFTER], v->n),
				  .estimate = NAN,
				  .low = NAN,
				  .high = NAN,
				  .level = NAN };
	if (rule->answer)
		judge_answer(rule, v, r);
	else if (!isnan(rule->ratio_min) || !isnan(rule->ratio_max))
		judge_ratio(rule, v, r);
	else if (!isnan(rule->min) || !isnan(rule->max))
		judge_value(rule, v, r);
	else
		unknown(r, "the lab does not say what it is to be");
	say_required(rule, r);
}
