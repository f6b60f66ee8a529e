// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "model/hist.h"
#include "report/html.h"
#include "report/html_chart.h"
#include "report/html_time.h"

/*
 * Latency goes up in equal steps of its logarithm: 8, 4, 2 or 1 to an octave, so that no more than
 * MAX_LEVELS are needed. A cell has the colour of how many requests are in it, on a logarithmic scale too,
 * so that single ones, which are the ones to be seen, are as visible as many.
 */
enum { MAX_LEVELS = 60, FEW_COLUMNS = 20, COLOURS = 7, FINEST = 8 };

struct map {
	const struct time_axis *t;
	FILE *out;
	int per_octave, low, n; /* levels of latency: low, low + 1, ... */
	__u64 count[SERIES_COLUMNS][MAX_LEVELS];
	__u64 most;
	double factor; /* from a colour to the next */
};

static int level_of(__u32 bucket, int per_octave)
{
	double middle = fmax(1, hist_low(bucket) + hist_width(bucket) / 2.0);

	return floor(log2(middle) * per_octave);
}

/* Which levels there are; false = none. */
static bool set_levels(struct map *m)
{
	int most = m->t->n < FEW_COLUMNS ? MAX_LEVELS / 2 : MAX_LEVELS; /* no flat stripes */
	__u32 low = HIST_BUCKETS, high = 0;

	for (size_t i = 0; i < m->t->n; i++) {
		const struct series_column *c = &m->t->column[i];
		size_t n = c->n_cells;

		while (m->t->client && n && c->cells[n - 1].bucket == HIST_BUCKETS - 1)
			n--;
		if (!n)
			continue;
		low = c->cells[0].bucket < low ? c->cells[0].bucket : low;
		high = c->cells[n - 1].bucket > high ? c->cells[n - 1].bucket : high;
	}
	if (low == HIST_BUCKETS)
		return false;
	for (m->per_octave = FINEST; m->per_octave > 1; m->per_octave /= 2)
		if (level_of(high, m->per_octave) - level_of(low, m->per_octave) < most)
			break;
	m->low = level_of(low, m->per_octave);
	m->n = level_of(high, m->per_octave) - m->low + 1;
	return true;
}

static void count(struct map *m)
{
	for (size_t i = 0; i < m->t->n; i++) {
		const struct series_column *c = &m->t->column[i];

		for (size_t k = 0; k < c->n_cells; k++) {
			__u64 *cell;

			if (m->t->client && c->cells[k].bucket == HIST_BUCKETS - 1)
				continue;
			cell = &m->count[i][level_of(c->cells[k].bucket, m->per_octave) - m->low];
			*cell += c->cells[k].count;
			m->most = *cell > m->most ? *cell : m->most;
		}
	}
}

/* The least factor with which the colours reach as far as the fullest cell. */
static void set_colours(struct map *m)
{
	static const double factors[] = { 2, 3, 4, 5, 10, 20, 50, 100, 1000 };

	for (size_t i = 0; i < sizeof(factors) / sizeof(factors[0]); i++) {
		m->factor = factors[i];
		if (pow(m->factor, COLOURS) > m->most)
			break;
	}
}

/* 0 = nothing there, then 1..COLOURS */
static int colour(const struct map *m, __u64 n)
{
	double edge = m->factor;
	int c = 1;

	if (!n)
		return 0;
	for (; c < COLOURS && n >= edge; edge *= m->factor)
		c++;
	return c;
}

/* All cells of a colour as one path; neighbours in time as one box. */
static void cells(const struct map *m, int which)
{
	bool any = false;

	for (int level = 0; level < m->n; level++) {
		for (size_t i = 0; i < m->t->n; i++) {
			long from = time_x(m->t, m->t->column[i].start), wide;

			if (colour(m, m->count[i][level]) != which)
				continue;
			while (i + 1 < m->t->n && colour(m, m->count[i + 1][level]) == which)
				i++;
			wide = time_x(m->t, m->t->column[i].end) - from;
			if (!any)
				fprintf(m->out, "<path class=\"h%d\" d=\"", which);
			any = true;
			fprintf(m->out, "M%ld %dh%ldv1h-%ldz", from, m->n - 1 - level, wide, wide);
		}
	}
	if (any)
		fputs("\"/>", m->out);
}

