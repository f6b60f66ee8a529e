/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_CMD_LAB_WORK_H
#define LVT_CMD_LAB_WORK_H

#include "cmd_lab.h"
#include "cmd_lab_plan.h"
#include "cmd_trial_talk.h"
#include "lab/judged.h"
#include "lab/settings.h"
#include "lab/system.h"

/* A lab that is run: by run, check and verify. */
struct lab_work {
	struct lab_session s;
	struct lab_settings settings; /* the learner's */
	struct system_state system;
	struct trial_work trial;
	char folder[4096];  /* the learner's */
	char shipped[4200]; /* programs of what is shipped */
	char runs[4200];    /* where its runs go */
	char common[4200];
};

/*
 * What every one of them needs: root and what the lab requires, what a killed lvt has left is set back,
 * signals are read from a descriptor. Returns 0 or -errno with *e filled.
 */
int lab_ready(const struct lab_manifest *lab, struct trial_work *t, struct err *e);
int lab_ready_host(struct trial_work *t, struct err *e); /* but for the lab's requirements */

/*
 * Open the learner's attempt: word as for lab_session_open(), progress to be changed, settings read. NULL
 * with *e filled; else to be closed, which sets back what was changed on this host.
 */
struct lab_work *lab_work_open(const char *word, struct err *e);

/* Returns 0, or -errno with *e filled: something could not be set back. NULL-safe. */
int lab_work_close(struct lab_work *w, struct err *e);

/* Build the learner's programs and, for a lab with two arms, those that are shipped. */
int lab_work_build(struct lab_work *w, struct err *e);

/* Carry out a trial in a new folder; what is left of it when it is stopped is removed. */
int lab_trial(struct trial_work *t, const char *folder, struct err *e);

/* Change this host for the lab, as its arm after has it; what is left alone is told. */
int lab_change(struct system_state *s, const struct fill *f, struct err *e);
int lab_restore(struct system_state *s, struct err *e);

/* Nothing runs before all is predicted, as it is too late then: 0, or -EPERM with *e filled. */
int lab_predicted(const struct lab_session *s, struct err *e);

/* Whether sources and settings of the learner are still what was shipped. */
bool lab_untouched(const struct lab_work *w);

/* Give the names of `figures` their values: numbers, or null. */
void lab_fill_figures(json_t *figures, double (*value)(void *arg, const char *name), void *arg);

#endif
