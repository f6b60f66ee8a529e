/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LAB_PATH_H
#define LVT_LAB_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * The learning path as labs/path.ini has it. Every key stands in one table, in path.c, and labs/README.md
 * explains it. Texts are never NULL: "" is not given.
 */
enum path_kind {
	PATH_PHASE,
	PATH_UNIT,
	PATH_RESOURCE,	    /* a reference article */
	PATH_SUPPLEMENTARY, /* a recorded walk-through */
	PATH_CHECKLIST,	    /* a line of the completion checklist */
	PATH_KINDS
};

enum { PATH_MAX_ITEMS = 64, PATH_MAX_NEEDS = 8 };

struct path_item {
	enum path_kind kind;
	char *name;	 /* of a phase its number; of what is read also that of its article */
	char number[16]; /* of a unit: "1.2"; of a phase: "1" */
	char *title, *about,
		*asked; /* about: of a unit its focus; asked: needs or wants as written */
	double minutes;
	const struct path_item *phase; /* of a unit */
	/* phases and units that come first; of a line of the checklist: the phase that it stands for, or
	 * none for what is supplementary */
	const struct path_item *needs[PATH_MAX_NEEDS];
	size_t n_needs;
	int line;
};

struct path {
	char *folder; /* labs/ */
	char *title, *about, *prerequisites, *note;
	struct path_item items[PATH_MAX_ITEMS]; /* in the file's order */
	size_t n;
};

/*
 * Read folder/path.ini, and see that the articles are there. Returns 0 or -errno with *e filled: FILE:LINE,
 * what is wrong and what would be right. *p is to be freed with path_free() either way, and not to be moved.
 */
int path_read(struct path *p, const char *folder, struct err *e);
void path_free(struct path *p);

/* The next item of a kind after one, or the first after NULL; NULL = there is none. */
const struct path_item *path_next(const struct path *p, enum path_kind kind,
				  const struct path_item *after);

/* Whether it has an article. */
bool path_is_read(const struct path_item *item);

/*
 * What is read, by its number ("1.2"), its name or the begin of one that is only one's. Returns NULL with *e
 * filled (EXIT_USAGE), with the nearest.
 */
const struct path_item *path_find(const struct path *p, const char *name, struct err *e);

/* Its article as it is written; to be freed. NULL with *e filled. */
char *path_article(const struct path *p, const struct path_item *item, struct err *e);

#endif
