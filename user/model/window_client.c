// SPDX-License-Identifier: BSD-2-Clause
/* The client's side of a window. */
#include <math.h>

#include "model/client.h"
#include "model/hist.h"
#include "model/window.h"

static void count_window(__u64 *now, __u64 before)
{
	cells_growth(now, now, &before, 1);
}

static void times_window(struct run_client *c, const struct run_client *before)
{
	for (int t = 0; t < NR_CLIENT_TIMES; t++) {
		struct client_hist *h = &c->times[t];

		cells_growth(h->cells, h->cells, before->times[t].cells, HIST_BUCKETS);
		count_window(&h->sum, before->times[t].sum);
		h->max = window_max(h->cells, h->max);
	}
}

/* Failed requests are in the last bucket, but no answer was that slow. */
static void sum_window(struct lvt_shard *s, const struct lvt_shard *before)
{
	__u64 max = s->latency_max, min_inv = s->latency_min_inv, answered[HIST_BUCKETS];

	shard_window(s, s, before);
	count_window(&s->connections, before->connections); /* that it made */
	for (__u32 i = 0; i < HIST_BUCKETS; i++)
		answered[i] = s->latency[i];
	answered[HIST_BUCKETS - 1] -= s->exchanges[EXCHANGE_ABORTED];
	s->latency_max = s->stage_max[STAGE_UNATTRIBUTED] = window_max(answered, max);
	s->latency_min_inv = window_min_inv(answered, min_inv);
}

/* A mean over the time between, from two means since the start. */
static double mean_window(double to, double to_s, double from, double from_s)
{
	if (!(from_s > 0))
		return to;
	return to_s > from_s ? (to * to_s - from * from_s) / (to_s - from_s) : NAN;
}

void client_window(struct run_client *c, const struct run_client *before)
{
	double to_s = c->view.window_s, from_s = before->view.window_s;

	times_window(c, before);
	sum_window(c->view.sum, before->view.sum);
	c->view.in_flight = mean_window(c->view.in_flight, to_s, before->view.in_flight, from_s);
	c->rate_intended = mean_window(c->rate_intended, to_s, before->rate_intended, from_s);
	c->view.window_s = to_s - from_s;
	count_window(&c->view.arrivals, before->view.arrivals);
	c->cpu_s -= before->cpu_s;
	count_window(&c->sent, before->sent);
	count_window(&c->completed, before->completed);
	cells_growth(c->errors, c->errors, before->errors, NR_CLIENT_ERRORS);
	count_window(&c->unfinished, before->unfinished);
	count_window(&c->reconnects, before->reconnects);
}
