// SPDX-License-Identifier: BSD-2-Clause
#include "report/compare_words.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/units.h"

const char *compare_saying_word(enum compare_saying s)
{
	static const char *const words[] = { "lower", "higher", "alike", "no_difference_seen",
					     "undecided" };

	return words[s];
}

const char *compare_gap_word(enum compare_gap g)
{
	static const char *const words[] = { NULL,	 "no_requests",	 "unresolved",
					     "few_runs", "no_intervals", "no_spread" };

	return words[g];
}

const char *compare_answer_word(enum compare_answer a)
{
	static const char *const words[] = { "does_not_hold", "cannot_be_decided", "holds" };

	return words[a];
}

const char *compare_match_word(enum compare_match m)
{
	static const char *const words[] = { "port_and_name", "port", "name" };

	return words[m];
}

const char *fmt_metric(char *buf, size_t size, enum compare_metric m, double v)
{
	if (m == COMPARE_THROUGHPUT)
		return fmt_rate(buf, size, v);
	if (!isinf(v))
		return fmt_ns(buf, size, v);
	snprintf(buf, size, "failed");
	return buf;
}

const char *fmt_ratio(char *buf, size_t size, double ratio)
{
	if (isnan(ratio))
		snprintf(buf, size, "-");
	else if (isinf(ratio) || ratio >= 1e6)
		snprintf(buf, size, "%s", isinf(ratio) ? "∞" : ">1e6");
	else
		snprintf(buf, size, "%.*f", ratio < 2 ? 3 : ratio < 100 ? 2 : 0, ratio);
	return buf;
}

void compare_service_name(const struct compare_service *s, char text[COMPARE_WORDS_LEN])
{
	char name[2][COMPARE_WORDS_LEN / 2 - 16];

	for (int side = 0; side < 2; side++) {
		char *end;

		if (s->client) {
			snprintf(name[side], sizeof(name[side]), "client of ");
			end = name[side] + strlen(name[side]);
			escape_name(end, name[side] + sizeof(name[side]) - end, s->target[side]);
			continue;
		}

		escape_name(name[side], sizeof(name[side]) - 8, s->comm[side]);
		end = name[side] + strlen(name[side]);
		if (s->port[side]) /* a tag of another tool's log has none */
			snprintf(end, 8, ":%u", s->port[side]);
	}
	if (s->match == COMPARE_SAME || !strcmp(name[0], name[1]))
		snprintf(text, COMPARE_WORDS_LEN, "%s", name[0]);
	else
		snprintf(text, COMPARE_WORDS_LEN, "%s before, %s after", name[0], name[1]);
}

/* " (0.912 to 1.04 at 95.9 %)", or nothing without an interval */
static const char *interval(const struct compare_value *v, char text[64])
{
	char low[UNIT_LEN], high[UNIT_LEN];

	text[0] = '\0';
	if (!isnan(v->low) && (v->low > 0 || isfinite(v->high)))
		snprintf(text, 64, " (%s to %s at %.1f %%)", fmt_ratio(low, sizeof(low), v->low),
			 fmt_ratio(high, sizeof(high), v->high),
			 floor(v->level * 1000) / 10); /* never more than is attained */
	return text;
}

static void say_undecided(const struct comparison *c, const struct compare_value *v,
			  const char *metric, char text[COMPARE_WORDS_LEN])
{
	static const char *const why[] = {
		[COMPARE_NO_GAP] = "it could not be computed",
		[COMPARE_NO_REQUESTS] = "a run has no requests",
		[COMPARE_UNRESOLVED] = "fewer than 10 requests of a side lie beyond it",
		[COMPARE_NO_INTERVALS] = "a run has too few intervals to tell its own noise",
		[COMPARE_NO_SPREAD] = "a single run does not tell how much it varies",
	};
	char inside[64], ratio[UNIT_LEN], seen[64];

	snprintf(seen, sizeof(seen), "; seen was a ratio of %s",
		 fmt_ratio(ratio, sizeof(ratio), v->ratio));
	if (v->gap == COMPARE_FEW_RUNS)
		snprintf(text, COMPARE_WORDS_LEN,
			 "%s: undecided; %zu against %zu runs cannot show any difference, however "
			 "large, at %g %%%s%s",
			 metric, c->runs[0], c->runs[1], c->options.level * 100,
			 v->low > 0 ? seen : "", v->low > 0 ? interval(v, inside) : "");
	else if (v->gap == COMPARE_UNRESOLVED && c->method == COMPARE_WITHIN_RUN)
		snprintf(text, COMPARE_WORDS_LEN,
			 "%s: undecided; beyond it are no more than %.0f independent requests "
			 "before and %.0f after, and it takes 10",
			 metric, floor(v->beyond[0]), floor(v->beyond[1]));
	else
		snprintf(text, COMPARE_WORDS_LEN, "%s: undecided; %s", metric, why[v->gap]);
}

