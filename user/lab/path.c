// SPDX-License-Identifier: BSD-2-Clause
#include "lab/path.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/nearest.h"
#include "lab/ini_file.h"
#include "lab/path_check.h"

enum { MAX_MINUTES = 600 };

static const struct path_section {
	const char *name;
	bool named; /* [NAME OF-IT] */
} sections[] = {
	[PATH_PHASE] = { "phase", true },	  [PATH_UNIT] = { "unit", true },
	[PATH_RESOURCE] = { "resource", true },	  [PATH_SUPPLEMENTARY] = { "walk", true },
	[PATH_CHECKLIST] = { "checklist", true }, [PATH_KINDS] = { "path", false },
};

enum { SECTIONS = sizeof(sections) / sizeof(sections[0]) };

/* In an item, or of [path] in the path. */
#define ITEM(member) offsetof(struct path_item, member)
#define PATH(member) offsetof(struct path, member)

static const struct path_key {
	int section;
	const char *name;
	size_t offset;
	bool number, required;
} keys[] = {
	{ PATH_KINDS, "title", PATH(title), false, true },
	{ PATH_KINDS, "about", PATH(about), false, true },
	{ PATH_KINDS, "prerequisites", PATH(prerequisites), false, false },
	{ PATH_KINDS, "note", PATH(note), false, false },
	{ PATH_PHASE, "title", ITEM(title), false, true },
	{ PATH_PHASE, "needs", ITEM(asked), false, false },
	{ PATH_UNIT, "title", ITEM(title), false, true },
	{ PATH_UNIT, "phase", ITEM(phase), false, true },
	{ PATH_UNIT, "minutes", ITEM(minutes), true, true },
	{ PATH_UNIT, "focus", ITEM(about), false, true },
	{ PATH_UNIT, "needs", ITEM(asked), false, false },
	{ PATH_RESOURCE, "title", ITEM(title), false, true },
	{ PATH_RESOURCE, "about", ITEM(about), false, false },
	{ PATH_SUPPLEMENTARY, "title", ITEM(title), false, true },
	{ PATH_SUPPLEMENTARY, "about", ITEM(about), false, false },
	{ PATH_CHECKLIST, "title", ITEM(title), false, true },
	{ PATH_CHECKLIST, "wants", ITEM(asked), false, true },
};

enum { KEYS = sizeof(keys) / sizeof(keys[0]) };

struct reading {
	struct path *p;
	struct err *e;
	int section;
	struct path_item *item; /* the one that is being read; NULL in [path] */
	int lines[KEYS];	/* of this section: where each key stands */
	int section_line;
};

static int no_memory(struct err *e)
{
	return err_set(e, -ENOMEM, "no memory");
}

/* What a section must have. */
static int end_section(struct reading *r, const char *file)
{
	struct ini_at at = { file, r->section_line, r->e };

	for (size_t k = 0; k < KEYS && r->section_line; k++) {
		if (keys[k].section != r->section || !keys[k].required || r->lines[k])
			continue;
		ini_error(&at, "[%s] has no '%s'", sections[r->section].name, keys[k].name);
		return err_hint(r->e, "write %s = ...", keys[k].name);
	}
	memset(r->lines, 0, sizeof(r->lines));
	return 0;
}

static bool name_ok(const char *name, bool number)
{
	if (!*name || (number && (name[1] || !isdigit((unsigned char)*name))))
		return false;
	for (; *name; name++)
		if (!islower((unsigned char)*name) && !isdigit((unsigned char)*name) &&
		    *name != '-')
			return false;
	return true;
}

static int start_item(struct reading *r, const struct ini_at *at, const char *name)
{
	struct path *p = r->p;

	if (p->n == PATH_MAX_ITEMS)
		return ini_error(at, "more than %d sections", PATH_MAX_ITEMS);
	if (!name_ok(name, r->section == PATH_PHASE)) {
		ini_error(at, "'%s' is no name of a %s", name, sections[r->section].name);
		return err_hint(at->e, r->section == PATH_PHASE ?
					       "phases are [phase 1], [phase 2], ..." :
					       "write small letters, digits and '-'");
	}
	for (size_t i = 0; i < p->n; i++)
		if (!strcmp(p->items[i].name, name) &&
		    (r->section == PATH_CHECKLIST) == (p->items[i].kind == PATH_CHECKLIST))
			return ini_error(at, "'%s' stands already in line %d", name,
					 p->items[i].line);
	r->item = &p->items[p->n++];
	*r->item = (struct path_item){ .kind = r->section,
				       .name = strdup(name),
				       .title = strdup(""),
				       .about = strdup(""),
				       .asked = strdup(""),
				       .minutes = NAN,
				       .line = at->line };
	if (!r->item->name || !r->item->title || !r->item->about || !r->item->asked)
		return no_memory(r->e);
	return 0;
}

