/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/folder.h"
#include "base/term.h"
#include "base/wrap.h"
#include "cmd_lab.h"
#include "lab/path_state.h"
#include "lab/require.h"
#include "lab/work_folder.h"

/* The beginning of a lab, and its end. */

struct start_config {
	const char *folder;
	bool anyway;
};

static const struct option_row start_rows[] = {
	{ .name = "dir",
	  .type = OPT_STRING,
	  .arg = "DIR",
	  .offset = offsetof(struct start_config, folder),
	  .help = "the folder to work in (~/lvt-labs/LAB)" },
	{ .name = "anyway",
	  .type = OPT_FLAG,
	  .offset = offsetof(struct start_config, anyway),
	  .help = "although labs before it are not passed" },
	{ 0 },
};

static const struct options start_options = {
	.command = "lab start",
	.args = "LAB [OPTION...]",
	.about =
		"Begin a lab: its service is copied into a folder of yours, and its numbers are drawn; both "
		"stay until 'lvt lab reset'. Nothing that is in the folder is overwritten. Needs no rights.",
	.more = "Example:\n"
		"  lvt lab start 070\n",
	.rows = start_rows,
	.operands = true,
};

static int check_lock(const struct lab_session *s, struct err *e)
{
	const char *by = learner_locked_by(&s->progress, s->lab);

	if (!by)
		return 0;
	err_set(e, -EPERM, "lab %s is locked: %s comes before it", s->lab->id, by);
	return err_hint(e, "pass that one, or give --anyway");
}

/* Of --dir, of the attempt that goes on, or the usual one. */
static int choose_folder(const struct lab_session *s, const char *given, char *buf, size_t size,
			 struct err *e)
{
	const char *has = json_string_value(json_object_get(s->state, "folder"));
	char cwd[PATH_MAX];

	if (given && has && strcmp(given, has) != 0 && work_folder_is(has, s->lab)) {
		err_set(e, -EEXIST, "lab %s is started in %s", s->lab->id, has);
		return err_hint(e, "go on there, or 'lvt lab reset %.3s' first", s->lab->id);
	}
	if (!given && !has)
		return work_folder_default(buf, size, s->lab, e);
	if (!given || *given == '/') {
		if (snprintf(buf, size, "%s", given ?: has) < (int)size)
			return 0;
	} else if (getcwd(cwd, sizeof(cwd)) &&
		   snprintf(buf, size, "%s/%s", cwd, given) < (int)size) {
		return 0;
	}
	return err_set(e, -ENAMETOOLONG, "the path of the folder is too long");
}

/* The attempt in the progress: made, or as it is. */
static int begin(struct lab_session *s, struct err *e)
{
	json_int_t attempt;
	json_t *vars;

	s->state = progress_lab(&s->progress, s->lab->id, true);
	if (json_object_get(s->state, "started"))
		return 0;
	attempt = json_integer_value(json_object_get(s->state, "attempt"));
	vars = learner_draw(s->lab, 0);
	if (!vars || json_object_set_new(s->state, "vars", vars) ||
	    json_object_set_new(s->state, "attempt", json_integer(attempt + 1)) ||
	    json_object_set_new(s->state, "started", progress_now()))
		return err_set(e, -ENOMEM, "no memory");
	return 0;
}

static void row(const char *name, const char *text)
{
	printf("  %-8s", name);
	print_wrapped(stdout, text, 10, 10, term_columns(stdout));
}

/* "service.c, settings.ini" */
static void edited(const struct lab_manifest *lab, char *buf, size_t size)
{
	const char *word = lab->edit;
	size_t n = 0, len;

	for (*buf = '\0'; *(word += strspn(word, " \t")); word += len) {
		len = strcspn(word, " \t");
		n += snprintf(buf + n, n < size ? size - n : 0, "%s%.*s%s", n ? ", " : "", (int)len,
			      word, strncmp(word, "settings", len) ? "" : ".ini");
	}
}

/* A lab may be begun before its turn on the path; that it is, is said. Test labs have no path. */
static void note_path(const struct lab_session *s)
{
	const struct path_item *unit = NULL;
	struct path path = { 0 };
	struct path_state state = { 0 };
	char called[80], text[160];
	struct err e = { 0 };

	if (!path_read(&path, s->labs.folder, &e) &&
	    !path_state_find(&state, &path, &s->labs, &s->progress, &e))
		while ((unit = path_next(&path, PATH_UNIT, unit)) &&
		       strcmp(unit->name, s->lab->unit) != 0)
			;
	if (unit && path_state_of(&state, unit)->mark == PATH_LOCKED) {
		snprintf(text, sizeof(text), "its unit %s builds on %s, which is not done yet",
			 unit->number,
			 path_item_called(called, sizeof(called),
					  path_state_of(&state, unit)->locked_by));
		row("path", text);
	}
	path_state_free(&state);
	path_free(&path);
}

