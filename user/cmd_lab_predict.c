/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/nearest.h"
#include "base/term.h"
#include "base/wrap.h"
#include "cmd_lab.h"

/* What the learner expects, before anything runs. */

static const struct option_row no_rows[] = { { 0 } };

static const struct options options = {
	.command = "lab predict",
	.args = "[LAB] [NAME=VALUE...]",
	.about =
		"Say what you expect of the baseline, before it runs: asks on a terminal, or takes NAME=VALUE, "
		"or NAME=LOW..HIGH if you expect it between them 9 times of 10. Who predicts first learns "
		"more from what comes out. Until the first 'lvt lab run' it can be changed. Needs no rights.",
	.more = "Example:\n"
		"  lvt lab predict 070 p50=5..20 goodput=900\n",
	.rows = no_rows,
	.operands = true,
};

struct answers {
	char *text[LAB_MAX_ITEMS]; /* "" or NULL = none */
};

static int unknown_question(const struct lab_manifest *lab, const char *name, struct err *e)
{
	char names[512] = "";
	struct nearest near;
	size_t n = 0;

	nearest_start(&near, name);
	for (size_t i = 0; i < lab->n_questions; i++) {
		nearest_try(&near, lab->questions[i].name);
		n += snprintf(names + n, n < sizeof(names) ? sizeof(names) - n : 0, "%s%s",
			      n ? ", " : "", lab->questions[i].name);
	}
	err_usage(e, "lab %s does not ask for '%s'", lab->id, name);
	return near.best ? err_hint(e, "did you mean '%s'?", near.best) :
			   err_hint(e, "it asks for %s", names);
}

/* The words NAME=VALUE, cut in place. */
static int take_words(const struct lab_manifest *lab, char **words, int n, struct answers *a,
		      struct err *e)
{
	for (int w = 0; w < n; w++) {
		char *value = strchr(words[w], '=');
		double low, high;
		size_t i;
		int err;

		*value++ = '\0';
		for (i = 0; i < lab->n_questions; i++)
			if (!strcmp(lab->questions[i].name, words[w]))
				break;
		if (i == lab->n_questions)
			return unknown_question(lab, words[w], e);
		err = prediction_parse(&lab->questions[i], value, &low, &high, e);
		if (err)
			return err;
		a->text[i] = value;
	}
	return 0;
}

/* One question on the terminal, until the answer is one. Returns 0, or -ECANCELED at the end of input. */
static int ask_one(const struct lab_session *s, size_t i, char **answer, struct err *e)
{
	const struct lab_question *q = &s->lab->questions[i];
	struct fill f = learner_fill(s->lab, s->state);
	char *text = fill(&f, q->ask, e), *line = NULL;
	size_t size = 0;
	double low, high;

	if (!text)
		return e->code;
	fprintf(stderr, "\n%zu of %zu: ", i + 1, s->lab->n_questions);
	print_wrapped(stderr, text, 8, 8, term_columns(stderr));
	free(text);
	for (;;) {
		struct err wrong = { 0 };

		fprintf(stderr, "        in %s: ", q->unit);
		if (getline(&line, &size, stdin) < 0) {
			free(line);
			return err_set(e, -ECANCELED, "no answer: nothing was written down");
		}
		line[strcspn(line, "\r\n")] = '\0';
		if (!prediction_parse(q, line + strspn(line, " \t"), &low, &high, &wrong))
			break;
		fprintf(stderr, "        %s\n", wrong.hint);
	}
	*answer = strdup(line + strspn(line, " \t"));
	free(line);
	return *answer ? 0 : err_set(e, -ENOMEM, "no memory");
}

static int ask_all(const struct lab_session *s, struct answers *a, struct err *e)
{
	char text[256];
	int err = 0;

	snprintf(
		text, sizeof(text),
		"What do you expect of lab %s? A number, or LOW..HIGH if you expect it between them 9 "
		"times of 10.",
		s->lab->id);
	print_wrapped(stderr, text, 0, 0, term_columns(stderr));
	for (size_t i = 0; i < s->lab->n_questions && !err; i++)
		err = ask_one(s, i, &a->text[i], e);
	fputc('\n', stderr);
	return err;
}