/* What else would have been seen. */
static const char *seen_from(const struct compare_value *v, char text[96])
{
	char ratio[UNIT_LEN];

	text[0] = '\0';
	if (isfinite(v->detectable))
		snprintf(text, 96, "; a change by a factor of %s would most likely have been seen",
			 fmt_ratio(ratio, sizeof(ratio), v->detectable));
	return text;
}

static void say_difference(const struct comparison *c, const struct compare_value *v,
			   enum compare_metric m, char text[COMPARE_WORDS_LEN])
{
	char from[UNIT_LEN], to[UNIT_LEN], ratio[UNIT_LEN], inside[64];
	bool better = (v->saying == COMPARE_HIGHER) == (m == COMPARE_THROUGHPUT);

	fmt_metric(from, sizeof(from), m, v->before);
	fmt_metric(to, sizeof(to), m, v->after);
	fmt_ratio(ratio, sizeof(ratio), v->ratio);
	if (c->method == COMPARE_WITHIN_RUN)
		snprintf(text, COMPARE_WORDS_LEN,
			 "%s differs beyond within-run noise: %s before, %s after, ratio %s%s; "
			 "within-run only, not a verdict",
			 compare_metric_name(m), from, to, ratio, interval(v, inside));
	else
		snprintf(text, COMPARE_WORDS_LEN,
			 "%s is %s (%s) after: %s before, %s after, ratio %s%s",
			 compare_metric_name(m), v->saying == COMPARE_HIGHER ? "higher" : "lower",
			 better ? "better" : "worse", from, to, ratio, interval(v, inside));
}

void compare_sentence(const struct comparison *c, const struct compare_service *s,
		      enum compare_metric m, char text[COMPARE_WORDS_LEN])
{
	const struct compare_value *v = &s->values[m];
	char ratio[UNIT_LEN], inside[64], seen[96];

	fmt_ratio(ratio, sizeof(ratio), v->ratio);
	switch (v->saying) {
	case COMPARE_LOWER:
	case COMPARE_HIGHER:
		say_difference(c, v, m, text);
		break;
	case COMPARE_ALIKE:
		snprintf(text, COMPARE_WORDS_LEN, "%s is alike within %g %%: ratio %s%s",
			 compare_metric_name(m), c->options.delta * 100, ratio,
			 interval(v, inside));
		break;
	case COMPARE_NO_DIFFERENCE:
		snprintf(text, COMPARE_WORDS_LEN, "no difference seen in %s%s: ratio %s%s%s",
			 compare_metric_name(m),
			 c->method == COMPARE_WITHIN_RUN ? " beyond within-run noise" : "", ratio,
			 interval(v, inside), seen_from(v, seen));
		break;
	case COMPARE_UNDECIDED:
		say_undecided(c, v, compare_metric_name(m), text);
		break;
	}
}

bool compare_others(const struct comparison *c, const struct compare_service *s,
		    char text[COMPARE_WORDS_LEN])
{
	size_t len = 0;

	for (int m = 0; m < NR_COMPARE_METRICS; m++) {
		const struct compare_value *v = &s->values[m];
		const char *word = v->saying == COMPARE_HIGHER ? "higher" : "lower";
		char ratio[UNIT_LEN];

		if (m == (int)c->options.primary || v->saying > COMPARE_HIGHER)
			continue;
		fmt_ratio(ratio, sizeof(ratio), v->ratio);
		if (c->method == COMPARE_WITHIN_RUN)
			len += snprintf(text + len, COMPARE_WORDS_LEN - len, "%s%s (ratio %s)",
					len ? ", " : "also beyond within-run noise: ",
					compare_metric_name(m), ratio);
		else
			len += snprintf(text + len, COMPARE_WORDS_LEN - len, "%s%s %s (ratio %s)",
					len ? ", " : "also after: ", compare_metric_name(m), word,
					ratio);
	}
	return len > 0;
}

