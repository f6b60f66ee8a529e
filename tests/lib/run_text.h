/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_RUN_TEXT_H
#define LVT_RUN_TEXT_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "store/records.h"
#include "store/run_read.h"

/* Run files as texts that are changed: with the right checksums, so that what is in them is looked at. */

static inline int read_text(const char *text, struct run *r, char warning[RUN_WARNING_LEN],
			    struct err *e)
{
	FILE *in = fmemopen((void *)text, strlen(text), "r");
	int err = run_read_stream(in, "x", r, warning, e);

	fclose(in);
	return err;
}

static inline bool is_closing(const char *line)
{
	return !strncmp(line, CRC_START, strlen(CRC_START));
}

/* The checksums as they belong to the lines. */
static inline void sign(char *text)
{
	uLong crc = 0;

	for (char *line = text, *next; *line; line = next) {
		char digits[CRC_LEN + 1], *rest = line;

		next = strchr(line, '\n') + 1;
		if (is_closing(line))
			rest = line + strlen(CRC_START) + CRC_LEN + 2;
		crc = crc32(crc, (const Bytef *)rest, next - rest);
		if (!is_closing(line))
			continue;
		snprintf(digits, sizeof(digits), "%08lx", crc);
		memcpy(line + strlen(CRC_START), digits, CRC_LEN);
		crc = 0;
	}
}

/* Write `to` for `from` in each line of ours that has it and `with`. */
static inline char *change(const char *text, const char *with, const char *from, const char *to)
{
	char *out = calloc(2, strlen(text)), *p = out;

	for (const char *line = text, *next; *line; line = next) {
		const char *at = strstr(line, from);

		next = strchr(line, '\n') + 1;
		if (at && at < next && strstr(line, with) && strstr(line, with) < next) {
			p = mempcpy(p, line, at - line);
			p = stpcpy(p, to);
			at += strlen(from);
			p = mempcpy(p, at, next - at);
		} else {
			p = mempcpy(p, line, next - line);
		}
	}
	sign(out);
	return out;
}

#endif
