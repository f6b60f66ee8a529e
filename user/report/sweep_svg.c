// SPDX-License-Identifier: BSD-2-Clause
#include "report/sweep_svg.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "report/html.h"
#include "report/html_chart.h"
#include "report/page.h"

enum {
	HEAD = 64,
	LEGEND_ROW = 20,
	LINE = 19,	    /* of sentences */
	TEXT_COLUMNS = 124, /* that fit beside their labels */
	TEXT_LEFT = 100,
};

#define SEEN_SHARE 0.01
#define CHARACTER 7.3 /* pixels, about, of a name in a legend */

static const char style_sheet[] =
#include "sweep.css.inc"
	;

static void head(struct svg *g)
{
	const struct sweep *s = g->r->sweep;
	const char *dot = " · ";
	char from[UNIT_LEN], to[UNIT_LEN];

	fprintf(g->out, "<text class=\"title\" x=\"24\" y=\"34\">");
	html_say(g->out, "%s%s%s%s%s", s->target, s->request[0] ? dot : "", s->request,
		 s->service[0] ? dot : "", s->service);
	fputs("</text>\n<text class=\"dim\" x=\"24\" y=\"56\">", g->out);
	html_say(g->out, "%s loop, %zu steps from %s to %s%s%s%s%s%s%s",
		 s->mode == SWEEP_RATES ? "open" : "closed", s->n,
		 sweep_asked_text(from, s, s->from), sweep_asked_text(to, s, s->to),
		 s->host[0] ? dot : "", s->host, s->kernel[0] ? dot : "", s->kernel,
		 s->started[0] ? dot : "", s->started);
	fputs("</text>\n", g->out);
	g->y = HEAD;
}

/* ---- legends */

struct legend {
	struct svg *g;
	double x;
};

static void room(struct legend *l, const char *name)
{
	double width = 44 + CHARACTER * utf8_width(name);

	if (l->x + width > svg_end(l->g)) {
		l->x = SVG_LEFT;
		l->g->y += LEGEND_ROW;
	}
}

static void name_it(struct legend *l, const char *name)
{
	fprintf(l->g->out, "<text x=\"%.0f\" y=\"%.0f\">", l->x + 28, l->g->y);
	html_text(l->g->out, name);
	fputs("</text>\n", l->g->out);
	l->x += 52 + CHARACTER * utf8_width(name);
}

static void curve_key(struct legend *l, const char *class, const char *name)
{
	room(l, name);
	fprintf(l->g->out, "<path class=\"curve %s\" d=\"M%.0f %.0fh22\"/>", class, l->x,
		l->g->y - 5);
	if (!strstr(class, "law"))
		fprintf(l->g->out, "<circle class=\"dots %s\" cx=\"%.0f\" cy=\"%.0f\" r=\"4\"/>",
			class, l->x + 11, l->g->y - 5);
	name_it(l, name);
}

static void curve_legend(struct svg *g)
{
	struct legend l = { g, SVG_LEFT };
	const struct sweep *s = g->r->sweep;
	char name[UNIT_LEN + 64], law[UNIT_LEN], slo[SLO_NAME_LEN];

	g->y += LEGEND_ROW;
	curve_key(&l, "p999", "p99.9");
	slo_name(slo, &s->slo);
	snprintf(name, sizeof(name), "p99%s", strcmp(slo, "p99") ? "" : ", 95 % intervals");
	curve_key(&l, "p99", name);
	curve_key(&l, "p50", "p50");
	if (strcmp(slo, "p99") && strcmp(slo, "p50")) {
		snprintf(name, sizeof(name), "%s, 95 %% intervals", slo);
		curve_key(&l, "other", name);
	}
	if (sweep_has_stages(s))
		curve_key(&l, "mean", "mean in the service");
	if (!g->r->analysis->law.gap) {
		snprintf(name, sizeof(name), "predicted, %s",
			 sweep_law_name(law, &g->r->analysis->law));
		curve_key(&l, "mean law", name);
	}
	if (g->r->analysis->saturation.found) {
		room(&l, "saturated");
		fprintf(g->out, "<path class=\"cross other\" d=\"M%.0f %.0fl8 8m0 -8l-8 8\"/>",
			l.x + 9, g->y - 9);
		name_it(&l, "saturated");
	}
	if (g->r->analysis->capacity.found == SWEEP_FOUND) {
		room(&l, "where the capacity may be");
		fprintf(g->out,
			"<rect class=\"band\" x=\"%.0f\" y=\"%.0f\" width=\"22\" height=\"14\"/>",
			l.x, g->y - 12);
		name_it(&l, "where the capacity may be");
	}
	g->y += 16;
}

