/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/compare.h"
#include "analysis/intervals.h"
#include "analysis/stats.h"
#include "base/options.h"
#include "base/out_file.h"
#include "cmd.h"
#include "report/compare_formats.h"
#include "store/run_read.h"

struct config {
	int primary, format;
	double level, delta; /* percent */
	struct string_list fail_if;
	const char *out;
};

static const struct option_row rows[] = {
	{ .name = "primary",
	  .type = OPT_CHOICE,
	  .choices = compare_metric_names,
	  .offset = offsetof(struct config, primary),
	  .help = "the metric that the verdict is on, named beforehand (p99)" },
	{ .name = "fail-if",
	  .type = OPT_STRINGS,
	  .arg = "CONDITION",
	  .offset = offsetof(struct config, fail_if),
	  .help = "exit with 3 if it holds, with 4 if that cannot be decided: a change, such as "
		  "'p99>+5%' or 'throughput<-10%', or a value after, 'p99.9>20ms'; may be repeated" },
	{ .name = "level",
	  .type = OPT_PERCENT,
	  .arg = "PERCENT",
	  .min = 50,
	  .max = 100,
	  .offset = offsetof(struct config, level),
	  .help = "confidence level of the intervals (95)" },
	{ .name = "delta",
	  .type = OPT_PERCENT,
	  .arg = "PERCENT",
	  .max = 100,
	  .offset = offsetof(struct config, delta),
	  .help = "call it alike when the whole interval is within PERCENT (2)" },
	{ .name = "format",
	  .type = OPT_CHOICE,
	  .choices = compare_formats,
	  .offset = offsetof(struct config, format),
	  .help = "kind of output (text)" },
	{ .name = "output",
	  .letter = 'o',
	  .type = OPT_STRING,
	  .arg = "FILE",
	  .offset = offsetof(struct config, out),
	  .help = "write it to FILE" },
	{ 0 },
};

static const struct options options = {
	.command = "compare",
	.args = "BEFORE... -- AFTER... [OPTION...]",
	.about =
		"Compare runs that 'lvt record -o RUN' wrote, one or more before a change with one "
		"or more after it: what changed, where the time went, and whether it is more than "
		"noise. The unit is the run: with one a side only the noise within a run is known, "
		"with 4 or more that between runs is, too. Needs no rights.",
	.more = "Two runs alone need no '--'. Examples:\n"
		"  lvt compare before.hlog after.hlog\n"
		"  lvt compare before-*.hlog -- after-*.hlog --primary p99.9\n"
		"  lvt compare old.hlog new.hlog --fail-if 'p99>+5%'\n",
	.rows = rows,
	.operands = true,
};

/* ---- the runs of a side */

struct side {
	struct run runs[STATS_MAX_N];
	const char *paths[STATS_MAX_N];
	const struct run *pointers[STATS_MAX_N];
	size_t n;
	double effective[LVT_MAX_SERVICES + RUN_MAX_CLIENTS][COMPARE_QUANTILES];
	struct compare_side side;
};

/* What is not compared goes at once: there may be a hundred runs a side. */
static void drop_rows(struct run *r)
{
	for (size_t i = 0; i < r->n_services; i++) {
		struct run_service *s = &r->services[i];

		for (size_t k = 0; k < s->n_outbound; k++) {
			free(s->outbound[k].first);
			free(s->outbound[k].last);
		}
		free(s->outbound);
		free(s->waits);
		free(s->slowest);
		s->outbound = NULL;
		s->waits = NULL;
		s->slowest = NULL;
		s->n_outbound = s->n_waits = s->n_slowest = 0;
	}
}

static int read_one(struct side *s, struct run *r, const char *path, bool alone, struct err *e)
{
	struct intervals *all = alone ? intervals_new() : NULL;
	struct run_watch watch = { .interval = intervals_add, .arg = all };
	char warning[RUN_WARNING_LEN];
	int err = run_read_watched(path, r, all ? &watch : NULL, warning, e), n;

	if (!err && all) {
		n = intervals_effective(all, r, s->effective);
		s->side.effective = n < 0 ? NULL : s->effective;
		s->side.intervals = n < 0 ? 0 : n;
	}
	intervals_free(all);
	if (err)
		return err;
	command_warn(warning);
	drop_rows(r);
	if (!r->n_services && !r->n_clients)
		return err_set(e, -ENOENT, "%s has no service: nothing to compare", path);
	return 0;
}

/* The intervals are of use only when there is one run a side. */
static int read_side(struct side *s, bool alone, struct err *e)
{
	int err = 0;

	for (size_t i = 0; i < s->n && !err; i++) {
		s->pointers[i] = &s->runs[i];
		err = read_one(s, &s->runs[i], s->paths[i], alone, e);
	}
	s->side.runs = s->pointers;
	s->side.n = s->n;
	return err;
}

static void side_free(struct side *s)
{
	for (size_t i = 0; s && i < s->n; i++)
		run_free(&s->runs[i]);
	free(s);
}

static int take_words(struct side *s, char **words, size_t n, const char *name, struct err *e)
{
	if (n > STATS_MAX_N)
		return err_usage(e, "%zu runs %s are too many: at most %d", n, name, STATS_MAX_N);
	if (!n) {
		err_usage(e, "no run %s", name);
		return err_hint(e, "lvt compare BEFORE... -- AFTER...");
	}
	for (size_t i = 0; i < n; i++)
		s->paths[s->n++] = words[i];
	return 0;
}

