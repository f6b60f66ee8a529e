// SPDX-License-Identifier: BSD-2-Clause
/* What it looks like. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/units.h"
#include "top/detail.h"
#include "top/view.h"

enum { HEAD_ROWS = 2, FOOT_ROWS = 1, PRINTED_ROWS = LVT_MAX_SERVICES + 3 };

/* ---- head ---- */

/* An item of a line, " · " before it. Returns the column after it. */
static int put_item(struct grid *g, int row, int col, int style, const char *text)
{
	if (col > 0)
		col = grid_put(g, row, col, g->cols, CELL_DIM, " · ");
	return grid_put(g, row, col, g->cols, style, text);
}

static int put_count(struct grid *g, int col, const char *name, __u64 n, int alarm)
{
	char text[64], count[UNIT_LEN];

	snprintf(text, sizeof(text), "%s %s", name, fmt_count(count, sizeof(count), n));
	return put_item(g, 0, col, n ? alarm : CELL_PLAIN, text);
}

static double total_rate(const struct frame *f)
{
	double rate = 0;

	for (int i = 0; i < f->n; i++)
		rate += isnan(f->row[i].rps) ? 0 : f->row[i].rps;
	return rate;
}

/* How the trace is; what must not be missed first. */
static void draw_state(const struct view *v, struct grid *g, const char *first, bool window)
{
	const struct run *r = frame_run(&v->shown);
	char text[128], host[ESCAPE_FACTOR * 64 + 1], unit[UNIT_LEN];
	int col = grid_put(g, 0, 0, g->cols, CELL_BOLD, first);

	if (!r) {
		put_item(g, 0, col, CELL_PLAIN, "measuring");
		return;
	}
	col = put_count(g, col, "loss", run_loss(r), CELL_BOLD | CELL_WARNING | CELL_UNDERLINE);
	col = put_count(g, col, "gaps", frame_gaps(r), CELL_BOLD);
	if (r->n_untraced)
		col = put_count(g, col, "untraced", r->n_untraced, CELL_BOLD | CELL_WARNING);
	snprintf(text, sizeof(text), "%d service%s", v->shown.n, v->shown.n == 1 ? "" : "s");
	col = put_item(g, 0, col, CELL_PLAIN, text);
	col = put_item(g, 0, col, CELL_PLAIN, fmt_rate(unit, sizeof(unit), total_rate(&v->shown)));
	if (window)
		snprintf(text, sizeof(text), "the last %.3f s of %.0f s", v->shown.window_s,
			 r->duration_s);
	else
		snprintf(text, sizeof(text), "%.0f s", r->duration_s);
	col = put_item(g, 0, col, CELL_PLAIN, text);
	if (r->host[0] && g->cols > 70)
		put_item(g, 0, col, CELL_PLAIN, escape_name(host, sizeof(host), r->host));
	if (v->frozen)
		grid_put_right(g, 0, g->cols - 8, 8, CELL_BOLD | CELL_REVERSE, " FROZEN ");
}

/* What is shown of it. */
static void draw_scope(const struct view *v, struct grid *g)
{
	char text[ESCAPE_FACTOR * 128], safe[ESCAPE_FACTOR * sizeof(v->list.filter) + 1];
	int col = 0;

	if (v->mode != VIEW_LIST) {
		int last = v->scroll + v->rows < v->lines ? v->scroll + v->rows : v->lines;

		snprintf(text, sizeof(text), "%s · lines %d–%d of %d",
			 v->mode == VIEW_HELP ? "help" : "one service", v->scroll + 1, last,
			 v->lines);
		grid_put(g, 1, 0, g->cols, CELL_DIM, text);
		return;
	}
	escape_name(text, sizeof(text), *v->traced ? v->traced : "every listening TCP service");
	col = put_item(g, 1, col, CELL_DIM, text);
	snprintf(text, sizeof(text), "every %g s", v->interval);
	col = put_item(g, 1, col, CELL_DIM, text);
	if (v->list.filter[0]) {
		escape_name(safe, sizeof(safe), v->list.filter);
		snprintf(text, sizeof(text), "/%s: %d of %d", safe, v->list.n, v->shown.n);
		put_item(g, 1, col, CELL_BOLD, text);
	}
}

