/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_OPTIONS_H
#define LVT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "abi.h"
#include "base/err.h"

/*
 * The options of a command are one table: each row says the option's names, its type, where in the
 * command's config struct its value goes, and its help. Parser and --help read the same rows.
 *
 *	struct config { double duration; struct port_list ports; bool verbose; int format; };
 *	static const char *const formats[] = { "text", "json", NULL };
 *	static const struct option_row rows[] = {
 *		{ .name = "duration", .letter = 'd', .type = OPT_SECONDS, .arg = "SECS",
 *		  .offset = offsetof(struct config, duration), .help = "stop after SECS" },
 *		{ .name = "format", .type = OPT_CHOICE, .choices = formats,
 *		  .offset = offsetof(struct config, format), .help = "kind of report" },
 *		{ 0 },
 *	};
 *
 * The caller puts the defaults into the config before it parses. A scalar given twice: the last
 * one counts. Strings point into argv.
 */
enum option_type {
	OPT_FLAG,    /* bool: no value */
	OPT_STRING,  /* const char *: not empty */
	OPT_STRINGS, /* struct string_list: the option may be repeated */
	OPT_U32,     /* uint32_t: decimal, row's min..max */
	OPT_PORTS,   /* struct port_list: 80,443; may be repeated; doubles are dropped */
	OPT_SECONDS, /* double: decimal with fractions, OPT_SECONDS_MIN..OPT_SECONDS_MAX */
	OPT_PERCENT, /* double: decimal, with "%" or without; as it is given: 5% is 5; min..max */
	OPT_NUMBER, /* double: decimal, with k or M for thousands or millions; above 0, at most max */
	OPT_CHOICE, /* int: index into the row's choices */
};

#define OPT_SECONDS_MIN 0.001
#define OPT_SECONDS_MAX 31536000.0 /* a year */
#define OPT_MAX_STRINGS 64

struct string_list {
	const char *items[OPT_MAX_STRINGS];
	size_t n;
};

struct port_list {
	uint16_t ports[LVT_MAX_PORTS]; /* in the order given, each once */
	size_t n;
};

struct option_row {
	const char *name; /* long name, without dashes; NULL ends the table */
	char letter;	  /* short name, or 0; 'h' is taken */
	enum option_type type;
	size_t offset;	 /* of the value in the config struct */
	const char *arg; /* the value's name in messages; OPT_CHOICE: in the help; NULL: its words */
	const char *help;	    /* what it does: a few words, without a full stop */
	uint32_t min, max;	    /* OPT_U32, OPT_PERCENT, OPT_NUMBER */
	const char *const *choices; /* OPT_CHOICE: ends with NULL */
};

struct options {
	const char *command; /* "record" */
	const char *args;    /* what follows the command in the usage line: "[OPTION...]" */
	const char *about;   /* what the command does; one paragraph, wrapped by --help */
	const char *more;    /* printed as it is after the options (examples), or NULL */
	const struct option_row *rows;
	bool operands;	   /* takes words that are not options */
	const char *after; /* name of what may stand after "--", or NULL if nothing may */
};

/* The words that are not options; both point into argv, which parsing reorders. */
struct operands {
	char **words; /* before "--" */
	int n_words;
	char **after; /* after "--": argv's own end, so NULL-terminated */
	int n_after;
	bool dashes; /* there was a "--" */
};

/* options_parse() has printed the help: there is nothing left to do. */
#define OPTIONS_HELP 1

/*
 * Parse argv[1..argc-1] (argv[0] is the command's name) into config. Takes -x V, -xV, -xyz for
 * flags, --long V, --long=V; "--" ends the options; -h and --help print the help on stdout. Long
 * names are not abbreviated. Returns 0, OPTIONS_HELP, or -EINVAL with *e filled (EXIT_USAGE): one
 * line that says what is wrong and what would be right. rest may be NULL.
 */
int options_parse(const struct options *o, void *config, int argc, char **argv,
		  struct operands *rest, struct err *e);

/* The help of a command, made from its table, at most columns wide. */
void options_help(FILE *out, const struct options *o, int columns);

#endif
