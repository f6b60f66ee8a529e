/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The slowest requests are sent whole. What is slow adapts: about as many as SLOW_FREE in SLOW_SLOT_NS
 * are let pass; with more the bar rises towards them, and without any it sinks. It never rises above a
 * request that was sent, so the slowest of all is always among them.
 */
#ifndef LVT_EXEMPLAR_BPF_H
#define LVT_EXEMPLAR_BPF_H

#include "account.bpf.h"
#include "peer.bpf.h"

#define SLOW_SLOT_NS 50000000ull
#define SLOW_FREE 8

static __always_inline bool slow_enough(const struct conn *c)
{
	u64 latency = c->done - c->arrive, above;
	u32 id = c->service;
	struct slow *s = bpf_map_lookup_elem(&lvt_slow, &id);

	if (!s)
		return false;
	if ((s64)(c->done - s->since) > (s64)SLOW_SLOT_NS) {
		if (!s->sent)
			s->above -= s->above / 16;
		s->since = c->done;
		s->sent = 0;
	}
	above = *(volatile u64 *)&s->above;
	if (latency <= above)
		return false;
	/* once: another CPU may raise it above this one meanwhile */
	if (s->sent++ >= SLOW_FREE)
		s->above = above + (latency - above) / 8;
	return true;
}

/* Send an answered request: see exemplar_send.bpf.h. */
int exemplar_send(struct conn *c, struct lvt_peer *client);

static __always_inline void exemplar_emit(struct conn *c, const struct sock *sk)
{
	struct lvt_peer client;

	if (!slow_enough(c))
		return;
	peer_of(&client, sk);
	exemplar_send(c, &client);
}

#endif
