/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include "base/options.h"
#include "base/term.h"
#include "base/wrap.h"
#include "cmd.h"
#include "cmd_doctor_checks.h"

#define DETAIL_COLUMN 34
#define COLUMNS_MAX 100

enum format { FORMAT_TEXT, FORMAT_JSON };

struct doctor_config {
	int format;
};

static const char *const formats[] = { "text", "json", NULL };

static const struct option_row rows[] = {
	{ .name = "format",
	  .type = OPT_CHOICE,
	  .choices = formats,
	  .offset = offsetof(struct doctor_config, format),
	  .help = "how to print it (default text)" },
	{ 0 },
};

static const struct options options = {
	.command = "doctor",
	.args = "[--format text|json]",
	.about =
		"Tell whether this host can trace: the kernel, each hook and the fallback it would "
		"use, rights, memory, cgroups and helper programs. Nothing is changed. Exits 0 when "
		"`lvt record` will work here, 1 with the remedy when not.",
	.rows = rows,
};

static const char *const status_names[] = {
	[CHECK_YES] = "yes",
	[CHECK_FALLBACK] = "fallback",
	[CHECK_NO] = "no",
	[CHECK_UNKNOWN] = "unknown",
};

/* Red only for what bars a trace; what is merely absent steps back. */
static const char *colour_of(const struct check *c)
{
	if (c->status == CHECK_YES)
		return "\033[32m";
	if (c->status == CHECK_FALLBACK)
		return "\033[33m";
	return c->required ? "\033[31m" : "\033[2m";
}

static void print_check(const struct check *c, bool colour, int columns)
{
	char text[sizeof(c->detail) + sizeof(c->remedy) + 2];

	printf("  %s%-8s%s  %-20s", colour ? colour_of(c) : "", status_names[c->status],
	       colour ? "\033[0m" : "", c->name);
	snprintf(text, sizeof(text), "%s%s%s", c->detail, *c->remedy ? ": " : "", c->remedy);
	print_wrapped(stdout, text, DETAIL_COLUMN - 2, DETAIL_COLUMN, columns);
}

static void print_text(const struct doctor *d, const struct check *bar)
{
	bool colour = term_colour(stdout);
	int columns = term_columns(stdout);
	char text[512];

	if (columns > COLUMNS_MAX)
		columns = COLUMNS_MAX;
	for (size_t i = 0; i < d->n; i++) {
		if (!i || strcmp(d->checks[i].group, d->checks[i - 1].group))
			printf("%s%s%s%s\n", i ? "\n" : "", colour ? "\033[1m" : "",
			       d->checks[i].group, colour ? "\033[0m" : "");
		print_check(&d->checks[i], colour, columns);
	}
	if (bar)
		snprintf(text, sizeof(text), "`lvt record` will not work here, because of `%s`: %s",
			 bar->name, bar->remedy);
	else
		snprintf(text, sizeof(text), "`lvt record` will work here.");
	printf("\n%s", colour ? bar ? "\033[31m" : "\033[32m" : "");
	print_wrapped(stdout, text, 0, 0, columns);
	fputs(colour ? "\033[0m" : "", stdout);
}

static int print_json(const struct doctor *d, const struct probe *p, const struct check *bar,
		      struct err *e)
{
	json_t *list = json_array();
	json_t *root = NULL;
	int ret = 0;

	for (size_t i = 0; i < d->n && !ret; i++) {
		const struct check *c = &d->checks[i];

		ret = json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:b, s:s, s:s?}", "group", c->group,
					"name", c->name, "status", status_names[c->status],
					"required", c->required, "detail", c->detail, "remedy",
					*c->remedy ? c->remedy : NULL));
	}
	if (!ret)
		root = json_pack("{s:s, s:b, s:s, s:s?, s:s?, s:O}", "schema", "lvt.doctor/1",
				 "works", !bar, "kernel", p->release, "send_hook",
				 probe_send_hook(p), "remedy", bar ? bar->remedy : NULL, "checks",
				 list);
	if (root) {
		/* a failed write stays with stdout, where main() finds it */
		json_dumpf(root, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		ret = err_set(e, -ENOMEM, "cannot build the JSON document");
	}
	json_decref(root);
	json_decref(list);
	return ret;
}

int cmd_doctor(int argc, char **argv, struct err *e)
{
	struct doctor_config config = { .format = FORMAT_TEXT };
	const struct check *bar;
	struct doctor d;
	struct probe p;
	int ret = options_parse(&options, &config, argc, argv, NULL, e);

	if (ret)
		return ret == OPTIONS_HELP ? EXIT_GOOD : ret;
	ret = probe_host(&p, e);
	if (ret)
		return ret;
	doctor_checks(&d, &p);
	bar = doctor_bar(&d);
	if (config.format == FORMAT_JSON)
		ret = print_json(&d, &p, bar, e);
	else
		print_text(&d, bar);
	if (ret)
		return ret;
	return bar ? EXIT_FAILED : EXIT_GOOD;
}
