/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_SHARD_FILL_H
#define LVT_SHARD_FILL_H

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"

/* Hand-made shards: what the kernel side would have added up, request by request. */

/* A seeded generator (xorshift64*), so that a failing test fails again. */
static inline __u64 fill_random(__u64 *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 2685821657736338717ull;
}

static inline __u64 fill_below(__u64 *state, __u64 n)
{
	return fill_random(state) % n;
}

/* Record one plain request with these ns in its stages; returns its latency. */
static inline __u64 fill_request(struct lvt_shard *s, const __u64 stage[NR_STAGES])
{
	__u64 latency = 0;
	__u32 index;

	for (int st = 0; st < NR_STAGES; st++)
		latency += stage[st];
	index = hist_index(latency);
	s->latency[index]++;
	for (int st = 0; st < NR_STAGES; st++) {
		s->anatomy[index / 2][st] += stage[st];
		if (stage[st])
			s->stage[st][hist_index(stage[st])]++;
		if (stage[st] > s->stage_max[st])
			s->stage_max[st] = stage[st];
	}
	if (latency > s->latency_max)
		s->latency_max = latency;
	if (~latency > s->latency_min_inv)
		s->latency_min_inv = ~latency;
	s->exchanges[EXCHANGE_REQUEST_RESPONSE]++;
	return latency;
}

/* Record a request from pairs (stage, ns), ended by -1: fill(s, STAGE_SERVICE_CPU, 5000ull, -1). */
static inline __u64 fill(struct lvt_shard *s, ...)
{
	__u64 stage[NR_STAGES] = { 0 };
	va_list ap;
	int st;

	va_start(ap, s);
	while ((st = va_arg(ap, int)) >= 0)
		stage[st] += va_arg(ap, unsigned long long);
	va_end(ap);
	return fill_request(s, stage);
}

/* An empty shard; free() it. */
static inline struct lvt_shard *fill_shard(void)
{
	struct lvt_shard *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	return s;
}

#endif
