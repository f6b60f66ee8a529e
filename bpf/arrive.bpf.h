/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A connection comes to be, and data comes in on it. */
#ifndef LVT_ARRIVE_BPF_H
#define LVT_ARRIVE_BPF_H

#include "service.bpf.h"

/* The time that the packet took from the driver, if the kernel has stamped it. */
static __always_inline u64 nic_time(const struct sk_buff *skb, u64 now)
{
	u64 took;

	if (!cfg_rx || !skb || !skb->tstamp)
		return 0;
	took = now + real_offset - skb->tstamp;
	/* on the way out the same member can hold another clock's time */
	if (took < 10 * 1000000000ull)
		return took ?: 1;
	lvt_count(COUNTER_RX_STAMP_ODD, 1);
	return 0;
}

static __always_inline void conn_arrive(struct sock *sk, struct conn *c, struct tcp_sock *tp,
					const struct sk_buff *skb, u64 now)
{
	u32 phase = c->phase;

	if (c->flags & CONN_OWED)
		return;
	if (phase == PHASE_IDLE) {
		account_sent(c->service, tp->write_seq - c->written);
		c->bytes_in = c->bytes_out = 0;
		c->copied = tp->copied_seq;
		c->written = tp->write_seq;
	} else if (phase != PHASE_ANSWERED && !(c->flags & CONN_DRAINED)) {
		return;
	}
	now = now ?: bpf_ktime_get_ns();
	if (phase == PHASE_IDLE || phase == PHASE_ANSWERED)
		account_arrived(c->service, now);
	if (cfg_rx && phase == PHASE_IDLE)
		c->nic = nic_time(skb, now);
	else if (cfg_rx && phase == PHASE_ANSWERED)
		c->next_nic = nic_time(skb, now);
	request_arrive(c, now, !sk->sk_socket);
}

/* What TCP has noted of a segment. */
struct segment {
	u32 seq, end, ack;
};

static __always_inline void segment_of(struct segment *s, const struct sk_buff *skb)
{
	const char *cb = skb->cb;
	u8 fin = *(u8 *)(cb + bpf_core_field_offset(struct tcp_skb_cb, tcp_flags)) & 1;

	s->seq = *(u32 *)(cb + bpf_core_field_offset(struct tcp_skb_cb, seq));
	s->end = *(u32 *)(cb + bpf_core_field_offset(struct tcp_skb_cb, end_seq)) - fin;
	s->ack = *(u32 *)(cb + bpf_core_field_offset(struct tcp_skb_cb, ack_seq));
}

/* Does the segment bring payload that TCP does not have yet? */
static __always_inline bool segment_is_new(const struct segment *s, struct tcp_sock *tp)
{
	if (s->end == s->seq)
		return false;
	if ((s32)(s->end - tp->rcv_nxt) > 0)
		return true;
	lvt_count(COUNTER_DUPLICATE_DATA, 1);
	return false;
}

/* When data arrived here, if that was just now; 0 = not known. */
static __always_inline u64 conn_last_arrival(const struct conn *c)
{
	if (c->phase == PHASE_ARRIVED)
		return c->arrive;
	return c->phase == PHASE_NEXT ? c->next : 0;
}

static __always_inline void conn_establish(struct sock *sk)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	s32 service = service_of(sk);
	struct conn *c;

	if (service < 0 || !tp || conn_of(sk))
		return;
	c = conn_make(sk, tp, service, enabled ? CONN_FRESH : CONN_UNKNOWN);
	/* data that came with the SYN */
	if (c && enabled && tp->rcv_nxt != tp->copied_seq)
		conn_arrive(sk, c, tp, NULL, 0);
}

/* Bytes that the application has yet to read; a FIN that it has not seen is none. */
static __always_inline u32 unread_bytes(struct sock *sk, struct tcp_sock *tp)
{
	u32 n = tp->rcv_nxt - tp->copied_seq;

	return n && (sk->sk_shutdown & RCV_SHUTDOWN) ? n - 1 : n;
}

/* When TCP took in its last packet, by its own clock (ktime in us); `now` if that cannot be. */
static __always_inline u64 last_packet(struct tcp_sock *tp, u64 now)
{
	u64 at = tp->tcp_mstamp * 1000;

	return at && at < now ? at : now;
}

/*
 * Something happens on a connection to a port of ours that is not known: the hook on its establishment
 * was skipped, as an interrupt came in the middle of a call of it, or not called, as some kernels do
 * not for what runs on top of their own threads. The hooks on what it has received were, too, then. Or
 * there is none yet: Fast Open, whose data came with the SYN and is read before it is established.
 */
static __always_inline struct conn *conn_late(struct sock *sk, bool unaccepted)
{
	bool early = sk->__sk_common.skc_state == TCP_SYN_RECV;
	s32 service = service_of(sk);
	struct tcp_sock *tp;
	struct conn *c;
	u64 at;

	if (service < 0)
		return NULL;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp)
		return NULL;
	c = conn_make(sk, tp, service, CONN_FRESH);
	if (!c)
		return NULL;
	if (!early)
		lvt_count(COUNTER_CONN_LATE, 1);
	if (!tp->bytes_received)
		return c;
	lvt_count(early ? COUNTER_HANDSHAKE_DATA : COUNTER_ARRIVAL_BY_TCP, 1);
	c->copied -= (u32)tp->bytes_received - unread_bytes(sk, tp);
	at = last_packet(tp, c->arrive);
	account_arrived(service, at);
	request_arrive(c, at, unaccepted);
	return c;
}

/* So it is if it has no state and this is so. */
static __always_inline bool conn_is_late(const struct sock *sk)
{
	u8 state = sk->__sk_common.skc_state;

	return (state == TCP_ESTABLISHED || state == TCP_CLOSE_WAIT) &&
	       port_is_traced(sk->__sk_common.skc_num);
}

#endif
