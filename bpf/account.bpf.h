/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A finished exchange -> its service's histograms, anatomy and counts. */
#ifndef LVT_ACCOUNT_BPF_H
#define LVT_ACCOUNT_BPF_H

#include "maps.bpf.h"
#include "net.h"

/*
 * A service's finishing programs can nest on a CPU (a close in softirq during a sweep), and shards are
 * fewer than CPUs on large hosts: hence atomic adds, about 5 ns each.
 */
static __always_inline void account_add(__u64 *cell, __u64 n)
{
	__sync_fetch_and_add(cell, n);
}

/*
 * These two are global functions, verified once: inlined into the loop over the stages, their paths
 * multiply, and loading a program that accounts takes 180 ms instead of 10.
 */
__weak __noinline int account_max(__u64 *cell, __u64 v)
{
	__u64 old, seen;
	int i;

	if (!cell)
		return 0;
	old = *cell;
	for (i = 0; i < 4 && v > old; i++) {
		seen = __sync_val_compare_and_swap(cell, old, v);
		if (seen == old)
			break;
		old = seen;
	}
	return 0;
}

__weak __noinline __u32 account_index(__u64 v)
{
	return hist_index(v);
}

static __always_inline __u32 account_bucket(__u64 v)
{
	__u32 i = account_index(v);

	return i < HIST_BUCKETS ? i : HIST_BUCKETS - 1;
}

static __always_inline struct lvt_shard *account_shard(u32 service)
{
	u32 shard = bpf_get_smp_processor_id() & (cfg_shards - 1);
	void *block = bpf_map_lookup_elem(&lvt_blocks, &service);

	if (!block)
		return NULL;
	return bpf_map_lookup_elem(block, &shard);
}

static __always_inline struct lvt_flow *account_flow(u32 service)
{
	u32 i = service * LVT_MAX_SHARDS + (bpf_get_smp_processor_id() & (cfg_shards - 1));

	return bpf_map_lookup_elem(&lvt_flows, &i);
}

static __always_inline s64 in_flight(u32 service)
{
	s64 n = 0;
	u32 i, k;

	for (i = 0; i < LVT_MAX_SHARDS; i++) {
		struct lvt_flow *f;

		k = service * LVT_MAX_SHARDS + i;
		f = bpf_map_lookup_elem(&lvt_flows, &k);
		if (f)
			n += f->arrived - f->answered - f->dropped;
	}
	/* an answer can be seen before its arrival on another CPU */
	return n > 0 ? n : 0;
}

/* Take the samples whose times have passed. Global, as that is so for one event in a hundred. */
__weak __noinline int account_samples(struct lvt_flight *f, u32 service, u64 now)
{
	struct lvt_service *s;
	u64 next, from, samples;

	if (!f)
		return 0;
	from = next = f->next;
	if (!from) {
		s = bpf_map_lookup_elem(&lvt_services, &service);
		from = window_start;
		if (s && s->since > from)
			from = s->since;
	}
	if (now < from)
		return 0;
	samples = (now - from) / LVT_FLIGHT_NS + 1;
	/* another CPU may be at it */
	if (__sync_val_compare_and_swap(&f->next, next, from + samples * LVT_FLIGHT_NS) != next)
		return 0;
	account_add(&f->sum, samples * in_flight(service));
	account_add(&f->samples, samples);
	return 0;
}

/* What is in flight is about to change: until now it was as it is. */
static __always_inline struct lvt_flight *account_flight(u32 service, u64 now)
{
	struct lvt_flight *f = bpf_map_lookup_elem(&lvt_flights, &service);

	if (f && now >= f->next)
		account_samples(f, service, now);
	return f;
}

static __always_inline void account_arrived(u32 service, u64 now)
{
	struct lvt_flow *f = account_flow(service);

	account_flight(service, now);
	if (f)
		account_add(&f->arrived, 1);
}

static __always_inline void account_dropped(u32 service, u64 now)
{
	struct lvt_flow *f = account_flow(service);

	account_flight(service, now);
	if (f)
		account_add(&f->dropped, 1);
}

/* The first send of an answer. */
static __always_inline void account_answered(u32 service, u64 now)
{
	struct lvt_flow *f = account_flow(service);

	account_flight(service, now);
	if (f)
		account_add(&f->answered, 1);
}

/* A later send: at the sample times since the one before, the request was in flight after all. */
static __always_inline void account_moved(u32 service, u64 before, u64 now)
{
	struct lvt_flight *f = account_flight(service, now);

	if (f && f->next > before)
		account_add(&f->sum, (f->next - before - 1) / LVT_FLIGHT_NS);
}

/* An exchange without a latency: unsolicited or aborted. */
static __always_inline void account_exchange(u32 service, enum lvt_exchange kind)
{
	struct lvt_shard *s = account_shard(service);

	if (s)
		account_add(&s->exchanges[kind], 1);
	else
		lvt_count(COUNTER_SERVICE_BLOCK, 1);
}

