/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_CMD_H
#define LVT_CMD_H

#include "base/err.h"

/*
 * A command: cmd_NAME.c has its run function, which is declared here, and main.c has its row.
 *
 * run() gets argv[0] = the command's name. It returns an enum exit_code, or a negative errno with
 * *e filled, which main() prints. stdout is for data only and is flushed and checked by main();
 * SIGPIPE is ignored, so a command that prints for long asks ferror(stdout), and one that starts
 * another program gives that program SIGPIPE's default back.
 */
struct command {
	const char *name;
	const char *args;    /* "[OPTION...]" */
	const char *summary; /* one line, without a full stop */
	int (*run)(int argc, char **argv, struct err *e);
};

/* The table, in main.c; ends with a NULL name. */
extern const struct command commands[];

int cmd_record(int argc, char **argv, struct err *e);
int cmd_top(int argc, char **argv, struct err *e);
int cmd_report(int argc, char **argv, struct err *e);
int cmd_compare(int argc, char **argv, struct err *e);
int cmd_merge(int argc, char **argv, struct err *e);
int cmd_trial(int argc, char **argv, struct err *e);
int cmd_load(int argc, char **argv, struct err *e);
int cmd_sweep(int argc, char **argv, struct err *e);
int cmd_serve(int argc, char **argv, struct err *e);
int cmd_path(int argc, char **argv, struct err *e);
int cmd_lab(int argc, char **argv, struct err *e);
int cmd_doctor(int argc, char **argv, struct err *e);
int cmd_help(int argc, char **argv, struct err *e);
int cmd_version(int argc, char **argv, struct err *e);

/* One line on stderr, "lvt: warning: ..."; nothing for "". Names in it are made safe. */
void command_warn(const char *warning);

/* Find a command by name, or fail with the nearest one as the hint (EXIT_USAGE). */
int command_find(const char *name, const struct command **found, struct err *e);

#endif
