// SPDX-License-Identifier: BSD-2-Clause
#include "model/window.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/hist.h"
#include "model/waits.h"

enum { SHARD_CELLS = sizeof(struct lvt_shard) / sizeof(__u64) };

_Static_assert(sizeof(struct lvt_shard) % sizeof(__u64) == 0, "a shard is an array of numbers");

int cells_growth(__u64 *out, const __u64 *now, const __u64 *before, size_t n)
{
	__u64 any = 0, less = 0;

	if (!before) {
		memcpy(out, now, n * sizeof(*out));
		for (size_t i = 0; i < n; i++)
			any |= now[i];
		return any != 0;
	}
	for (size_t i = 0; i < n; i++) {
		less |= now[i] < before[i];
		out[i] = now[i] - before[i];
		any |= out[i];
	}
	return less ? -1 : any != 0;
}

const struct run_service *run_find(const struct run *r, __u32 netns, __u16 port)
{
	for (size_t i = 0; i < r->n_services; i++)
		if (r->services[i].netns == netns && r->services[i].port == port)
			return &r->services[i];
	return NULL;
}

/* ---- waits ---- */

static void sum_waits(const struct run_service *s, const struct run_wait *like, __u64 *waits,
		      __u64 *ns)
{
	for (size_t i = 0; s && i < s->n_waits; i++) {
		if (run_wait_same(&s->waits[i], like)) {
			*waits += s->waits[i].waits;
			*ns += s->waits[i].ns;
		}
	}
}

struct run_wait wait_growth(const struct run_service *now, const struct run_service *before,
			    const struct run_wait *w)
{
	struct run_wait more = *w;
	__u64 waits = 0, ns = 0;

	more.waits = more.ns = 0;
	sum_waits(now, w, &more.waits, &more.ns);
	sum_waits(before, w, &waits, &ns);
	more.waits -= waits;
	more.ns -= ns;
	return more;
}

/*
 * A row may shrink: what is left over for `other` does, and a peer's name may come to be known, which
 * is then another row. So they are made to add up to their stage again.
 */
static int window_waits(struct run_service *w, const struct run_service *now,
			const struct run_service *before)
{
	w->n_waits = 0;
	w->waits = calloc(now->n_waits + NR_STAGES, sizeof(*w->waits));
	if (!w->waits)
		return -ENOMEM;
	for (size_t i = 0; i < now->n_waits; i++) {
		struct run_wait more = wait_growth(now, before, &now->waits[i]);

		if (!more.other && (__s64)more.ns > 0 && (__s64)more.waits >= 0)
			w->waits[w->n_waits++] = more;
	}
	qsort(w->waits, w->n_waits, sizeof(*w->waits), run_wait_order);
	waits_balance(w);
	return 0;
}

/* ---- histograms ---- */

/* The largest value of cells, if `all` is that of the whole run. */
static __u64 window_max(const __u64 cells[HIST_BUCKETS], __u64 all)
{
	__u64 n = hist_count(cells);
	__u32 top;

	if (!n)
		return 0;
	top = hist_bucket_at(cells, n);
	return hist_index(all) == top ? all : hist_middle(top);
}

static __u64 window_min_inv(const __u64 cells[HIST_BUCKETS], __u64 all_inv)
{
	__u32 low;

	if (!hist_count(cells))
		return 0;
	low = hist_bucket_at(cells, 1);
	return hist_index(~all_inv) == low ? all_inv : ~hist_low(low);
}

int shard_window(struct lvt_shard *w, const struct lvt_shard *now, const struct lvt_shard *before)
{
	int any, st, n;

	/* cells alone: of maxima there is no difference */
	any = cells_growth((__u64 *)w, (const __u64 *)now, (const __u64 *)before, SHARD_CELLS);
	w->latency_max = window_max(w->latency, now->latency_max);
	w->latency_min_inv = window_min_inv(w->latency, now->latency_min_inv);
	for (st = 0; st < NR_STAGES; st++)
		w->stage_max[st] = window_max(w->stage[st], now->stage_max[st]);
	for (n = 0; n < NR_NET; n++)
		w->net_max[n] = window_max(w->net[n], now->net_max[n]);
	return any;
}

/* ---- all of a service ---- */

double window_in_flight(const struct run_service *now, const struct run_service *before)
{
	__u64 had = before ? before->in_flight_samples : 0;
	double samples = (double)now->in_flight_samples - had, sum;

	if (!had)
		return now->in_flight;
	if (samples <= 0)
		return NAN;
	sum = now->in_flight * now->in_flight_samples - before->in_flight * had;
	return sum < 0 ? 0 : sum / samples;
}

int service_window(struct run_service *w, const struct run_service *now,
		   const struct run_service *before)
{
	int err = 0;

	*w = *now;
	w->slowest = NULL;
	w->outbound = NULL;
	w->waits = NULL;
	w->n_slowest = w->n_outbound = w->n_waits = 0;
	w->sum = malloc(sizeof(*w->sum));
	if (!w->sum)
		return -ENOMEM;
	if (shard_window(w->sum, now->sum, before ? before->sum : NULL) < 0)
		err = -EINVAL;
	if (before) {
		w->window_s -= before->window_s;
		w->arrivals -= before->arrivals;
		w->in_flight = window_in_flight(now, before);
		w->in_flight_samples -= before->in_flight_samples;
		w->accept_drops -= before->accept_drops;
		w->cpu_share = w->runq_share = NAN;
	}
	if (!err)
		err = window_waits(w, now, before);
	if (err)
		service_window_free(w);
	return err;
}

void service_window_free(struct run_service *w)
{
	free(w->sum);
	free(w->waits);
	*w = (struct run_service){ 0 };
}
