// SPDX-License-Identifier: BSD-2-Clause
#include "model/run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/client.h"
#include "model/hist.h"

/* A service's sum can near 2^63 ns (a thousand stuck connections for an hour are 2^52). */
typedef unsigned __int128 u128;

static const __u32 row_quantiles[ANATOMY_ROWS] = { Q_P50, Q_P90, Q_P99, Q_P99_9, Q_MAX };
static const char *const row_names[ANATOMY_ROWS] = { "p50", "p90", "p99", "p99.9", "max" };

static void service_free(struct run_service *s)
{
	for (size_t i = 0; i < s->n_outbound; i++) {
		free(s->outbound[i].first);
		free(s->outbound[i].last);
	}
	free(s->outbound);
	free(s->slowest);
	free(s->waits);
	free(s->sum);
}

void run_free(struct run *r)
{
	if (!r)
		return;
	for (size_t i = 0; r->services && i < r->n_services; i++)
		service_free(&r->services[i]);
	free(r->services);
	for (size_t i = 0; r->clients && i < r->n_clients; i++)
		client_free(&r->clients[i]);
	free(r->clients);
	for (size_t i = 0; r->untraced && i < r->n_untraced; i++)
		free(r->untraced[i]);
	free(r->untraced);
	free(r->hook_names);
	free(r->parts);
	*r = (struct run){ 0 };
}

void run_drop_service(struct run *r, size_t at)
{
	service_free(&r->services[at]);
	memmove(&r->services[at], &r->services[at + 1],
		(--r->n_services - at) * sizeof(*r->services));
}

__u64 service_requests(const struct run_service *s)
{
	return hist_count(s->sum->latency);
}

double service_rps(const struct run_service *s)
{
	return s->window_s > 0 ? service_requests(s) / s->window_s : NAN;
}

static u128 stage_sum(const struct lvt_shard *sum, enum lvt_stage stage)
{
	u128 total = 0;

	for (__u32 b = 0; b < ANATOMY_BUCKETS; b++)
		total += sum->anatomy[b][stage];
	return total;
}

__u64 service_stage_sum(const struct run_service *s, enum lvt_stage stage)
{
	return stage_sum(s->sum, stage);
}

void service_stage_sums(const struct run_service *s, double sum[NR_STAGES])
{
	for (int st = 0; st < NR_STAGES; st++)
		sum[st] = 0;
	for (__u32 b = 0; b < ANATOMY_BUCKETS; b++)
		for (int st = 0; st < NR_STAGES; st++)
			sum[st] += s->sum->anatomy[b][st];
}

static u128 latency_sum(const struct lvt_shard *sum)
{
	const __u64 *cell = sum->anatomy[0];
	u128 total = 0;

	for (__u32 i = 0; i < ANATOMY_BUCKETS * NR_STAGES; i++)
		total += cell[i];
	return total;
}

/* Quantiles of the values in the cells and of the zeros that make them up to all n requests. */
static void dist_fill(struct dist *d, const __u64 cells[HIST_BUCKETS], __u64 n, u128 total)
{
	__u64 zeros = n > d->count ? n - d->count : 0;
	__u64 min = d->min;

	d->p50 = hist_quantile(cells, zeros, Q_P50, min, d->max);
	d->p90 = hist_quantile(cells, zeros, Q_P90, min, d->max);
	d->p99 = hist_quantile(cells, zeros, Q_P99, min, d->max);
	d->p99_9 = hist_quantile(cells, zeros, Q_P99_9, min, d->max);
	d->mean = n ? (double)total / n : NAN;
	if (zeros)
		d->min = 0;
}

void service_latency(const struct run_service *s, struct dist *d)
{
	const struct lvt_shard *sum = s->sum;

	*d = (struct dist){ .count = service_requests(s), .max = sum->latency_max };
	d->min = sum->latency_min_inv ? ~sum->latency_min_inv : 0;
	dist_fill(d, sum->latency, d->count, latency_sum(sum));
	d->share = d->count ? 1 : NAN;
}

