/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * One program that does nothing on each hook of bpf/. What these cost, in the same run and for the
 * same events, is the price of being called at all; run.py takes it off. All programs of the tool
 * that can be chosen are here, the alternatives of the send hook too: empty.c loads only those that
 * it is asked for.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/* The context is not looked at, so no kernel type is needed. */
#define EMPTY(hook)                 \
	SEC("tp_btf/" #hook)        \
	int empty_##hook(void *ctx) \
	{                           \
		return 0;           \
	}                           \
	_Static_assert(1, "a semicolon follows")

EMPTY(tcp_probe);
EMPTY(tcp_rcv_space_adjust);
EMPTY(tcp_sendmsg_locked);
EMPTY(sock_send_length);
EMPTY(sk_data_ready);
EMPTY(inet_sock_set_state);
EMPTY(sched_switch);
EMPTY(sched_waking);
EMPTY(sched_process_fork);
EMPTY(sched_process_exit);
EMPTY(sched_process_exec);

char LICENSE[] SEC("license") = "Dual BSD/GPL";
