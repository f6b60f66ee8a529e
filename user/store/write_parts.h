/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_WRITE_PARTS_H
#define LVT_WRITE_PARTS_H

#include <stdio.h>

#include "base/err.h"
#include "store/hdr.h"
#include "store/records.h"

/* Where the lines of an interval go, for run_write.c and write_parts.c. */
struct interval_out {
	FILE *text; /* in memory */
	struct hdr *hdr;
	__u64 *cells;	     /* HIST_BUCKETS, for differences */
	double from, length; /* of the interval, s from the run's start */
	int id;		     /* of the service or client at hand */
	const char *prefix;  /* of its tags */
	bool failed;	     /* no memory */
};

enum { CLIENT_PREFIX_LEN = 24 };

/* The clients of a file, by id. */
struct known_clients {
	struct {
		json_t *is;	   /* what it is declared as; owned */
		unsigned interval; /* in which it was written last */
		size_t at;	   /* its place in the run then */
	} of[RUN_MAX_CLIENTS];
	size_t n;
};

/* {"what": o} in one line; takes o, which may be NULL. To be freed; NULL without memory. */
char *record_text(const char *what, json_t *o);

/* The same as a line of its own. */
void put_record(struct interval_out *to, const char *what, json_t *o);

/*
 * The lines of a service: what it has more than `last`, which is NULL for a new one. Returns 0, or
 * -1 if a cell has less.
 */
int put_service(struct interval_out *to, const struct run_service *s,
		const struct run_service *last);

/* Parts of that: one histogram, if it has more or `always`; the anatomy of `what` ("service"). */
int put_histogram(struct interval_out *to, const char *name, const __u64 *now, const __u64 *before,
		  bool always);
int put_anatomy(struct interval_out *to, const char *what, const struct run_service *s,
		const struct run_service *last);

/*
 * write_client.c: the lines of the clients of a run, in this interval (1, 2, ...), and their states;
 * `last` is the run as of the interval before. Returns 0 or -errno with *e filled.
 */
int put_clients(struct interval_out *to, struct known_clients *known, const struct run *r,
		const struct run *last, unsigned interval, json_t *states, struct err *e);
void known_clients_free(struct known_clients *known);

#endif
