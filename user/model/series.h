/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_SERIES_H
#define LVT_SERIES_H

#include "model/run.h"

/*
 * A run over time: the latencies, the rate and the requests in flight of each service, and of the view of
 * each client, by columns of time. Filled while the run goes on or is read:
 *
 *	struct series *all = series_new();
 *	series_add(all, &r->services[i], r->duration_s);	after every interval, in the sum or not
 *	series_bind(all, r);					its services have their columns
 *
 * Memory is bounded whatever the run's length: when there are SERIES_COLUMNS of a service, neighbours
 * are merged two by two, so that there are 60 to 120 columns of a long run; services beyond as many as a
 * trace can have are left out.
 */
enum { SERIES_COLUMNS = 120 };

struct series_cell {
	__u32 bucket; /* of a latency histogram */
	__u64 count;
};

struct series_column {
	double start, end; /* s from the run's start */
	double seconds;	   /* of these, how long the service was traced */
	__u64 requests;
	double in_flight;	   /* mean; NAN = not known */
	struct series_cell *cells; /* by bucket, none empty */
	size_t n_cells;
};

struct series;

struct series *series_new(void); /* NULL without memory */
void series_free(
	struct series *all); /* NULL-safe; bound services must not be looked into after it */

/*
 * The sum of a service (known by its `sum`) is as at the time `at`, s from the start; what came since the
 * last call is one interval more. 0 or -ENOMEM.
 */
int series_add(struct series *all, const struct run_service *s, double at);

/*
 * The same of all of a run that goes on, which has other sums at every look: services are known by their
 * port and network namespace, clients by their order.
 */
int series_look(struct series *all, const struct run *r);

/* Its services and clients get their columns: r->services[i].series and the like, as long as `all` is. */
int series_bind(struct series *all, struct run *r);

/*
 * The same of a look at a run that goes on: what came since the last whole column is left out, and services of
 * which there are not two yet have none.
 */
void series_show(const struct series *all, struct run *r);

/* The columns of a service; *n 0 if it has none. */
const struct series_column *series_columns(const struct run_service *s, size_t *n);

/*
 * Columns as one: *sum has room for HIST_BUCKETS cells. For figures of a span of time.
 */
void series_sum(const struct series_column *c, size_t n, struct series_column *sum);

/*
 * The value of a rank among a column's requests (hist_rank()): the middle of its bucket, within the exact
 * [min, max] of the service; the last one of the service's highest bucket is its maximum. 0 if none.
 */
__u64 series_value_at(const struct series_column *c, __u64 rank, __u64 min, __u64 max);

#endif
