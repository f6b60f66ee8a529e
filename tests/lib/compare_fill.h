/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_COMPARE_FILL_H
#define LVT_COMPARE_FILL_H

#include "analysis/compare.h"
#include "analysis/stats.h"
#include "run_fill.h"

/* Sets of hand-made runs to compare. */
struct run_set {
	struct run runs[STATS_MAX_N];
	const struct run *pointers[STATS_MAX_N];
	struct compare_side side;
};

/* n runs of `services` services without requests; set_free() them. */
static inline void set_fill(struct run_set *s, size_t n, size_t services)
{
	memset(s, 0, sizeof(*s));
	for (size_t i = 0; i < n; i++) {
		fill_run(&s->runs[i], services);
		s->pointers[i] = &s->runs[i];
	}
	s->side = (struct compare_side){ .runs = s->pointers, .n = n };
}

static inline void set_free(struct run_set *s)
{
	for (size_t i = 0; i < s->side.n; i++)
		run_free(&s->runs[i]);
}

/* Requests of an event loop whose every stage takes `factor` times as long. */
static inline void fill_scaled(struct run_service *s, int n, double factor, __u64 seed)
{
	for (int i = 0; i < n; i++) {
		__u64 st[NR_STAGES] = { 0 };

		st[STAGE_QUEUE_BUSY] = factor * fill_exponential(&seed, 40000);
		st[STAGE_SERVICE_CPU] = factor * (40000 + fill_exponential(&seed, 11000));
		if (fill_below(&seed, 20) == 0)
			st[STAGE_QUEUE_RUNQ] = factor * (300000 + fill_exponential(&seed, 1e5));
		fill_request(s->sum, st);
	}
}

/* All runs: so many requests, from runs that differ by up to +-spread around a factor. */
static inline void set_requests(struct run_set *s, int n, double factor, double spread, __u64 seed)
{
	for (size_t i = 0; i < s->side.n; i++) {
		double off = s->side.n > 1 ? spread * (2.0 * i / (s->side.n - 1) - 1) : 0;

		for (size_t k = 0; k < s->runs[i].n_services; k++)
			fill_scaled(&s->runs[i].services[k], n, factor * (1 + off),
				    seed + 1000 * i + k);
	}
}

#endif
