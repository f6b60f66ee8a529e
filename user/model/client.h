/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_CLIENT_H
#define LVT_CLIENT_H

#include <stdint.h>

#include "model/run.h"

/*
 * The client's view of a service, as `lvt load` measured it. Times are ns.
 *
 * A request is due at a time that does not depend on the service (open loop), or when its connection has
 * its answer and has thought (closed loop). Its latency runs from when it was due to the last byte of
 * its answer, and has three parts that add up:
 *
 *	late		due -> the load noticed: the generator's own fault
 *	connection	noticed -> sent: no connection was free, or one had to be made
 *	answer		sent -> the last byte of the answer
 *
 * A request that failed never has its answer: its latency is infinite. It keeps its rank in quantiles
 * and has no part in means. Requests that were due in the warm-up are in no number.
 */
enum client_error {
#define CLIENT_ERROR(id, name, what) CLIENT_ERROR_##id,
#include "model/client.def"
#undef CLIENT_ERROR
	NR_CLIENT_ERRORS
};

enum client_time {
	CLIENT_LATE,
	CLIENT_CONNECTION,
	CLIENT_ANSWER,
	/*
	 * What a closed loop would have reported: the latencies of those requests only that
	 * `closed_connections` connections would have sent, each the next one when it has its answer
	 * (coordinated omission). Empty in a closed loop.
	 */
	CLIENT_CLOSED,
	NR_CLIENT_TIMES
};

struct client_hist {
	__u64 cells[HIST_BUCKETS];
	__u64 sum, max; /* exact */
};

#define CLIENT_FAILED UINT64_MAX /* a quantile that is infinite */

struct run_client {
	/*
	 * Its latencies as a service's, for functions that take one: port = the target's; comm = "client";
	 * netns 0; window_s; arrivals = requests that were due: answered + failed + unfinished; exchanges: REQUEST_RESPONSE = answered rightly,
	 * ABORTED = failed; bytes_in = sent by the client; in_flight; the latency of failed ones in the last
	 * bucket, all other time STAGE_UNATTRIBUTED; latency_max, latency_min_inv of answered ones.
	 */
	struct run_service view;
	char target[256]; /* "127.0.0.1:6379" */
	char protocol[16];
	char request[160]; /* what was asked, as the user gave it */
	char arrivals[16]; /* "poisson", "constant"; of a closed loop that of its think time */
	char profile[96];  /* "" = an even rate */
	bool open;
	bool local; /* the target is an address of the load's own host */
	__u64 seed;
	__u32 connections, threads;
	double rate_intended; /* requests/s, mean over the window; NAN = closed loop */
	double think_s, timeout_s, warm_up_s;
	double cpu_s; /* that the load's own threads used in the window */
	__u64 sent;   /* requests of the window that went out */
	/* right answers that came in the window, whenever they were due: what the service carried */
	__u64 completed;
	__u64 errors[NR_CLIENT_ERRORS];
	__u64 unfinished; /* due, but without an answer when the load was ended early: in no quantile */
	__u64 reconnects;	   /* connections made after the first ones */
	__u32 closed_connections;  /* as of the end */
	struct client_hist *times; /* NR_CLIENT_TIMES, of answered requests only; owned */
};

const char *client_error_name(enum client_error c);
const char *client_error_meaning(enum client_error c);
const char *client_time_name(enum client_time t); /* "late", "connection", "answer", "closed" */

/* 0 or -ENOMEM; c is to be zero, and to be freed with client_free(). */
int client_init(struct run_client *c);
void client_free(struct run_client *c); /* what it owns; NULL-safe */

/*
 * The latency: quantiles over all requests, failed ones included, which makes a quantile CLIENT_FAILED;
 * mean, min and max (unless it is CLIENT_FAILED) of the answered ones.
 */
void client_latency(const struct run_client *c, struct dist *d);

/* One of its parts, or CLIENT_CLOSED, over the answered requests. */
void client_time(const struct run_client *c, enum client_time t, struct dist *d);

__u64 client_answered(const struct run_client *c);
__u64 client_failed(const struct run_client *c);

/* Right answers per second: those that came in the window. */
double client_rps(const struct run_client *c);

/* Requests sent per second. */
double client_sent_rps(const struct run_client *c);

/* Add src to dst: cells, counts, errors; all but windows, rates and what the load was. */
void client_add(struct run_client *dst, const struct run_client *src);

/* The same but for the view. */
void client_add_load(struct run_client *dst, const struct run_client *src);

/* Requests of all clients of a run, failed ones included. */
__u64 clients_requests(const struct run *r);

/* The service of the run that this is the client of: of this host, by port. NULL = it is not in it. */
const struct run_service *client_service(const struct run *r, const struct run_client *c);

/*
 * What lies between the two views, for a mean request: the answer's time minus the latency that the kernel
 * measured: the network, the sockets, the client's own wake-up. NAN if the service is not in the run, or
 * if it had more than 1 % other requests (another client, a warm-up) or more time than the answers, so
 * that the means are not of the same requests.
 */
double client_between_ns(const struct run *r, const struct run_client *c);

#endif
