/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cmd.h"
#include "cmd_lab_work.h"
#include "lab/baseline_text.h"
#include "lab/build.h"
#include "lab/texts.h"
#include "report/text.h"

static const struct option_row rows[] = {
	{ .name = "seconds",
	  .type = OPT_SECONDS,
	  .arg = "SECS",
	  .offset = offsetof(struct lab_wish, seconds),
	  .help = "measured (as the lab has it)" },
	{ 0 },
};

static const struct options options = {
	.command = "lab run",
	.args = "[LAB] [OPTION...]",
	.about =
		"Run the service in your folder once under the lab's load, and trace it: where the time of its "
		"requests goes, what the client sees, and how near your predictions were. Needs root.",
	.more = "Example:\n"
		"  sudo lvt lab run 070\n",
	.rows = rows,
	.operands = true,
};

struct baseline {
	struct lab_work *w;
	struct measured measured;
	char part[4300], file[4300]; /* the folder of the run; where it stays */
};

static double figure(void *arg, const char *name)
{
	return measured_value(arg, TRIAL_AFTER, 0, name);
}

static int run_once(struct baseline *b, const struct lab_wish *wish, struct err *e)
{
	struct lab_work *w = b->w;
	struct trial_work *t = &w->trial;
	struct lab_arms arms = { .programs = { NULL, w->folder },
				 .settings = { NULL, &w->settings },
				 .alone = true };
	struct fill f =
		lab_arm_fill(w->s.lab, json_object_get(w->s.state, "vars"), &arms, TRIAL_AFTER);
	struct err why = { 0 };
	int err = lab_change(&w->system, &f, e), undo;

	if (!err)
		err = lab_plan_make(&t->session.trial.plan, w->s.lab, f.vars, &arms, wish,
				    w->system.procs, e);
	if (!err) {
		trial_talk(t);
		t->arms[TRIAL_AFTER] = "your service";
		t->hint = "Ctrl-C stops";
		err = lab_trial(t, b->part, e);
	}
	undo = lab_restore(&w->system, &why);
	if (!err && undo)
		*e = why;
	return err ? err : undo;
}

/* The run gets its place, its folder goes. */
static int place(struct baseline *b, struct err *e)
{
	char from[4500];

	snprintf(from, sizeof(from), "%s/pair-01-after.hlog", b->part);
	if (rename(from, b->file))
		return err_set(e, -errno, "cannot rename %s: %s", from, strerror(errno));
	return build_remove(b->part, e);
}

/* What came of the questions, and all figures that texts speak of. */
static int keep(struct baseline *b, struct err *e)
{
	struct lab_session *s = &b->w->s;
	json_t *predictions = json_object_get(s->state, "predictions"), *figures = json_object();
	char path[256];
	int err = texts_figures(s->lab, false, figures, e);

	if (err) {
		json_decref(figures);
		return err;
	}
	lab_fill_figures(figures, figure, &b->measured);
	for (size_t i = 0; i < s->lab->n_questions; i++) {
		json_t *p = json_object_get(predictions, s->lab->questions[i].name);
		json_t *truth = json_object_get(figures, s->lab->questions[i].figure);

		/* the first run says it: a later one may be of a service that was changed */
		if (p && truth && !json_is_number(json_object_get(p, "truth")))
			json_object_set(p, "truth", truth);
	}
	snprintf(path, sizeof(path), "runs/%s/baseline.hlog", s->lab->id);
	json_object_set_new(s->state, "baseline",
			    json_pack("{s:o, s:s, s:o}", "at", progress_now(), "file", path,
				      "figures", figures));
	return progress_save(&s->progress, e);
}

static void warn_noise(const struct baseline *b)
{
	const struct trial_arm *a = &b->measured.runs.pairs[0]->arm[TRIAL_AFTER];
	char text[160];

	if (!(a->noise.foreign > LAB_MAX_FOREIGN / 100 || a->noise.steal > LAB_MAX_STEAL / 100))
		return;
	snprintf(
		text, sizeof(text),
		"others took %.0f %% of a CPU meanwhile, and the hypervisor %.0f %%: a check would not "
		"count this run",
		a->noise.foreign * 100, a->noise.steal * 100);
	command_warn(text);
}

static int baseline(struct baseline *b, const struct lab_wish *wish, struct err *e)
{
	struct lab_work *w = b->w;
	int err;

	snprintf(b->part, sizeof(b->part), "%s/baseline.part", w->runs);
	snprintf(b->file, sizeof(b->file), "%s/baseline.hlog", w->runs);
	err = lab_predicted(&w->s, e);
	if (!err)
		err = build_learner(w->s.lab, w->folder, w->trial.session.signals, e);
	if (!err)
		err = run_once(b, wish, e);
	if (!err)
		err = measured_read(&b->measured, &w->trial.session, e);
	if (!err && !b->measured.runs.n)
		err = err_set(e, -ENODATA, "the run was not kept");
	if (!err)
		err = keep(b, e);
	if (!err)
		err = place(b, e);
	if (!err) {
		warn_noise(b);
		err = report_text(stdout, b->measured.runs.list[TRIAL_AFTER][0], NULL, e);
	}
	if (!err)
		err = baseline_text(stdout, w->s.lab, w->s.state, e);
	measured_free(&b->measured);
	return err;
}

int cmd_lab_run(int argc, char **argv, struct err *e)
{
	/* one run is what there is, however disturbed; that is told */
	struct lab_wish wish = { .pairs = 1, .max_foreign = 1e6, .max_steal = 1e6 };
	struct operands rest;
	const char *word;
	struct baseline b = { 0 };
	int err = options_parse(&options, &wish, argc, argv, &rest, e), closed;

	if (!err)
		err = lab_word(&rest, &word, e);
	if (err)
		return err == OPTIONS_HELP ? EXIT_GOOD : err;
	b.w = lab_work_open(word, e);
	err = b.w ? baseline(&b, &wish, e) : e->code;
	closed = lab_work_close(b.w, err < 0 ? NULL : e);
	return err < 0 || !closed ? err : closed;
}
