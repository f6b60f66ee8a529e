// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "analysis/stats_internal.h"

/* In how many ways m of the ranks are chosen, by their sum. */
struct choices {
	double *ways; /* 0..sum */
	__u64 sum;    /* no choice is larger */
	double all;   /* C(total, m) */
};

static bool sizes_valid(size_t m, size_t n)
{
	return m >= 1 && n >= 1 && m <= STATS_MAX_N && n <= STATS_MAX_N;
}

/* C(total, m), exact below 2^53. */
static double choose(size_t total, size_t m)
{
	double c = 1;

	for (size_t i = 1; i <= m; i++)
		c = c * (total - m + i) / i;
	return c;
}

/* Rank by rank: a choice of k with this one is a choice of k - 1 without it. */
static int choices_count(const __u64 *ranks, size_t total, size_t m, struct choices *c)
{
	__u64 width = 1;
	double *ways;

	for (size_t i = 0; i < total; i++)
		width += ranks[i];
	ways = calloc((m + 1) * width, sizeof(*ways));
	c->ways = malloc(width * sizeof(*ways));
	if (!ways || !c->ways) {
		free(ways);
		free(c->ways);
		return -ENOMEM;
	}
	ways[0] = 1;
	for (size_t i = 0; i < total; i++)
		for (size_t k = i < m ? i + 1 : m; k > 0; k--)
			for (__u64 s = ranks[i]; s < width; s++)
				ways[k * width + s] += ways[(k - 1) * width + s - ranks[i]];
	for (__u64 s = 0; s < width; s++)
		c->ways[s] = ways[m * width + s];
	free(ways);
	c->sum = width - 1;
	c->all = choose(total, m);
	return 0;
}

/* Without ties. A choice's sum is U + m (m + 1) / 2; c->ways is shifted to be by U. */
static int plain_choices(size_t m, size_t n, struct choices *c)
{
	__u64 ranks[2 * STATS_MAX_N], least = m * (m + 1) / 2;
	int err;

	for (size_t i = 0; i < m + n; i++)
		ranks[i] = i + 1;
	err = choices_count(ranks, m + n, m, c);
	if (err)
		return err;
	c->sum = m * n;
	for (__u64 u = 0; u <= c->sum; u++)
		c->ways[u] = c->ways[u + least];
	return 0;
}

double ranksum_cdf(size_t m, size_t n, __u64 u)
{
	struct choices c;
	double below = 0;

	if (!sizes_valid(m, n) || plain_choices(m, n, &c))
		return NAN;
	for (__u64 i = 0; i <= u && i <= c.sum; i++)
		below += c.ways[i];
	free(c.ways);
	return below / c.all;
}

int ranksum_ranks(size_t m, size_t n, double level, struct ranks *r)
{
	double below = 0, tail = 0;
	struct choices c;
	__u64 low = 0;
	int err;

	if (!sizes_valid(m, n) || !level_valid(level))
		return -EINVAL;
	err = plain_choices(m, n, &c);
	if (err)
		return err;
	while (at_most(2 * (below + c.ways[low]) / c.all, 1 - level)) {
		below += c.ways[low++];
		tail = 2 * below / c.all;
	}
	free(c.ways);
	*r = (struct ranks){ .low = low, .high = m * n + 1 - low, .level = 1 - tail };
	return 0;
}

double ranksum_least_p(size_t m, size_t n)
{
	return sizes_valid(m, n) ? fmin(1, 2 / choose(m + n, m)) : NAN;
}

/* Twice the smaller tail at a sum: with ties the two are not alike. */
static double two_sided(const struct choices *c, __u64 at)
{
	double below = 0, above = 0;

	for (__u64 s = 0; s <= c->sum; s++) {
		below += s <= at ? c->ways[s] : 0;
		above += s >= at ? c->ways[s] : 0;
	}
	return fmin(1, 2 * fmin(below, above) / c->all);
}

double ranksum_p(const double *x, size_t m, const double *y, size_t n)
{
	__u64 ranks[2 * STATS_MAX_N], at = 0, common = 2;
	double v[2 * STATS_MAX_N], p;
	struct choices c;

	if (!sizes_valid(m, n) || any_nan(x, m) || any_nan(y, n))
		return NAN;
	for (size_t i = 0; i < m + n; i++)
		v[i] = i < m ? x[i] : y[i - m];
	double_ranks(v, m + n, ranks);
	for (size_t i = 0; i < m + n; i++)
		if (ranks[i] % 2)
			common = 1;
	for (size_t i = 0; i < m + n; i++) { /* without half ranks, half the sums to count */
		ranks[i] /= common;
		at += i < m ? ranks[i] : 0;
	}
	if (choices_count(ranks, m + n, m, &c))
		return NAN;
	p = two_sided(&c, at);
	free(c.ways);
	return p;
}

/* Sorted; `undefined` stands in for those that are none. Returns how many these are. */
static size_t differences(const double *x, size_t m, const double *y, size_t n, double undefined,
			  double *out)
{
	size_t none = 0;

	for (size_t i = 0; i < m; i++)
		for (size_t j = 0; j < n; j++) {
			double d = y[j] - x[i];

			out[i * n + j] = isnan(d) ? undefined : d;
			none += isnan(d);
		}
	sort_doubles(out, m * n);
	return none;
}

int difference_location(const double *x, size_t m, const double *y, size_t n, const struct ranks *r,
			struct location *l)
{
	double *all = malloc(m * n * sizeof(*all));
	size_t none;

	if (!all)
		return -ENOMEM;
	none = differences(x, m, y, n, 0, all);
	l->estimate = sorted_median(all, m * n);
	l->low = -INFINITY;
	l->high = INFINITY;
	if (r->low) {
		if (none)
			differences(x, m, y, n, -INFINITY, all);
		l->low = all[r->low - 1];
		if (none)
			differences(x, m, y, n, INFINITY, all);
		l->high = all[r->high - 1];
	}
	l->level = r->level;
	l->ranks = *r;
	l->n = m * n;
	free(all);
	return 0;
}

int shift_location(const double *x, size_t m, const double *y, size_t n, double level,
		   struct location *l)
{
	struct ranks r;
	int err;

	err = ranksum_ranks(m, n, level, &r);
	if (err)
		return err;
	if (any_nan(x, m) || any_nan(y, n))
		return -EDOM;
	err = difference_location(x, m, y, n, &r, l);
	if (err)
		return err;
	l->p = ranksum_p(x, m, y, n);
	return isnan(l->p) ? -ENOMEM : 0;
}