/* ---- foot ---- */

struct hint {
	const char *key, *text;
};

static void draw_hints(struct grid *g, const struct hint *h)
{
	int col = 0, row = g->rows - 1;

	for (; h->key; h++) {
		int width = (int)(utf8_width(h->key) + utf8_width(h->text)) + 2;

		if (col + width > g->cols)
			continue;
		col = grid_put(g, row, col, g->cols, CELL_BOLD, h->key);
		col = grid_put(g, row, col, g->cols, CELL_REVERSE, h->text);
		col++;
	}
}

static void draw_foot(const struct view *v, struct grid *g)
{
	static const struct hint list[] = { { "F1", "Help" },  { "Enter", "Open" },
					    { "/", "Filter" }, { "F6", "Sort" },
					    { "I", "Invert" }, { "Space", "Freeze" },
					    { "q", "Quit" },   { 0 } };
	static const struct hint frozen[] = { { "F1", "Help" },	 { "Enter", "Open" },
					      { "/", "Filter" }, { "F6", "Sort" },
					      { "I", "Invert" }, { "Space", "Go on" },
					      { "q", "Quit" },	 { 0 } };
	static const struct hint detail[] = { { "F1", "Help" },
					      { "Esc", "Back" },
					      { "↑↓PgUp PgDn", "Scroll" },
					      { "w", "Window or all" },
					      { "Space", "Freeze" },
					      { "F10", "Quit" },
					      { 0 } };
	static const struct hint help[] = {
		{ "Esc", "Back" }, { "↑↓PgUp PgDn", "Scroll" }, { "F10", "Quit" }, { 0 }
	};
	char text[ESCAPE_FACTOR * sizeof(v->list.filter) + 32];
	char safe[ESCAPE_FACTOR * sizeof(v->list.filter) + 1];

	if (v->typing) {
		escape_name(safe, sizeof(safe), v->list.filter);
		snprintf(text, sizeof(text), "Filter: %s", safe);
		int col = grid_put(g, g->rows - 1, 0, g->cols, CELL_BOLD, text);

		grid_mark(g, g->rows - 1, col, 1, CELL_REVERSE);
		grid_put(g, g->rows - 1, col + 2, g->cols, CELL_DIM, "Enter: keep · Esc: clear");
		return;
	}
	draw_hints(g, v->mode == VIEW_HELP   ? help :
		      v->mode == VIEW_DETAIL ? detail :
		      v->frozen		     ? frozen :
					       list);
}

/* ---- between them ---- */

static void draw_list(struct view *v, struct grid *g)
{
	int at = v->chosen ? list_find(&v->list, v->netns, v->port) : 0;

	v->rows = g->rows - HEAD_ROWS - 1 - FOOT_ROWS;
	if (at < 0)
		at = 0;
	if (at < v->first)
		v->first = at;
	if (at >= v->first + v->rows)
		v->first = at - v->rows + 1;
	if (v->first > v->list.n - v->rows)
		v->first = v->list.n > v->rows ? v->list.n - v->rows : 0;
	list_draw(&v->list, g, HEAD_ROWS, g->rows - FOOT_ROWS, v->first, at, true);
	if (!v->list.n)
		grid_put(g, HEAD_ROWS + 2, 2, g->cols, CELL_PLAIN,
			 v->shown.n ? "No service has this in its name. Esc: show all." :
				      "No service yet: one shows as soon as it listens.");
}

static const struct row *opened(const struct view *v)
{
	for (int i = 0; i < v->shown.n; i++)
		if (v->shown.row[i].netns == v->netns && v->shown.row[i].port == v->port)
			return &v->shown.row[i];
	return NULL;
}

