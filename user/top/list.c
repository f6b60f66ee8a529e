// SPDX-License-Identifier: BSD-2-Clause
#include "top/list.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/units.h"
#include "report/findings.h"

const char *const list_columns[NR_LIST_COLUMNS + 1] = {
	[LIST_PORT] = "port",	  [LIST_NAME] = "service",
	[LIST_RATE] = "rate",	  [LIST_P50] = "p50",
	[LIST_P99] = "p99",	  [LIST_QUEUE] = "queue",
	[LIST_RUNQ] = "runq",	  [LIST_IN_FLIGHT] = "inflight",
	[NR_LIST_COLUMNS] = NULL,
};

const char *list_column_meaning(enum list_column c)
{
	static const char *const meaning[NR_LIST_COLUMNS] = {
		[LIST_PORT] = "port",
		[LIST_NAME] = "name",
		[LIST_RATE] = "requests a second",
		[LIST_P50] = "median latency",
		[LIST_P99] = "latency that 1 % exceed",
		[LIST_QUEUE] = "share before requests are read",
		[LIST_RUNQ] = "share ready without a CPU",
		[LIST_IN_FLIGHT] = "requests in flight",
	};

	return meaning[c];
}

/* ---- which, and in which order ---- */

static double value_of(const struct row *r, enum list_column c)
{
	switch (c) {
	case LIST_RATE:
		return r->rps;
	case LIST_P50:
		return r->p50;
	case LIST_P99:
		return r->p99;
	case LIST_QUEUE:
		return r->queue;
	case LIST_RUNQ:
		return r->runq;
	case LIST_IN_FLIGHT:
		return r->in_flight;
	default:
		return r->port;
	}
}

static int by_port(const struct row *a, const struct row *b)
{
	if (a->port != b->port)
		return (int)a->port - b->port;
	return (a->netns > b->netns) - (a->netns < b->netns);
}

