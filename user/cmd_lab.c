/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd_lab.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/nearest.h"
#include "base/term.h"
#include "base/wrap.h"
#include "cmd.h"
#include "lab/journal.h"
#include "lab/markdown.h"
#include "lab/texts.h"
#include "report/page.h"

static const struct command subcommands[] = {
	{ "list", "[OPTION...]", "the labs, by unit, and which are done", cmd_lab_list },
	{ "start", "LAB [OPTION...]", "begin a lab: a folder with its service, yours to change",
	  cmd_lab_start },
	{ "brief", "[LAB]", "what is asked", cmd_lab_brief },
	{ "theory", "[LAB]", "why it is so, with formula and source", cmd_lab_theory },
	{ "predict", "[LAB] [NAME=VALUE...]", "what you expect, before anything runs",
	  cmd_lab_predict },
	{ "run", "[LAB] [OPTION...]", "the baseline: your service traced, and how near you were",
	  cmd_lab_run },
	{ "check", "[LAB] [OPTION...]", "passed, not met, or not known: a verdict from the kernel",
	  cmd_lab_check },
	{ "hint", "[LAB] [OPTION...]", "the next hint", cmd_lab_hint },
	{ "explain", "[LAB] [OPTION...]", "what it was, after a pass", cmd_lab_explain },
	{ "solution", "[LAB]", "a solution, after a pass or three failed checks",
	  cmd_lab_solution },
	{ "status", "[LAB]", "how far you are", cmd_lab_status },
	{ "next", "", "what to do next", cmd_lab_next },
	{ "verify", "[LAB...] [OPTION...]", "for authors: prove labs on this machine",
	  cmd_lab_verify },
	{ "reset", "LAB | --all [OPTION...]", "forget a lab, to begin again", cmd_lab_reset },
	{ 0 },
};

static void help(void)
{
	int columns = term_columns(stdout);

	printf("Usage: lvt lab SUBCOMMAND [LAB] [OPTION...]\n\n");
	print_wrapped(
		stdout,
		"Labs on latency and throughput: a service with a flaw, the load that shows it, and "
		"a check that is measured in the kernel.",
		0, 0, columns);
	printf("\nSubcommands:\n");
	for (const struct command *c = subcommands; c->name; c++) {
		printf("  %-9s ", c->name);
		print_wrapped(stdout, c->summary, 12, 12, columns);
	}
	printf("\nLAB is 070, 70, nagle or 070-nagle; without it the lab last started is meant.\n"
	       "'lvt lab SUBCOMMAND --help' shows the options of one.\n");
}

int cmd_lab(int argc, char **argv, struct err *e)
{
	const char *name = argc > 1 ? argv[1] : NULL;
	struct nearest near;

	if (!name) {
		err_usage(e, "no subcommand given");
		return err_hint(e, "'lvt lab --help' lists them; 'lvt lab next' says what to do");
	}
	if (!strcmp(name, "--help") || !strcmp(name, "-h")) {
		help();
		return EXIT_GOOD;
	}
	nearest_start(&near, name);
	for (const struct command *c = subcommands; c->name; c++) {
		if (!strcmp(c->name, name))
			return c->run(argc - 1, argv + 1, e);
		nearest_try(&near, c->name);
	}
	err_usage(e, "unknown subcommand '%s' of lab", name);
	if (near.best)
		return err_hint(e, "did you mean '%s'?", near.best);
	return err_hint(e, "'lvt lab --help' lists them");
}

int lab_word(const struct operands *rest, const char **word, struct err *e)
{
	*word = rest->n_words ? rest->words[0] : NULL;
	if (rest->n_words <= 1)
		return 0;
	err_usage(e, "unexpected word '%s'", rest->words[1]);
	return err_hint(e, "give one lab");
}

static int find_lab(struct lab_session *s, const char *word, enum lab_which which, struct err *e)
{
	const char *last = json_string_value(json_object_get(s->progress.root, "last"));

	if (which == LAB_NONE || (which == LAB_GIVEN && !word))
		return 0;
	if (!word && !last) {
		err_usage(e, "no lab given, and none was started");
		return err_hint(e, "'lvt lab list' shows the labs");
	}
	s->lab = catalogue_find(&s->labs, word ?: last, e);
	if (!s->lab)
		return e->code;
	s->state = progress_lab(&s->progress, s->lab->id, false);
	if (which != LAB_STARTED || json_object_get(s->state, "started"))
		return 0;
	err_set(e, -ENOENT, "lab %s is not started", s->lab->id);
	return err_hint(e, "lvt lab start %.3s", s->lab->id);
}

