/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include "base/options.h"
#include "base/out_file.h"
#include "cmd.h"
#include "model/series.h"
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

struct course {
	struct series *series;
	const struct run *run;
};

static int interval(void *arg, const struct run_service *s)
{
	struct course *c = arg;

	return series_add(c->series, s, c->run->duration_s);
}

/* The page shows its course, too: that takes a look into each interval. */
static int read_course(const char *path, struct run *r, struct series **series, char *warning,
		       struct err *e)
{
	struct course course = { .series = *series = series_new(), .run = r };
	struct run_watch watch = { .interval = interval, .arg = &course, .states = true };
	int err;

	if (!*series)
		return err_set(e, -ENOMEM, "no memory to read %s", path);
	err = run_read_watched(path, r, &watch, warning, e);
	if (!err && series_bind(*series, r))
		err = err_set(e, -ENOMEM, "no memory for the course of %s", path);
	return err;
}

int cmd_report(int argc, char **argv, struct err *e)
{
	struct config config = { .format = FORMAT_TEXT };
	char warning[RUN_WARNING_LEN];
	struct operands rest;
	struct series *series = NULL;
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
	if (config.format == FORMAT_HTML)
		err = read_course(rest.words[0], &r, &series, warning, e);
	else
		err = run_read(rest.words[0], &r, warning, e);
	if (!err) {
		command_warn(warning);
		err = out_file_print(config.out, print, &(struct report){ &config, &r }, e);
	}
	run_free(&r);
	series_free(series);
	return err;
}
