/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/invoker.h"
#include "base/out_file.h"
#include "base/units.h"
#include "capture/recording.h"
#include "cmd_lab_work.h"
#include "lab/build.h"
#include "lab/check_text.h"
#include "lab/clean.h"
#include "lab/require.h"
#include "lab/texts.h"

/*
 * The author's proof, on this machine: a check neither passes what is alike nor what is untouched, and
 * passes the solution; nothing is left behind.
 */
struct verify_config {
	struct lab_wish wish;
	bool fast, verbose;
};

static const struct option_row rows[] = {
	{ .name = "fast",
	  .type = OPT_FLAG,
	  .offset = offsetof(struct verify_config, fast),
	  .help = "shorter runs, and the untouched service for the A/A: for tests" },
	{ .name = "verbose",
	  .letter = 'v',
	  .type = OPT_FLAG,
	  .offset = offsetof(struct verify_config, verbose),
	  .help = "print the whole result of each check" },
	{ .name = "max-foreign",
	  .type = OPT_PERCENT,
	  .arg = "PERCENT",
	  .max = 1000000,
	  .offset = offsetof(struct verify_config, wish.max_foreign),
	  .help = "of a CPU that others may use in a run, or its pair is discarded (20)" },
	{ .name = "max-steal",
	  .type = OPT_PERCENT,
	  .arg = "PERCENT",
	  .max = 1000000,
	  .offset = offsetof(struct verify_config, wish.max_steal),
	  .help = "of a CPU that the hypervisor may steal, likewise (5)" },
	{ .name = "seed",
	  .type = OPT_U32,
	  .arg = "N",
	  .min = 1,
	  .max = UINT32_MAX,
	  .offset = offsetof(struct verify_config, wish.seed),
	  .help = "of the variables, the order, and the load (1)" },
	{ 0 },
};

static const struct options options = {
	.command = "lab verify",
	.args = "[LAB...] [OPTION...]",
	.about =
		"Prove labs on this machine, all or those given: a check of two like services (A/A) does not "
		"pass, of the untouched service does not pass, of the shipped solution passes, and nothing is "
		"left behind. A lab that this machine is not fit for is skipped. Exit status: 0 proved, 3 a "
		"proof fails, 1 failed. Needs root; leaves your progress alone.",
	.more = "Examples:\n"
		"  sudo lvt lab verify\n"
		"  sudo lvt lab verify 070 --fast\n",
	.rows = rows,
	.operands = true,
};

struct verify {
	const struct verify_config *config;
	const struct catalogue *labs;
	const struct lab_manifest *lab;
	struct trial_work trial;
	struct system_state system;
	struct lab_settings solution;
	json_t *vars;
	char folder[64], shipped[96], solved[96], common[4200];
	/* what came of it */
	enum judged_verdict got[3];
	bool ran[3];
	char effect[512], why[512];
};

enum proof { ALIKE, UNTOUCHED, SOLUTION };

static int judge(struct verify *v, const struct lab_arms *arms, enum proof proof, struct err *e)
{
	struct fill f = lab_arm_fill(v->lab, v->vars, arms, TRIAL_AFTER);
	struct measured m = { 0 };
	struct judged *j = calloc(1, sizeof(*j));
	struct check_report r = { v->lab, &f, &m, j, proof == UNTOUCHED };
	int err = j ? measured_read(&m, &v->trial.session, e) : err_set(e, -ENOMEM, "no memory");

	if (!err)
		err = judged_make(j, &f, &m, e);
	if (!err) {
		v->got[proof] = j->verdict;
		v->ran[proof] = true;
		if (proof == SOLUTION)
			check_effect(&r, v->effect, sizeof(v->effect));
		if (j->verdict == JUDGED_NOT_VALID)
			snprintf(v->why, sizeof(v->why), "%s", j->why);
		else if (proof == SOLUTION && j->verdict != JUDGED_PASSED)
			check_failing(&r, v->why, sizeof(v->why));
		if (v->config->verbose)
			err = check_text(stdout, &r, e);
	}
	measured_free(&m);
	free(j);
	return err;
}

