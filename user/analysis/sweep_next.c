// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>
#include <stdlib.h>

#include "analysis/sweep.h"

enum {
	MOST_HALVINGS = 5,
	MOST_AROUND_OBJECTIVE = 3,
	MOST_AROUND_KNEE = 3,
};

/* Rates nearer to each other than that are not worth a step. */
#define NEAR 0.05
#define KNEE_NEAR 0.1

/* Over more than that, steps are equal factors. */
#define LINEAR_FACTOR 10.0

/* What a step was for. */
enum purpose { GRID, SATURATION, OBJECTIVE, KNEE, NR_PURPOSES };

static const size_t most[NR_PURPOSES] = {
	[SATURATION] = MOST_HALVINGS,
	[OBJECTIVE] = MOST_AROUND_OBJECTIVE,
	[KNEE] = MOST_AROUND_KNEE,
};

static double grid_at(const struct sweep *s, size_t i)
{
	double part = s->planned > 1 ? (double)i / (s->planned - 1) : 0, at;

	if (s->from > 0 && s->to / s->from > LINEAR_FACTOR)
		at = s->from * pow(s->to / s->from, part);
	else
		at = s->from + (s->to - s->from) * part;
	return s->mode == SWEEP_CONNECTIONS ? round(at) : at;
}

static bool measured(const struct sweep *s, double at)
{
	for (size_t i = 0; i < s->n; i++)
		if (fabs(sweep_asked(s, &s->steps[i]) - at) <= 1e-9 * at)
			return true;
	return false;
}

/* The next step of the plan: `used` is moved past it, and past those that few connections make one. */
static bool next_planned(const struct sweep *s, size_t *used, double *rate)
{
	if (s->n >= 2 && s->steps[s->n - 1].saturated && s->steps[s->n - 2].saturated)
		*used = s->planned;
	while (*used < s->planned) {
		*rate = grid_at(s, (*used)++);
		if (!measured(s, *rate))
			return true;
	}
	return false;
}

/* A rate within a gap, nearer to an end of it than to the middle only if `wanted` is. */
static bool within(const struct sweep *s, double low, double high, double wanted, double near,
		   double *rate)
{
	double edge = (high - low) / 5;

	if (!(low > 0) || !isfinite(high) || high <= low * (1 + near))
		return false;
	*rate = isnan(wanted) ? (low + high) / 2 : fmin(fmax(wanted, low + edge), high - edge);
	if (s->mode == SWEEP_CONNECTIONS)
		*rate = round(*rate);
	return !measured(s, *rate);
}

static bool next_saturation(const struct sweep *s, double *rate)
{
	struct saturation x;

	sweep_saturation(s, &x);
	return x.found && within(s, x.good, x.bad, NAN, NEAR, rate);
}

static double objective_of(const struct sweep_step *p)
{
	return p->objective.value;
}

static bool next_objective(const struct sweep *s, double *rate)
{
	struct sweep_curve c;
	bool by_saturation;
	double at;

	if (isnan(s->slo.bound_ns))
		return false;
	sweep_curve(s, objective_of, &c);
	if (sweep_curve_crossing(&c, s->slo.bound_ns, &at, &by_saturation) != SWEEP_FOUND ||
	    by_saturation)
		return false;
	for (size_t i = 0; i + 1 < c.n; i++)
		if (c.y[i] < s->slo.bound_ns && c.y[i + 1] >= s->slo.bound_ns)
			return within(s, c.x[i], c.x[i + 1], isfinite(c.y[i + 1]) ? at : NAN, NEAR,
				      rate);
	return false;
}

/* The larger gap beside the best step. */
static bool next_knee(const struct sweep *s, double *rate)
{
	const struct sweep_step *sorted[SWEEP_MAX_STEPS];
	size_t n = sweep_sorted(s, sorted);
	double below = NAN, above = NAN, mid;
	struct knee k;

	sweep_knee(s, &k);
	if (k.found != SWEEP_FOUND)
		return false;
	for (size_t i = 0; i < n; i++) {
		double at = sweep_asked(s, sorted[i]);

		if (at <= k.at)
			below = at;
		else if (isnan(above))
			above = at;
	}
	if (within(s, below, above, NAN, KNEE_NEAR, rate))
		return true;
	mid = k.at - k.low > k.high - k.at ? k.low : k.high;
	return mid < k.at ? within(s, mid, below, NAN, KNEE_NEAR, rate) :
			    within(s, above, mid, NAN, KNEE_NEAR, rate);
}

static bool decide(const struct sweep *s, size_t used[NR_PURPOSES], double *rate)
{
	static bool (*const next[NR_PURPOSES])(const struct sweep *, double *) = {
		[SATURATION] = next_saturation,
		[OBJECTIVE] = next_objective,
		[KNEE] = next_knee,
	};

	if (s->n >= SWEEP_MAX_STEPS)
		return false;
	if (next_planned(s, &used[GRID], rate))
		return true;
	for (int p = SATURATION; p < NR_PURPOSES; p++)
		if (used[p] < most[p] && next[p](s, rate)) {
			used[p]++;
			return true;
		}
	return false;
}

/* What the steps so far were for is found out by deciding them once more. */
bool sweep_next_rate(const struct sweep *s, double *rate)
{
	struct sweep *replayed = malloc(sizeof(*replayed));
	size_t used[NR_PURPOSES] = { 0 };
	bool more = replayed;

	for (size_t n = 0; more && n <= s->n; n++) {
		if (n == 0)
			*replayed = *s;
		replayed->n = n;
		more = decide(replayed, used, rate);
	}
	free(replayed);
	return more;
}

size_t sweep_most_steps(const struct sweep *s)
{
	size_t n = s->planned + MOST_AROUND_OBJECTIVE + MOST_AROUND_KNEE;

	n += s->mode == SWEEP_RATES ? MOST_HALVINGS : 0;
	return n < SWEEP_MAX_STEPS ? n : SWEEP_MAX_STEPS;
}
