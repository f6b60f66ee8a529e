// SPDX-License-Identifier: BSD-2-Clause
#include "model/waits.h"

#include <stdlib.h>

/* The stages that are made of waits; others have no rows. */
static bool stage_has_waits(enum lvt_stage st)
{
	switch (st) {
	case STAGE_QUEUE_RUNQ:
	case STAGE_SERVICE_RUNQ:
	case STAGE_SERVICE_DISK:
	case STAGE_SERVICE_LOCK:
	case STAGE_SERVICE_NET:
	case STAGE_SERVICE_POOL:
	case STAGE_SERVICE_SLEEP:
	case STAGE_SERVICE_FAULT:
	case STAGE_SERVICE_BLOCKED:
		return true;
	default:
		return false;
	}
}

/* Take ns from the rows of a stage, the largest first (they are in order). */
static void take_off(struct run_service *s, enum lvt_stage st, __u64 ns)
{
	size_t i;

	for (i = 0; i < s->n_waits && ns; i++) {
		struct run_wait *w = &s->waits[i];
		__u64 part = w->stage != st ? 0 : w->ns < ns ? w->ns : ns;

		w->ns -= part;
		ns -= part;
	}
}

void waits_balance(struct run_service *s)
{
	__u64 named[NR_STAGES] = { 0 }, sum;
	size_t i, n = s->n_waits;
	int st;

	for (i = 0; i < n; i++)
		named[s->waits[i].stage] += s->waits[i].ns;
	for (st = 0; st < NR_STAGES; st++) {
		sum = stage_has_waits(st) ? service_stage_sum(s, st) : 0;
		if (sum < named[st])
			take_off(s, st, named[st] - sum);
		else if (sum > named[st])
			s->waits[s->n_waits++] = (struct run_wait){ .stage = st,
								    .other = true,
								    .ns = sum - named[st] };
	}
	qsort(s->waits, s->n_waits, sizeof(*s->waits), run_wait_order);
}
