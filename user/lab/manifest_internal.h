/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LAB_MANIFEST_INTERNAL_H
#define LVT_LAB_MANIFEST_INTERNAL_H

#include "lab/ini_file.h"
#include "lab/manifest.h"

/* What the parts of the manifest's reader share. */

enum manifest_type {
	MANIFEST_TEXT,	 /* char * */
	MANIFEST_WORDS,	 /* struct lab_words */
	MANIFEST_NUMBER, /* double, min..max */
	MANIFEST_INT,	 /* int, min..max */
	MANIFEST_BOOL,	 /* bool: the first choice is false */
	MANIFEST_CHOICE, /* int: the index of a choice */
};

struct manifest_key {
	const char *section, *name;
	enum manifest_type type;
	size_t offset; /* in the manifest; in a section with a name, in its item */
	bool required;
	double min, max;
	const char *const *choices;
	const char *right; /* what would be right */
};

/* Ends with a NULL name. */
extern const struct manifest_key manifest_keys[];
enum { MANIFEST_KEYS = 64 };

/* A section; one with a name, such as [leg p50], is an item of an array. */
struct manifest_section {
	const char *name;
	size_t items, size,
		count; /* offsets in the manifest, and the size of an item; 0 = no items */
	bool required;
};

extern const struct manifest_section manifest_sections[]; /* ends with a NULL name */
enum { MANIFEST_SECTIONS = 16 };

struct manifest_reading {
	struct lab_manifest *m;
	const char *file;
	struct err *e;
	const struct manifest_section *section;
	void *item;				 /* or the manifest */
	size_t i;				 /* the item's number */
	int lines[MANIFEST_KEYS][LAB_MAX_ITEMS]; /* where a key stands; 0 = not given */
	int section_lines[MANIFEST_SECTIONS][LAB_MAX_ITEMS];
	int sysctl_lines[LAB_MAX_ITEMS];
};

/* As lab_manifest_read(), but lab.ini is read from a stream, if there is one. */
int manifest_read_from(struct lab_manifest *m, const char *folder, FILE *in, struct err *e);

/* Where a key of a section's item stands: its line, else the section's. */
struct ini_at manifest_at(const struct manifest_reading *r, const char *section, const char *name,
			  size_t i);

/* All that the table does not say. Returns 0 or -errno with *e filled. */
int manifest_check(const struct manifest_reading *r);

int manifest_check_legs(const struct manifest_reading *r);

/* A value with stand-ins for what stands in braces, to be freed; NULL with an error at `at`. */
char *manifest_fill(const struct manifest_reading *r, const struct ini_at *at, const char *text);

/* Whether all of a name is of small letters, digits and these, and starts with a letter. */
bool manifest_name_ok(const char *name, const char *more);

#endif
