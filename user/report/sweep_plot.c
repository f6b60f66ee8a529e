// SPDX-License-Identifier: BSD-2-Clause
#include "report/sweep_plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/units.h"
#include "report/html_chart.h"
#include "report/sweep_words.h"

/* Curves are dots, 2 beside and 4 above each other in a character (Unicode's braille patterns). */
enum {
	ROWS = 16,
	LABELS = 9, /* columns left of the plot */
	GLYPH_LEN = 5,
	DOTS_X = 2,
	DOTS_Y = 4,
	BRAILLE = 0x2800,
};

enum { P50_STYLE = 36, P99_STYLE = 35, MARK_STYLE = 33 };

struct cell {
	unsigned char dots;
	int style;
	char glyph[GLYPH_LEN];
};

struct canvas {
	const struct page *page;
	const struct sweep_report *r;
	struct sweep_axes axes;
	int width;
	struct cell cell[ROWS][PAGE_MAX_COLUMNS];
};

static int column_of(const struct canvas *c, double rate)
{
	long x = lround(sweep_x(&c->axes, rate) * (c->width - 1));

	return x < 0 ? 0 : x >= c->width ? c->width - 1 : x;
}

static int row_of(const struct canvas *c, double ns)
{
	return ROWS - 1 - (int)lround(sweep_y(&c->axes, ns) * (ROWS - 1));
}

/* Into a cell that is still empty, or over what is there. */
static void put(struct canvas *c, int row, int column, const char *glyph, int style, bool over)
{
	struct cell *cell;

	if (row < 0 || row >= ROWS || column < 0 || column >= c->width)
		return;
	cell = &c->cell[row][column];
	if (!over && (cell->dots || cell->glyph[0]))
		return;
	snprintf(cell->glyph, sizeof(cell->glyph), "%s", glyph);
	cell->style = style;
}

static void dot(struct canvas *c, double x, double y, int style)
{
	static const unsigned char bits[DOTS_Y][DOTS_X] = {
		{ 0x01, 0x08 }, { 0x02, 0x10 }, { 0x04, 0x20 }, { 0x40, 0x80 }
	};
	/* the middle of a character stands for its column and row */
	long across = lround(x * (c->width - 1) * DOTS_X + 0.5);
	long down = lround((1 - y) * (ROWS - 1) * DOTS_Y + 1.5);
	struct cell *cell;

	if (across < 0 || down < 0 || across >= c->width * DOTS_X || down >= ROWS * DOTS_Y)
		return;
	cell = &c->cell[down / DOTS_Y][across / DOTS_X];
	cell->dots |= bits[down % DOTS_Y][across % DOTS_X];
	cell->style = style;
}

static void line(struct canvas *c, double x0, double y0, double x1, double y1, int style)
{
	double n = fmax(fabs(x1 - x0) * c->width * DOTS_X, fabs(y1 - y0) * ROWS * DOTS_Y) * 2 + 1;

	for (int i = 0; i <= n; i++)
		dot(c, x0 + (x1 - x0) * i / n, y0 + (y1 - y0) * i / n, style);
}

/* The curve up to the first saturated step, which is off the top; marks at every step. */
static void curve(struct canvas *c, sweep_metric *of, int style, const char *mark)
{
	const struct sweep_step *sorted[SWEEP_MAX_STEPS], *last = NULL;
	size_t n = sweep_sorted(c->r->sweep, sorted);

	for (size_t i = 0; i < n; i++) {
		const struct sweep_step *p = sorted[i];

		if (isnan(of(p)) || isnan(p->rate))
			continue;
		if (last && !last->saturated)
			line(c, sweep_x(&c->axes, last->rate), sweep_y(&c->axes, of(last)),
			     sweep_x(&c->axes, p->rate), sweep_y(&c->axes, of(p)), style);
		last = p;
	}
	for (size_t i = 0; i < n; i++)
		if (!isnan(of(sorted[i])) && !isnan(sorted[i]->rate))
			put(c, row_of(c, of(sorted[i])), column_of(c, sorted[i]->rate),
			    sorted[i]->saturated ? "×" : mark, style, true);
}

