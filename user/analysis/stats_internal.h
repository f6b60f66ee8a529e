/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_STATS_INTERNAL_H
#define LVT_STATS_INTERNAL_H

#include <stdbool.h>

#include "analysis/stats.h"

/* Shared by the parts of stats.h and by what resamples. */

/* A probability counts as at most a when it is within roundings of it. */
static inline bool at_most(double p, double a)
{
	return p <= a * (1 + 1e-9);
}

bool level_valid(double level);
bool any_nan(const double *x, size_t n);

/*
 * Mid-ranks times two, so that they are whole: twice the smaller ones, plus the equal ones and 1.
 */
void double_ranks(const double *v, size_t n, __u64 *ranks);

void sort_doubles(double *v, size_t n);
double sorted_median(const double *v, size_t n);

/* The estimate and interval of a sample by ranks found before; p is left alone. */
int walsh_location(const double *x, size_t n, const struct ranks *r, struct location *l);
int difference_location(const double *x, size_t m, const double *y, size_t n, const struct ranks *r,
			struct location *l);

#endif