static void draw_page(struct view *v, struct grid *g)
{
	const struct row *r = opened(v);
	char *text = v->mode == VIEW_HELP ? help_text(g->cols) :
		     r			  ? detail_text(&v->shown, r, v->all, g->cols) :
					    NULL;
	int end = g->rows - FOOT_ROWS, last;

	v->rows = end - HEAD_ROWS;
	v->lines = text ? grid_page(g, HEAD_ROWS, HEAD_ROWS, 0, text) : 0;
	last = v->lines > v->rows ? v->lines - v->rows : 0;
	if (v->scroll > last)
		v->scroll = last;
	if (text)
		grid_page(g, HEAD_ROWS, end, v->scroll, text);
	else
		grid_put(g, HEAD_ROWS, 2, g->cols, CELL_PLAIN, "Not known here.");
	free(text);
}

/* The lower edge of a box. */
static void draw_rule(struct grid *g, int row, int col, int width)
{
	grid_put(g, row, col, 1, CELL_PLAIN, "└");
	for (int i = 1; i < width - 1; i++)
		grid_put(g, row, col + i, 1, CELL_PLAIN, "─");
	grid_put(g, row, col + width - 1, 1, CELL_PLAIN, "┘");
}

static void draw_menu(const struct view *v, struct grid *g)
{
	enum { WIDTH = 46, LEFT = 2 };
	char text[128], cell[160];

	for (int i = -1; i <= NR_LIST_COLUMNS; i++) {
		int row = HEAD_ROWS + i;

		if (i == NR_LIST_COLUMNS) {
			draw_rule(g, row, LEFT, WIDTH);
			return;
		}

		if (i < 0) {
			strcpy(text, "Sort by (Enter: choose, Esc: leave it)");
		} else {
			snprintf(text, sizeof(text), "%s %-9s %s",
				 i == (int)v->list.sort ? "*" : " ", list_columns[i],
				 list_column_meaning(i));
		}
		snprintf(cell, sizeof(cell), "│ %-*s│", WIDTH - 3, text);
		grid_put(g, row, LEFT, WIDTH, i < 0 ? CELL_BOLD : CELL_PLAIN, cell);
		if (i == v->menu_at)
			grid_mark(g, row, LEFT + 1, WIDTH - 2, CELL_REVERSE);
	}
}

static void draw_too_small(struct grid *g)
{
	char text[96];

	snprintf(text, sizeof(text), "lvt top needs %d columns and %d lines;", VIEW_LEAST_COLUMNS,
		 VIEW_LEAST_ROWS);
	grid_put(g, 0, 0, g->cols, CELL_BOLD, text);
	snprintf(text, sizeof(text), "here are %d and %d.", g->cols, g->rows);
	grid_put(g, 1, 0, g->cols, CELL_PLAIN, text);
	grid_put(g, 2, 0, g->cols, CELL_PLAIN, "Enlarge it, or press q.");
}

void view_draw(struct view *v, struct grid *g)
{
	if (g->cols < VIEW_LEAST_COLUMNS || g->rows < VIEW_LEAST_ROWS) {
		draw_too_small(g);
		return;
	}
	if (v->mode == VIEW_LIST)
		draw_list(v, g);
	else
		draw_page(v, g);
	draw_state(v, g, "lvt top", false);
	draw_scope(v, g);
	draw_foot(v, g);
	if (v->menu)
		draw_menu(v, g);
}

/* ---- without a terminal ---- */

int view_print(const struct view *v, FILE *out, int columns, bool ascii, const char *stamp)
{
	struct grid g;
	char *line;
	int err = grid_open(&g, PRINTED_ROWS, columns, ascii);
	size_t size = CELL_LEN * (size_t)columns + 1;

	line = err ? NULL : malloc(size);
	if (!line) {
		grid_free(&g);
		return -ENOMEM;
	}
	draw_state(v, &g, stamp, true);
	list_draw(&v->list, &g, 1, g.rows, 0, -1, false);
	for (int i = 0; i < 2 + v->list.n; i++)
		fprintf(out, "%s\n", grid_row(&g, i, line, size));
	fputc('\n', out);
	free(line);
	grid_free(&g);
	return 0;
}
