// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "analysis/stats_internal.h"

static bool size_valid(size_t n)
{
	return n >= 1 && n <= STATS_MAX_N;
}

/* In how many ways signs give each sum of the positive ranks: 0..*sum; NULL without memory. */
static double *sign_counts(const __u64 *ranks, size_t n, __u64 *sum)
{
	double *ways;
	__u64 top = 0;

	*sum = 0;
	for (size_t i = 0; i < n; i++)
		*sum += ranks[i];
	ways = calloc(*sum + 1, sizeof(*ways));
	if (!ways)
		return NULL;
	ways[0] = 1;
	for (size_t i = 0; i < n; i++) {
		top += ranks[i];
		for (__u64 s = top; ranks[i] && s >= ranks[i]; s--)
			ways[s] += ways[s - ranks[i]];
	}
	return ways;
}

static double *plain_counts(size_t n, __u64 *sum)
{
	__u64 ranks[STATS_MAX_N];

	for (size_t i = 0; i < n; i++)
		ranks[i] = i + 1;
	return sign_counts(ranks, n, sum);
}

double signrank_cdf(size_t n, __u64 t)
{
	double *ways, below = 0;
	__u64 sum;

	if (!size_valid(n))
		return NAN;
	ways = plain_counts(n, &sum);
	if (!ways)
		return NAN;
	for (__u64 s = 0; s <= t && s <= sum; s++)
		below += ways[s];
	free(ways);
	return ldexp(below, -(int)n);
}

int signrank_ranks(size_t n, double level, struct ranks *r)
{
	double *ways, below = 0, tail = 0;
	__u64 sum, low = 0;

	if (!size_valid(n) || !level_valid(level))
		return -EINVAL;
	ways = plain_counts(n, &sum);
	if (!ways)
		return -ENOMEM;
	while (at_most(2 * ldexp(below + ways[low], -(int)n), 1 - level)) {
		below += ways[low++];
		tail = 2 * ldexp(below, -(int)n);
	}
	free(ways);
	*r = (struct ranks){ .low = low, .high = sum + 1 - low, .level = 1 - tail };
	return 0;
}

/* Twice the smaller tail at t, of symmetric counts. */
static double two_sided(const double *ways, __u64 sum, __u64 t, size_t n)
{
	double tail = 0;

	if (t > sum - t)
		t = sum - t;
	for (__u64 s = 0; s <= t; s++)
		tail += ways[s];
	return fmin(1, 2 * ldexp(tail, -(int)n));
}

double signrank_p(const double *x, size_t n)
{
	double size[STATS_MAX_N], *ways, p;
	__u64 ranks[STATS_MAX_N], sum, positive = 0;
	size_t kept = 0;

	if (!size_valid(n) || any_nan(x, n))
		return NAN;
	for (size_t i = 0; i < n; i++)
		size[i] = fabs(x[i]);
	double_ranks(size, n, ranks);
	for (size_t i = 0; i < n; i++) {
		if (x[i] > 0)
			positive += ranks[i];
		if (x[i] != 0) /* a zero's rank is dropped, but the others keep theirs */
			ranks[kept++] = ranks[i];
	}
	ways = sign_counts(ranks, kept, &sum);
	if (!ways)
		return NAN;
	p = two_sided(ways, sum, positive, kept);
	free(ways);
	return p;
}

size_t walsh_averages(const double *x, size_t n, double undefined, double *out)
{
	size_t k = 0, none = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t j = i; j < n; j++) {
			double average = x[i] / 2 + x[j] / 2;

			out[k++] = isnan(average) ? undefined : average;
			none += isnan(average);
		}
	sort_doubles(out, k);
	return none;
}

int walsh_location(const double *x, size_t n, const struct ranks *r, struct location *l)
{
	size_t count = n * (n + 1) / 2, none;
	double *all = malloc(count * sizeof(*all));

	if (!all)
		return -ENOMEM;
	none = walsh_averages(x, n, 0, all);
	l->estimate = sorted_median(all, count);
	l->low = -INFINITY;
	l->high = INFINITY;
	if (r->low) {
		if (none)
			walsh_averages(x, n, -INFINITY, all);
		l->low = all[r->low - 1];
		if (none)
			walsh_averages(x, n, INFINITY, all);
		l->high = all[r->high - 1];
	}
	l->level = r->level;
	l->ranks = *r;
	l->n = count;
	free(all);
	return 0;
}

int paired_location(const double *x, size_t n, double level, struct location *l)
{
	struct ranks r;
	int err;

	err = signrank_ranks(n, level, &r);
	if (err)
		return err;
	if (any_nan(x, n))
		return -EDOM;
	err = walsh_location(x, n, &r, l);
	if (err)
		return err;
	l->p = signrank_p(x, n);
	return isnan(l->p) ? -ENOMEM : 0;
}
