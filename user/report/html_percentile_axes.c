// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>

#include "report/html_chart.h"
#include "report/html_percentile.h"

double percentile_x(const struct percentile_axes *a, double per)
{
	return fmin(log10(per) / a->right, 1);
}

double percentile_y(const struct percentile_axes *a, double ns)
{
	return (log10(fmax(ns, 1)) - a->bottom) / (a->top - a->bottom);
}

void percentile_axes_set(struct percentile_axes *a, double n, double min, double max)
{
	a->right = fmax(log10(2.0 * n), 1);
	a->bottom = chart_log_edge(min, false);
	a->top = chart_log_edge(max * 1.15, true);
	if (a->top - a->bottom < 0.3)
		a->bottom = a->top - 1;
	a->bottom = fmax(a->bottom, 0);
}

static void y_tick(FILE *out, const struct percentile_axes *a, double ns, bool named)
{
	double at = percentile_y(a, ns);
	char text[UNIT_LEN];

	if (at < -1e-9 || at > 1 + 1e-9)
		return;
	fprintf(out, "<i class=\"h%s\" style=\"bottom:%.2f%%\"></i>", named ? "" : " minor",
		100 * at);
	if (named)
		fprintf(out, "<span class=\"y\" style=\"bottom:%.2f%%\">%s</span>", 100 * at,
			chart_tick(text, ns));
}

static void y_axis(FILE *out, const struct percentile_axes *a)
{
	bool fine = a->top - a->bottom < 2.2;

	for (double e = floor(a->bottom); e <= a->top + 1e-9; e++) {
		y_tick(out, a, pow(10, e), true);
		y_tick(out, a, 2 * pow(10, e), fine);
		y_tick(out, a, 5 * pow(10, e), fine);
	}
}

const char *percentile_text(char buf[UNIT_LEN], double per)
{
	snprintf(buf, UNIT_LEN, "%.12g", 100 - 100 / per);
	return buf;
}

static void x_axis(FILE *out, const struct percentile_axes *a)
{
	int decades = (int)floor(a->right);
	char text[UNIT_LEN];

	fprintf(out, "<i class=\"v\" style=\"left:0\"></i><span class=\"x\" style=\"left:0\">0"
		     "</span>");
	if (decades <= 6)
		fprintf(out,
			"<i class=\"v minor\" style=\"left:%.2f%%\"></i><span class=\"x "
			"%s\" style=\"left:%.2f%%\">50</span>",
			100 * percentile_x(a, 2), decades > 4 ? "roomy" : "",
			100 * percentile_x(a, 2));
	for (int e = 1; e <= decades; e++) {
		double at = 100 * percentile_x(a, pow(10, e));

		fprintf(out, "<i class=\"v\" style=\"left:%.2f%%\"></i>", at);
		if (decades > 7 && e % 2 == 0)
			continue;
		fprintf(out, "<span class=\"x%s\" style=\"left:%.2f%%\">%s</span>",
			e > 3 && e % 2 == 0 ? " roomy" : "", at, percentile_text(text, pow(10, e)));
	}
}

void percentile_open(FILE *out, const struct percentile_axes *a)
{
	fputs("<figure class=\"percentiles\"><figcaption><b>Latency by percentile</b> "
	      "both axes logarithmic</figcaption>\n<div class=\"plot\"><div class=\"area\">",
	      out);
	y_axis(out, a);
	x_axis(out, a);
	fprintf(out,
		"<svg viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" aria-hidden=\"true\">",
		PERCENTILE_WIDTH, PERCENTILE_HEIGHT);
}

void percentile_close(FILE *out)
{
	fputs("</div></div>\n<p class=\"axis\">% of the requests that took no longer</p>\n", out);
}
