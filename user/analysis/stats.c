// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "analysis/stats_internal.h"

#define MILLION 1000000u
#define MAX_REQUESTS (1ull << 40)

bool level_valid(double level)
{
	return level >= 0.5 && level <= 0.9999;
}

bool any_nan(const double *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (isnan(x[i]))
			return true;
	return false;
}

void double_ranks(const double *v, size_t n, __u64 *ranks)
{
	for (size_t i = 0; i < n; i++) {
		ranks[i] = 1;
		for (size_t j = 0; j < n; j++)
			ranks[i] += v[j] < v[i] ? 2 : v[j] == v[i];
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

void sort_doubles(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_value);
}

double sorted_median(const double *v, size_t n)
{
	double a = v[(n - 1) / 2], b = v[n / 2];

	return isinf(a) && isinf(b) && a != b ? 0 : a / 2 + b / 2;
}

int holm_adjust(double *p, size_t n)
{
	size_t order[STATS_MAX_N], k = 0;
	double least = 0;

	if (n > STATS_MAX_N)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		size_t at = k;

		if (isnan(p[i]))
			continue;
		for (; at > 0 && p[order[at - 1]] > p[i]; at--)
			order[at] = order[at - 1];
		order[at] = i;
		k++;
	}
	for (size_t i = 0; i < k; i++) {
		least = fmax(least, fmin(1, (k - i) * p[order[i]]));
		p[order[i]] = least;
	}
	return 0;
}

/*
 * The binomial probabilities around the mode, each from its neighbour, relative to the mode's.
 * Their sum scales them, so that no factorial is needed: exact but for roundings.
 */
struct binomial {
	double n, odds;	   /* q / (1 - q) */
	double all;	   /* what all of them add up to */
	__u64 first, last; /* outside of these they are under 1e-25 of the mode's */
	double w_first, w_last;
};

/* P(k + 1) / P(k) */
static double ratio_up(const struct binomial *b, __u64 k)
{
	return (b->n - k) / (k + 1.0) * b->odds;
}

static void binomial_open(struct binomial *b, __u64 n, __u32 millionths)
{
	double q = (double)millionths / MILLION;
	__u64 mode = fmin((n + 1.0) * q, n);

	*b = (struct binomial){ .n = n, .odds = q / (1 - q), .all = 1 };
	b->first = b->last = mode;
	b->w_first = b->w_last = 1;
	while (b->first > 0 && b->w_first > 1e-25) {
		b->first--;
		b->all += b->w_first /= ratio_up(b, b->first);
	}
	while (b->last < n && b->w_last > 1e-25) {
		b->w_last *= ratio_up(b, b->last++);
		b->all += b->w_last;
	}
}

/* Each tail is added up from its far end, where it is smallest. */
int quantile_ranks(__u64 n, __u32 millionths, double level, struct ranks *r)
{
	double a = (1 - level) / 2, under = 0, over = 0, w;
	struct binomial b;
	__u64 k;

	if (n < 1 || n > MAX_REQUESTS || !millionths || millionths >= MILLION ||
	    !level_valid(level))
		return -EINVAL;
	binomial_open(&b, n, millionths);
	w = b.w_first;
	for (k = b.first; at_most((under + w) / b.all, a); w *= ratio_up(&b, k++))
		under += w;
	r->low = k;
	w = b.w_last;
	for (k = b.last; at_most((over + w) / b.all, a); w /= ratio_up(&b, --k))
		over += w;
	r->high = k + 1;
	r->level = 1 - (under + over) / b.all;
	return 0;
}

__u64 quantile_least_n(__u32 millionths, double level)
{
	if (!millionths || millionths >= MILLION || !level_valid(level))
		return 0;
	return ceil(log((1 - level) / 2) / log((double)millionths / MILLION) - 1e-9);
}

static double autocovariance(const double *x, size_t n, double mean, size_t lag)
{
	double sum = 0;

	for (size_t i = 0; i + lag < n; i++)
		sum += (x[i] - mean) * (x[i + lag] - mean);
	return sum / n;
}

static double mean_of(const double *x, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += x[i];
	return sum / n;
}

double long_run_variance(const double *x, size_t n)
{
	double mean, variance, sum;

	if (n < 4)
		return NAN;
	mean = mean_of(x, n);
	variance = autocovariance(x, n, mean, 0);
	sum = -variance;
	for (size_t lag = 0; lag + 1 < n; lag += 2) {
		double pair = autocovariance(x, n, mean, lag) + autocovariance(x, n, mean, lag + 1);

		if (pair <= 0)
			break;
		sum += 2 * pair;
	}
	return fmax(sum, variance);
}

double effective_size(const double *x, size_t n)
{
	double variance, all = long_run_variance(x, n);

	if (isnan(all))
		return NAN;
	variance = autocovariance(x, n, mean_of(x, n), 0);
	return all > 0 ? n * variance / all : n;
}

double effective_requests(const double *count, const double *above, size_t n, __u32 millionths)
{
	double q = (double)millionths / MILLION, requests = 0, exceeding = 0, variance, worth;
	double *excess;

	if (n < 4 || !millionths || millionths >= MILLION)
		return NAN;
	excess = malloc(n * sizeof(*excess));
	if (!excess)
		return NAN;
	for (size_t i = 0; i < n; i++) {
		excess[i] = above[i] - (1 - q) * count[i];
		requests += count[i];
		exceeding += above[i];
	}
	variance = long_run_variance(excess, n);
	free(excess);
	if (!(exceeding > 0))
		return NAN;
	worth = variance > 0 ? requests * requests * q * (1 - q) / (n * variance) : requests;
	return fmin(worth, requests);
}
