// SPDX-License-Identifier: BSD-2-Clause
#include "base/words.h"

#include <errno.h>
#include <string.h>

static const char blanks[] = " \t\r\n";

/* One word from *from on, to `to`. Returns the end of what was written, NULL if a quote is open. */
static char *one_word(char **from, char *to)
{
	char *p = *from, quote = 0;

	for (; *p && (quote || !strchr(blanks, *p)); p++) {
		if (*p == quote) {
			quote = 0;
		} else if (!quote && (*p == '\'' || *p == '"')) {
			quote = *p;
		} else if (*p == '\\' && quote != '\'' && p[1] &&
			   (!quote || p[1] == '"' || p[1] == '\\')) {
			*to++ = *++p;
		} else {
			*to++ = *p;
		}
	}
	*from = p;
	return quote ? NULL : to;
}

int words_split(char *line, char **words, size_t max)
{
	size_t n = 0;

	for (;;) {
		char *word, *end;

		line += strspn(line, blanks);
		if (!*line)
			return n;
		if (n == max)
			return -E2BIG;
		word = line;
		end = one_word(&line, word);
		if (!end)
			return -EINVAL;
		if (*line)
			line++;
		*end = '\0';
		words[n++] = word;
	}
}

/* Nothing in such words means anything to sh (braces do to some, with a comma between them). */
static const char plain[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:={}@%+-";

int words_quote(char *line, size_t size, const char *word)
{
	size_t n = strlen(line), len = strlen(word);

	if (n + len + 4 > size)
		return -E2BIG;
	if (n)
		line[n++] = ' ';
	if (len && strspn(word, plain) == len) {
		memcpy(line + n, word, len + 1);
		return 0;
	}
	line[n++] = '\'';
	for (; *word; word++) {
		if (n + 6 > size)
			return -E2BIG;
		if (*word == '\'') {
			memcpy(line + n, "'\\''", 4);
			n += 4;
		} else {
			line[n++] = *word;
		}
	}
	if (n + 2 > size)
		return -E2BIG;
	line[n++] = '\'';
	line[n] = '\0';
	return 0;
}
