// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/intervals.h"
#include "analysis/stats.h"
#include "analysis/sweep.h"
#include "model/hist.h"

/* Of a normal distribution, two-sided at SWEEP_LEVEL. */
#define DEVIATIONS 1.959964

#define LATE_SHARE 0.1
#define LATE_LEAST_NS 100e3

struct sweep_watch {
	struct intervals *intervals;
	struct run_service view; /* its own: who looks may have another run each time */
	double count[INTERVALS_MAX], sum[INTERVALS_MAX]; /* of answered requests */
	size_t n, each, open;
	double seen_count, seen_sum;
};

struct sweep_watch *sweep_watch_new(void)
{
	struct sweep_watch *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->each = 1;
	w->intervals = intervals_new();
	w->view.sum = calloc(1, sizeof(*w->view.sum));
	if (w->intervals && w->view.sum)
		return w;
	sweep_watch_free(w);
	return NULL;
}

void sweep_watch_free(struct sweep_watch *w)
{
	if (!w)
		return;
	intervals_free(w->intervals);
	free(w->view.sum);
	free(w);
}

static double latency_sum(const struct run_service *view)
{
	double sum = 0;

	for (int st = 0; st < NR_STAGES; st++)
		sum += service_stage_sum(view, st);
	return sum;
}

/* Neighbours are merged two by two when there are too many. */
static void merge(struct sweep_watch *w)
{
	for (size_t i = 0; i < w->n / 2; i++) {
		w->count[i] = w->count[2 * i] + w->count[2 * i + 1];
		w->sum[i] = w->sum[2 * i] + w->sum[2 * i + 1];
	}
	w->n /= 2;
	w->each *= 2;
}

int sweep_watch_add(void *watch, const struct run_service *view)
{
	struct sweep_watch *w = watch;
	double count = view->sum->exchanges[EXCHANGE_REQUEST_RESPONSE], sum = latency_sum(view);

	if (++w->open == w->each) {
		w->count[w->n] = count - w->seen_count;
		w->sum[w->n++] = sum - w->seen_sum;
		w->seen_count = count;
		w->seen_sum = sum;
		w->open = 0;
	}
	if (w->n == INTERVALS_MAX)
		merge(w);
	memcpy(w->view.sum->latency, view->sum->latency, sizeof(view->sum->latency));
	return intervals_add(w->intervals, &w->view);
}

/* A ratio of sums: what the intervals' sums differ from the mean of their own counts (Law, 5th ed., 9.5). */
static void bound_mean(struct bounded *m, const struct sweep_watch *w)
{
	double rest[INTERVALS_MAX], n = 0, sum = 0, off;

	for (size_t i = 0; w && i < w->n; i++) {
		n += w->count[i];
		sum += w->sum[i];
	}
	if (!(n > 0))
		return;
	for (size_t i = 0; i < w->n; i++)
		rest[i] = w->sum[i] - sum / n * w->count[i];
	off = DEVIATIONS * sqrt(w->n * long_run_variance(rest, w->n)) / n;
	m->low = fmax(0, m->value - off);
	m->high = m->value + off;
}

static double finite_ns(__u64 ns)
{
	return ns == CLIENT_FAILED ? INFINITY : ns;
}

static void fill_objective(struct sweep_step *p, const struct slo *slo, const struct run_client *c,
			   struct sweep_watch *w)
{
	const __u64 *cells = c->view.sum->latency;
	struct bounded *o = &p->objective;
	__u64 n = hist_count(cells), rank = hist_rank(n, slo->millionths);
	double worth;

