// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "report/compare_words.h"
#include "report/trial.h"

const char *trial_gate_advice(enum gate g)
{
	static const char *const advice[NR_GATES] = {
		[GATE_SATURATED] = "lower the rate of the load until both arms keep up",
		[GATE_LATE] = "give the load generator a CPU of its own, or a lower rate",
		[GATE_LOSS] =
			"'lvt report' on the runs says what was lost; a lower rate loses less",
		[GATE_VIEWS] = "let the client measure the same requests, and nothing else",
		[GATE_DISCARDED] =
			"stop what else uses the CPUs, pin to others with --cpus, or plan "
			"a new trial with a higher --max-foreign, which costs firmness",
		[GATE_UNRESOLVED] = "take longer runs (--seconds), more pairs, a higher rate, or a "
				    "lower quantile (--primary)",
	};

	return advice[g];
}

/* "1.9 % lower", "2.31 times" ... */
static void fmt_effect(char buf[64], double ratio)
{
	if (ratio >= 2)
		snprintf(buf, 64, "%.3g times as high", ratio);
	else if (ratio <= 0.5)
		snprintf(buf, 64, "%.3g times lower", 1 / ratio);
	else if (fabs(ratio - 1) < 0.0005)
		snprintf(buf, 64, "the same");
	else
		snprintf(buf, 64, "%.1f %% %s", fabs(ratio - 1) * 100,
			 ratio > 1 ? "higher" : "lower");
}

static void say_interval(char buf[128], const struct effect *f)
{
	char low[UNIT_LEN], high[UNIT_LEN];

	if (!(f->low > 0) && !isfinite(f->high))
		snprintf(buf, 128, "no bound: too few pairs for an interval");
	else
		snprintf(buf, 128, "%s to %s at %.1f %%", fmt_ratio(low, sizeof(low), f->low),
			 fmt_ratio(high, sizeof(high), f->high), floor(f->level * 1000) / 10);
}

/* "p99 is 12.0 % higher after: 1.1 ms before, 1.2 ms after, ratio 1.12 (1.05 to 1.19 at 97.6 %)" */
static void say_effect(const struct trial_report *r, char text[TRIAL_WORDS_LEN])
{
	__u32 m = r->trial->plan.primary;
	const struct trial_value *v = &r->outcome->values[m];
	char from[UNIT_LEN], to[UNIT_LEN], ratio[UNIT_LEN], effect[64], inside[128];
	const char *name = trial_metric_name(m);
	size_t len;

	say_interval(inside, &v->effect);
	fmt_effect(effect, v->effect.ratio);
	/* what is not shown is not said to be higher or lower */
	if (r->outcome->verdict == VERDICT_INCONCLUSIVE)
		len = snprintf(text, TRIAL_WORDS_LEN, "no change of %s is shown", name);
	else
		len = snprintf(text, TRIAL_WORDS_LEN, "%s is %s after", name, effect);
	snprintf(text + len, TRIAL_WORDS_LEN - len, ": %s before, %s after, ratio %s (%s)",
		 fmt_metric(from, sizeof(from), trial_kind(m), v->before),
		 fmt_metric(to, sizeof(to), trial_kind(m), v->after),
		 fmt_ratio(ratio, sizeof(ratio), v->effect.ratio), inside);
}

static void say_invalid(const struct trial_report *r, char text[TRIAL_WORDS_LEN])
{
	const struct trial_outcome *o = r->outcome;
	size_t len = 0;

	text[0] = '\0';
	for (int g = 0; g < NR_GATES; g++)
		if (o->failed & 1u << g && len < TRIAL_WORDS_LEN)
			len += snprintf(text + len, TRIAL_WORDS_LEN - len, "%s%s", len ? "; " : "",
					gate_meaning(g));
	if (!len && !o->kept)
		snprintf(text, TRIAL_WORDS_LEN, "no pair was kept");
	else if (!len)
		snprintf(text, TRIAL_WORDS_LEN, "%s is not known in every pair",
			 trial_metric_name(r->trial->plan.primary));
}

