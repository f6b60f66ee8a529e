// SPDX-License-Identifier: BSD-2-Clause
/* Two services that are the same as one. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/merge.h"

enum { MAX_ROWS = RUN_MAX_WAITS - NR_STAGES }; /* an `other` of each stage has room beside them */

static int no_memory(struct err *e)
{
	return err_set(e, -ENOMEM, "no memory to add up runs");
}

static bool fits(const __u64 *a, const __u64 *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((a[i] + b[i]) >> 62)
			return false;
	return true;
}

static bool shards_fit(const struct lvt_shard *a, const struct lvt_shard *b)
{
	return fits(a->latency, b->latency, HIST_BUCKETS) &&
	       fits(a->stage[0], b->stage[0], NR_STAGES * HIST_BUCKETS) &&
	       fits(a->anatomy[0], b->anatomy[0], NR_STAGES * ANATOMY_BUCKETS) &&
	       fits(a->net[0], b->net[0], NR_NET * HIST_BUCKETS);
}

/* ---- waits ---- */

static struct run_wait *find_wait(struct run_wait *rows, size_t n, const struct run_wait *like)
{
	for (size_t i = 0; i < n; i++)
		if (run_wait_same(&rows[i], like))
			return &rows[i];
	return NULL;
}

/* Rows beyond what a run can hold become part of their stage's `other`. */
static size_t fold_waits(struct run_wait *rows, size_t n)
{
	size_t kept = n;

	if (n <= RUN_MAX_WAITS)
		return n;
	qsort(rows, n, sizeof(*rows), run_wait_order);
	kept = MAX_ROWS;
	for (size_t i = MAX_ROWS; i < n; i++) {
		struct run_wait rest = { .stage = rows[i].stage, .other = true };
		struct run_wait *other = find_wait(rows, kept, &rest);

		rest.waits = rows[i].waits;
		rest.ns = rows[i].ns;
		if (other) {
			other->waits += rest.waits;
			other->ns += rest.ns;
		} else {
			rows[kept++] = rest;
		}
	}
	return kept;
}