static int prove(struct verify *v, enum proof proof, struct err *e)
{
	static const char *const words[] = { "A/A", "untouched", "solution" };
	bool solved = proof != UNTOUCHED;
	struct lab_arms arms = {
		.programs = { proof == ALIKE ? v->solved : v->shipped,
			      solved ? v->solved : v->shipped },
		.settings = { proof == ALIKE ? &v->solution : NULL, solved ? &v->solution : NULL },
		.alike = proof == ALIKE,
		.alone = v->lab->arms == 1,
	};
	struct trial_work *t = &v->trial;
	struct fill f = lab_arm_fill(v->lab, v->vars, &arms, TRIAL_AFTER);
	struct lab_wish wish = v->config->wish;
	struct err why = { 0 };
	char runs[128];
	int err = lab_change(&v->system, &f, e), undo;

	if (v->config->fast)
		wish.seconds = fmax(0.4, v->lab->seconds / 3);
	snprintf(runs, sizeof(runs), "%s/runs-%d", v->folder, proof);
	if (!err)
		err = lab_plan_make(&t->session.trial.plan, v->lab, v->vars, &arms, &wish,
				    v->system.procs, e);
	if (!err) {
		trial_talk(t);
		t->quiet = true;
		t->hint = words[proof];
		err = lab_trial(t, runs, e);
	}
	undo = lab_restore(&v->system, &why);
	if (!err && undo)
		*e = why;
	return err || undo ? err ?: undo : judge(v, &arms, proof, e);
}

/* ---- a lab ---- */

static int make_folder(struct verify *v, struct err *e)
{
	struct invoker who;
	int err = invoker_find(&who, e);

	strcpy(v->folder, "/tmp/lvt-verify-XXXXXX");
	if (err)
		return err;
	if (!mkdtemp(v->folder) || (who.sudo && chown(v->folder, who.uid, who.gid)))
		return err_set(e, -errno, "cannot make %s: %s", v->folder, strerror(errno));
	snprintf(v->shipped, sizeof(v->shipped), "%s/shipped", v->folder);
	snprintf(v->solved, sizeof(v->solved), "%s/solution", v->folder);
	snprintf(v->common, sizeof(v->common), "%s/common", v->labs->folder);
	return 0;
}

/* As it is for what was drawn. */
static int read_solution(struct verify *v, struct err *e)
{
	const struct fill f = { .lab = v->lab, .vars = v->vars };
	struct out_file out;
	char path[128], *text;
	int err;

	if (!strstr(v->lab->edit, "settings"))
		return settings_defaults(&v->solution, v->lab, e);
	text = text_filled(&f, "solution/settings.ini", e);
	if (!text)
		return e->code;
	snprintf(path, sizeof(path), "%s/settings.ini", v->folder);
	err = out_file_open(&out, path, e);
	if (!err)
		err = out_file_write(&out, text, strlen(text), e);
	if (!err)
		err = out_file_finish(&out, e);
	out_file_drop(&out);
	free(text);
	return err ? err : settings_read(&v->solution, v->lab, path, e);
}

static int build(struct verify *v, struct err *e)
{
	int signals = v->trial.session.signals, err;
	char path[4400];

	snprintf(path, sizeof(path), "%s/solution", v->lab->folder);
	err = build_shipped(v->lab, v->common, NULL, v->shipped, signals, e);
	if (!err)
		err = build_shipped(v->lab, v->common, path, v->solved, signals, e);
	return err ? err : read_solution(v, e);
}

static int prove_all(struct verify *v, struct err *e)
{
	bool alone = v->lab->arms == 1;
	int err = make_folder(v, e);

	if (!err)
		err = build(v, e);
	if (!err && !alone && !v->config->fast)
		err = prove(v, ALIKE, e);
	if (!err)
		err = prove(v, UNTOUCHED, e);
	if (!err)
		err = prove(v, SOLUTION, e);
	/* untouched against untouched is an A/A, too */
	if (!err && !alone && v->config->fast) {
		v->got[ALIKE] = v->got[UNTOUCHED];
		v->ran[ALIKE] = true;
	}
	return err;
}

static const char *word(const struct verify *v, enum proof proof)
{
	return v->ran[proof] ? judged_name(v->got[proof]) : "-";
}

/* Whether what came of a proof is what is to come of it. What is not valid proves nothing. */
static bool right(const struct verify *v, enum proof proof)
{
	if (!v->ran[proof])
		return proof == ALIKE && v->lab->arms == 1;
	if (proof == SOLUTION)
		return v->got[proof] == JUDGED_PASSED;
	return v->got[proof] == JUDGED_NOT_MET || v->got[proof] == JUDGED_INCONCLUSIVE;
}

