/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>
#include "base/escape.h"
#include "base/units.h"
#include "base/wrap.h"

static size_t word_columns(const char *word, size_t len)
{
	char copy[512];

	if (len >= sizeof(copy))
		return len;
	memcpy(copy, word, len);
	copy[len] = '\0';
	return utf8_width(copy);
}

void print_wrapped(FILE *out, const char *text, int column, int indent, int columns)
{
	int at = column;
	size_t spaces = 0;

	if (at > indent) {
		fputc('\n', out);
		at = 0;
	}
	while (*text) {
		size_t len = strcspn(text, " \n");
		int width = (int)word_columns(text, len);

		if (len) {
			if (at > indent && at + (int)spaces + width > columns) {
				fputc('\n', out);
				at = 0;
				spaces = 0;
			}
			if (at < indent) {
				fprintf(out, "%*s", indent - at, "");
				at = indent;
				spaces = 0;
			}
			fprintf(out, "%*s%.*s", (int)spaces, "", (int)len, text);
			at += (int)spaces + width;
			text += len;
		}
		for (spaces = 0; *text == ' '; text++)
			spaces++;
		if (*text == '\n') {
			fputc('\n', out);
			at = 0;
			spaces = 0;
			text++;
		}
	}
	if (at)
		fputc('\n', out);
}