/* ---- what stands out */

struct mark {
	double rate;
	int column, width;
	char text[48];
};

static size_t marks(const struct canvas *c, struct mark m[2])
{
	const struct sweep_analysis *a = c->r->analysis;
	const struct sweep *s = c->r->sweep;
	char text[UNIT_LEN];
	size_t n = 0;

	if (a->knee.found == SWEEP_FOUND) {
		m[n].rate = a->knee.rate;
		snprintf(m[n++].text, sizeof(m->text), "knee %s",
			 sweep_asked_text(text, s, a->knee.at));
	}
	if (a->capacity.found == SWEEP_FOUND) {
		m[n].rate = sweep_throughput(s, a->capacity.at);
		snprintf(m[n++].text, sizeof(m->text), "capacity %s",
			 sweep_asked_text(text, s, a->capacity.at));
	}
	for (size_t i = 0; i < n; i++) {
		m[i].width = utf8_width(m[i].text);
		m[i].column = column_of(c, m[i].rate) - m[i].width / 2;
		if (m[i].column + m[i].width > c->width)
			m[i].column = c->width - m[i].width;
		if (m[i].column < 0)
			m[i].column = 0;
	}
	return n;
}

/* Names above the plot, in one line if they have room beside each other. */
static void print_marks(const struct canvas *c, const struct mark *m, size_t n)
{
	bool two = n == 2 && abs(m[1].column - m[0].column) <
				     (m[0].column < m[1].column ? m[0] : m[1]).width + 2;
	size_t first = n == 2 && m[1].column < m[0].column;

	for (size_t i = 0; i < n; i++) {
		const struct mark *this = &m[first ? n - 1 - i : i];
		const struct mark *last = i ? &m[first ? n - i : i - 1] : NULL;
		int from = last && !two ? last->column + last->width : -LABELS;

		page_style(c->page, MARK_STYLE);
		fprintf(c->page->out, "%*s%s", this->column - from, "", this->text);
		page_style(c->page, STYLE_PLAIN);
		if (two || i + 1 == n)
			fputc('\n', c->page->out);
	}
}

static void objective_line(struct canvas *c)
{
	const struct slo *slo = &c->r->sweep->slo;
	char text[OBJECTIVE_LEN];
	int row, column = 2;
	size_t used;

	if (isnan(slo->bound_ns))
		return;
	row = row_of(c, slo->bound_ns);
	for (int i = 0; i < c->width; i++)
		put(c, row, i, "╌", MARK_STYLE, false);
	put(c, row, 1, " ", MARK_STYLE, true);
	sweep_objective_text(text, slo);
	for (const char *at = text; *at; at += used, column++) {
		char glyph[GLYPH_LEN];

		utf8_decode(at, strlen(at), &used);
		snprintf(glyph, sizeof(glyph), "%.*s", (int)used, at);
		put(c, row, column, glyph, MARK_STYLE, true);
	}
	put(c, row, column, " ", MARK_STYLE, true);
}

static void print_cell(const struct page *p, const struct cell *cell)
{
	if (!cell->dots && !cell->glyph[0]) {
		fputc(' ', p->out);
		return;
	}
	page_style(p, cell->style);
	if (cell->glyph[0])
		fputs(cell->glyph, p->out);
	else
		fprintf(p->out, "%c%c%c", 0xe2, 0xa0 | cell->dots >> 6, 0x80 | (cell->dots & 0x3f));
	page_style(p, STYLE_PLAIN);
}

/* The 1, 2 or 5 times a power of ten in this row, if it is the nearest one to it; 0 = none. */
static double tick_in(const struct canvas *c, int row)
{
	static const double factors[] = { 1, 2, 5 };
	bool fine = c->axes.top - c->axes.bottom < 2.2;

	for (double e = floor(c->axes.bottom); e <= c->axes.top; e++)
		for (int i = 0; i < (fine ? 3 : 1); i++) {
			double ns = factors[i] * pow(10, e);

			if (log10(ns) >= c->axes.bottom - 1e-9 && log10(ns) <= c->axes.top + 1e-9 &&
			    row_of(c, ns) == row)
				return ns;
		}
	return 0;
}

