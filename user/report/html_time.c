// SPDX-License-Identifier: BSD-2-Clause
#include "report/html_time.h"

#include <math.h>
#include <stdlib.h>

#include "base/units.h"
#include "model/hist.h"
#include "report/html.h"
#include "report/html_chart.h"
#include "report/html_parts.h"

enum { TABLE_ROWS = 30, MAX_TICKS = 8 };

/* ---- the axis of time ---- */

long time_x(const struct time_axis *t, double at)
{
	return lround(TIME_WIDTH * (at - t->from) / (t->to - t->from));
}

const char *time_span(char buf[TIME_TEXT_LEN], const struct series_column *c)
{
	int digits = c->end - c->start < 0.3 ? 2 : c->end - c->start < 3 ? 1 : 0;

	snprintf(buf, TIME_TEXT_LEN, "%.*f–%.*f s", digits, c->start, digits, c->end);
	return buf;
}

/* Steps of seconds, minutes and hours. */
static double time_step(double span)
{
	static const double steps[] = { 30,   60,   120,   300,	  600,	 1200, 1800,
					3600, 7200, 10800, 21600, 43200, 86400 };

	if (span <= 20 * MAX_TICKS)
		return chart_step(span, MAX_TICKS);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (steps[i] * MAX_TICKS >= span)
			return steps[i];
	return chart_step(span / 86400, MAX_TICKS) * 86400;
}

static void time_label(FILE *out, double at, double step)
{
	if (step >= 3600)
		html_say(out, "%g h", at / 3600);
	else if (step >= 30 && at > 0)
		html_say(out, "%g min", at / 60);
	else
		html_say(out, "%g s", round(at * 1000) / 1000);
}

void time_ticks(FILE *out, const struct time_axis *t)
{
	double step = time_step(t->to - t->from);
	int n = 0;

	for (double k = ceil(t->from / step - 1e-9) + 0.0; k * step <= t->to + step / 1e6;
	     k++, n++) {
		double at = 100 * (k * step - t->from) / (t->to - t->from);

		fprintf(out,
			"<i class=\"v\" style=\"left:%.2f%%\"></i><span class=\"x%s%s\" "
			"style=\"left:%.2f%%\">",
			at, n % 2 ? " roomy" : "", at > 96 ? " end" : "", at);
		time_label(out, k * step, step);
		fputs("</span>", out);
	}
}

void time_y_tick(FILE *out, double at, const char *text)
{
	fprintf(out,
		"<i class=\"h\" style=\"bottom:%.2f%%\"></i><span class=\"y\" "
		"style=\"bottom:%.2f%%\">",
		100 * at, 100 * at);
	html_text(out, text);
	fputs("</span>", out);
}

/* ---- figures ---- */

__u64 time_answered(const struct time_axis *t, const struct series_column *c)
{
	const struct series_cell *last = c->n_cells ? &c->cells[c->n_cells - 1] : NULL;

	if (t->client && last && last->bucket == HIST_BUCKETS - 1)
		return c->requests - last->count;
	return c->requests;
}

double time_quantile(const struct time_axis *t, const struct series_column *c, __u32 millionths)
{
	__u64 n = time_answered(t, c);

	return n ? series_value_at(c, hist_rank(n, millionths), t->min, t->max) : NAN;
}

static double rate_of(const struct time_axis *t, const struct series_column *c)
{
	return c->seconds > 0 ? time_answered(t, c) / c->seconds : NAN;
}

static double in_flight_of(const struct time_axis *t, const struct series_column *c)
{
	(void)t;
	return c->in_flight;
}

/* ---- lines ---- */

struct line {
	const char *title, *what;
	double (*value)(const struct time_axis *t, const struct series_column *c);
	const char *(*text)(char *buf, double v);
};

static const char *in_flight_text(char *buf, double v)
{
	snprintf(buf, UNIT_LEN, v < 0.001 && v > 0 ? "%.1g" : "%.3g", v);
	return buf;
}

static const struct line lines[] = {
	{ "Throughput over time", "answers a second", rate_of, chart_rate_tick },
	{ "In flight over time", "requests that are there and not answered, mean", in_flight_of,
	  in_flight_text },
};

static double top_of(const struct time_axis *t, const struct line *l)
{
	double top = 0;

	for (size_t i = 0; i < t->n; i++)
		top = fmax(top, l->value(t, &t->column[i]));
	return top;
}

/* A step for every column, filled down to zero; a gap where nothing is known. */
static void steps(FILE *out, const struct time_axis *t, const struct line *l, double top)
{
	bool open = false;
	long end = 0;

	fputs("<path class=\"level\" d=\"", out);
	for (size_t i = 0; i <= t->n; i++) {
		double v = i < t->n ? l->value(t, &t->column[i]) : NAN;

		if (isnan(v)) {
			if (open)
				fprintf(out, "V%dz", TIME_LINE_HEIGHT * 10);
			open = false;
			continue;
		}
		if (!open)
			fprintf(out, "M%ld %d", time_x(t, t->column[i].start),
				TIME_LINE_HEIGHT * 10);
		open = true;
		end = time_x(t, t->column[i].end);
		fprintf(out, "V%ldH%ld", lround(TIME_LINE_HEIGHT * 10 * (1 - v / top)), end);
	}
	fputs("\"/>", out);
}

