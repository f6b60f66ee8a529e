/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cmd_lab_work.h"
#include "lab/check_text.h"
#include "lab/texts.h"

static const struct option_row rows[] = {
	{ .name = "pairs",
	  .type = OPT_U32,
	  .arg = "N",
	  .min = 1,
	  .max = TRIAL_MAX_PAIRS,
	  .offset = offsetof(struct lab_wish, pairs),
	  .help = "pairs of runs; fewer than 6 show nothing (as the lab has it)" },
	{ .name = "seconds",
	  .type = OPT_SECONDS,
	  .arg = "SECS",
	  .offset = offsetof(struct lab_wish, seconds),
	  .help = "measured in each run (as the lab has it)" },
	{ .name = "max-foreign",
	  .type = OPT_PERCENT,
	  .arg = "PERCENT",
	  .max = 1000000,
	  .offset = offsetof(struct lab_wish, max_foreign),
	  .help = "of a CPU that others may use in a run, or its pair is discarded (20)" },
	{ .name = "max-steal",
	  .type = OPT_PERCENT,
	  .arg = "PERCENT",
	  .max = 1000000,
	  .offset = offsetof(struct lab_wish, max_steal),
	  .help = "of a CPU that the hypervisor may steal, likewise (5)" },
	{ .name = "seed",
	  .type = OPT_U32,
	  .arg = "N",
	  .min = 1,
	  .max = UINT32_MAX,
	  .offset = offsetof(struct lab_wish, seed),
	  .help = "of the order, and of the load (random)" },
	{ 0 },
};

static const struct options options = {
	.command = "lab check",
	.args = "[LAB] [OPTION...]",
	.about =
		"Have the service in your folder checked: it and the untouched one run in turns, in an order "
		"that a coin decides, under the lab's load, and the kernel says what moved. Passed only if "
		"the client, the mechanism and all guards say so. Exit status: 0 passed, 3 not met, 4 "
		"inconclusive, 5 the runs are not valid or this machine is not fit, 1 failed. Needs root.",
	.more = "Example:\n"
		"  sudo lvt lab check 070\n",
	.rows = rows,
	.operands = true,
};

struct check {
	struct lab_work *w;
	struct lab_arms arms;
	struct fill fill; /* of the arm after */
	struct measured measured;
	struct judged judged;
	bool untouched;
	char name[64]; /* "check-3" */
	char folder[4300];
};

static double median_after(void *arg, const char *name)
{
	return measured_median(arg, TRIAL_AFTER, name);
}

static json_t *legs_json(const struct check *c)
{
	const struct lab_manifest *lab = c->w->s.lab;
	json_t *legs = json_object();

	for (size_t i = 0; i < lab->n_legs && legs; i++) {
		const struct leg_result *l = &c->judged.legs[i];
		json_t *one = json_pack("{s:s}", "state", leg_state_name(l->state));

		if (one && l->ratio && isfinite(l->estimate))
			json_object_set_new(one, "ratio", json_real(l->estimate));
		json_object_set_new(legs, lab->legs[i].name, one);
	}
	return legs;
}

/* Into the progress, before anything is shown: what was reached is not lost to a closed pipe. */
static int keep(struct check *c, struct err *e)
{
	struct lab_session *s = &c->w->s;
	json_t *checks = json_object_get(s->state, "checks"), *figures = json_object(), *one;
	char path[256];
	int err;

	err = texts_figures(s->lab, true, figures, e);
	if (err) {
		json_decref(figures);
		return err;
	}
	lab_fill_figures(figures, median_after, &c->measured);
	snprintf(path, sizeof(path), "runs/%s/%s", s->lab->id, c->name);
	one = json_pack("{s:o, s:s, s:s, s:b, s:o, s:o}", "at", progress_now(), "verdict",
			judged_name(c->judged.verdict), "folder", path, "untouched", c->untouched,
			"legs", legs_json(c), "figures", figures);
	if (!checks) {
		json_object_set_new(s->state, "checks", json_array());
		checks = json_object_get(s->state, "checks");
	}
	if (!one || json_array_append_new(checks, one))
		return err_set(e, -ENOMEM, "no memory for the progress");
	if (c->judged.verdict == JUDGED_PASSED && !json_object_get(s->state, "passed"))
		json_object_set_new(s->state, "passed", progress_now());
	return progress_save(&s->progress, e);
}

