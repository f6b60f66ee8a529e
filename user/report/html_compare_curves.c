// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>

#include "report/compare_words.h"
#include "report/html.h"
#include "report/html_compare_parts.h"
#include "report/html_percentile.h"

enum { ASIDE = 3 }; /* how far the intervals of both sides stand from each other */

static const char *const sides[] = { "before", "after" };

struct plot {
	FILE *out;
	const struct compare_curve *curves;
	enum compare_method method;
	struct percentile_axes axes;
};

static double x_of(const struct plot *p, double per)
{
	return PERCENTILE_WIDTH * percentile_x(&p->axes, per);
}

static double y_of(const struct plot *p, double ns)
{
	double at = isinf(ns) ? 1 : percentile_y(&p->axes, ns);

	return PERCENTILE_HEIGHT * (1 - fmin(fmax(at, 0), 1));
}

static bool known(const struct compare_point *p)
{
	return !isnan(p->low) && !isnan(p->high);
}

static void axes_set(struct plot *p)
{
	double n = 1, min = INFINITY, max = 1;

	for (int side = 0; side < 2; side++) {
		const struct compare_curve *c = &p->curves[side];

		n = fmax(n, c->points[c->n - 1].per / 2);
		for (size_t i = 0; i < c->n; i++) {
			const struct compare_point *at = &c->points[i];

			min = fmin(min, at->ns);
			max = fmax(max, isfinite(at->ns) ? at->ns : 0);
			max = fmax(max, isfinite(at->high) ? at->high : 0);
		}
	}
	percentile_axes_set(&p->axes, n, isfinite(min) ? min : 1, max);
}

/* Between the lowest and the highest run. */
static void spread(const struct plot *p, int side)
{
	const struct compare_curve *c = &p->curves[side];
	size_t n = 0;

	while (n < c->n && isfinite(c->points[n].high))
		n++;
	if (n < 2)
		return;
	fprintf(p->out, "<path class=\"spread %s\" d=\"M", sides[side]);
	for (size_t i = 0; i < n; i++)
		fprintf(p->out, "%s%.0f %.1f", i ? "L" : "", x_of(p, c->points[i].per),
			y_of(p, c->points[i].high));
	for (size_t i = n; i-- > 0;)
		fprintf(p->out, "L%.0f %.1f", x_of(p, c->points[i].per), y_of(p, c->points[i].low));
	fputs("Z\"/>", p->out);
}

/* The interval of each quantile that has one. */
static void bounds(const struct plot *p, int side)
{
	const struct compare_curve *c = &p->curves[side];
	bool any = false;

	for (size_t i = 0; i < c->n; i++) {
		double x = x_of(p, c->points[i].per) + (side ? ASIDE : -ASIDE);

		if (!known(&c->points[i]))
			continue;
		fprintf(p->out, "%sM%.0f %.1fV%.1f",
			any ? "" :
			side ?
			      "<path class=\"bounds after\" vector-effect=\"non-scaling-stroke\" d=\"" :
			      "<path class=\"bounds before\" vector-effect=\"non-scaling-stroke\" d=\"",
			x, y_of(p, c->points[i].low), y_of(p, c->points[i].high));
		any = true;
	}
	fputs(any ? "\"/>" : "", p->out);
}

/* Up to where requests failed. */
static void curve(const struct plot *p, int side)
{
	const struct compare_curve *c = &p->curves[side];

	fprintf(p->out, "<path class=\"curve %s\" vector-effect=\"non-scaling-stroke\" d=\"",
		sides[side]);
	for (size_t i = 0; i < c->n && isfinite(c->points[i].ns); i++)
		fprintf(p->out, "%c%.0f %.1f", i ? 'L' : 'M', x_of(p, c->points[i].per),
			y_of(p, c->points[i].ns));
	fputs("\"/>", p->out);
}

/* The point of a side beside the other side's i-th; NULL: it has none. */
static const struct compare_point *beside(const struct compare_curve *c, size_t i, bool last)
{
	if (last)
		return &c->points[c->n - 1];
	return i + 1 < c->n ? &c->points[i] : NULL;
}

/* An interval within a run may have no end; the highest of several runs may have failed. */
static const char *interval_text(char buf[2 * UNIT_LEN + 8], const struct plot *p,
				 const struct compare_point *at)
{
	char low[UNIT_LEN], high[UNIT_LEN];
	bool open = isinf(at->high) && p->method == COMPARE_WITHIN_RUN;

	fmt_metric(low, sizeof(low), COMPARE_P50, at->low);
	fmt_metric(high, sizeof(high), COMPARE_P50, at->high);
	if (open && !(at->low > 0))
		snprintf(buf, 2 * UNIT_LEN + 8, "-");
	else if (open)
		snprintf(buf, 2 * UNIT_LEN + 8, "%s or more", low);
	else
		snprintf(buf, 2 * UNIT_LEN + 8, "%s to %s", low, high);
	return buf;
}

