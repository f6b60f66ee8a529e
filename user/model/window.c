// SPDX-License-Identifier: BSD-2-Clause
#include "model/window.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/hist.h"
#include "model/past.h"
#include "model/waits.h"

int cells_growth(__u64 *out, const __u64 *now, const __u64 *before, size_t n)
{
	enum { BLOCK = 64 };
	__u64 any = 0, less = 0;

	for (size_t from = 0; from < n; from += BLOCK) {
		size_t end = from + BLOCK < n ? from + BLOCK : n, i;
		__u64 had = 0;

		for (i = from; before && i < end; i++)
			had |= before[i];
		if (!had && out != now)
			memcpy(out + from, now + from, (end - from) * sizeof(*out));
		for (i = from; !had && i < end; i++)
			any |= now[i];
		for (i = from; had && i < end; i++) {
			__u64 is_less = now[i] < before[i];

			less |= is_less;
			out[i] = is_less ? 0 : now[i] - before[i];
			any |= out[i];
		}
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

typedef bool (*same_wait)(const struct run_wait *a, const struct run_wait *b);

/* But for names that are looked up: one may come to be known, or no longer be, of who has ended. */
static bool same_but_for_names(const struct run_wait *a, const struct run_wait *b)
{
	return a->stage == b->stage && a->other == b->other && a->pid == b->pid &&
	       run_peer_same(&a->peer, &b->peer) && !strcmp(a->who, b->who) &&
	       !strcmp(a->syscall, b->syscall);
}

static void sum_waits(const struct run_service *s, const struct run_wait *like, same_wait same,
		      __u64 *waits, __u64 *ns)
{
	for (size_t i = 0; s && i < s->n_waits; i++) {
		if (same(&s->waits[i], like)) {
			*waits += s->waits[i].waits;
			*ns += s->waits[i].ns;
		}
	}
}

static struct run_wait growth(const struct run_service *now, const struct run_service *before,
			      const struct run_wait *w, same_wait same)
{
	struct run_wait more = *w;
	__u64 waits = 0, ns = 0;

	more.waits = more.ns = 0;
	sum_waits(now, w, same, &more.waits, &more.ns);
	sum_waits(before, w, same, &waits, &ns);
	more.waits -= waits;
	more.ns -= ns;
	return more;
}

struct run_wait wait_growth(const struct run_service *now, const struct run_service *before,
			    const struct run_wait *w)
{
	return growth(now, before, w, run_wait_same);
}

static bool is_first(const struct run_service *s, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (same_but_for_names(&s->waits[i], &s->waits[at]))
			return false;
	return true;
}

/* What is left over for `other` may shrink, so rows are made to add up to their stage again. */
static int window_waits(struct run_service *w, const struct run_service *now,
			const struct run_service *before)
{
	w->n_waits = 0;
	w->waits = calloc(now->n_waits + NR_STAGES, sizeof(*w->waits));
	if (!w->waits)
		return -ENOMEM;
	for (size_t i = 0; i < now->n_waits; i++) {
		struct run_wait more = growth(now, before, &now->waits[i], same_but_for_names);

		if (!more.other && (__s64)more.ns > 0 && (__s64)more.waits >= 0 && is_first(now, i))
			w->waits[w->n_waits++] = more;
	}
	qsort(w->waits, w->n_waits, sizeof(*w->waits), run_wait_order);
	waits_balance(w);
	return 0;
}

/* ---- histograms ---- */

__u64 window_max(const __u64 cells[HIST_BUCKETS], __u64 all)
{
	__u64 n = hist_count(cells);
	__u32 top;

	if (!n)
		return 0;
	top = hist_bucket_at(cells, n);
	return all && hist_index(all) <= top ? all : hist_low(top) + hist_width(top) - 1;
}

__u64 window_min_inv(const __u64 cells[HIST_BUCKETS], __u64 all_inv)
{
	__u32 low;

	if (!hist_count(cells))
		return 0;
	low = hist_bucket_at(cells, 1);
	return all_inv && hist_index(~all_inv) >= low ? all_inv : ~hist_low(low);
}

/* A number of two words, which are not to be subtracted one by one. */
static unsigned __int128 square_of(const struct lvt_shard *s)
{
	return (unsigned __int128)s->occupied_square_hi << 64 | s->occupied_square;
}

enum {
	SHARD_CELLS = sizeof(struct lvt_shard) / sizeof(__u64),
	SQUARE = offsetof(struct lvt_shard, occupied_square) / sizeof(__u64),
	AFTER_SQUARE = offsetof(struct lvt_shard, occupied_unknown) / sizeof(__u64),
};

_Static_assert(sizeof(struct lvt_shard) % sizeof(__u64) == 0 && AFTER_SQUARE == SQUARE + 2,
	       "a shard is an array of numbers");

/* All that is a difference: -1, 0 or 1 as cells_growth(). */
static int counts_window(struct lvt_shard *w, const struct lvt_shard *now,
			 const struct lvt_shard *before)
{
	const __u64 *had = (const __u64 *)before, *cells = (const __u64 *)now;
	unsigned __int128 square = square_of(now), less = before ? square_of(before) : 0;
	int any = cells_growth((__u64 *)w, cells, had, SQUARE);
	int rest = cells_growth((__u64 *)w + AFTER_SQUARE, cells + AFTER_SQUARE,
				had ? had + AFTER_SQUARE : NULL, SHARD_CELLS - AFTER_SQUARE);

	/* its words are read one after the other, too */
	square = square > less ? square - less : 0;
	w->occupied_square = square;
	w->occupied_square_hi = square >> 64;
	return any < 0 || rest < 0 ? -1 : any | rest;
}

int shard_window(struct lvt_shard *w, const struct lvt_shard *now, const struct lvt_shard *before)
{
	__u64 max = now->latency_max, min_inv = now->latency_min_inv;
	__u64 connections = now->connections, stage_max[NR_STAGES], net_max[NR_NET];
	int any, st, n;

	memcpy(stage_max, now->stage_max, sizeof(stage_max));
	memcpy(net_max, now->net_max, sizeof(net_max));
	any = counts_window(w, now, before);
	w->latency_max = window_max(w->latency, max);
	w->latency_min_inv = window_min_inv(w->latency, min_inv);
	for (st = 0; st < NR_STAGES; st++)
		w->stage_max[st] = window_max(w->stage[st], stage_max[st]);
	for (n = 0; n < NR_NET; n++)
		w->net_max[n] = window_max(w->net[n], net_max[n]);
	w->connections = connections;
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

/* *w is a copy of now but for its sum, which may be the same. 1 if a count has gone down, or -ENOMEM. */
static int fill_window(struct run_service *w, const struct run_service *now,
		       const struct run_service *before)
{
	int less = shard_window(w->sum, now->sum, before ? before->sum : NULL) < 0;

	w->series = NULL; /* is of all the run */
	if (before) {
		w->window_s = fmax(now->window_s - before->window_s, 0);
		cells_growth(&w->arrivals, &now->arrivals, &before->arrivals, 1);
		cells_growth(&w->accept_drops, &now->accept_drops, &before->accept_drops, 1);
		cells_growth(&w->occupancies, &now->occupancies, &before->occupancies, 1);
		w->in_flight = window_in_flight(now, before);
		cells_growth(&w->in_flight_samples, &now->in_flight_samples,
			     &before->in_flight_samples, 1);
		w->cpu_share = w->runq_share = NAN;
	}
	return window_waits(w, now, before) ? -ENOMEM : less;
}

int service_window(struct run_service *w, const struct run_service *now,
		   const struct run_service *before)
{
	int err;

	*w = *now;
	w->slowest = NULL;
	w->outbound = NULL;
	w->waits = NULL;
	w->n_slowest = w->n_outbound = w->n_waits = 0;
	w->sum = malloc(sizeof(*w->sum));
	if (!w->sum)
		return -ENOMEM;
	err = fill_window(w, now, before);
	if (err)
		service_window_free(w);
	return err > 0 ? -EINVAL : err;
}

void service_window_free(struct run_service *w)
{
	free(w->sum);
	free(w->waits);
	*w = (struct run_service){ 0 };
}

void service_slowest_from(struct run_service *s, double from_s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_slowest; i++)
		if (s->slowest[i].at_s + s->slowest[i].latency / 1e9 >= from_s)
			s->slowest[n++] = s->slowest[i];
	s->n_slowest = n;
}

/* ---- all of a run ---- */

static int service_in_place(struct run_service *s, const struct past *p,
			    const struct run_service *before)
{
	struct run_service now = *s, was = *before;
	int err;

	was.sum = past_sum(p, before - p->run.services);
	if (!was.sum)
		return -ENOMEM;
	err = fill_window(s, &now, &was);
	free(was.sum);
	free(now.waits);
	return err < 0 ? err : 0;
}

static void start_later(struct run *r, double by)
{
	double at = run_time(r->started);
	time_t seconds = at + by;
	struct tm tm;

	if (isnan(at) || !gmtime_r(&seconds, &tm))
		return;
	strftime(r->started, sizeof(r->started), "%Y-%m-%dT%H:%M:%SZ", &tm);
}

int run_window(struct run *r, const struct past *p)
{
	const struct run *was = &p->run;

	for (size_t i = 0; i < r->n_services; i++) {
		struct run_service *s = &r->services[i];
		const struct run_service *before = run_find(was, s->netns, s->port);

		if (before && service_in_place(s, p, before))
			return -ENOMEM;
		service_slowest_from(s, was->duration_s);
		for (size_t k = 0; k < s->n_slowest; k++)
			s->slowest[k].at_s = fmax(s->slowest[k].at_s - was->duration_s, 0);
	}
	if (r->n_services)
		qsort(r->services, r->n_services, sizeof(*r->services), run_service_order);
	cells_growth(r->counters, r->counters, was->counters, NR_COUNTERS);
	r->counters[COUNTER_OPEN_AT_START] += p->connections;
	r->loader_cpu_s = fmax(r->loader_cpu_s - was->loader_cpu_s, 0);
	start_later(r, was->duration_s);
	r->duration_s = fmax(r->duration_s - was->duration_s, 0);
	return 0;
}
