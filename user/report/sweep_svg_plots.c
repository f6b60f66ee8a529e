// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>

#include "base/units.h"
#include "report/html.h"
#include "report/html_chart.h"
#include "report/sweep_svg.h"

enum {
	LATENCY_HEIGHT = 330,
	FLIGHT_HEIGHT = 130,
	MARKS = 36, /* two lines of names above the first plot */
	LAW_POINTS = 160,
	ARROW = 30, /* of a whisker without an end */
};

/* ---- curves of what was measured */

static bool drawn(const struct sweep_step *p, double v)
{
	return !isnan(v) && isfinite(p->rate);
}

/* Below saturation, and on to the first saturated step. */
static void curve(const struct svg_plot *p, sweep_metric *of, const char *class)
{
	FILE *out = p->g->out;
	char command = 'M';

	fprintf(out, "<path class=\"curve %s\" d=\"", class);
	for (size_t i = 0; i < p->g->n; i++) {
		const struct sweep_step *s = p->g->sorted[i];

		if (!drawn(s, of(s)))
			continue;
		fprintf(out, "%c%.1f %.1f", command, svg_x(p->g, s->rate), svg_y(p, of(s)));
		command = 'L';
		if (s->saturated)
			break;
	}
	fputs("\"/>\n", out);
}

static void points(const struct svg_plot *p, sweep_metric *of, const char *class)
{
	FILE *out = p->g->out;

	for (size_t i = 0; i < p->g->n; i++) {
		const struct sweep_step *s = p->g->sorted[i];
		double x = svg_x(p->g, s->rate), y = svg_y(p, of(s));

		if (!drawn(s, of(s)))
			continue;
		if (s->saturated)
			fprintf(out, "<path class=\"cross %s\" d=\"M%.1f %.1fl8 8m0 -8l-8 8\"/>\n",
				class, x - 4, y - 4);
		else
			fprintf(out,
				"<circle class=\"dots %s\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>\n",
				class, x, y);
	}
}

static void whiskers(const struct svg_plot *p, const char *class)
{
	fprintf(p->g->out, "<path class=\"whisker %s\" d=\"", class);
	for (size_t i = 0; i < p->g->n; i++) {
		const struct sweep_step *s = p->g->sorted[i];
		const struct bounded *o = &s->objective;
		double x = svg_x(p->g, s->rate);

		if (s->saturated || !drawn(s, o->low) || isnan(o->high))
			continue;
		fprintf(p->g->out, "M%.1f %.1fh8m-4 0", x - 4, svg_y(p, o->low));
		if (isfinite(o->high))
			fprintf(p->g->out, "V%.1fm-4 0h8", svg_y(p, o->high));
		else /* no end */
			fprintf(p->g->out, "V%.1fl-4 6m4 -6l4 6", svg_y(p, o->value) - ARROW);
	}
	fputs("\"/>\n", p->g->out);
}

/* What the law predicts, up to where it leaves the plot. */
static void law_curve(const struct svg_plot *p, bool in_flight)
{
	const struct sweep_report *r = p->g->r;
	FILE *out = p->g->out;
	double from = 0, to = p->g->axes.right;
	char command = 'M';

	if (r->analysis->law.gap || !p->g->n)
		return;
	from = p->g->sorted[0]->rate_intended;
	fputs("<path class=\"curve mean law\" d=\"", out);
	for (int i = 0; i <= LAW_POINTS; i++) {
		double rate = from + (to - from) * i / LAW_POINTS;
		double ns = sweep_law_mean(r->sweep, &r->analysis->law, rate);
		double v = in_flight ? rate * ns / 1e9 : ns;

		if (!isfinite(v) || !(log10(v) <= p->to))
			break;
		fprintf(out, "%c%.1f %.1f", command, svg_x(p->g, rate), svg_y(p, v));
		command = 'L';
	}
	fputs("\"/>\n", out);
}

/* ---- what stands out */

/* The names stand above each other, on the side where there is room. */
static void mark(const struct svg_plot *p, double rate, int row, const char *name, double at)
{
	FILE *out = p->g->out;
	double x = svg_x(p->g, rate);
	char text[UNIT_LEN];

	fprintf(out,
		"<path class=\"at\" d=\"M%.1f %.1fV%.1f\"/><text class=\"mark\" text-anchor=\"%s\" "
		"x=\"%.1f\" y=\"%.1f\">",
		x, p->top - MARKS + 5 + 18 * row, p->top + p->height,
		x > p->g->width / 2 ? "end" : "start", x > p->g->width / 2 ? x - 5 : x + 5,
		p->top - MARKS + 14 + 18 * row);
	html_say(out, "%s %s", name, sweep_asked_text(text, p->g->r->sweep, at));
	fputs("</text>\n", out);
}

