/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_TRIAL_SESSION_H
#define LVT_TRIAL_SESSION_H

#include "analysis/trial.h"
#include "trial/run.h"

/*
 * A trial as it is carried out: pair by pair into a folder, disturbed pairs discarded and repeated, once
 * more as many if the plan has it, the state saved after each. It says nothing itself: see struct
 * session_talk.
 */
struct session;

/* What is told meanwhile, with `arg`; each may be NULL. */
struct session_talk {
	void (*phase)(void *arg, enum trial_phase phase); /* and about every second */
	void (*run_ended)(void *arg);
	void (*run_failed)(void *arg,
			   const char *log); /* "" or the log in the folder that tells why */
	void (*pair_done)(void *arg, const struct trial_pair *p); /* kept or discarded; saved */
	void (*extended)(void *arg); /* inconclusive: as many pairs again */
	void *arg;
};

struct session {
	struct trial trial;
	struct trial_outcome outcome;
	char path[4096];
	int folder, signals; /* the folder, locked; a signalfd of the caller's */
	struct session_talk talk;
	/* of the run that is under way */
	const struct trial_pair *pair;
	int arm, nth; /* nth of its pair, 0 or 1 */
	double began;
	double run_s; /* how long a run takes, from those so far */
};

/* Can this host trace? To be asked before anything is made or started. 0 or -errno with *e filled. */
int session_rights(struct err *e);

/*
 * Begin one: the folder is made, locked, and has the state; s->path and s->trial.plan are given. Or go on
 * with the one in s->path: that it was interrupted is not saved yet, as whether it can go on here is the
 * caller's to say. Return 0 or -errno with *e filled.
 */
int session_begin(struct session *s, struct err *e);
int session_go_on(struct session *s, struct err *e);

/*
 * Run the pairs that are still to come. Returns 0 when there is an outcome, else -errno with *e
 * filled; -EINTR: a signal came. What is done is saved. Nothing of a run is left running.
 */
int session_run(struct session *s, struct err *e);

/* What is still to come, s, but for the run under way: without an extension that has not begun. */
double session_left_s(const struct session *s);

/* Close the folder. Idempotent. */
void session_close(struct session *s);

/* The kept runs, in the order of the pairs. */
struct session_runs {
	struct run *all[TRIAL_ARMS];
	const struct run *list[TRIAL_ARMS][2 * TRIAL_MAX_PAIRS];
	const struct trial_pair *pairs[2 * TRIAL_MAX_PAIRS];
	size_t n; /* of an arm; all[TRIAL_BEFORE] is NULL if the plan has one arm alone */
};

/* Read them. Returns 0 or -errno with *e filled; to be freed either way. */
int session_read_runs(const struct session *s, struct session_runs *r, struct err *e);
void session_free_runs(struct session_runs *r);

#endif
