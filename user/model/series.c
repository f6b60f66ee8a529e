// SPDX-License-Identifier: BSD-2-Clause
#include "model/series.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/client.h"
#include "model/hist.h"

enum { MAX_VIEWS = LVT_MAX_SERVICES + RUN_MAX_CLIENTS };

/* What a service has come to: columns are differences of two of these. */
struct state {
	double at, window_s, in_flight_sum, weight;
};

struct series_view {
	const struct lvt_shard *sum; /* of the last look */
	size_t client;		     /* 1 + its index; 0 = a service */
	__u32 netns;
	__u16 port;
	__u64 seen[HIST_BUCKETS]; /* what is in the columns */
	struct state last;	  /* at the end of the last column */
	struct state now;	  /* at the end of the last interval */
	struct series_column column[SERIES_COLUMNS];
	double weight[SERIES_COLUMNS]; /* of a column's in_flight */
	size_t n;
	size_t each, open; /* intervals in a column; those that are in none yet */
};

struct series {
	struct series_view *view[MAX_VIEWS];
	size_t n;
};

struct series *series_new(void)
{
	return calloc(1, sizeof(struct series));
}

void series_free(struct series *all)
{
	for (size_t i = 0; all && i < all->n; i++) {
		for (size_t k = 0; k < all->view[i]->n; k++)
			free(all->view[i]->column[k].cells);
		free(all->view[i]);
	}
	free(all);
}

/* ---- columns ---- */

/* Lists of cells, added up into room for all of them. Returns how many there are. */
static size_t add_cells(struct series_cell *to, const struct series_column *a,
			const struct series_column *b)
{
	size_t n = 0, i = 0, k = 0;

	while (i < a->n_cells || k < b->n_cells) {
		bool left = k == b->n_cells ||
			    (i < a->n_cells && a->cells[i].bucket <= b->cells[k].bucket);
		const struct series_cell *c = left ? &a->cells[i++] : &b->cells[k++];

		if (n && to[n - 1].bucket == c->bucket)
			to[n - 1].count += c->count;
		else
			to[n++] = *c;
	}
	return n;
}

/* The mean of two means; what is not known has no weight. */
static double mean_of(double a, double a_weight, double b, double b_weight)
{
	if (!(a_weight > 0) || isnan(a))
		return b;
	if (!(b_weight > 0) || isnan(b))
		return a;
	return (a * a_weight + b * b_weight) / (a_weight + b_weight);
}

/* A column and the one after it become one, at `to`, which may be the first of them. */
static int join(struct series_view *v, size_t to, size_t first)
{
	struct series_column *a = &v->column[first], *b = &v->column[first + 1], both = *a;

	both.cells = malloc((a->n_cells + b->n_cells + 1) * sizeof(*both.cells));
	if (!both.cells)
		return -ENOMEM;
	both.n_cells = add_cells(both.cells, a, b);
	both.end = b->end;
	both.seconds += b->seconds;
	both.requests += b->requests;
	both.in_flight =
		mean_of(a->in_flight, v->weight[first], b->in_flight, v->weight[first + 1]);
	free(a->cells);
	free(b->cells);
	a->cells = b->cells = NULL;
	a->n_cells = b->n_cells = 0;
	v->weight[to] = v->weight[first] + v->weight[first + 1];
	v->column[to] = both;
	return 0;
}

static int halve(struct series_view *v)
{
	int err = 0;

	for (size_t i = 0; i + 1 < v->n && !err; i += 2)
		err = join(v, i / 2, i);
	if (err)
		return err;
	v->n /= 2;
	v->each *= 2;
	return 0;
}

/* What is in the sum and not in the columns is one more. */
static int take(struct series_view *v)
{
	struct series_column *c = &v->column[v->n];
	const __u64 *now = v->sum->latency;
	size_t n = 0;

	for (__u32 b = 0; b < HIST_BUCKETS; b++)
		n += now[b] != v->seen[b];
	*c = (struct series_column){ .start = v->last.at,
				     .end = v->now.at,
				     .seconds = v->now.window_s - v->last.window_s,
				     .in_flight = NAN };
	c->cells = malloc((n + 1) * sizeof(*c->cells));
	if (!c->cells)
		return -ENOMEM;
	for (__u32 b = 0; b < HIST_BUCKETS; b++) {
		if (now[b] == v->seen[b])
			continue;
		c->cells[c->n_cells++] = (struct series_cell){ b, now[b] - v->seen[b] };
		c->requests += now[b] - v->seen[b];
		v->seen[b] = now[b];
	}
	v->weight[v->n] = v->now.weight - v->last.weight;
	if (v->weight[v->n] > 0)
		c->in_flight =
			fmax(0, (v->now.in_flight_sum - v->last.in_flight_sum) / v->weight[v->n]);
	v->last = v->now;
	v->n++;
	v->open = 0;
	return 0;
}

/* ---- views ---- */

static struct series_view *new_view(struct series *all, const struct run_service *s, size_t client)
{
	struct series_view *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->client = client;
	v->netns = s->netns;
	v->port = s->port;
	v->each = 1;
	v->last.at = NAN;
	return all->view[all->n++] = v;
}

/* Samples are the weight of a service's mean in flight; a client's is of all of its time. */
static struct state state_of(const struct run_service *s, double at)
{
	struct state now = { .at = at, .window_s = s->window_s };

