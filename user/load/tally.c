// SPDX-License-Identifier: BSD-2-Clause
#include "load/tally.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int tally_init(struct tally *t, size_t kinds)
{
	memset(t, 0, sizeof(*t));
	t->kinds = calloc(kinds, sizeof(*t->kinds));
	t->n_kinds = kinds;
	return t->kinds ? 0 : -ENOMEM;
}

void tally_free(struct tally *t)
{
	free(t->kinds);
	t->kinds = NULL;
}

static void count(struct client_hist *h, __u64 value)
{
	h->cells[hist_index(value)]++;
	h->sum += value;
	if (h->max < value)
		h->max = value;
}

void tally_answered(struct tally *t, const struct on_way *q)
{
	__u64 latency = q->done - q->due;
	__u32 index = hist_index(latency);
	struct tally_kind *k = &t->kinds[q->kind];

	t->answered++;
	t->cells[index]++;
	t->sums[index / 2] += latency;
	if (t->max < latency)
		t->max = latency;
	if (t->min_inv < ~latency)
		t->min_inv = ~latency;
	count(&t->times[CLIENT_LATE], q->noticed - q->due);
	count(&t->times[CLIENT_CONNECTION], q->sent - q->noticed);
	count(&t->times[CLIENT_ANSWER], q->done - q->sent);
	if (q->sample)
		count(&t->times[CLIENT_CLOSED], q->done - q->sent);
	k->answered++;
	k->cells[index]++;
	k->sum += latency;
	if (k->max < latency)
		k->max = latency;
}

void tally_failed(struct tally *t, const struct on_way *q, enum client_error why)
{
	t->failed++;
	t->errors[why]++;
	t->cells[HIST_BUCKETS - 1]++;
	t->kinds[q->kind].failed++;
	t->kinds[q->kind].cells[HIST_BUCKETS - 1]++;
}

void tally_copy(struct tally *dst, const struct tally *src)
{
	struct tally_kind *kinds = dst->kinds;

	*dst = *src;
	dst->kinds = kinds;
	memcpy(kinds, src->kinds, src->n_kinds * sizeof(*kinds));
}

static void add_cells(__u64 *to, const __u64 *from, __u32 n)
{
	for (__u32 i = 0; i < n; i++)
		to[i] += from[i];
}

static __u64 larger(__u64 a, __u64 b)
{
	return a > b ? a : b;
}

void tally_add(struct tally *dst, const struct tally *src)
{
	add_cells(dst->cells, src->cells, HIST_BUCKETS);
	add_cells(dst->sums, src->sums, ANATOMY_BUCKETS);
	dst->max = larger(dst->max, src->max);
	dst->min_inv = larger(dst->min_inv, src->min_inv);
	for (int i = 0; i < NR_CLIENT_TIMES; i++) {
		add_cells(dst->times[i].cells, src->times[i].cells, HIST_BUCKETS);
		dst->times[i].sum += src->times[i].sum;
		dst->times[i].max = larger(dst->times[i].max, src->times[i].max);
	}
	dst->due += src->due;
	dst->sent += src->sent;
	dst->answered += src->answered;
	dst->completed += src->completed;
	dst->failed += src->failed;
	dst->unfinished += src->unfinished;
	dst->reconnects += src->reconnects;
	add_cells(dst->errors, src->errors, NR_CLIENT_ERRORS);
	dst->bytes_out += src->bytes_out;
	dst->bytes_in += src->bytes_in;
	dst->in_flight_ns += src->in_flight_ns;
	dst->cpu_s += src->cpu_s;
	dst->closed_connections += src->closed_connections;
	for (size_t i = 0; i < dst->n_kinds; i++) {
		struct tally_kind *to = &dst->kinds[i];
		const struct tally_kind *from = &src->kinds[i];

		to->due += from->due;
		to->answered += from->answered;
		to->failed += from->failed;
		to->sum += from->sum;
		to->max = larger(to->max, from->max);
		add_cells(to->cells, from->cells, HIST_BUCKETS);
	}
}

int tally_client(const struct tally *t, const struct load_plan *p, double window_s,
		 struct run_client *c)
{
	struct lvt_shard *sum;

	if (client_init(c))
		return -ENOMEM;
	sum = c->view.sum;
	memcpy(sum->latency, t->cells, sizeof(sum->latency));
	memcpy(sum->stage[STAGE_UNATTRIBUTED], t->cells, sizeof(sum->latency));
	for (__u32 i = 0; i < ANATOMY_BUCKETS; i++)
		sum->anatomy[i][STAGE_UNATTRIBUTED] = t->sums[i];
	sum->stage_max[STAGE_UNATTRIBUTED] = sum->latency_max = t->max;
	sum->latency_min_inv = t->min_inv;
	sum->exchanges[EXCHANGE_REQUEST_RESPONSE] = t->answered;
	sum->exchanges[EXCHANGE_ABORTED] = t->failed;
	sum->bytes_in = t->bytes_out;
	sum->bytes_out = t->bytes_in;
	sum->connections = p->connections + t->reconnects;
	memcpy(c->times, t->times, sizeof(t->times));
	c->view.port = p->port;
	strcpy(c->view.comm, "client");
	c->view.window_s = window_s;
	c->view.arrivals = t->due;
	c->view.in_flight = window_s > 0 ? t->in_flight_ns / 1e9 / window_s : NAN;
	c->view.cpu_share = c->view.runq_share = NAN;
	snprintf(c->target, sizeof(c->target), "%s", p->target);
	snprintf(c->protocol, sizeof(c->protocol), "%s", p->mix.protocol->name);
	snprintf(c->request, sizeof(c->request), "%s", p->request);
	snprintf(c->arrivals, sizeof(c->arrivals), "%s", load_arrivals[!p->poisson]);
	snprintf(c->profile, sizeof(c->profile), "%s", p->profile_text);
	c->open = p->open;
	c->local = p->local;
	c->seed = p->seed;
	c->connections = p->connections;
	c->threads = p->threads;
	c->rate_intended = p->rate;
	c->think_s = p->think_s;
	c->timeout_s = p->timeout_s;
	c->warm_up_s = p->warm_up_s;
	c->cpu_s = t->cpu_s;
	c->sent = t->sent;
	c->completed = t->completed;
	c->unfinished = t->unfinished;
	memcpy(c->errors, t->errors, sizeof(c->errors));
	c->reconnects = t->reconnects;
	c->closed_connections = p->open ? t->closed_connections : 0;
	return 0;
}
