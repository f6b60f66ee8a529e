// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/power.h"

#include <math.h>
#include <string.h>

#include "analysis/stats_internal.h"

enum { SAMPLES = 500, EIGHT_IN_TEN = SAMPLES * 8 / 10 };

/* xorshift64* (Vigna, ACM Trans. Math. Softw. 42 (2016)) */
static size_t random_below(__u64 *state, size_t n)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return ((*state * 2685821657736338717ull) >> 32) % n;
}

static void resample(const double *x, size_t n, __u64 *state, double *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = x[random_below(state, n)];
}

/* Centred and stretched. An infinite value stays what it is. */
static void residuals(const double *x, size_t n, double centre, double *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (x[i] - centre) * sqrt(n / (n - 1.0));
}

static double median_of(const double *x, size_t n)
{
	double sorted[STATS_MAX_N];

	memcpy(sorted, x, n * sizeof(*x));
	sort_doubles(sorted, n);
	return sorted_median(sorted, n);
}

struct shifts {
	double up[SAMPLES], down[SAMPLES];
};

static double worse_direction(struct shifts *s)
{
	sort_doubles(s->up, SAMPLES);
	sort_doubles(s->down, SAMPLES);
	return fmax(s->up[EIGHT_IN_TEN - 1], s->down[EIGHT_IN_TEN - 1]);
}

double detectable_paired(const double *x, size_t n, double level)
{
	double rest[STATS_MAX_N], sample[STATS_MAX_N];
	struct shifts needed;
	struct location l;
	__u64 state = 88172645463325252ull;

	if (n < 2 || paired_location(x, n, level, &l))
		return NAN;
	if (!l.ranks.low || isinf(l.estimate))
		return INFINITY;
	residuals(x, n, l.estimate, rest);
	for (int i = 0; i < SAMPLES; i++) {
		struct ranks r = l.ranks;

		resample(rest, n, &state, sample);
		if (walsh_location(sample, n, &r, &l))
			return NAN;
		needed.up[i] = -l.low;
		needed.down[i] = l.high;
	}
	return worse_direction(&needed);
}

double detectable_shift(const double *x, size_t m, const double *y, size_t n, double level)
{
	double before[STATS_MAX_N], after[STATS_MAX_N], a[STATS_MAX_N], b[STATS_MAX_N];
	struct shifts needed;
	struct location l;
	__u64 state = 88172645463325252ull;

	if (m < 2 || n < 2 || shift_location(x, m, y, n, level, &l))
		return NAN;
	if (!l.ranks.low || isinf(l.estimate))
		return INFINITY;
	residuals(x, m, median_of(x, m), before);
	residuals(y, n, median_of(y, n), after);
	if (any_nan(before, m) || any_nan(after, n))
		return INFINITY; /* half of a side are timeouts */
	for (int i = 0; i < SAMPLES; i++) {
		struct ranks r = l.ranks;

		resample(before, m, &state, a);
		resample(after, n, &state, b);
		if (difference_location(a, m, b, n, &r, &l))
			return NAN;
		needed.up[i] = -l.low;
		needed.down[i] = l.high;
	}
	return worse_direction(&needed);
}
