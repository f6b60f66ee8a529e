// SPDX-License-Identifier: BSD-2-Clause
#include "lab/md_table.h"

#include <stdlib.h>

enum {
	GAP = 2,	/* between two columns */
	LEAST = 3,	/* of a column */
	WORD_KEPT = 18, /* a word that is no wider is cut only if there is no other way */
};

struct md_flow *md_table_cell(struct md_table *t)
{
	struct md_flow *cells;
	size_t size = t->size ? 2 * t->size : 64;

	if (t->n == t->size) {
		cells = realloc(t->cells, size * sizeof(*cells));
		if (!cells) {
			t->failed = true;
			return NULL;
		}
		t->cells = cells;
		t->size = size;
	}
	t->cells[t->n] = (struct md_flow){ 0 };
	return &t->cells[t->n++];
}

void md_table_free(struct md_table *t)
{
	for (size_t i = 0; i < t->n; i++)
		md_flow_free(&t->cells[i]);
	free(t->cells);
	*t = (struct md_table){ 0 };
}

/* Take from the widest column that may still give, until they fit or none may. */
static int shrink(const struct md_table *t, int *width, const int *least, int total, int columns)
{
	while (total > columns) {
		size_t most = t->columns;

		for (size_t c = 0; c < t->columns; c++)
			if (width[c] > least[c] && (most == t->columns || width[c] > width[most]))
				most = c;
		if (most == t->columns)
			break;
		width[most]--;
		total--;
	}
	return total;
}

static void find_widths(const struct md_table *t, int columns, int *width)
{
	int word[MD_TABLE_MAX_COLUMNS] = { 0 }, least[MD_TABLE_MAX_COLUMNS];
	int total = GAP * ((int)t->columns - 1);

	for (size_t c = 0; c < t->columns; c++) {
		width[c] = 0;
		least[c] = LEAST;
	}
	for (size_t i = 0; i < t->n; i++) {
		size_t c = i % t->columns;
		int all = md_flow_widest(&t->cells[i]), one = md_flow_widest_word(&t->cells[i]);

		if (all > width[c])
			width[c] = all;
		if (one > word[c])
			word[c] = one < WORD_KEPT ? one : WORD_KEPT;
	}
	for (size_t c = 0; c < t->columns; c++)
		total += width[c];
	total = shrink(t, width, word, total, columns);
	shrink(t, width, least, total, columns);
}

static void spaces(FILE *out, int n)
{
	if (n > 0)
		fprintf(out, "%*s", n, "");
}

/* One line of a row; at[] is how far each cell was printed. */
static void print_line(const struct md_table *t, size_t row, const int *width, size_t *at,
		       FILE *out, bool colour)
{
	int pending = 0; /* blanks that are printed only if something follows */

	for (size_t c = 0; c < t->columns && row + c < t->n; c++) {
		const struct md_flow *cell = &t->cells[row + c];
		size_t end, next = md_flow_line(cell, at[c], width[c], true, &end);
		int left = width[c] - md_flow_width(cell, at[c], end), before = 0;

		if (t->align[c] == MD_ALIGNED_RIGHT)
			before = left;
		else if (t->align[c] == MD_ALIGNED_CENTRE)
			before = left / 2;
		if (end > at[c]) {
			spaces(out, pending + before);
			md_flow_put(cell, at[c], end, out, colour);
			pending = left - before + GAP;
		} else {
			pending += width[c] + GAP;
		}
		at[c] = next;
	}
	fputc('\n', out);
}

static bool row_is_done(const struct md_table *t, size_t row, const size_t *at)
{
	for (size_t c = 0; c < t->columns && row + c < t->n; c++)
		if (at[c] < t->cells[row + c].n)
			return false;
	return true;
}

static void rule(const struct md_table *t, const int *width, FILE *out, const char *prefix)
{
	fputs(prefix, out);
	for (size_t c = 0; c < t->columns; c++) {
		for (int i = 0; i < width[c]; i++)
			fputs("─", out);
		spaces(out, c + 1 < t->columns ? GAP : 0);
	}
	fputc('\n', out);
}

void md_table_print(const struct md_table *t, FILE *out, const char *prefix, int columns,
		    bool colour)
{
	int width[MD_TABLE_MAX_COLUMNS];

	if (!t->columns)
		return;
	find_widths(t, columns, width);
	for (size_t row = 0; row < t->n; row += t->columns) {
		size_t at[MD_TABLE_MAX_COLUMNS] = { 0 };

		do {
			fputs(prefix, out);
			print_line(t, row, width, at, out, colour);
		} while (!row_is_done(t, row, at));
		if (!row)
			rule(t, width, out, prefix);
	}
}
