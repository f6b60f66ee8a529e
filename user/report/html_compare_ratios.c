// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>

#include "base/units.h"
#include "report/compare_words.h"
#include "report/html.h"
#include "report/html_chart.h"
#include "report/html_compare_parts.h"

/* An axis of ratios, logarithmic, that has 1 on it. */
struct axis {
	double from, to; /* natural logarithms */
};

#define FURTHEST 8.0	/* of a bound from its ratio, that the axis reaches out to */
#define LEAST_SPAN 0.05 /* of the axis to each side of 1 */

enum { MOST_TICKS = 6 };

static double at(const struct axis *a, double ratio)
{
	double part = ratio > 0 ? (log(ratio) - a->from) / (a->to - a->from) : 0;

	return 100 * fmin(fmax(part, 0), 1);
}

static bool drawn(const struct compare_value *v)
{
	return v->ratio > 0 && isfinite(v->ratio);
}

static bool bounded(const struct compare_value *v)
{
	return !isnan(v->low) && (v->low > 0 || isfinite(v->high));
}

static struct axis axis_for(const struct compare_service *s)
{
	struct axis a = { -LEAST_SPAN, LEAST_SPAN };
	double room;

	for (int m = 0; m < NR_COMPARE_METRICS; m++) {
		const struct compare_value *v = &s->values[m];
		double low, high;

		if (!drawn(v))
			continue;
		low = bounded(v) ? fmax(v->low, v->ratio / FURTHEST) : v->ratio;
		high = bounded(v) ? fmin(v->high, v->ratio * FURTHEST) : v->ratio;
		a.from = fmin(a.from, log(low));
		a.to = fmax(a.to, log(high));
	}
	room = 0.06 * (a.to - a.from);
	a.from -= room;
	a.to += room;
	return a;
}

/* Where ratios are named: 1, 2 and 5 times powers of ten, or even steps over a small span. */
static size_t ticks(const struct axis *a, double out[2 * MOST_TICKS])
{
	double from = exp(a->from), to = exp(a->to);
	size_t n = 0;

	if (to / from > 4) {
		bool all = log10(to / from) < 2;

		for (double power = pow(10, floor(log10(from))); power <= to; power *= 10)
			for (int f = 1; f <= 5; f += f == 1 ? 1 : 3) /* 1 2 5 */
				if (f * power >= from && f * power <= to && n < 2 * MOST_TICKS &&
				    (f == 1 || all))
					out[n++] = f * power;
		return n;
	}
	for (double step = chart_step(to - from, MOST_TICKS), v = ceil(from / step) * step;
	     v <= to && n < 2 * MOST_TICKS; v += step)
		out[n++] = v;
	return n;
}

/* Several runs: better and worse are said. */
static const char *colour(const struct comparison *c, const struct compare_value *v,
			  enum compare_metric m)
{
	if (v->saying > COMPARE_HIGHER || c->method == COMPARE_WITHIN_RUN)
		return "neutral";
	return (v->saying == COMPARE_HIGHER) == (m == COMPARE_THROUGHPUT) ? "better" : "worse";
}

static const char *inside_text(char buf[2 * UNIT_LEN + 8], const struct compare_value *v)
{
	char low[UNIT_LEN], high[UNIT_LEN];

	if (!bounded(v))
		snprintf(buf, 2 * UNIT_LEN + 8, "-");
	else
		snprintf(buf, 2 * UNIT_LEN + 8, "%s to %s", fmt_ratio(low, sizeof(low), v->low),
			 fmt_ratio(high, sizeof(high), v->high));
	return buf;
}

static void track(FILE *out, const struct comparison *c, const struct axis *a,
		  const struct compare_value *v, enum compare_metric m)
{
	char ratio[UNIT_LEN], inside[2 * UNIT_LEN + 8];
	double where[2 * MOST_TICKS];
	size_t n = ticks(a, where);

	fprintf(out, "<span class=\"track %s\" title=\"", colour(c, v, m));
	html_say(out, "%s: ratio %s, interval %s; %s", compare_metric_name(m),
		 fmt_ratio(ratio, sizeof(ratio), v->ratio), inside_text(inside, v),
		 compare_saying_text(v, c->method));
	fputs("\">", out);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "<i class=\"rule\" style=\"left:%.2f%%\"></i>", at(a, where[i]));
	fprintf(out, "<i class=\"one\" style=\"left:%.2f%%\"></i>", at(a, 1));
	if (drawn(v) && bounded(v))
		fprintf(out, "<i class=\"whisker%s%s\" style=\"left:%.2f%%;width:%.2f%%\"></i>",
			v->low >= exp(a->from) ? "" : " no-low",
			v->high <= exp(a->to) ? "" : " no-high", at(a, v->low),
			at(a, v->high) - at(a, v->low));
	if (drawn(v))
		fprintf(out, "<i class=\"dot%s\" style=\"left:%.2f%%\"></i>",
			v->saying == COMPARE_UNDECIDED ? " hollow" : "", at(a, v->ratio));
	fputs("</span>", out);
}

