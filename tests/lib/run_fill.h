/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_RUN_FILL_H
#define LVT_RUN_FILL_H

#include <math.h>
#include <stdio.h>

#include "model/run.h"
#include "shard_fill.h"

/* Hand-made runs for the tests of the renderers. */

/* A run of 10 s with n services of empty shards: ports 6379, 6380 ...; run_free() it. */
static inline void fill_run(struct run *r, size_t n)
{
	*r = (struct run){ .started = "2026-11-23T10:00:00Z",
			   .duration_s = 10,
			   .host = "web1",
			   .kernel = "Linux 6.18.44",
			   .cpus = 2,
			   .filter = "-p 6379",
			   .loader_cpu_s = 0.021,
			   .loader_rss_bytes = 12300000,
			   .bpf_ns_per_request = 823,
			   .events = NAN };
	r->hooks[r->n_hooks++] = (struct run_hook){ "arrive", "tp_btf/tcp_probe" };
	r->hooks[r->n_hooks++] = (struct run_hook){ "send", "tp_btf/tcp_sendmsg_locked" };
	r->n_services = n;
	r->services = calloc(n ? n : 1, sizeof(*r->services));
	if (!r->services)
		abort();
	for (size_t i = 0; i < n; i++) {
		struct run_service *s = &r->services[i];

		s->in_flight = NAN;
		s->cpu_share = s->runq_share = NAN;

		s->sum = fill_shard();
		s->port = 6379 + i;
		strcpy(s->comm, "redis-server");
		s->pids[0] = 812 + i;
		s->n_pids = 1;
		s->window_s = 10;
	}
}

/* An exponentially distributed number of ns. */
static inline __u64 fill_exponential(__u64 *seed, double mean)
{
	return -mean * log(1 - (fill_random(seed) >> 11) * 0x1p-53);
}

/* n requests as of an event loop under load, 2 % of which lose their CPU for about 1.5 ms. */
static inline void fill_event_loop(struct run_service *s, int n)
{
	__u64 seed = 7 + s->port;

	for (int i = 0; i < n; i++) {
		__u64 st[NR_STAGES] = { 0 };

		st[STAGE_QUEUE_BUSY] = 20000 + fill_exponential(&seed, 40000);
		st[STAGE_QUEUE_PICKUP] = 200 + fill_exponential(&seed, 300);
		st[STAGE_QUEUE_ACCEPT] = i % 1000 == 0 ? 300 : 0;
		st[STAGE_SERVICE_CPU] = 40000 + fill_exponential(&seed, 11000);
		st[STAGE_SERVICE_OTHER] = fill_exponential(&seed, 26000);
		if (fill_below(&seed, 50) == 0)
			st[STAGE_QUEUE_RUNQ] = 300000 + fill_exponential(&seed, 1.3e6);
		fill_request(s->sum, st);
	}
	s->sum->bytes_in = 39ull * n;
	s->sum->bytes_out = 50ull * n;
	s->sum->connections = 51;
}

/* Set the samples in flight to what Little's law expects, times a factor. */
static inline void fill_in_flight(struct run_service *s, double factor)
{
	struct littles_law l;

	service_littles_law(s, &l);
	s->in_flight = l.predicted * factor;
	s->in_flight_samples = 10000;
}

#endif
