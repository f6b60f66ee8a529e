/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_CLIENT_FILL_H
#define LVT_CLIENT_FILL_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/client.h"
#include "shard_fill.h"

/* Hand-made views of loads. */

/* One more client in a run, of an open loop at `rate` over the run's duration. */
static inline struct run_client *fill_client(struct run *r, __u16 port, const char *request,
					     double rate)
{
	struct run_client *c;

	r->clients = realloc(r->clients, (r->n_clients + 1) * sizeof(*r->clients));
	if (!r->clients)
		abort();
	c = &r->clients[r->n_clients++];
	*c = (struct run_client){ .protocol = "redis",
				  .arrivals = "poisson",
				  .open = true,
				  .local = true,
				  .seed = 7,
				  .connections = 50,
				  .threads = 1,
				  .rate_intended = rate,
				  .timeout_s = 5,
				  .think_s = NAN,
				  .cpu_s = 0.5 };
	if (client_init(c))
		abort();
	snprintf(c->target, sizeof(c->target), "127.0.0.1:%u", port);
	snprintf(c->request, sizeof(c->request), "%s", request);
	c->view.port = port;
	strcpy(c->view.comm, "client");
	c->view.window_s = r->duration_s;
	c->view.in_flight = c->view.cpu_share = c->view.runq_share = NAN;
	return c;
}

static inline void fill_time(struct run_client *c, enum client_time t, __u64 ns)
{
	c->times[t].cells[hist_index(ns)]++;
	c->times[t].sum += ns;
	if (ns > c->times[t].max)
		c->times[t].max = ns;
}

/* A request that was answered: its latency is the sum. */
static inline void fill_answered(struct run_client *c, __u64 late, __u64 connection, __u64 answer)
{
	__u64 stage[NR_STAGES] = { 0 };

	stage[STAGE_UNATTRIBUTED] = late + connection + answer;
	fill_request(c->view.sum, stage);
	fill_time(c, CLIENT_LATE, late);
	fill_time(c, CLIENT_CONNECTION, connection);
	fill_time(c, CLIENT_ANSWER, answer);
	c->completed++;
	c->view.arrivals++;
	c->sent++;
}

static inline void fill_failed(struct run_client *c, enum client_error e)
{
	c->view.sum->latency[HIST_BUCKETS - 1]++;
	c->view.sum->exchanges[EXCHANGE_ABORTED]++;
	c->errors[e]++;
	c->view.arrivals++;
	c->sent++;
}

#endif
