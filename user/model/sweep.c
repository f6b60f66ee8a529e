// SPDX-License-Identifier: BSD-2-Clause
#include "model/sweep.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/hist.h"

const char *sweep_mode_name(enum sweep_mode m)
{
	return m == SWEEP_RATES ? "rates" : "connections";
}

const char *slo_name(char buf[SLO_NAME_LEN], const struct slo *s)
{
	if (s->metric == SLO_QUANTILE)
		snprintf(buf, SLO_NAME_LEN, "p%.7g", s->millionths / 1e4);
	else
		snprintf(buf, SLO_NAME_LEN, "%s", s->metric == SLO_MEAN ? "mean" : "max");
	return buf;
}

void sweep_init(struct sweep *s)
{
	memset(s, 0, sizeof(*s));
	s->slo = (struct slo){ SLO_QUANTILE, Q_P99, NAN };
}

void sweep_step_init(struct sweep_step *p)
{
	static const struct bounded unknown = { NAN, NAN, NAN };
	struct sweep_kernel *k = &p->kernel;

	memset(p, 0, sizeof(*p));
	p->rate_intended = p->rate = p->late_p99 = p->in_flight = p->closed_p99 = NAN;
	p->mean = p->p50 = p->p90 = p->p99 = p->p99_9 = p->max = NAN;
	p->objective = p->mean_between = unknown;
	k->requests = k->mean = k->p50 = k->p99 = k->in_flight = NAN;
	k->service = (struct occupancy){ NAN, NAN };
	k->threads = k->cpu_share = NAN;
	p->foreign = p->steal = NAN;
	for (int st = 0; st < NR_STAGES; st++)
		k->stage[st] = NAN;
}

double sweep_asked(const struct sweep *s, const struct sweep_step *p)
{
	return s->mode == SWEEP_RATES ? p->rate_intended : p->connections;
}

double sweep_offered_rps(const struct sweep_step *p)
{
	return p->seconds > 0 ? p->due / p->seconds : NAN;
}

/* By insertion, so that steps of the same rate stay in the order in which they were measured. */
size_t sweep_sorted(const struct sweep *s, const struct sweep_step *sorted[SWEEP_MAX_STEPS])
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct sweep_step *p = &s->steps[i];
		size_t at = n;

		if (p->dropped)
			continue;
		for (; at && sweep_asked(s, sorted[at - 1]) > sweep_asked(s, p); at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = p;
		n++;
	}
	return n;
}
