/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/texts.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX = 1 << 20 };

char *text_read(const struct lab_manifest *lab, const char *name, struct err *e)
{
	char path[4400], *text = NULL;
	size_t n;
	FILE *in;

	snprintf(path, sizeof(path), "%s/%s", lab->folder, name);
	in = fopen(path, "re");
	if (!in) {
		err_set(e, -errno, "cannot read %s: %s", path, strerror(errno));
		return NULL;
	}
	text = calloc(1, TEXT_MAX + 1);
	n = text ? fread(text, 1, TEXT_MAX, in) : 0;
	if (!text)
		err_set(e, -ENOMEM, "no memory");
	else if (ferror(in))
		err_set(e, -EIO, "cannot read %s", path);
	else if (strlen(text) != n || n == TEXT_MAX)
		err_set(e, -EINVAL, "%s is no text of at most a megabyte", path);
	else
		n = TEXT_MAX + 1; /* good */
	fclose(in);
	if (n == TEXT_MAX + 1)
		return text;
	free(text);
	return NULL;
}

char *text_filled(const struct fill *f, const char *name, struct err *e)
{
	char *text = text_read(f->lab, name, e), *filled = NULL;
	struct err why = { 0 };

	if (!text)
		return NULL;
	filled = fill(f, text, &why);
	if (!filled) {
		err_set(e, why.code, "%s/%s: %s", f->lab->folder, name, why.message);
		err_hint(e, "%s", why.hint);
	}
	free(text);
	return filled;
}

int texts_hints(const struct lab_manifest *lab)
{
	char path[4400];
	int n = 0;

	do
		snprintf(path, sizeof(path), "%s/hints/%d.md", lab->folder, ++n);
	while (!access(path, F_OK));
	return n - 1;
}

static int add_text(const struct lab_manifest *lab, const char *name, bool check, json_t *figures,
		    struct err *e)
{
	char *text = text_read(lab, name, e);
	int err;

	if (!text)
		return e->code;
	err = fill_figures(text, check, figures);
	free(text);
	return err ? err_set(e, err, "no memory") : 0;
}

int texts_figures(const struct lab_manifest *lab, bool check, json_t *figures, struct err *e)
{
	static const char *const names[] = { "brief.md", "theory.md", "explain.md",
					     "solution/notes.md" };
	int err = 0, hints = texts_hints(lab);
	char name[32];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !err; i++)
		err = add_text(lab, names[i], check, figures, e);
	for (int i = 1; i <= hints && !err; i++) {
		snprintf(name, sizeof(name), "hints/%d.md", i);
		err = add_text(lab, name, check, figures, e);
	}
	for (size_t i = 0; i < lab->n_questions && !check && !err; i++) {
		const char *figure = lab->questions[i].figure;

		if (!json_object_get(figures, figure) &&
		    json_object_set_new(figures, figure, json_null()))
			err = err_set(e, -ENOMEM, "no memory");
	}
	return err;
}
