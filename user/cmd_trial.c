/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "analysis/trial.h"
#include "base/escape.h"
#include "base/out_file.h"
#include "base/signals.h"
#include "cmd.h"
#include "cmd_trial_plan.h"
#include "cmd_trial_talk.h"
#include "report/trial.h"
#include "store/trial_state.h"

static void announce(const struct session *s)
{
	const struct trial_plan *p = &s->trial.plan;
	char left[64], path[ESCAPE_FACTOR * 256 + 1];

	fprintf(stderr, "trial of %u pairs%s, order by seed %llu; ", p->pairs,
		p->looks > 1 ? " (twice as many if inconclusive)" : "", p->seed);
	if (*p->cpus[0])
		fprintf(stderr, "service on CPU %s, load on CPU %s\n", p->cpus[0], p->cpus[1]);
	else
		fprintf(stderr, "nothing is pinned\n");
	fprintf(stderr,
		"a pair is discarded and repeated if others take more than %g %% of a CPU, or the "
		"hypervisor\nsteals more than %g %%; at most %zu of them\n",
		p->max_foreign * 100, p->max_steal * 100, trial_may_discard(p->pairs));
	fprintf(stderr, "runs go to %s; about %s\n", escape_name(path, sizeof(path), s->path),
		trial_talk_left(left, sizeof(left), session_left_s(s)));
}

static int run_pairs(struct trial_work *w, struct err *e)
{
	struct session *s = &w->session;
	int err;

	trial_talk(w);
	err = session_run(s, e);
	trial_talk_clear(w);
	if (!err && s->outcome.next == TRIAL_TOO_NOISY)
		fprintf(stderr, "%zu pairs were disturbed, more than may be: the trial ends here\n",
			s->outcome.discarded);
	if (err == -EINTR) {
		err_set(e, -EINTR, "stopped after %zu of %zu pairs", trial_kept(&s->trial),
			s->outcome.planned);
		err_hint(e, "lvt trial --resume %.200s goes on", s->path);
	} else if (err && trial_kept(&s->trial)) {
		fprintf(stderr, "%zu pairs are kept: mended, lvt trial --resume %s goes on\n",
			trial_kept(&s->trial), s->path);
	}
	return err;
}

/* ---- the result ---- */

/* The kept runs of both arms, compared stage by stage. Without, the verdict stands all the same. */
static bool compare_arms(const struct session *s, struct comparison *c)
{
	struct compare_options o = compare_options_default();
	struct compare_side side[TRIAL_ARMS];
	struct session_runs r;
	struct err e = { 0 };
	bool good;

	o.primary = s->trial.plan.primary;
	o.delta = s->trial.plan.delta;
	good = !session_read_runs(s, &r, &e) && r.n;
	for (int arm = 0; arm < TRIAL_ARMS; arm++)
		side[arm] = (struct compare_side){ .runs = r.list[arm], .n = r.n };
	good = good && !compare_runs(&side[0], &side[1], &o, c, &e);
	session_free_runs(&r);
	if (!good && e.code)
		fprintf(stderr, "lvt: warning: where the time moved is not shown: %s\n", e.message);
	return good;
}

static int print_json(FILE *out, const void *arg, struct err *e)
{
	return trial_json(out, arg, e);
}

static int print_text(FILE *out, const void *arg, struct err *e)
{
	return trial_text(out, arg, e);
}

static int result(struct session *s, const struct trial_options *o, struct err *e)
{
	static const int statuses[] = { [VERDICT_IMPROVED] = EXIT_GOOD,
					[VERDICT_EQUIVALENT] = EXIT_GOOD,
					[VERDICT_REGRESSED] = EXIT_NO,
					[VERDICT_INCONCLUSIVE] = EXIT_INCONCLUSIVE,
					[VERDICT_INVALID] = EXIT_FAILED };
	int (*print)(FILE *, const void *, struct err *) = o->format ? print_json : print_text;
	struct trial_report r = { &s->trial, &s->outcome, NULL, s->path };
	struct comparison c = { 0 };
	bool compared = compare_arms(s, &c);
	int err;

	if (compared)
		r.comparison = &c;
	err = o->out ? out_file_print(o->out, print, &r, e) : print(stdout, &r, e);
	if (compared)
		comparison_free(&c);
	return err ? err : statuses[s->outcome.verdict];
}

/* ---- the whole ---- */

static int begin(struct session *s, const struct trial_wish *w, struct err *e)
{
	int err = trial_plan_make(&s->trial.plan, w, e);
	time_t now = time(NULL);
	struct tm tm;

	if (err)
		return err;
	localtime_r(&now, &tm);
	if (w->dir)
		snprintf(s->path, sizeof(s->path), "%s", w->dir);
	else
		strftime(s->path, sizeof(s->path), "lvt-trial-%Y%m%d-%H%M%S", &tm);
	err = session_begin(s, e);
	if (err == -ENOTEMPTY)
		err_hint(e, "give a new one; --resume %s goes on with a trial in it", s->path);
	return err;
}

static int go_on(struct session *s, const char *path, struct err *e)
{
	int err;

	snprintf(s->path, sizeof(s->path), "%s", path);
	err = session_go_on(s, e);
	if (err || s->outcome.next != TRIAL_NEXT_PAIR)
		return err;
	err = trial_plan_check(&s->trial.plan, e);
	return err ? err : trial_save(&s->trial, s->path, e);
}

static int trial(struct trial_work *w, const struct trial_options *o, struct err *e)
{
	struct session *s = &w->session;
	int err = session_rights(e);

	if (err)
		return err;
	s->signals = signals_open(0, e);
	if (s->signals < 0)
		return s->signals;
	err = o->resume ? go_on(s, o->resume, e) : begin(s, &o->wish, e);
	if (err)
		return err;
	if (s->outcome.next == TRIAL_NEXT_PAIR)
		announce(s);
	err = run_pairs(w, e);
	return err ? err : result(s, o, e);
}

int cmd_trial(int argc, char **argv, struct err *e)
{
	struct trial_options o;
	struct trial_work *w;
	int err = trial_options_parse(&o, argc, argv, e);

	if (err)
		return err == OPTIONS_HELP ? EXIT_GOOD : err;
	w = calloc(1, sizeof(*w));
	if (!w)
		return err_set(e, -ENOMEM, "no memory");
	w->session.folder = w->session.signals = -1;
	err = trial(w, &o, e);
	session_close(&w->session);
	if (w->session.signals >= 0)
		close(w->session.signals);
	free(w);
	return err;
}