void lab_warn(void *arg, const char *line)
{
	(void)arg;
	command_warn(line);
}

/* What an lvt that was killed has left changed on this host is set back by the next one that may. */
static void repair_host(void)
{
	struct err e = { 0 };

	if (!geteuid() && journal_repair(JOURNAL_FOLDER, lab_warn, NULL, &e))
		command_warn(e.message);
}

int lab_session_open(struct lab_session *s, const char *word, enum lab_which which, bool change,
		     struct err *e)
{
	char text[sizeof(s->progress.damaged) + 64];
	int err;

	*s = (struct lab_session){ .progress.lock = -1 };
	repair_host();
	err = catalogue_open(&s->labs, e);
	if (!err)
		err = progress_open(&s->progress, change, e);
	if (!err && *s->progress.damaged) {
		snprintf(text, sizeof(text),
			 "the progress was damaged, and starts anew; kept as %s",
			 s->progress.damaged);
		command_warn(text);
	}
	return err ? err : find_lab(s, word, which, e);
}

void lab_session_close(struct lab_session *s)
{
	progress_close(&s->progress);
	catalogue_close(&s->labs);
	s->lab = NULL;
	s->state = NULL;
}

int lab_print_markdown(const char *text, struct err *e)
{
	struct page page;

	page_open(&page, stdout);
	return markdown_print(stdout, text, page.columns, page.colour, e);
}

/* Variables of a lab that is not started: an example of each. */
static json_t *examples(const struct lab_manifest *lab)
{
	json_t *vars = json_object();

	for (size_t i = 0; i < lab->n_vars; i++)
		json_object_set_new(vars, lab->vars[i].name,
				    json_string(lab->vars[i].pick.items[0]));
	return vars;
}

/* A text with figures of a run, and none was made. */
static void note_missing(const struct lab_session *s, const char *name)
{
	json_t *run = json_object(), *check = json_object();
	struct err e = { 0 };
	char *text = text_read(s->lab, name, &e);

	if (text && !fill_figures(text, false, run) && !fill_figures(text, true, check)) {
		if (json_object_size(run) && !json_object_get(s->state, "baseline"))
			fprintf(stderr,
				"There is no run of yours yet: 'sudo lvt lab run %.3s' measures "
				"what this text tells of.\n\n",
				s->lab->id);
		else if (json_object_size(check) && !json_object_get(s->state, "checks"))
			fprintf(stderr,
				"There is no check of yours yet: 'sudo lvt lab check %.3s' "
				"measures what this text tells of.\n\n",
				s->lab->id);
	}
	free(text);
	json_decref(run);
	json_decref(check);
}

int lab_show(const struct lab_session *s, const char *name, struct err *e)
{
	struct fill f = learner_fill(s->lab, s->state);
	json_t *vars = f.vars ? NULL : examples(s->lab);
	char *text;
	int err;

	if (!f.vars) {
		f.vars = vars;
		if (s->lab->n_vars)
			fprintf(stderr,
				"%s is not started: its numbers are examples; yours are drawn by "
				"'lvt lab start %.3s'\n\n",
				s->lab->id, s->lab->id);
	}
	note_missing(s, name);
	text = text_filled(&f, name, e);
	err = text ? lab_print_markdown(text, e) : e->code;
	free(text);
	json_decref(vars);
	return err;
}

bool lab_can_ask(void)
{
	return term_is(stdin) && term_is(stderr);
}

bool lab_confirm(const char *question)
{
	char line[64];

	if (!lab_can_ask())
		return false;
	fprintf(stderr, "%s [y/N] ", question);
	if (!fgets(line, sizeof(line), stdin)) {
		fputc('\n', stderr);
		return false;
	}
	line[strcspn(line, "\r\n")] = '\0';
	return !strcmp(line, "y") || !strcmp(line, "yes");
}