static void print_rows(const struct canvas *c)
{
	char text[UNIT_LEN], buf[64];

	for (int row = 0; row < ROWS; row++) {
		double ns = tick_in(c, row);
		int end = c->width;

		page_style(c->page, STYLE_DIM);
		fprintf(c->page->out, "%s %s",
			pad_left(buf, sizeof(buf), ns ? chart_tick(text, ns) : "", LABELS - 2),
			ns ? "┤" : "│");
		page_style(c->page, STYLE_PLAIN);
		while (end && !c->cell[row][end - 1].dots && !c->cell[row][end - 1].glyph[0])
			end--;
		for (int i = 0; i < end; i++)
			print_cell(c->page, &c->cell[row][i]);
		fputc('\n', c->page->out);
	}
}

/* The axis, on which the capacity's interval is a thick line. */
static void print_axis(const struct canvas *c)
{
	const struct capacity *found = &c->r->analysis->capacity;
	double step = chart_step(c->axes.right, 6), low = INFINITY, high = -INFINITY;
	char text[UNIT_LEN];
	int at = 0;

	if (found->found == SWEEP_FOUND) {
		low = column_of(c, fmax(0, sweep_throughput(c->r->sweep, found->low)));
		high = isfinite(found->high) ?
			       column_of(c, sweep_throughput(c->r->sweep, found->high)) :
			       c->width - 1;
	}
	page_style(c->page, STYLE_DIM);
	fprintf(c->page->out, "%*s└", LABELS - 1, "");
	for (int i = 0; i < c->width; i++) {
		bool tick = false;

		for (double v = step; v < c->axes.right; v += step)
			tick |= column_of(c, v) == i;
		fputs(i >= low && i <= high ? "━" : tick ? "┴" : "─", c->page->out);
	}
	fprintf(c->page->out, "\n%*s", LABELS, "");
	for (double v = 0; v < c->axes.right; v += step) {
		int width, column;

		chart_rate_tick(text, v);
		width = utf8_width(text);
		column = column_of(c, v) - (v > 0 ? width / 2 : 0);
		if (column < at || column + width > c->width)
			continue;
		fprintf(c->page->out, "%*s%s", column - at, "", text);
		at = column + width;
	}
	page_style(c->page, STYLE_PLAIN);
	fputc('\n', c->page->out);
}

static void print_legend(const struct canvas *c)
{
	const struct sweep_analysis *a = c->r->analysis;
	struct items l = { 0 };

	items_add(&l, "● p99");
	items_add(&l, "○ p50");
	if (a->saturation.found)
		items_add(&l, "× saturated");
	if (a->capacity.found == SWEEP_FOUND)
		items_add(&l, "━ where the capacity may be");
	page_style(c->page, STYLE_DIM);
	page_text(c->page, LABELS, "", STYLE_DIM, l.text);
	page_style(c->page, STYLE_PLAIN);
}

void sweep_plot(const struct page *p, const struct sweep_report *r)
{
	static sweep_metric *const of[] = { sweep_p50, sweep_p99 };
	static struct canvas c; /* 30 kB */
	struct mark m[2];
	size_t n;

	memset(&c, 0, sizeof(c));
	c.page = p;
	c.r = r;
	c.width = p->columns - LABELS - 1;
	sweep_axes(r, of, 2, &c.axes);
	curve(&c, sweep_p50, P50_STYLE, "○");
	curve(&c, sweep_p99, P99_STYLE, "●");
	objective_line(&c);
	n = marks(&c, m);
	for (size_t i = 0; i < n; i++)
		for (int row = 0; row < ROWS; row++)
			put(&c, row, column_of(&c, m[i].rate), "┊", MARK_STYLE, false);
	page_style(p, STYLE_DIM);
	fprintf(p->out, "latency by throughput\n");
	page_style(p, STYLE_PLAIN);
	print_marks(&c, m, n);
	print_rows(&c);
	print_axis(&c);
	print_legend(&c);
}