static bool any_gap(const struct comparison *c, enum compare_gap g)
{
	for (size_t i = 0; i < c->n_services; i++)
		for (int m = 0; m < NR_COMPARE_METRICS; m++)
			if (c->services[i].values[m].gap == g)
				return true;
	return false;
}

/* From n intervals a variance is known within a factor of 1 +- sqrt(2 / n) or so. */
enum { ENOUGH_INTERVALS = 30 };

static bool few_intervals(const struct comparison *c)
{
	return c->method == COMPARE_WITHIN_RUN &&
	       (c->intervals[0] < ENOUGH_INTERVALS || c->intervals[1] < ENOUGH_INTERVALS);
}

/* What to do about conditions that warn: these have an answer of their own. */
static const struct {
	const char *name, *text;
} remedies[] = {
	{ "runs", "other runs: one is given more than once" },
	{ "made by", "runs recorded by lvt, of which it is known how they were made" },
	{ "loss", "runs without loss" },
};

static const char *remedy(const struct compare_condition *n)
{
	for (size_t i = 0; i < sizeof(remedies) / sizeof(remedies[0]); i++)
		if (!strcmp(n->name, remedies[i].name))
			return remedies[i].text;
	return NULL;
}

/* The names of the others that warn, "kernel, load"; returns whether there are any. */
static bool unlike(const struct comparison *c, char names[COMPARE_WORDS_LEN / 2])
{
	size_t len = 0;

	names[0] = '\0';
	for (size_t i = 0; i < c->n_conditions; i++)
		if (c->conditions[i].warns && !remedy(&c->conditions[i]))
			len += snprintf(names + len, COMPARE_WORDS_LEN / 2 - len, "%s%s",
					len ? ", " : "", c->conditions[i].name);
	return len > 0;
}

size_t compare_firmer(const struct comparison *c, char text[COMPARE_MAX_FIRMER][COMPARE_WORDS_LEN])
{
	char names[COMPARE_WORDS_LEN / 2];
	size_t n = 0;

	for (size_t i = 0; i < c->n_conditions; i++)
		if (c->conditions[i].warns && remedy(&c->conditions[i]))
			snprintf(text[n++], COMPARE_WORDS_LEN, "%s", remedy(&c->conditions[i]));
	if (unlike(c, names))
		snprintf(text[n++], COMPARE_WORDS_LEN, "runs made alike: %s", names);
	if (c->method == COMPARE_WITHIN_RUN)
		snprintf(text[n++], COMPARE_WORDS_LEN,
			 "more runs: how much runs differ by themselves does not show in one "
			 "a side; at least 4 a side");
	else if (any_gap(c, COMPARE_FEW_RUNS))
		snprintf(text[n++], COMPARE_WORDS_LEN, "more runs: at least 4 a side");
	if (any_gap(c, COMPARE_UNRESOLVED))
		snprintf(text[n++], COMPARE_WORDS_LEN,
			 "longer runs: a quantile needs 10 %srequests beyond it on each side",
			 c->method == COMPARE_WITHIN_RUN ? "independent " : "");
	if (few_intervals(c))
		snprintf(
			text[n++], COMPARE_WORDS_LEN,
			"more intervals, by longer runs or a shorter 'lvt record -i': %zu before and "
			"%zu after tell the noise within a run only roughly; at least %d",
			c->intervals[0], c->intervals[1], ENOUGH_INTERVALS);
	snprintf(text[n++], COMPARE_WORDS_LEN,
		 "lvt trial: it interleaves both by chance, so that what else changes meanwhile "
		 "does not count, and gives a verdict");
	return n;
}
