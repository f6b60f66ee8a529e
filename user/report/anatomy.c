// SPDX-License-Identifier: BSD-2-Clause
#include "report/anatomy.h"

#include <math.h>
#include <string.h>

#include "base/units.h"
#include "report/stage_bar.h"

#define SMALL_SHARE 0.005
#define SMALL_NS 1000.0

enum { OTHER = NR_STAGES, NR_LINES }; /* a line a stage, and one for the small ones together */

struct column {
	const char *at;
	double latency, ns[NR_LINES];
	__u64 requests;
	int time_width, share_width;
};

struct table {
	struct column column[ANATOMY_ROWS];
	int n_columns;
	bool shown[NR_LINES];
	const char *key[NR_LINES]; /* what a stage looks like in the bars */
	int name_width, gap, indent;
	bool tight; /* no space before the % */
};

static const char *line_name(int line)
{
	return line == OTHER ? "other stages" : stage_name(line);
}

static int line_style(int line)
{
	static const int style[NR_LINES] = {
		[STAGE_QUEUE_ACCEPT] = 35,    [STAGE_QUEUE_BUSY] = 33,
		[STAGE_QUEUE_RUNQ] = 31,      [STAGE_QUEUE_WAKEUP] = 36,
		[STAGE_QUEUE_BLOCKED] = 34,   [STAGE_QUEUE_PICKUP] = 93,
		[STAGE_SERVICE_CPU] = 32,     [STAGE_SERVICE_OTHER] = 92,
		[STAGE_SERVICE_RUNQ] = 91,    [STAGE_SERVICE_WAKEUP] = 96,
		[STAGE_SERVICE_CLIENT] = 95,  [STAGE_SERVICE_DISK] = 94,
		[STAGE_SERVICE_LOCK] = 35,    [STAGE_SERVICE_NET] = 34,
		[STAGE_SERVICE_POOL] = 36,    [STAGE_SERVICE_SLEEP] = 97,
		[STAGE_SERVICE_FAULT] = 31,   [STAGE_SERVICE_BLOCKED] = 94,
		[STAGE_SERVICE_HANDOFF] = 37,
	};

	return style[line] ? style[line] : 90;
}

int stage_style(enum lvt_stage st)
{
	return line_style(st);
}

static double share(const struct column *c, int line)
{
	return c->latency > 0 ? c->ns[line] / c->latency : 0;
}

/* The line's largest share of any column. */
static double line_share(const struct table *t, int line)
{
	double most = 0;

	for (int i = 0; i < t->n_columns; i++)
		most = fmax(most, share(&t->column[i], line));
	return most;
}

static bool is_small(const struct table *t, int line)
{
	for (int i = 0; i < t->n_columns; i++)
		if (share(&t->column[i], line) >= SMALL_SHARE || t->column[i].ns[line] >= SMALL_NS)
			return false;
	return true;
}

/* Choose the lines: two or more small stages are folded; unattributed time never is. */
static void choose_lines(struct table *t)
{
	int small = 0;

	for (int st = 0; st < NR_STAGES; st++) {
		t->shown[st] = line_share(t, st) > 0;
		if (t->shown[st] && st != STAGE_UNATTRIBUTED)
			small += is_small(t, st);
	}
	if (small < 2)
		return;
	for (int st = 0; st < NR_STAGES; st++) {
		if (!t->shown[st] || st == STAGE_UNATTRIBUTED || !is_small(t, st))
			continue;
		t->shown[st] = false;
		for (int i = 0; i < t->n_columns; i++)
			t->column[i].ns[OTHER] += t->column[i].ns[st];
	}
	t->shown[OTHER] = true;
}

static void choose_keys(struct table *t, bool colour)
{
	double most[NR_LINES];

	for (int line = 0; line < NR_LINES; line++)
		most[line] = t->shown[line] ? line_share(t, line) : 0;
	stage_keys(most, NR_LINES, colour, t->key);
}

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
		if (t->shown[line])
			wider(&t->name_width, line_name(line));
	total = t->name_width + t->indent;
	for (int i = 0; i < t->n_columns; i++) {
		struct column *c = &t->column[i];

		c->time_width = strlen("812 µs") - 1;
		c->share_width = strlen("43 %") - t->tight;
		wider(&c->time_width, fmt_ns(buf, sizeof(buf), c->latency));
		for (int line = 0; line < NR_LINES; line++) {
			if (!t->shown[line])
				continue;
			wider(&c->time_width, fmt_ns(buf, sizeof(buf), c->ns[line]));
			wider(&c->share_width, share_text(t, buf, share(c, line)));
		}
		total += 1 + c->time_width + 1 + c->share_width;
	}
	return total;
}