static int keep(const struct lab_session *s, const struct answers *a, struct err *e)
{
	json_t *all = json_object_get(s->state, "predictions");
	int err = 0;

	if (!all) {
		json_object_set_new(s->state, "predictions", json_object());
		all = json_object_get(s->state, "predictions");
	}
	for (size_t i = 0; i < s->lab->n_questions && !err; i++) {
		double low, high;

		if (!a->text[i])
			continue;
		err = prediction_parse(&s->lab->questions[i], a->text[i], &low, &high, e);
		if (!err &&
		    json_object_set_new(all, s->lab->questions[i].name,
					json_pack("{s:f, s:f, s:o, s:n}", "low", low, "high", high,
						  "at", progress_now(), "truth")))
			err = err_set(e, -ENOMEM, "no memory");
	}
	return err;
}

static void tell(const struct lab_session *s)
{
	const json_t *all = json_object_get(s->state, "predictions");
	size_t missing = 0;
	char text[160];

	for (size_t i = 0; i < s->lab->n_questions; i++) {
		const struct lab_question *q = &s->lab->questions[i];
		const json_t *p = json_object_get(all, q->name);

		missing += !p;
		printf("  %-16s %s\n", q->name,
		       p ? prediction_format(text, sizeof(text), q, p) : "not predicted yet");
	}
	if (missing)
		printf("\n%zu to go: lvt lab predict\n", missing);
	else
		printf("\nNext: sudo lvt lab run\n");
}

static int check_early(const struct lab_session *s, struct err *e)
{
	if (!json_object_get(s->state, "baseline"))
		return 0;
	err_set(e, -EPERM, "the baseline of lab %s is measured: it is too late to predict it",
		s->lab->id);
	return err_hint(e, "'lvt lab reset %.3s' begins again", s->lab->id);
}

/* Asked before the progress is locked, as an answer takes its time. */
static int ask(const char *word, struct answers *a, struct err *e)
{
	struct lab_session s;
	int err = lab_session_open(&s, word, LAB_STARTED, false, e);

	if (!err)
		err = check_early(&s, e);
	if (!err)
		err = ask_all(&s, a, e);
	lab_session_close(&s);
	return err;
}

static int predict(const char *word, char **words, int n, struct err *e)
{
	struct lab_session s = { .progress.lock = -1 };
	struct answers asked = { 0 }, a;
	int err = 0;

	if (!n && lab_can_ask())
		err = ask(word, &asked, e);
	a = asked;
	if (!err)
		err = lab_session_open(&s, word, LAB_STARTED, true, e);
	if (!err)
		err = check_early(&s, e);
	if (!err && !n && !lab_can_ask()) {
		err_usage(e, "no prediction given, and there is no terminal to ask");
		err = err_hint(e, "lvt lab predict %.3s %s=VALUE ..., in %s", s.lab->id,
			       s.lab->questions[0].name, s.lab->questions[0].unit);
	}
	if (!err)
		err = take_words(s.lab, words, n, &a, e);
	if (!err)
		err = keep(&s, &a, e);
	if (!err)
		err = progress_save(&s.progress, e);
	if (!err)
		tell(&s);
	for (size_t i = 0; i < LAB_MAX_ITEMS; i++)
		free(asked.text[i]);
	lab_session_close(&s);
	return err;
}

int cmd_lab_predict(int argc, char **argv, struct err *e)
{
	struct operands rest;
	const char *word = NULL;
	int err = options_parse(&options, NULL, argc, argv, &rest, e), first = 0;

	if (err)
		return err == OPTIONS_HELP ? EXIT_GOOD : err;
	if (rest.n_words && !strchr(rest.words[0], '='))
		word = rest.words[first++];
	for (int i = first; i < rest.n_words; i++) {
		if (strchr(rest.words[i], '='))
			continue;
		err_usage(e, "'%s' is no prediction", rest.words[i]);
		return err_hint(e, "give NAME=VALUE or NAME=LOW..HIGH");
	}
	return predict(word, rest.words + first, rest.n_words - first, e);
}