	if (slo->metric == SLO_MEAN)
		*o = p->mean_between;
	else
		o->value = p->max;
	if (slo->metric != SLO_QUANTILE || !n)
		return;
	o->value = rank > client_answered(c) ?
			   INFINITY :
			   hist_value_at(cells, 0, rank, 0, c->view.sum->latency_max);
	worth = w ? intervals_worth(w->intervals, &w->view, slo->millionths) : NAN;
	if (!quantile_between(cells, worth, slo->millionths, SWEEP_LEVEL, &o->low, &o->high)) {
		o->low = o->high = NAN;
		return;
	}
	/* failed requests are in the last bucket */
	if (client_failed(c) && o->high >= hist_low(HIST_BUCKETS - 1))
		o->high = INFINITY;
}

static void fill_latency(struct sweep_step *p, const struct run_client *c)
{
	struct dist d;

	client_latency(c, &d);
	if (!d.count)
		return;
	p->mean = d.mean;
	p->p50 = finite_ns(d.p50);
	p->p90 = finite_ns(d.p90);
	p->p99 = finite_ns(d.p99);
	p->p99_9 = finite_ns(d.p99_9);
	p->max = finite_ns(d.max);
	client_time(c, CLIENT_LATE, &d);
	if (d.count)
		p->late_p99 = d.p99;
	client_time(c, CLIENT_CLOSED, &d);
	if (d.count)
		p->closed_p99 = d.p99;
}

static void fill_kernel(struct sweep_kernel *k, const struct run_service *s)
{
	struct dist d;

	service_latency(s, &d);
	k->requests = d.count;
	k->in_flight = s->in_flight;
	k->threads = s->threads ? s->threads : NAN;
	k->cpu_share = s->cpu_share;
	if (!d.count)
		return;
	k->mean = d.mean;
	k->p50 = d.p50;
	k->p99 = d.p99;
	for (int st = 0; st < NR_STAGES; st++) {
		service_stage(s, st, &d);
		k->stage[st] = d.mean;
	}
}

static void judge(struct sweep_step *p, bool open)
{
	double right = p->rate * p->seconds, due = p->due;

	p->saturated = open && right < 0.99 * due && due - right > 2 * sqrt(due);
	p->late = open && p->late_p99 >= LATE_LEAST_NS && p->late_p99 >= LATE_SHARE * p->p99;
	p->dropped = !p->due || !(p->seconds > 0);
}

void sweep_step_fill(struct sweep_step *p, const struct slo *slo, const struct run *r,
		     const struct run_client *c, struct sweep_watch *w, const struct occupancy *o)
{
	const struct run_service *s = client_service(r, c);

	p->rate_intended = c->open ? c->rate_intended : NAN;
	p->connections = c->connections;
	p->seconds = c->view.window_s;
	p->warm_up_s = c->warm_up_s;
	p->due = c->view.arrivals;
	p->sent = c->sent;
	p->answered = client_answered(c);
	p->failed = client_failed(c);
	p->rate = client_rps(c);
	p->in_flight = c->view.in_flight;
	fill_latency(p, c);
	p->mean_between.value = p->mean;
	bound_mean(&p->mean_between, w);
	fill_objective(p, slo, c, w);
	if (s)
		fill_kernel(&p->kernel, s);
	if (s && o)
		p->kernel.service = *o;
	judge(p, c->open);
}

void sweep_about(struct sweep *s, const struct run *r, const struct run_client *c)
{
	const struct run_service *service = client_service(r, c);

	snprintf(s->target, sizeof(s->target), "%s", c->target);
	snprintf(s->protocol, sizeof(s->protocol), "%s", c->protocol);
	snprintf(s->request, sizeof(s->request), "%s", c->request);
	snprintf(s->arrivals, sizeof(s->arrivals), "%s", c->open ? c->arrivals : "");
	snprintf(s->host, sizeof(s->host), "%s", r->host);
	snprintf(s->kernel, sizeof(s->kernel), "%s", r->kernel);
	if (!s->started[0])
		snprintf(s->started, sizeof(s->started), "%s", r->started);
	if (service)
		snprintf(s->service, sizeof(s->service), "%s", service->comm);
	s->cpus = r->cpus;
}
