/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/learner.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include "base/decimal.h"
#include "base/random.h"
#include "lab/figure.h"

const char *learner_locked_by(const struct progress *p, const struct lab_manifest *lab)
{
	for (size_t i = 0; i < lab->needs.n; i++)
		if (!progress_passed(p, lab->needs.items[i]))
			return lab->needs.items[i];
	return NULL;
}

const struct lab_manifest *learner_next(const struct catalogue *c, const struct progress *p)
{
	const struct lab_manifest *best = NULL;
	int rank = 0;

	for (size_t i = 0; i < c->n; i++) {
		const struct lab_manifest *lab = &c->labs[i];
		bool started = json_object_get(progress_lab(p, lab->id, false), "started");
		int worth = started ? 3 : lab->core ? 2 : 1;

		if (progress_passed(p, lab->id) || learner_locked_by(p, lab) || worth <= rank)
			continue;
		best = lab;
		rank = worth;
	}
	return best;
}

int learner_failures(const json_t *state)
{
	json_t *check;
	size_t i;
	int n = 0;

	json_array_foreach(json_object_get(state, "checks"), i, check) {
		const char *verdict = json_string_value(json_object_get(check, "verdict"));

		n += verdict && !strcmp(verdict, "not met") &&
		     !json_is_true(json_object_get(check, "untouched"));
	}
	return n;
}

json_t *learner_draw(const struct lab_manifest *lab, __u64 seed)
{
	json_t *vars = json_object();

	if (!seed && getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		seed = 1;
	for (size_t i = 0; i < lab->n_vars && vars; i++) {
		const struct lab_words *pick = &lab->vars[i].pick;
		const char *word = pick->items[random_next(&seed) % pick->n];

		if (json_object_set_new(vars, lab->vars[i].name, json_string(word))) {
			json_decref(vars);
			return NULL;
		}
	}
	return vars;
}

const char *learner_drawn(char *buf, size_t size, const struct lab_manifest *lab,
			  const json_t *state)
{
	const json_t *vars = json_object_get(state, "vars");
	size_t n = 0;

	*buf = '\0';
	for (size_t i = 0; i < lab->n_vars; i++) {
		const struct lab_var *var = &lab->vars[i];
		const char *word = json_string_value(json_object_get(vars, var->name));

		if (word && !var->hidden && n < size)
			n += snprintf(buf + n, size - n, "%s%s = %s", n ? ", " : "", var->name,
				      word);
	}
	return buf;
}

static double figure_value(void *arg, bool check, const char *name)
{
	const json_t *checks = json_object_get(arg, "checks"), *from;
	const json_t *value;

	from = check ? json_array_get(checks, json_array_size(checks) - 1) :
		       json_object_get(arg, "baseline");
	value = json_object_get(json_object_get(from, "figures"), name);
	return json_is_number(value) ? json_number_value(value) : NAN;
}

struct fill learner_fill(const struct lab_manifest *lab, json_t *state)
{
	return (struct fill){ .lab = lab,
			      .vars = json_object_get(state, "vars"),
			      .figure = figure_value,
			      .arg = state };
}

/* One number in the figure's unit; NAN if it is none. */
static double one_number(const struct lab_question *q, const char *text)
{
	double plain = read_decimal(text, "");

	if (isnan(plain))
		return lab_number_is_time(text) == !isnan(unit_ns(q->unit)) ? lab_number(text) :
									      NAN;
	if (!strcmp(q->unit, "%"))
		return plain / 100;
	return isnan(unit_ns(q->unit)) ? plain : plain * unit_ns(q->unit);
}

int prediction_parse(const struct lab_question *q, const char *text, double *low, double *high,
		     struct err *e)
{
	const char *dots = strstr(text, "..");
	char first[64];

	snprintf(first, sizeof(first), "%.*s", dots ? (int)(dots - text) : (int)strlen(text), text);
	while (*first && strchr(" \t", first[strlen(first) - 1]))
		first[strlen(first) - 1] = '\0';
	if (dots)
		dots += 2 + strspn(dots + 2, " \t");
	*low = one_number(q, first);
	*high = dots ? one_number(q, dots) : *low;
	if (*low >= 0 && *high >= *low)
		return 0;
	err_usage(e, "%s: '%s' is no prediction", q->name, text);
	if (*high < *low)
		return err_hint(e, "in LOW..HIGH the lower one comes first");
	return err_hint(
		e, "give a number in %s, or LOW..HIGH: between them you expect it 9 times of 10",
		q->unit);
}

static const char *in_unit(char *buf, size_t size, const struct lab_question *q, double value)
{
	enum figure_kind kind = figure_kind(q->figure);

	/* a claim's kind is not always known: what was asked for is */
	if (!isnan(unit_ns(q->unit)))
		kind = FIGURE_TIME_NS;
	return figure_format_kind(buf, size, kind, value);
}

const char *prediction_format(char *buf, size_t size, const struct lab_question *q,
			      const json_t *prediction)
{
	const json_t *low = json_object_get(prediction, "low");
	const json_t *high = json_object_get(prediction, "high");
	char a[64], b[64];

	*buf = '\0';
	if (!json_is_number(low) || !json_is_number(high))
		return buf;
	in_unit(a, sizeof(a), q, json_number_value(low));
	in_unit(b, sizeof(b), q, json_number_value(high));
	if (strcmp(a, b) != 0)
		snprintf(buf, size, "%s .. %s", a, b);
	else
		snprintf(buf, size, "%s", a);
	return buf;
}
