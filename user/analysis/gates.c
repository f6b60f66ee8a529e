// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>

#include "analysis/verdict.h"

static const struct {
	const char *name, *meaning;
} gates[NR_GATES] = {
	[GATE_SATURATED] = { "saturated",
			     "the rate achieved is not within 1 % of the intended one: only "
			     "throughput can be compared" },
	[GATE_LATE] = { "late",
			"the load generator's p99 lateness is 10 % of the measured quantile "
			"or more" },
	[GATE_LOSS] = { "loss", "the trace lost or mistimed requests" },
	[GATE_VIEWS] = { "views", "what the client and the kernel saw does not fit together" },
	[GATE_DISCARDED] = { "discarded", "more than a quarter of the pairs were disturbed" },
	[GATE_UNRESOLVED] = { "unresolved",
			      "fewer than 10 independent requests of an arm lie beyond the "
			      "quantile" },
};

const char *gate_name(enum gate g)
{
	return gates[g].name;
}

const char *gate_meaning(enum gate g)
{
	return gates[g].meaning;
}

struct checks {
	__u32 failed, unchecked;
};

/* A rule on numbers of which some may be NAN; `numbers` is then NAN, too. */
static void check(struct checks *c, enum gate g, double numbers, bool fails)
{
	if (isnan(numbers))
		c->unchecked |= 1u << g;
	else if (fails)
		c->failed |= 1u << g;
}

/* So few requests say little; that there are none is not excused by any edge. */
#define EDGES_MAX 0.25

static void check_run(struct checks *c, const struct trial_run *r)
{
	double off = fabs(r->rate_achieved / r->rate_intended - 1);
	double late = r->lateness_p99_ns / r->client_ns;
	double requests = fabs(r->kernel_requests / r->client_requests - 1);
	double edges = r->edges > 0 ? fmin(r->edges / r->client_requests, EDGES_MAX) : 0;
	/* else they are not of the same requests */
	double views = edges <= 0.01 ? r->kernel_ns / r->client_ns : NAN;

	check(c, GATE_SATURATED, off, off > 0.01 + edges + 1e-9);
	check(c, GATE_LATE, late, late >= 0.1);
	check(c, GATE_LOSS, 0, r->loss > 0);
	check(c, GATE_VIEWS, requests, requests > 0.01 + edges + 1e-9);
	check(c, GATE_VIEWS, views, views > 1.02);
}

__u32 trial_gates(const struct trial_run *runs, size_t n, size_t pairs, size_t discarded,
		  __u32 *unchecked)
{
	double beyond[2] = { 0, 0 };
	struct checks c = { 0, 0 };

	for (size_t i = 0; i < n; i++) {
		check_run(&c, &runs[i]);
		beyond[runs[i].after] += runs[i].exceedances;
	}
	check(&c, GATE_DISCARDED, 0, 4 * discarded > pairs);
	for (int arm = 0; arm < 2; arm++)
		check(&c, GATE_UNRESOLVED, beyond[arm], beyond[arm] < 10);
	if (unchecked)
		*unchecked = c.unchecked;
	return c.failed;
}
