// SPDX-License-Identifier: BSD-2-Clause
#include "report/page.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/term.h"
#include "base/units.h"
#include "base/wrap.h"

/* Stands for a space at which no line is broken, until the line is printed. */
#define NO_BREAK "\xc2\xa0"

void page_open(struct page *p, FILE *out)
{
	*p = (struct page){ .out = out, .columns = term_columns(out) };
	if (p->columns > PAGE_MAX_COLUMNS)
		p->columns = PAGE_MAX_COLUMNS;
	p->colour = term_colour(out);
}

void page_style(const struct page *p, int style)
{
	if (p->colour)
		fprintf(p->out, "\033[%dm", style);
}

void page_repeat(const struct page *p, const char *text, int n)
{
	while (n-- > 0)
		fputs(text, p->out);
}

/* Whether the word before end is a number: neither a name that ends in one nor an address. */
static bool is_number(const char *text, const char *end)
{
	const char *word = end;

	while (word > text && word[-1] != ' ')
		word--;
	return isdigit((unsigned char)*word) && isdigit((unsigned char)end[-1]) &&
	       !memchr(word, ':', end - word);
}

/* A copy in which the space after a number does not break; NULL without memory. */
static char *keep_numbers(const char *text)
{
	char *copy = calloc(1, 2 * strlen(text) + 1), *to = copy;

	for (const char *c = text; copy && *c; c++) {
		if (*c == ' ' && c > text && is_number(text, c))
			to = stpcpy(to, NO_BREAK);
		else
			*to++ = *c;
	}
	return copy;
}

static void put_spaces(FILE *out, const char *text)
{
	const char *mark;

	while ((mark = strstr(text, NO_BREAK))) {
		fprintf(out, "%.*s ", (int)(mark - text), text);
		text = mark + strlen(NO_BREAK);
	}
	fputs(text, out);
}

/* Columns of the widest part of a text that is not broken. */
static int widest_word(const char *text)
{
	char word[512];
	int most = 0;

	for (size_t len; *text; text += len + (text[len] == ' ')) {
		len = strcspn(text, " ");
		snprintf(word, sizeof(word), "%.*s", (int)len, text);
		if ((int)utf8_width(word) > most)
			most = utf8_width(word);
	}
	return most;
}

void page_text(const struct page *p, int indent, const char *label, int style, const char *text)
{
	char *kept = keep_numbers(text), *wrapped = NULL;
	int column = utf8_width(label), len = strlen(label);
	FILE *memory;
	size_t size;

	if (kept && indent > PAGE_LEAST_INDENT && widest_word(kept) > p->columns - indent)
		indent = PAGE_LEAST_INDENT;
	while (column > indent && len &&
	       label[len - 1] == ' ') /* it will stand alone on its line */
		len--;
	page_style(p, style);
	fprintf(p->out, "%.*s", len, label);
	page_style(p, STYLE_PLAIN);
	memory = kept ? open_memstream(&wrapped, &size) : NULL;
	if (memory) {
		print_wrapped(memory, kept, column, indent, p->columns);
		fclose(memory);
	}
	if (wrapped)
		put_spaces(p->out, wrapped);
	else
		fprintf(p->out, " %s\n", text); /* no memory: unwrapped is better than not at all */
	free(wrapped);
	free(kept);
}

void items_add(struct items *l, const char *fmt, ...)
{
	char item[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(item, sizeof(item), fmt, ap);
	va_end(ap);
	if (l->len + 2 * strlen(item) + 8 > sizeof(l->text))
		return;
	if (l->len)
		l->len += sprintf(l->text + l->len, NO_BREAK "· ");
	for (const char *c = item; *c; c++) {
		if (*c == ' ')
			l->len += sprintf(l->text + l->len, NO_BREAK);
		else
			l->text[l->len++] = *c;
	}
	l->text[l->len] = '\0';
}
