// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "model/client.h"
#include "model/hist.h"
#include "report/client_view.h"
#include "report/html.h"
#include "report/html_chart.h"

/*
 * A quantile q stands at x = log10(1 / (1 - q)): 90 %, 99 %, 99.9 % are at 1, 2, 3. The slowest of n
 * requests is taken to stand at 1 - 1 / 2n, in the middle of the last one's part.
 */
#define ROOMY_DECADES 5.8

enum { VIEW_WIDTH = 1000, VIEW_HEIGHT = 400, MAX_TICKS = 48 };

struct plot {
	FILE *out;
	const __u64 *cells; /* of those that did not fail */
	__u64 n, failed, min, max;
	double right;	    /* x of the right edge, decades */
	double bottom, top; /* log10 of ns */
};

/* Where things are, 0..1 from the left, and from the bottom. */
static double x_of(const struct plot *p, double per)
{
	return fmin(log10(per) / p->right, 1);
}

static double y_of(const struct plot *p, double ns)
{
	return (log10(fmax(ns, 1)) - p->bottom) / (p->top - p->bottom);
}

/* The value which all but one in `per` requests are at or below; or CLIENT_FAILED. */
static __u64 value_at(const struct plot *p, __u64 per)
{
	__u64 rank = p->n - p->n / per;

	if (rank > p->n - p->failed)
		return CLIENT_FAILED;
	return hist_value_at(p->cells, 0, rank ? rank : 1, p->min, p->max);
}

static void set_axes(struct plot *p)
{
	p->right = fmax(log10(2.0 * p->n), 1);
	p->bottom = chart_log_edge(p->min, false);
	p->top = chart_log_edge(p->max * 1.15, true);
	if (p->top - p->bottom < 0.3)
		p->bottom = p->top - 1;
	p->bottom = fmax(p->bottom, 0);
}

static void y_tick(const struct plot *p, double ns, bool named)
{
	double at = y_of(p, ns);
	char text[UNIT_LEN];

	if (at < -1e-9 || at > 1 + 1e-9)
		return;
	fprintf(p->out, "<i class=\"h%s\" style=\"bottom:%.2f%%\"></i>", named ? "" : " minor",
		100 * at);
	if (named)
		fprintf(p->out, "<span class=\"y\" style=\"bottom:%.2f%%\">%s</span>", 100 * at,
			chart_tick(text, ns));
}

static void y_axis(const struct plot *p)
{
	bool fine = p->top - p->bottom < 2.2;

	for (double e = floor(p->bottom); e <= p->top + 1e-9; e++) {
		y_tick(p, pow(10, e), true);
		y_tick(p, 2 * pow(10, e), fine);
		y_tick(p, 5 * pow(10, e), fine);
	}
}

/* "99.9", without zeros at the end. */
static const char *percent(char buf[UNIT_LEN], double per)
{
	snprintf(buf, UNIT_LEN, "%.12g", 100 - 100 / per);
	return buf;
}

static void x_axis(const struct plot *p)
{
	int decades = (int)floor(p->right);
	char text[UNIT_LEN];

	fprintf(p->out, "<i class=\"v\" style=\"left:0\"></i><span class=\"x\" style=\"left:0\">0"
			"</span>");
	if (decades <= 6)
		fprintf(p->out,
			"<i class=\"v minor\" style=\"left:%.2f%%\"></i><span class=\"x "
			"%s\" style=\"left:%.2f%%\">50</span>",
			100 * x_of(p, 2), decades > 4 ? "roomy" : "", 100 * x_of(p, 2));
	for (int e = 1; e <= decades; e++) {
		double at = 100 * x_of(p, pow(10, e));

		fprintf(p->out, "<i class=\"v\" style=\"left:%.2f%%\"></i>", at);
		if (decades > 7 && e % 2 == 0)
			continue;
		fprintf(p->out, "<span class=\"x%s\" style=\"left:%.2f%%\">%s</span>",
			e > 3 && e % 2 == 0 ? " roomy" : "", at, percent(text, pow(10, e)));
	}
}

/* A step for every bucket: its value holds from the rank before its first to its last. */
static void curve(const struct plot *p)
{
	long x = 0, y = lround(VIEW_HEIGHT * (1 - y_of(p, value_at(p, 1))));
	__u64 seen = 0;

	fprintf(p->out, "<path class=\"curve\" vector-effect=\"non-scaling-stroke\" d=\"M0 %ld", y);
	for (__u32 i = 0; i < HIST_BUCKETS && seen < p->n; i++) {
		__u64 v;
		long at;

		if (!p->cells[i])
			continue;
		seen += p->cells[i];
		v = seen < p->n ? hist_bucket_value(i, p->min, p->max) : p->max;
		at = lround(VIEW_HEIGHT * (1 - y_of(p, v)));
		if (at != y)
			fprintf(p->out, "V%ld", at);
		y = at;
		at = seen < p->n ? lround(VIEW_WIDTH * x_of(p, (double)p->n / (p->n - seen))) :
				   VIEW_WIDTH;
		if (at != x)
			fprintf(p->out, "H%ld", at);
		x = at;
	}
	fputs("\"/>", p->out);
}

