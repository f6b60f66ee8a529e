/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_CHILD_H
#define LVT_CHILD_H

#include <sys/types.h>
#include "base/err.h"

/* The command of `record -- COMMAND`: forked early, started once the trace runs. */
struct child {
	pid_t pid;     /* 0 = none */
	int go;	       /* pipe: a byte lets it start */
	int status_fd; /* pipe: errno, if it could not */
	/* by the caller: "NAME=N" in its environment, and the descriptor N that it is to have; NULL = none */
	const char *pass_as;
	int pass;
};

/*
 * Fork a process that waits to become argv. Under sudo it runs as the invoking user. Call it before
 * the programs are loaded.
 */
int child_prepare(struct child *c, char *const *argv, struct err *e);

/*
 * Under sudo, root is for the trace and not for what it traces: become the invoking user, for good, with
 * the environment of that user. Returns 0, also when there is none, or -errno.
 */
int child_become_invoker(void);

/* Let it start. Fails if the command cannot be executed. */
int child_start(struct child *c, struct err *e);

/* Has it ended? Non-blocking; its wait status goes to *status. */
int child_ended(struct child *c, int *status);

/* End it if it still runs: SIGTERM, and after two seconds SIGKILL. NULL-safe, idempotent. */
void child_stop(struct child *c);

#endif
