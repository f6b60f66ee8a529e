/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_RUN_LOOK_H
#define LVT_RUN_LOOK_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/client.h"
#include "model/run.h"
#include "store/records.h"

/* Whole runs: a copy of one, and whether two are equal. */

static inline void *look_copy(const void *p, size_t n)
{
	void *copy = malloc(n ? n : 1);

	if (!copy)
		abort();
	return n ? memcpy(copy, p, n) : copy;
}

static inline struct run look_copy_run(const struct run *r)
{
	struct run c = *r;

	c.hook_names = NULL; /* hooks of tests are static */
	c.services = look_copy(r->services, r->n_services * sizeof(*r->services));
	for (size_t i = 0; i < r->n_services; i++) {
		struct run_service *s = &c.services[i];

		s->sum = look_copy(s->sum, sizeof(*s->sum));
		s->waits = look_copy(s->waits, s->n_waits * sizeof(*s->waits));
		s->slowest = look_copy(s->slowest, s->n_slowest * sizeof(*s->slowest));
		s->outbound = look_copy(s->outbound, s->n_outbound * sizeof(*s->outbound));
		for (size_t k = 0; k < s->n_outbound; k++) {
			struct run_outbound *o = &s->outbound[k];

			o->first = look_copy(o->first, HIST_BUCKETS * sizeof(*o->first));
			o->last = look_copy(o->last, HIST_BUCKETS * sizeof(*o->last));
		}
	}
	c.clients = look_copy(r->clients, r->n_clients * sizeof(*r->clients));
	for (size_t i = 0; i < r->n_clients; i++) {
		struct run_client *l = &c.clients[i];

		l->view.sum = look_copy(l->view.sum, sizeof(*l->view.sum));
		l->times = look_copy(l->times, NR_CLIENT_TIMES * sizeof(*l->times));
	}
	c.parts = r->n_parts ? look_copy(r->parts, r->n_parts * sizeof(*r->parts)) : NULL;
	c.untraced = look_copy(r->untraced, r->n_untraced * sizeof(*r->untraced));
	for (size_t i = 0; i < r->n_untraced; i++)
		c.untraced[i] = strdup(r->untraced[i]);
	return c;
}

/* What differs first is named; NULL if nothing does. */
#define LOOK_SAME(a, b, member)                                              \
	do {                                                                 \
		if (memcmp(&(a)->member, &(b)->member, sizeof((a)->member))) \
			return #member;                                      \
	} while (0)
#define LOOK_REAL(a, b, member)                                                                  \
	do {                                                                                     \
		if (!((a)->member == (b)->member || (isnan((a)->member) && isnan((b)->member)))) \
			return #member;                                                          \
	} while (0)
#define LOOK_TEXT(a, b, member)                       \
	do {                                          \
		if (strcmp((a)->member, (b)->member)) \
			return #member;               \
	} while (0)

static inline const char *look_waits(struct run_service *a, struct run_service *b)
{
	LOOK_SAME(a, b, n_waits);
	if (a->n_waits) {
		qsort(a->waits, a->n_waits, sizeof(*a->waits), run_wait_order);
		qsort(b->waits, b->n_waits, sizeof(*b->waits), run_wait_order);
	}
	for (size_t i = 0; i < a->n_waits; i++) {
		const struct run_wait *x = &a->waits[i], *y = &b->waits[i];

		if (!run_wait_same(x, y))
			return "a wait";
		LOOK_SAME(x, y, waits);
		LOOK_SAME(x, y, ns);
	}
	return NULL;
}

static inline const char *look_exemplar(const struct run_exemplar *x, const struct run_exemplar *y)
{
	LOOK_REAL(x, y, at_s);
	LOOK_SAME(x, y, latency);
	LOOK_SAME(x, y, read);
	LOOK_SAME(x, y, reply);
	LOOK_SAME(x, y, done);
	LOOK_SAME(x, y, sent);
	LOOK_SAME(x, y, acked);
	LOOK_SAME(x, y, stage);
	LOOK_SAME(x, y, client);
	LOOK_SAME(x, y, reader);
	LOOK_SAME(x, y, tid);
	LOOK_TEXT(x, y, comm);
	LOOK_TEXT(x, y, reader_comm);
	LOOK_SAME(x, y, n_waits);
	LOOK_SAME(x, y, waits_lost);
	for (__u32 i = 0; i < x->n_waits; i++) {
		const struct run_moment *m = &x->wait[i], *n = &y->wait[i];

		LOOK_SAME(m, n, stage);
		LOOK_SAME(m, n, start);
		LOOK_SAME(m, n, end);
		LOOK_TEXT(m, n, syscall);
		LOOK_SAME(m, n, peer);
		LOOK_TEXT(m, n, who);
		LOOK_SAME(m, n, pid);
	}
	return NULL;
}

static inline const char *look_outbound(const struct run_outbound *x, const struct run_outbound *y)
{
	LOOK_SAME(x, y, peer);
	LOOK_TEXT(x, y, comm);
	LOOK_SAME(x, y, pid);
	LOOK_SAME(x, y, first_sum);
	LOOK_SAME(x, y, first_max);
	LOOK_SAME(x, y, last_sum);
	LOOK_SAME(x, y, last_max);
	if (memcmp(x->first, y->first, HIST_BUCKETS * sizeof(*x->first)))
		return "outbound first";
	if (memcmp(x->last, y->last, HIST_BUCKETS * sizeof(*x->last)))
		return "outbound last";
	return NULL;
}