static void stage_legend(struct svg *g)
{
	struct legend l = { g, SVG_LEFT };
	char class[STAGE_CLASS_LEN];

	if (!sweep_has_stages(g->r->sweep))
		return;
	g->y += LEGEND_ROW;
	for (int st = 0; st < NR_STAGES; st++) {
		double most = 0;

		for (size_t i = 0; i < g->n; i++)
			if (g->sorted[i]->kernel.mean > 0)
				most = fmax(most, g->sorted[i]->kernel.stage[st] /
							  g->sorted[i]->kernel.mean);
		if (most < SEEN_SHARE)
			continue;
		room(&l, stage_name(st));
		fprintf(g->out, "<g><title>%s</title>", stage_meaning(st));
		for (int pass = 0; pass <= !strncmp(stage_name(st), "queue.", 6); pass++)
			fprintf(g->out,
				"<rect class=\"%s %s\" x=\"%.0f\" y=\"%.0f\" width=\"14\" "
				"height=\"14\"/>",
				pass ? "hatched" : "stage", chart_stage_class(class, st), l.x + 8,
				g->y - 12);
		fputs("</g>", g->out);
		name_it(&l, stage_name(st));
	}
	g->y += 10;
}

/* ---- values under the pointer */

/* One more line of a title: its end is no text to be escaped. */
static void line(FILE *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void line(FILE *out, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fputc('\n', out);
	html_text(out, text);
}

static void tell_objective(FILE *out, const struct sweep *s, const struct sweep_step *p)
{
	char value[UNIT_LEN], low[UNIT_LEN], high[UNIT_LEN], name[SLO_NAME_LEN];

	if (isnan(p->objective.low) || isnan(p->objective.high))
		return;
	sweep_time_text(value, p->objective.value);
	sweep_time_text(low, p->objective.low);
	sweep_time_text(high, p->objective.high);
	if (isinf(p->objective.high))
		line(out, "%s %s, 95 %% interval %s or more", slo_name(name, &s->slo), value, low);
	else
		line(out, "%s %s, 95 %% interval %s to %s", slo_name(name, &s->slo), value, low,
		     high);
}

static void tell(FILE *out, const struct sweep *s, const struct sweep_step *p)
{
	char at[UNIT_LEN], rate[UNIT_LEN], a[UNIT_LEN], b[UNIT_LEN], c[UNIT_LEN], share[UNIT_LEN];
	const struct sweep_kernel *k = &p->kernel;

	html_say(out, "%s asked, %s carried%s", sweep_asked_text(at, s, sweep_asked(s, p)),
		 fmt_rate(rate, sizeof(rate), p->rate), p->saturated ? " (saturated)" : "");
	line(out, "p50 %s, p99 %s, p99.9 %s", sweep_time_text(a, p->p50),
	     sweep_time_text(b, p->p99), sweep_time_text(c, p->p99_9));
	tell_objective(out, s, p);
	if (isfinite(p->in_flight))
		line(out, "in flight %.3g", p->in_flight);
	if (p->failed)
		line(out, "failed %llu of %llu", p->failed, p->due);
	if (!(k->mean > 0))
		return;
	line(out, "mean in the service %s", fmt_ns(a, sizeof(a), k->mean));
	for (int st = 0; st < NR_STAGES; st++)
		if (k->stage[st] >= SEEN_SHARE * k->mean)
			line(out, "%s %s, %s", stage_name(st), fmt_ns(a, sizeof(a), k->stage[st]),
			     fmt_share(share, sizeof(share), k->stage[st] / k->mean));
}

/* Strips over all plots, a step each, by throughput. */
static void hover(const struct svg *g, double top)
{
	const struct sweep_step *by_rate[SWEEP_MAX_STEPS];
	size_t n = 0;

	for (size_t i = 0; i < g->n; i++) {
		size_t at = n;

		if (!isfinite(g->sorted[i]->rate))
			continue;
		for (; at && by_rate[at - 1]->rate > g->sorted[i]->rate; at--)
			by_rate[at] = by_rate[at - 1];
		by_rate[at] = g->sorted[i];
		n++;
	}
	for (size_t i = 0; i < n; i++) {
		double x = svg_x(g, by_rate[i]->rate), from = SVG_LEFT, to = svg_end(g);

		if (i)
			from = (x + svg_x(g, by_rate[i - 1]->rate)) / 2;
		if (i + 1 < n)
			to = (x + svg_x(g, by_rate[i + 1]->rate)) / 2;
		fprintf(g->out,
			"<rect class=\"hover\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\">"
			"<title>",
			from, top, to - from, g->y - top);
		tell(g->out, g->r->sweep, by_rate[i]);
		fputs("</title></rect>\n", g->out);
	}
}

/* ---- in words */

static void lines(struct svg *g, const char *text)
{
	char *wrapped = NULL, *save = NULL;
	size_t size;
	FILE *memory = open_memstream(&wrapped, &size);

	if (memory) {
		const struct page p = { .out = memory, .columns = TEXT_COLUMNS };

		page_text(&p, 0, "", STYLE_PLAIN, text);
		fclose(memory);
	}
	for (char *line = wrapped ? strtok_r(wrapped, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		fprintf(g->out, "<tspan x=\"%d\" y=\"%.0f\">", 24 + TEXT_LEFT, g->y);
		html_text(g->out, line);
		fputs("</tspan>\n", g->out);
		g->y += LINE;
	}
	free(wrapped);
}

static void words(struct svg *g)
{
	struct sweep_sentence said[SWEEP_MAX_SENTENCES];
	size_t n = sweep_sentences(g->r, said);

	g->y += 22;
	for (size_t i = 0; i < n; i++) {
		fprintf(g->out, "<text%s><tspan class=\"label\" x=\"24\" y=\"%.0f\">%s</tspan>\n",
			said[i].warns ? " class=\"warns\"" : "", g->y, said[i].label);
		lines(g, said[i].text);
		fputs("</text>\n", g->out);
	}
}

/* What it is drawn in; close() gives its text, or NULL without memory. */
struct canvas {
	struct svg g;
	char *text;
	size_t size;
};

static bool canvas_open(struct canvas *c, const struct sweep_report *r, int width)
{
	*c = (struct canvas){ .g = { .r = r, .width = width } };
	c->g.out = open_memstream(&c->text, &c->size);
	if (c->g.out)
		c->g.n = sweep_sorted(r->sweep, c->g.sorted);
	return c->g.out;
}

static char *canvas_close(struct canvas *c)
{
	if (!fclose(c->g.out))
		return c->text;
	free(c->text);
	return NULL;
}

static void plots(struct svg *g)
{
	double top;

	curve_legend(g);
	top = g->y;
	svg_latency(g);
	svg_in_flight(g);
	svg_stages(g);
	svg_rates(g);
	hover(g, top + HEAD);
	stage_legend(g);
	svg_scaling(g);
}

void svg_patterns(FILE *out)
{
	fputs("<defs><pattern id=\"hatch\" width=\"6\" height=\"6\" "
	      "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
	      "<path class=\"hatch\" d=\"M0 0V6\"/></pattern></defs>\n",
	      out);
}

int svg_figure(FILE *out, const struct sweep_report *r, int width, const char *class)
{
	struct canvas c;
	char *text;

	if (!canvas_open(&c, r, width))
		return -ENOMEM;
	if (c.g.n)
		plots(&c.g);
	text = canvas_close(&c);
	if (!text)
		return -ENOMEM;
	if (c.g.n) {
		fprintf(out, "<svg class=\"%s\" viewBox=\"0 0 %d %.0f\" role=\"img\" aria-label=\"",
			class, width, c.g.y + 8);
		html_say(out, "Latency by throughput of %s; the tables have its figures",
			 r->sweep->target);
		fprintf(out, "\">\n%s</svg>\n", text);
	}
	free(text);
	return 0;
}

/* The body first, as its height is known then. */
static char *body(const struct sweep_report *r, double *height)
{
	struct canvas c;

	if (!canvas_open(&c, r, SVG_WIDTH))
		return NULL;
	head(&c.g);
	if (c.g.n)
		plots(&c.g);
	words(&c.g);
	*height = c.g.y + 8;
	return canvas_close(&c);
}

int sweep_svg(FILE *out, const struct sweep_report *r, struct err *e)
{
	double height;
	char *text = body(r, &height);

	if (!text)
		return err_set(e, -ENOMEM, "no memory for the image");
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %.0f\" width=\"%d\" "
		"height=\"%.0f\" role=\"img\" aria-labelledby=\"t\">\n<title id=\"t\">",
		SVG_WIDTH, height, SVG_WIDTH, height);
	html_say(out, "Latency by throughput of %s", r->sweep->target);
	fputs("</title>\n<style>\n", out);
	html_palette(out);
	fprintf(out, "%s</style>\n", style_sheet);
	svg_patterns(out);
	fprintf(out, "<rect class=\"page\" width=\"100%%\" height=\"100%%\"/>\n%s</svg>\n", text);
	free(text);
	errno = 0;
	if (fflush(out) || ferror(out))
		return err_set(e, errno ? -errno : -EIO, "cannot write the image: %s",
			       strerror(errno ? errno : EIO));
	return 0;
}
