// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>

#include "base/units.h"
#include "report/html.h"
#include "report/html_chart.h"
#include "report/sweep_svg.h"

int svg_end(const struct svg *g)
{
	return g->width - SVG_RIGHT;
}

double svg_rate_step(const struct svg *g)
{
	return chart_step(g->axes.right, g->width < SVG_WIDTH ? 4 : 8);
}

double svg_x(const struct svg *g, double rate)
{
	return SVG_LEFT + fmin(fmax(sweep_x(&g->axes, rate), 0), 1) * (svg_end(g) - SVG_LEFT);
}

double svg_y(const struct svg_plot *p, double v)
{
	double part = v > 0 ? (log10(v) - p->from) / (p->to - p->from) : 0;

	return p->top + p->height * (1 - fmin(fmax(part, 0), 1));
}

void svg_heading(struct svg *g, const char *text, const char *more)
{
	bool narrow = g->width < SVG_WIDTH; /* no room beside it */
	int left = narrow ? SVG_NARROW_LEFT : SVG_LEFT;

	g->y += SVG_HEADING;
	fprintf(g->out, "<text class=\"head\" x=\"%d\" y=\"%.0f\">", left, g->y - 10);
	html_text(g->out, text);
	if (narrow) {
		fprintf(g->out, "<tspan class=\"more\" x=\"%d\" y=\"%.0f\">", left, g->y + 6);
		g->y += 16;
	} else {
		fputs("<tspan class=\"more\" dx=\"8\">", g->out);
	}
	html_text(g->out, more);
	fputs("</tspan></text>\n", g->out);
}

void svg_frame(const struct svg_plot *p)
{
	fprintf(p->g->out, "<path class=\"frame\" d=\"M%d %.1fV%.1fH%d\"/>\n", SVG_LEFT, p->top,
		p->top + p->height, svg_end(p->g));
}

void svg_rate_lines(const struct svg_plot *p)
{
	double step = svg_rate_step(p->g);

	fputs("<path class=\"grid\" d=\"", p->g->out);
	for (double v = step; v < p->g->axes.right; v += step)
		fprintf(p->g->out, "M%.1f %.1fv%.1f", svg_x(p->g, v), p->top, p->height);
	fputs("\"/>\n", p->g->out);
}

void svg_line(const struct svg_plot *p, double at, bool minor, const char *text)
{
	fprintf(p->g->out, "<path class=\"grid%s\" d=\"M%d %.1fH%d\"/>", minor ? " minor" : "",
		SVG_LEFT, at, svg_end(p->g));
	if (text) {
		fprintf(p->g->out, "<text class=\"tick\" text-anchor=\"end\" x=\"%d\" y=\"%.1f\">",
			SVG_LEFT - 8, at + 4);
		html_text(p->g->out, text);
		fputs("</text>\n", p->g->out);
	}
}

void svg_log_lines(const struct svg_plot *p, const char *(*name)(char *, double))
{
	static const double factors[] = { 1, 2, 5 };
	bool fine = (p->to - p->from) * 30 < p->height / 3;
	char text[UNIT_LEN];

	for (double e = floor(p->from); e <= p->to + 1e-9; e++)
		for (int i = 0; i < 3; i++) {
			double v = factors[i] * pow(10, e);

			if (log10(v) < p->from - 1e-9 || log10(v) > p->to + 1e-9)
				continue;
			svg_line(p, svg_y(p, v), i > 0, !i || fine ? name(text, v) : NULL);
		}
}

void svg_foot(struct svg *g, const char *text)
{
	fprintf(g->out,
		"<text class=\"dim\" text-anchor=\"middle\" x=\"%d\" y=\"%.1f\">%s</text>\n",
		(SVG_LEFT + svg_end(g)) / 2, g->y, text);
	g->y += 16;
}

void svg_rates(struct svg *g)
{
	double step = svg_rate_step(g);
	char text[UNIT_LEN];

	for (double v = 0; v < g->axes.right; v += step)
		fprintf(g->out,
			"<text class=\"tick\" text-anchor=\"middle\" x=\"%.1f\" y=\"%.1f\">%s</text>\n",
			svg_x(g, v), g->y, v > 0 ? chart_rate_tick(text, v) : "0");
	g->y += 20;
	svg_foot(g, "throughput: requests answered rightly per second");
}
