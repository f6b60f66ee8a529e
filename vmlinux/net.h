/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* include/net/sock.h, include/linux/tcp.h, include/net/tcp.h, include/linux/skbuff.h */
#ifndef VMLINUX_NET_H
#define VMLINUX_NET_H

#include "types.h"

struct sock;

KERNEL_TYPES

struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct socket {
	struct sock *sk;
};

struct in6_addr {
	union {
		__u8 u6_addr8[16];
	} in6_u;
};

typedef struct {
	int counter;
} atomic_t;

struct sock_common {
	__be32 skc_daddr; /* the other end */
	__be16 skc_dport;
	struct in6_addr skc_v6_daddr;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	__u16 skc_num; /* the local port, host byte order */
	possible_net_t skc_net;
};

struct sock {
	struct sock_common __sk_common;
	struct socket *sk_socket; /* NULL until the connection is accepted */
	int sk_wmem_queued;
	int sk_sndbuf;
	u16 sk_protocol;
	u8 sk_shutdown;
	atomic_t sk_drops;
	u32 sk_ack_backlog;	/* a listening one: connections that wait to be accepted */
	u32 sk_max_ack_backlog; /* and how many may */
};

struct inet_sock {
	struct sock sk;
};

struct inet_connection_sock {
	struct inet_sock icsk_inet;
	struct {
		__u32 lrcvtime; /* of the last data received, in jiffies */
	} icsk_ack;
};

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	u32 notsent_lowat;
	u32 copied_seq; /* head of the data that the application has not read */
	u32 write_seq;	/* tail of the data that the application has sent */
	u32 snd_nxt;
	u32 lsndtime;	    /* of the last data sent, in jiffies */
	u32 snd_una;	    /* first byte that the peer has not acknowledged */
	u32 rcv_nxt;	    /* what is expected next */
	u64 tcp_mstamp;	    /* us, of the last packet that came, or went as a timer ran out */
	u64 bytes_received; /* payload, from the connection's start */
};

struct tcp_skb_cb {
	__u32 seq;
	__u32 end_seq;
	__u8 tcp_flags; /* u16 since 6.15; its low byte is read */
	__u32 ack_seq;
};

typedef __s64 ktime_t;

struct tcphdr {
	__be32 seq;
	__u16 res1:4, doff:4;
};

struct sk_buff {
	struct sock *sk;
	ktime_t tstamp;
	unsigned int len;
	char cb[48];
	__u16 transport_header; /* offsets from head */
	__u16 mac_header;
	unsigned char *head;
	unsigned char *data;
};

struct msghdr {
	int msg_flags;
};

KERNEL_TYPES_END

#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define RCV_SHUTDOWN 1	/* the peer's FIN has come */
#define SEND_SHUTDOWN 2 /* ours is sent */
#define IPPROTO_TCP 6

/* include/net/tcp_states.h */
enum {
	TCP_ESTABLISHED = 1,
	TCP_SYN_SENT = 2,
	TCP_SYN_RECV = 3,
	TCP_FIN_WAIT1 = 4,
	TCP_CLOSE = 7,
	TCP_CLOSE_WAIT = 8,
	TCP_LAST_ACK = 9,
	TCP_LISTEN = 10,
};

#endif