static void line_hover(FILE *out, const struct time_axis *t, const struct line *l)
{
	char span[TIME_TEXT_LEN], text[UNIT_LEN];

	for (size_t i = 0; i < t->n; i++) {
		const struct series_column *c = &t->column[i];
		double v = l->value(t, c);
		long from = time_x(t, c->start);

		fprintf(out, "<rect x=\"%ld\" y=\"0\" width=\"%ld\" height=\"%d\"><title>", from,
			time_x(t, c->end) - from, TIME_LINE_HEIGHT * 10);
		html_say(out, "%s: %s", time_span(span, c),
			 isnan(v) ? "unknown" : l->text(text, v));
		fputs("</title></rect>", out);
	}
}

static void draw_line(FILE *out, const struct time_axis *t, const struct line *l)
{
	double top = top_of(t, l), step;
	char text[UNIT_LEN];

	fprintf(out, "<figure class=\"over-time\"><figcaption><b>%s</b> %s</figcaption>\n",
		l->title, l->what);
	if (!(top > 0)) {
		fputs("<p class=\"note\">Not known, or always 0.</p></figure>\n", out);
		return;
	}
	step = chart_step(top * 1.02, 3);
	top = step * ceil(top * 1.02 / step - 1e-9);
	fputs("<div class=\"plot\"><div class=\"area\">", out);
	for (double k = 0; k * step <= top * (1 + 1e-9); k++)
		time_y_tick(out, k * step / top, k ? l->text(text, k * step) : "0");
	time_ticks(out, t);
	fprintf(out,
		"<svg viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" aria-hidden=\"true\">",
		TIME_WIDTH, TIME_LINE_HEIGHT * 10);
	steps(out, t, l, top);
	line_hover(out, t, l);
	fputs("</svg></div></div>\n</figure>\n", out);
}

/* ---- the table ---- */

static void row(struct html_table *t, const struct time_axis *axis, const struct series_column *c)
{
	static const __u32 millionths[] = { Q_P50, Q_P90, Q_P99, Q_MAX };
	char text[TIME_TEXT_LEN];
	double rate = rate_of(axis, c);

	html_cell(t, time_span(text, c));
	html_cell_count(t, c->requests);
	if (isnan(rate))
		html_cell_unknown(t);
	else
		html_cell(t, fmt_rate(text, sizeof(text), rate));
	if (isnan(c->in_flight))
		html_cell_unknown(t);
	else
		html_cell(t, in_flight_text(text, c->in_flight));
	for (size_t i = 0; i < 4; i++)
		html_cell_ns(t, time_quantile(axis, c, millionths[i]));
}

/* Columns together, as many as make no more than TABLE_ROWS. */
static void table(FILE *out, const struct time_axis *axis)
{
	static const struct html_column columns[] = {
		{ .name = "from the start" },
		{ .name = "requests", .number = true },
		{ .name = "answered", .number = true },
		{ .name = "in flight", .number = true, .wide = true },
		{ .name = "p50", .number = true },
		{ .name = "p90", .number = true, .wide = true },
		{ .name = "p99", .number = true },
		{ .name = "max", .number = true, .wide = true },
	};
	struct series_cell *cells = malloc(HIST_BUCKETS * sizeof(*cells));
	size_t each = (axis->n + TABLE_ROWS - 1) / TABLE_ROWS;
	struct html_table t;

	if (!cells)
		return;
	html_details(out, "The same as a table");
	html_table_open(&t, out, "Over time", columns, 8);
	for (size_t i = 0; i < axis->n; i += each) {
		size_t n = axis->n - i < each ? axis->n - i : each;
		struct series_column sum = { .cells = cells };

		series_sum(axis->column + i, n, &sum);
		row(&t, axis, &sum);
	}
	html_table_close(&t);
	fputs("</details>\n", out);
	free(cells);
}

static void note(FILE *out, const char *text)
{
	fprintf(out, "<p class=\"note\">%s</p>\n", text);
}

void html_over_time(FILE *out, const struct run_service *s, bool client, bool room)
{
	struct time_axis t = { .client = client,
			       .min = ~s->sum->latency_min_inv,
			       .max = s->sum->latency_max };

	if (!s->series)
		return;
	t.column = series_columns(s, &t.n);
	fputs("<h3>Over time</h3>\n", out);
	if (t.n < 2) {
		note(out, "It has one interval only, so nothing can be shown over time: "
			  "<code>lvt record -i SECS</code> sets how long they are.");
		return;
	}
	if (!room) {
		note(out, "Left out: the page has no room for it.");
		return;
	}
	t.from = t.column[0].start;
	t.to = t.column[t.n - 1].end;
	time_heat(out, &t);
	fputs("<div class=\"pair\">\n", out);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		draw_line(out, &t, &lines[i]);
	fputs("</div>\n", out);
	table(out, &t);
}
