/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd_lab_work.h"
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/invoker.h"
#include "base/signals.h"
#include "cmd.h"
#include "lab/build.h"
#include "lab/require.h"
#include "lab/work_folder.h"

int lab_ready(const struct lab_manifest *lab, struct trial_work *t, struct err *e)
{
	int err = require_check(lab, true, e);

	return err ? err : lab_ready_host(t, e);
}

int lab_ready_host(struct trial_work *t, struct err *e)
{
	int err = session_rights(e);

	if (!err)
		err = journal_repair(JOURNAL_FOLDER, lab_warn, NULL, e);
	if (err)
		return err;
	t->session.signals = signals_open(0, e);
	return t->session.signals < 0 ? t->session.signals : 0;
}

int lab_change(struct system_state *s, const struct fill *f, struct err *e)
{
	return system_change(s, f, lab_warn, NULL, e);
}

int lab_restore(struct system_state *s, struct err *e)
{
	return system_restore(s, lab_warn, NULL, e);
}

static int open_folders(struct lab_work *w, struct err *e)
{
	const char *folder = json_string_value(json_object_get(w->s.state, "folder"));
	const char *id = w->s.lab->id;
	struct invoker who;
	int err = invoker_find(&who, e);

	if (err)
		return err;
	if (!folder || !work_folder_is(folder, w->s.lab)) {
		err_set(e, -ENOENT, "the folder of lab %s has gone: %s", id, folder ?: "none");
		return err_hint(e, "lvt lab start %.3s makes it again", id);
	}
	snprintf(w->folder, sizeof(w->folder), "%s", folder);
	snprintf(w->common, sizeof(w->common), "%s/common", w->s.labs.folder);
	snprintf(w->shipped, sizeof(w->shipped), "%.4000s/build", w->s.progress.folder);
	err = invoker_make_folder(&who, w->shipped, e);
	snprintf(w->shipped, sizeof(w->shipped), "%.4000s/build/%s", w->s.progress.folder, id);
	snprintf(w->runs, sizeof(w->runs), "%.4000s/runs/%s", w->s.progress.folder, id);
	return err ? err : invoker_make_folder(&who, w->runs, e);
}

static int read_settings(struct lab_work *w, struct err *e)
{
	char path[4200];

	snprintf(path, sizeof(path), "%s/settings.ini", w->folder);
	return settings_read(&w->settings, w->s.lab, path, e);
}

struct lab_work *lab_work_open(const char *word, struct err *e)
{
	struct lab_work *w = calloc(1, sizeof(*w));
	int err;

	if (!w) {
		err_set(e, -ENOMEM, "no memory");
		return NULL;
	}
	w->trial.session.folder = w->trial.session.signals = -1;
	w->system.journal.lock = -1;
	err = lab_session_open(&w->s, word, LAB_STARTED, true, e);
	if (!err)
		err = lab_ready(w->s.lab, &w->trial, e);
	if (!err)
		err = open_folders(w, e);
	if (!err)
		err = read_settings(w, e);
	if (!err)
		return w;
	lab_work_close(w, NULL);
	return NULL;
}

int lab_work_close(struct lab_work *w, struct err *e)
{
	int err;

	if (!w)
		return 0;
	session_close(&w->trial.session);
	err = lab_restore(&w->system, e);
	if (w->trial.session.signals >= 0)
		close(w->trial.session.signals);
	settings_free(&w->settings);
	lab_session_close(&w->s);
	free(w);
	return err;
}

int lab_work_build(struct lab_work *w, struct err *e)
{
	int signals = w->trial.session.signals;
	int err = build_learner(w->s.lab, w->folder, signals, e);

	if (err || w->s.lab->arms == 1)
		return err;
	return build_shipped(w->s.lab, w->common, NULL, w->shipped, signals, e);
}

int lab_trial(struct trial_work *t, const char *folder, struct err *e)
{
	struct session *s = &t->session;
	struct err ignored;
	int err;

	if (!access(folder, F_OK)) {
		err = build_remove(folder, e); /* of one that was killed */
		if (err)
			return err;
	}
	snprintf(s->path, sizeof(s->path), "%s", folder);
	s->trial.n = 0;
	s->trial.resumed = 0;
	err = session_begin(s, e);
	if (!err)
		err = session_run(s, e);
	trial_talk_clear(t);
	session_close(s);
	if (err == -EINTR || err == -ENOSPC)
		build_remove(folder, &ignored);
	return err;
}

int lab_predicted(const struct lab_session *s, struct err *e)
{
	const json_t *predictions = json_object_get(s->state, "predictions");
	size_t missing = 0;

	for (size_t i = 0; i < s->lab->n_questions; i++)
		missing += !json_object_get(predictions, s->lab->questions[i].name);
	if (!missing)
		return 0;
	err_set(e, -EPERM, "lab %s lacks %zu prediction%s: what you expect comes before what is",
		s->lab->id, missing, missing == 1 ? "" : "s");
	return err_hint(e, "lvt lab predict %.3s", s->lab->id);
}

void lab_fill_figures(json_t *figures, double (*value)(void *arg, const char *name), void *arg)
{
	const char *name;
	json_t *old;
	void *next;

	json_object_foreach_safe(figures, next, name, old)
	{
		double v = value(arg, name);

		json_object_set_new(figures, name, isfinite(v) ? json_real(v) : json_null());
	}
}

/* ---- is it still what was shipped ---- */

static bool same_file(const char *a, const char *b)
{
	FILE *x = fopen(a, "re"), *y = fopen(b, "re");
	int c = 0, d = 0;

	while (x && y && c == d && c != EOF) {
		c = getc(x);
		d = getc(y);
	}
	if (x)
		fclose(x);
	if (y)
		fclose(y);
	return x && y && c == d;
}

static bool is_source(const char *name)
{
	size_t n = strlen(name);

	return n > 2 && (!strcmp(name + n - 2, ".c") || !strcmp(name + n - 2, ".h"));
}

/* All sources of the first folder, in the second. */
static bool same_sources(const char *from, const char *to)
{
	DIR *d = opendir(from);
	struct dirent *entry;
	bool same = d;

	while (same && (entry = readdir(d))) {
		char a[4500], b[4500];

		if (!is_source(entry->d_name))
			continue;
		snprintf(a, sizeof(a), "%s/%s", from, entry->d_name);
		snprintf(b, sizeof(b), "%s/%s", to, entry->d_name);
		same = same_file(a, b);
	}
	if (d)
		closedir(d);
	return same;
}

bool lab_untouched(const struct lab_work *w)
{
	char shipped[4300], own[4300];

	for (size_t i = 0; i < w->s.lab->n_knobs; i++)
		if (strcmp(w->settings.values[i], w->s.lab->knobs[i].otherwise) != 0)
			return false;
	snprintf(shipped, sizeof(shipped), "%s/service.h", w->common);
	snprintf(own, sizeof(own), "%s/service.h", w->folder);
	return same_file(shipped, own) && same_sources(w->s.lab->folder, w->folder);
}
