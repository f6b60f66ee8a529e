/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_STAGE_BAR_H
#define LVT_STAGE_BAR_H

#include "report/page.h"

/* Stacked bars of a terminal: of stages, or of what else shares a whole. At most STAGE_BAR_MAX parts. */
enum { STAGE_BAR_MAX = 32 };

/*
 * What each part looks like, by its largest share in any bar: in colour all are solid; without, the
 * largest get the darkest shades.
 */
void stage_keys(const double *most, int n, bool colour, const char **key);

/* A bar that is exactly so many columns long, of shares that add up to 1, each in its style. */
void stage_bar(const struct page *p, const double *share, int n, int width, const char *const *key,
	       const int *style);

#endif
