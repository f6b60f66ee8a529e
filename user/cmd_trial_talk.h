/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_CMD_TRIAL_TALK_H
#define LVT_CMD_TRIAL_TALK_H

#include <stdbool.h>
#include "trial/session.h"

/* A session that tells on stderr how far it is: a line that is written over, if stderr is a terminal. */
struct trial_work {
	struct session session;
	bool show;
	bool quiet; /* nothing but the line that is written over, and why a run failed */
	const char *arms[TRIAL_ARMS]; /* what they are called */
	const char *hint;	      /* "Ctrl-C stops" */
};

/* Set the session's talk; arms and hint as lvt trial has them, to be changed by the caller. */
void trial_talk(struct trial_work *w);

/* Clear the line. */
void trial_talk_clear(struct trial_work *w);

/* "40 s", "2 min 05 s". Returns buf. */
const char *trial_talk_left(char *buf, size_t size, double s);

#endif
