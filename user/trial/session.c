/* SPDX-License-Identifier: BSD-2-Clause */
#include "trial/session.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/folder.h"
#include "capture/probe.h"
#include "capture/recording.h"
#include "store/run_read.h"
#include "store/trial_state.h"

int session_rights(struct err *e)
{
	struct probe p;
	int err = probe_hooks(&p, e);

	return err ? err : probe_require(&p, e);
}

double session_left_s(const struct session *s)
{
	double arms = trial_arms(&s->trial.plan);

	return (arms * (s->outcome.planned - trial_kept(&s->trial)) - s->nth) * s->run_s;
}

/* ---- pairs ---- */

/* Under what name a discarded run stays. */
static int rename_discarded(const struct session *s, const struct trial_pair *p, struct err *e)
{
	static const char *const endings[] = { ".hlog", ".service.log", ".load.log",
					       ".beside.log" };
	struct trial_pair kept = *p;
	char from[TRIAL_FILE_LEN + 16], to[TRIAL_FILE_LEN + 16], name[TRIAL_FILE_LEN];

	kept.discarded = false;
	for (int arm = trial_first_arm(&s->trial.plan); arm < TRIAL_ARMS; arm++)
		for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
			if (i == 3 && !*s->trial.plan.beside[arm])
				continue;
			snprintf(from, sizeof(from), "%s%s", trial_file(name, &kept, arm),
				 endings[i]);
			snprintf(to, sizeof(to), "%s%s", trial_file(name, p, arm), endings[i]);
			if (renameat(s->folder, from, s->folder, to))
				return err_set(e, -errno, "cannot rename %s: %s", from,
					       strerror(errno));
		}
	return 0;
}

static int run_arm(struct session *s, struct trial_pair *p, int arm, struct err *e)
{
	struct trial_job job = { &s->trial.plan, p,	     arm,	    s->path,
				 s->folder,	 s->signals, s->talk.phase, s->talk.arg };
	char log[TRIAL_LOG_LEN];
	int err;

	s->pair = p;
	s->arm = arm;
	s->began = recording_now();
	err = trial_run(&job, &p->arm[arm], log, e);
	if (s->talk.run_ended)
		s->talk.run_ended(s->talk.arg);
	if (err && s->talk.run_failed)
		s->talk.run_failed(s->talk.arg, log);
	if (!err)
		s->run_s += (recording_now() - s->began - s->run_s) / 2;
	return err;
}

static int run_arms(struct session *s, struct trial_pair *p, struct err *e)
{
	int err = 0;

	if (s->trial.plan.alone)
		return run_arm(s, p, TRIAL_AFTER, e);
	for (; s->nth < 2 && !err; s->nth++)
		err = run_arm(s, p, p->after_first != s->nth ? TRIAL_AFTER : TRIAL_BEFORE, e);
	return err;
}

static int run_pair(struct session *s, struct err *e)
{
	struct trial *t = &s->trial;
	struct trial_pair *p = &t->pairs[t->n];
	int err;

	*p = (struct trial_pair){ .number = trial_next_pair(t) };
	p->attempt = trial_attempts(t, p->number) + 1;
	p->after_first = trial_after_first(t->plan.seed, p->number, p->attempt);
	err = run_arms(s, p, e);
	s->nth = 0;
	if (err)
		return err;
	for (int arm = trial_first_arm(&t->plan); arm < TRIAL_ARMS; arm++)
		p->discarded |= trial_disturbed(&t->plan, &p->arm[arm].noise);
	if (p->discarded)
		err = rename_discarded(s, p, e);
	if (err)
		return err;
	t->n++;
	err = trial_save(t, s->path, e);
	if (!err)
		err = trial_judge_all(t, &s->outcome, e);
	if (!err && s->talk.pair_done)
		s->talk.pair_done(s->talk.arg, p);
	return err;
}

int session_run(struct session *s, struct err *e)
{
	bool extended = false;
	int err = trial_judge_all(&s->trial, &s->outcome, e);

	while (!err && s->outcome.next == TRIAL_NEXT_PAIR) {
		if (s->outcome.kept == s->trial.plan.pairs && !extended) {
			extended = true;
			s->outcome.planned = 2 * s->trial.plan.pairs;
			if (s->talk.extended)
				s->talk.extended(s->talk.arg);
		}
		err = run_pair(s, e);
	}
	return err;
}

/* ---- the folder ---- */

static void guess(struct session *s)
{
	s->run_s = s->trial.plan.warm_up_s + s->trial.plan.seconds + 0.3;
}

int session_begin(struct session *s, struct err *e)
{
	int err = folder_make(s->path, e);

	if (err)
		return err;
	guess(s);
	s->folder = folder_lock(s->path, e);
	err = s->folder < 0 ? s->folder : trial_save(&s->trial, s->path, e);
	return err ? err : trial_judge_all(&s->trial, &s->outcome, e);
}

/* Runs that were under way when it was killed: they are run again. */
static void remove_parts(const struct session *s)
{
	int fd = dup(s->folder);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	while (d && (entry = readdir(d))) {
		size_t n = strlen(entry->d_name);

		if (!strncmp(entry->d_name, "pair-", 5) && n > 5 &&
		    !strcmp(entry->d_name + n - 5, ".part"))
			unlinkat(s->folder, entry->d_name, 0);
	}
	if (d)
		closedir(d);
}

int session_go_on(struct session *s, struct err *e)
{
	int err;

	s->folder = folder_lock(s->path, e);
	if (s->folder < 0)
		return s->folder;
	err = trial_load(&s->trial, s->path, e);
	if (!err)
		err = trial_judge_all(&s->trial, &s->outcome, e);
	if (err || s->outcome.next != TRIAL_NEXT_PAIR)
		return err; /* it is done: its result, once more */
	guess(s);
	s->trial.resumed++;
	remove_parts(s);
	return 0;
}

void session_close(struct session *s)
{
	if (s->folder >= 0)
		close(s->folder);
	s->folder = -1;
}

/* ---- its runs ---- */

int session_read_runs(const struct session *s, struct session_runs *r, struct err *e)
{
	char name[TRIAL_FILE_LEN], path[4200], warning[RUN_WARNING_LEN];
	int err = 0;

	*r = (struct session_runs){ 0 };
	for (int arm = trial_first_arm(&s->trial.plan); arm < TRIAL_ARMS; arm++) {
		r->all[arm] = calloc(2 * TRIAL_MAX_PAIRS, sizeof(*r->all[arm]));
		if (!r->all[arm])
			return err_set(e, -ENOMEM, "no memory for the runs of a trial");
	}
	for (size_t i = 0; i < s->trial.n && !err; i++) {
		const struct trial_pair *p = &s->trial.pairs[i];

		if (p->discarded)
			continue;
		for (int arm = 0; arm < TRIAL_ARMS && !err; arm++) {
			if (!r->all[arm])
				continue;
			snprintf(path, sizeof(path), "%s/%s.hlog", s->path,
				 trial_file(name, p, arm));
			r->list[arm][r->n] = &r->all[arm][r->n];
			err = run_read(path, &r->all[arm][r->n], warning, e);
		}
		r->pairs[r->n++] = p;
	}
	return err;
}

void session_free_runs(struct session_runs *r)
{
	for (int arm = 0; arm < TRIAL_ARMS; arm++) {
		for (size_t i = 0; r->all[arm] && i < 2 * TRIAL_MAX_PAIRS; i++)
			run_free(&r->all[arm][i]);
		free(r->all[arm]);
		r->all[arm] = NULL;
	}
	r->n = 0;
}
