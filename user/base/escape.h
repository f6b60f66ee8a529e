/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_ESCAPE_H
#define LVT_ESCAPE_H

#include <stddef.h>

/*
 * Make a name from outside (a process's name, a cgroup's path, a word of the command line) safe for
 * a terminal and for one line: control characters, bytes that are not UTF-8 and characters that
 * reorder or hide text come out byte by byte as \xNN; the rest is copied. A backslash is copied as
 * it is. n bytes needs a buffer of at most ESCAPE_FACTOR * n + 1; what does not fit is cut before
 * a whole character. Returns buf.
 */
enum { ESCAPE_FACTOR = 4 };

const char *escape_name(char *buf, size_t size, const char *name);

/* The same for len bytes that may hold NUL (shown as \x00). */
const char *escape_bytes(char *buf, size_t size, const char *bytes, size_t len);

/*
 * The code point that starts at s, of which len bytes are readable, and in *used how many bytes it
 * takes; -1 with *used = 1 for a byte that does not start a well-formed UTF-8 sequence.
 */
long utf8_decode(const char *s, size_t len, size_t *used);

#endif