static void drop_column(struct table *t, const char *at)
{
	for (int i = 0; i < t->n_columns; i++) {
		if (strcmp(t->column[i].at, at))
			continue;
		t->n_columns--;
		memmove(&t->column[i], &t->column[i + 1],
			(t->n_columns - i) * sizeof(t->column[0]));
	}
}

/* Make it fit: first spaces go, then the keys (and with them the bars), then columns. */
static void fit(struct table *t, int columns)
{
	static const char *const drop[] = { "p90", "p99.9", "p99" };
	int width = measure(t);

	/* Columns two apart read better than shares with a space. */
	for (int step = 0; width + (step ? 0 : t->n_columns) > columns && step < 5; step++) {
		if (step == 0)
			t->tight = true;
		else if (step == 1)
			t->indent = 0;
		else
			drop_column(t, drop[step - 2]);
		width = measure(t);
	}
	t->gap = 1 + (columns > width ? (columns - width) / t->n_columns : 0);
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

	for (int i = 0; i < t->n_columns; i++) {
		const struct column *c = &t->column[i];

		fputs(pad_left(buf, sizeof(buf), text[i], skip + t->gap + c->time_width), p->out);
		skip = 1 + c->share_width;
	}
	fputc('\n', p->out);
}

static void print_header(const struct page *p, const struct table *t)
{
	const char *text[ANATOMY_ROWS];

	for (int i = 0; i < t->n_columns; i++)
		text[i] = t->column[i].at;
	page_style(p, STYLE_DIM);
	fprintf(p->out, "%*s%-*s", t->indent ? 2 : 0, "",
		t->name_width + (t->indent ? t->indent - 2 : 0), "where it went");
	print_under_time(p, t, text);
	page_style(p, STYLE_PLAIN);
}

static bool is_largest(const struct table *t, const struct column *c, int line)
{
	for (int other = 0; other < NR_LINES; other++)
		if (t->shown[other] && c->ns[other] > c->ns[line])
			return false;
	return c->ns[line] > 0;
}

static void print_line(const struct page *p, const struct table *t, int line)
{
	char time[UNIT_LEN], part[UNIT_LEN], buf[64];

	if (t->indent) {
		fputs("  ", p->out);
		page_style(p, line_style(line));
		fputs(t->key[line], p->out);
		page_style(p, STYLE_PLAIN);
		fputc(' ', p->out);
	}
	print_left(p, t, line_name(line));
	for (int i = 0; i < t->n_columns; i++) {
		const struct column *c = &t->column[i];
		bool bold = is_largest(t, c, line);

		fmt_ns(time, sizeof(time), c->ns[line]);
		share_text(t, part, share(c, line));
		if (c->ns[line] <= 0) {
			strcpy(time, "·");
			strcpy(part, "");
		}
		if (bold)
			page_style(p, STYLE_BOLD);
		fputs(pad_left(buf, sizeof(buf), time, t->gap + c->time_width), p->out);
		if (part[0] || i + 1 < t->n_columns)
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

	for (int i = 0; i < t->n_columns; i++) {
		times[i] = fmt_ns(time[i], UNIT_LEN, t->column[i].latency);
		counts[i] = fmt_count(count[i], UNIT_LEN, t->column[i].requests);
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
	int style[NR_LINES];

	for (int line = 0; line < NR_LINES; line++)
		style[line] = line_style(line);
	fprintf(p->out, "%*s", t->indent + t->name_width, "");
	for (int i = 0; i < t->n_columns; i++) {
		const struct column *c = &t->column[i];
		double shares[NR_LINES];

		for (int line = 0; line < NR_LINES; line++)
			shares[line] = t->shown[line] ? share(c, line) : 0;
		fprintf(p->out, "%*s", t->gap, "");
		stage_bar(p, shares, NR_LINES, c->time_width + 1 + c->share_width, t->key, style);
	}
	fputc('\n', p->out);
}

void anatomy_print(const struct page *p, const struct run_service *s)
{
	struct table t = { .n_columns = ANATOMY_ROWS, .indent = 4 };
	struct anatomy_row rows[ANATOMY_ROWS];

	service_anatomy(s, rows);
	for (int i = 0; i < ANATOMY_ROWS; i++) {
		t.column[i].at = rows[i].at;
		t.column[i].latency = rows[i].latency_ns;
		t.column[i].requests = rows[i].requests;
		memcpy(t.column[i].ns, rows[i].stage_ns, sizeof(rows[i].stage_ns));
	}
	choose_lines(&t);
	choose_keys(&t, p->colour);
	fit(&t, p->columns);
	print_header(p, &t);
	for (int line = 0; line < NR_LINES; line++)
		if (t.shown[line])
			print_line(p, &t, line);
	print_sums(p, &t);
	if (t.indent)
		print_bars(p, &t);
}