static void print_row(const struct verify *v, double seconds, const char *left)
{
	char time[UNIT_LEN];

	printf("%-23.23s %-13s %-13s %-13s %-6s %6s\n", v->lab->id, word(v, ALIKE),
	       word(v, UNTOUCHED), word(v, SOLUTION), *left ? "LEFT" : "clean",
	       fmt_ns(time, sizeof(time), seconds * 1e9));
	if (*v->effect)
		printf("    %s\n", v->effect);
	if (*v->why)
		printf("    %s\n", v->why);
	if (*left)
		printf("    left behind: %s\n", left);
	fflush(stdout);
}

/* Returns whether all is proved, or -errno with *e filled. */
static int verify_lab(struct verify *v, struct err *e)
{
	double begin = recording_now();
	struct err ignored;
	struct clean before;
	char left[512];
	int err;

	v->vars = learner_draw(v->lab, v->config->wish.seed ?: 1);
	clean_look(&before, v->lab);
	err = v->vars ? prove_all(v, e) : err_set(e, -ENOMEM, "no memory");
	settings_free(&v->solution);
	json_decref(v->vars);
	v->vars = NULL;
	if (*v->folder && build_remove(v->folder, err ? &ignored : e) && !err)
		return -EIO;
	if (err)
		return err;
	clean_left(&before, v->lab, v->folder, left, sizeof(left));
	print_row(v, recording_now() - begin, left);
	return right(v, ALIKE) && right(v, UNTOUCHED) && right(v, SOLUTION) && !*left;
}

/* ---- all of them ---- */

static void print_heading(void)
{
	printf("%-23s %-13s %-13s %-13s %-6s %6s\n", "lab", "A/A", "untouched", "solution", "after",
	       "took");
}

/* A lab that cannot be proved as something fails is told, and the others go on; a signal ends all. */
static int one(struct verify *v, int *proved, int *failed, int *skipped, struct err *e)
{
	struct err why = { 0 };
	int err = require_check(v->lab, true, &why);

	v->trial.session.folder = -1;
	v->system.journal.lock = -1;
	*v->folder = *v->effect = *v->why = '\0';
	memset(v->ran, 0, sizeof(v->ran));
	if (err) {
		printf("%-23.23s skipped: %s\n", v->lab->id, why.message);
		++*skipped;
		return 0;
	}
	err = verify_lab(v, &why);
	session_close(&v->trial.session);
	if (err == -EINTR || err == -ENOSPC) {
		*e = why;
		return err;
	}
	if (err < 0)
		printf("%-23.23s FAILED: %s%s%s\n", v->lab->id, why.message, *why.hint ? ": " : "",
		       why.hint);
	fflush(stdout);
	*proved += err == 1;
	*failed += err != 1;
	return 0;
}

static int all(struct verify *v, const struct operands *rest, struct err *e)
{
	int proved = 0, failed = 0, skipped = 0, err = 0;

	for (int i = 0; i < rest->n_words; i++)
		if (!catalogue_find(v->labs, rest->words[i], e))
			return e->code;
	err = lab_ready_host(&v->trial, e);
	if (!err)
		print_heading();
	for (size_t i = 0; i < v->labs->n && !err; i++) {
		bool wanted = !rest->n_words;

		v->lab = &v->labs->labs[i];
		for (int k = 0; k < rest->n_words; k++)
			wanted |= catalogue_find(v->labs, rest->words[k], e) == v->lab;
		if (wanted)
			err = one(v, &proved, &failed, &skipped, e);
	}
	if (err)
		return err;
	printf("%d proved, %d not, %d skipped\n", proved, failed, skipped);
	return failed ? EXIT_NO : EXIT_GOOD;
}

int cmd_lab_verify(int argc, char **argv, struct err *e)
{
	struct verify_config config = { .wish = { .max_foreign = LAB_MAX_FOREIGN,
						  .max_steal = LAB_MAX_STEAL } };
	struct catalogue labs;
	struct operands rest;
	struct verify *v;
	int err = options_parse(&options, &config, argc, argv, &rest, e);

	if (err)
		return err == OPTIONS_HELP ? EXIT_GOOD : err;
	v = calloc(1, sizeof(*v));
	if (!v)
		return err_set(e, -ENOMEM, "no memory");
	v->config = &config;
	v->labs = &labs;
	v->trial.session.signals = -1;
	err = catalogue_open(&labs, e);
	if (!err)
		err = all(v, &rest, e);
	if (v->trial.session.signals >= 0)
		close(v->trial.session.signals);
	catalogue_close(&labs);
	free(v);
	return err;
}