/* Numbers largest first, ports and names smallest first; inverted the other way. */
static int compare(const struct list *l, const struct row *a, const struct row *b)
{
	double x = value_of(a, l->sort), y = value_of(b, l->sort);
	int c;

	if (isnan(x) != isnan(y))
		return isnan(x) ? 1 : -1;
	if (l->sort == LIST_NAME)
		c = strcmp(a->comm, b->comm);
	else if (l->sort == LIST_PORT)
		c = by_port(a, b);
	else
		c = (x < y) - (x > y);
	if (c)
		return l->inverted ? -c : c;
	return by_port(a, b);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static bool contains(const char *text, const char *part)
{
	size_t len = strlen(part), i;

	for (; *text; text++) {
		for (i = 0; i < len && lower(text[i]) == lower(part[i]); i++)
			;
		if (i == len)
			return true;
	}
	return !len;
}

void list_choose(struct list *l, const struct frame *f)
{
	char name[ROW_NAME_LEN];

	l->n = 0;
	for (int i = 0; i < f->n; i++) {
		const struct row *r = &f->row[i];
		int at = l->n;

		if (!contains(row_name(r, name), l->filter))
			continue;
		for (; at > 0 && compare(l, l->row[at - 1], r) > 0; at--)
			l->row[at] = l->row[at - 1];
		l->row[at] = r;
		l->n++;
	}
}

int list_find(const struct list *l, __u32 netns, __u16 port)
{
	for (int i = 0; i < l->n; i++)
		if (l->row[i]->netns == netns && l->row[i]->port == port)
			return i;
	return -1;
}

const char *row_name(const struct row *r, char buf[ROW_NAME_LEN])
{
	char comm[ESCAPE_FACTOR * LVT_COMM_LEN + 1], netns[16] = "";

	escape_name(comm, sizeof(comm), r->comm[0] ? r->comm : "(unknown)");
	if (r->foreign)
		snprintf(netns, sizeof(netns), "@%u", r->netns);
	snprintf(buf, ROW_NAME_LEN, ":%u%s %s", r->port, netns, comm);
	return buf;
}

/* ---- drawing ---- */

const char *sparkline(char *buf, const float *value, int n, int width, double most)
{
	static const char *const eighths[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	char *to = buf;

	*to = '\0';
	for (int i = n - width; i < n; i++) {
		double level = i < 0 || isnan(value[i]) ? -1 : most > 0 ? value[i] / most * 8 : 0;

		to = stpcpy(to, level < 0 ? " " : eighths[level >= 8 ? 7 : (int)level]);
	}
	return buf;
}

struct layout {
	int name, track; /* widths; 0 = no sparkline */
	int figures;	 /* where the sparklines begin */
	bool in_flight;
};

enum {
	MARK = 1,
	PORT = 6,
	RATE = 9,
	TIME = 8,
	SHARE = 6,
	IN_FLIGHT = 9,
	LEAST_NAME = 14,
	MOST_NAME = 24
};

static struct layout lay_out(const struct grid *g, bool tracks)
{
	int left = g->cols - (MARK + PORT + 1 + RATE + 2 * TIME + 2 * SHARE);
	struct layout w = { .in_flight = left >= LEAST_NAME + IN_FLIGHT + (tracks ? 24 : 0) };

	left -= w.in_flight ? IN_FLIGHT : 0;
	w.name = left > 80 || !tracks ? MOST_NAME : LEAST_NAME;
	if (w.name > left)
		w.name = left;
	w.track = tracks ? (left - w.name) / 2 - 1 : 0;
	w.track = w.track > 40 ? 40 : w.track < 6 ? 0 : w.track;
	if (!w.track)
		w.name = left < MOST_NAME ? left : MOST_NAME;
	w.figures = g->cols - left + w.name;
	return w;
}

static void put_head(const struct list *l, struct grid *g, int at, int *col, int width,
		     enum list_column c, bool left)
{
	bool sorted = c == l->sort;
	char text[40];

	snprintf(text, sizeof(text), "%s%s", list_columns[c],
		 !sorted					   ? "" :
		 l->inverted == (c == LIST_PORT || c == LIST_NAME) ? "▼" :
								     "▲");
	if (left)
		grid_put(g, at, *col, width, sorted ? CELL_BOLD : CELL_DIM, text);
	else
		grid_put_right(g, at, *col, width, sorted ? CELL_BOLD : CELL_DIM, text);
	*col += width;
}

static void draw_head(const struct list *l, struct grid *g, int at, const struct layout *w)
{
	int col = MARK;

	put_head(l, g, at, &col, PORT, LIST_PORT, false);
	col++;
	put_head(l, g, at, &col, w->name, LIST_NAME, true);
	put_head(l, g, at, &col, RATE, LIST_RATE, false);
	put_head(l, g, at, &col, TIME, LIST_P50, false);
	put_head(l, g, at, &col, TIME, LIST_P99, false);
	put_head(l, g, at, &col, SHARE, LIST_QUEUE, false);
	put_head(l, g, at, &col, SHARE, LIST_RUNQ, false);
	if (w->in_flight)
		put_head(l, g, at, &col, IN_FLIGHT, LIST_IN_FLIGHT, false);
	if (!w->track)
		return;
	grid_put(g, at, col + 1, w->track, CELL_DIM, w->track < 10 ? "rate" : "rate so far");
	grid_put(g, at, col + 2 + w->track, w->track, CELL_DIM,
		 w->track < 10 ? "p99" : "p99 so far");
}

static void draw_track(struct grid *g, int at, int col, int width, const struct row *r, bool p99,
		       int style)
{
	char text[3 * TRACK_LEN + 1];
	float value[TRACK_LEN];
	double most = 0;

	for (int i = 0; i < r->n_track; i++) {
		value[i] = p99 ? r->track[i].p99 : r->track[i].rps;
		if (i >= r->n_track - width && value[i] > most)
			most = value[i];
	}
	grid_put(g, at, col, width, style, sparkline(text, value, r->n_track, width, most));
}

static int put_value(struct grid *g, int at, int col, int width, int style, const char *text)
{
	grid_put_right(g, at, col, width, style, text);
	return col + width;
}

static void draw_row(struct grid *g, int at, const struct row *r, const struct layout *w)
{
	int style = r->gone ? CELL_DIM : CELL_PLAIN, col = MARK;
	char text[UNIT_LEN], name[ROW_NAME_LEN];

	if (r->gone || r->came)
		grid_put(g, at, 0, MARK, CELL_BOLD, r->gone ? "-" : "+");
	snprintf(text, sizeof(text), "%u", r->port);
	col = put_value(g, at, col, PORT, style, text) + 1;
	row_name(r, name);
	/* the port has a column of its own */
	grid_put(g, at, col, w->name, style | (r->gone ? 0 : CELL_BOLD),
		 r->foreign ? strchr(name, '@') : strchr(name, ' ') + 1);
	col += w->name;
	fmt_rate(text, sizeof(text), r->rps);
	col = put_value(g, at, col, RATE, style, r->gone ? "gone" : text);
	col = put_value(g, at, col, TIME, style, fmt_ns(text, sizeof(text), r->p50));
	col = put_value(g, at, col, TIME, style, fmt_ns(text, sizeof(text), r->p99));
	col = put_value(g, at, col, SHARE, style, fmt_share(text, sizeof(text), r->queue));
	col = put_value(g, at, col, SHARE, style, fmt_share(text, sizeof(text), r->runq));
	if (w->in_flight)
		col = put_value(g, at, col, IN_FLIGHT, style,
				fmt_quantity(text, sizeof(text), r->in_flight));
	if (!w->track)
		return;
	draw_track(g, at, col + 1, w->track, r, false, CELL_RUNNING);
	draw_track(g, at, col + 2 + w->track, w->track, r, true, CELL_QUEUE);
}

void list_draw(const struct list *l, struct grid *g, int at, int end, int first, int selected,
	       bool tracks)
{
	struct layout w = lay_out(g, tracks);

	draw_head(l, g, at, &w);
	for (int i = first; i < l->n && at + 1 + i - first < end; i++) {
		draw_row(g, at + 1 + i - first, l->row[i], &w);
		if (i == selected)
			grid_mark(g, at + 1 + i - first, 0, w.track ? w.figures : g->cols,
				  CELL_REVERSE);
	}
}
