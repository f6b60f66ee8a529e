/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_WRITE_PARTS_H
#define LVT_WRITE_PARTS_H

#include <stdio.h>

#include "store/hdr.h"
#include "store/records.h"

/* Where the lines of an interval go, for run_write.c and write_parts.c. */
struct interval_out {
	FILE *text; /* in memory */
	struct hdr *hdr;
	__u64 *cells;	     /* HIST_BUCKETS, for differences */
	double from, length; /* of the interval, s from the run's start */
	int id;		     /* of the service at hand */
	const char *prefix;  /* of its tags */
	bool failed;	     /* no memory */
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

#endif
