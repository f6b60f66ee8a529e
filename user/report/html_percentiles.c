// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "model/client.h"
#include "model/hist.h"
#include "report/client_view.h"
#include "report/html.h"
#include "report/html_chart.h"
#include "report/html_percentile.h"

#define ROOMY_DECADES 5.8

enum { MAX_TICKS = 48 };

struct plot {
	FILE *out;
	const __u64 *cells; /* of those that did not fail */
	__u64 n, failed, min, max;
	struct percentile_axes axes;
};

static double x_of(const struct plot *p, double per)
{
	return percentile_x(&p->axes, per);
}

static double y_of(const struct plot *p, double ns)
{
	return percentile_y(&p->axes, ns);
}

/* The value which all but one in `per` requests are at or below; or CLIENT_FAILED. */
static __u64 value_at(const struct plot *p, __u64 per)
{
	__u64 rank = p->n - p->n / per;

	if (rank > p->n - p->failed)
		return CLIENT_FAILED;
	return hist_value_at(p->cells, 0, rank ? rank : 1, p->min, p->max);
}

/* A step for every bucket: its value holds from the rank before its first to its last. */
static void curve(const struct plot *p)
{
	long x = 0, y = lround(PERCENTILE_HEIGHT * (1 - y_of(p, value_at(p, 1))));
	__u64 seen = 0;

	fprintf(p->out, "<path class=\"curve\" vector-effect=\"non-scaling-stroke\" d=\"M0 %ld", y);
	for (__u32 i = 0; i < HIST_BUCKETS && seen < p->n; i++) {
		__u64 v;
		long at;

		if (!p->cells[i])
			continue;
		seen += p->cells[i];
		v = seen < p->n ? hist_bucket_value(i, p->min, p->max) : p->max;
		at = lround(PERCENTILE_HEIGHT * (1 - y_of(p, v)));
		if (at != y)
			fprintf(p->out, "V%ld", at);
		y = at;
		at = seen < p->n ?
			     lround(PERCENTILE_WIDTH * x_of(p, (double)p->n / (p->n - seen))) :
			     PERCENTILE_WIDTH;
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
			PERCENTILE_WIDTH * from, PERCENTILE_WIDTH * (to - from), PERCENTILE_HEIGHT,
			percentile_text(text, per[i]),
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
		x > 0.8 ? " left" : "", p->axes.right > ROOMY_DECADES ? " close" : "", 100 * x,
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
		html_cell(&t, per[i] == 1 ? "min" : percentile_text(text, per[i]));
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

	percentile_axes_set(&p->axes, p->n, p->min, p->max);
	percentile_open(out, &p->axes);
	curve(p);
	hover(p);
	fputs("</svg>", out);
	points(p, d);
	percentile_close(out);
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
