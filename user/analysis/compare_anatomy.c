// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>
#include <stdlib.h>

#include "analysis/compare_internal.h"

/* Rows of service_anatomy(). */
static const int rows_compared[COMPARE_ANATOMIES] = { 0, 2 }; /* p50, p99 */

/* Means over the runs that have requests: each run counts the same, so stages still add up. */
static void row_mean(const struct service_group *g, int which, struct anatomy_row *mean)
{
	struct anatomy_row rows[ANATOMY_ROWS];
	size_t n = 0;

	*mean = (struct anatomy_row){ 0 };
	for (size_t i = 0; i < g->n; i++) {
		service_anatomy(g->in[i], rows);
		mean->at = rows[which].at;
		if (!rows[which].requests)
			continue;
		n++;
		mean->requests += rows[which].requests;
		mean->latency_ns += rows[which].latency_ns;
		for (int st = 0; st < NR_STAGES; st++)
			mean->stage_ns[st] += rows[which].stage_ns[st];
	}
	mean->latency_ns = n ? mean->latency_ns / n : NAN;
	for (int st = 0; st < NR_STAGES; st++)
		mean->stage_ns[st] = n ? mean->stage_ns[st] / n : NAN;
}

static int by_change(const void *a, const void *b)
{
	const struct compare_stage *x = a, *y = b;
	double cx = fabs(x->change_ns), cy = fabs(y->change_ns);

	if (cx != cy)
		return cx > cy ? -1 : 1;
	return (int)x->stage - (int)y->stage;
}

void compare_anatomies(const struct service_group *before, const struct service_group *after,
		       struct compare_anatomy anatomy[COMPARE_ANATOMIES])
{
	for (int i = 0; i < COMPARE_ANATOMIES; i++) {
		struct compare_anatomy *a = &anatomy[i];
		struct anatomy_row from, to;
		double change;

		row_mean(before, rows_compared[i], &from);
		row_mean(after, rows_compared[i], &to);
		change = to.latency_ns - from.latency_ns;
		a->at = from.at;
		a->before_ns = from.latency_ns;
		a->after_ns = to.latency_ns;
		a->requests[0] = from.requests;
		a->requests[1] = to.requests;
		for (int st = 0; st < NR_STAGES; st++) {
			double moved = to.stage_ns[st] - from.stage_ns[st];

			a->stages[st] = (struct compare_stage){
				.stage = st,
				.before_ns = from.stage_ns[st],
				.after_ns = to.stage_ns[st],
				.change_ns = moved,
				.share = change != 0 ? moved / change : NAN,
			};
		}
		if (!isnan(change))
			qsort(a->stages, NR_STAGES, sizeof(a->stages[0]), by_change);
	}
}