static void tell(const struct plot *p, size_t i, bool last)
{
	char text[UNIT_LEN], inside[2 * UNIT_LEN + 8];

	for (int side = 0; side < 2; side++) {
		const struct compare_point *at = beside(&p->curves[side], i, last);

		if (!at)
			continue;
		fputc('\n', p->out);
		html_say(p->out, "%s %s", sides[side],
			 fmt_metric(text, sizeof(text), COMPARE_P50, at->ns));
		if (known(at))
			html_say(p->out, " (%s)", interval_text(inside, p, at));
	}
}

/* The side whose curve goes further. */
static const struct compare_curve *longer(const struct plot *p)
{
	return &p->curves[p->curves[1].n > p->curves[0].n];
}

static void hover(const struct plot *p)
{
	const struct compare_curve *c = longer(p);
	char text[UNIT_LEN];
	double from = 0;

	for (size_t i = 0; i < c->n; i++) {
		bool last = i + 1 == c->n;
		size_t next = i + 1;
		double to = PERCENTILE_WIDTH;

		if (!compare_point_told(c, i))
			continue;
		while (next < c->n && !compare_point_told(c, next))
			next++;
		if (next < c->n)
			to = (x_of(p, c->points[i].per) + x_of(p, c->points[next].per)) / 2;
		fprintf(p->out, "<rect x=\"%.0f\" y=\"0\" width=\"%.0f\" height=\"%d\"><title>",
			from, fmax(to - from, 0), PERCENTILE_HEIGHT);
		if (last)
			fputs("the slowest", p->out);
		else
			html_say(p->out, "%s %%", percentile_text(text, c->points[i].per));
		tell(p, i, last);
		fputs("</title></rect>", p->out);
		from = to;
	}
}

static void table(const struct plot *p)
{
	static const struct html_column columns[] = {
		{ .name = "percentile", .number = true },
		{ .name = "before", .number = true },
		{ .name = "between", .number = true, .wide = true },
		{ .name = "after", .number = true },
		{ .name = "between", .number = true, .wide = true },
	};
	const struct compare_curve *c = longer(p);
	char text[UNIT_LEN], inside[2 * UNIT_LEN + 8];
	struct html_table t;

	html_details(p->out, "The same as a table");
	html_table_open(&t, p->out, "Latency by percentile", columns, 5);
	for (size_t i = 0; i < c->n; i++) {
		bool last = i + 1 == c->n;

		if (!compare_point_told(c, i))
			continue;
		html_cell(&t, last ? "max" : i ? percentile_text(text, c->points[i].per) : "min");
		for (int side = 0; side < 2; side++) {
			const struct compare_point *at = beside(&p->curves[side], i, last);

			html_cell(&t,
				  at ? fmt_metric(text, sizeof(text), COMPARE_P50, at->ns) : "-");
			html_cell(&t, at && known(at) ? interval_text(inside, p, at) : "-");
		}
	}
	html_table_close(&t);
	fputs("</details>\n", p->out);
}

static void legend(FILE *out, const struct comparison *c)
{
	fputs("<ul class=\"legend\">", out);
	for (int side = 0; side < 2; side++)
		fprintf(out,
			"<li><svg class=\"line %s\" viewBox=\"0 0 26 12\" aria-hidden=\"true\">"
			"<path d=\"M0 6H26\"/></svg>%s</li>",
			sides[side], sides[side]);
	if (c->method == COMPARE_RANKS)
		fputs("<li>medians of the runs; shaded: from the lowest to the highest run</li>",
		      out);
	else
		fprintf(out, "<li>upright lines: intervals, together at %g %%</li>",
			c->options.level * 100);
	fputs("</ul>\n", out);
}

void html_compare_curves(FILE *out, const struct comparison *c, const struct compare_service *s)
{
	struct plot p = { .out = out, .curves = s->curves, .method = c->method };

	if (!s->curves[0].n || !s->curves[1].n)
		return;
	axes_set(&p);
	percentile_open(out, &p.axes);
	for (int side = 0; side < 2 && c->method == COMPARE_RANKS; side++)
		if (s->runs[side] > 1)
			spread(&p, side);
	for (int side = 0; side < 2; side++)
		curve(&p, side);
	for (int side = 0; side < 2 && c->method == COMPARE_WITHIN_RUN; side++)
		bounds(&p, side);
	hover(&p);
	fputs("</svg>", out);
	percentile_close(out);
	legend(out, c);
	table(&p);
	fputs("</figure>\n", out);
}
