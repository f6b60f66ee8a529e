/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LAB_TEXTS_H
#define LVT_LAB_TEXTS_H

#include <jansson.h>

#include "lab/fill.h"
#include "lab/manifest.h"

/* A text of the lab, such as "hints/1.md", as it is; to be freed. NULL with *e filled. */
char *text_read(const struct lab_manifest *lab, const char *name, struct err *e);

/* The same, filled in; what is unknown is told with the file's name. */
char *text_filled(const struct fill *f, const char *name, struct err *e);

/*
 * The figures that the texts of the lab name as {run:FIGURE} or {check:FIGURE}, and for a run those that its
 * questions ask for: what a baseline, or a check, has to keep. {NAME: null} is added to an object for each.
 * Returns 0 or -errno with *e filled.
 */
int texts_figures(const struct lab_manifest *lab, bool check, json_t *figures, struct err *e);

/* How many hints the lab has: files hints/N.md from 1 on. */
int texts_hints(const struct lab_manifest *lab);

#endif
