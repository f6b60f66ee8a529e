// SPDX-License-Identifier: BSD-2-Clause
/* The parts of a merged run in time. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/run.h"

double run_time(const char *started)
{
	struct tm tm = { 0 };
	const char *end = strptime(started, "%Y-%m-%dT%H:%M:%SZ", &tm);

	return end && !*end ? (double)timegm(&tm) : NAN;
}

int run_part_order(const void *a, const void *b)
{
	const struct run_part *x = a, *y = b;
	int c = strcmp(x->started, y->started);

	c = c ? c : strcmp(x->host, y->host);
	c = c ? c : strcmp(x->file, y->file);
	c = c ? c : (x->requests > y->requests) - (x->requests < y->requests);
	return c ? c : (x->duration_s > y->duration_s) - (x->duration_s < y->duration_s);
}

/*
 * Starts are whole seconds, so where one part ends and the next one starts may be a second off: too
 * much to say anything of short ones.
 */
#define COVERED_TOLERANCE 0.1

double run_covered_s(const struct run *r)
{
	double covered = 0, end = -INFINITY;

	if (r->n_parts < 2)
		return r->duration_s;
	for (size_t i = 0; i < r->n_parts; i++) { /* by start */
		double from = run_time(r->parts[i].started), to = from + r->parts[i].duration_s;

		if (isnan(to))
			return NAN;
		if (to > end)
			covered += to - fmax(from, end);
		end = fmax(end, to);
	}
	return r->n_parts - 1 <= COVERED_TOLERANCE * covered ? covered : NAN;
}

double service_together_rps(const struct run *r, const struct run_service *s)
{
	double covered = run_covered_s(r);

	return covered > 0 ? service_requests(s) / covered : NAN;
}

size_t run_hosts(const struct run *r)
{
	size_t n = 0, k;

	for (size_t i = 0; i < r->n_parts; i++) {
		for (k = 0; k < i && strcmp(r->parts[k].host, r->parts[i].host); k++)
			;
		if (!r->parts[i].host[0])
			return 0;
		n += k == i;
	}
	return n;
}

const struct run_part *run_overlap(const struct run *r)
{
	for (size_t i = 0; i < r->n_parts; i++) {
		const struct run_part *a = &r->parts[i];

		for (size_t k = i + 1; k < r->n_parts; k++) {
			const struct run_part *b = &r->parts[k];
			double start = run_time(b->started),
			       end = run_time(a->started) + a->duration_s;

			if (a->host[0] && !strcmp(a->host, b->host) && start + 1 < end &&
			    b->duration_s > 1)
				return a;
		}
	}
	return NULL;
}
