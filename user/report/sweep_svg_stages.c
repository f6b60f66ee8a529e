// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "report/html.h"
#include "report/html_chart.h"
#include "report/sweep_svg.h"

enum {
	STAGES_HEIGHT = 150,
	SCALING_HEIGHT = 165,
	LAW_POINTS = 160,
};

#define SEEN_SHARE 0.003

/* A stage between what is below it and above it, over the steps that were not saturated. */
static void stage_area(const struct svg_plot *p, enum lvt_stage st, const double *below,
		       const double *above)
{
	char class[STAGE_CLASS_LEN];
	FILE *out = p->g->out;
	bool queue = !strncmp(stage_name(st), "queue.", 6);

	for (int pass = 0; pass <= queue; pass++) {
		bool first = true;

		fprintf(out, "<path class=\"%s %s\" d=\"", pass ? "hatched" : "stage",
			chart_stage_class(class, st));
		for (size_t i = 0; i < p->g->n; i++, first = false)
			fprintf(out, "%c%.1f %.1f", first ? 'M' : 'L',
				svg_x(p->g, p->g->sorted[i]->rate),
				p->top + p->height * (1 - above[i]));
		for (size_t i = p->g->n; i-- > 0;)
			fprintf(out, "L%.1f %.1f", svg_x(p->g, p->g->sorted[i]->rate),
				p->top + p->height * (1 - below[i]));
		fputs("Z\"/>\n", out);
	}
}

/* What is shown: steps that were traced and, beyond the first saturated one, no more. */
static void keep_traced(struct svg *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->n; i++) {
		if (!(g->sorted[i]->kernel.mean > 0) || !isfinite(g->sorted[i]->rate) ||
		    (n && g->sorted[i]->rate <= g->sorted[n - 1]->rate))
			continue;
		g->sorted[n++] = g->sorted[i];
	}
	g->n = n;
}

void svg_stages(struct svg *g)
{
	static const char *const names[] = { "0 %", "50 %", "100 %" };
	struct svg traced = *g;
	struct svg_plot p = { .g = &traced, .height = STAGES_HEIGHT };
	double below[SWEEP_MAX_STEPS] = { 0 }, above[SWEEP_MAX_STEPS];

	keep_traced(&traced);
	if (traced.n < 2)
		return;
	svg_heading(&traced, "Where a mean request's time goes in the service",
		    "share of its latency");
	p.top = traced.y;
	for (int i = 0; i < 3; i++)
		svg_line(&p, p.top + p.height * (1 - i / 2.0), false, names[i]);
	for (int st = 0; st < NR_STAGES; st++) {
		double most = 0;

		for (size_t i = 0; i < traced.n; i++) {
			const struct sweep_kernel *k = &traced.sorted[i]->kernel;

			above[i] = fmin(1, below[i] + k->stage[st] / k->mean);
			most = fmax(most, above[i] - below[i]);
		}
		if (most >= SEEN_SHARE)
			stage_area(&p, st, below, above);
		memcpy(below, above, traced.n * sizeof(*above));
	}
	svg_frame(&p);
	g->y = traced.y + p.height + SVG_BETWEEN;
}

/* Throughput by connections, with the scalability law. Both axes are linear; the page's are left as they are. */
void svg_scaling(struct svg *g)
{
	const struct usl *u = &g->r->analysis->usl;
	struct svg other = *g;
	struct svg_plot p = { .g = &other, .height = SCALING_HEIGHT };
	double most = g->sorted[g->n - 1]->connections, step;
	char text[UNIT_LEN];

	if (!u->known)
		return;
	svg_heading(&other, "Throughput by connections", "and the universal scalability law");
	p.top = other.y;
	other.axes.right = most * 1.03;
	step = chart_step(g->axes.right, 4);
	for (double v = 0; v < g->axes.right; v += step)
		svg_line(&p, p.top + p.height * (1 - v / g->axes.right), false,
			 v > 0 ? chart_rate_tick(text, v) : "0");
	svg_rate_lines(&p);
	svg_frame(&p);
	fputs("<path class=\"curve mean law\" d=\"", g->out);
	for (int i = 0; i <= LAW_POINTS; i++) {
		double n = fmax(1, most * i / LAW_POINTS);

		fprintf(g->out, "%c%.1f %.1f", i ? 'L' : 'M', svg_x(&other, n),
			p.top + p.height * (1 - usl_at(u, n) / g->axes.right));
	}
	fputs("\"/>\n", g->out);
	for (size_t i = 0; i < g->n; i++)
		if (isfinite(g->sorted[i]->rate))
			fprintf(g->out,
				"<circle class=\"dots p50\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>\n",
				svg_x(&other, g->sorted[i]->connections),
				p.top + p.height * (1 - g->sorted[i]->rate / g->axes.right));
	g->y = other.y + p.height + SVG_BETWEEN;
	for (double v = 0; v < other.axes.right; v += svg_rate_step(&other))
		fprintf(g->out,
			"<text class=\"tick\" text-anchor=\"middle\" x=\"%.1f\" y=\"%.1f\">%g</text>\n",
			svg_x(&other, v), g->y, v);
	g->y += SVG_BETWEEN;
	svg_foot(g, "connections");
}
