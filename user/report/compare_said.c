// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "report/compare_words.h"

void compare_method_text(const struct comparison *c, char text[COMPARE_WORDS_LEN])
{
	if (c->method == COMPARE_RANKS)
		snprintf(text, COMPARE_WORDS_LEN,
			 "%zu run%s before, %zu after: exact ranks of runs", c->runs[0],
			 c->runs[0] == 1 ? "" : "s", c->runs[1]);
	else
		snprintf(text, COMPARE_WORDS_LEN,
			 "one run before, one after: the noise within each is known, that between "
			 "runs is not");
}

void compare_interval_name(const struct compare_service *s, char text[COMPARE_INTERVAL_LEN])
{
	snprintf(text, COMPARE_INTERVAL_LEN, "interval");
	for (int m = NR_COMPARE_METRICS - 1; m >= 0; m--) /* all that have one attain the same */
		if (!isnan(s->values[m].level))
			snprintf(text, COMPARE_INTERVAL_LEN, "%g %% interval",
				 floor(s->values[m].level * 1000) / 10);
}

const char *compare_saying_text(const struct compare_value *v, enum compare_method method)
{
	static const char *const gaps[] = { "undecided",    "no requests",   "not resolvable",
					    "too few runs", "few intervals", "one run each" };
	static const char *const words[] = { "lower", "higher", "alike", "no difference" };

	if (method == COMPARE_WITHIN_RUN && v->saying <= COMPARE_HIGHER)
		return "differs";
	return v->saying == COMPARE_UNDECIDED ? gaps[v->gap] : words[v->saying];
}

const char *compare_answer_text(enum compare_answer a)
{
	static const char *const answers[] = { "does not hold", "cannot be decided", "holds" };

	return answers[a];
}

bool compare_stages_known(const struct compare_service *s)
{
	for (int i = 0; i < NR_STAGES && !s->client; i++) {
		const struct compare_stage *st = &s->anatomy[0].stages[i];

		if (st->stage != STAGE_UNATTRIBUTED && (st->before_ns > 0 || st->after_ns > 0))
			return true;
	}
	return false;
}

bool compare_stage_moved(const struct compare_anatomy *a, const struct compare_stage *st)
{
	double least = 0.01 * fmax(a->before_ns, a->after_ns);

	return fabs(st->change_ns) >= least && st->change_ns != 0;
}

bool compare_has_shares(const struct compare_anatomy *a)
{
	return fabs(a->after_ns - a->before_ns) >= 0.05 * fmax(a->before_ns, a->after_ns);
}

const char *fmt_change(char *buf, size_t size, double ns)
{
	char text[UNIT_LEN];

	snprintf(buf, size, "%s%s", ns > 0 ? "+" : "", fmt_ns(text, sizeof(text), ns));
	return buf;
}

bool compare_condition_told(const struct compare_condition *n)
{
	return n->warns || strcmp(n->before, n->after) ||
	       (n->before[0] && strcmp(n->before, COMPARE_NOT_KNOWN));
}

bool compare_point_told(const struct compare_curve *curve, size_t i)
{
	return i + 1 == curve->n || i % 10 == 0 || i % 10 == 3 || i % 10 == 6;
}
