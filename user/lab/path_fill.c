// SPDX-License-Identifier: BSD-2-Clause
#include "lab/path_fill.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/figure.h"
#include "model/client.h"
#include "store/run_read.h"

enum { NAME_LEN = 96, MAX_BRACES = 1024 };

/* One {run:LAB.FIGURE|TEXT}; len = 0: it is none. */
struct braces {
	bool check;
	char lab[NAME_LEN], figure[NAME_LEN];
	const char *otherwise;
	size_t otherwise_len, len;
};

struct filling {
	const struct catalogue *labs;
	const struct progress *progress;
	/* the baseline that was read last, for figures that were not kept beside it */
	const struct lab_manifest *of;
	struct run run;
	bool readable;
};

static struct braces braces_at(const char *text)
{
	struct braces b = { .check = !strncmp(text, "{check:", 7) };
	const char *from = text + (b.check ? 7 : 5), *dot, *bar, *end;

	if (!b.check && strncmp(text, "{run:", 5) != 0)
		return b;
	end = memchr(from, '}', strnlen(from, MAX_BRACES));
	bar = end ? memchr(from, '|', end - from) : NULL;
	dot = bar ? memchr(from, '.', bar - from) : NULL;
	if (!dot || dot - from >= NAME_LEN || bar - dot >= NAME_LEN)
		return b;
	memcpy(b.lab, from, dot - from);
	memcpy(b.figure, dot + 1, bar - dot - 1);
	b.otherwise = bar + 1;
	b.otherwise_len = end - bar - 1;
	b.len = end + 1 - text;
	return b;
}

static const struct lab_manifest *find_lab(const struct catalogue *labs, const char *name)
{
	for (size_t i = 0; i < labs->n; i++)
		if (!strcmp(labs->labs[i].id, name) ||
		    (strlen(name) == 3 && !strncmp(labs->labs[i].id, name, 3)))
			return &labs->labs[i];
	return NULL;
}

static void read_baseline(struct filling *f, const struct lab_manifest *lab, const json_t *state)
{
	const char *file =
		json_string_value(json_object_get(json_object_get(state, "baseline"), "file"));
	char path[8400], warning[RUN_WARNING_LEN];
	struct err e;

	run_free(&f->run);
	f->run = (struct run){ 0 };
	f->of = lab;
	f->readable = false;
	if (!file || strstr(file, ".."))
		return;
	snprintf(path, sizeof(path), "%s/%s", *file == '/' ? "" : f->progress->folder, file);
	f->readable = !run_read(path, &f->run, warning, &e);
}

/* NAN: it is not measured. */
static double value_of(struct filling *f, const struct braces *b)
{
	const struct lab_manifest *lab = find_lab(f->labs, b->lab);
	const json_t *state = lab ? progress_lab(f->progress, lab->id, false) : NULL;
	const json_t *checks = json_object_get(state, "checks"), *from, *value;

	if (!state)
		return NAN;
	from = b->check ? json_array_get(checks, json_array_size(checks) - 1) :
			  json_object_get(state, "baseline");
	value = json_object_get(json_object_get(from, "figures"), b->figure);
	if (json_is_number(value))
		return json_number_value(value);
	if (b->check)
		return NAN;
	if (f->of != lab)
		read_baseline(f, lab, state);
	if (!f->readable)
		return NAN;
	return figure_of(b->figure, &f->run,
			 f->run.n_clients  ? f->run.clients[0].view.port :
			 f->run.n_services ? f->run.services[0].port :
					     0);
}

static bool fill_one(struct filling *f, const struct braces *b, FILE *out)
{
	double value = figure_kind(b->figure) == FIGURE_UNKNOWN ? NAN : value_of(f, b);
	char buf[64];

	if (isnan(value))
		fwrite(b->otherwise, 1, b->otherwise_len, out);
	else
		fputs(figure_format(buf, sizeof(buf), b->figure, value), out);
	return !isnan(value);
}

char *path_fill(const char *text, const struct catalogue *labs, const struct progress *progress,
		size_t *own, struct err *e)
{
	struct filling f = { .labs = labs, .progress = progress };
	char *filled = NULL;
	size_t size, count = 0;
	FILE *out = open_memstream(&filled, &size);
	bool failed = !out;

	while (out && *text) {
		struct braces b = *text == '{' ? braces_at(text) : (struct braces){ 0 };

		if (b.len)
			count += fill_one(&f, &b, out);
		else
			fputc(*text, out);
		text += b.len ? b.len : 1;
	}
	run_free(&f.run);
	if (out && fclose(out))
		failed = true;
	if (own)
		*own = count;
	if (!failed)
		return filled;
	free(filled);
	err_set(e, -ENOMEM, "no memory for an article");
	return NULL;
}
