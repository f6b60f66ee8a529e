/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_RUN_GROW_H
#define LVT_RUN_GROW_H

#include <stdlib.h>
#include <string.h>

#include "client_fill.h"
#include "why_fill.h"

/* Runs that grow by chance, as from interval to interval. */

static inline void grow_waits(struct run_service *s, __u64 *seed)
{
	static const char *const calls[] = { "", "recvfrom", "fsync", "futex" };
	struct run_wait *w;
	int kind = fill_below(seed, 12);
	size_t i;

	for (i = 0; i < s->n_waits && s->waits[i].pid != 100u + kind; i++)
		;
	if (i == s->n_waits) {
		w = fill_wait(s, fill_below(seed, NR_STAGES), 0, 0);
		w->pid = 100 + kind;
		w->other = kind == 0;
		strcpy(w->syscall, calls[fill_below(seed, 4)]);
		strcpy(w->who, kind % 2 ? "b\xff\xfe\"\\\n" : "wörker");
		strcpy(w->cgroup, kind % 3 ? "/user.slice" : "");
		if (kind % 2)
			w->peer = fill_peer(10, 0, 0, kind, 5432);
		strcpy(w->peer_comm, kind % 4 == 1 ? "postgres" : "");
	}
	w = &s->waits[i];
	w->waits += fill_below(seed, 5);
	w->ns += 1 + fill_below(seed, 1000000);
	if (fill_below(seed, 3) == 0)
		w->ns /= 2;		/* as the rest of a stage does */
	if (fill_below(seed, 8) == 0) { /* a name comes to be known */
		strcpy(w->who, "0123456789abcdef");
	}
}

static inline void grow_slowest(struct run_service *s, __u64 *seed)
{
	struct run_exemplar *x = fill_exemplar(s, 1000 + fill_below(seed, 1ull << 40), 10, 20);

	x->at_s = fill_below(seed, 1000000) / 7.0;
	x->read = fill_below(seed, 4) ? fill_below(seed, 1000) : UINT64_MAX;
	x->stage[fill_below(seed, NR_STAGES)] = x->latency;
	x->waits_lost = fill_below(seed, 3);
	for (int i = fill_below(seed, LVT_EXEMPLAR_WAITS + 1); i > 0; i--)
		fill_moment(x, fill_below(seed, NR_STAGES), i, 2 * i, "futex", "x")->peer =
			fill_peer(1, 2, 3, 4, i);
}

static inline void grow_sum(struct lvt_shard *sum, __u64 *seed)
{
	int n = fill_below(seed, 200);

	for (int i = 0; i < n; i++) {
		__u64 st[NR_STAGES] = { 0 };

		for (int k = fill_below(seed, 5); k >= 0; k--)
			st[fill_below(seed, NR_STAGES)] = fill_random(seed) >>
							  (26 + fill_below(seed, 38));
		fill_request(sum, st);
	}
	sum->exchanges[fill_below(seed, NR_EXCHANGES)] += n;
	sum->queue_blocked[fill_below(seed, NR_CAUSES)] += fill_random(seed) >> 30;
	sum->multi_thread += n / 2;
	sum->streaming += n / 3;
	sum->batch_sampled += n / 4;
	sum->batch_found += n / 5;
	sum->batch_messages += n / 6;
	sum->h2_found += n / 7;
	sum->retransmits += n / 8;
	sum->receive_drops += n / 9;
	sum->bytes_in += fill_random(seed) >> 4;
	sum->bytes_out += fill_random(seed) >> 30;
	sum->connections += n;
	sum->occupied += fill_random(seed) >> 20;
	sum->occupied_square += fill_random(seed);
	sum->occupied_square_hi += fill_random(seed) >> 50;
	sum->occupied_unknown += n / 10;
}

