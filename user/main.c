/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/escape.h"
#include "base/nearest.h"
#include "cmd.h"

const struct command commands[] = {
	{ "record", "[OPTION...] [-- COMMAND ...]", "trace services: latency and where it goes",
	  cmd_record },
	{ "top", "[OPTION...]", "watch services live: rates, latency, where the time goes",
	  cmd_top },
	{ "report", "RUN [OPTION...]", "print the report of a recorded run", cmd_report },
	{ "compare", "BEFORE... -- AFTER... [OPTION...]",
	  "compare recorded runs: what changed, and is it more than noise", cmd_compare },
	{ "merge", "RUN... -o FILE", "add runs of several hosts or moments into one", cmd_merge },
	{ "trial", "--before CMD --after CMD --load ARGS [OPTION...]",
	  "compare two versions of a service by an experiment", cmd_trial },
	{ "load", "TARGET [OPTION...]", "load a service, and measure its answers", cmd_load },
	{ "sweep", "TARGET [OPTION...]", "latency against throughput: curve, knee, capacity",
	  cmd_sweep },
	{ "serve", "[OPTION...]", "answer over HTTP while tracing: a live page, Prometheus metrics",
	  cmd_serve },
	{ "path", "[UNIT] [OPTION...]", "the course: units and labs, what is done, what is next",
	  cmd_path },
	{ "lab", "SUBCOMMAND [LAB] [OPTION...]",
	  "labs on latency and throughput, checked in the kernel", cmd_lab },
	{ "doctor", "[OPTION...]", "can this host trace, and what mends it if not", cmd_doctor },
	{ "help", "[COMMAND]", "show the commands, or the help of one", cmd_help },
	{ "version", "", "show the version", cmd_version },
	{ 0 },
};

int command_find(const char *name, const struct command **found, struct err *e)
{
	struct nearest near;

	if (!strcmp(name, "-h") || !strcmp(name, "--help"))
		name = "help";
	if (!strcmp(name, "-V") || !strcmp(name, "--version"))
		name = "version";
	nearest_start(&near, name);
	for (const struct command *c = commands; c->name; c++) {
		if (!strcmp(c->name, name)) {
			*found = c;
			return 0;
		}
		if (*name != '-')
			nearest_try(&near, c->name);
	}
	if (*name == '-') {
		nearest_try(&near, "--help");
		nearest_try(&near, "--version");
	}
	err_usage(e, "unknown %s '%s'", *name == '-' ? "option" : "command", name);
	if (near.best)
		return err_hint(e, "did you mean '%s'?", near.best);
	return err_hint(e, "'lvt help' lists the commands");
}

void command_warn(const char *warning)
{
	char safe[ESCAPE_FACTOR * 512 + 1];

	if (*warning)
		fprintf(stderr, "lvt: warning: %s\n", escape_name(safe, sizeof(safe), warning));
}

static void print_error(const struct err *e)
{
	char message[ESCAPE_FACTOR * sizeof(e->message) + 1];
	char hint[ESCAPE_FACTOR * sizeof(e->hint) + 1];

	escape_name(message, sizeof(message), e->message);
	escape_name(hint, sizeof(hint), e->hint);
	fprintf(stderr, "lvt: %s%s%s\n", message, *hint ? ": " : "", hint);
}

/*
 * A standard stream that is closed would give its number to the next file opened, and output would
 * land there. Taken by a file that refuses writing, the loss shows as an error instead.
 */
static void hold_standard_streams(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDONLY);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

/* A reader that went away (head, less) is no news; a full disk is. */
static int finish_output(int status)
{
	struct err e = { 0 };

	errno = 0;
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	if (errno == EPIPE)
		return EXIT_FAILED;
	err_set(&e, -errno, "cannot write the output");
	if (errno)
		err_hint(&e, "%s", strerror(errno));
	print_error(&e);
	return EXIT_FAILED;
}

int main(int argc, char **argv)
{
	const struct command *c = NULL;
	struct err e = { 0 };
	int ret;

	hold_standard_streams();
	signal(SIGPIPE, SIG_IGN);
	if (argc < 2) {
		err_usage(&e, "no command given");
		ret = err_hint(&e, "'lvt help' lists the commands");
	} else {
		ret = command_find(argv[1], &c, &e);
	}
	if (!ret)
		ret = c->run(argc - 1, argv + 1, &e);
	if (ret >= 0)
		return finish_output(ret);
	fflush(stdout);
	/* the command itself may have met the reader that went away */
	if (e.code != -EPIPE || !ferror(stdout))
		print_error(&e);
	return e.status;
}