static int start_section(void *arg, const struct ini_at *at, const char *section)
{
	struct reading *r = arg;
	size_t n = strcspn(section, " ");
	int err = end_section(r, at->file);

	if (err)
		return err;
	r->section_line = at->line;
	r->item = NULL;
	for (r->section = 0; r->section < SECTIONS; r->section++) {
		const struct path_section *s = &sections[r->section];

		if (strlen(s->name) != n || strncmp(section, s->name, n))
			continue;
		if (s->named)
			return start_item(r, at, section + n + strspn(section + n, " "));
		if (!section[n])
			return 0;
	}
	ini_error(at, "unknown section [%s]", section);
	return err_hint(at->e, "there are [path], [phase N], [unit NAME], [resource NAME], "
			       "[walk NAME], [checklist NAME]");
}

/* A unit's phase comes before it. */
static int take_phase(struct reading *r, const struct ini_at *at, const char *value)
{
	for (size_t i = 0; i < r->p->n; i++) {
		if (r->p->items[i].kind != PATH_PHASE || strcmp(r->p->items[i].name, value))
			continue;
		r->item->phase = &r->p->items[i];
		return 0;
	}
	ini_error(at, "phase: there is no [phase %s] before this", value);
	return err_hint(at->e, "give the number of a phase");
}

static int take(struct reading *r, const struct ini_at *at, const struct path_key *key,
		const char *value)
{
	void *of = r->item ? (void *)r->item : (void *)r->p, *to = (char *)of + key->offset;
	char *copy;

	if (!*value)
		return ini_error(at, "%s: nothing is given", key->name);
	if (!strcmp(key->name, "phase"))
		return take_phase(r, at, value);
	if (key->number) {
		*(double *)to = read_decimal(value, "");
		if (*(double *)to >= 1 && *(double *)to <= MAX_MINUTES)
			return 0;
		ini_error(at, "%s: '%s'", key->name, value);
		return err_hint(at->e, "give a number from 1 to %d", MAX_MINUTES);
	}
	copy = strdup(value);
	if (!copy)
		return no_memory(r->e);
	free(*(char **)to);
	*(char **)to = copy;
	return 0;
}

static int take_value(void *arg, const struct ini_at *at, const char *section, const char *name,
		      const char *value)
{
	struct reading *r = arg;
	struct nearest near;

	if (!*section)
		return ini_error(at, "'%s' stands before any section", name);
	nearest_start(&near, name);
	for (size_t k = 0; k < KEYS; k++) {
		if (keys[k].section != r->section)
			continue;
		if (strcmp(keys[k].name, name)) {
			nearest_try(&near, keys[k].name);
			continue;
		}
		if (r->lines[k])
			return ini_error(at, "'%s' stands already in line %d", name, r->lines[k]);
		r->lines[k] = at->line;
		return take(r, at, &keys[k], value);
	}
	ini_error(at, "unknown key '%s' in [%s]", name, section);
	return near.best ? err_hint(at->e, "did you mean '%s'?", near.best) :
			   err_hint(at->e, "labs/README.md lists the keys");
}

int path_read_stream(struct path *p, FILE *in, const char *file, struct err *e)
{
	static const struct ini_calls calls = { start_section, take_value };
	struct reading r = { .p = p, .e = e };
	int err = 0;

	p->title = strdup("");
	p->about = strdup("");
	p->prerequisites = strdup("");
	p->note = strdup("");
	if (!p->title || !p->about || !p->prerequisites || !p->note)
		err = no_memory(e);
	if (!err)
		err = in ? ini_stream_read(in, file, &calls, &r, e) :
			   ini_file_read(file, &calls, &r, e);
	if (!err)
		err = end_section(&r, file);
	return err ? err : path_check(p, file, e);
}

int path_read(struct path *p, const char *folder, struct err *e)
{
	char file[4200];
	int err;

	*p = (struct path){ .folder = strdup(folder) };
	if (!p->folder)
		return no_memory(e);
	if (snprintf(file, sizeof(file), "%s/path.ini", folder) >= (int)sizeof(file))
		return err_set(e, -ENAMETOOLONG, "the path of the labs is too long");
	err = path_read_stream(p, NULL, file, e);
	return err ? err : path_check_articles(p, file, e);
}

void path_free(struct path *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->items[i].name);
		free(p->items[i].title);
		free(p->items[i].about);
		free(p->items[i].asked);
	}
	free(p->folder);
	free(p->title);
	free(p->about);
	free(p->prerequisites);
	free(p->note);
	*p = (struct path){ 0 };
}

const struct path_item *path_next(const struct path *p, enum path_kind kind,
				  const struct path_item *after)
{
	for (size_t i = after ? after - p->items + 1 : 0; i < p->n; i++)
		if (p->items[i].kind == kind)
			return &p->items[i];
	return NULL;
}

bool path_is_read(const struct path_item *item)
{
	return item->kind == PATH_UNIT || item->kind == PATH_RESOURCE ||
	       item->kind == PATH_SUPPLEMENTARY;
}
