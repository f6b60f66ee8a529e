/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_KEEPER_H
#define LVT_KEEPER_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include "base/err.h"

/*
 * A shell command, with all that it starts, under a process of ours that outlives nothing of it. The
 * keeper adopts what the command's processes leave behind (PR_SET_CHILD_SUBREAPER), so that daemons
 * stay below it too, and ends all of them when it is told to, or when lvt is gone, however it went: it
 * holds a pipe to lvt. If the keeper itself is killed, the shell is (PR_SET_PDEATHSIG).
 *
 * Out of its reach: what others start on the command's behalf (a container's processes, a unit of
 * systemd).
 */
struct keeper {
	pid_t pid; /* 0 = none */
	int hold;  /* pipe: closed, the keeper ends everything and then itself */
	int news;  /* pipe: the shell's end; closed when nothing is left. For poll(). */
	bool ended;
	int status; /* wait status of the shell, if it has ended */
};

struct keeper_job {
	const char *command;	/* for sh -c */
	int log;		/* where its stdout and stderr go */
	const cpu_set_t *cpus;	/* NULL = as lvt's own */
	const char *const *env; /* "NAME=value", ends with NULL */
	const char *cgroup; /* the cgroup.procs that the command joins first, as lvt; NULL = none */
	int pass;	    /* a descriptor that the command is to have, too; 0 = none */
};

/*
 * Start it: in a session of its own, under sudo as the invoking user, without stdin. Returns 0 or
 * -errno with *e filled.
 */
int keeper_start(struct keeper *k, const struct keeper_job *job, struct err *e);

/* Read the news. Returns whether the shell has ended. */
bool keeper_ended(struct keeper *k);

/* Whether anything of it still runs, the shell or what it left behind. */
bool keeper_runs(struct keeper *k);

/*
 * End it: SIGTERM to the shell's group and all else below the keeper, after KEEPER_PATIENCE_S SIGKILL.
 * Returns whether all of it has gone. NULL-safe, idempotent.
 */
bool keeper_stop(struct keeper *k);

enum { KEEPER_PATIENCE_S = 5 };

#endif
