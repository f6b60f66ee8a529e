/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/cpus.h"
#include "base/decimal.h"
#include "lab/fill.h"
#include "lab/manifest_internal.h"

bool manifest_name_ok(const char *name, const char *more)
{
	if (!islower((unsigned char)*name))
		return false;
	for (; *name; name++)
		if (!islower((unsigned char)*name) && !isdigit((unsigned char)*name) &&
		    !strchr(more, *name))
			return false;
	return true;
}

struct ini_at manifest_at(const struct manifest_reading *r, const char *section, const char *name,
			  size_t i)
{
	struct ini_at at = { r->file, 0, r->e };

	for (size_t k = 0; manifest_keys[k].name; k++)
		if (!strcmp(manifest_keys[k].section, section) &&
		    !strcmp(manifest_keys[k].name, name))
			at.line = r->lines[k][i];
	for (size_t s = 0; manifest_sections[s].name && !at.line; s++)
		if (!strcmp(manifest_sections[s].name, section))
			at.line = r->section_lines[s][i];
	return at;
}

static int check_required(const struct manifest_reading *r)
{
	for (size_t s = 0; manifest_sections[s].name; s++) {
		const struct manifest_section *section = &manifest_sections[s];

		if (section->required && !r->section_lines[s][0])
			return ini_error(&(struct ini_at){ r->file, 0, r->e },
					 "there is no section [%s%s]", section->name,
					 section->size ? " NAME" : "");
		for (size_t i = 0; i < LAB_MAX_ITEMS && r->section_lines[s][i]; i++) {
			struct ini_at at = { r->file, r->section_lines[s][i], r->e };

			for (size_t k = 0; manifest_keys[k].name; k++) {
				const struct manifest_key *key = &manifest_keys[k];

				if (!key->required || r->lines[k][i] ||
				    strcmp(key->section, section->name))
					continue;
				ini_error(&at, "[%s] has no '%s'", section->name, key->name);
				return err_hint(at.e, "write %s = %s", key->name,
						key->right ?: key->choices[0]);
			}
		}
	}
	return 0;
}

static bool exists(const struct manifest_reading *r, const char *name)
{
	char path[4200];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", r->m->folder, name);
	return !stat(path, &st);
}

/* Of a file that has to be there; at names what needs it. */
static int need_file(const struct manifest_reading *r, struct ini_at at, const char *name)
{
	return exists(r, name) ? 0 : ini_error(&at, "there is no file %s", name);
}

static int check_files(const struct manifest_reading *r)
{
	static const char *const files[] = { "brief.md",	 "theory.md",  "explain.md",
					     "hints/1.md",	 "hints/2.md", "hints/3.md",
					     "solution/notes.md" };
	int err = 0;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && !err; i++)
		err = need_file(r, (struct ini_at){ r->file, 0, r->e }, files[i]);
	return err;
}

static int check_lab(const struct manifest_reading *r)
{
	const struct lab_manifest *m = r->m;
	const char *folder = strrchr(m->folder, '/') + 1;
	struct ini_at at = manifest_at(r, "lab", "id", 0);
	char path[128];

	if (strcmp(m->id, folder)) {
		ini_error(&at, "id = '%s'", m->id);
		return err_hint(at.e, "give the folder's name, %s", folder);
	}
	if (strspn(folder, "0123456789") != 3 || folder[3] != '-' ||
	    !manifest_name_ok(folder + 4, "-") || strlen(folder) >= LAB_NAME_LEN) {
		ini_error(&at, "the folder's name '%s' is no id of a lab", folder);
		return err_hint(at.e, "give three digits and a name, such as 070-nagle");
	}
	at = manifest_at(r, "lab", "unit", 0);
	if (!manifest_name_ok(m->unit, "-"))
		return ini_error(&at, "unit = '%s' is no id of a unit", m->unit);
	snprintf(path, sizeof(path), "../articles/%.64s.md", m->unit);
	if (exists(r, "../articles") && !exists(r, path)) {
		ini_error(&at, "there is no unit '%s'", m->unit);
		return err_hint(at.e, "units are the files UNIT.md in labs/articles");
	}
	r->m->needs_line = manifest_at(r, "lab", "needs", 0).line;
	at = manifest_at(r, "lab", "requires", 0);
	for (size_t i = 0; i < m->requires.n; i++) {
		const char *word = m->requires.items[i];
		double cpus = strncmp(word, "cpus:", 5) ? NAN : read_decimal(word + 5, "");

		if (!strcmp(word, "root") || !strcmp(word, "cgroup-cpu") ||
		    (cpus >= 1 && cpus <= 1024 && cpus == (int)cpus))
			continue;
		ini_error(&at, "requires: unknown word '%s'", word);
		return err_hint(at.e, "give root, cpus:N, cgroup-cpu");
	}
	return 0;
}