__weak __noinline int account_stage(struct lvt_shard *s, u32 row, u32 i, u64 ns)
{
	if (!s || i >= NR_STAGES || row >= ANATOMY_BUCKETS)
		return 0;
	account_add(&s->anatomy[row][i], ns);
	account_add(&s->stage[i][account_bucket(ns)], 1);
	if (ns > s->stage_max[i])
		account_max(&s->stage_max[i], ns);
	return 0;
}

static __always_inline void account_stages(struct lvt_shard *s, const struct conn *c, u32 row)
{
	u32 i;

	for (i = 0; i < NR_STAGES; i++)
		if (c->stage[i])
			account_stage(s, row, i, c->stage[i]);
}

static __always_inline void account_net(struct lvt_shard *s, u32 which, u64 ns)
{
	account_add(&s->net[which][account_bucket(ns)], 1);
	account_add(&s->net_sum[which], ns);
	if (ns > s->net_max[which])
		account_max(&s->net_max[which], ns);
}

/* What the network did with the request and its answer, where that was seen. */
static __always_inline void account_network(struct lvt_shard *s, const struct conn *c)
{
	/* of an answer that is not out yet it is not known when its last byte will be */
	if (c->sent >= c->done && (s32)(c->sent_seq - c->written) >= 0)
		account_net(s, NET_TX, c->sent - c->done);
	if (c->acked >= c->done)
		account_net(s, NET_ACK, c->acked - c->done);
	if (cfg_rx && c->nic)
		account_net(s, NET_RX, c->nic);
}

/* An answer that is a transfer: many sends, over most of its time. */
#define STREAM_SENDS 16

static __always_inline bool is_stream(const struct conn *c)
{
	return c->sends >= STREAM_SENDS && 2 * (c->done - c->reply) > c->done - c->arrive;
}

/* Bytes of no request. */
static __always_inline void account_sent(u32 service, u32 bytes)
{
	struct lvt_shard *s = bytes ? account_shard(service) : NULL;

	if (s)
		account_add(&s->bytes_out, bytes);
}

/* Segments that TCP has dropped on the connection since the last look. */
static __always_inline void account_drops(struct conn *c, const struct sock *sk)
{
	u32 drops = sk->sk_drops.counter;
	struct lvt_shard *s;

	if (drops == c->drops)
		return;
	s = account_shard(c->service);
	if (s)
		account_add(&s->receive_drops, drops - c->drops);
	c->drops = drops;
}

/* A connection is ready to be accepted: how many are? */
static __always_inline void account_accept_queue(s32 service, const struct sock *sk)
{
	u32 id = service, backlog = sk->sk_ack_backlog;
	struct lvt_service *s = bpf_map_lookup_elem(&lvt_services, &id);

	if (s && backlog > s->accept_max)
		s->accept_max = backlog;
}

/* How long it kept its threads. Two atomic adds: the upper half of the squares rarely changes. */
static __always_inline void account_occupied(struct lvt_shard *s, const struct conn *c)
{
	__u64 lo, hi, before;

	if (c->occupied == OCCUPIED_UNKNOWN) {
		account_add(&s->occupied_unknown, 1);
		return;
	}
	account_add(&s->occupied, c->occupied);
	square(c->occupied, &lo, &hi);
	before = __sync_fetch_and_add(&s->occupied_square, lo);
	hi += before + lo < lo;
	if (hi)
		account_add(&s->occupied_square_hi, hi);
}

/* An answered request, whose stages request_finish() has filled. */
static __noinline int account_request(struct conn *c)
{
	struct lvt_shard *s;
	__u64 latency;
	u32 bucket, i;

	if (!c)
		return 0;
	s = account_shard(c->service);
	if (!s) {
		lvt_count(COUNTER_SERVICE_BLOCK, 1);
		return 0;
	}
	latency = c->done - c->arrive;
	if (latency > HIST_MAX)
		lvt_count(COUNTER_OVER_RANGE, 1);
	bucket = account_bucket(latency);
	account_add(&s->latency[bucket], 1);
	account_stages(s, c, bucket / 2);
	if (latency > s->latency_max)
		account_max(&s->latency_max, latency);
	if (~latency > s->latency_min_inv)
		account_max(&s->latency_min_inv, ~latency);
	account_add(&s->exchanges[c->flags & CONN_PIPELINED ? EXCHANGE_PIPELINED :
							      EXCHANGE_REQUEST_RESPONSE],
		    1);
	if (c->flags & CONN_MULTI_THREAD)
		account_add(&s->multi_thread, 1);
	if (is_stream(c))
		account_add(&s->streaming, 1);
	if (c->flags & CONN_ASLEEP)
		for (i = 0; i < ASLEEP_CAUSES; i++)
			account_add(&s->queue_blocked[CAUSE_BLOCKED + i], c->asleep[i]);
	account_occupied(s, c);
	account_network(s, c);
	account_add(&s->bytes_in, c->bytes_in);
	account_add(&s->bytes_out, c->bytes_out);
	return 0;
}

#endif
