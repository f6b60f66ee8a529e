/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_TALLY_H
#define LVT_TALLY_H

#include "load/plan.h"
#include "model/client.h"

/* What one thread of a load has counted so far: of requests that were due in the window. */
struct tally_kind { /* of one kind of request of a mix */
	__u64 due, answered, failed;
	__u64 cells[HIST_BUCKETS]; /* from due */
	__u64 sum, max;
};

struct tally {
	__u64 cells[HIST_BUCKETS];
	__u64 sums[ANATOMY_BUCKETS];
	__u64 max, min_inv;
	struct client_hist times[NR_CLIENT_TIMES];
	__u64 due, sent, answered, completed, failed, unfinished, reconnects;
	__u64 errors[NR_CLIENT_ERRORS];
	__u64 bytes_out, bytes_in;
	double in_flight_ns; /* time that requests were in flight, added up */
	double cpu_s;
	__u32 closed_connections;
	struct tally_kind *kinds; /* as many as the mix has; owned */
	size_t n_kinds;
};

/* A request on its way. Times are CLOCK_MONOTONIC ns. */
struct on_way {
	__u64 due, noticed, sent, done;
	__u32 kind;
	bool counted; /* it was due in the window */
	bool sample;  /* one that a closed loop would have sent */
};

/* 0 or -ENOMEM */
int tally_init(struct tally *t, size_t kinds);
void tally_free(struct tally *t);

void tally_answered(struct tally *t, const struct on_way *q);
void tally_failed(struct tally *t, const struct on_way *q, enum client_error why);

/* dst = src; both of the same kinds. */
void tally_copy(struct tally *dst, const struct tally *src);

void tally_add(struct tally *dst, const struct tally *src);

/* As a client's view. 0 or -ENOMEM; c is to be zero. */
int tally_client(const struct tally *t, const struct load_plan *p, double window_s,
		 struct run_client *c);

#endif
