// SPDX-License-Identifier: BSD-2-Clause
#include "model/hist.h"

#define MILLION 1000000u

__u64 hist_count(const __u64 cells[HIST_BUCKETS])
{
	__u64 n = 0;

	for (__u32 i = 0; i < HIST_BUCKETS; i++)
		n += cells[i];
	return n;
}

__u64 hist_rank(__u64 n, __u32 millionths)
{
	__u64 rank;

	if (millionths >= MILLION)
		return n;
	rank = ((unsigned __int128)n * millionths + MILLION - 1) / MILLION;
	return rank == 0 && n > 0 ? 1 : rank; /* q = 0 is the minimum */
}

__u32 hist_bucket_at(const __u64 cells[HIST_BUCKETS], __u64 rank)
{
	__u32 last = 0;
	__u64 seen = 0;

	for (__u32 i = 0; i < HIST_BUCKETS; i++) {
		if (!cells[i])
			continue;
		seen += cells[i];
		last = i;
		if (seen >= rank)
			break;
	}
	return last;
}

__u64 hist_middle(__u32 index)
{
	return hist_low(index) + hist_width(index) / 2;
}

double hist_error(double value)
{
	__u32 index = value < HIST_MAX ? hist_index(value) : HIST_BUCKETS - 1;

	return hist_width(index) > 1 ? hist_width(index) / 2.0 / value : 0;
}

__u64 hist_bucket_value(__u32 index, __u64 min, __u64 max)
{
	__u64 v = hist_middle(index);

	if (v < min)
		return min;
	return v > max ? max : v;
}

__u64 hist_value_at(const __u64 cells[HIST_BUCKETS], __u64 zeros, __u64 rank, __u64 min, __u64 max)
{
	__u64 count = hist_count(cells);

	if (rank <= zeros)
		return 0;
	if (rank == count + zeros)
		return max; /* the largest is known exactly, whatever the quantile's name */
	return hist_bucket_value(hist_bucket_at(cells, rank - zeros), min, max);
}

__u64 hist_quantile(const __u64 cells[HIST_BUCKETS], __u64 zeros, __u32 millionths, __u64 min,
		    __u64 max)
{
	return hist_value_at(cells, zeros, hist_rank(hist_count(cells) + zeros, millionths), min,
			     max);
}
