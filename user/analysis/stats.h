/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_STATS_H
#define LVT_STATS_H

#include <stddef.h>

#include "abi.h"

/*
 * Exact rank statistics. Nothing here is a normal approximation: distributions are counted, in
 * doubles, which are exact up to 2^53 arrangements (49 pairs, 28 against 28 runs) and within n
 * roundings, a relative 1e-14, beyond. Samples are of 1..STATS_MAX_N values, of any unit; levels
 * are 0.5..0.9999 and two-sided. Infinite values keep their rank; NAN is refused.
 *
 * Functions that return int: 0, -EINVAL (a size or level out of range), -EDOM (a NAN), -ENOMEM.
 * Functions that return a probability: NAN for these.
 *
 * Sources: Hollander, Wolfe, Chicken, "Nonparametric Statistical Methods", 3rd ed. 2014 (HWC);
 * Hodges and Lehmann, Ann. Math. Statist. 34 (1963) 598-611.
 */
enum { STATS_MAX_N = 100 };

/* An interval between order statistics: from the low-th to the high-th smallest, 1-based. */
struct ranks {
	__u64 low, high; /* low = 0: no finite end at this level; high is then one past the last */
	double level;	 /* what is attained: at least what was asked for */
};

/* Where a sample, or the difference of two, lies. In the unit of the sample. */
struct location {
	double estimate;
	double low, high; /* -INFINITY, INFINITY: too few values for the level, or timeouts */
	double level;	  /* attained by the interval; 1 for an unbounded one */
	double p;	  /* two-sided, of no difference */
	struct ranks ranks;
	size_t n; /* Walsh averages, or differences, that the ranks are of */
};

/* ---- one sample of differences: Wilcoxon's signed ranks */

/* P(T+ <= t) of n differences without ties and zeros (HWC 3.1; R: psignrank(t, n)). */
double signrank_cdf(size_t n, __u64 t);

/*
 * Which of the n (n + 1) / 2 Walsh averages bound the location at a level (HWC 3.3): low is the
 * largest k with 2 P(T+ <= k - 1) <= 1 - level. R: qsignrank(). With ties the level attained is the
 * same or higher (Pratt and Gibbons, "Concepts of Nonparametric Theory", 1981, ch. 3).
 */
int signrank_ranks(size_t n, double level, struct ranks *r);

/*
 * Two-sided p of a location of 0: twice the smaller tail of all 2^n signs, at most 1, given the
 * sizes as they are. Ties have mid-ranks. Zeros are ranked with the rest and then dropped (Pratt,
 * J. Amer. Statist. Assoc. 54 (1959) 655-667): left out before, as Wilcoxon did, an increase of all
 * differences could make a significant increase insignificant. Both matter here: quantiles come
 * from buckets, so that two like runs are often exactly alike. All zero: 1.
 */
double signrank_p(const double *x, size_t n);

/*
 * (x[i] + x[j]) / 2 for i <= j into out, n (n + 1) / 2 of them, sorted. `undefined` stands in for
 * those of an infinite and a negative infinite value; returns how many these are.
 */
size_t walsh_averages(const double *x, size_t n, double undefined, double *out);

/*
 * Hodges and Lehmann's estimate, the median of the Walsh averages, its exact interval and p.
 * INFINITY with -INFINITY has no average: it counts as 0 in the estimate, and against the interval
 * at both ends.
 */
int paired_location(const double *x, size_t n, double level, struct location *l);

/* ---- two samples: Mann and Whitney's U */

/* P(U <= u) of m against n values without ties (HWC 4.1; R: pwilcox(u, m, n)). */
double ranksum_cdf(size_t m, size_t n, __u64 u);

/* Which of the m * n differences bound the shift at a level (HWC 4.3). R: qwilcox(). */
int ranksum_ranks(size_t m, size_t n, double level, struct ranks *r);

/* The smallest two-sided p that m against n can give: 2 / C(m + n, m), at most 1. */
double ranksum_least_p(size_t m, size_t n);

/*
 * Two-sided p of no shift: twice the smaller tail over all choices of m from the m + n values as
 * they are, ties with mid-ranks, at most 1.
 */
double ranksum_p(const double *x, size_t m, const double *y, size_t n);

/*
 * How far y lies above x: the median of all y[j] - x[i], its exact interval and p. Two infinite
 * values of one sign have no difference: as in paired_location().
 */
int shift_location(const double *x, size_t m, const double *y, size_t n, double level,
		   struct location *l);

/* ---- several at once */

/*
 * Holm's adjusted p-values (Scand. J. Statist. 6 (1979) 65-70): of p sorted upwards, the running
 * maximum of (n - i) p[i] for i from 0, at most 1. R: p.adjust(p, "holm"). In place; NAN stays and
 * is not counted. n is at most STATS_MAX_N.
 */
int holm_adjust(double *p, size_t n);

/* ---- quantiles within a run; quantiles are in millionths, as in model/hist.h */

/*
 * Which of n sorted independent values bound a quantile at a level, for any continuous distribution
 * (David and Nagaraja, "Order Statistics", 3rd ed. 2003, 7.1): low is the largest l with
 * P(B < l) <= a, high the smallest h with P(B >= h) <= a, B binomial (n, q), a = (1 - level) / 2.
 * Here each end can be missing by itself: low = 0, high = n + 1. n is 1..2^40. O(sqrt n).
 */
int quantile_ranks(__u64 n, __u32 millionths, double level, struct ranks *r);

/* The fewest independent values whose maximum bounds a quantile at a two-sided level: the least n
 * with q^n <= (1 - level) / 2. 36, 368, 3688 for p90, p99, p99.9 at 95 %. 0 for bad arguments. */
__u64 quantile_least_n(__u32 millionths, double level);

/* ---- how many independent values a series is worth */

/*
 * The sum of the autocovariances of a stationary series over all lags, which is n times the
 * variance of its mean. Cut off by Geyer's initial positive sequence (Statist. Sci. 7 (1992)
 * 473-483): neighbouring lags are added up in pairs until a pair is not positive. It needs no
 * batch size, which a run of 50 intervals leaves no room to choose. At least the plain variance, as
 * an apparent gain is chance more often than not. NAN below 4 values.
 */
double long_run_variance(const double *x, size_t n);

/* n * variance / long_run_variance, at most n; n for a series that does not vary; NAN below 4. */
double effective_size(const double *x, size_t n);

/*
 * How many independent requests the requests of a run are worth for one of its quantiles. For each
 * of n intervals: how many requests, and how many of them above the quantile. What exceeds the
 * expected (1 - q) count[i] has a long-run variance V, against q (1 - q) of an independent request:
 * N^2 q (1 - q) / (n V), at most N (the sum of count). NAN: under 4 intervals, or none above.
 */
double effective_requests(const double *count, const double *above, size_t n, __u32 millionths);

#endif
