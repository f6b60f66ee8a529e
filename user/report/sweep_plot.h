/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_SWEEP_PLOT_H
#define LVT_SWEEP_PLOT_H

#include "report/page.h"
#include "report/sweep.h"

/* ---- what plots of a terminal and of an image have in common */

/* Axes: x linear from 0, in requests/s; y logarithmic, log10 of ns. */
struct sweep_axes {
	double right;
	double bottom, top;
};

/* The axes that hold the p50, and as far as they are finite, these metrics, and the objective's bound. */
void sweep_axes(const struct sweep_report *r, sweep_metric *const *of, size_t n,
		struct sweep_axes *a);

/* Where things are, 0..1 from the left, and from the bottom. */
double sweep_x(const struct sweep_axes *a, double rate);
double sweep_y(const struct sweep_axes *a, double ns);

/* The p50, the p99, and the p99.9 or whatever of a step. */
double sweep_p50(const struct sweep_step *p);
double sweep_p99(const struct sweep_step *p);
double sweep_p99_9(const struct sweep_step *p);

/* ---- sweep_plot.c: the p50 and the p99 by throughput, in characters, with what stands out. */
void sweep_plot(const struct page *p, const struct sweep_report *r);

#endif