/* ---- units */

/* A value's size against the column of maxima, which has a fixed unit in each tool. */
static double ratio_of(const struct run *r)
{
	return r->latency_only ? r->value_ratio : 1e6;
}

/* To a power of ten: the maxima are. */
static double rounded(double ratio)
{
	return pow(10, round(log10(ratio)));
}

/* Files of different units would differ by a factor that is no latency. */
static int check_units(const struct side *before, const struct side *after, struct err *e)
{
	const struct side *sides[2] = { before, after };
	const char *first = NULL;
	double ratio = NAN;

	for (int k = 0; k < 2; k++)
		for (size_t i = 0; i < sides[k]->n; i++) {
			double one = ratio_of(&sides[k]->runs[i]);

			if (isnan(one))
				continue;
			if (!first) {
				first = sides[k]->paths[i];
				ratio = one;
			}
			if (fmax(one, ratio) < 30 * fmin(one, ratio))
				continue;
			err_set(e, -EINVAL,
				"%s and %s have different units: a value is %.0f times its column "
				"of maxima in one, %.0f in the other",
				first, sides[k]->paths[i], rounded(ratio), rounded(one));
			return err_hint(e, "write both in ns, with maxima in ms");
		}
	return 0;
}

/* ---- the whole */

struct output {
	const struct config *config;
	const struct comparison *c;
	struct fail_check checks[OPT_MAX_STRINGS];
};

static int print(FILE *out, const void *arg, struct err *e)
{
	const struct output *o = arg;

	return compare_print(out, o->config->format, o->c, o->checks, o->config->fail_if.n, e);
}

static int parse_conditions(const struct config *config, struct fail_if *conditions, struct err *e)
{
	int err = 0;

	for (size_t i = 0; i < config->fail_if.n && !err; i++)
		err = fail_if_parse(config->fail_if.items[i], &conditions[i], e);
	return err;
}

/* What was said last of all conditions is the exit status: one that holds is certain. */
static int compare(const struct config *config, const struct compare_options *o,
		   const struct fail_if *conditions, const struct side *before,
		   const struct side *after, struct err *e)
{
	struct output output = { .config = config };
	enum compare_answer worst = COMPARE_HOLDS_NOT;
	struct comparison c;
	int err = compare_runs(&before->side, &after->side, o, &c, e);

	if (err)
		return err;
	output.c = &c;
	for (size_t i = 0; i < config->fail_if.n; i++) {
		enum compare_answer answer = fail_if_comparison(&conditions[i], &c);

		output.checks[i] = (struct fail_check){ config->fail_if.items[i], answer };
		worst = answer > worst ? answer : worst;
	}
	err = out_file_print(config->out, print, &output, e);
	comparison_free(&c);
	if (err)
		return err;
	return worst == COMPARE_HOLDS	? EXIT_NO :
	       worst == COMPARE_UNKNOWN ? EXIT_INCONCLUSIVE :
					  EXIT_GOOD;
}

/*
 * The words of both sides. Options may stand on either side of the "--", so that each side is
 * parsed by itself, with "--" as the name of the second.
 */
static int parse(int argc, char **argv, struct config *config, struct side *before,
		 struct side *after, struct err *e)
{
	struct operands first, second = { 0 };
	int dashes = 1, err;

	while (dashes < argc && strcmp(argv[dashes], "--"))
		dashes++;
	err = options_parse(&options, config, dashes, argv, &first, e);
	if (!err && dashes < argc)
		err = options_parse(&options, config, argc - dashes, argv + dashes, &second, e);
	if (err)
		return err;
	if (dashes == argc && first.n_words > 2) {
		err_usage(e, "which of these %d runs are after the change?", first.n_words);
		return err_hint(e, "write '--' before them: BEFORE... -- AFTER...");
	}
	if (dashes == argc && first.n_words == 2) {
		second = (struct operands){ .words = first.words + 1, .n_words = 1 };
		first.n_words = 1;
	}
	err = take_words(before, first.words, first.n_words, "before", e);
	return err ? err : take_words(after, second.words, second.n_words, "after", e);
}

int cmd_compare(int argc, char **argv, struct err *e)
{
	struct compare_options o = compare_options_default();
	struct config config = { .primary = o.primary,
				 .level = o.level * 100,
				 .delta = o.delta * 100 };
	struct fail_if conditions[OPT_MAX_STRINGS];
	struct side *before = calloc(1, sizeof(*before)), *after = calloc(1, sizeof(*after));
	int err = before && after ? 0 : err_set(e, -ENOMEM, "no memory to compare runs");
	bool alone;

	if (!err)
		err = parse(argc, argv, &config, before, after, e);
	if (!err) {
		o.primary = config.primary;
		o.level = config.level / 100;
		o.delta = config.delta / 100;
		err = compare_options_check(&o, e);
	}
	if (!err)
		err = parse_conditions(&config, conditions, e);
	if (!err) {
		alone = before->n == 1 && after->n == 1;
		err = read_side(before, alone, e);
		if (!err)
			err = read_side(after, alone, e);
		if (!err)
			err = check_units(before, after, e);
		if (!err)
			err = compare(&config, &o, conditions, before, after, e);
	}
	side_free(before);
	side_free(after);
	return err == OPTIONS_HELP ? EXIT_GOOD : err;
}