static inline const char *look_service(struct run_service *a, struct run_service *b)
{
	const char *differs;

	LOOK_SAME(a, b, netns);
	LOOK_SAME(a, b, foreign_netns);
	LOOK_SAME(a, b, port);
	LOOK_TEXT(a, b, comm);
	LOOK_SAME(a, b, pids);
	LOOK_SAME(a, b, n_pids);
	LOOK_REAL(a, b, window_s);
	LOOK_SAME(a, b, arrivals);
	LOOK_SAME(a, b, occupancies);
	LOOK_REAL(a, b, in_flight);
	LOOK_SAME(a, b, in_flight_samples);
	LOOK_SAME(a, b, threads);
	LOOK_REAL(a, b, cpu_share);
	LOOK_REAL(a, b, runq_share);
	LOOK_SAME(a, b, accept_drops);
	LOOK_SAME(a, b, accept_max);
	LOOK_SAME(a, b, accept_limit);
	if (memcmp(a->sum, b->sum, sizeof(*a->sum)))
		return "sum";
	differs = look_waits(a, b);
	if (differs)
		return differs;
	LOOK_SAME(a, b, n_slowest);
	if (a->n_slowest)
		qsort(a->slowest, a->n_slowest, sizeof(*a->slowest), run_exemplar_order);
	for (size_t i = 0; i < a->n_slowest && !differs; i++)
		differs = look_exemplar(&a->slowest[i], &b->slowest[i]);
	LOOK_SAME(a, b, n_outbound);
	for (size_t i = 0; i < a->n_outbound && !differs; i++)
		differs = look_outbound(&a->outbound[i], &b->outbound[i]);
	return differs;
}

static inline const char *look_client(struct run_client *a, struct run_client *b)
{
	LOOK_TEXT(a, b, target);
	LOOK_TEXT(a, b, protocol);
	LOOK_TEXT(a, b, request);
	LOOK_TEXT(a, b, arrivals);
	LOOK_TEXT(a, b, profile);
	LOOK_SAME(a, b, open);
	LOOK_SAME(a, b, local);
	LOOK_SAME(a, b, seed);
	LOOK_SAME(a, b, connections);
	LOOK_SAME(a, b, threads);
	LOOK_REAL(a, b, rate_intended);
	LOOK_REAL(a, b, think_s);
	LOOK_REAL(a, b, timeout_s);
	LOOK_REAL(a, b, warm_up_s);
	LOOK_REAL(a, b, cpu_s);
	LOOK_SAME(a, b, sent);
	LOOK_SAME(a, b, errors);
	LOOK_SAME(a, b, completed);
	LOOK_SAME(a, b, unfinished);
	LOOK_SAME(a, b, reconnects);
	LOOK_SAME(a, b, closed_connections);
	if (memcmp(a->times, b->times, NR_CLIENT_TIMES * sizeof(*a->times)))
		return "times";
	return look_service(&a->view, &b->view);
}

/* Sorts what has no order of its own in both. */
static inline const char *look_run(struct run *a, struct run *b)
{
	const char *differs = NULL;

	LOOK_TEXT(a, b, started);
	LOOK_REAL(a, b, duration_s);
	LOOK_TEXT(a, b, host);
	LOOK_TEXT(a, b, kernel);
	LOOK_TEXT(a, b, filter);
	LOOK_TEXT(a, b, label);
	LOOK_SAME(a, b, cpus);
	LOOK_SAME(a, b, n_hooks);
	for (size_t i = 0; i < a->n_hooks; i++) {
		LOOK_TEXT(a, b, hooks[i].role);
		LOOK_TEXT(a, b, hooks[i].hook);
	}
	LOOK_SAME(a, b, counters);
	LOOK_REAL(a, b, loader_cpu_s);
	LOOK_SAME(a, b, loader_rss_bytes);
	LOOK_REAL(a, b, bpf_ns_per_request);
	LOOK_REAL(a, b, events);
	LOOK_SAME(a, b, rx_timestamps);
	LOOK_SAME(a, b, outbound);
	LOOK_SAME(a, b, slowest_kept);
	LOOK_SAME(a, b, latency_only);
	LOOK_SAME(a, b, n_parts);
	for (size_t i = 0; i < a->n_parts; i++) {
		LOOK_TEXT(a, b, parts[i].file);
		LOOK_TEXT(a, b, parts[i].host);
		LOOK_TEXT(a, b, parts[i].started);
		LOOK_REAL(a, b, parts[i].duration_s);
		LOOK_SAME(a, b, parts[i].requests);
		LOOK_SAME(a, b, parts[i].loss);
	}
	LOOK_SAME(a, b, n_services);
	for (size_t i = 0; i < a->n_services && !differs; i++)
		differs = look_service(&a->services[i], &b->services[i]);
	LOOK_SAME(a, b, n_clients);
	for (size_t i = 0; i < a->n_clients && !differs; i++)
		differs = look_client(&a->clients[i], &b->clients[i]);
	if (differs)
		return differs;
	LOOK_SAME(a, b, n_untraced);
	for (size_t i = 0; i < a->n_untraced; i++)
		LOOK_TEXT(a, b, untraced[i]);
	return NULL;
}

#endif
