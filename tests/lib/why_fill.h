/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_WHY_FILL_H
#define LVT_WHY_FILL_H

#include <stdint.h>
#include <sys/socket.h>

#include "run_fill.h"

/* What tells why, for the hand-made runs: waits, network time, single requests. */

static inline struct lvt_peer fill_peer(int a, int b, int c, int d, int port)
{
	return (struct lvt_peer){ .family = AF_INET, .addr = { a, b, c, d }, .port = port };
}

/* A row more of what was waited for; set its names in what is returned. */
static inline struct run_wait *fill_wait(struct run_service *s, enum lvt_stage stage, __u64 waits,
					 __u64 ns)
{
	s->waits = realloc(s->waits, (s->n_waits + 1) * sizeof(*s->waits));
	if (!s->waits)
		abort();
	s->waits[s->n_waits] = (struct run_wait){ .stage = stage, .waits = waits, .ns = ns };
	return &s->waits[s->n_waits++];
}

/* A wait by call, peer and what ended it, any of which may be NULL. */
static inline struct run_wait *fill_blocked(struct run_service *s, enum lvt_stage stage,
					    __u64 waits, __u64 ns, const char *call,
					    const char *who)
{
	struct run_wait *w = fill_wait(s, stage, waits, ns);

	strcpy(w->syscall, call ? call : "");
	strcpy(w->who, who ? who : "");
	return w;
}

/* Who ran meanwhile. */
static inline struct run_wait *fill_ran(struct run_service *s, enum lvt_stage stage, __u64 waits,
					__u64 ns, const char *comm, __u32 pid)
{
	struct run_wait *w = fill_wait(s, stage, waits, ns);

	strcpy(w->who, comm);
	w->pid = pid;
	return w;
}

/* What is left of a stage's sum, as one row. */
static inline void fill_rest(struct run_service *s, enum lvt_stage stage, __u64 waits)
{
	__u64 left = 0;

	for (__u32 b = 0; b < ANATOMY_BUCKETS; b++)
		left += s->sum->anatomy[b][stage];
	for (size_t i = 0; i < s->n_waits; i++)
		if (s->waits[i].stage == stage)
			left -= s->waits[i].ns;
	if (left)
		fill_wait(s, stage, waits, left)->other = true;
}

/* n network times of a mean, or of exactly that long. */
static inline void fill_net(struct run_service *s, enum lvt_net net, int n, double mean, bool exact)
{
	__u64 seed = 11 + net;

	for (int i = 0; i < n; i++) {
		__u64 ns = exact ? mean : mean / 2 + fill_exponential(&seed, mean / 2);

		s->sum->net[net][hist_index(ns)]++;
		s->sum->net_sum[net] += ns;
		if (ns > s->sum->net_max[net])
			s->sum->net_max[net] = ns;
	}
}

/* A slow request more: its stages are still to be filled; times are ns from its arrival. */
static inline struct run_exemplar *fill_exemplar(struct run_service *s, __u64 latency, __u64 read,
						 __u64 reply)
{
	s->slowest = realloc(s->slowest, (s->n_slowest + 1) * sizeof(*s->slowest));
	if (!s->slowest)
		abort();
	s->slowest[s->n_slowest] =
		(struct run_exemplar){ .at_s = 3.214,
				       .latency = latency,
				       .read = read,
				       .reply = reply,
				       .done = latency,
				       .sent = UINT64_MAX,
				       .acked = UINT64_MAX,
				       .client = fill_peer(127, 0, 0, 1, 40122 + s->n_slowest),
				       .reader = s->pids[0],
				       .tid = s->pids[0] };
	strcpy(s->slowest[s->n_slowest].comm, s->comm);
	strcpy(s->slowest[s->n_slowest].reader_comm, s->comm);
	return &s->slowest[s->n_slowest++];
}

static inline struct run_moment *fill_moment(struct run_exemplar *x, enum lvt_stage stage,
					     __u64 start, __u64 end, const char *call,
					     const char *who)
{
	struct run_moment *m = &x->wait[x->n_waits++];

	*m = (struct run_moment){ .stage = stage, .start = start, .end = end };
	strcpy(m->syscall, call);
	strcpy(m->who, who);
	return m;
}

/* A peer of 127.0.0.1 more that the service sends requests to; and n such requests. */
static inline struct run_outbound *fill_outbound(struct run_service *s, int port, const char *comm,
						 __u32 pid)
{
	struct run_outbound *o;

	s->outbound = realloc(s->outbound, (s->n_outbound + 1) * sizeof(*s->outbound));
	if (!s->outbound)
		abort();
	o = &s->outbound[s->n_outbound++];
	*o = (struct run_outbound){ .peer = fill_peer(127, 0, 0, 1, port), .pid = pid };
	strcpy(o->comm, comm);
	o->first = calloc(HIST_BUCKETS, sizeof(*o->first));
	o->last = calloc(HIST_BUCKETS, sizeof(*o->last));
	if (!o->first || !o->last)
		abort();
	return o;
}

static inline void fill_asked(struct run_outbound *o, int n, __u64 first, __u64 last)
{
	o->first[hist_index(first)] += n;
	o->last[hist_index(last)] += n;
	o->first_sum += n * first;
	o->last_sum += n * last;
	o->first_max = first > o->first_max ? first : o->first_max;
	o->last_max = last > o->last_max ? last : o->last_max;
}

