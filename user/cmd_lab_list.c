/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/term.h"
#include "base/units.h"
#include "base/wrap.h"
#include "cmd_lab.h"
#include "lab/require.h"
#include "lab/texts.h"

/* All labs, how far the learner is in one, and what comes next. */

static const struct option_row no_rows[] = { { 0 } };

static int parse(const struct options *o, int argc, char **argv, const char **word, struct err *e)
{
	struct operands rest;
	int err = options_parse(o, NULL, argc, argv, &rest, e);

	*word = NULL;
	return err || !o->operands ? err : lab_word(&rest, word, e);
}

static const char *state_of(char *buf, size_t size, const struct lab_session *s,
			    const struct lab_manifest *lab)
{
	const json_t *state = progress_lab(&s->progress, lab->id, false);
	const char *by = learner_locked_by(&s->progress, lab);
	struct err e = { 0 };

	if (progress_passed(&s->progress, lab->id))
		snprintf(buf, size, "passed");
	else if (json_object_get(state, "started"))
		snprintf(buf, size, "started");
	else if (require_check(lab, false, &e))
		snprintf(buf, size, "not here");
	else if (by)
		snprintf(buf, size, "after %.3s", by);
	else
		snprintf(buf, size, "ready");
	return buf;
}

/* "performance-metrics-basics" as "Performance metrics basics" */
static const char *unit_title(char *buf, size_t size, const char *unit)
{
	snprintf(buf, size, "%s", unit);
	for (char *p = buf; *p; p++)
		if (*p == '-')
			*p = ' ';
	*buf = toupper((unsigned char)*buf);
	return buf;
}

struct widths {
	int id, title;
};

/* As wide as the columns let the titles be: 80 hold all but long ones. */
static struct widths measure(const struct catalogue *c)
{
	struct widths w = { 0 };
	int room;

	for (size_t i = 0; i < c->n; i++) {
		int id = strlen(c->labs[i].id), title = utf8_width(c->labs[i].title);

		w.id = id > w.id ? id : w.id;
		w.title = title > w.title ? title : w.title;
	}
	/* two before, two between, minutes, side, state */
	room = term_columns(stdout) - 2 - w.id - 2 - 2 - 3 - 2 - 10 - 2 - 9;
	if (w.title > room)
		w.title = room < 12 ? 12 : room;
	return w;
}

static void print_title(const char *title, int width)
{
	size_t n = strlen(title);
	char buf[256];

	snprintf(buf, sizeof(buf), "%s", title);
	while (utf8_width(buf) > (size_t)width) {
		do
			n--;
		while (n && (title[n] & 0xc0) == 0x80);
		snprintf(buf, sizeof(buf), "%.*s…", (int)n, title);
	}
	printf("%s%*s", buf, width - (int)utf8_width(buf), "");
}

static void print_lab(const struct lab_session *s, const struct lab_manifest *lab, struct widths w)
{
	char state[32];

	printf("%c %-*s  ", lab->core ? '*' : ' ', w.id, lab->id);
	print_title(lab->title, w.title);
	printf("  %3.0f  %-10s  %s\n", lab->minutes, lab->throughput ? "throughput" : "latency",
	       state_of(state, sizeof(state), s, lab));
}

static void print_foot(const struct lab_session *s)
{
	const struct lab_manifest *next = learner_next(&s->labs, &s->progress);
	size_t passed = 0;

	for (size_t i = 0; i < s->labs.n; i++) {
		const struct lab_manifest *lab = &s->labs.labs[i];
		struct err e = { 0 };
		char text[1100];

		passed += progress_passed(&s->progress, lab->id);
		if (progress_passed(&s->progress, lab->id) || !require_check(lab, false, &e))
			continue;
		snprintf(text, sizeof(text), "not here: %s: %s", e.message, e.hint);
		print_wrapped(stdout, text, 0, 0, term_columns(stdout));
	}
	printf("%zu of %zu passed · * core path%s%s\n", passed, s->labs.n, next ? " · next: " : "",
	       next ? next->id : "");
}

int cmd_lab_list(int argc, char **argv, struct err *e)
{
	static const struct options options = {
		.command = "lab list",
		.args = "",
		.about =
			"Show the labs by unit: id, title, minutes, which side each serves, and its state: "
			"ready, started, passed, after the lab that comes before it, or not here, if this "
			"machine has not what it needs. Needs no rights.",
		.rows = no_rows,
	};
	struct lab_session s = { .progress.lock = -1 };
	const char *word, *unit = "";
	char title[64];
	int err = parse(&options, argc, argv, &word, e);

	if (err)
		return err == OPTIONS_HELP ? EXIT_GOOD : err;
	err = lab_session_open(&s, NULL, LAB_NONE, false, e);
	for (size_t i = 0; i < s.labs.n && !err; i++) {
		const struct lab_manifest *lab = &s.labs.labs[i];
		struct widths w = measure(&s.labs);

		if (!i)
			printf("  %-*s  %-*s  min  %-10s  state\n", w.id, "lab", w.title, "title",
			       "serves");
		if (strcmp(unit, lab->unit) != 0)
			printf("\n%s\n", unit_title(title, sizeof(title), lab->unit));
		unit = lab->unit;
		print_lab(&s, lab, w);
	}
	if (!err) {
		putchar('\n');
		print_foot(&s);
	}
	lab_session_close(&s);
	return err;
}

/* ---- status */

static void row(const char *name, const char *text)
{
	printf("  %-12s", name);
	print_wrapped(stdout, text, 14, 14, term_columns(stdout));
}

