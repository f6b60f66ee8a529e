/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LAB_PATH_CHECK_H
#define LVT_LAB_PATH_CHECK_H

#include <stdio.h>

#include "lab/path.h"

/* The parts of path_read(): all but the articles, of a stream or (in NULL) the file. p has its folder. */
int path_read_stream(struct path *p, FILE *in, const char *file, struct err *e);

/*
 * Resolve what the items need, number the units, and see that there are some, each after what it needs.
 * All of these return 0 or -errno with *e filled.
 */
int path_check(struct path *p, const char *file, struct err *e);

/* That each article is there. */
int path_check_articles(const struct path *p, const char *file, struct err *e);

#endif