/* A service of threads that asks a database, writes a journal, and has a neighbour on its CPU. */
static inline void fill_web(struct run_service *s, int n)
{
	__u64 seed = 3 + s->port;

	strcpy(s->comm, "web");
	for (int i = 0; i < n; i++) {
		__u64 st[NR_STAGES] = { 0 };

		st[STAGE_QUEUE_PICKUP] = 2000 + fill_exponential(&seed, 2000);
		st[STAGE_QUEUE_BUSY] = fill_below(&seed, 4) ? 0 : fill_exponential(&seed, 300000);
		st[STAGE_SERVICE_CPU] = 150000 + fill_exponential(&seed, 90000);
		st[STAGE_SERVICE_NET] = 300000 + fill_exponential(&seed, 250000);
		if (fill_below(&seed, 12) == 0)
			st[STAGE_SERVICE_DISK] = 1000000 + fill_exponential(&seed, 2e6);
		if (fill_below(&seed, 10) == 0)
			st[STAGE_SERVICE_LOCK] = fill_exponential(&seed, 600000);
		if (fill_below(&seed, 8) == 0)
			st[STAGE_QUEUE_RUNQ] = fill_exponential(&seed, 900000);
		if (fill_below(&seed, 12) == 0)
			st[STAGE_QUEUE_BLOCKED] = fill_exponential(&seed, 500000);
		if (fill_below(&seed, 100) == 0)
			st[STAGE_SERVICE_FAULT] = fill_exponential(&seed, 90000);
		fill_request(s->sum, st);
	}
	s->sum->bytes_in = 390ull * n;
	s->sum->bytes_out = 5000ull * n;
	s->sum->connections = 51;
	s->threads = 4;
	s->cpu_share = 0.934;
	s->runq_share = 0.118;
}

static inline double fill_stage_sum(const struct run_service *s, enum lvt_stage stage)
{
	struct dist d;

	service_stage(s, stage, &d);
	return d.mean * service_requests(s);
}

/* What fill_web()'s requests waited for. */
static inline void fill_web_waits(struct run_service *s)
{
	__u64 n = service_requests(s);
	struct run_wait *w;
	double net = fill_stage_sum(s, STAGE_SERVICE_NET);
	double runq = fill_stage_sum(s, STAGE_QUEUE_RUNQ);

	w = fill_blocked(s, STAGE_SERVICE_NET, n, net * 0.93, "recvfrom", NULL);
	w->peer = fill_peer(127, 0, 0, 1, 5432);
	strcpy(w->peer_comm, "postgres");
	w->peer_pid = 1204;
	w = fill_blocked(s, STAGE_SERVICE_NET, n / 20, net * 0.05, "connect", NULL);
	w->peer = fill_peer(10, 1, 0, 17, 6379);
	fill_blocked(s, STAGE_SERVICE_DISK, n / 12, fill_stage_sum(s, STAGE_SERVICE_DISK) * 0.98,
		     "fsync", NULL);
	fill_blocked(s, STAGE_SERVICE_LOCK, n / 10, fill_stage_sum(s, STAGE_SERVICE_LOCK) * 0.8,
		     "futex", "lock-holder");
	w = fill_ran(s, STAGE_QUEUE_RUNQ, n / 9, runq * 0.9, "stress-ng-cpu", 900);
	strcpy(w->cgroup, "/user.slice/user-1000.slice/session-4.scope");
	fill_ran(s, STAGE_QUEUE_RUNQ, n / 200, runq * 0.05, "idle", 0);
	fill_blocked(s, STAGE_SERVICE_FAULT, n / 100, fill_stage_sum(s, STAGE_SERVICE_FAULT),
		     "page fault", NULL);
	for (int st = 0; st < NR_STAGES; st++)
		if (st == STAGE_QUEUE_RUNQ || st == STAGE_SERVICE_NET || st == STAGE_SERVICE_DISK ||
		    st == STAGE_SERVICE_LOCK)
			fill_rest(s, st, n / 50);
	s->sum->queue_blocked[CAUSE_DISK] = fill_stage_sum(s, STAGE_QUEUE_BLOCKED) * 0.7;
	s->sum->queue_blocked[CAUSE_MUX] = fill_stage_sum(s, STAGE_QUEUE_BLOCKED) * 0.3;
}

/* A slow request of fill_web(): stages and waits agree, and both positions are exact. */
static inline void fill_web_exemplar(struct run_service *s)
{
	struct run_exemplar *x = fill_exemplar(s, 12300000, 1900000, 12210000);
	struct run_moment *m;

	x->stage[STAGE_QUEUE_BUSY] = 700000;
	x->stage[STAGE_QUEUE_RUNQ] = 1200000;
	x->stage[STAGE_SERVICE_CPU] = 600000;
	x->stage[STAGE_SERVICE_NET] = 4100000;
	x->stage[STAGE_SERVICE_DISK] = 5500000;
	x->stage[STAGE_SERVICE_LOCK] = 200000;
	x->sent = 12312000;
	x->acked = 12390000;
	m = fill_moment(x, STAGE_QUEUE_RUNQ, 700000, 1900000, "", "stress-ng-cpu");
	m->pid = 900;
	m = fill_moment(x, STAGE_SERVICE_NET, 2000000, 6100000, "recvfrom", "postgres");
	m->peer = fill_peer(127, 0, 0, 1, 5432);
	fill_moment(x, STAGE_SERVICE_LOCK, 6300000, 6500000, "futex", "lock-holder");
	fill_moment(x, STAGE_SERVICE_DISK, 6700000, 12200000, "fsync", "");
}

#endif
