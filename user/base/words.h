/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_WORDS_H
#define LVT_WORDS_H

#include <stddef.h>

/*
 * Cut a line into words, in place, as sh does it with blanks, '...', "..." and \x, but without anything
 * else that sh does: no variables, patterns or commands. Returns how many, -EINVAL if a quote is not
 * closed, -E2BIG if there are more than max.
 */
int words_split(char *line, char **words, size_t max);

/*
 * Append a word to a line for sh, quoted, so that it is one word and nothing in it means anything; a
 * space before it if the line is not empty. Returns 0, or -E2BIG if the line does not hold it.
 */
int words_quote(char *line, size_t size, const char *word);

#endif
