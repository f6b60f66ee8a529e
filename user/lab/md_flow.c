// SPDX-License-Identifier: BSD-2-Clause
#include "lab/md_flow.h"

#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/units.h"

static bool reserve(struct md_flow *f, size_t more)
{
	size_t size = f->size ? f->size : 256;
	unsigned char *style;
	char *text;

	while (size < f->n + more)
		size *= 2;
	if (size == f->size)
		return true;
	text = realloc(f->text, size);
	if (text)
		f->text = text;
	style = realloc(f->style, size);
	if (style)
		f->style = style;
	if (text && style)
		f->size = size;
	else
		f->failed = true;
	return text && style;
}

static void append(struct md_flow *f, const char *text, size_t n, unsigned int style)
{
	if (f->failed || !n || !reserve(f, n))
		return;
	memcpy(f->text + f->n, text, n);
	memset(f->style + f->n, style, n);
	f->n += n;
}

/* Blanks up to the next column that is a multiple of 8. */
static void tab(struct md_flow *f, unsigned int style)
{
	size_t start = f->n;

	while (start && f->text[start - 1] != '\n')
		start--;
	append(f, "        ", 8 - md_flow_width(f, start, f->n) % 8, style);
}

void md_flow_add(struct md_flow *f, const char *bytes, size_t n, unsigned int style)
{
	char safe[4 * ESCAPE_FACTOR + 1];
	size_t used;

	for (; n; bytes += used, n -= used) {
		used = 1;
		if (*bytes == '\n') {
			append(f, bytes, 1, style);
		} else if (*bytes == '\t') {
			tab(f, style);
		} else {
			utf8_decode(bytes, n, &used);
			escape_bytes(safe, sizeof(safe), bytes, used);
			append(f, safe, strlen(safe), style);
		}
	}
}

void md_flow_say(struct md_flow *f, const char *text, unsigned int style)
{
	md_flow_add(f, text, strlen(text), style);
}

void md_flow_clear(struct md_flow *f)
{
	f->n = 0;
}

void md_flow_free(struct md_flow *f)
{
	free(f->text);
	free(f->style);
	*f = (struct md_flow){ 0 };
}

/* Columns of the character at from, and how many bytes it has. */
static int character(const struct md_flow *f, size_t from, size_t end, size_t *used)
{
	char one[8];

	utf8_decode(f->text + from, end - from, used);
	if (*used == 1)
		return 1;
	memcpy(one, f->text + from, *used);
	one[*used] = '\0';
	return utf8_width(one);
}

int md_flow_width(const struct md_flow *f, size_t from, size_t end)
{
	int width = 0;
	size_t used;

	for (; from < end; from += used)
		width += character(f, from, end, &used);
	return width;
}

static int widest(const struct md_flow *f, const char *ends)
{
	size_t start = 0;
	int most = 0;

	for (size_t i = 0; i <= f->n; i++) {
		if (i < f->n && !strchr(ends, f->text[i]))
			continue;
		if (md_flow_width(f, start, i) > most)
			most = md_flow_width(f, start, i);
		start = i + 1;
	}
	return most;
}

int md_flow_widest(const struct md_flow *f)
{
	return widest(f, "\n");
}

int md_flow_widest_word(const struct md_flow *f)
{
	return widest(f, " \n");
}

size_t md_flow_line(const struct md_flow *f, size_t from, int width, bool cut, size_t *end)
{
	size_t at = from, used, kept = from; /* kept: the end of the last whole word */
	int columns = 0;

	for (; at < f->n && f->text[at] != '\n'; at += used) {
		if (f->text[at] == ' ' && at > from && f->text[at - 1] != ' ')
			kept = at;
		columns += character(f, at, f->n, &used);
		if (columns <= width || f->text[at] == ' ')
			continue;
		if (kept == from && (!cut || at == from))
			continue;
		if (kept == from)
			kept = at;
		*end = kept;
		while (kept < f->n && f->text[kept] == ' ')
			kept++;
		return kept;
	}
	*end = at;
	while (*end > from && f->text[*end - 1] == ' ')
		--*end;
	return at < f->n ? at + 1 : at;
}

static void put_style(FILE *out, unsigned int style)
{
	static const char *const codes[] = { ";1", ";3", ";36", ";4", ";2", ";9" };

	fputs("\033[0", out);
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (style & 1u << i)
			fputs(codes[i], out);
	fputc('m', out);
}

void md_flow_put(const struct md_flow *f, size_t from, size_t end, FILE *out, bool colour)
{
	unsigned int style = 0;

	for (; from < end; from++) {
		if (colour && f->style[from] != style)
			put_style(out, style = f->style[from]);
		fputc(f->text[from], out);
	}
	if (style)
		put_style(out, 0);
}
