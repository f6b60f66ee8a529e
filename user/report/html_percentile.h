/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_HTML_PERCENTILE_H
#define LVT_HTML_PERCENTILE_H

#include <stdio.h>

#include "base/units.h"

/*
 * What plots of latency by percentile have in common, of one service or of both sides of a comparison.
 * A quantile q stands at x = log10(1 / (1 - q)): 90 %, 99 %, 99.9 % are at 1, 2, 3. The slowest of n
 * requests is taken to stand at 1 - 1 / 2n, in the middle of the last one's part.
 */
struct percentile_axes {
	double right;	    /* x of the right edge, decades */
	double bottom, top; /* log10 of ns */
};

enum { PERCENTILE_WIDTH = 1000, PERCENTILE_HEIGHT = 400 }; /* of the image's own units */

/* For so many requests, of which these are the fastest and the slowest, ns. */
void percentile_axes_set(struct percentile_axes *a, double n, double min, double max);

/* Where things are, 0..1 from the left, and from the bottom. */
double percentile_x(const struct percentile_axes *a, double per);
double percentile_y(const struct percentile_axes *a, double ns);

/* What all but one in `per` are, in percent: "99.9", without zeros at the end. Returns buf. */
const char *percentile_text(char buf[UNIT_LEN], double per);

/* A <figure> with its caption, grid and axes, up to what is drawn in its <svg>. */
void percentile_open(FILE *out, const struct percentile_axes *a);

/* After </svg> and what stands over it: the plot ends, with the name of its axis; not the figure. */
void percentile_close(FILE *out);

#endif
