/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>
#include "base/options.h"
#include "cmd.h"

#ifndef LVT_VERSION
#define LVT_VERSION "0.1.0"
#endif

static const struct option_row no_rows[] = { { 0 } };

static void list_commands(void)
{
	printf("lvt %s: latency and throughput of unmodified services, measured in the kernel\n\n"
	       "Usage: lvt COMMAND [OPTION...]\n\nCommands:\n",
	       LVT_VERSION);
	for (const struct command *c = commands; c->name; c++)
		printf("  %-9s %s\n", c->name, c->summary);
	printf("\n"
	       "  sudo lvt record -d 5           every TCP service of this host for 5 s\n"
	       "  sudo lvt record -p 6379 -d 5   the service on port 6379\n"
	       "  lvt help record                the options of a command\n");
}

int cmd_help(int argc, char **argv, struct err *e)
{
	static const struct options options = {
		.command = "help",
		.args = "[COMMAND]",
		.about = "Show the commands, or the help of one command.",
		.rows = no_rows,
		.operands = true,
	};
	const struct command *c = NULL;
	struct operands rest;
	int ret = options_parse(&options, NULL, argc, argv, &rest, e);

	if (ret)
		return ret == OPTIONS_HELP ? EXIT_GOOD : ret;
	if (rest.n_words > 1) {
		err_usage(e, "unexpected word '%s'", rest.words[1]);
		return err_hint(e, "'lvt help' takes one command");
	}
	if (!rest.n_words) {
		list_commands();
		return EXIT_GOOD;
	}
	ret = command_find(rest.words[0], &c, e);
	if (ret)
		return ret;
	return c->run(2, (char *[]){ rest.words[0], "--help", NULL }, e);
}

int cmd_version(int argc, char **argv, struct err *e)
{
	static const struct options options = {
		.command = "version",
		.args = "",
		.about = "Show the version.",
		.rows = no_rows,
	};
	int ret = options_parse(&options, NULL, argc, argv, NULL, e);

	if (ret)
		return ret == OPTIONS_HELP ? EXIT_GOOD : ret;
	printf("lvt %s\n", LVT_VERSION);
	return EXIT_GOOD;
}
