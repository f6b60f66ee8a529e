// SPDX-License-Identifier: BSD-2-Clause
#include "report/anatomy.h"

#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "report/anatomy_lines.h"

enum { INDENT = 2, AT_WIDTH = 5, TIME_WIDTH = 8, GAP = 2, BETWEEN = 3 };

/* One quantile of one service: its latency, and where it went. */
static void print_half(const struct page *p, const struct lines *l, int column, int bar)
{
	const struct column *c = &l->column[column];
	char time[UNIT_LEN], buf[64];

	fmt_ns(time, sizeof(time), c->latency);
	fputs(pad_left(buf, sizeof(buf), time, TIME_WIDTH), p->out);
	fprintf(p->out, "%*s", GAP, "");
	lines_bar(p, l, c, bar);
}

/* What the keys stand for, as many on a line as there is room for. */
static void print_keys(const struct page *p, const struct lines *l)
{
	int at = 0;

	for (int line = 0; line < NR_LINES; line++) {
		int width = 2 + (int)strlen(line_name(line));

		if (!l->shown[line])
			continue;
		if (at && at + 2 + width > p->columns) {
			fputc('\n', p->out);
			at = 0;
		}
		at += fprintf(p->out, "%*s", INDENT, "");
		page_style(p, line_style(p, line));
		fputs(l->key[line], p->out);
		page_style(p, STYLE_PLAIN);
		fprintf(p->out, " %s", line_name(line));
		at += width;
	}
	fputc('\n', p->out);
}

void anatomy_bars_print(const struct page *p, const struct run_service *a, const char *a_title,
			const struct run_service *b, const char *b_title)
{
	int halves = b ? 2 : 1, left = INDENT + AT_WIDTH;
	int bar = (p->columns - left - (halves - 1) * BETWEEN) / halves - TIME_WIDTH - GAP;
	struct lines l = { 0 };
	char titles[256];

	lines_add(&l, a);
	if (b) {
		l.ranked = l.n_columns;
		lines_add(&l, b);
	}
	lines_choose(&l, p);
	page_style(p, STYLE_DIM);
	fprintf(p->out, "%*s%s%s\n", left + TIME_WIDTH + GAP, "",
		pad_right(titles, sizeof(titles), a_title,
			  b ? bar + BETWEEN + TIME_WIDTH + GAP : 0),
		b ? b_title : "");
	page_style(p, STYLE_PLAIN);
	for (int i = 0; i < ANATOMY_ROWS; i++) {
		fprintf(p->out, "%*s%-*s", INDENT, "", AT_WIDTH, l.column[i].at);
		print_half(p, &l, i, bar);
		if (b) {
			fprintf(p->out, "%*s", BETWEEN, "");
			print_half(p, &l, ANATOMY_ROWS + i, bar);
		}
		fputc('\n', p->out);
	}
	print_keys(p, &l);
}
