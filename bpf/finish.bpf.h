/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An answered request is complete: its stages, from the clocks. Pure, as thread.bpf.h. */
#ifndef LVT_FINISH_BPF_H
#define LVT_FINISH_BPF_H

#include "request.bpf.h"

#define OCCUPIED_UNKNOWN (~0ull)

/* v * v, 128 bits wide. */
static __always_inline void square(__u64 v, __u64 *lo, __u64 *hi)
{
	__u64 top = v >> 32, low = (__u32)v, mid = top * low;

	*lo = low * low + (mid << 33);
	*hi = top * top + (mid >> 31) + (*lo < mid << 33);
}

/* What the client caused cannot be more than there was. */
__weak __noinline int request_clamp(struct conn *c)
{
	__u64 run, ns;
	__u32 i;

	if (!c)
		return 0;
	for (i = 0; i < NR_CAUSES; i++) {
		ns = c->at.ns[i] - c->base.ns[i];
		if (c->client.ns[i] > ns)
			c->client.ns[i] = ns;
	}
	/* nor may it touch what is the request's own */
	run = c->at.ns[CAUSE_RUN] - c->base.ns[CAUSE_RUN];
	run = run > c->own_done ? run - c->own_done : 0;
	if (c->client.ns[CAUSE_RUN] > run)
		c->client.ns[CAUSE_RUN] = run;
	return 0;
}

/* Time on CPU since `base`: on this request, on others, or waiting for the client meanwhile. */
static __always_inline void request_cpu_stages(struct conn *c)
{
	__u64 run = c->at.ns[CAUSE_RUN] - c->base.ns[CAUSE_RUN], own = c->own_done;

	if (own > run)
		own = run;
	c->stage[STAGE_SERVICE_CPU] += own;
	c->stage[STAGE_SERVICE_CLIENT] += c->client.ns[CAUSE_RUN];
	run -= own + c->client.ns[CAUSE_RUN];
	if (c->flags & CONN_EVENTS_SHORT) {
		lvt_count(COUNTER_EVENTS_SHORT, 1);
		c->stage[STAGE_UNATTRIBUTED] += run;
	} else {
		c->stage[STAGE_SERVICE_OTHER] += run;
	}
}

/*
 * Waits in an event loop that another client's request ended did not end this one's: they go to what did
 * since it was read (another socket, a sibling thread, a timer), if anything did.
 */
static __always_inline void request_loop_stages(struct conn *c)
{
	__u64 pooled = c->at.ns[CAUSE_MUX] - c->base.ns[CAUSE_MUX] - c->client.ns[CAUSE_MUX] +
		       c->at.ns[CAUSE_HOME] - c->base.ns[CAUSE_HOME] - c->client.ns[CAUSE_HOME];

	if (c->waits.loop == CAUSE_LOOP_NET)
		c->stage[STAGE_SERVICE_NET] += pooled;
	else if (c->waits.loop == CAUSE_POOL)
		c->stage[STAGE_SERVICE_POOL] += pooled;
	else if (c->waits.loop == CAUSE_LOOP_SLEEP)
		c->stage[STAGE_SERVICE_SLEEP] += pooled;
	else
		c->stage[STAGE_SERVICE_BLOCKED] += pooled;
}

/*
 * What a hand-off has settled of the reader's share: time in which the reader was in no idle wait.
 * service.blocked and service.lock of it are of the causes BLOCKED and LOCK alone.
 */
static __always_inline __u64 request_reader_occupied(const struct conn *c)
{
	__u64 ns = c->stage[STAGE_SERVICE_CPU];

#define CAUSE(id, name, queue, service, what)                 \
	if (CAUSE_##id > CAUSE_RUN && CAUSE_##id < CAUSE_MUX) \
		ns += c->stage[STAGE_##service];
#include "causes.def"
#undef CAUSE
	return ns;
}

/*
 * Of what its thread did: the time in which the request kept it from all others. Its CPU time for it,
 * ready without a CPU, and blocked, but for the waits in which a thread can take other work (an event
 * loop that waits for a downstream socket, a pool or a timer serves others meanwhile) and for what
 * the client held up.
 */
static __always_inline __u64 request_occupied(const struct conn *c)
{
	__u64 run = c->at.ns[CAUSE_RUN] - c->base.ns[CAUSE_RUN], ns = c->own_done;

	if (ns > run)
		ns = run;
#define CAUSE(id, name, queue, service, what)                 \
	if (CAUSE_##id > CAUSE_RUN && CAUSE_##id < CAUSE_MUX) \
		ns += c->at.ns[CAUSE_##id] - c->base.ns[CAUSE_##id] - c->client.ns[CAUSE_##id];
#include "causes.def"
#undef CAUSE
	return ns;
}

/*
 * The answered request is complete: fill .stage and .occupied, OCCUPIED_UNKNOWN where its threads are not
 * known well enough. Returns 0 with everything in `unattributed` if the
 * stages do not add up to the latency or one is negative: a defect, counted as a loss. Without branches
 * but for the rare, and global, as the verifier takes each path of each caller: inlined it cost 50 ms of
 * the start.
 */
__weak __noinline int request_finish(struct conn *c)
{
	__u64 sum = 0, latency, any = 0;
	__u32 i;

	if (!c)
		return 0;
	latency = c->done - c->arrive;
	if (c->flags & CONN_CLIENT)
		request_clamp(c);
	else
		__builtin_memset(&c->client, 0, sizeof(c->client));
	c->occupied = request_occupied(c);
	if (c->flags & CONN_MULTI_THREAD)
		c->occupied += request_reader_occupied(c);
	if (c->flags & CONN_EVENTS_SHORT || c->at.ns[CAUSE_UNKNOWN] != c->base.ns[CAUSE_UNKNOWN])
		c->occupied = OCCUPIED_UNKNOWN;
	request_cpu_stages(c);
#define CAUSE(id, name, queue, service, what)                                  \
	if (CAUSE_##id != CAUSE_RUN) {                                         \
		c->stage[STAGE_SERVICE_CLIENT] += c->client.ns[CAUSE_##id];    \
		if (CAUSE_##id != CAUSE_MUX && CAUSE_##id != CAUSE_HOME)       \
			c->stage[STAGE_##service] += c->at.ns[CAUSE_##id] -    \
						     c->base.ns[CAUSE_##id] -  \
						     c->client.ns[CAUSE_##id]; \
	}
#include "causes.def"
#undef CAUSE
	request_loop_stages(c);
	for (i = 0; i < NR_STAGES; i++) {
		sum += c->stage[i];
		any |= c->stage[i];
	}
	if (sum == latency && !(any >> 63))
		return 1;
	lvt_count(any >> 63 ? COUNTER_NEGATIVE_STAGE : COUNTER_SUM_MISMATCH, 1);
	/* the clock stepped back by more than the request took */
	if (latency >> 63) {
		c->done = c->arrive;
		latency = 0;
	}
	__builtin_memset(c->stage, 0, sizeof(c->stage));
	c->stage[STAGE_UNATTRIBUTED] = latency;
	c->occupied = OCCUPIED_UNKNOWN;
	return 0;
}

#endif