	if (isnan(s->in_flight))
		return now;
	now.weight = s->in_flight_samples ? s->in_flight_samples : s->window_s;
	now.in_flight_sum = s->in_flight * now.weight;
	return now;
}

static int add(struct series_view *v, const struct run_service *s, double at)
{
	v->sum = s->sum;
	if (!(s->window_s > v->now.window_s) || !(at > v->now.at))
		return 0; /* nothing new is known of it: a client that has not told more */
	v->now = state_of(s, at);
	if (isnan(v->last.at))
		v->last.at = fmax(0, at - s->window_s);
	if (++v->open < v->each)
		return 0;
	if (take(v))
		return -ENOMEM;
	return v->n == SERIES_COLUMNS ? halve(v) : 0;
}

static struct series_view *by_sum(const struct series *all, const struct run_service *s)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->view[i]->sum == s->sum)
			return all->view[i];
	return NULL;
}

int series_add(struct series *all, const struct run_service *s, double at)
{
	struct series_view *v = by_sum(all, s);

	if (!v && all->n == MAX_VIEWS)
		return 0;
	if (!v)
		v = new_view(all, s, 0);
	return v ? add(v, s, at) : -ENOMEM;
}

static struct series_view *by_name(const struct series *all, const struct run_service *s,
				   size_t client)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->view[i]->client == client && all->view[i]->netns == s->netns &&
		    all->view[i]->port == s->port)
			return all->view[i];
	return NULL;
}

static int look_at(struct series *all, const struct run_service *s, size_t client, double at)
{
	struct series_view *v = by_name(all, s, client);

	if (!v && all->n == MAX_VIEWS)
		return 0;
	if (!v)
		v = new_view(all, s, client);
	return v ? add(v, s, at) : -ENOMEM;
}

int series_look(struct series *all, const struct run *r)
{
	int err = 0;

	for (size_t i = 0; i < r->n_services && !err; i++)
		err = look_at(all, &r->services[i], 0, r->duration_s);
	for (size_t i = 0; i < r->n_clients && !err; i++)
		err = look_at(all, &r->clients[i].view, i + 1, r->duration_s);
	return err;
}

/*
 * What is in no column yet is one of its own, or a part of the one before if it is less than half as
 * long: its rate would rest on too little.
 */
static int finish(struct series_view *v)
{
	const struct series_column *last;
	int err = 0;

	if (v->open || memcmp(v->seen, v->sum->latency, sizeof(v->seen)))
		err = take(v);
	last = &v->column[v->n - 1];
	if (!err && v->n > 1 && !(last->seconds > last[-1].seconds / 2)) {
		err = join(v, v->n - 2, v->n - 2);
		v->n -= !err;
	}
	if (!err && v->n == SERIES_COLUMNS)
		err = halve(v);
	return err;
}

static int bind(struct series *all, struct run_service *s)
{
	struct series_view *v = by_sum(all, s);

	s->series = v;
	return v && !isnan(v->last.at) ? finish(v) : 0;
}

int series_bind(struct series *all, struct run *r)
{
	int err = 0;

	for (size_t i = 0; i < r->n_services && !err; i++)
		err = bind(all, &r->services[i]);
	for (size_t i = 0; i < r->n_clients && !err; i++)
		err = bind(all, &r->clients[i].view);
	return err;
}

static void show(const struct series *all, struct run_service *s, size_t client)
{
	const struct series_view *v = by_name(all, s, client);

	s->series = v && v->n > 1 ? v : NULL;
}

void series_show(const struct series *all, struct run *r)
{
	for (size_t i = 0; i < r->n_services; i++)
		show(all, &r->services[i], 0);
	for (size_t i = 0; i < r->n_clients; i++)
		show(all, &r->clients[i].view, i + 1);
}

/* ---- reading them ---- */

const struct series_column *series_columns(const struct run_service *s, size_t *n)
{
	*n = s->series ? s->series->n : 0;
	return *n ? s->series->column : NULL;
}

void series_sum(const struct series_column *c, size_t n, struct series_column *sum)
{
	__u64 cells[HIST_BUCKETS] = { 0 };
	double in_flight = 0, known = 0;
	struct series_cell *to = sum->cells;

	*sum = (struct series_column){ .start = c->start, .end = c[n - 1].end, .cells = to };
	for (size_t i = 0; i < n; i++) {
		sum->seconds += c[i].seconds;
		sum->requests += c[i].requests;
		for (size_t k = 0; k < c[i].n_cells; k++)
			cells[c[i].cells[k].bucket] += c[i].cells[k].count;
		if (isnan(c[i].in_flight))
			continue;
		in_flight += c[i].in_flight * c[i].seconds;
		known += c[i].seconds;
	}
	sum->in_flight = known > 0 ? in_flight / known : NAN;
	for (__u32 b = 0; b < HIST_BUCKETS; b++)
		if (cells[b])
			to[sum->n_cells++] = (struct series_cell){ b, cells[b] };
}

__u64 series_value_at(const struct series_column *c, __u64 rank, __u64 min, __u64 max)
{
	__u32 bucket = 0;
	__u64 seen = 0;

	for (size_t i = 0; i < c->n_cells && seen < rank; i++) {
		seen += c->cells[i].count;
		bucket = c->cells[i].bucket;
	}
	if (!seen)
		return 0;
	return seen == rank && bucket == hist_index(max) ? max :
							   hist_bucket_value(bucket, min, max);
}