static double y_of(const struct map *m, double ns)
{
	return (log2(ns) * m->per_octave - m->low) / m->n;
}

static void y_axis(const struct map *m)
{
	static const int factors[] = { 1, 2, 5 };
	int octaves = m->n / m->per_octave, shown = octaves > 10 ? 1 : 3;
	char text[UNIT_LEN];

	for (double ten = 1; ten < HIST_MAX; ten *= 10) {
		for (int i = 0; i < shown; i++) {
			double at = y_of(m, factors[i] * ten);

			if (at > -1e-9 && at < 1 + 1e-9)
				time_y_tick(m->out, at, chart_tick(text, factors[i] * ten));
		}
	}
}

static void column_title(const struct map *m, const struct series_column *c)
{
	static const struct {
		const char *name;
		__u32 millionths;
	} rows[] = { { "p50", Q_P50 }, { "p90", Q_P90 }, { "p99", Q_P99 }, { "max", Q_MAX } };
	char span[TIME_TEXT_LEN], text[UNIT_LEN];
	__u64 n = time_answered(m->t, c);

	html_say(m->out, "%s: %s request%s", time_span(span, c),
		 fmt_count(text, sizeof(text), c->requests), c->requests == 1 ? "" : "s");
	if (n < c->requests)
		html_say(m->out, ", %s failed", fmt_count(text, sizeof(text), c->requests - n));
	for (size_t i = 0; i < 4 && n; i++)
		html_say(m->out, "%s %s %s", i ? "," : ";", rows[i].name,
			 fmt_ns(text, sizeof(text), time_quantile(m->t, c, rows[i].millionths)));
}

static void hover(const struct map *m)
{
	for (size_t i = 0; i < m->t->n; i++) {
		const struct series_column *c = &m->t->column[i];
		long from = time_x(m->t, c->start);

		fprintf(m->out, "<rect x=\"%ld\" y=\"0\" width=\"%ld\" height=\"%d\"><title>", from,
			time_x(m->t, c->end) - from, m->n);
		column_title(m, c);
		fputs("</title></rect>", m->out);
	}
}

static void legend(const struct map *m)
{
	char low[UNIT_LEN], high[UNIT_LEN];
	double from = 1;

	fputs("<ul class=\"legend heat-key\"><li>requests in a cell</li>", m->out);
	for (int c = 1; c <= COLOURS && from <= m->most; c++) {
		double to = from * m->factor - 1;
		bool last = c == COLOURS || from * m->factor > m->most;

		if (last)
			to = m->most;
		fprintf(m->out, "<li><i class=\"key h%d\"></i>", c);
		html_say(m->out, from == to ? "%s" : "%s–%s", fmt_count(low, sizeof(low), from),
			 fmt_count(high, sizeof(high), to));
		fputs("</li>", m->out);
		from *= m->factor;
	}
	fputs("</ul>\n", m->out);
}

void time_heat(FILE *out, const struct time_axis *t)
{
	struct map m = { .t = t, .out = out };
	char wide[UNIT_LEN];

	if (!set_levels(&m))
		return;
	count(&m);
	set_colours(&m);
	fputs("<figure class=\"over-time heat\"><figcaption><b>Latency over time</b> ", out);
	html_say(out, "a cell is %s by %.0f %% of latency, on a logarithmic axis",
		 fmt_ns(wide, sizeof(wide), 1e9 * (t->column[0].end - t->column[0].start)),
		 100 * (pow(2, 1.0 / m.per_octave) - 1));
	fputs("</figcaption>\n", out);
	legend(&m);
	fputs("<div class=\"plot\"><div class=\"area\">", out);
	y_axis(&m);
	time_ticks(out, t);
	fprintf(out,
		"<svg viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" aria-hidden=\"true\">",
		TIME_WIDTH, m.n);
	for (int c = 1; c <= COLOURS; c++)
		cells(&m, c);
	hover(&m);
	fputs("</svg></div></div>\n</figure>\n", out);
}
