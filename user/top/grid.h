/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_GRID_H
#define LVT_GRID_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What is to be shown, as cells: a screen is drawn here first, so that it can be tested, and printed, without
 * a terminal. Colours are few, and none says anything that its text or shade does not.
 */
enum {
	CELL_PLAIN = 0,
	CELL_BOLD = 1,
	CELL_DIM = 2,
	CELL_REVERSE = 4,
	CELL_UNDERLINE = 8,
	CELL_COLOUR = 0x70, /* one of: */
	CELL_QUEUE = 0x10,
	CELL_RUNNING = 0x20,
	CELL_WAITING = 0x30,
	CELL_WARNING = 0x40,
};

enum { CELL_LEN = 5 }; /* a character in UTF-8, and NUL */

struct cell {
	char text[CELL_LEN]; /* "" = the right half of the wide one before */
	unsigned char style;
};

struct grid {
	int rows, cols;
	bool ascii; /* the terminal knows no UTF-8 */
	struct cell *cell;
};

/* Blank cells; grid_free() it. Returns 0, or -ENOMEM. */
int grid_open(struct grid *g, int rows, int cols, bool ascii);
void grid_free(struct grid *g);

/*
 * Text from a cell on, at most `width` columns of it (and what the row has): what is outside of the
 * grid is left out. Control characters are shown as "?". Without UTF-8 drawing characters and units get
 * their likeness in ASCII, all else is "?". Returns the column after it.
 */
int grid_put(struct grid *g, int row, int col, int width, int style, const char *text);

/* The same at the right end of the width. */
void grid_put_right(struct grid *g, int row, int col, int width, int style, const char *text);

/* Add to the style of cells. */
void grid_mark(struct grid *g, int row, int col, int width, int style);

/*
 * Lines as a report prints them, with its codes for styles (report/page.h), into rows from..to-1, as of the
 * line `skip`. Returns how many lines there are in all.
 */
int grid_page(struct grid *g, int from, int to, int skip, const char *text);

/* A row as text, without the blanks at its end; what does not fit is cut. Returns buf. */
const char *grid_row(const struct grid *g, int row, char *buf, size_t size);

#endif
