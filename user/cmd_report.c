/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include "base/options.h"
#include "base/out_file.h"
#include "cmd.h"
#include "report/formats.h"
#include "store/run_read.h"

struct config {
	int format;
	uint32_t slowest;
	const char *out;
};

static const struct option_row rows[] = {
	{ .name = "format",
	  .type = OPT_CHOICE,
	  .choices = report_formats,
	  .offset = offsetof(struct config, format),
	  .help = "kind of report (text)" },
	{ .name = "slowest",
	  .type = OPT_U32,
	  .arg = "N",
	  .min = 1,
	  .max = RUN_MAX_SLOWEST,
	  .offset = offsetof(struct config, slowest),
	  .help = "show the N slowest requests of each service, one by one" },
	{ .name = "output",
	  .letter = 'o',
	  .type = OPT_STRING,
	  .arg = "FILE",
	  .offset = offsetof(struct config, out),
	  .help = "write the report to FILE" },
	{ 0 },
};

static const struct options options = {
	.command = "report",
	.args = "RUN [OPTION...]",
	.about = "Print the report of a run that 'lvt record -o RUN' wrote, or of any HdrHistogram "
		 "interval log. Needs no rights.",
	.more = "Examples:\n"
		"  lvt report run.hlog\n"
		"  lvt report run.hlog --slowest 3\n"
		"  lvt report run.hlog --format html -o run.html\n"
		"  lvt report run.hlog --format openmetrics -o run.prom\n",
	.rows = rows,
	.operands = true,
};

struct report {
	const struct config *config;
	const struct run *run;
};

static int print(FILE *out, const void *arg, struct err *e)
{
	const struct report *r = arg;
	struct text_options text = { .slowest = r->config->slowest };

	return report_print(out, r->config->format, r->run, &text, e);
}

int cmd_report(int argc, char **argv, struct err *e)
{
	struct config config = { .format = FORMAT_TEXT };
	char warning[RUN_WARNING_LEN];
	struct operands rest;
	struct run r = { 0 };
	int err = options_parse(&options, &config, argc, argv, &rest, e);

	if (err)
		return err == OPTIONS_HELP ? EXIT_GOOD : err;
	if (rest.n_words != 1) {
		if (rest.n_words)
			err_usage(e, "unexpected word '%s'", rest.words[1]);
		else
			err_usage(e, "no run given");
		return err_hint(e, "lvt report RUN, with a file that 'lvt record -o RUN' wrote");
	}
	err = run_read(rest.words[0], &r, warning, e);
	if (!err) {
		command_warn(warning);
		err = out_file_print(config.out, print, &(struct report){ &config, &r }, e);
	}
	run_free(&r);
	return err;
}