static inline void grow_service(struct run_service *s, __u64 *seed)
{
	grow_sum(s->sum, seed);
	for (int i = fill_below(seed, 9); i > 0; i--)
		grow_waits(s, seed);
	for (int i = fill_below(seed, 4); i > 0 && s->n_slowest < RUN_MAX_SLOWEST; i--)
		grow_slowest(s, seed);
	fill_net(s, fill_below(seed, NR_NET), fill_below(seed, 30), 7000, false);
	if (s->n_outbound < 3 && !fill_below(seed, 3))
		fill_outbound(s, 5000 + s->n_outbound, "db", 77);
	for (size_t i = 0; i < s->n_outbound; i++)
		fill_asked(&s->outbound[i], fill_below(seed, 10), 1000, fill_below(seed, 1 << 20));
	if (fill_below(seed, 2) && s->n_pids < RUN_MAX_PIDS + 5) {
		if (s->n_pids < RUN_MAX_PIDS)
			s->pids[s->n_pids] = 2000 + s->n_pids;
		s->n_pids++;
	}
	s->arrivals += fill_below(seed, 100);
	s->occupancies += fill_below(seed, 100);
	s->window_s += 1 / 3.0;
	s->in_flight = fill_below(seed, 4) ? fill_random(seed) * 0x1p-60 : NAN;
	s->in_flight_samples += 3;
	s->threads = fill_below(seed, 10);
	s->cpu_share = fill_below(seed, 3) ? fill_random(seed) * 0x1p-64 : NAN;
	s->accept_drops += fill_below(seed, 2);
	s->accept_max = fill_below(seed, 10);
	s->accept_limit = 4096;
}

static inline void grow_client(struct run_client *c, __u64 *seed)
{
	for (int i = fill_below(seed, 30); i > 0; i--)
		fill_answered(c, fill_below(seed, 100), fill_below(seed, 2) * 5000,
			      fill_random(seed) >> (26 + fill_below(seed, 38)));
	for (int i = fill_below(seed, 3); i > 0; i--)
		fill_failed(c, fill_below(seed, NR_CLIENT_ERRORS));
	for (int i = fill_below(seed, 9); i > 0; i--)
		fill_time(c, CLIENT_CLOSED, fill_below(seed, 1 << 20));
	c->view.sum->bytes_in += fill_random(seed) >> 30;
	c->view.window_s += 1 / 7.0;
	c->view.in_flight = fill_below(seed, 4) ? fill_random(seed) * 0x1p-60 : NAN;
	c->rate_intended = fill_below(seed, 3) ? fill_random(seed) * 0x1p-40 : NAN;
	c->cpu_s += 0.1;
	c->completed += fill_below(seed, 50);
	c->unfinished += fill_below(seed, 2);
	c->reconnects += fill_below(seed, 2);
	c->closed_connections = fill_below(seed, 5);
}

/* Two may be alike: two loads of one command. */
static inline void more_clients(struct run *r, int n)
{
	while (n-- > 0) {
		struct run_client *c =
			fill_client(r, 6379, n % 3 ? "GET \"k\" \x01" : "caf\xe9", 1000);

		c->think_s = n % 2 ? 0.1 : NAN;
		c->open = n % 2;
		c->local = n % 3 != 1;
		c->seed = n % 2 ? UINT64_MAX : 0;
		strcpy(c->profile, n % 2 ? "step 1 2 3 4" : "");
		strcpy(c->arrivals, n % 4 ? "poisson" : "");
	}
}

static inline void grow_run(struct run *r, __u64 *seed)
{
	char **more;

	r->duration_s += 0.1 + fill_below(seed, 1000) / 999.0;
	r->counters[fill_below(seed, NR_COUNTERS)] += fill_random(seed) >> fill_below(seed, 64);
	r->loader_cpu_s += 0.001;
	r->events = fill_below(seed, 2) ? fill_random(seed) : NAN;
	for (size_t i = 0; i < r->n_services; i++)
		grow_service(&r->services[i], seed);
	for (size_t i = 0; i < r->n_clients; i++)
		grow_client(&r->clients[i], seed);
	if (!fill_below(seed, 4)) {
		more = realloc(r->untraced, (r->n_untraced + 1) * sizeof(*more));
		more[r->n_untraced++] = strdup("late\xff:99");
		r->untraced = more;
	}
	if (r->n_services > 1 && !fill_below(seed, 3)) { /* the order of services changes */
		struct run_service s = r->services[0];

		r->services[0] = r->services[1];
		r->services[1] = s;
	}
	if (r->n_clients > 2 && !fill_below(seed, 3)) {
		struct run_client c = r->clients[0];

		r->clients[0] = r->clients[1];
		r->clients[1] = c;
	}
}

#endif
