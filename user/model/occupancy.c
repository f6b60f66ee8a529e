// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>

#include "model/run.h"

/* Requests of which it is not known were not chosen by chance: they may be the long ones. */
#define UNKNOWN_MAX 0.01

bool service_occupancy(const struct run_service *s, double *mean_ns, double *square_ns2)
{
	double n = s->occupancies, all = service_requests(s);

	if (!s->occupancies || n < (1 - UNKNOWN_MAX) * all)
		return false;
	*mean_ns = s->sum->occupied / n;
	*square_ns2 = (ldexp(s->sum->occupied_square_hi, 64) + s->sum->occupied_square) / n;
	return true;
}

double service_busy_ns(const struct run_service *s)
{
	double n = service_requests(s), mean, square;

	if (isnan(s->cpu_share) || !service_occupancy(s, &mean, &square))
		return NAN;
	return mean +
	       (s->cpu_share * s->window_s * 1e9 - service_stage_sum(s, STAGE_SERVICE_CPU)) / n;
}