static int merge_waits(struct run_service *to, const struct run_service *from)
{
	size_t n = to->n_waits;
	struct run_wait *rows;

	if (!from->n_waits)
		return 0;
	rows = realloc(to->waits, (n + from->n_waits) * sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	to->waits = rows;
	for (size_t i = 0; i < from->n_waits; i++) {
		struct run_wait *same = find_wait(rows, to->n_waits, &from->waits[i]);

		if (same) {
			same->waits += from->waits[i].waits;
			same->ns += from->waits[i].ns;
		} else {
			rows[n++] = from->waits[i];
		}
	}
	to->n_waits = fold_waits(rows, n);
	qsort(rows, to->n_waits, sizeof(*rows), run_wait_order);
	return 0;
}

/* ---- slowest requests, peers ---- */

static int merge_slowest(struct run_service *to, const struct run_service *from)
{
	size_t n = to->n_slowest + from->n_slowest;
	struct run_exemplar *all;

	if (!from->n_slowest)
		return 0;
	all = realloc(to->slowest, n * sizeof(*all));
	if (!all)
		return -ENOMEM;
	memcpy(all + to->n_slowest, from->slowest, from->n_slowest * sizeof(*all));
	qsort(all, n, sizeof(*all), run_exemplar_order);
	to->slowest = all;
	to->n_slowest = n < RUN_MAX_SLOWEST ? n : RUN_MAX_SLOWEST;
	return 0;
}

static void larger(__u64 *a, __u64 b)
{
	if (b > *a)
		*a = b;
}

static bool merge_peer(struct run_outbound *to, const struct run_outbound *from)
{
	if (!fits(to->first, from->first, HIST_BUCKETS) ||
	    !fits(to->last, from->last, HIST_BUCKETS))
		return false;
	for (__u32 b = 0; b < HIST_BUCKETS; b++) {
		to->first[b] += from->first[b];
		to->last[b] += from->last[b];
	}
	to->first_sum += from->first_sum;
	to->last_sum += from->last_sum;
	larger(&to->first_max, from->first_max);
	larger(&to->last_max, from->last_max);
	if (to->pid != from->pid)
		to->pid = 0;
	if (strcmp(to->comm, from->comm))
		*to->comm = '\0';
	return true;
}

static int merge_outbound(struct run_service *to, struct run_service *from, const char *file,
			  struct err *e)
{
	struct run_outbound *all;
	size_t k;

	if (!from->n_outbound)
		return 0;
	all = realloc(to->outbound, (to->n_outbound + from->n_outbound) * sizeof(*all));
	if (!all)
		return no_memory(e);
	to->outbound = all;
	for (size_t i = 0; i < from->n_outbound; i++) {
		struct run_outbound *o = &from->outbound[i];

		for (k = 0; k < to->n_outbound && !run_peer_same(&all[k].peer, &o->peer); k++)
			;
		if (k == LVT_MAX_OUTBOUND)
			return err_set(e, -EINVAL,
				       "cannot add %s: a service would have more than %d peers",
				       file, LVT_MAX_OUTBOUND);
		if (k == to->n_outbound) {
			all[to->n_outbound++] = *o;
			o->first = o->last = NULL;
		} else if (!merge_peer(&all[k], o)) {
			return err_set(e, -EINVAL,
				       "cannot add %s: more requests than can be counted", file);
		}
	}
	return 0;
}

/* ---- all of a service ---- */

static int by_number(const void *a, const void *b)
{
	const __u32 *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Of one host: 0 = not known, which the sum with more than there is room for is, too. */
static void merge_pids(struct run_service *to, const struct run_service *from)
{
	__u32 all[2 * RUN_MAX_PIDS], n = 0, different = 0;

	if (!to->n_pids || !from->n_pids || to->n_pids > RUN_MAX_PIDS ||
	    from->n_pids > RUN_MAX_PIDS) {
		to->n_pids = 0;
		memset(to->pids, 0, sizeof(to->pids));
		return;
	}
	for (__u32 i = 0; i < to->n_pids; i++)
		all[n++] = to->pids[i];
	for (__u32 i = 0; i < from->n_pids; i++)
		all[n++] = from->pids[i];
	qsort(all, n, sizeof(*all), by_number);
	for (__u32 i = 0; i < n; i++)
		if (!different || all[i] != all[different - 1])
			all[different++] = all[i];
	to->n_pids = different <= RUN_MAX_PIDS ? different : 0;
	memcpy(to->pids, all, to->n_pids * sizeof(*all));
}

/* The mean of two, weighted; NAN if one is. */
static double mean(double a, double a_weight, double b, double b_weight)
{
	double weight = a_weight + b_weight;

	return weight > 0 ? (a * a_weight + b * b_weight) / weight : NAN;
}

int service_merge(struct run_service *to, struct run_service *from, const char *file, struct err *e)
{
	int err;

	if (!shards_fit(to->sum, from->sum))
		return err_set(e, -EINVAL, "cannot add %s: more requests than can be counted",
			       file);
	shard_add(to->sum, from->sum);
	if (to->netns != from->netns)
		to->netns = 0;
	merge_pids(to, from);
	to->in_flight = mean(to->in_flight, to->window_s, from->in_flight, from->window_s);
	to->cpu_share = mean(to->cpu_share, to->window_s, from->cpu_share, from->window_s);
	to->runq_share = mean(to->runq_share, to->window_s, from->runq_share, from->window_s);
	to->in_flight_samples += from->in_flight_samples;
	to->window_s += from->window_s;
	to->arrivals += from->arrivals;
	to->occupancies += from->occupancies;
	if (from->threads > to->threads)
		to->threads = from->threads;
	to->accept_drops += from->accept_drops;
	if (from->accept_max > to->accept_max)
		to->accept_max = from->accept_max;
	if (to->accept_limit != from->accept_limit)
		to->accept_limit = 0;
	err = merge_waits(to, from);
	if (!err)
		err = merge_slowest(to, from);
	return err ? no_memory(e) : merge_outbound(to, from, file, e);
}
