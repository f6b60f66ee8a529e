// SPDX-License-Identifier: BSD-2-Clause
#include "report/anatomy.h"

#include <math.h>
#include <string.h>

#include "base/units.h"
#include "report/anatomy_lines.h"

struct table {
	struct lines lines;
	int name_width, gap, indent;
	bool tight; /* no space before the % */
};

static const char *share_text(const struct table *t, char *buf, double part)
{
	char *space;

	fmt_share(buf, UNIT_LEN, part);
	space = t->tight ? strchr(buf, ' ') : NULL;
	if (space)
		memmove(space, space + 1, strlen(space));
	return buf;
}

static void wider(int *width, const char *text)
{
	int w = utf8_width(text);

	if (w > *width)
		*width = w;
}

/* Set the width of every column from what stands in it; returns the table's, with gaps of one. */
static int measure(struct table *t)
{
	char buf[UNIT_LEN];
	int total;

	t->name_width = strlen("where it went") - (t->indent ? 2 : 0);
	for (int line = 0; line < NR_LINES; line++)
		if (t->lines.shown[line])
			wider(&t->name_width, line_name(line));
	total = t->name_width + t->indent;
	for (int i = 0; i < t->lines.n_columns; i++) {
		struct column *c = &t->lines.column[i];

		c->time_width = strlen("812 µs") - 1;
		c->share_width = strlen("43 %") - t->tight;
		wider(&c->time_width, fmt_ns(buf, sizeof(buf), c->latency));
		for (int line = 0; line < NR_LINES; line++) {
			if (!t->lines.shown[line])
				continue;
			wider(&c->time_width, fmt_ns(buf, sizeof(buf), c->ns[line]));
			wider(&c->share_width, share_text(t, buf, line_share_of(c, line)));
		}
		total += 1 + c->time_width + 1 + c->share_width;
	}
	return total;
}

static void drop_column(struct table *t, const char *at)
{
	for (int i = 0; i < t->lines.n_columns; i++) {
		if (strcmp(t->lines.column[i].at, at))
			continue;
		t->lines.n_columns--;
		memmove(&t->lines.column[i], &t->lines.column[i + 1],
			(t->lines.n_columns - i) * sizeof(t->lines.column[0]));
	}
}

/* Make it fit: first spaces go, then the keys (and with them the bars), then columns. */
static void fit(struct table *t, int columns)
{
	static const char *const drop[] = { "p90", "p99.9", "p99" };
	int width = measure(t);

	/* Columns two apart read better than shares with a space. */
	for (int step = 0; width + (step ? 0 : t->lines.n_columns) > columns && step < 5; step++) {
		if (step == 0)
			t->tight = true;
		else if (step == 1)
			t->indent = 0;
		else
			drop_column(t, drop[step - 2]);
		width = measure(t);
	}
	t->gap = 1 + (columns > width ? (columns - width) / t->lines.n_columns : 0);
	if (t->gap > 5)
		t->gap = 5;
}

static void print_left(const struct page *p, const struct table *t, const char *text)
{
	char buf[64];

	fputs(pad_right(buf, sizeof(buf), text, t->name_width), p->out);
}

/* Right-aligned with the times; longer text reaches into the gap and the share before it. */
static void print_under_time(const struct page *p, const struct table *t, const char *const text[])
{
	int skip = 0;
	char buf[64];

	for (int i = 0; i < t->lines.n_columns; i++) {
		const struct column *c = &t->lines.column[i];

		fputs(pad_left(buf, sizeof(buf), text[i], skip + t->gap + c->time_width), p->out);
		skip = 1 + c->share_width;
	}
	fputc('\n', p->out);
}

static void print_header(const struct page *p, const struct table *t)
{
	const char *text[ANATOMY_ROWS];

	for (int i = 0; i < t->lines.n_columns; i++)
		text[i] = t->lines.column[i].at;
	page_style(p, STYLE_DIM);
	fprintf(p->out, "%*s%-*s", t->indent ? 2 : 0, "",
		t->name_width + (t->indent ? t->indent - 2 : 0), "where it went");
	print_under_time(p, t, text);
	page_style(p, STYLE_PLAIN);
}

static bool is_largest(const struct table *t, const struct column *c, int line)
{
	for (int other = 0; other < NR_LINES; other++)
		if (t->lines.shown[other] && c->ns[other] > c->ns[line])
			return false;
	return c->ns[line] > 0;
}

static void print_line(const struct page *p, const struct table *t, int line)
{
	char time[UNIT_LEN], part[UNIT_LEN], buf[64];

	if (t->indent) {
		fputs("  ", p->out);
		page_style(p, line_style(p, line));
		fputs(t->lines.key[line], p->out);
		page_style(p, STYLE_PLAIN);
		fputc(' ', p->out);
	}
	print_left(p, t, line_name(line));
	for (int i = 0; i < t->lines.n_columns; i++) {
		const struct column *c = &t->lines.column[i];
		bool bold = is_largest(t, c, line);

		fmt_ns(time, sizeof(time), c->ns[line]);
		share_text(t, part, line_share_of(c, line));
		if (c->ns[line] <= 0) {
			strcpy(time, "·");
			strcpy(part, "");
		}
		if (bold)
			page_style(p, STYLE_BOLD);
		fputs(pad_left(buf, sizeof(buf), time, t->gap + c->time_width), p->out);
		if (part[0] || i + 1 < t->lines.n_columns)
			fputs(pad_left(buf, sizeof(buf), part, 1 + c->share_width), p->out);
		if (bold)
			page_style(p, STYLE_PLAIN);
	}
	fputc('\n', p->out);
}

static void print_sums(const struct page *p, const struct table *t)
{
	char time[ANATOMY_ROWS][UNIT_LEN], count[ANATOMY_ROWS][UNIT_LEN];
	const char *times[ANATOMY_ROWS], *counts[ANATOMY_ROWS];

	for (int i = 0; i < t->lines.n_columns; i++) {
		times[i] = fmt_ns(time[i], UNIT_LEN, t->lines.column[i].latency);
		counts[i] = fmt_count(count[i], UNIT_LEN, t->lines.column[i].requests);
	}
	fprintf(p->out, "%*s", t->indent, "");
	print_left(p, t, "= latency");
	print_under_time(p, t, times);
	page_style(p, STYLE_DIM);
	fprintf(p->out, "%*s", t->indent, "");
	print_left(p, t, "requests");
	print_under_time(p, t, counts);
	page_style(p, STYLE_PLAIN);
}

static void print_bars(const struct page *p, const struct table *t)
{
	fprintf(p->out, "%*s", t->indent + t->name_width, "");
	for (int i = 0; i < t->lines.n_columns; i++) {
		const struct column *c = &t->lines.column[i];

		fprintf(p->out, "%*s", t->gap, "");
		lines_bar(p, &t->lines, c, c->time_width + 1 + c->share_width);
	}
	fputc('\n', p->out);
}

void anatomy_print(const struct page *p, const struct run_service *s)
{
	struct table t = { .indent = 4 };

	lines_add(&t.lines, s);
	lines_choose(&t.lines, p);
	fit(&t, p->columns);
	print_header(p, &t);
	for (int line = 0; line < NR_LINES; line++)
		if (t.lines.shown[line])
			print_line(p, &t, line);
	print_sums(p, &t);
	if (t.indent)
		print_bars(p, &t);
}
