/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cmd_lab.h"
#include "lab/texts.h"

/* What there is to read of a lab: brief, theory, hints, explanation, solution. */

extern char **environ;

static const struct option_row no_rows[] = { { 0 } };

static int show_one(const struct options *options, const char *file, int argc, char **argv,
		    struct err *e)
{
	struct lab_session s = { .progress.lock = -1 };
	struct operands rest;
	const char *word;
	int err = options_parse(options, NULL, argc, argv, &rest, e);

	if (err)
		return err == OPTIONS_HELP ? EXIT_GOOD : err;
	err = lab_word(&rest, &word, e);
	if (!err)
		err = lab_session_open(&s, word, LAB_ANY, false, e);
	if (!err)
		err = lab_show(&s, file, e);
	lab_session_close(&s);
	return err;
}

int cmd_lab_brief(int argc, char **argv, struct err *e)
{
	static const struct options options = {
		.command = "lab brief",
		.args = "[LAB]",
		.about = "Show what the lab is about and what is asked. Needs no rights.",
		.rows = no_rows,
		.operands = true,
	};

	return show_one(&options, "brief.md", argc, argv, e);
}

int cmd_lab_theory(int argc, char **argv, struct err *e)
{
	static const struct options options = {
		.command = "lab theory",
		.args = "[LAB]",
		.about =
			"Show why it is so: the formula, where it comes from, and what it says here. "
			"Needs no rights.",
		.rows = no_rows,
		.operands = true,
	};

	return show_one(&options, "theory.md", argc, argv, e);
}

/* ---- hints */

struct hint_config {
	bool again;
};

static const struct option_row hint_rows[] = {
	{ .name = "again",
	  .letter = 'a',
	  .type = OPT_FLAG,
	  .offset = offsetof(struct hint_config, again),
	  .help = "show the hints that you have had, and no new one" },
	{ 0 },
};

static const struct options hint_options = {
	.command = "lab hint",
	.args = "[LAB] [OPTION...]",
	.about =
		"Show the next hint. Hints cost nothing, and are counted; from the second on they tell "
		"of your own last 'lvt lab run'. Needs no rights.",
	.rows = hint_rows,
	.operands = true,
};

static int show_hint(const struct lab_session *s, int i, int n, struct err *e)
{
	char name[32];

	snprintf(name, sizeof(name), "hints/%d.md", i);
	printf("Hint %d of %d\n\n", i, n);
	return lab_show(s, name, e);
}

/* What is said after it goes to stderr, as it is no hint. */
static int next_hint(struct lab_session *s, struct err *e)
{
	int had = json_integer_value(json_object_get(s->state, "hints"));
	int n = texts_hints(s->lab), err;

	if (had >= n) {
		err_set(e, -ENOENT, "you have had all %d hints of lab %s", n, s->lab->id);
		return err_hint(e,
				"'lvt lab hint --again' shows them; 'lvt lab solution' opens after "
				"three checks that were not met");
	}
	if (json_object_set_new(s->state, "hints", json_integer(had + 1)))
		return err_set(e, -ENOMEM, "no memory");
	err = show_hint(s, had + 1, n, e);
	if (!err)
		err = progress_save(&s->progress, e);
	if (err)
		return err;
	fflush(stdout);
	if (had + 1 == n)
		fprintf(stderr, "\nThis was the last one.\n");
	else
		fprintf(stderr, "\n%d more: 'lvt lab hint' shows the next.\n", n - had - 1);
	return 0;
}

int cmd_lab_hint(int argc, char **argv, struct err *e)
{
	struct lab_session s = { .progress.lock = -1 };
	struct hint_config config = { 0 };
	struct operands rest;
	const char *word;
	int err = options_parse(&hint_options, &config, argc, argv, &rest, e), had, n;

	if (err)
		return err == OPTIONS_HELP ? EXIT_GOOD : err;
	err = lab_word(&rest, &word, e);
	if (!err)
		err = lab_session_open(&s, word, LAB_STARTED, !config.again, e);
	if (!err && !config.again)
		err = next_hint(&s, e);
	if (!err && config.again) {
		had = json_integer_value(json_object_get(s.state, "hints"));
		n = texts_hints(s.lab);
		if (!had)
			err = err_set(e, -ENOENT, "you have had no hint of lab %s", s.lab->id);
		for (int i = 1; i <= had && i <= n && !err; i++) {
			if (i > 1)
				putchar('\n');
			err = show_hint(&s, i, n, e);
		}
	}
	lab_session_close(&s);
	return err;
}

/* ---- explanation */

struct explain_config {
	bool spoil;
};

static const struct option_row explain_rows[] = {
	{ .name = "spoil",
	  .type = OPT_FLAG,
	  .offset = offsetof(struct explain_config, spoil),
	  .help = "show it although the lab is not passed" },
	{ 0 },
};

