/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The other side of service.net: requests that a traced thread sends on a connection of its own. By the
 * turn-around rule, too: from the start of the first send after the last answer, to that answer's first
 * and last byte. Off (and then gone from the programs) but for --client.
 */
#ifndef LVT_OUTBOUND_BPF_H
#define LVT_OUTBOUND_BPF_H

#include "account.bpf.h"
#include "peer.bpf.h"
#include "task.bpf.h"

enum out_phase { OUT_IDLE, OUT_SENT, OUT_ANSWERED };

struct out {
	u32 row;   /* of lvt_outbound, + 1; 0 = there is no room for its peer */
	u32 phase; /* enum out_phase */
	u64 sent, first, last;
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct out);
} lvt_outs SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, LVT_MAX_OUTBOUND);
	__type(key, struct lvt_outbound_key);
	__type(value, u32);
} lvt_outbound_ids SEC(".maps") __weak;

/* One entry without --client. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, LVT_MAX_OUTBOUND);
	__type(key, u32);
	__type(value, struct lvt_outbound);
} lvt_outbound SEC(".maps") __weak;

/* The row of a service's requests to a peer, + 1; 0 if there is no room. */
static __always_inline u32 out_row(u32 service, const struct sock *sk)
{
	struct lvt_outbound_key key = { .service = service };
	struct lvt_outbound *row;
	u32 *known, id, none = 0;

	peer_of(&key.peer, sk);
	known = bpf_map_lookup_elem(&lvt_outbound_ids, &key);
	if (known)
		return *known;
	if (bpf_map_update_elem(&lvt_outbound_ids, &key, &none, BPF_NOEXIST))
		return 0;
	id = __sync_fetch_and_add(&n_outbound, 1);
	row = bpf_map_lookup_elem(&lvt_outbound, &id);
	if (!row)
		return 0;
	row->key = key;
	id++;
	bpf_map_update_elem(&lvt_outbound_ids, &key, &id, BPF_ANY);
	return id;
}

/* The connection's state, made if a traced thread sends on it first; what is listened to is no client. */
static __always_inline struct out *out_make(struct sock *sk, const struct thread *t)
{
	struct out *o = bpf_sk_storage_get(&lvt_outs, sk, 0, 0);
	u32 port = sk->__sk_common.skc_num;

	if (o || listened_ports[port / 64 & 1023] >> (port & 63) & 1)
		return o;
	if (!t->service)
		return NULL;
	o = bpf_sk_storage_get(&lvt_outs, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (o)
		o->row = out_row(t->service - 1, sk);
	if (!o || !o->row)
		lvt_count(COUNTER_OUTBOUND_FULL, 1);
	return o;
}

static __always_inline void out_account(u64 *cells, u64 *sum, u64 *max, u64 ns)
{
	account_add(&cells[account_bucket(ns)], 1);
	account_add(sum, ns);
	if (ns > *max)
		account_max(max, ns);
}

/* The answer is complete, if there is one. */
__weak __noinline int out_finish(struct out *o)
{
	struct lvt_outbound *row;
	u32 id;

	if (!o || o->phase != OUT_ANSWERED)
		return 0;
	o->phase = OUT_IDLE;
	id = o->row - 1;
	row = bpf_map_lookup_elem(&lvt_outbound, &id);
	if (!row || o->first < o->sent)
		return 0;
	out_account(row->first, &row->first_sum, &row->first_max, o->first - o->sent);
	out_account(row->last, &row->last_sum, &row->last_max, o->last - o->sent);
	return 0;
}

static __always_inline void out_send(struct sock *sk, const struct thread *t)
{
	struct out *o = out_make(sk, t);

	if (!o)
		return;
	out_finish(o);
	if (o->phase == OUT_SENT)
		return;
	o->phase = OUT_SENT;
	o->sent = bpf_ktime_get_ns();
}

/* Data came in on a connection that is none of a traced service. */
static __always_inline void out_receive(struct sock *sk)
{
	struct out *o = bpf_sk_storage_get(&lvt_outs, sk, 0, 0);

	if (!o || o->phase == OUT_IDLE)
		return;
	o->last = bpf_ktime_get_ns();
	if (o->phase == OUT_SENT)
		o->first = o->last;
	o->phase = OUT_ANSWERED;
}

static __always_inline void out_close(struct sock *sk)
{
	struct out *o = bpf_sk_storage_get(&lvt_outs, sk, 0, 0);

	if (o)
		out_finish(o);
}

#endif
