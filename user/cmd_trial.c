/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
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
#include "base/folder.h"
#include "base/out_file.h"
#include "base/signals.h"
#include "base/term.h"
#include "base/units.h"
#include "capture/probe.h"
#include "capture/recording.h"
#include "cmd.h"
#include "cmd_trial_plan.h"
#include "report/trial.h"
#include "store/run_read.h"
#include "store/trial_state.h"
#include "trial/run.h"

struct session {
	struct trial trial;
	struct trial_outcome outcome;
	char path[4096];
	int folder, signals;
	bool show; /* stderr is a terminal */
	/* of the run that is under way */
	const struct trial_pair *pair;
	int arm, nth; /* nth of its pair, 0 or 1 */
	double began;
	double run_s; /* how long a run takes, from those so far */
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

/* Runs that are still to come, but for the one under way: without an extension that has not begun. */
static double left_s(const struct session *s, int of_pair)
{
	double runs = 2.0 * (s->outcome.planned - trial_kept(&s->trial)) - of_pair;

	return runs * s->run_s;
}

static void clear_line(const struct session *s)
{
	if (s->show)
		fprintf(stderr, "\r\033[K");
}

static void progress(void *arg, enum trial_phase phase)
{
	static const char *const words[] = { "starting", "warming up", "measuring", "stopping" };
	struct session *s = arg;
	char left[64];

	if (!s->show)
		return;
	clear_line(s);
	fprintf(stderr, "pair %u of %zu%s  %s, %s  about %s left (Ctrl-C stops, --resume goes on)",
		s->pair->number, s->outcome.planned, s->pair->attempt > 1 ? " again" : "",
		trial_arm_name(s->arm), words[phase],
		fmt_left(left, sizeof(left),
			 left_s(s, s->nth) - fmin(recording_now() - s->began, s->run_s)));
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
		fmt_left(left, sizeof(left), left_s(s, 0)));
}

static void tell_pair(const struct session *s, const struct trial_pair *p)
{
	char left[64];

	if (!p->discarded && s->show)
		return;
	clear_line(s);
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
		fmt_left(left, sizeof(left), left_s(s, 0)));
}