static void tell(const struct lab_session *s, const char *folder, bool again, int kept)
{
	const struct lab_manifest *lab = s->lab;
	char text[4700];
	struct err need = { 0 };

	printf("Lab %s: %s (%g minutes, for %s)%s\n\n", lab->id, lab->title, lab->minutes,
	       lab->throughput ? "throughput" : "latency", again ? ", started before" : "");
	row("serves", lab->serves);
	row("pays", lab->pays);
	snprintf(text, sizeof(text), kept ? "%s (%d file%s there before, kept as %s)" : "%s",
		 folder, kept, kept == 1 ? " was" : "s were", kept == 1 ? "it is" : "they are");
	row("folder", text);
	if (*learner_drawn(text, sizeof(text), lab, s->state))
		row("drawn", text);
	edited(lab, text, sizeof(text));
	row("edit", text);
	snprintf(text, sizeof(text), "make -C %s", folder);
	row("build", text);
	if (require_check(lab, true, &need)) {
		snprintf(text, sizeof(text), "%s: %s", need.message, need.hint);
		row("note", text);
	}
	note_path(s);
	printf("\nNext: lvt lab brief, lvt lab predict, lvt lab run\n");
}

static int start(struct lab_session *s, const struct start_config *config, struct err *e)
{
	char folder[4096];
	bool again = json_object_get(s->state, "started");
	struct fill f;
	int err = choose_folder(s, config->folder, folder, sizeof(folder), e), kept;

	if (!err && !config->anyway && !again)
		err = check_lock(s, e);
	if (!err)
		err = require_check(s->lab, false, e);
	if (!err)
		err = begin(s, e);
	if (err)
		return err;
	f = learner_fill(s->lab, s->state);
	err = work_folder_fill(folder, &s->labs, &f, &kept, e);
	if (err)
		return err;
	if (json_object_set_new(s->state, "folder", json_string(folder)) ||
	    json_object_set_new(s->progress.root, "last", json_string(s->lab->id)))
		return err_set(e, -EINVAL, "the folder's name is no UTF-8: %s", folder);
	err = progress_save(&s->progress, e);
	if (!err)
		tell(s, folder, again, kept);
	return err;
}

int cmd_lab_start(int argc, char **argv, struct err *e)
{
	struct lab_session s = { .progress.lock = -1 };
	struct start_config config = { 0 };
	struct operands rest;
	const char *word;
	int err = options_parse(&start_options, &config, argc, argv, &rest, e);

	if (err)
		return err == OPTIONS_HELP ? EXIT_GOOD : err;
	err = lab_word(&rest, &word, e);
	if (!err && !word) {
		err_usage(e, "no lab given");
		err = err_hint(e,
			       "'lvt lab list' shows the labs, 'lvt lab next' which one is next");
	}
	if (!err)
		err = lab_session_open(&s, word, LAB_ANY, true, e);
	if (!err)
		err = start(&s, &config, e);
	lab_session_close(&s);
	return err;
}

/* ---- reset */

struct reset_config {
	bool all, yes;
};

static const struct option_row reset_rows[] = {
	{ .name = "all",
	  .type = OPT_FLAG,
	  .offset = offsetof(struct reset_config, all),
	  .help = "all labs" },
	{ .name = "yes",
	  .letter = 'y',
	  .type = OPT_FLAG,
	  .offset = offsetof(struct reset_config, yes),
	  .help = "do not ask" },
	{ 0 },
};

static const struct options reset_options = {
	.command = "lab reset",
	.args = "LAB | --all [OPTION...]",
	.about =
		"Forget a lab: predictions, runs, checks, and that it was passed; asks first. Your folder is "
		"renamed, not removed. Needs no rights.",
	.rows = reset_rows,
	.operands = true,
};

static bool is_begun(const struct lab_session *s, const struct lab_manifest *lab)
{
	return json_object_get(progress_lab(&s->progress, lab->id, false), "started");
}

