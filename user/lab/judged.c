/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/judged.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lab/validity.h"

const char *judged_name(enum judged_verdict v)
{
	static const char *const names[] = { "passed", "not met", "inconclusive", "not valid" };

	return names[v];
}

const char *judged_title(enum judged_verdict v)
{
	static const char *const titles[] = { "PASSED", "NOT MET", "INCONCLUSIVE", "NOT VALID" };

	return titles[v];
}

/* ---- the rule of a leg, filled in ---- */

struct words {
	char *answer, *is;
};

/* NAN for "", which is not given. */
static int number(const struct fill *f, const char *text, double *value, struct err *e)
{
	char *filled;

	*value = NAN;
	if (!*text)
		return 0;
	filled = fill(f, text, e);
	if (!filled)
		return -EINVAL;
	*value = lab_number(filled);
	if (isnan(*value))
		err_set(e, -EINVAL, "'%s' is no number", filled);
	free(filled);
	return isnan(*value) ? -EINVAL : 0;
}

/* An answer without a unit has that of the knob's name, if it ends in one: "guess_us". */
static double answer_number(const char *knob, const char *answer, bool time)
{
	static const struct {
		const char *end;
		double ns;
	} units[] = { { "_ns", 1 }, { "_us", 1e3 }, { "_ms", 1e6 }, { "_s", 1e9 } };
	double value = lab_number(answer);
	size_t n = strlen(knob), percent = strlen("_percent");

	if (!time && n > percent && !strcmp(knob + n - percent, "_percent") && !strchr(answer, '%'))
		return value / 100;
	if (!time || lab_number_is_time(answer))
		return value;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		size_t end = strlen(units[i].end);

		if (n > end && !strcmp(knob + n - end, units[i].end))
			return value * units[i].ns;
	}
	return NAN;
}

static const char *knob_value(const struct fill *f, const char *knob)
{
	for (size_t i = 0; i < f->lab->n_knobs; i++)
		if (!strcmp(f->lab->knobs[i].name, knob))
			return f->settings ? f->settings->values[i] : f->lab->knobs[i].otherwise;
	return "";
}

static int copy_filled(const struct fill *f, const char *text, char *to, size_t size, struct err *e)
{
	char *filled = fill(f, text, e);

	if (!filled)
		return -EINVAL;
	snprintf(to, size, "%s", filled);
	free(filled);
	return 0;
}

static int make_rule(struct leg_rule *rule, const struct lab_leg *leg, const struct fill *f,
		     struct judged *j, size_t i, char word[LEG_WORDS_LEN], struct err *e)
{
	int err = copy_filled(f, leg->figure, j->figures[i], JUDGED_FIGURE_LEN, e);

	*rule = (struct leg_rule){ .figure = j->figures[i], .before = leg->before, .number = NAN };
	if (!err)
		err = number(f, leg->ratio_min, &rule->ratio_min, e);
	if (!err)
		err = number(f, leg->ratio_max, &rule->ratio_max, e);
	if (!err)
		err = number(f, leg->min, &rule->min, e);
	if (!err)
		err = number(f, leg->max, &rule->max, e);
	if (!err)
		err = number(f, leg->within, &rule->within, e);
	if (err || !*leg->answer)
		return err;
	if (rule->within > 1 && !strchr(leg->within, '%'))
		rule->within /= 100;
	snprintf(j->answers[i], LEG_WORDS_LEN, "%s", knob_value(f, leg->answer));
	rule->answer = j->answers[i];
	rule->number = answer_number(leg->answer, rule->answer,
				     figure_kind(rule->figure) == FIGURE_TIME_NS);
	if (!*leg->is)
		return 0;
	rule->is = word;
	return copy_filled(f, leg->is, word, LEG_WORDS_LEN, e);
}

/* ---- the verdict ---- */

static enum judged_verdict verdict_of(const struct judged *j, size_t n)
{
	enum judged_verdict v = n ? JUDGED_PASSED : JUDGED_INCONCLUSIVE;

	for (size_t i = 0; i < n; i++) {
		if (j->legs[i].state == LEG_FAILS)
			return JUDGED_NOT_MET;
		if (j->legs[i].state != LEG_HOLDS)
			v = JUDGED_INCONCLUSIVE;
	}
	return v;
}

int judged_make(struct judged *j, const struct fill *f, const struct measured *m, struct err *e)
{
	struct leg_values *v = calloc(1, sizeof(*v));
	const struct lab_manifest *lab = f->lab;
	char word[LEG_WORDS_LEN];
	int err = v ? 0 : err_set(e, -ENOMEM, "no memory for the check");

	*j = (struct judged){ 0 };
	for (size_t i = 0; i < lab->n_legs && !err; i++) {
		struct leg_rule rule;
		struct err why = { 0 };

		err = make_rule(&rule, &lab->legs[i], f, j, i, word, &why);
		if (err) {
			err_set(e, err, "%s/lab.ini, leg %s: %s", lab->folder, lab->legs[i].name,
				why.message);
			break;
		}
		measured_values(m, rule.figure, v);
		leg_judge(&rule, v, &j->legs[i]);
	}
	free(v);
	if (err)
		return err;
	j->verdict = verdict_of(j, lab->n_legs);
	if (!validity_check(m, lab->primary, j->why, j->advice, JUDGED_WORDS_LEN))
		j->verdict = JUDGED_NOT_VALID;
	return 0;
}

size_t judged_headline(const struct judged *j, const struct lab_manifest *lab)
{
	size_t found = 0;

	for (size_t i = lab->n_legs; i-- > 0;)
		if (lab->legs[i].kind == LAB_LEG_CLIENT)
			found = i;
	for (size_t i = lab->n_legs; i-- > 0;)
		if (*lab->primary && !strcmp(j->figures[i], lab->primary) &&
		    lab->legs[i].kind != LAB_LEG_ANSWER)
			found = i;
	return found;
}
