/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_WORKER_H
#define LVT_WORKER_H

#include <pthread.h>

#include "load/conn.h"
#include "load/tally.h"

/* One thread of a load: its connections, its part of the arrivals, what it counts. */
enum { WORKER_BUFFER = 64 << 10 };

struct load;

/* CLOCK_MONOTONIC ns: when arrivals start, and the window [from, to). */
struct load_clock {
	__u64 start, from, to;
};

struct worker {
	const struct load_plan *plan;
	struct load *load;
	unsigned index;
	int epoll, wake; /* eventfd: look up from what you wait for */

	struct conn *conns;
	__u32 n_conns, up, connecting;
	/* that can take a request, in turn, so that all are used; some may be down by now */
	struct conn *free_first, *free_last;
	struct conn *first, *last; /* that have a request, by due */
	struct conn **timers;	   /* heap, the earliest first */
	__u32 n_timers;

	struct line line;

	struct arrivals arrivals;
	__u64 next; /* when the next request is due; UINT64_MAX = never */
	__u64 random, number;
	__u32 users, users_busy; /* of the closed loop that is imagined (CLIENT_CLOSED) */
	__u64 users_at;		 /* when to think about their number again */

	struct load_clock clock;
	__u64 now;
	__u64 end; /* what has no answer then is given up */
	bool stopped;
	int phase;
	double cpu_from;
	int failure; /* enum client_error: why a connection could not be made; -1 = all could */
	int error;   /* -errno: why it cannot go on */
	char *buffer;
	struct tally tally;

	unsigned answered; /* the load's last question */
	bool ended;	   /* under the load's lock */
};

/* 0 or -errno with *e filled; worker_free() in any case. w is to be zero. */
int worker_init(struct worker *w, struct load *l, const struct load_plan *p, unsigned index,
		struct err *e);
void worker_free(struct worker *w);

/* Connect; then load_ready(). Returns when all is connected or has failed to. */
void worker_connect(struct worker *w);

/* Make the load, as the clock says. */
void worker_run(struct worker *w);

/* ---- for its connections ---- */

void worker_clock(struct worker *w); /* read the clock: w->now */
void worker_on_way(struct worker *w, struct conn *c);
void worker_sends(struct worker *w, struct conn *c);
void worker_received(struct worker *w, struct conn *c, size_t bytes);
void worker_timer(struct worker *w, struct conn *c, __u64 at);

/* It can take a request. */
void worker_is_free(struct worker *w, struct conn *c);

/* Its request has its answer, or has failed. The connection may be down. */
void worker_answered(struct worker *w, struct conn *c);
void worker_failed(struct worker *w, struct conn *c, enum client_error why);

/* It is down, and had no request. */
void worker_lost(struct worker *w, struct conn *c);

/* No connection is up, and one could not be made: what waits has failed. */
void worker_none_is_up(struct worker *w);

#endif