static void announce(const struct check *c)
{
	const struct session *s = &c->w->trial.session;
	const struct trial_plan *p = &s->trial.plan;
	char left[64];
	double run_s = p->warm_up_s + p->seconds + 0.3;

	fprintf(stderr, "check of %s: %u %s of %g s, %s; about %s\n", c->w->s.lab->id, p->pairs,
		p->alone      ? "runs" :
		p->pairs == 1 ? "pair of runs" :
				"pairs of runs",
		p->seconds,
		p->alone ? "of your service" : "the untouched service and yours, in turns",
		trial_talk_left(left, sizeof(left), run_s * p->pairs * trial_arms(p)));
}

static int run_trial(struct check *c, const struct lab_wish *wish, struct err *e)
{
	struct lab_work *w = c->w;
	struct trial_work *t = &w->trial;
	int err = lab_change(&w->system, &c->fill, e), undo;
	struct err why = { 0 };

	if (!err)
		err = lab_plan_make(&t->session.trial.plan, w->s.lab, c->fill.vars, &c->arms, wish,
				    w->system.procs, e);
	if (!err) {
		announce(c);
		trial_talk(t);
		t->arms[TRIAL_BEFORE] = "untouched";
		t->arms[TRIAL_AFTER] = "yours";
		t->hint = "Ctrl-C stops";
		err = lab_trial(t, c->folder, e);
	}
	undo = lab_restore(&w->system, &why);
	if (!err && undo)
		*e = why;
	return err ? err : undo;
}

static int start(struct check *c, struct err *e)
{
	struct lab_work *w = c->w;
	int err = lab_predicted(&w->s, e);

	if (err)
		return err;
	c->untouched = lab_untouched(w);
	c->arms = (struct lab_arms){ .programs = { w->shipped, w->folder },
				     .settings = { NULL, &w->settings },
				     .alone = w->s.lab->arms == 1 };
	c->fill =
		lab_arm_fill(w->s.lab, json_object_get(w->s.state, "vars"), &c->arms, TRIAL_AFTER);
	snprintf(c->name, sizeof(c->name), "check-%zu",
		 json_array_size(json_object_get(w->s.state, "checks")) + 1);
	snprintf(c->folder, sizeof(c->folder), "%s/%s", w->runs, c->name);
	return lab_work_build(w, e);
}

static int check(struct check *c, const struct lab_wish *wish, struct err *e)
{
	static const int statuses[] = { [JUDGED_PASSED] = EXIT_GOOD,
					[JUDGED_NOT_MET] = EXIT_NO,
					[JUDGED_INCONCLUSIVE] = EXIT_INCONCLUSIVE,
					[JUDGED_NOT_VALID] = EXIT_UNFIT };
	struct check_report r = { c->w->s.lab, &c->fill, &c->measured, &c->judged, false };
	int err = start(c, e);

	r.untouched = c->untouched;
	if (!err)
		err = run_trial(c, wish, e);
	if (!err)
		err = measured_read(&c->measured, &c->w->trial.session, e);
	if (!err)
		err = judged_make(&c->judged, &c->fill, &c->measured, e);
	if (!err)
		err = keep(c, e);
	if (!err)
		err = check_text(stdout, &r, e);
	measured_free(&c->measured);
	return err ? err : statuses[c->judged.verdict];
}

int cmd_lab_check(int argc, char **argv, struct err *e)
{
	struct lab_wish wish = { .max_foreign = LAB_MAX_FOREIGN, .max_steal = LAB_MAX_STEAL };
	struct operands rest;
	const char *word;
	struct check *c;
	int err = options_parse(&options, &wish, argc, argv, &rest, e), closed;

	if (!err)
		err = lab_word(&rest, &word, e);
	if (err)
		return err == OPTIONS_HELP ? EXIT_GOOD : err;
	c = calloc(1, sizeof(*c));
	if (!c)
		return err_set(e, -ENOMEM, "no memory");
	c->w = lab_work_open(word, e);
	err = c->w ? check(c, &wish, e) : e->code;
	closed = lab_work_close(c->w, err < 0 ? NULL : e);
	free(c);
	return err < 0 || !closed ? err : closed;
}
