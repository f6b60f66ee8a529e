/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_CMD_LAB_H
#define LVT_CMD_LAB_H

#include "base/options.h"
#include "lab/catalogue.h"
#include "lab/learner.h"
#include "lab/progress.h"

/* The subcommands of lvt lab: as commands, with argv[0] = the subcommand's name. */
int cmd_lab_list(int argc, char **argv, struct err *e);
int cmd_lab_start(int argc, char **argv, struct err *e);
int cmd_lab_brief(int argc, char **argv, struct err *e);
int cmd_lab_theory(int argc, char **argv, struct err *e);
int cmd_lab_predict(int argc, char **argv, struct err *e);
int cmd_lab_run(int argc, char **argv, struct err *e);
int cmd_lab_check(int argc, char **argv, struct err *e);
int cmd_lab_verify(int argc, char **argv, struct err *e);
int cmd_lab_hint(int argc, char **argv, struct err *e);
int cmd_lab_explain(int argc, char **argv, struct err *e);
int cmd_lab_solution(int argc, char **argv, struct err *e);
int cmd_lab_reset(int argc, char **argv, struct err *e);
int cmd_lab_status(int argc, char **argv, struct err *e);
int cmd_lab_next(int argc, char **argv, struct err *e);

/* What a subcommand works on. */
struct lab_session {
	struct catalogue labs;
	struct progress progress;
	const struct lab_manifest *lab; /* NULL: none was asked for */
	json_t *state;			/* of the lab in the progress; NULL: there is none yet */
};

/* How a subcommand takes its lab. */
enum lab_which {
	LAB_NONE,    /* none: all labs */
	LAB_ANY,     /* the one given, else the one last started */
	LAB_STARTED, /* the same, and it has to be started */
	LAB_GIVEN,   /* the one given, else none */
};

/*
 * Read the labs and the progress (to change it or not) and find the lab: word is its name, or NULL. Tells of
 * damaged progress. Returns 0 or -errno with *e filled; to be closed either way.
 */
int lab_session_open(struct lab_session *s, const char *word, enum lab_which which, bool change,
		     struct err *e);
void lab_session_close(struct lab_session *s);

/* The lab among a subcommand's words: at most one. Returns 0 or -EINVAL with *e filled. */
int lab_word(const struct operands *rest, const char **word, struct err *e);

/* Print a text of the lab on stdout, filled in. Returns 0 or -errno with *e filled. */
int lab_show(const struct lab_session *s, const char *name, struct err *e);

/* Print markdown on stdout as the terminal, or what stands for it, can have it. */
int lab_print_markdown(const char *text, struct err *e);

/* Tells what is set back on this host (journal_tell); arg is not used. */
void lab_warn(void *arg, const char *line);

/* "yes" typed to a question on the terminal: false also without one. */
bool lab_confirm(const char *question);

/* Whether stdin and stderr are a terminal: there is somebody to ask. */
bool lab_can_ask(void);

#endif
