/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/manifest.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/decimal.h"
#include "base/nearest.h"
#include "base/words.h"
#include "lab/manifest_internal.h"

static char **text_of(void *item, size_t offset)
{
	return (char **)((char *)item + offset);
}

/* Every text is there: "" until it is read. */
static int empty_texts(struct manifest_reading *r, const char *section, void *item)
{
	for (const struct manifest_key *k = manifest_keys; k->name; k++) {
		if (strcmp(k->section, section) || k->type != MANIFEST_TEXT)
			continue;
		*text_of(item, k->offset) = strdup("");
		if (!*text_of(item, k->offset))
			return err_set(r->e, -ENOMEM, "no memory");
	}
	return 0;
}

static int add_item(struct manifest_reading *r, const struct ini_at *at,
		    const struct manifest_section *s, const char *name)
{
	char *items = (char *)r->m + s->items;
	size_t *n = (size_t *)((char *)r->m + s->count);

	if (!manifest_name_ok(name, "_-") || strlen(name) >= LAB_NAME_LEN) {
		ini_error(at, "[%s %s]: a bad name", s->name, name);
		return err_hint(at->e, "give small letters, digits, _ and -: [%s NAME]", s->name);
	}
	if (*n == LAB_MAX_ITEMS)
		return ini_error(at, "more than %d sections [%s ...]", LAB_MAX_ITEMS, s->name);
	for (size_t i = 0; i < *n; i++)
		if (!strcmp(*text_of(items + i * s->size, 0), name))
			return ini_error(at, "there is a second [%s %s]", s->name, name);
	r->i = *n;
	r->item = items + *n * s->size;
	*text_of(r->item, 0) = strdup(name);
	if (!*text_of(r->item, 0))
		return err_set(at->e, -ENOMEM, "no memory");
	++*n;
	if (!strcmp(s->name, "knob"))
		r->m->knobs[r->i].min = r->m->knobs[r->i].max = NAN;
	return empty_texts(r, s->name, r->item);
}

static int on_section(void *arg, const struct ini_at *at, const char *section)
{
	struct manifest_reading *r = arg;
	size_t n = strcspn(section, " \t");
	const char *name = section + n + strspn(section + n, " \t");
	char kind[64];
	struct nearest near;
	const struct manifest_section *s;

	snprintf(kind, sizeof(kind), "%.*s", (int)n, section);
	nearest_start(&near, kind);
	for (s = manifest_sections; s->name && strcmp(s->name, kind); s++)
		nearest_try(&near, s->name);
	r->section = s;
	r->item = r->m;
	r->i = 0;
	if (!s->name) {
		ini_error(at, "unknown section [%s]", section);
		return near.best ? err_hint(at->e, "did you mean [%s]?", near.best) :
				   err_hint(at->e, "labs/README.md has all sections");
	}
	if (!s->size && *name) {
		ini_error(at, "[%s] has no name of its own", section);
		return err_hint(at->e, "write [%s]", s->name);
	}
	if (!s->size && r->section_lines[s - manifest_sections][0])
		return ini_error(at, "there is a second [%s]", s->name);
	if (s->size) {
		int err = add_item(r, at, s, name);

		if (err)
			return err;
	}
	r->section_lines[s - manifest_sections][r->i] = at->line;
	return 0;
}

static int bad_value(const struct ini_at *at, const struct manifest_key *k, const char *value)
{
	ini_error(at, "%s = '%s'", k->name, value);
	if (!k->choices)
		return err_hint(at->e, "give %s", k->right);
	if (!k->choices[2])
		return err_hint(at->e, "give %s or %s", k->choices[0], k->choices[1]);
	return err_hint(at->e, "give client, mechanism, guard or answer");
}

