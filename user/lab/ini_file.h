/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LAB_INI_FILE_H
#define LVT_LAB_INI_FILE_H

#include <stdio.h>

#include "base/err.h"

/*
 * INI files, read by inih, with line numbers in every error. A comment starts with ';' or '#' at the start
 * of a line, or with ';' after a blank. An indented line continues the value before it, joined with one
 * blank. A line is shorter than 200 bytes (inih's limit).
 */

/* Where something stands. */
struct ini_at {
	const char *file;
	int line; /* from 1; 0 = the file as a whole */
	struct err *e;
};

/* "FILE:LINE: ..."; returns -EINVAL. err_hint(at->e, ...) may follow. */
int ini_error(const struct ini_at *at, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

struct ini_calls {
	/* At each [section]; may be NULL. Both return 0, or -errno after ini_error(), which ends it. */
	int (*section)(void *arg, const struct ini_at *at, const char *section);
	/* The value is whole; at is where its key stands. A key before any section has section "". */
	int (*value)(void *arg, const struct ini_at *at, const char *section, const char *name,
		     const char *value);
};

/* Returns 0 or -errno with *e filled. in is read to its end, and not closed. */
int ini_stream_read(FILE *in, const char *file, const struct ini_calls *calls, void *arg,
		    struct err *e);

/* The same of a regular file. */
int ini_file_read(const char *file, const struct ini_calls *calls, void *arg, struct err *e);

#endif
