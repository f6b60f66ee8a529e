/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>
#include "base/options.h"
#include "base/wrap.h"

#define HELP_INDENT_MAX 32
#define HELP_COLUMNS_MAX 100 /* longer lines are hard to read */

/* "  -p, --port PORT[,PORT]" */
static void option_names(char *buf, size_t size, const struct option_row *row)
{
	char letter[] = { '-', row->letter, ',', '\0' };
	size_t out =
		(size_t)snprintf(buf, size, "  %3s --%s", row->letter ? letter : "", row->name);

	if (row->type == OPT_CHOICE && !row->arg) {
		for (size_t i = 0; row->choices[i] && out < size; i++)
			out += (size_t)snprintf(buf + out, size - out, "%c%s", i ? '|' : ' ',
						row->choices[i]);
	} else if (row->type != OPT_FLAG && out < size) {
		snprintf(buf + out, size - out, " %s", row->arg);
	}
}

static const struct option_row help_row = { .name = "help",
					    .letter = 'h',
					    .type = OPT_FLAG,
					    .help = "show this help" };

static void option_help(FILE *out, const struct option_row *row, int indent, int columns)
{
	char names[128];
	int width;

	option_names(names, sizeof(names), row);
	width = fprintf(out, "%s  ", names);
	print_wrapped(out, row->help, width, indent, columns);
}

/* The column of the help texts: after the longest names that leave room for it. */
static int help_indent(const struct option_row *rows)
{
	int indent = 0;
	char names[128];

	for (const struct option_row *row = rows;; row++) {
		int width;

		option_names(names, sizeof(names), row->name ? row : &help_row);
		width = (int)strlen(names) + 2;
		if (width > indent && width <= HELP_INDENT_MAX)
			indent = width;
		if (!row->name)
			break;
	}
	return indent;
}

void options_help(FILE *out, const struct options *o, int columns)
{
	int indent = help_indent(o->rows);
	int usage;

	if (columns > HELP_COLUMNS_MAX)
		columns = HELP_COLUMNS_MAX;
	usage = fprintf(out, "Usage: lvt %s ", o->command);
	print_wrapped(out, o->args, usage, usage, columns);
	fputc('\n', out);
	print_wrapped(out, o->about, 0, 0, columns);
	fputs("\nOptions:\n", out);
	for (const struct option_row *row = o->rows; row->name; row++)
		option_help(out, row, indent, columns);
	option_help(out, &help_row, indent, columns);
	if (o->more)
		fprintf(out, "\n%s", o->more);
}
