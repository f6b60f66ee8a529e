/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Value <-> bucket arithmetic of every histogram, used by both sides.
 *
 * Log-linear, as in HdrHistogram and fio's stat.h: an octave [2^e, 2^(e+1)) is cut into 64 equal
 * buckets. Values under 128 have a bucket each. A bucket is 2^(e-6) wide, so its middle is within
 * 2^(e-7) of every value in it: a relative error of at most 1/128 = 0.78 %.
 *
 *   index  = (e - 6) * 64 + (v >> (e - 6))        e = floor(log2 v), v >= 64; else index = v
 *
 * The range ends at 2^42 ns = 73 minutes; longer values go to the last bucket and are counted.
 *
 * An anatomy bucket is two neighbouring histogram buckets (index / 2): 3.1 % wide, and its request
 * count is the sum of the two.
 */
#ifndef LVT_HIST_LAYOUT_H
#define LVT_HIST_LAYOUT_H

#include <linux/types.h>

#define HIST_SUB_BITS 6
#define HIST_SUB (1u << HIST_SUB_BITS)
#define HIST_MAX_EXP 41 /* the largest e */
#define HIST_MAX ((1ull << (HIST_MAX_EXP + 1)) - 1)
#define HIST_BUCKETS ((HIST_MAX_EXP - HIST_SUB_BITS) * HIST_SUB + 2 * HIST_SUB) /* 2368 */
#define ANATOMY_BUCKETS (HIST_BUCKETS / 2)

/* floor(log2 v) for v > 0; a binary search, as BPF has no count-leading-zeros. */
static inline __attribute__((always_inline)) __u32 hist_log2(__u64 v)
{
	__u32 e = 0;

	if (v >> 32) {
		e += 32;
		v >>= 32;
	}
	if (v >> 16) {
		e += 16;
		v >>= 16;
	}
	if (v >> 8) {
		e += 8;
		v >>= 8;
	}
	if (v >> 4) {
		e += 4;
		v >>= 4;
	}
	if (v >> 2) {
		e += 2;
		v >>= 2;
	}
	return e + (v >> 1);
}

/* The bucket of a value in ns; always < HIST_BUCKETS. */
static inline __attribute__((always_inline)) __u32 hist_index(__u64 v)
{
	__u32 shift;

	if (v > HIST_MAX)
		return HIST_BUCKETS - 1;
	if (v < HIST_SUB)
		return v;
	shift = hist_log2(v) - HIST_SUB_BITS;
	return shift * HIST_SUB + (__u32)(v >> shift);
}

/* The smallest value of a bucket, and how many values it holds. */
static inline __u64 hist_low(__u32 index)
{
	__u32 shift;

	if (index < 2 * HIST_SUB)
		return index;
	shift = index / HIST_SUB - 1;
	return (__u64)(index % HIST_SUB + HIST_SUB) << shift;
}

static inline __u64 hist_width(__u32 index)
{
	return index < 2 * HIST_SUB ? 1 : 1ull << (index / HIST_SUB - 1);
}

#endif
