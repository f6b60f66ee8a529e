/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_OUT_FILE_H
#define LVT_OUT_FILE_H

#include <stddef.h>
#include <stdio.h>

#include "base/err.h"

/*
 * A file that a command writes, safely also as root. It is written under a temporary name beside
 * its own (NAME.XXXXXX.part, always a new file) and gets its name when it is whole; what had that
 * name is replaced. Under sudo it belongs to the user who called it.
 *
 * Refused: a name that is something else than a regular file, symbolic links included; a path
 * through a symbolic link that lies in a folder which everybody may write; a file of somebody else in
 * such a folder.
 */
struct out_file {
	int fd;		   /* -1 = none */
	int folder;	   /* of the file */
	char *path, *part; /* as given; the whole temporary path. NULL: fd is the caller's */
};

/* Returns 0 or -errno with *e filled. *o is to be passed to out_file_drop() or _keep(), also then. */
int out_file_open(struct out_file *o, const char *path, struct err *e);

/*
 * A descriptor of the caller's (a memfd) in place of a file: it is written from where it stands, has no
 * name to be given, and is left open by all of the following. Cannot fail.
 */
void out_file_use(struct out_file *o, int fd);

/* Write all of it. Returns 0 or -errno with *e filled; then the file ends as it did before. */
int out_file_write(struct out_file *o, const void *data, size_t n, struct err *e);

/* Give it its name and close it; on failure it keeps the temporary one. */
int out_file_finish(struct out_file *o, struct err *e);

/*
 * Print into a file, which gets its name when it is whole; nothing is left of one that is not.
 * path NULL: to stdout. print() returns 0 or -errno with *e filled, and so does this.
 */
int out_file_print(const char *path, int (*print)(FILE *out, const void *arg, struct err *e),
		   const void *arg, struct err *e);

/* Close what is not finished: and remove it, or keep it under its temporary name. */
void out_file_drop(struct out_file *o);
void out_file_keep(struct out_file *o);

#endif
