// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What TCP does: connections come and go, data and acknowledgements come in. */
#include "arrive.bpf.h"
#include "outbound.bpf.h"
#include "wake.bpf.h"

SEC("tp_btf/tcp_probe")
int BPF_PROG(lvt_arrive, struct sock *sk, struct sk_buff *skb)
{
	bool traced = sock_is_traced(sk);
	struct conn *c = NULL;
	struct tcp_sock *tp;
	struct segment seg;
	u64 now = 0;

	if (!enabled || (!traced && !cfg_client))
		return 0;
	if (traced)
		c = conn_of(sk);
	if (!c && conn_is_late(sk))
		c = conn_late(sk, !sk->sk_socket);
	if (!c && !cfg_client)
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp)
		return 0;
	segment_of(&seg, skb);
	if (!c) {
		if (segment_is_new(&seg, tp))
			out_receive(sk);
		return 0;
	}
	if (c->phase == PHASE_ANSWERED && !c->acked && (s32)(seg.ack - tp->write_seq) >= 0)
		c->acked = now = bpf_ktime_get_ns();
	if (segment_is_new(&seg, tp))
		conn_arrive(sk, c, tp, skb, now);
	return 0;
}

/* Data that came with the handshake's last packet, which tcp_probe does not see. Fires on FIN too. */
SEC("tp_btf/sk_data_ready")
int BPF_PROG(lvt_ready, struct sock *sk)
{
	struct tcp_sock *tp;
	bool listens;
	struct conn *c;

	if (!enabled)
		return 0;
	c = sock_is_traced(sk) ? conn_of(sk) : NULL;
	if (!c && conn_is_late(sk))
		c = conn_late(sk, !sk->sk_socket);
	if (!c) {
		/* it may wake a traced thread: one that waits for it, or to accept */
		listens = sk->__sk_common.skc_state == TCP_LISTEN &&
			  port_is_traced(sk->__sk_common.skc_num);
		if (listens)
			account_accept_queue(service_of(sk), sk);
		/* TCP has just noted the time, in us: near enough for what this is asked */
		tp = listens ? NULL : bpf_skc_to_tcp_sock(sk);
		ready_note(sk, tp ? tp->tcp_mstamp * 1000 : bpf_ktime_get_ns(), listens);
		return 0;
	}
	if (c->phase == PHASE_IDLE && sk->__sk_common.skc_state == TCP_ESTABLISHED) {
		tp = bpf_skc_to_tcp_sock(sk);
		if (tp && tp->rcv_nxt != tp->copied_seq)
			conn_arrive(sk, c, tp, NULL, 0);
	}
	ready_note(sk, conn_last_arrival(c) ?: bpf_ktime_get_ns(), true);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(lvt_state, struct sock *sk, int old, int new)
{
	struct tcp_sock *tp;
	struct thread *t;
	struct conn *c;
	s32 service;

	if (new == TCP_LISTEN) {
		struct task_struct *p = bpf_get_current_task_btf();
		u64 now = bpf_ktime_get_ns();

		service_listens(sk, p, now);
		service = service_of(sk);
		t = service >= 0 ? thread_make(p, now, CAUSE_RUN, false) : NULL;
		if (t)
			t->service = service + 1;
		return 0;
	}
	/* who connects may be a thread of ours that waits for it */
	if (old == TCP_SYN_SENT && new == TCP_ESTABLISHED)
		ready_note(sk, bpf_ktime_get_ns(), false);
	if (old == TCP_SYN_RECV && new == TCP_ESTABLISHED) {
		conn_establish(sk);
		return 0;
	}
	/* after a peer's FIN (CLOSE_WAIT) the answer may still come */
	if ((old != TCP_ESTABLISHED && old != TCP_CLOSE_WAIT) || new == TCP_CLOSE_WAIT)
		return 0;
	if (cfg_client)
		out_close(sk);
	c = conn_of(sk);
	tp = bpf_skc_to_tcp_sock(sk);
	if (c && tp)
		conn_close(c, tp);
	return 0;
}

/* The last chance of a connection whose closing was not seen, as that hook was skipped. */
SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(lvt_destroy, struct sock *sk)
{
	struct conn *c = conn_of(sk);
	struct tcp_sock *tp;

	if (!c || c->phase == PHASE_IDLE)
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp)
		return 0;
	/* its FIN is no byte of an answer */
	if (sk->sk_shutdown & SEND_SHUTDOWN)
		c->written++;
	conn_close(c, tp);
	return 0;
}
