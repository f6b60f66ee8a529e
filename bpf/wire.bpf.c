// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What goes out on the wire: when an answer's last byte is handed to the device, and what is sent again. */
#include "account.bpf.h"
#include "service.bpf.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

/* 6.2+: a pointer of any origin may be read through without a call, 40 ns less than a copy of it */
extern const void *bpf_rdonly_cast(const void *obj, u32 type) __ksym __weak;

/* The sequence number after the packet's last byte of payload; false if it has none. */
static __always_inline bool packet_end(const struct sk_buff *skb, u32 *end)
{
	const void *at = skb->head + skb->transport_header;
	__be32 copy[4]; /* the second word is the sequence number, the fourth begins with its length */
	const struct tcphdr *th;
	u32 before, seq, words;

	if (bpf_rdonly_cast) {
		th = bpf_rdonly_cast(at, bpf_core_type_id_kernel(struct tcphdr));
		seq = bpf_ntohl(th->seq);
		words = BPF_CORE_READ_BITFIELD(th, doff);
	} else {
		if (bpf_probe_read_kernel(copy, sizeof(copy), at))
			return false;
		seq = bpf_ntohl(copy[1]);
		words = bpf_ntohl(copy[3]) >> 28;
	}
	before = skb->transport_header - skb->mac_header + 4 * words;
	if (before >= skb->len)
		return false;
	*end = seq + skb->len - before;
	return true;
}

/*
 * Is it of the answer? A tunnel's device sees the packet again without a TCP header where one is looked
 * for: then it is anything.
 */
static __always_inline bool ends_in_answer(const struct conn *c, struct sock *sk, u32 end)
{
	const struct tcp_sock *tp;
	u32 written;

	if (bpf_rdonly_cast) {
		tp = bpf_rdonly_cast(sk, bpf_core_type_id_kernel(struct tcp_sock));
		written = tp->write_seq;
	} else {
		written = BPF_CORE_READ((struct tcp_sock *)sk, write_seq);
	}
	return end - c->written_at_reply - 1 < written - c->written_at_reply;
}

/* After the qdisc. Devices that are stacked see a packet again, as do peers a second time: the first counts. */
SEC("tp_btf/net_dev_start_xmit")
int BPF_PROG(lvt_xmit, const struct sk_buff *skb)
{
	struct sock *sk = skb->sk;
	struct conn *c;
	u32 end;

	if (!sk || !sock_is_traced(sk))
		return 0;
	c = conn_of(sk);
	if (!c || c->phase != PHASE_ANSWERED || !packet_end(skb, &end))
		return 0;
	if ((c->sent && (s32)(end - c->sent_seq) <= 0) || !ends_in_answer(c, sk, end))
		return 0;
	c->sent_seq = end;
	c->sent = bpf_ktime_get_ns();
	return 0;
}

SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(lvt_retransmit, struct sock *sk)
{
	struct conn *c = conn_of(sk);
	struct lvt_shard *s = c && enabled ? account_shard(c->service) : NULL;

	if (s)
		account_add(&s->retransmits, 1);
	return 0;
}