/* The percentiles of the table: 50 75 90 95 97.5 99 ..., as far as there are requests beyond them. */
static size_t ticks(const struct plot *p, __u64 per[MAX_TICKS])
{
	static const __u64 factors[] = { 1, 2, 4 };
	size_t n = 0;

	for (__u64 power = 1; power <= p->n; power *= 10)
		for (size_t i = 0; i < 3; i++)
			if (factors[i] * power <= p->n && n < MAX_TICKS)
				per[n++] = factors[i] * power;
	return n;
}

/* Strips that tell the value under the pointer. */
static void hover(const struct plot *p)
{
	char value[UNIT_LEN], text[UNIT_LEN];
	__u64 per[MAX_TICKS];
	size_t n = ticks(p, per);

	for (size_t i = 0; i < n; i++) {
		double from = i ? (x_of(p, per[i]) + x_of(p, per[i - 1])) / 2 : 0;
		double to = i + 1 < n ? (x_of(p, per[i]) + x_of(p, per[i + 1])) / 2 : 1;

		fprintf(p->out,
			"<rect x=\"%.0f\" y=\"0\" width=\"%.0f\" height=\"%d\"><title>%s %%: "
			"%s</title></rect>",
			VIEW_WIDTH * from, VIEW_WIDTH * (to - from), VIEW_HEIGHT,
			percent(text, per[i]),
			fmt_quantile(value, sizeof(value), value_at(p, per[i])));
	}
}

/* The value stands beside its name where there is room for it in a decade. */
static void point(const struct plot *p, const char *name, double x, __u64 ns)
{
	char text[UNIT_LEN];

	if (ns == CLIENT_FAILED)
		return;
	fprintf(p->out, "<span class=\"point%s%s\" style=\"left:%.2f%%;bottom:%.2f%%\"><b>%s",
		x > 0.8 ? " left" : "", p->right > ROOMY_DECADES ? " close" : "", 100 * x,
		100 * y_of(p, ns), name);
	fprintf(p->out, "<span> %s</span></b></span>", fmt_ns(text, sizeof(text), ns));
}

/* p99.9 stands too near to the maximum when few requests are beyond it. */
static void points(const struct plot *p, const struct dist *d)
{
	if (p->n >= 20)
		point(p, "p50", x_of(p, 2), d->p50);
	if (p->n >= 100)
		point(p, "p90", x_of(p, 10), d->p90);
	if (p->n >= 1000)
		point(p, "p99", x_of(p, 100), d->p99);
	if (p->n >= 10000)
		point(p, "p99.9", x_of(p, 1000), d->p99_9);
	point(p, "max", 1, d->max);
}

static void cell(struct html_table *t, __u64 ns)
{
	if (ns == CLIENT_FAILED)
		html_cell(t, "failed");
	else
		html_cell_ns(t, ns);
}

static void table(const struct plot *p)
{
	static const struct html_column columns[] = {
		{ .name = "percentile", .number = true },
		{ .name = "latency", .number = true },
		{ .name = "requests beyond", .number = true },
	};
	char text[UNIT_LEN];
	__u64 per[MAX_TICKS];
	size_t n = ticks(p, per);
	struct html_table t;

	html_details(p->out, "The same as a table");
	html_table_open(&t, p->out, "Latency by percentile", columns, 3);
	for (size_t i = 0; i < n; i++) {
		html_cell(&t, per[i] == 1 ? "min" : percent(text, per[i]));
		cell(&t, per[i] == 1 ? p->min : value_at(p, per[i]));
		html_cell_count(&t, per[i] == 1 ? p->n - 1 : p->n / per[i]);
	}
	html_cell(&t, "max");
	cell(&t, p->failed ? CLIENT_FAILED : p->max);
	html_cell_count(&t, 0);
	html_table_close(&t);
	fputs("</details>\n", p->out);
}

/* `d` is what the points stand for. */
static void chart(struct plot *p, const struct dist *d)
{
	FILE *out = p->out;

	set_axes(p);
	fputs("<figure class=\"percentiles\"><figcaption><b>Latency by percentile</b> "
	      "both axes logarithmic</figcaption>\n<div class=\"plot\"><div class=\"area\">",
	      out);
	y_axis(p);
	x_axis(p);
	fprintf(out,
		"<svg viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" aria-hidden=\"true\">",
		VIEW_WIDTH, VIEW_HEIGHT);
	curve(p);
	hover(p);
	fputs("</svg>", out);
	points(p, d);
	fputs("</div></div>\n<p class=\"axis\">% of the requests that took no longer</p>\n", out);
	table(p);
	fputs("</figure>\n", out);
}

void chart_percentiles(FILE *out, const struct run_service *s)
{
	struct plot p = { .out = out, .cells = s->sum->latency };
	struct dist d;

	service_latency(s, &d);
	p.n = d.count;
	p.min = d.min;
	p.max = d.max;
	chart(&p, &d);
}

void chart_client(FILE *out, const struct run_client *c)
{
	const __u64 *all = c->view.sum->latency;
	__u64 cells[HIST_BUCKETS];
	struct plot p = { .out = out, .cells = cells, .failed = client_failed(c) };
	struct dist d;

	for (__u32 b = 0; b < HIST_BUCKETS; b++)
		cells[b] = all[b];
	if (p.failed > cells[HIST_BUCKETS - 1])
		p.failed = cells[HIST_BUCKETS - 1];
	cells[HIST_BUCKETS - 1] -= p.failed;
	client_latency(c, &d);
	if (d.count <= p.failed)
		return;
	p.n = d.count;
	p.min = d.min;
	p.max = c->view.sum->latency_max;
	chart(&p, &d);
}