static int set_words(const struct ini_at *at, const struct manifest_key *k, struct lab_words *words,
		     const char *value)
{
	char *copy = strdup(value), *items[LAB_MAX_WORDS];
	int n = copy ? words_split(copy, items, LAB_MAX_WORDS) : -ENOMEM;

	while (words->n) /* a default */
		free(words->items[--words->n]);
	for (int i = 0; i < n; i++) {
		words->items[i] = strdup(items[i]);
		if (!words->items[i])
			n = -ENOMEM;
		else
			words->n++;
	}
	free(copy);
	if (n == -ENOMEM)
		return err_set(at->e, -ENOMEM, "no memory");
	if (n == -E2BIG)
		return ini_error(at, "%s has more than %d words", k->name, LAB_MAX_WORDS);
	return n > 0 ? 0 : bad_value(at, k, value);
}

static int set_choice(const struct ini_at *at, const struct manifest_key *k, void *to,
		      const char *value)
{
	for (int i = 0; k->choices[i]; i++) {
		if (strcmp(k->choices[i], value))
			continue;
		if (k->type == MANIFEST_BOOL)
			*(bool *)to = i;
		else
			*(int *)to = i;
		return 0;
	}
	return bad_value(at, k, value);
}

static int set_value(struct manifest_reading *r, const struct ini_at *at,
		     const struct manifest_key *k, const char *value)
{
	void *to = (char *)r->item + k->offset;
	double number = read_decimal(value, "");
	char *copy;

	switch (k->type) {
	case MANIFEST_WORDS:
		return set_words(at, k, to, value);
	case MANIFEST_BOOL:
	case MANIFEST_CHOICE:
		return set_choice(at, k, to, value);
	case MANIFEST_NUMBER:
	case MANIFEST_INT:
		if (!(number >= k->min && number <= k->max))
			return bad_value(at, k, value);
		if (k->type == MANIFEST_NUMBER)
			*(double *)to = number;
		else if (number == (int)number)
			*(int *)to = (int)number;
		else
			return bad_value(at, k, value);
		return 0;
	case MANIFEST_TEXT:
		break;
	}
	if (!*value && k->right)
		return bad_value(at, k, value);
	copy = strdup(value);
	if (!copy)
		return err_set(at->e, -ENOMEM, "no memory");
	free(*(char **)to);
	*(char **)to = copy;
	return 0;
}

static int add_sysctl(struct manifest_reading *r, const struct ini_at *at, const char *name,
		      const char *value)
{
	struct lab_manifest *m = r->m;
	struct lab_sysctl *s = &m->sysctls[m->n_sysctls];

	if (m->n_sysctls == LAB_MAX_ITEMS)
		return ini_error(at, "more than %d sysctls", LAB_MAX_ITEMS);
	if (!manifest_name_ok(name, "._-") || strstr(name, "..") || !*value) {
		ini_error(at, "sysctl.%s = '%s'", name, value);
		return err_hint(at->e, "give such as sysctl.net.ipv4.tcp_retries2 = 8");
	}
	for (size_t i = 0; i < m->n_sysctls; i++)
		if (!strcmp(m->sysctls[i].name, name))
			return ini_error(at, "sysctl.%s is given twice", name);
	r->sysctl_lines[m->n_sysctls++] = at->line;
	s->name = strdup(name);
	s->value = strdup(value);
	return s->name && s->value ? 0 : err_set(at->e, -ENOMEM, "no memory");
}

static int on_value(void *arg, const struct ini_at *at, const char *section, const char *name,
		    const char *value)
{
	struct manifest_reading *r = arg;
	struct nearest near;

	if (!*section) {
		ini_error(at, "'%s' stands before any section", name);
		return err_hint(at->e, "begin with [lab]");
	}
	if (!strcmp(section, "system") && !strncmp(name, "sysctl.", 7))
		return add_sysctl(r, at, name + 7, value);
	nearest_start(&near, name);
	for (const struct manifest_key *k = manifest_keys; k->name; k++) {
		int *line = &r->lines[k - manifest_keys][r->i];

		if (strcmp(k->section, r->section->name))
			continue;
		nearest_try(&near, k->name);
		if (strcmp(k->name, name))
			continue;
		if (*line)
			return ini_error(at, "%s is also in line %d", name, *line);
		*line = at->line;
		return set_value(r, at, k, value);
	}
	ini_error(at, "[%s] has no key '%s'", r->section->name, name);
	return near.best ? err_hint(at->e, "did you mean '%s'?", near.best) :
			   err_hint(at->e, "labs/README.md has all keys");
}