/* With too many connections throughput falls, so that more of them may be further left. */
static void capacity_band(const struct svg_plot *p)
{
	const struct capacity *c = &p->g->r->analysis->capacity;
	const struct sweep *s = p->g->r->sweep;
	double low, high;

	if (c->found != SWEEP_FOUND)
		return;
	low = c->low > 0 ? svg_x(p->g, sweep_throughput(s, c->low)) : SVG_LEFT;
	high = isfinite(c->high) ? svg_x(p->g, sweep_throughput(s, c->high)) : svg_end(p->g);
	if (isfinite(low) && isfinite(high))
		fprintf(p->g->out,
			"<rect class=\"band\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
			fmin(low, high), p->top, fabs(high - low), p->height);
}

static void marks(const struct svg_plot *p)
{
	const struct sweep_analysis *a = p->g->r->analysis;
	const struct sweep *s = p->g->r->sweep;
	char text[OBJECTIVE_LEN];

	if (!isnan(s->slo.bound_ns)) {
		double y = svg_y(p, s->slo.bound_ns);

		fprintf(p->g->out,
			"<path class=\"objective\" d=\"M%d %.1fH%d\"/><text class=\"mark\" x=\"%d\" "
			"y=\"%.1f\">",
			SVG_LEFT, y, svg_end(p->g), SVG_LEFT + 8, y - 6);
		html_text(p->g->out, sweep_objective_text(text, &s->slo));
		fputs("</text>\n", p->g->out);
	}
	if (a->knee.found == SWEEP_FOUND)
		mark(p, a->knee.rate, 0, "knee", a->knee.at);
	if (a->capacity.found == SWEEP_FOUND)
		mark(p, sweep_throughput(s, a->capacity.at), 1, "capacity", a->capacity.at);
}

/* ---- the plots */

static double objective_of(const struct sweep_step *p)
{
	return p->objective.value;
}

static double kernel_mean(const struct sweep_step *p)
{
	return p->kernel.mean;
}

static double in_flight(const struct sweep_step *p)
{
	return p->in_flight;
}

void svg_latency(struct svg *g)
{
	static sweep_metric *const of[] = { sweep_p50, sweep_p99, sweep_p99_9, kernel_mean };
	static const char *const classes[] = { "p50", "p99", "p999", "mean" };
	const struct slo *slo = &g->r->sweep->slo;
	bool p99 = slo->metric == SLO_QUANTILE && slo->millionths == 990000;
	struct svg_plot p = { .g = g, .height = LATENCY_HEIGHT };

	sweep_axes(g->r, of, 4, &g->axes);
	p.from = g->axes.bottom;
	p.to = g->axes.top;
	svg_heading(g, "Latency", "from when a request was due to its whole answer; logarithmic");
	g->y += MARKS;
	p.top = g->y;
	capacity_band(&p);
	svg_rate_lines(&p);
	svg_log_lines(&p, chart_tick);
	svg_frame(&p);
	for (int i = 3; i >= 0; i--)
		curve(&p, of[i], classes[i]);
	law_curve(&p, false);
	whiskers(&p, p99 ? "p99" : "other");
	for (int i = 3; i >= 0; i--)
		points(&p, of[i], classes[i]);
	if (!p99)
		points(&p, objective_of, "other");
	marks(&p);
	g->y += p.height + SVG_BETWEEN;
}

static const char *plain(char *buf, double v)
{
	snprintf(buf, UNIT_LEN, "%g", v);
	return buf;
}

void svg_in_flight(struct svg *g)
{
	struct svg_plot p = { .g = g, .height = FLIGHT_HEIGHT };
	double least = INFINITY, most = 0;

	for (size_t i = 0; i < g->n; i++) {
		double v = g->sorted[i]->in_flight;

		if (!(v > 0) || (g->sorted[i]->saturated && most > 0))
			continue;
		least = fmin(least, v);
		most = fmax(most, v);
	}
	if (!(most > 0))
		return;
	p.from = floor(log10(least));
	p.to = fmax(ceil(log10(most)), p.from + 1);
	svg_heading(g, "Requests in flight", "at the client; logarithmic");
	p.top = g->y;
	capacity_band(&p);
	svg_rate_lines(&p);
	svg_log_lines(&p, plain);
	svg_frame(&p);
	curve(&p, in_flight, "p50");
	law_curve(&p, true);
	points(&p, in_flight, "p50");
	g->y += p.height + SVG_BETWEEN;
}
