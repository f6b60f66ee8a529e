/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The other end of a socket. */
#ifndef LVT_PEER_BPF_H
#define LVT_PEER_BPF_H

#include "abi.h"
#include "net.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>

static __always_inline void peer_of(struct lvt_peer *peer, const struct sock *sk)
{
	u32 *addr = (u32 *)peer->addr; /* it need not be better aligned */

	addr[0] = addr[1] = addr[2] = addr[3] = 0;
	peer->port = 0;
	peer->family = sk->__sk_common.skc_family;
	if (peer->family == AF_INET)
		addr[0] = sk->__sk_common.skc_daddr;
	else if (peer->family == AF_INET6)
		BPF_CORE_READ_INTO(&peer->addr, sk, __sk_common.skc_v6_daddr.in6_u.u6_addr8);
	else
		return;
	peer->port = bpf_ntohs(sk->__sk_common.skc_dport);
}

#endif