void service_stage(const struct run_service *s, enum lvt_stage stage, struct dist *d)
{
	const struct lvt_shard *sum = s->sum;
	u128 total = stage_sum(sum, stage), all = latency_sum(sum);

	*d = (struct dist){ .count = hist_count(sum->stage[stage]), .max = sum->stage_max[stage] };
	if (d->count)
		d->min = hist_low(hist_bucket_at(sum->stage[stage], 1));
	dist_fill(d, sum->stage[stage], service_requests(s), total);
	d->share = all ? (double)total / (double)all : NAN;
}

void hist_dist(const __u64 cells[HIST_BUCKETS], __u64 sum, __u64 max, struct dist *d)
{
	*d = (struct dist){ .count = hist_count(cells), .max = max, .share = NAN };
	if (d->count)
		d->min = hist_low(hist_bucket_at(cells, 1));
	dist_fill(d, cells, d->count, sum);
}

void service_net(const struct run_service *s, enum lvt_net net, struct dist *d)
{
	hist_dist(s->sum->net[net], s->sum->net_sum[net], s->sum->net_max[net], d);
}

/* The mean request of the anatomy buckets from first to last, both included. */
static void row_fill(const struct lvt_shard *sum, __u32 first, __u32 last, struct anatomy_row *row)
{
	u128 stage[NR_STAGES] = { 0 }, total = 0;

	row->requests = 0;
	for (__u32 b = first; b <= last; b++) {
		row->requests += sum->latency[2 * b] + sum->latency[2 * b + 1];
		for (int st = 0; st < NR_STAGES; st++)
			stage[st] += sum->anatomy[b][st];
	}
	for (int st = 0; st < NR_STAGES; st++) {
		total += stage[st];
		row->stage_ns[st] = row->requests ? (double)stage[st] / row->requests : NAN;
	}
	row->latency_ns = row->requests ? (double)total / row->requests : NAN;
}

static __u32 anatomy_bucket_at(const struct run_service *s, __u32 millionths)
{
	return hist_bucket_at(s->sum->latency, hist_rank(service_requests(s), millionths)) / 2;
}

void service_anatomy(const struct run_service *s, struct anatomy_row rows[ANATOMY_ROWS])
{
	for (int i = 0; i < ANATOMY_ROWS; i++) {
		__u32 b = anatomy_bucket_at(s, row_quantiles[i]);

		rows[i].at = row_names[i];
		row_fill(s->sum, b, b, &rows[i]);
	}
}

void service_tail(const struct run_service *s, __u32 millionths, struct anatomy_row *row)
{
	row->at = "tail";
	row_fill(s->sum, anatomy_bucket_at(s, millionths), ANATOMY_BUCKETS - 1, row);
}

void service_littles_law(const struct run_service *s, struct littles_law *l)
{
	struct dist d;

	service_latency(s, &d);
	l->lambda_rps = service_rps(s);
	l->latency_mean_s = d.mean / 1e9;
	l->predicted = l->lambda_rps * l->latency_mean_s;
	l->sampled = s->in_flight;
	l->relative_error = l->predicted > 0 ? fabs(l->sampled - l->predicted) / l->predicted : NAN;
}

double service_plain_share(const struct run_service *s)
{
	__u64 all = 0;

	for (int k = 0; k < NR_EXCHANGES; k++)
		all += s->sum->exchanges[k];
	return all ? (double)s->sum->exchanges[EXCHANGE_REQUEST_RESPONSE] / all : NAN;
}

bool run_traced(const struct run *r)
{
	return !r->latency_only && (r->n_services || r->n_hooks || !r->n_clients);
}

__u64 run_loss(const struct run *r)
{
	__u64 loss = 0;

	for (int c = 0; c < NR_COUNTERS; c++)
		if (counter_kind(c) == COUNTER_KIND_LOSS)
			loss += r->counters[c];
	return loss;
}
