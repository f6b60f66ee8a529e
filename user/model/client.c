// SPDX-License-Identifier: BSD-2-Clause
#include "model/client.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "model/hist.h"

/* Means are of the same requests if no more than this part of them is somebody else's. */
#define OTHERS_MAX 0.01

const char *client_error_name(enum client_error c)
{
	static const char *const names[] = {
#define CLIENT_ERROR(id, name, what) [CLIENT_ERROR_##id] = name,
#include "model/client.def"
#undef CLIENT_ERROR
	};

	return names[c];
}

const char *client_error_meaning(enum client_error c)
{
	static const char *const meanings[] = {
#define CLIENT_ERROR(id, name, what) [CLIENT_ERROR_##id] = what,
#include "model/client.def"
#undef CLIENT_ERROR
	};

	return meanings[c];
}

const char *client_time_name(enum client_time t)
{
	static const char *const names[NR_CLIENT_TIMES] = {
		[CLIENT_LATE] = "late",
		[CLIENT_CONNECTION] = "connection",
		[CLIENT_ANSWER] = "answer",
		[CLIENT_CLOSED] = "closed",
	};

	return names[t];
}

int client_init(struct run_client *c)
{
	c->view.sum = calloc(1, sizeof(*c->view.sum));
	c->times = calloc(NR_CLIENT_TIMES, sizeof(*c->times));
	if (c->view.sum && c->times)
		return 0;
	client_free(c);
	return -ENOMEM;
}

void client_free(struct run_client *c)
{
	if (!c)
		return;
	free(c->view.sum);
	free(c->times);
	c->view.sum = NULL;
	c->times = NULL;
}

__u64 client_answered(const struct run_client *c)
{
	return c->view.sum->exchanges[EXCHANGE_REQUEST_RESPONSE];
}

__u64 client_failed(const struct run_client *c)
{
	return c->view.sum->exchanges[EXCHANGE_ABORTED];
}

double client_rps(const struct run_client *c)
{
	return c->view.window_s > 0 ? c->completed / c->view.window_s : NAN;
}

double client_sent_rps(const struct run_client *c)
{
	return c->view.window_s > 0 ? c->sent / c->view.window_s : NAN;
}

static __u64 quantile(const struct run_client *c, __u32 millionths, __u64 value)
{
	__u64 n = client_answered(c);

	return hist_rank(n + client_failed(c), millionths) > n ? CLIENT_FAILED : value;
}

void client_latency(const struct run_client *c, struct dist *d)
{
	__u64 answered = client_answered(c), failed = client_failed(c);

	service_latency(&c->view, d);
	if (answered && failed)
		d->mean *= (double)(answered + failed) / answered;
	if (!answered)
		d->mean = NAN;
	d->p50 = quantile(c, Q_P50, d->p50);
	d->p90 = quantile(c, Q_P90, d->p90);
	d->p99 = quantile(c, Q_P99, d->p99);
	d->p99_9 = quantile(c, Q_P99_9, d->p99_9);
	d->max = quantile(c, Q_MAX, d->max);
}

void client_time(const struct run_client *c, enum client_time t, struct dist *d)
{
	const struct client_hist *h = &c->times[t];

	hist_dist(h->cells, h->sum, h->max, d);
}

void client_add(struct run_client *dst, const struct run_client *src)
{
	shard_add(dst->view.sum, src->view.sum);
	dst->view.arrivals += src->view.arrivals;
	client_add_load(dst, src);
}

void client_add_load(struct run_client *dst, const struct run_client *src)
{
	dst->sent += src->sent;
	dst->completed += src->completed;
	dst->unfinished += src->unfinished;
	dst->cpu_s += src->cpu_s;
	dst->reconnects += src->reconnects;
	for (int k = 0; k < NR_CLIENT_ERRORS; k++)
		dst->errors[k] += src->errors[k];
	for (int t = 0; t < NR_CLIENT_TIMES; t++) {
		struct client_hist *to = &dst->times[t];
		const struct client_hist *from = &src->times[t];

		for (__u32 i = 0; i < HIST_BUCKETS; i++)
			to->cells[i] += from->cells[i];
		to->sum += from->sum;
		if (to->max < from->max)
			to->max = from->max;
	}
}

__u64 clients_requests(const struct run *r)
{
	__u64 n = 0;

	for (size_t i = 0; i < r->n_clients; i++)
		n += client_answered(&r->clients[i]) + client_failed(&r->clients[i]);
	return n;
}

const struct run_service *client_service(const struct run *r, const struct run_client *c)
{
	const struct run_service *found = NULL;

	for (size_t i = 0; c->local && i < r->n_services; i++) {
		const struct run_service *s = &r->services[i];

		if (s->port == c->view.port && (!found || found->foreign_netns))
			found = s;
	}
	return found;
}

double client_between_ns(const struct run *r, const struct run_client *c)
{
	const struct run_service *s = client_service(r, c);
	struct dist kernel, answer;
	double others;

	if (!s)
		return NAN;
	service_latency(s, &kernel);
	client_time(c, CLIENT_ANSWER, &answer);
	if (!kernel.count || !answer.count)
		return NAN;
	others = fabs((double)kernel.count - (double)answer.count) / answer.count;
	if (others > OTHERS_MAX || kernel.mean > answer.mean)
		return NAN;
	return answer.mean - kernel.mean;
}