int cmd_lab_explain(int argc, char **argv, struct err *e)
{
	static const struct options options = {
		.command = "lab explain",
		.args = "[LAB] [OPTION...]",
		.about =
			"Explain what it was, in the figures of your last check: after a pass, as it tells "
			"the answer. Needs no rights.",
		.rows = explain_rows,
		.operands = true,
	};
	struct lab_session s = { .progress.lock = -1 };
	struct explain_config config = { 0 };
	struct operands rest;
	const char *word;
	int err = options_parse(&options, &config, argc, argv, &rest, e);

	if (err)
		return err == OPTIONS_HELP ? EXIT_GOOD : err;
	err = lab_word(&rest, &word, e);
	if (!err)
		err = lab_session_open(&s, word, LAB_ANY, false, e);
	if (!err && !progress_passed(&s.progress, s.lab->id)) {
		if (config.spoil) {
			fprintf(stderr, "Lab %s is not passed: this tells the answer.\n\n",
				s.lab->id);
		} else {
			err_set(e, -EPERM, "lab %s is not passed, and this tells the answer",
				s.lab->id);
			err = err_hint(e, "'lvt lab hint' helps; --spoil shows it all the same");
		}
	}
	if (!err)
		err = lab_show(&s, "explain.md", e);
	lab_session_close(&s);
	return err;
}

/* ---- solution */

/* What differs from a file of the lab to one of its solution. */
static int show_diff(const struct lab_manifest *lab, const char *name, struct err *e)
{
	char from[4400], to[4400], label[128];
	char *argv[] = { "diff", "-u", "--label", (char *)name, "--label", label, from, to, NULL };
	pid_t pid;
	int status, err;

	snprintf(from, sizeof(from), "%s/%s", lab->folder, name);
	snprintf(to, sizeof(to), "%s/solution/%s", lab->folder, name);
	snprintf(label, sizeof(label), "solution/%.100s", name);
	if (access(to, F_OK))
		return 0;
	printf("\n");
	fflush(stdout);
	err = posix_spawnp(&pid, "diff", NULL, NULL, argv, environ);
	if (!err && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	    WEXITSTATUS(status) <= 1)
		return 0;
	err_set(e, err ? -err : -EIO, "cannot show what differs: 'diff' does not run");
	return err_hint(e, "the solution is %s", to);
}

static int show_settings(const struct lab_session *s, struct err *e)
{
	struct fill f = learner_fill(s->lab, s->state);
	char *text;

	if (!strstr(s->lab->edit, "settings"))
		return 0;
	text = text_filled(&f, "solution/settings.ini", e);
	if (!text)
		return e->code;
	printf("\nsettings.ini\n\n%s", text);
	free(text);
	return 0;
}

static int show_solution(const struct lab_session *s, struct err *e)
{
	int err = lab_show(s, "solution/notes.md", e);

	for (size_t i = 0; i < s->lab->sources.n && !err; i++)
		err = show_diff(s->lab, s->lab->sources.items[i], e);
	return err ? err : show_settings(s, e);
}

static int solution_open(const struct lab_session *s, struct err *e)
{
	int n = learner_failures(s->state);

	if (progress_passed(&s->progress, s->lab->id) || n >= LEARNER_FAILURES ||
	    json_object_get(s->state, "solution_seen"))
		return 0;
	err_set(e, -EPERM, "the solution of lab %s is not open yet", s->lab->id);
	return err_hint(
		e,
		"it opens after a pass or %d checks that were not met (now %d); 'lvt lab hint' "
		"helps",
		LEARNER_FAILURES, n);
}

int cmd_lab_solution(int argc, char **argv, struct err *e)
{
	static const struct options options = {
		.command = "lab solution",
		.args = "[LAB]",
		.about =
			"Show a solution: what is changed, and why. It opens after a pass, or after three "
			"checks of a changed service that were not met. Needs no rights.",
		.rows = no_rows,
		.operands = true,
	};
	struct lab_session s = { .progress.lock = -1 };
	struct operands rest;
	const char *word;
	int err = options_parse(&options, NULL, argc, argv, &rest, e);

	if (err)
		return err == OPTIONS_HELP ? EXIT_GOOD : err;
	err = lab_word(&rest, &word, e);
	if (!err)
		err = lab_session_open(&s, word, LAB_STARTED, true, e);
	if (!err)
		err = solution_open(&s, e);
	if (!err && !json_object_get(s.state, "solution_seen")) {
		json_object_set_new(s.state, "solution_seen", progress_now());
		err = progress_save(&s.progress, e);
	}
	if (!err)
		err = show_solution(&s, e);
	lab_session_close(&s);
	return err;
}
