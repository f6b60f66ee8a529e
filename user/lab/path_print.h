/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LAB_PATH_PRINT_H
#define LVT_LAB_PATH_PRINT_H

#include <stdio.h>

#include "lab/path_state.h"

/* The path in its forms. All return 0 or -errno with *e filled. */

/* A screen: the units with their labs and states, what to read besides, what is left, what is next. */
int path_text(FILE *out, const struct path_state *s, struct err *e);

/* The completion checklist: each line ticked, or what is missing. */
int path_checklist(FILE *out, const struct path_state *s, struct err *e);

/* One object, schema "lvt.path/1". */
int path_json(FILE *out, const struct path_state *s, struct err *e);

/* The whole course as one page, with the reader's own figures. */
int path_html(FILE *out, const struct path_state *s, struct err *e);

/* The article, for a terminal; a note before it if the unit is locked. */
int path_print_article(FILE *out, const struct path_state *s, const struct path_item *item,
		       int columns, bool colour, struct err *e);

#endif
