/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "analysis/trial.h"
#include "base/escape.h"
#include "base/out_file.h"
#include "base/signals.h"
#include "base/term.h"
#include "base/units.h"
#include "capture/recording.h"
#include "cmd.h"
#include "cmd_trial_plan.h"
#include "report/trial.h"
#include "store/trial_state.h"
#include "trial/session.h"

/* A session, and whether stderr is a terminal that shows how far it is. */
struct work {
	struct session session;
	bool show;
};

/* ---- talk ---- */

static const char *fmt_left(char *buf, size_t size, double s)
{
	if (s < 60)
		snprintf(buf, size, "%.0f s", fmax(s, 0));
	else if (s < 3600)
		snprintf(buf, size, "%.0f min %02.0f s", floor(s / 60), floor(fmod(s, 60)));
	else
		snprintf(buf, size, "%.0f h %02.0f min", floor(s / 3600),
			 floor(fmod(s, 3600) / 60));
	return buf;
}

static void clear_line(void *arg)
{
	const struct work *w = arg;

	if (w->show)
		fprintf(stderr, "\r\033[K");
}

static void progress(void *arg, enum trial_phase phase)
{
	static const char *const words[] = { "starting", "warming up", "measuring", "stopping" };
	const struct work *w = arg;
	const struct session *s = &w->session;
	char left[64];

	if (!w->show)
		return;
	clear_line(arg);
	fprintf(stderr, "pair %u of %zu%s  %s, %s  about %s left (Ctrl-C stops, --resume goes on)",
		s->pair->number, s->outcome.planned, s->pair->attempt > 1 ? " again" : "",
		trial_arm_name(s->arm), words[phase],
		fmt_left(left, sizeof(left),
			 session_left_s(s) - fmin(recording_now() - s->began, s->run_s)));
	fflush(stderr);
}

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
		fmt_left(left, sizeof(left), session_left_s(s)));
}

static void tell_pair(void *arg, const struct trial_pair *p)
{
	const struct work *w = arg;
	const struct session *s = &w->session;
	char left[64];

	if (!p->discarded && w->show)
		return;
	clear_line(arg);
	fprintf(stderr, "pair %u of %zu", p->number, s->outcome.planned);
	for (int arm = 0; arm < TRIAL_ARMS && p->discarded; arm++) {
		const struct trial_noise *n = &p->arm[arm].noise;

		if (trial_disturbed(&s->trial.plan, n))
			fprintf(stderr, "%s %s: others took %.1f %%, stolen %.1f %% of a CPU",
				arm && trial_disturbed(&s->trial.plan, &p->arm[0].noise) ?
					";" :
					" discarded;",
				trial_arm_name(arm), n->foreign * 100, n->steal * 100);
	}
	fprintf(stderr, "%s; about %s left\n", p->discarded ? "" : " done",
		fmt_left(left, sizeof(left), session_left_s(s)));
}

/* The last lines of the log that says why a run failed. */
static void show_log(void *arg, const char *log)
{
	enum { BYTES = 1500, LINES = 8 };
	const struct session *s = &((const struct work *)arg)->session;
	char text[BYTES + 1], safe[ESCAPE_FACTOR * BYTES + 1], *line;
	int fd = *log ? openat(s->folder, log, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1, lines = 0;
	off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	ssize_t n;

	if (fd < 0)
		return;
	n = pread(fd, text, BYTES, size > BYTES ? size - BYTES : 0);
	close(fd);
	while (n > 0 && text[n - 1] == '\n')
		n--;
	if (n <= 0)
		return;
	text[n] = '\0';
	for (line = text + n; line > text; line--)
		if (line[-1] == '\n' && ++lines == LINES)
			break;
	fprintf(stderr, "the last lines of %s/%s:\n", s->path, log);
	for (line = strtok(line, "\n"); line; line = strtok(NULL, "\n"))
		fprintf(stderr, "  | %s\n", escape_name(safe, sizeof(safe), line));
}

static void tell_extended(void *arg)
{
	const struct work *w = arg;

	fprintf(stderr, "inconclusive after %u pairs: once more as many\n",
		w->session.trial.plan.pairs);
}

static int run_pairs(struct work *w, struct err *e)
{
	struct session *s = &w->session;
	int err;

	s->talk = (struct session_talk){
		progress, clear_line, show_log, tell_pair, tell_extended, w
	};
	err = session_run(s, e);
	clear_line(w);
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

static int trial(struct work *w, const struct trial_options *o, struct err *e)
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
	w->show = term_is(stderr);
	if (s->outcome.next == TRIAL_NEXT_PAIR)
		announce(s);
	err = run_pairs(w, e);
	return err ? err : result(s, o, e);
}

int cmd_trial(int argc, char **argv, struct err *e)
{
	struct trial_options o;
	struct work *w;
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
