/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_INVOKER_H
#define LVT_INVOKER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/* Who called: under sudo the user behind it, else the user whose process it is. */
struct invoker {
	uid_t uid;
	gid_t gid;
	bool sudo;	 /* root now, and files are to be given to uid and gid */
	char home[2048]; /* absolute */
};

/* Returns 0, or -ENOENT with *e filled: no home is known. */
int invoker_find(struct invoker *who, struct err *e);

/*
 * Make a folder and those above it as far as they are missing; what is made belongs to the invoker.
 * Returns 0 or -errno with *e filled.
 */
int invoker_make_folder(const struct invoker *who, const char *path, struct err *e);

#endif
