/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_CMD_LOAD_H
#define LVT_CMD_LOAD_H

#include <stdbool.h>
#include "base/err.h"

/* What the words of an lvt load say that somebody else wants to run. */
struct load_words {
	bool target;   /* there is one */
	bool duration; /* one of these is given, or what is for files and readers: */
	bool seed, warm_up, output;
};

/*
 * Are these its words (argv[0] is its name)? Without a target they are looked at with `target`. Reorders
 * argv. Returns 0, or -errno with *e filled as lvt load itself would.
 */
int load_words_check(int argc, char **argv, const char *target, struct load_words *w,
		     struct err *e);

#endif
