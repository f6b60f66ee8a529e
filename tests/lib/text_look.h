/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_TEXT_LOOK_H
#define LVT_TEXT_LOOK_H

/* What the text report says. To be included after cmocka's headers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "report/text.h"

/* The report as a string at a width, with so many of the slowest requests; free() it. */
static inline char *render_slowest(const struct run *r, const char *columns, size_t slowest)
{
	struct text_options options = { .slowest = slowest };
	struct err e = { 0 };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	setenv("COLUMNS", columns, 1);
	assert_int_equal(report_text(out, r, slowest ? &options : NULL, &e), 0);
	fclose(out);
	return text;
}

static inline char *render(const struct run *r, const char *columns)
{
	return render_slowest(r, columns, 0);
}

static inline void check_lines(const char *text, size_t width)
{
	char *copy = strdup(text), *save = NULL;

	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (utf8_width(line) > width)
			print_error("%zu columns: %s\n", utf8_width(line), line);
		assert_true(utf8_width(line) <= width);
		assert_true(line[strlen(line) - 1] != ' ');
	}
	free(copy);
}

static inline void assert_says(const char *text, const char *what)
{
	if (!strstr(text, what))
		print_error("missing: %s\n", what);
	if (!strstr(text, what))
		fputs(text, stderr); /* too long for print_error() */
	assert_non_null(strstr(text, what));
}

/* As assert_says(), with every run of spaces as one: how far columns are apart is taste. */
static inline void assert_row(const char *text, const char *what)
{
	char *copy = strdup(text), *to = copy;

	for (const char *c = text; *c; c++)
		if (*c != ' ' || c == text || c[-1] != ' ')
			*to++ = *c;
	*to = '\0';
	assert_says(copy, what);
	free(copy);
}

static inline void assert_silent(const char *text, const char *what)
{
	if (strstr(text, what))
		print_error("not expected: %s\nin:\n%s\n", what, text);
	assert_null(strstr(text, what));
}

#endif
