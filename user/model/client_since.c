// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>

#include "model/client.h"
#include "model/hist.h"

static void take(__u64 *cells, const __u64 *less, size_t n)
{
	for (size_t i = 0; i < n; i++)
		cells[i] -= less[i];
}

/* The upper end of the last bucket that is not empty, or what was the maximum of all, if that is less. */
static __u64 max_of(const __u64 cells[HIST_BUCKETS], __u64 max)
{
	__u64 n = hist_count(cells);
	__u32 last;

	if (!n)
		return 0;
	last = hist_bucket_at(cells, n);
	return last + 1 < HIST_BUCKETS && hist_low(last + 1) - 1 < max ? hist_low(last + 1) - 1 :
									 max;
}

static void since_times(struct run_client *c, const struct run_client *base)
{
	for (int t = 0; t < NR_CLIENT_TIMES; t++) {
		struct client_hist *h = &c->times[t];

		take(h->cells, base->times[t].cells, HIST_BUCKETS);
		h->sum -= base->times[t].sum;
		h->max = max_of(h->cells, h->max);
	}
}

static void since_sum(struct lvt_shard *s, const struct lvt_shard *base)
{
	__u64 failed, answered[HIST_BUCKETS];

	take(s->latency, base->latency, HIST_BUCKETS);
	take(s->stage[0], base->stage[0], NR_STAGES * HIST_BUCKETS);
	take(s->anatomy[0], base->anatomy[0], ANATOMY_BUCKETS * NR_STAGES);
	take(s->exchanges, base->exchanges, NR_EXCHANGES);
	s->bytes_in -= base->bytes_in;
	s->bytes_out -= base->bytes_out;
	s->connections -= base->connections;
	failed = s->exchanges[EXCHANGE_ABORTED];
	for (__u32 i = 0; i < HIST_BUCKETS; i++)
		answered[i] = s->latency[i];
	answered[HIST_BUCKETS - 1] -= failed;
	s->latency_max = max_of(answered, s->latency_max);
	s->stage_max[STAGE_UNATTRIBUTED] = s->latency_max;
	if (!hist_count(answered))
		s->latency_min_inv = 0;
	else if (~hist_low(hist_bucket_at(answered, 1)) < s->latency_min_inv)
		s->latency_min_inv = ~hist_low(hist_bucket_at(answered, 1));
}

/* A mean over the time between, from two means since the start. */
static double mean_since(double to, double to_s, double from, double from_s)
{
	if (!(from_s > 0))
		return to;
	return to_s > from_s ? (to * to_s - from * from_s) / (to_s - from_s) : NAN;
}

void client_since(struct run_client *c, const struct run_client *base)
{
	double to_s = c->view.window_s, from_s = base->view.window_s;

	since_times(c, base);
	since_sum(c->view.sum, base->view.sum);
	c->view.in_flight = mean_since(c->view.in_flight, to_s, base->view.in_flight, from_s);
	c->rate_intended = mean_since(c->rate_intended, to_s, base->rate_intended, from_s);
	c->view.window_s = to_s - from_s;
	c->view.arrivals -= base->view.arrivals;
	c->cpu_s -= base->cpu_s;
	c->sent -= base->sent;
	c->completed -= base->completed;
	take(c->errors, base->errors, NR_CLIENT_ERRORS);
	c->unfinished -= base->unfinished;
	c->reconnects -= base->reconnects;
}