/* The last lines of the log that says why a run failed. */
static void show_log(const struct session *s, const char *log)
{
	enum { BYTES = 1500, LINES = 8 };
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

/* ---- pairs ---- */

/* Under what name a discarded run stays. */
static int rename_discarded(const struct session *s, const struct trial_pair *p, struct err *e)
{
	static const char *const endings[] = { ".hlog", ".service.log", ".load.log" };
	struct trial_pair kept = *p;
	char from[TRIAL_FILE_LEN + 16], to[TRIAL_FILE_LEN + 16], name[TRIAL_FILE_LEN];

	kept.discarded = false;
	for (int arm = 0; arm < TRIAL_ARMS; arm++)
		for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
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
	struct trial_job job = {
		&s->trial.plan, p, arm, s->path, s->folder, s->signals, progress, s
	};
	char log[TRIAL_LOG_LEN];
	int err;

	s->pair = p;
	s->arm = arm;
	s->began = recording_now();
	err = trial_run(&job, &p->arm[arm], log, e);
	clear_line(s);
	if (err) {
		show_log(s, log);
		return err;
	}
	s->run_s += (recording_now() - s->began - s->run_s) / 2;
	return 0;
}

static int run_pair(struct session *s, struct err *e)
{
	struct trial *t = &s->trial;
	struct trial_pair *p = &t->pairs[t->n];
	int err = 0;

	*p = (struct trial_pair){ .number = trial_next_pair(t) };
	p->attempt = trial_attempts(t, p->number) + 1;
	p->after_first = trial_after_first(t->plan.seed, p->number, p->attempt);
	for (s->nth = 0; s->nth < 2 && !err; s->nth++)
		err = run_arm(s, p, p->after_first != s->nth ? TRIAL_AFTER : TRIAL_BEFORE, e);
	if (err)
		return err;
	p->discarded = trial_disturbed(&t->plan, &p->arm[0].noise) ||
		       trial_disturbed(&t->plan, &p->arm[1].noise);
	if (p->discarded)
		err = rename_discarded(s, p, e);
	if (err)
		return err;
	t->n++;
	err = trial_save(t, s->path, e);
	if (!err)
		err = trial_judge_all(t, &s->outcome, e);
	if (!err)
		tell_pair(s, p);
	return err;
}

static int run_pairs(struct session *s, struct err *e)
{
	bool extended = false;
	int err = trial_judge_all(&s->trial, &s->outcome, e);

	while (!err && s->outcome.next == TRIAL_NEXT_PAIR) {
		if (s->outcome.kept == s->trial.plan.pairs && !extended) {
			extended = true;
			s->outcome.planned = 2 * s->trial.plan.pairs;
			fprintf(stderr, "inconclusive after %u pairs: once more as many\n",
				s->trial.plan.pairs);
		}
		err = run_pair(s, e);
	}
	clear_line(s);
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
struct runs {
	struct run all[TRIAL_ARMS][2 * TRIAL_MAX_PAIRS];
	const struct run *list[TRIAL_ARMS][2 * TRIAL_MAX_PAIRS];
	size_t n;
};

static int read_runs(const struct session *s, struct runs *r, struct err *e)
{
	char name[TRIAL_FILE_LEN], path[4200], warning[RUN_WARNING_LEN];
	int err = 0;

	for (size_t i = 0; i < s->trial.n && !err; i++) {
		const struct trial_pair *p = &s->trial.pairs[i];

		for (int arm = 0; arm < TRIAL_ARMS && !p->discarded && !err; arm++) {
			snprintf(path, sizeof(path), "%s/%s.hlog", s->path,
				 trial_file(name, p, arm));
			r->list[arm][r->n] = &r->all[arm][r->n];
			err = run_read(path, &r->all[arm][r->n], warning, e);
		}
		r->n += !p->discarded;
	}
	return err;
}

static bool compare_arms(const struct session *s, struct comparison *c)
{
	struct compare_options o = compare_options_default();
	struct runs *r = calloc(1, sizeof(*r));
	struct compare_side side[TRIAL_ARMS];
	struct err e = { 0 };
	bool good;

	if (!r)
		return false;
	o.primary = s->trial.plan.primary;
	o.delta = s->trial.plan.delta;
	good = !read_runs(s, r, &e) && r->n;
	for (int arm = 0; arm < TRIAL_ARMS; arm++)
		side[arm] = (struct compare_side){ .runs = r->list[arm], .n = r->n };
	good = good && !compare_runs(&side[0], &side[1], &o, c, &e);
	for (int arm = 0; arm < TRIAL_ARMS; arm++)
		for (size_t i = 0; i < 2 * TRIAL_MAX_PAIRS; i++)
			run_free(&r->all[arm][i]);
	free(r);
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
	err = folder_make(s->path, e);
	if (err == -ENOTEMPTY)
		err_hint(e, "give a new one; --resume %s goes on with a trial in it", s->path);
	if (err)
		return err;
	s->folder = folder_lock(s->path, e);
	return s->folder < 0 ? s->folder : trial_save(&s->trial, s->path, e);
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

static int go_on(struct session *s, const char *path, struct err *e)
{
	int err;

	snprintf(s->path, sizeof(s->path), "%s", path);
	s->folder = folder_lock(s->path, e);
	if (s->folder < 0)
		return s->folder;
	err = trial_load(&s->trial, s->path, e);
	if (err)
		return err;
	err = trial_judge_all(&s->trial, &s->outcome, e);
	if (err || s->outcome.next != TRIAL_NEXT_PAIR)
		return err; /* it is done: its result, once more */
	s->trial.resumed++;
	remove_parts(s);
	err = trial_plan_check(&s->trial.plan, e);
	return err ? err : trial_save(&s->trial, s->path, e);
}

/* Can this host trace? Asked before anything is made or started. */
static int check_rights(struct err *e)
{
	struct probe p;
	int err = probe_hooks(&p, e);

	return err ? err : probe_require(&p, e);
}

static int trial(struct session *s, const struct trial_options *o, struct err *e)
{
	int err = check_rights(e);

	if (err)
		return err;
	s->signals = signals_open(0, e);
	if (s->signals < 0)
		return s->signals;
	err = o->resume ? go_on(s, o->resume, e) : begin(s, &o->wish, e);
	if (err)
		return err;
	s->show = term_is(stderr);
	s->run_s = s->trial.plan.warm_up_s + s->trial.plan.seconds + 0.3;
	err = trial_judge_all(&s->trial, &s->outcome, e);
	if (!err && s->outcome.next == TRIAL_NEXT_PAIR)
		announce(s);
	if (!err)
		err = run_pairs(s, e);
	return err ? err : result(s, o, e);
}

int cmd_trial(int argc, char **argv, struct err *e)
{
	struct trial_options o;
	struct session *s;
	int err = trial_options_parse(&o, argc, argv, e);

	if (err)
		return err == OPTIONS_HELP ? EXIT_GOOD : err;
	s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(e, -ENOMEM, "no memory");
	s->folder = s->signals = -1;
	err = trial(s, &o, e);
	if (s->folder >= 0)
		close(s->folder);
	if (s->signals >= 0)
		close(s->signals);
	free(s);
	return err;
}
