/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_SWEEP_FILL_H
#define LVT_SWEEP_FILL_H

#include "analysis/sweep.h"
#include "base/random.h"
#include "run_fill.h"

/*
 * Steps of a sweep against a simulated queue of one server: Poisson arrivals, first come first served,
 * by Lindley's recurrence. The client sees FILL_NETWORK_NS more than the kernel does.
 */
enum { FILL_INTERVALS = 50 };

#define FILL_NETWORK_NS 40e3
#define FILL_LATE_NS 20e3

struct fill_queue {
	double service_ns; /* mean */
	bool constant;	   /* service time; else exponential */
	double failing;	   /* share of requests that fail */
	bool copies;	   /* who looks has another view each time, and forgets it */
	__u64 seed;
};

static inline double fill_unit_exponential(__u64 *seed)
{
	return -log1p(-random_unit(seed));
}

struct fill_state {
	double at, free_at; /* ns: the request's arrival; when the server is idle */
	double busy, busy2, n;
};

static inline void fill_one(const struct fill_queue *q, struct fill_state *t, __u64 *seed,
			    double end, struct run *r)
{
	struct run_client *c = r->clients;
	double service = q->service_ns * (q->constant ? 1 : fill_unit_exponential(seed));
	double start = fmax(t->at, t->free_at), done = start + service;
	__u64 kernel[NR_STAGES] = { 0 }, client[NR_STAGES] = { 0 };

	t->free_at = done;
	kernel[STAGE_QUEUE_BUSY] = start - t->at;
	kernel[STAGE_SERVICE_CPU] = service;
	if (done < end && t->at < 0)
		c->completed += done >= 0;
	if (t->at < 0)
		return;
	c->view.arrivals++;
	c->sent++;
	c->times[CLIENT_LATE].cells[hist_index(FILL_LATE_NS)]++;
	c->times[CLIENT_LATE].max = FILL_LATE_NS;
	fill_request(r->services[0].sum, kernel);
	t->busy += service;
	t->busy2 += service * service;
	t->n++;
	if (random_unit(seed) < q->failing) {
		c->view.sum->exchanges[EXCHANGE_ABORTED]++;
		c->view.sum->latency[HIST_BUCKETS - 1]++;
		return;
	}
	c->completed += done < end;
	client[STAGE_UNATTRIBUTED] = done - t->at + FILL_NETWORK_NS;
	fill_request(c->view.sum, client);
}

static inline void fill_look(struct sweep_watch *w, const struct run_service *view, bool copy)
{
	struct run_service other = *view;

	if (copy) {
		other.sum = malloc(sizeof(*other.sum));
		if (!other.sum)
			abort();
		*other.sum = *view->sum;
	}
	if (sweep_watch_add(w, &other))
		abort();
	if (copy)
		free(other.sum);
}

/* A step of `seconds` at a rate, after as long a warm-up: a run, which is forgotten. */
static inline void fill_step(struct sweep *s, const struct fill_queue *q, double rate,
			     double seconds, int threads)
{
	struct fill_state t = { .at = -seconds * 1e9, .free_at = -seconds * 1e9 };
	struct sweep_watch *w = sweep_watch_new();
	__u64 seed = q->seed + 1000003 * s->n;
	struct run_client c = { .open = true, .local = true, .connections = 50, .threads = 1 };
	struct occupancy o;
	struct run r;

	fill_run(&r, 1);
	r.clients = &c;
	r.n_clients = 1;
	if (!w || client_init(&c))
		abort();
	strcpy(c.target, "127.0.0.1:6379");
	strcpy(c.protocol, "redis");
	strcpy(c.request, "GET key");
	strcpy(c.arrivals, "poisson");
	c.view.port = r.services[0].port;
	c.view.window_s = r.services[0].window_s = seconds;
	c.rate_intended = rate;
	c.warm_up_s = seconds;
	r.services[0].threads = threads;
	for (int i = 0; i < FILL_INTERVALS; i++) {
		for (; t.at < (i + 1) * seconds * 1e9 / FILL_INTERVALS;
		     t.at += fill_unit_exponential(&seed) * 1e9 / rate)
			fill_one(q, &t, &seed, seconds * 1e9, &r);
		fill_look(w, &c.view, q->copies);
	}
	fill_in_flight(&r.services[0], 1);
	c.view.in_flight = r.services[0].in_flight + rate * FILL_NETWORK_NS / 1e9;
	r.services[0].cpu_share = fmin(1, t.busy / (seconds * 1e9));
	o = (struct occupancy){ t.busy / t.n, t.busy2 / t.n };
	sweep_about(s, &r, &c);
	sweep_step_init(&s->steps[s->n]);
	sweep_step_fill(&s->steps[s->n++], &s->slo, &r, &c, w, &o);
	sweep_watch_free(w);
	client_free(&c);
	r.n_clients = 0;
	r.clients = NULL;
	run_free(&r);
}

/* A sweep of rates, as it is asked for; free() it. */
static inline struct sweep *fill_plan(double from, double to, __u32 planned, double bound_ns)
{
	struct sweep *s = malloc(sizeof(*s));

	if (!s)
		abort();
	sweep_init(s);
	s->mode = SWEEP_RATES;
	s->from = from;
	s->to = to;
	s->planned = planned;
	s->slo.bound_ns = bound_ns;
	return s;
}

/* All of it, as the runner does. */
static inline void fill_sweep(struct sweep *s, const struct fill_queue *q, double seconds)
{
	double rate;

	while (sweep_next_rate(s, &rate))
		fill_step(s, q, rate, seconds, 1);
}

#endif
