// SPDX-License-Identifier: BSD-2-Clause
#include "top/grid.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/units.h"
#include "report/page.h"

int grid_open(struct grid *g, int rows, int cols, bool ascii)
{
	*g = (struct grid){ .rows = rows, .cols = cols, .ascii = ascii };
	g->cell = calloc((size_t)rows * cols ?: 1, sizeof(*g->cell));
	if (!g->cell)
		return -ENOMEM;
	for (int i = 0; i < rows * cols; i++)
		strcpy(g->cell[i].text, " ");
	return 0;
}

void grid_free(struct grid *g)
{
	free(g->cell);
	*g = (struct grid){ 0 };
}

/* What a character looks like in ASCII. */
static const char *likeness(const char *text)
{
	static const struct {
		const char *utf8, *ascii;
	} like[] = {
		{ "█", "#" }, { "▓", "%" }, { "▒", "=" }, { "░", ":" }, { "▞", "/" }, { "·", "." },
		{ "▁", "_" }, { "▂", "." }, { "▃", "-" }, { "▄", "~" }, { "▅", "=" }, { "▆", "+" },
		{ "▇", "*" }, { "─", "-" }, { "│", "|" }, { "├", "|" }, { "┤", "|" }, { "┼", "+" },
		{ "┌", "+" }, { "┐", "+" }, { "└", "+" }, { "┘", "+" }, { "→", ">" }, { "▼", "v" },
		{ "▲", "^" }, { "↑", "^" }, { "↓", "v" }, { "µ", "u" }, { "×", "x" }, { "–", "-" },
		{ "…", "~" }, { "✝", "x" },
	};

	for (size_t i = 0; i < sizeof(like) / sizeof(like[0]); i++)
		if (!strcmp(like[i].utf8, text))
			return like[i].ascii;
	return "?";
}

/* Put one character; returns how many columns it takes, which may be none. */
static int put_one(struct grid *g, int row, int col, int room, int style, const char *text,
		   size_t *used)
{
	struct cell *c = &g->cell[row * g->cols + col];
	char one[CELL_LEN] = "";
	long code = utf8_decode(text, strlen(text), used);
	int width;

	memcpy(one, text, *used);
	if (code < 0x20 || code == 0x7f) /* not UTF-8, too */
		strcpy(one, "?");
	if (g->ascii && code >= 0x80)
		strcpy(one, likeness(one));
	width = (int)utf8_width(one);
	if (!width || width > room)
		return width > room ? room : 0;
	strcpy(c->text, one);
	c->style = style;
	if (width == 2) {
		c[1].text[0] = '\0';
		c[1].style = style;
	}
	return width;
}

int grid_put(struct grid *g, int row, int col, int width, int style, const char *text)
{
	int end = width < g->cols - col ? col + width : g->cols;
	size_t used;

	if (row < 0 || row >= g->rows || col < 0)
		return col;
	for (; *text && col < end; text += used)
		col += put_one(g, row, col, end - col, style, text, &used);
	return col;
}

void grid_put_right(struct grid *g, int row, int col, int width, int style, const char *text)
{
	int has = (int)utf8_width(text);

	grid_put(g, row, has < width ? col + width - has : col, has < width ? has : width, style,
		 text);
}

void grid_mark(struct grid *g, int row, int col, int width, int style)
{
	if (row < 0 || row >= g->rows)
		return;
	for (int c = col < 0 ? 0 : col; c < col + width && c < g->cols; c++)
		g->cell[row * g->cols + c].style |= style;
}

/* ---- a report's lines ---- */

/* What a report's code stands for; colours add to what there is. */
static int add_style(int style, long code)
{
	switch (code) {
	case STYLE_BOLD:
		return style | CELL_BOLD;
	case STYLE_DIM:
		return style | CELL_DIM;
	case STYLE_QUEUE:
		return (style & ~CELL_COLOUR) | CELL_QUEUE;
	case STYLE_RUNNING:
		return (style & ~CELL_COLOUR) | CELL_RUNNING;
	case STYLE_WAITING:
		return (style & ~CELL_COLOUR) | CELL_WAITING;
	default:
		return CELL_PLAIN;
	}
}

/* A line up to its end; the style goes on in the next. */
static void put_line(struct grid *g, int row, const char *line, size_t len, int *style)
{
	const char *end = line + len, *stop;
	char part[512];
	int col = 0;

	while (line < end) {
		if (*line == '\033' && end - line > 2 && line[1] == '[') {
			*style = add_style(*style, strtol(line + 2, (char **)&line, 10));
			line += line < end && *line == 'm';
			continue;
		}
		stop = memchr(line, '\033', end - line) ?: end;
		if (stop == line)
			stop++;
		if (stop - line >= (long)sizeof(part)) { /* before a whole character */
			stop = line + sizeof(part) - 1;
			while (stop > line + 1 && (*stop & 0xc0) == 0x80)
				stop--;
		}
		memcpy(part, line, stop - line);
		part[stop - line] = '\0';
		col = grid_put(g, row, col, INT_MAX / 2, *style, part);
		line = stop;
	}
}

int grid_page(struct grid *g, int from, int to, int skip, const char *text)
{
	int n = 0, style = CELL_PLAIN;
	size_t len;

	for (; *text; text += len + (text[len] == '\n'), n++) {
		int row = from + n - skip;

		len = strcspn(text, "\n");
		put_line(g, row >= from && row < to ? row : -1, text, len, &style);
	}
	return n;
}

const char *grid_row(const struct grid *g, int row, char *buf, size_t size)
{
	size_t len = 0, end = 0;

	buf[0] = '\0';
	if (row < 0 || row >= g->rows)
		return buf;
	for (int c = 0; c < g->cols; c++) {
		const char *text = g->cell[row * g->cols + c].text;

		if (len + strlen(text) >= size)
			break;
		strcpy(buf + len, text);
		len += strlen(text);
		if (*text && *text != ' ')
			end = len;
	}
	buf[end] = '\0';
	return buf;
}
