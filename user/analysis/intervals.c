// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/intervals.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/compare_internal.h"
#include "model/client.h"
#include "model/hist.h"

enum {
	MAX_CELLS = 128 << 10
}; /* of a service; room for 55 intervals in which no bucket is empty */

enum { MAX_VIEWS = LVT_MAX_SERVICES + RUN_MAX_CLIENTS };

struct cell {
	__u32 bucket;
	__u64 count;
};

struct service_intervals {
	const struct lvt_shard *sum;
	__u64 seen[HIST_BUCKETS]; /* what is in cells, of the latencies in sum */
	struct cell *cells;	  /* interval by interval, by bucket */
	size_t n_cells, room;
	size_t end[INTERVALS_MAX]; /* of each interval's cells */
	size_t n;
	size_t each, open; /* intervals of the run in one of these; those not in any yet */
	size_t all;	   /* intervals of the run */
};

struct intervals {
	struct service_intervals *services[MAX_VIEWS];
	size_t n;
};

struct intervals *intervals_new(void)
{
	return calloc(1, sizeof(struct intervals));
}

void intervals_free(struct intervals *all)
{
	for (size_t i = 0; all && i < all->n; i++) {
		free(all->services[i]->cells);
		free(all->services[i]);
	}
	free(all);
}

static struct service_intervals *find(struct intervals *all, const struct run_service *s)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->services[i]->sum == s->sum)
			return all->services[i];
	return NULL;
}

static struct service_intervals *find_or_new(struct intervals *all, const struct run_service *s)
{
	struct service_intervals *v = find(all, s);

	if (v || all->n == MAX_VIEWS)
		return v;
	v = calloc(1, sizeof(*v));
	if (!v)
		return NULL;
	v->sum = s->sum;
	v->each = 1;
	return all->services[all->n++] = v;
}

static struct cell *cells_of(const struct service_intervals *v, size_t i, size_t *n)
{
	size_t start = i ? v->end[i - 1] : 0;

	*n = v->end[i] - start;
	return v->cells + start;
}

/* What is in the sum and not in the intervals is one more; its cells have room. */
static void take(struct service_intervals *v)
{
	for (__u32 b = 0; b < HIST_BUCKETS; b++) {
		__u64 count = v->sum->latency[b] - v->seen[b];

		if (count)
			v->cells[v->n_cells++] = (struct cell){ b, count };
		v->seen[b] = v->sum->latency[b];
	}
	v->end[v->n++] = v->n_cells;
	v->open = 0;
}

static bool make_room(struct service_intervals *v)
{
	size_t room = v->room ? v->room : HIST_BUCKETS;
	struct cell *more;

	while (room < v->n_cells + HIST_BUCKETS)
		room *= 2;
	if (room == v->room)
		return true;
	more = realloc(v->cells, room * sizeof(*more));
	if (!more)
		return false;
	v->cells = more;
	v->room = room;
	return true;
}

/* An odd one out is not taken yet. */
static void untake_last(struct service_intervals *v)
{
	size_t n;
	struct cell *cells = cells_of(v, v->n - 1, &n);

	for (size_t k = 0; k < n; k++)
		v->seen[cells[k].bucket] -= cells[k].count;
	v->n_cells -= n;
	v->open = v->each;
	v->n--;
}

static void merge(struct service_intervals *v)
{
	size_t to = 0, n;

	if (v->n % 2)
		untake_last(v);
	for (size_t i = 0; i < v->n; i += 2) {
		__u64 both[HIST_BUCKETS] = { 0 };

		for (size_t k = i; k < i + 2; k++) {
			struct cell *cells = cells_of(v, k, &n);

			for (size_t c = 0; c < n; c++)
				both[cells[c].bucket] += cells[c].count;
		}
		/* these are no more than the two were, so the next ones stay as they are */
		for (__u32 b = 0; b < HIST_BUCKETS; b++)
			if (both[b])
				v->cells[to++] = (struct cell){ b, both[b] };
		v->end[i] = to;
	}
	for (size_t i = 0; i < v->n; i += 2)
		v->end[i / 2] = v->end[i];
	v->n /= 2;
	v->n_cells = to;
	v->each *= 2;
}