void trial_sentence(const struct trial_report *r, char text[TRIAL_WORDS_LEN])
{
	const struct trial_outcome *o = r->outcome;
	double delta = r->trial->plan.delta * 100;
	char effect[TRIAL_WORDS_LEN], ratio[UNIT_LEN];

	if (o->verdict == VERDICT_INVALID) {
		say_invalid(r, text);
		return;
	}
	say_effect(r, effect);
	switch (o->verdict) {
	case VERDICT_EQUIVALENT:
		snprintf(text, TRIAL_WORDS_LEN, "%.500s; all of it is within %g %%", effect, delta);
		break;
	case VERDICT_INCONCLUSIVE:
		if (isfinite(o->detectable))
			snprintf(text, TRIAL_WORDS_LEN,
				 "%.500s; a change by a factor of %s would most likely have been "
				 "seen",
				 effect, fmt_ratio(ratio, sizeof(ratio), o->detectable));
		else
			snprintf(text, TRIAL_WORDS_LEN,
				 "%.500s; so few pairs cannot show any change, however large",
				 effect);
		break;
	default:
		snprintf(text, TRIAL_WORDS_LEN, "%s", effect);
	}
}

/* How many pairs of the same noise would show delta: the interval shrinks with their root. */
static double pairs_needed(const struct trial_report *r)
{
	double noise = log(r->outcome->detectable), wanted = log1p(r->trial->plan.delta);

	return ceil(r->outcome->kept * (noise / wanted) * (noise / wanted));
}

/* The fewest pairs with which an interval has bounds at all. */
static unsigned int least_pairs(const struct trial_report *r)
{
	double alpha = 0.05 / r->trial->plan.looks;
	unsigned int n = 1;

	while (ldexp(2, -(int)n) > alpha)
		n++;
	return n;
}

/* The most that others took of the CPUs in a kept run. */
static double noisiest(const struct trial_report *r)
{
	double most = 0;

	for (size_t i = 0; i < r->trial->n; i++)
		for (int arm = 0; arm < TRIAL_ARMS && !r->trial->pairs[i].discarded; arm++)
			most = fmax(most, r->trial->pairs[i].arm[arm].noise.foreign);
	return most;
}

size_t trial_firmer(const struct trial_report *r, char text[TRIAL_MAX_FIRMER][TRIAL_WORDS_LEN])
{
	const struct trial_plan *p = &r->trial->plan;
	const struct trial_outcome *o = r->outcome;
	double needed = pairs_needed(r);
	size_t n = 0;

	for (int g = 0; g < NR_GATES; g++)
		if (o->failed & 1u << g && n < TRIAL_MAX_FIRMER - 2)
			snprintf(text[n++], TRIAL_WORDS_LEN, "%s: %s", gate_name(g),
				 trial_gate_advice(g));
	if (o->verdict == VERDICT_INCONCLUSIVE && o->kept < least_pairs(r))
		snprintf(text[n++], TRIAL_WORDS_LEN,
			 "at least %u pairs: fewer have no interval, whatever they show",
			 least_pairs(r));
	else if (o->verdict == VERDICT_INCONCLUSIVE && needed > o->kept && needed <= 1000)
		snprintf(text[n++], TRIAL_WORDS_LEN,
			 "about %.0f pairs of this noise would show a change of %g %% (a new "
			 "trial: pairs added until it fits prove nothing)",
			 needed, p->delta * 100);
	if (o->verdict == VERDICT_INCONCLUSIVE && noisiest(r) > 0.05)
		snprintf(text[n++], TRIAL_WORDS_LEN,
			 "a quieter host: others took up to %.0f %% of a CPU in the runs that "
			 "were kept",
			 noisiest(r) * 100);
	if (o->verdict == VERDICT_INCONCLUSIVE)
		snprintf(text[n++], TRIAL_WORDS_LEN,
			 "longer runs (--seconds, now %g) when requests vary, more pairs when "
			 "starts do",
			 p->seconds);
	for (int m = 0; m < TRIAL_QUANTILES && n < TRIAL_MAX_FIRMER; m++)
		if (o->kept && !o->values[m].resolved && m != (int)p->primary)
			snprintf(text[n++], TRIAL_WORDS_LEN,
				 "%s: longer runs; it needs 10 independent requests of an arm "
				 "beyond it, and has %.0f",
				 compare_metric_name(m),
				 fmin(o->values[m].beyond[0], o->values[m].beyond[1]));
	return n;
}
