/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include "base/escape.h"
#include "base/options.h"
#include "cmd.h"
#include "model/merge.h"
#include "store/run_read.h"
#include "store/run_write.h"

struct config {
	const char *out;
};

static const struct option_row rows[] = {
	{ .name = "output",
	  .letter = 'o',
	  .type = OPT_STRING,
	  .arg = "FILE",
	  .offset = offsetof(struct config, out),
	  .help = "write the merged run to FILE" },
	{ 0 },
};

static const struct options options = {
	.command = "merge",
	.args = "RUN... -o FILE",
	.about =
		"Add runs of several hosts or moments into one. Histograms and counts add up; services "
		"of one port and name become one; the slowest requests of all are kept. Rates, "
		"requests in flight and CPUs are then means of the parts. Needs no rights.",
	.more = "Examples:\n"
		"  lvt merge web1.hlog web2.hlog -o web.hlog\n"
		"  lvt report web.hlog\n",
	.rows = rows,
	.operands = true,
};

static void warn(const char *warning)
{
	char safe[ESCAPE_FACTOR * RUN_WARNING_LEN + 1];

	if (*warning)
		fprintf(stderr, "lvt: warning: %s\n", escape_name(safe, sizeof(safe), warning));
}

/* One more run into *all, which is the first one or has parts. */
static int add(struct run *all, const char *file, struct err *e)
{
	char warning[RUN_WARNING_LEN];
	struct run r = { 0 };
	int err = run_read(file, &r, warning, e);

	if (!err) {
		warn(warning);
		err = run_become_part(&r, file, e);
	}
	if (!err && all->n_parts) {
		err = run_merge(all, &r, file, e);
	} else if (!err) {
		*all = r;
		r = (struct run){ 0 };
	}
	run_free(&r);
	return err;
}

static int write_run(const struct run *r, const char *path, struct err *e)
{
	struct run_file *f;
	int err = run_file_create(&f, path, e);

	if (!err)
		err = run_file_finish(f, r, e);
	if (err && f)
		run_file_discard(f);
	run_file_free(f);
	return err;
}

int cmd_merge(int argc, char **argv, struct err *e)
{
	struct config config = { 0 };
	struct run all = { 0 };
	struct operands rest;
	int err = options_parse(&options, &config, argc, argv, &rest, e);

	if (err)
		return err == OPTIONS_HELP ? EXIT_GOOD : err;
	if (!rest.n_words || !config.out) {
		err_usage(e, rest.n_words ? "no file to write to" : "no run given");
		return err_hint(e, "lvt merge RUN... -o FILE");
	}
	for (int i = 0; i < rest.n_words && !err; i++)
		err = add(&all, rest.words[i], e);
	if (!err)
		err = write_run(&all, config.out, e);
	run_free(&all);
	return err;
}