static void axis_row(FILE *out, const struct axis *a)
{
	double where[2 * MOST_TICKS];
	size_t n = ticks(a, where);

	fputs("<span></span><span class=\"track axis-row\">", out);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "<span style=\"left:%.2f%%\">%.4g</span>", at(a, where[i]), where[i]);
	fputs("</span><span></span>", out);
}

void html_compare_ratios(FILE *out, const struct comparison *c, const struct compare_service *s)
{
	struct axis a = axis_for(s);
	char text[COMPARE_INTERVAL_LEN], ratio[UNIT_LEN];
	bool several = c->method == COMPARE_RANKS;

	compare_interval_name(s, text);
	fprintf(out,
		"<figure><figcaption><b>After by before</b> point: ratio; whiskers: its %s; "
		"hollow: undecided%s</figcaption>\n<div class=\"ratios\">",
		text, several ? "; green is better, orange worse" : "");
	for (int m = 0; m < NR_COMPARE_METRICS; m++) {
		const struct compare_value *v = &s->values[m];

		fprintf(out, "<%s>%s</%s>", m == (int)c->options.primary ? "b" : "span",
			compare_metric_name(m), m == (int)c->options.primary ? "b" : "span");
		track(out, c, &a, v, m);
		fprintf(out, "<span class=\"n\">%s</span>\n",
			fmt_ratio(ratio, sizeof(ratio), v->ratio));
	}
	axis_row(out, &a);
	fputs("</div>\n</figure>\n", out);
}

void html_compare_values(FILE *out, const struct comparison *c, const struct compare_service *s)
{
	char inside[COMPARE_INTERVAL_LEN], text[2 * UNIT_LEN + 8];
	const struct html_column columns[] = {
		{ .name = "" },
		{ .name = "before", .number = true },
		{ .name = "after", .number = true },
		{ .name = "ratio", .number = true },
		{ .name = inside, .number = true },
		{ .name = "says", .wide = true },
	};
	struct html_table t;

	compare_interval_name(s, inside);
	html_table_open(&t, out, "What changed", columns, 6);
	for (int m = 0; m < NR_COMPARE_METRICS; m++) {
		const struct compare_value *v = &s->values[m];

		html_cell(&t, compare_metric_name(m));
		html_cell(&t, fmt_metric(text, sizeof(text), m, v->before));
		html_cell(&t, fmt_metric(text, sizeof(text), m, v->after));
		html_cell(&t, fmt_ratio(text, sizeof(text), v->ratio));
		html_cell(&t, inside_text(text, v));
		html_cell_begin(&t);
		fprintf(out, v->saying <= COMPARE_HIGHER ? "<b>%s</b>" : "%s",
			compare_saying_text(v, c->method));
		html_cell_end(&t);
	}
	html_table_close(&t);
}

void html_compare_beside(FILE *out, const struct compare_service *s)
{
	static const enum compare_metric shown[] = { COMPARE_THROUGHPUT, COMPARE_P50, COMPARE_P99 };
	char text[UNIT_LEN];

	fputs("<figure><figcaption><b>Throughput beside latency</b> each scaled to its larger one"
	      "</figcaption>\n<div class=\"beside\">",
	      out);
	for (int i = 0; i < 3; i++) {
		const struct compare_value *v = &s->values[shown[i]];
		double most = fmax(isfinite(v->before) ? v->before : 0,
				   isfinite(v->after) ? v->after : 0);

		fputs(i ? "<span class=\"gap\"></span>" : "", out);
		for (int side = 0; side < 2; side++) {
			double one = side ? v->after : v->before;

			fprintf(out, "<b>%s</b><span class=\"dim\">%s</span><span class=\"room\">",
				side ? "" : compare_metric_name(shown[i]),
				side ? "after" : "before");
			if (one > 0 && most > 0)
				fprintf(out,
					"<span class=\"bar %s\" style=\"width:%.2f%%\"></span>",
					side ? "after" : "before", 100 * fmin(1, one / most));
			fprintf(out, "</span><span class=\"n\">%s</span>\n",
				fmt_metric(text, sizeof(text), shown[i], one));
		}
	}
	fputs("</div>\n</figure>\n", out);
}
