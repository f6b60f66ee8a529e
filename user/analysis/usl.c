// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>
#include <string.h>

#include "analysis/sweep.h"

enum { PARAMETERS = 3, LEAST_POINTS = 4, MOST_STEPS = 200, MOST_HALVINGS = 40 };

struct data {
	const double *n, *x;
	size_t count;
};

static double model(const double v[PARAMETERS], double n)
{
	return v[0] * n / (1 + v[1] * (n - 1) + v[2] * n * (n - 1));
}

double usl_at(const struct usl *u, double n)
{
	const double v[PARAMETERS] = { u->l, u->s, u->k };

	return model(v, n);
}

static double squares(const struct data *d, const double v[PARAMETERS])
{
	double sum = 0;

	for (size_t i = 0; i < d->count; i++)
		sum += pow(d->x[i] - model(v, d->n[i]), 2);
	return sum;
}

/*
 * Solve the normal equations of the free parameters by Gauss's elimination; the others are 0 in the answer.
 * false: singular.
 */
static bool solve(double a[PARAMETERS][PARAMETERS + 1], const bool fixed[PARAMETERS],
		  double out[PARAMETERS])
{
	for (int i = 0; i < PARAMETERS; i++) {
		for (int k = 0; fixed[i] && k <= PARAMETERS; k++)
			a[i][k] = a[k < PARAMETERS ? k : i][i] = 0;
		if (fixed[i])
			a[i][i] = 1;
	}
	for (int i = 0; i < PARAMETERS; i++) {
		int pivot = i;

		for (int k = i + 1; k < PARAMETERS; k++)
			if (fabs(a[k][i]) > fabs(a[pivot][i]))
				pivot = k;
		for (int k = 0; k <= PARAMETERS; k++) {
			double kept = a[i][k];

			a[i][k] = a[pivot][k];
			a[pivot][k] = kept;
		}
		if (!(fabs(a[i][i]) > 1e-300))
			return false;
		for (int row = 0; row < PARAMETERS; row++) {
			double factor = a[row][i] / a[i][i];

			for (int k = i; row != i && k <= PARAMETERS; k++)
				a[row][k] -= factor * a[i][k];
		}
	}
	for (int i = 0; i < PARAMETERS; i++)
		out[i] = a[i][PARAMETERS] / a[i][i];
	return true;
}

/* Add a row of the design and its value to the normal equations. */
static void add_row(double a[PARAMETERS][PARAMETERS + 1], const double row[PARAMETERS], double y)
{
	for (int i = 0; i < PARAMETERS; i++) {
		for (int k = 0; k < PARAMETERS; k++)
			a[i][k] += row[i] * row[k];
		a[i][PARAMETERS] += row[i] * y;
	}
}

/* 1 / throughput of one: N / X = (1 + s (N - 1) + k N (N - 1)) / l, weighted to be as exact in X. */
static void linear(const struct data *d, const bool fixed[PARAMETERS], double v[PARAMETERS])
{
	double a[PARAMETERS][PARAMETERS + 1] = { 0 }, b[PARAMETERS];

	for (size_t i = 0; i < d->count; i++) {
		double n = d->n[i], weight = d->x[i] * d->x[i] / n;
		const double row[PARAMETERS] = { weight, weight * (n - 1), weight * n * (n - 1) };

		add_row(a, row, weight * n / d->x[i]);
	}
	if (!solve(a, fixed, b) || !(b[0] > 0)) {
		v[0] = d->x[0] / d->n[0];
		v[1] = v[2] = 0;
		return;
	}
	v[0] = 1 / b[0];
	v[1] = fmax(0, b[1] / b[0]);
	v[2] = fmax(0, b[2] / b[0]);
}

static bool improve(const struct data *d, const bool fixed[PARAMETERS], double v[PARAMETERS])
{
	double a[PARAMETERS][PARAMETERS + 1] = { 0 }, step[PARAMETERS], was = squares(d, v), is;

	for (size_t i = 0; i < d->count; i++) {
		double n = d->n[i], f = model(v, n), part = f * f / (v[0] * n);
		const double row[PARAMETERS] = { f, -part * (n - 1), -part * n * (n - 1) };

		add_row(a, row, d->x[i] - f);
	}
	if (!solve(a, fixed, step))
		return false;
	for (int half = 0; half < MOST_HALVINGS; half++) {
		const double scale = ldexp(1, -half);
		const double next[PARAMETERS] = { v[0] * exp(scale * step[0]),
						  fmax(0, v[1] + scale * step[1]),
						  fmax(0, v[2] + scale * step[2]) };

		is = squares(d, next);
		if (is < was) {
			memcpy(v, next, sizeof(next));
			return is < was * (1 - 1e-12);
		}
	}
	return false;
}

static void describe(const struct data *d, struct usl *u)
{
	const double v[PARAMETERS] = { u->l, u->s, u->k };
	double mean = 0, total = 0;

	for (size_t i = 0; i < d->count; i++)
		mean += d->x[i] / d->count;
	for (size_t i = 0; i < d->count; i++) {
		total += pow(d->x[i] - mean, 2);
		u->worst = fmax(u->worst, fabs(model(v, d->n[i]) / d->x[i] - 1));
	}
	u->r2 = total > 0 ? 1 - squares(d, v) / total : NAN;
	u->peak_n = u->k > 0 ? sqrt(fmax(0, 1 - u->s) / u->k) : INFINITY;
	u->peak_rate = u->k > 0 ? model(v, fmax(1, u->peak_n)) : u->s > 0 ? u->l / u->s : INFINITY;
}

/* With s, with k, with both and with neither at 0: the best of the four is the constrained optimum. */
void usl_fit(const double *n, const double *x, size_t count, struct usl *u)
{
	const struct data d = { n, x, count };
	double best = INFINITY;

	*u = (struct usl){
		.l = NAN, .s = NAN, .k = NAN, .r2 = NAN, .peak_n = NAN, .peak_rate = NAN
	};
	if (count < LEAST_POINTS)
		return;
	for (int zero = 0; zero < 4; zero++) {
		const bool fixed[PARAMETERS] = { false, zero & 1, zero & 2 };
		double v[PARAMETERS], sum;

		linear(&d, fixed, v);
		for (int i = 0; i < MOST_STEPS && improve(&d, fixed, v); i++)
			;
		sum = squares(&d, v);
		if (sum < best * (1 - 1e-9)) {
			best = sum;
			u->known = true;
			u->l = v[0];
			u->s = v[1];
			u->k = v[2];
		}
	}
	if (u->known)
		describe(&d, u);
}

void sweep_usl(const struct sweep *s, struct usl *u)
{
	const struct sweep_step *sorted[SWEEP_MAX_STEPS];
	double n[SWEEP_MAX_STEPS], x[SWEEP_MAX_STEPS];
	size_t all = sweep_sorted(s, sorted), count = 0, different = 0;

	for (size_t i = 0; s->mode == SWEEP_CONNECTIONS && i < all; i++) {
		if (!(sorted[i]->rate > 0) || !sorted[i]->connections)
			continue;
		different += !count || n[count - 1] != sorted[i]->connections;
		n[count] = sorted[i]->connections;
		x[count++] = sorted[i]->rate;
	}
	usl_fit(n, x, different < LEAST_POINTS ? 0 : count, u);
}
