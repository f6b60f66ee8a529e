/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_HIST_H
#define LVT_HIST_H

#include "hist_layout.h"

/*
 * Exact rank statistics over the cells of a histogram (include/hist_layout.h has the buckets and
 * their error). Values are ns.
 *
 * A quantile is the nearest-rank one: of n values, the smallest v such that at least ceil(q * n)
 * of them are <= v. It is given in millionths, so that the rank is exact integer arithmetic
 * (0.07 * 100 is more than 7 in a double, and its ceiling 8).
 */
enum {
	Q_P50 = 500000,
	Q_P90 = 900000,
	Q_P99 = 990000,
	Q_P99_9 = 999000,
	Q_MAX = 1000000,
};

/* How many values the cells hold. */
__u64 hist_count(const __u64 cells[HIST_BUCKETS]);

/* The 1-based rank of a quantile among n values: 1..n, or 0 when n is 0. */
__u64 hist_rank(__u64 n, __u32 millionths);

/* The bucket that holds the value of a rank (1..count); the last non-empty one beyond that. */
__u32 hist_bucket_at(const __u64 cells[HIST_BUCKETS], __u64 rank);

/* What a bucket is reported as: its middle, at most 0.78 % from any of its values. */
__u64 hist_middle(__u32 index);

/* How far that can be from a value in the bucket of `value`, as a part of it; 0 below 128 ns. */
double hist_error(double value);

/* The same, kept within the exact [min, max] of the values. */
__u64 hist_bucket_value(__u32 index, __u64 min, __u64 max);

/*
 * The value at a quantile of `zeros` zeros and the values in the cells: the middle of its bucket,
 * kept within the exact [min, max] of the non-zero values; max itself for Q_MAX. 0 without values.
 */
__u64 hist_quantile(const __u64 cells[HIST_BUCKETS], __u64 zeros, __u32 millionths, __u64 min,
		    __u64 max);

/* The same for the value of a rank among them, as hist_rank() gives it. */
__u64 hist_value_at(const __u64 cells[HIST_BUCKETS], __u64 zeros, __u64 rank, __u64 min, __u64 max);

#endif