static int check_name(const struct manifest_reading *r, const char *section, size_t i,
		      const char *name)
{
	static const char *const own[] = { "port", "seconds", "seed", "run", "check" };
	struct ini_at at = manifest_at(r, section, "", i);
	const struct lab_manifest *m = r->m;
	size_t n = 0;

	if (!manifest_name_ok(name, "_")) {
		ini_error(&at, "[%s %s]: a bad name, as it cannot stand in braces", section, name);
		return err_hint(at.e, "give small letters, digits and _");
	}
	for (size_t o = 0; o < sizeof(own) / sizeof(own[0]); o++)
		n += !strcmp(own[o], name);
	for (size_t s = 0; s < m->sources.n; s++)
		n += !strncmp(m->sources.items[s], name, strlen(name)) &&
		     !strcmp(m->sources.items[s] + strlen(name), ".c");
	for (size_t v = 0; v < m->n_vars; v++)
		n += !strcmp(m->vars[v].name, name) && strcmp(section, "var") != 0;
	return n ? ini_error(&at, "[%s %s]: the name means something else already", section, name) :
		   0;
}

static int check_knobs(const struct manifest_reading *r)
{
	const struct lab_manifest *m = r->m;
	char right[256];
	int err = 0;

	for (size_t i = 0; i < m->n_vars && !err; i++)
		err = check_name(r, "var", i, m->vars[i].name);
	for (size_t i = 0; i < m->n_knobs && !err; i++) {
		const struct lab_knob *k = &m->knobs[i];
		struct ini_at at = manifest_at(r, "knob", "choices", i);

		err = check_name(r, "knob", i, k->name);
		if (err)
			return err;
		if (k->choices.n && (!isnan(k->min) || !isnan(k->max)))
			return ini_error(&at, "[knob %s] has choices, and min or max", k->name);
		at = manifest_at(r, "knob", "max", i);
		if (k->max < k->min)
			return ini_error(&at, "[knob %s]: max is below min", k->name);
		at = manifest_at(r, "knob", "default", i);
		if (!settings_value_ok(k, k->otherwise, right, sizeof(right))) {
			ini_error(&at, "default = '%s'", k->otherwise);
			return err_hint(at.e, "give %s", right);
		}
	}
	return err;
}

/* That this word of "edit" is a source or "settings", and that the solution has it. */
static int check_edit(const struct manifest_reading *r, const char *word)
{
	struct ini_at at = manifest_at(r, "service", "edit", 0);
	const struct lab_manifest *m = r->m;
	char path[128];

	if (!strcmp(word, "settings")) {
		if (!m->n_knobs)
			return ini_error(&at, "edit = settings, and the lab has no [knob NAME]");
		return need_file(r, at, "solution/settings.ini");
	}
	for (size_t i = 0; i < m->sources.n; i++) {
		if (strcmp(m->sources.items[i], word))
			continue;
		snprintf(path, sizeof(path), "solution/%.64s", word);
		return need_file(r, at, path);
	}
	ini_error(&at, "edit: '%s' is none of the sources", word);
	return err_hint(at.e, "give a source, or settings");
}

static int check_service(const struct manifest_reading *r)
{
	struct ini_at at = manifest_at(r, "service", "sources", 0);
	const struct lab_manifest *m = r->m;
	char *words, *word, *rest;
	int err = 0;

	if (m->sources.n > LAB_MAX_SOURCES)
		return ini_error(&at, "more than %d sources", LAB_MAX_SOURCES);
	for (size_t i = 0; i < m->sources.n && !err; i++) {
		const char *source = m->sources.items[i];
		size_t n = strlen(source);

		if (n < 3 || n > 40 || strcmp(source + n - 2, ".c") != 0 ||
		    !manifest_name_ok(source, "._") || strchr(source, '.') != source + n - 2) {
			ini_error(&at, "sources: '%s'", source);
			return err_hint(at.e, "give names of small letters, digits and _, and .c");
		}
		err = need_file(r, at, source);
	}
	words = rest = strdup(m->edit);
	if (!words)
		return err_set(r->e, -ENOMEM, "no memory");
	while (!err && (word = strsep(&rest, " \t")))
		if (*word)
			err = check_edit(r, word);
	free(words);
	return err;
}