/* "Forget 2 labs", or what is lost of one */
static void question(const struct lab_session *s, const struct lab_manifest *only, char *buf,
		     size_t size)
{
	const json_t *state = only ? progress_lab(&s->progress, only->id, false) : NULL;
	size_t n = 0;

	for (size_t i = 0; i < s->labs.n; i++)
		n += is_begun(s, &s->labs.labs[i]);
	if (!only) {
		snprintf(buf, size, "Forget all labs (%zu started)?", n);
		return;
	}
	n = json_array_size(json_object_get(state, "checks"));
	snprintf(buf, size, "Forget lab %s (%zu prediction%s, %zu check%s, %spassed)?", only->id,
		 json_object_size(json_object_get(state, "predictions")),
		 json_object_size(json_object_get(state, "predictions")) == 1 ? "" : "s", n,
		 n == 1 ? "" : "s", progress_passed(&s->progress, only->id) ? "" : "not ");
}

/* The attempt's number stays. The work folder that was its goes to *folder, to be freed. */
static int forget(struct lab_session *s, const struct lab_manifest *lab, char **folder,
		  struct err *e)
{
	json_t *state = progress_lab(&s->progress, lab->id, false), *fresh = json_object();
	const char *has = json_string_value(json_object_get(state, "folder"));

	*folder = has && work_folder_is(has, lab) ? strdup(has) : NULL;
	json_object_set(fresh, "attempt", json_object_get(state, "attempt") ?: json_integer(1));
	if (json_object_set_new(json_object_get(s->progress.root, "labs"), lab->id, fresh))
		return err_set(e, -ENOMEM, "no memory");
	return 0;
}

static int clear(const struct lab_session *s, const struct lab_manifest *lab, const char *folder,
		 struct err *e)
{
	char runs[4200], aside[4200] = "";
	int err;

	snprintf(runs, sizeof(runs), "%s/runs/%s", s->progress.folder, lab->id);
	err = folder_remove(runs);
	if (err)
		return err_set(e, err, "cannot remove %s: %s", runs, strerror(-err));
	if (folder)
		err = work_folder_set_aside(folder, aside, sizeof(aside), e);
	if (!err)
		printf("%s is as new%s%s\n", lab->id, *aside ? "; your folder is now " : "", aside);
	return err;
}

static int reset(struct lab_session *s, const struct lab_manifest *only, struct err *e)
{
	char **folders = calloc(s->labs.n, sizeof(*folders));
	const char *last = json_string_value(json_object_get(s->progress.root, "last"));
	bool *begun = calloc(s->labs.n, sizeof(*begun));
	int err = folders && begun ? 0 : err_set(e, -ENOMEM, "no memory");

	if (!err && last && (!only || !strcmp(last, only->id)))
		json_object_del(s->progress.root, "last");
	for (size_t i = 0; i < s->labs.n && !err; i++) {
		const struct lab_manifest *lab = &s->labs.labs[i];

		begun[i] = (!only || only == lab) && is_begun(s, lab);
		if (begun[i])
			err = forget(s, lab, &folders[i], e);
	}
	/* first that it is forgotten: a file that is left over does no harm */
	if (!err)
		err = progress_save(&s->progress, e);
	for (size_t i = 0; i < s->labs.n && !err; i++)
		if (begun[i])
			err = clear(s, &s->labs.labs[i], folders[i], e);
	for (size_t i = 0; folders && i < s->labs.n; i++)
		free(folders[i]);
	free(folders);
	free(begun);
	return err;
}

static int ask_and_reset(struct lab_session *s, const struct reset_config *config, struct err *e)
{
	char text[256];

	if (s->lab && !is_begun(s, s->lab)) {
		err_set(e, -ENOENT, "lab %s is not started", s->lab->id);
		return err_hint(e, "there is nothing to reset");
	}
	if (!config->yes && !lab_can_ask()) {
		err_usage(e, "reset asks first, and there is no terminal to ask");
		return err_hint(e, "give --yes");
	}
	question(s, s->lab, text, sizeof(text));
	if (!config->yes && !lab_confirm(text)) {
		fprintf(stderr, "Nothing was changed.\n");
		return EXIT_FAILED;
	}
	return reset(s, s->lab, e);
}

int cmd_lab_reset(int argc, char **argv, struct err *e)
{
	struct lab_session s = { .progress.lock = -1 };
	struct reset_config config = { 0 };
	struct operands rest;
	const char *word;
	int err = options_parse(&reset_options, &config, argc, argv, &rest, e);

	if (err)
		return err == OPTIONS_HELP ? EXIT_GOOD : err;
	err = lab_word(&rest, &word, e);
	if (!err && !word == !config.all) {
		err_usage(e, word ? "a lab and --all" : "no lab given");
		err = err_hint(e, "lvt lab reset LAB, or lvt lab reset --all");
	}
	if (!err)
		err = lab_session_open(&s, word, LAB_GIVEN, true, e);
	if (!err)
		err = ask_and_reset(&s, &config, e);
	lab_session_close(&s);
	return err;
}
