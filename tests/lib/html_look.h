/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_HTML_LOOK_H
#define LVT_HTML_LOOK_H

/* What pages and images look like. To be included after cmocka's headers. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"

/* Every tag is closed in its turn, all of it is UTF-8, and no number came out as NAN. */
static inline void check_page(const char *text)
{
	const char *const voids[] = { "meta", "link", "!DOCTYPE" };
	char stack[64][16];
	size_t depth = 0, used, left = strlen(text);

	for (const char *c = text; *c; c += used, left -= used) {
		char name[16] = "";
		bool is_void = false;
		const char *end;

		assert_true(utf8_decode(c, left, &used) >= 0);
		if (*c != '<')
			continue;
		end = strchr(c, '>');
		assert_non_null(end);
		sscanf(c + 1, "%15[^ />]", name);
		if (c[1] == '/') {
			sscanf(c + 2, "%15[^>]", name);
			assert_true(depth > 0);
			assert_string_equal(name, stack[--depth]);
			continue;
		}
		for (size_t i = 0; i < sizeof(voids) / sizeof(voids[0]); i++)
			is_void |= !strcmp(name, voids[i]);
		if (is_void || end[-1] == '/')
			continue;
		assert_true(depth < 64);
		strcpy(stack[depth++], name);
	}
	assert_int_equal(depth, 0);
	assert_null(strstr(text, "nan%"));
	assert_null(strstr(text, "inf%"));
}

static inline size_t times(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

#endif
