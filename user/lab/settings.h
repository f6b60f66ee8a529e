/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LAB_SETTINGS_H
#define LVT_LAB_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "lab/manifest.h"

struct fill; /* lab/fill.h */

/* What the learner has set: a value for each knob of the lab, in its order. "" = not given yet. */
struct lab_settings {
	char *values[LAB_MAX_ITEMS];
	size_t n;
};

/* All functions return 0 or -errno with *e filled. *s is to be freed either way. */

int settings_defaults(struct lab_settings *s, const struct lab_manifest *lab, struct err *e);

/*
 * The file's settings; a knob that is not in it has its default. What is wrong is named as FILE:LINE, with
 * what would be right. A lab without knobs needs no file.
 */
int settings_read(struct lab_settings *s, const struct lab_manifest *lab, const char *file,
		  struct err *e);

/* Write them, with what each knob is as a comment, filled in. A file that is there is replaced. */
int settings_write(const struct lab_settings *s, const struct fill *f, const char *file,
		   struct err *e);

/*
 * Whether a knob may have this value: of letters, digits and ._,:/%+- (it comes to stand in commands), of
 * the choices, and within the bounds. "" is no answer yet, which is right where the default is. If not, what would be right goes to right, if it is not NULL. */
bool settings_value_ok(const struct lab_knob *knob, const char *value, char *right, size_t size);

void settings_free(struct lab_settings *s); /* idempotent */

#endif
