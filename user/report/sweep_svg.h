/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_SWEEP_SVG_H
#define LVT_SWEEP_SVG_H

#include "report/sweep_plot.h"
#include "report/sweep_words.h"

/* The parts of the image of a sweep. Sizes are in pixels of an image that is g->width wide. */
enum {
	SVG_WIDTH = 1000,
	SVG_NARROW =
		420, /* for a phone: fewer ticks, and what is beside a heading stands below it */
	SVG_LEFT = 84,
	SVG_NARROW_LEFT = 8, /* of its headings */
	SVG_RIGHT = 24,
	SVG_HEADING = 26, /* above each plot */
	SVG_BETWEEN = 20, /* below it */
};

struct svg {
	FILE *out;
	int width;
	const struct sweep_report *r;
	const struct sweep_step *sorted[SWEEP_MAX_STEPS];
	size_t n;
	struct sweep_axes axes;
	double y; /* how far the page is filled */
};

/* A plot's place, and its logarithmic axis. */
struct svg_plot {
	struct svg *g;
	double top, height;
	double from, to; /* log10 */
};

/* ---- sweep_svg_axes.c */

/* The right edge of plots; the step between the lines of rates. */
int svg_end(const struct svg *g);
double svg_rate_step(const struct svg *g);

/* Where a throughput is across the page, and a value in a plot. */
double svg_x(const struct svg *g, double rate);
double svg_y(const struct svg_plot *p, double v);

/* The name of a plot, below g->y. */
void svg_heading(struct svg *g, const char *text, const char *more);
void svg_frame(const struct svg_plot *p);

/* Lines of a grid: at rates; at a y, with its name or NULL; at powers of ten and what is between. */
void svg_rate_lines(const struct svg_plot *p);
void svg_line(const struct svg_plot *p, double at, bool minor, const char *text);
void svg_log_lines(const struct svg_plot *p, const char *(*name)(char *, double));

/* What stands under plots: the rates, and what an axis is of. */
void svg_rates(struct svg *g);
void svg_foot(struct svg *g, const char *text);

/* ---- sweep_svg_plots.c, sweep_svg_stages.c: each draws below g->y and moves it to its own foot. */

void svg_latency(struct svg *g);
void svg_in_flight(struct svg *g);
void svg_stages(struct svg *g);

/* Throughput by connections, with the scalability law; on axes of its own. */
void svg_scaling(struct svg *g);

/* ---- sweep_svg.c: for a page, which has the style sheet and, once, the patterns that it refers to */

/* The plots as one <svg> of a width and a class; nothing without steps. 0 or -ENOMEM. */
int svg_figure(FILE *out, const struct sweep_report *r, int width, const char *class);
void svg_patterns(FILE *out);

#endif