static int set_defaults(struct manifest_reading *r)
{
	static const struct {
		const char *section, *key, *value;
	} defaults[] = { { "lab", "requires", "root" },
			 { "service", "sources", "service.c" },
			 { "trial", "cpus", "auto" },
			 { "trial", "primary", "client.p99" } };
	struct lab_manifest *m = r->m;
	int err = 0;

	m->arms = 2;
	m->pairs = 6;
	m->seconds = 2;
	m->warm_up_s = 0.5;
	m->cgroup_quota_us = NAN;
	m->cgroup_period_us = NAN;
	r->item = m;
	for (const struct manifest_section *s = manifest_sections; s->name && !err; s++)
		if (!s->size)
			err = empty_texts(r, s->name, m);
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]) && !err; i++)
		for (const struct manifest_key *k = manifest_keys; k->name && !err; k++)
			if (!strcmp(k->section, defaults[i].section) &&
			    !strcmp(k->name, defaults[i].key))
				err = set_value(r, &(struct ini_at){ r->file, 0, r->e }, k,
						defaults[i].value);
	return err;
}

int manifest_read_from(struct lab_manifest *m, const char *folder, FILE *in, struct err *e)
{
	static const struct ini_calls calls = { on_section, on_value };
	struct manifest_reading *r = calloc(1, sizeof(*r));
	char *file = NULL;
	int err;

	*m = (struct lab_manifest){ .folder = realpath(folder, NULL) };
	if (!m->folder)
		err = err_set(e, -errno, "cannot read the lab %s: %s", folder, strerror(errno));
	else if (!r || asprintf(&file, "%s/lab.ini", m->folder) < 0)
		err = err_set(e, -ENOMEM, "no memory");
	else {
		*r = (struct manifest_reading){ .m = m, .file = file, .e = e };
		err = set_defaults(r);
		if (!err)
			err = in ? ini_stream_read(in, file, &calls, r, e) :
				   ini_file_read(file, &calls, r, e);
		if (!err)
			err = manifest_check(r);
	}
	free(file);
	free(r);
	return err;
}

int lab_manifest_read(struct lab_manifest *m, const char *folder, struct err *e)
{
	return manifest_read_from(m, folder, NULL, e);
}

static void free_keys(const char *section, void *item)
{
	for (const struct manifest_key *k = manifest_keys; k->name; k++) {
		struct lab_words *words = (void *)((char *)item + k->offset);

		if (strcmp(k->section, section))
			continue;
		if (k->type == MANIFEST_TEXT)
			free(*text_of(item, k->offset));
		else if (k->type == MANIFEST_WORDS)
			while (words->n)
				free(words->items[--words->n]);
	}
}

void lab_manifest_free(struct lab_manifest *m)
{
	for (const struct manifest_section *s = manifest_sections; s->name; s++) {
		size_t n = s->size ? *(size_t *)((char *)m + s->count) : 1;

		for (size_t i = 0; i < n; i++) {
			void *item = (char *)m + s->items + i * s->size;

			free_keys(s->name, s->size ? item : m);
			if (s->size)
				free(*text_of(item, 0));
		}
	}
	for (size_t i = 0; i < m->n_sysctls; i++) {
		free(m->sysctls[i].name);
		free(m->sysctls[i].value);
	}
	free(m->folder);
	*m = (struct lab_manifest){ 0 };
}
