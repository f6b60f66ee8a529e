/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_RUN_READ_H
#define LVT_RUN_READ_H

#include <stdio.h>

#include "base/err.h"
#include "model/run.h"

enum { RUN_WARNING_LEN = 400 };

/*
 * Read a run file (store/records.h has its format) into *r, which must be zeroed and is to be freed
 * with run_free(), also on failure; its intervals are added up. Memory is bounded whatever the file
 * holds. `warning` is "" or says in one sentence what the reader of a report must know:
 *
 * - an interrupted run has no end: it is read up to its last whole interval;
 * - a log of another HdrHistogram tool has no stages: each tag is a service of port 0 that is
 *   called like it ("untagged" without one), values are taken for ns, and all time is
 *   STAGE_UNATTRIBUTED, with the mean and the anatomy from the middles of buckets.
 *
 * Returns 0, or -errno with *e filled: "FILE:LINE: reason" of what is damaged, which includes a
 * line that is cut in the middle.
 */
int run_read(const char *path, struct run *r, char warning[RUN_WARNING_LEN], struct err *e);

/* The same of a stream; `name` is for messages. */
int run_read_stream(FILE *in, const char *name, struct run *r, char warning[RUN_WARNING_LEN],
		    struct err *e);

/*
 * What wants to see the intervals that are added up: interval() is called whenever one more of a
 * service is in its sum (one without requests, too), or of the view of a client, and of a log of another
 * tool, one more of a tag. Services may change their places until the run is read, but not their `sum`. It returns 0,
 * or -errno, which ends the reading.
 */
struct run_watch {
	int (*interval)(void *arg, const struct run_service *s);
	void *arg;
	/*
	 * What is not in the sums, but as it is so far (the run's duration, a service's window, its requests
	 * in flight), is as of the interval, too: it takes longer to read.
	 */
	bool states;
};

int run_read_watched(const char *path, struct run *r, const struct run_watch *watch,
		     char warning[RUN_WARNING_LEN], struct err *e);

#endif
