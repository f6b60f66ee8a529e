// SPDX-License-Identifier: BSD-2-Clause
#include "load/arrivals.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/options.h"
#include "base/random.h"

static int add(struct profile *p, double from, double to, double seconds)
{
	struct profile_piece *grown = realloc(p->pieces, (p->n + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	p->pieces = grown;
	p->pieces[p->n++] = (struct profile_piece){ p->length, seconds, from, to, p->total };
	p->length += seconds;
	p->total += (from + to) / 2 * seconds;
	return 0;
}

int profile_even(struct profile *p, double rate, double seconds)
{
	*p = (struct profile){ 0 };
	return add(p, rate, rate, seconds);
}

static int no_memory(struct err *e)
{
	return err_set(e, -ENOMEM, "no memory for a profile");
}

static int add_steps(struct profile *p, const double v[4], struct err *e)
{
	double by = v[1] < v[0] ? -v[2] : v[2];
	size_t steps = floor((v[1] - v[0]) / by + 1e-9) + 1;

	if (!(v[2] > 0) || !(v[3] > 0))
		return err_usage(e, "profile: a step and its seconds have to be more than 0");
	if (fabs(v[1] - v[0]) / v[2] > PROFILE_MAX)
		return err_usage(e, "profile: more than %d steps", PROFILE_MAX);
	for (size_t i = 0; i < steps; i++)
		if (add(p, v[0] + i * by, v[0] + i * by, v[3]))
			return no_memory(e);
	return 0;
}

static int add_ramp(struct profile *p, const double v[4], struct err *e)
{
	if (!(v[2] > 0))
		return err_usage(e, "profile: a ramp has to take more than 0 seconds");
	return add(p, v[0], v[1], v[2]) ? no_memory(e) : 0;
}

static int add_bursts(struct profile *p, const double v[4], double seconds, struct err *e)
{
	if (!(v[3] > 0) || !(v[2] > v[3]))
		return err_usage(e,
				 "profile: a burst has to take more than 0 seconds, and be shorter "
				 "than the time from one to the next");
	if (seconds / v[2] > PROFILE_MAX / 2)
		return err_usage(e, "profile: more than %d bursts", PROFILE_MAX / 2);
	while (p->length < seconds) {
		double left = seconds - p->length;

		if (add(p, v[1], v[1], fmin(v[3], left)))
			return no_memory(e);
		left -= v[3];
		if (left > 0 && add(p, v[0], v[0], fmin(v[2] - v[3], left)))
			return no_memory(e);
	}
	return 0;
}

/* Up to four numbers; the last `times` of them may end in "s". */
static bool numbers(const char *text, int n, int times, double v[4])
{
	char word[64];
	int used, i;

	for (i = 0; i < n; i++) {
		if (sscanf(text, "%63s%n", word, &used) != 1)
			return false;
		text += used;
		v[i] = i >= n - times ? read_decimal(word, "s") : read_scaled(word);
		if (!(v[i] >= 0 && v[i] <= (i >= n - times ? OPT_SECONDS_MAX : RATE_MAX)))
			return false;
	}
	return sscanf(text, "%63s", word) != 1;
}

int profile_parse(struct profile *p, const char *text, double seconds, struct err *e)
{
	double v[4] = { 0 };
	int err;

	*p = (struct profile){ 0 };
	if (!strncmp(text, "step ", 5) && numbers(text + 5, 4, 1, v))
		err = add_steps(p, v, e);
	else if (!strncmp(text, "ramp ", 5) && numbers(text + 5, 3, 1, v))
		err = add_ramp(p, v, e);
	else if (!strncmp(text, "burst ", 6) && numbers(text + 6, 4, 2, v))
		err = add_bursts(p, v, seconds, e);
	else
		err = err_usage(e, "no profile: '%s'", text);
	if (err && e->code == -EINVAL && !*e->hint)
		err_hint(e, "give 'step FROM TO BY SECS', 'ramp FROM TO SECS' or 'burst BASE PEAK "
			    "EVERY LENGTH'");
	if (!err && !(p->total > 0))
		err = err_usage(e, "profile: no requests at all");
	if (err)
		profile_free(p);
	return err;
}

int profile_warm_up(struct profile *p, double seconds)
{
	struct profile warm = { 0 };
	int err = seconds > 0 ? add(&warm, p->pieces[0].from, p->pieces[0].from, seconds) : 0;

	for (size_t i = 0; !err && i < p->n; i++)
		err = add(&warm, p->pieces[i].from, p->pieces[i].to, p->pieces[i].length);
	if (err) {
		profile_free(&warm);
		return err;
	}
	profile_free(p);
	*p = warm;
	return 0;
}

void profile_free(struct profile *p)
{
	free(p->pieces);
	*p = (struct profile){ 0 };
}

double profile_expected(const struct profile *p, double t)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct profile_piece *s = &p->pieces[i];
		double x = t - s->start;

		if (x < s->length)
			return s->before + x * (s->from + (s->to - s->from) / s->length * x / 2);
	}
	return p->total;
}

/* Where in a piece L is `more` above its start; written so that it holds for a slope of 0, too. */
static double solve(const struct profile_piece *s, double more)
{
	double slope = (s->to - s->from) / s->length;
	double root = sqrt(fmax(0, s->from * s->from + 2 * slope * more));

	return more > 0 ? 2 * more / (s->from + root) : 0;
}

static double time_from(const struct profile *p, double n, size_t *piece)
{
	if (n >= p->total)
		return INFINITY;
	while (*piece + 1 < p->n && n >= p->pieces[*piece + 1].before)
		(*piece)++;
	return p->pieces[*piece].start + solve(&p->pieces[*piece], n - p->pieces[*piece].before);
}

double profile_time(const struct profile *p, double n)
{
	size_t piece = 0;

	return time_from(p, n, &piece);
}

double arrivals_gap(__u64 *random)
{
	return -log1p(-random_unit(random));
}

void arrivals_start(struct arrivals *a, const struct profile *p, bool poisson, __u64 seed,
		    unsigned thread, unsigned threads)
{
	*a = (struct arrivals){ .profile = p, .poisson = poisson, .threads = threads };
	a->random = random_mix(seed ^ random_mix(thread));
	a->reached = poisson ? threads * arrivals_gap(&a->random) : thread + 0.5;
}

__u64 arrivals_next(struct arrivals *a)
{
	double t = time_from(a->profile, a->reached, &a->piece);

	if (isinf(t))
		return UINT64_MAX;
	a->reached += a->poisson ? a->threads * arrivals_gap(&a->random) : a->threads;
	return t * 1e9;
}
