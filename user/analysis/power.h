/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_POWER_H
#define LVT_POWER_H

#include <stddef.h>

/*
 * The smallest effect that a design would have seen 8 times in 10, given the noise it met: the
 * differences are centred, resampled (Efron and Tibshirani, "An Introduction to the Bootstrap",
 * 1993, ch. 25) and, as resampling n values shows too little spread, stretched by sqrt(n / (n -
 * 1)). Each sample's interval says by how much it would have to be shifted to exclude 0; of these
 * the 80th percentile counts, of the worse direction. In the unit of the sample (for log ratios:
 * exp() of it is a ratio). INFINITY when there are too few values for the level, or timeouts among
 * them; NAN for what stats.h refuses, or fewer than 2 values. The seed is fixed: the same sample,
 * the same answer.
 */
double detectable_paired(const double *x, size_t n, double level);

/* The same for a shift between two samples, each of at least 2. */
double detectable_shift(const double *x, size_t m, const double *y, size_t n, double level);

#endif
