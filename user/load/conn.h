/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_CONN_H
#define LVT_CONN_H

#include "load/line.h"
#include "load/protocol.h"
#include "load/tally.h"

struct worker;

/* A connection of a load. Its worker drives it by events; it never blocks. */
enum conn_state { CONN_DOWN, CONN_CONNECTING, CONN_UP };

struct conn {
	int fd;
	enum conn_state state;
	bool has_request; /* in hand: on its way, or waiting for the connection to be made */
	bool is_free;	  /* in the worker's list */
	bool wants_out;	  /* epoll tells when there is room */
	__u32 timer_at;	  /* place in the worker's heap, if there is a timer */
	__u64 timer;	  /* 0 = none; else when to connect or (closed loop) to ask again */
	__u64 backoff;	  /* ns until the next try to connect, if this one is of no use */
	bool used;	  /* a request went out on it */
	struct on_way way;
	struct outgoing out;
	struct answer answer;
	struct conn *prev, *next; /* by due */
	struct conn *free_next;
};

/* Start to connect. */
void conn_connect(struct worker *w, struct conn *c);

/* Take a request in hand: it goes out now, or when the connection is made. */
void conn_ask(struct worker *w, struct conn *c, const struct due *d);

/* Something happened: events as of epoll. */
void conn_event(struct worker *w, struct conn *c, __u32 events);

/* The request in hand has failed, and with it the connection. */
void conn_give_up(struct worker *w, struct conn *c, enum client_error why);

void conn_close(struct worker *w, struct conn *c);

#endif
