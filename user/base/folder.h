/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_FOLDER_H
#define LVT_FOLDER_H

#include "base/err.h"

/*
 * A folder that a command fills, safely also as root: under sudo it belongs to the user who called it,
 * and so do the files in it.
 */

/* Make it, or take it if it is there, is nobody else's and is empty. Returns 0 or -errno with *e filled. */
int folder_make(const char *path, struct err *e);

/*
 * Open it and lock it for this process. Returns a descriptor, or -errno with *e filled: it is not
 * there, it is a symbolic link, it belongs to somebody else, or it is in use.
 */
int folder_lock(const char *path, struct err *e);

/* A new empty file in it, in place of what has that name. Returns a descriptor or -errno. */
int folder_file(int folder, const char *name, struct err *e);

/*
 * Rename a file or a folder to a name that nothing has. Returns 0 or -errno; -EEXIST: something has it.
 */
int folder_rename_new(const char *from, const char *to);

/* Remove a folder and all that is in it, through no symbolic link. 0 or -errno; 0 too if it is not there. */
int folder_remove(const char *path);

#endif