/* What the learner typed, and what came out. */
static void print_predictions(const struct lab_session *s)
{
	const json_t *all = json_object_get(s->state, "predictions");

	for (size_t i = 0; i < s->lab->n_questions; i++) {
		const struct lab_question *q = &s->lab->questions[i];
		const json_t *p = json_object_get(all, q->name);
		const json_t *truth = json_object_get(p, "truth");
		char text[400], was[160] = "", guess[160];
		json_t *real;

		if (json_is_number(truth)) {
			real = json_pack("{s:f, s:f}", "low", json_number_value(truth), "high",
					 json_number_value(truth));
			prediction_format(was, sizeof(was), q, real);
			json_decref(real);
		}
		snprintf(text, sizeof(text), "%s: %s%s%s", q->name,
			 p ? prediction_format(guess, sizeof(guess), q, p) : "not predicted",
			 *was ? ", it was " : "", was);
		row(i ? "" : "predictions", text);
	}
}

static void print_checks(const struct lab_session *s)
{
	const json_t *checks = json_object_get(s->state, "checks");
	json_t *check;
	char text[256];
	size_t i;

	if (!json_array_size(checks))
		row("checks", "none");
	json_array_foreach(checks, i, check) {
		snprintf(text, sizeof(text), "%zu: %s, %s", i + 1,
			 json_string_value(json_object_get(check, "verdict")) ?: "unknown",
			 json_string_value(json_object_get(check, "at")) ?: "at an unknown time");
		row(i ? "" : "checks", text);
	}
}

static const char *next_step(const struct lab_session *s)
{
	const json_t *predictions = json_object_get(s->state, "predictions");

	if (progress_passed(&s->progress, s->lab->id))
		return "lvt lab explain, then lvt lab next";
	if (json_object_size(predictions) < s->lab->n_questions &&
	    !json_object_get(s->state, "baseline"))
		return "lvt lab predict";
	if (!json_object_get(s->state, "baseline"))
		return "sudo lvt lab run";
	return "change it, then sudo lvt lab check";
}

static void print_status(const struct lab_session *s)
{
	const json_t *baseline = json_object_get(s->state, "baseline");
	const char *passed = json_string_value(json_object_get(s->state, "passed"));
	char text[4400];

	printf("Lab %s: %s\n\n", s->lab->id, s->lab->title);
	snprintf(text, sizeof(text), "%s, attempt %d",
		 json_string_value(json_object_get(s->state, "started")),
		 (int)json_integer_value(json_object_get(s->state, "attempt")));
	row("started", text);
	row("folder", json_string_value(json_object_get(s->state, "folder")) ?: "unknown");
	if (*learner_drawn(text, sizeof(text), s->lab, s->state))
		row("drawn", text);
	print_predictions(s);
	row("baseline", !baseline					   ? "not run yet" :
			json_string_value(json_object_get(baseline, "at")) ?:
									     "run");
	snprintf(text, sizeof(text), "%d of %d",
		 (int)json_integer_value(json_object_get(s->state, "hints")), texts_hints(s->lab));
	row("hints", text);
	print_checks(s);
	row("passed", passed ?: "no");
	printf("\nNext: %s\n", next_step(s));
}

int cmd_lab_status(int argc, char **argv, struct err *e)
{
	static const struct options options = {
		.command = "lab status",
		.args = "[LAB]",
		.about =
			"Show how far you are in a lab: what was drawn, predicted, run and checked. "
			"Needs no rights.",
		.rows = no_rows,
		.operands = true,
	};
	struct lab_session s = { .progress.lock = -1 };
	const char *word;
	int err = parse(&options, argc, argv, &word, e);

	if (err)
		return err == OPTIONS_HELP ? EXIT_GOOD : err;
	err = lab_session_open(&s, word, LAB_STARTED, false, e);
	if (!err)
		print_status(&s);
	lab_session_close(&s);
	return err;
}

/* ---- next */

static void print_next(const struct lab_session *s)
{
	const struct lab_manifest *lab = learner_next(&s->labs, &s->progress);
	const json_t *state = lab ? progress_lab(&s->progress, lab->id, false) : NULL;
	struct lab_session it = *s;
	struct err e = { 0 };

	if (!lab) {
		printf("All labs are passed. 'lvt path' shows what else there is.\n");
		return;
	}
	printf("Lab %s: %s (%g minutes)\n\n", lab->id, lab->title, lab->minutes);
	it.lab = lab;
	it.state = (json_t *)state;
	if (json_object_get(state, "started"))
		printf("You are in it. Next: %s\n", next_step(&it));
	else if (require_check(lab, false, &e))
		printf("It cannot be done here: %s: %s\n", e.message, e.hint);
	else
		printf("Next: lvt lab start %.3s\n", lab->id);
}

int cmd_lab_next(int argc, char **argv, struct err *e)
{
	static const struct options options = {
		.command = "lab next",
		.args = "",
		.about =
			"Show what to do next: the lab you are in, else the next one of the core path. "
			"Needs no rights.",
		.rows = no_rows,
	};
	struct lab_session s = { .progress.lock = -1 };
	const char *word;
	int err = parse(&options, argc, argv, &word, e);

	if (err)
		return err == OPTIONS_HELP ? EXIT_GOOD : err;
	err = lab_session_open(&s, NULL, LAB_NONE, false, e);
	if (!err)
		print_next(&s);
	lab_session_close(&s);
	return err;
}