static int check_load(const struct manifest_reading *r)
{
	struct ini_at at = manifest_at(r, "load", "", 0);
	const struct lab_manifest *m = r->m;

	if (!*m->load[1] == !*m->load_command[1]) {
		ini_error(&at, "[load] has %s", *m->load[1] ? "args and a command" : "no args");
		return err_hint(at.e, "give args of lvt load, or a command instead of it");
	}
	at = manifest_at(r, "trial", "cpus", 0);
	if (strcmp(m->cpus, "auto") != 0 && strcmp(m->cpus, "none") != 0) {
		char service[256];
		cpu_set_t set;
		size_t n = strcspn(m->cpus, ":");

		snprintf(service, sizeof(service), "%.*s", (int)n, m->cpus);
		if (m->cpus[n] != ':' || !cpus_parse(&set, service) ||
		    !cpus_parse(&set, m->cpus + n + 1)) {
			ini_error(&at, "cpus = '%s'", m->cpus);
			return err_hint(at.e, "give auto, none or SERVICE:LOAD, such as 1:0");
		}
	}
	at = manifest_at(r, "system", "cgroup_period_us", 0);
	if (!isnan(m->cgroup_period_us) && isnan(m->cgroup_quota_us))
		return ini_error(&at, "cgroup_period_us without cgroup_quota_us");
	return 0;
}

/* What a text is filled with when it is only checked: a number, as it may be multiplied. */
static int known_name(void *arg, const char *name, char *buf, size_t size, struct err *e)
{
	static const char *const own[] = { "port", "seconds", "seed" };
	const struct lab_manifest *m = arg;
	size_t n = 0, len = strlen(name);

	(void)e;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		n += !strcmp(own[i], name);
	for (size_t i = 0; i < m->n_vars; i++)
		n += !strcmp(m->vars[i].name, name);
	for (size_t i = 0; i < m->n_knobs; i++)
		n += !strcmp(m->knobs[i].name, name);
	for (size_t i = 0; i < m->sources.n; i++)
		n += strlen(m->sources.items[i]) == len + 2 &&
		     !strncmp(m->sources.items[i], name, len);
	snprintf(buf, size, "1");
	return n ? 0 : -ENOENT;
}

char *manifest_fill(const struct manifest_reading *r, const struct ini_at *at, const char *text)
{
	struct err e = { 0 };
	char *filled = fill_text(text, known_name, r->m, &e);

	if (!filled) {
		ini_error(at, "%s", e.message);
		err_hint(at->e, "%s",
			 *e.hint ? e.hint :
				   "braces hold a var or a knob of the lab, a program of it, port, "
				   "seconds or seed");
	}
	return filled;
}

/* That every name in braces is known, in every value. */
static int check_braces(const struct manifest_reading *r)
{
	for (size_t k = 0; manifest_keys[k].name; k++) {
		const struct manifest_key *key = &manifest_keys[k];
		const struct manifest_section *s = manifest_sections;

		while (strcmp(s->name, key->section) != 0)
			s++;
		for (size_t i = 0; i < LAB_MAX_ITEMS; i++) {
			struct ini_at at = { r->file, r->lines[k][i], r->e };
			const char *item = (const char *)r->m + s->items + i * s->size;
			char *filled;

			if (!at.line || key->type != MANIFEST_TEXT)
				continue;
			filled = manifest_fill(r, &at, *(char *const *)(item + key->offset));
			if (!filled)
				return -EINVAL;
			free(filled);
		}
	}
	return 0;
}

int manifest_check(const struct manifest_reading *r)
{
	int (*const checks[])(const struct manifest_reading *r) = {
		check_required, check_lab,    check_service, check_knobs,
		check_load,	check_braces, check_files,   manifest_check_legs,
	};
	int err = 0;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]) && !err; i++)
		err = checks[i](r);
	return err;
}
