/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/settings.h"
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/decimal.h"
#include "base/nearest.h"
#include "base/out_file.h"
#include "base/wrap.h"
#include "lab/fill.h"
#include "lab/ini_file.h"

static int set(char **to, const char *value, struct err *e)
{
	char *copy = strdup(value);

	if (!copy)
		return err_set(e, -ENOMEM, "no memory");
	free(*to);
	*to = copy;
	return 0;
}

int settings_defaults(struct lab_settings *s, const struct lab_manifest *lab, struct err *e)
{
	int err = 0;

	*s = (struct lab_settings){ .n = lab->n_knobs };
	for (size_t i = 0; i < s->n && !err; i++)
		err = set(&s->values[i], lab->knobs[i].otherwise, e);
	return err;
}

static void right_choice(const struct lab_words *choices, char *right, size_t size)
{
	size_t out = 0;

	*right = '\0';
	for (size_t i = 0; i < choices->n && out < size; i++)
		out += snprintf(right + out, size - out, "%s%s",
				!i		   ? "" :
				i + 1 < choices->n ? ", " :
						     " or ",
				choices->items[i]);
}

static void right_number(const struct lab_knob *k, char *right, size_t size)
{
	if (isnan(k->min))
		snprintf(right, size, "a number of at most %.10g", k->max);
	else if (isnan(k->max))
		snprintf(right, size, "a number of at least %.10g", k->min);
	else
		snprintf(right, size, "a number from %.10g to %.10g", k->min, k->max);
}

bool settings_value_ok(const struct lab_knob *k, const char *value, char *right, size_t size)
{
	char unused[1];
	double number = read_decimal(value, "");

	if (!right) {
		right = unused;
		size = sizeof(unused);
	}
	if (k->choices.n)
		right_choice(&k->choices, right, size);
	else if (!isnan(k->min) || !isnan(k->max))
		right_number(k, right, size);
	else
		snprintf(right, size, "a word of letters, digits and ._,:/%%+-");
	if (!*value)
		return !*k->otherwise;
	for (size_t i = 0; i < k->choices.n; i++)
		if (!strcmp(k->choices.items[i], value))
			return true;
	if (k->choices.n)
		return false;
	/* as comparisons that an absent bound (NAN) does not fail */
	if (!isnan(k->min) || !isnan(k->max))
		return !isnan(number) && !(number < k->min) && !(number > k->max);
	for (; *value; value++)
		if (!isalnum((unsigned char)*value) && !strchr("._,:/%+-", *value))
			return false;
	return true;
}

struct reading {
	struct lab_settings *s;
	const struct lab_manifest *lab;
	int lines[LAB_MAX_ITEMS];
};

static int on_section(void *arg, const struct ini_at *at, const char *section)
{
	(void)arg;
	if (!strcmp(section, "settings"))
		return 0;
	ini_error(at, "unknown section [%s]", section);
	return err_hint(at->e, "there is only [settings]");
}

static int on_value(void *arg, const struct ini_at *at, const char *section, const char *name,
		    const char *value)
{
	struct reading *r = arg;
	struct nearest near;
	char right[256];

	(void)section;
	nearest_start(&near, name);
	for (size_t i = 0; i < r->lab->n_knobs; i++) {
		const struct lab_knob *k = &r->lab->knobs[i];

		nearest_try(&near, k->name);
		if (strcmp(k->name, name))
			continue;
		if (r->lines[i])
			return ini_error(at, "%s is also set in line %d", name, r->lines[i]);
		r->lines[i] = at->line;
		if (settings_value_ok(k, value, right, sizeof(right)))
			return set(&r->s->values[i], value, at->e);
		ini_error(at, "%s = '%s'", name, value);
		return err_hint(at->e, "give %s", right);
	}
	ini_error(at, "the lab has no setting '%s'", name);
	if (near.best)
		return err_hint(at->e, "did you mean '%s'?", near.best);
	return err_hint(at->e, "the comments in the file of a new attempt say what there is");
}

int settings_read(struct lab_settings *s, const struct lab_manifest *lab, const char *file,
		  struct err *e)
{
	static const struct ini_calls calls = { on_section, on_value };
	struct reading r = { .s = s, .lab = lab };
	int err = settings_defaults(s, lab, e);

	if (err || (!lab->n_knobs && access(file, F_OK)))
		return err;
	return ini_file_read(file, &calls, &r, e);
}

static int comment(FILE *out, const struct fill *f, const struct lab_knob *k, struct err *e)
{
	char *about = fill(f, k->about, e), *wrapped = NULL, *line, *rest, right[256];
	size_t size;
	FILE *text;

	if (!about)
		return e->code;
	text = open_memstream(&wrapped, &size);
	if (text) {
		print_wrapped(text, about, 0, 0, 78);
		fclose(text);
	}
	free(about);
	if (!wrapped)
		return err_set(e, -ENOMEM, "no memory");
	for (rest = wrapped; (line = strsep(&rest, "\n")) && *line;)
		fprintf(out, "; %s\n", line);
	free(wrapped);
	if (k->choices.n || !isnan(k->min) || !isnan(k->max)) {
		settings_value_ok(k, "\n", right, sizeof(right));
		fprintf(out, "; (%s)\n", right);
	}
	return 0;
}

struct printing {
	const struct lab_settings *s;
	const struct fill *f;
};

static int print(FILE *out, const void *arg, struct err *e)
{
	const struct printing *p = arg;
	const struct lab_manifest *lab = p->f->lab;
	int err = 0;

	fprintf(out, "; What you may set in lab %s.\n[settings]\n", lab->id);
	for (size_t i = 0; i < lab->n_knobs && !err; i++) {
		fputc('\n', out);
		err = comment(out, p->f, &lab->knobs[i], e);
		fprintf(out, "%s = %s\n", lab->knobs[i].name, p->s->values[i]);
	}
	return err;
}

int settings_write(const struct lab_settings *s, const struct fill *f, const char *file,
		   struct err *e)
{
	return out_file_print(file, print, &(struct printing){ s, f }, e);
}

void settings_free(struct lab_settings *s)
{
	for (size_t i = 0; i < LAB_MAX_ITEMS; i++)
		free(s->values[i]);
	*s = (struct lab_settings){ 0 };
}