int intervals_add(void *arg, const struct run_service *s)
{
	struct service_intervals *v = find_or_new(arg, s);

	if (!v)
		return -ENOMEM;
	v->all++;
	if (++v->open < v->each)
		return 0;
	if (!make_room(v))
		return -ENOMEM;
	take(v);
	while (v->n == INTERVALS_MAX || v->n_cells > MAX_CELLS)
		merge(v);
	return 0;
}

/* ---- what they are worth */

/* The last bucket under the edge that is nearest to a quantile and has requests on both sides. */
static bool edge_near(const __u64 cells[HIST_BUCKETS], __u32 millionths, __u32 *last, double *share)
{
	__u64 n = hist_count(cells), below = 0, with;
	__u64 rank = hist_rank(n, millionths);
	__u32 b;

	if (!n)
		return false;
	*last = hist_bucket_at(cells, rank);
	for (b = 0; b < *last; b++)
		below += cells[b];
	with = below + cells[*last];
	if (below && (with == n || rank - below < with - rank))
		(*last)--;
	else
		below = with;
	*share = (double)below / n;
	return below < n;
}

static double service_worth(const struct service_intervals *v, double *count, double *above,
			    __u32 millionths)
{
	double share;
	__u32 last;

	if (!edge_near(v->seen, millionths, &last, &share))
		return NAN;
	millionths = fmin(fmax(round(share * Q_MAX), 1), Q_MAX - 1);
	for (size_t i = 0; i < v->n; i++) {
		size_t n;
		const struct cell *cells = cells_of(v, i, &n);

		count[i] = above[i] = 0;
		for (size_t c = 0; c < n; c++) {
			count[i] += cells[c].count;
			above[i] += cells[c].bucket > last ? cells[c].count : 0;
		}
	}
	return effective_requests(count, above, v->n, millionths);
}

double intervals_worth(struct intervals *all, const struct run_service *s, __u32 millionths)
{
	struct service_intervals *v = find(all, s);
	double count[INTERVALS_MAX], above[INTERVALS_MAX];

	if (!v || (v->open && !make_room(v)))
		return NAN;
	if (v->open)
		take(v);
	return service_worth(v, count, above, millionths);
}

bool quantile_between(const __u64 cells[HIST_BUCKETS], double worth, __u32 millionths, double level,
		      double *low, double *high)
{
	__u64 n = hist_count(cells);
	struct ranks r;

	if (!(worth >= 1) || !n)
		return false;
	worth = fmin(floor(worth), n);
	if (quantile_ranks(worth, millionths, level, &r))
		return false;
	*low = r.low ? hist_low(hist_bucket_at(cells, fmax(1, floor(r.low * (n / worth))))) : 0;
	*high = INFINITY;
	if (r.high <= worth) {
		__u32 b = hist_bucket_at(cells, fmin(n, ceil(r.high * (n / worth))));

		*high = hist_low(b) + hist_width(b) - 1;
	}
	return true;
}

int intervals_effective(struct intervals *all, const struct run *r,
			double (*effective)[COMPARE_QUANTILES])
{
	size_t most = 0;

	for (size_t i = 0; i < r->n_services + r->n_clients; i++) {
		const struct run_service *s =
			i < r->n_services ? &r->services[i] : &r->clients[i - r->n_services].view;
		struct service_intervals *v = find(all, s);
		double count[INTERVALS_MAX], above[INTERVALS_MAX];

		for (int m = 0; m < COMPARE_QUANTILES; m++)
			effective[i][m] = NAN;
		if (!v)
			continue;
		if (v->open && !make_room(v))
			return -ENOMEM;
		if (v->open)
			take(v);
		for (int m = 0; m < COMPARE_QUANTILES; m++)
			effective[i][m] = service_worth(v, count, above, compare_millionths(m));
		most = v->all > most ? v->all : most;
	}
	return most;
}
