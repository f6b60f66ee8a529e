/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_RECORDING_H
#define LVT_RECORDING_H

#include "capture/clients.h"
#include "capture/loader.h"
#include "store/run_write.h"

/*
 * A trace that becomes a run, and the file that it may be written to: all that is to be done meanwhile,
 * for a caller who waits for events of its own.
 *
 *	recording_open(&r, &filter, &options, e);
 *	recording_start(&r, e);			the window begins
 *	recording_work(&r, now, e);		whenever now >= recording_due(&r)
 *	recording_stop(&r, e);			the window ends
 *	recording_take(&r, &run, e);		the run, and the end of the file
 *	recording_close(&r);
 */
struct recording {
	double interval; /* s between two intervals of the file, or two looks; by the caller */
	struct run_file *file;	 /* NULL = none; the caller's */
	struct clients *clients; /* loads whose views go into the run; NULL = none; the caller's */
	/*
	 * What has been counted since the start, before it goes to the file; NULL = nobody looks. Without a
	 * file it may be taken, and left zeroed.
	 */
	void (*look)(void *arg, struct run *r);
	void *arg;

	struct tracer *tracer;
	struct err file_err; /* why the file, or a look, is not complete: the trace goes on */
	double start, next_tick, next_interval; /* on recording_now()'s clock */
};

double recording_now(void); /* s, monotonic */

int recording_open(struct recording *r, const struct filter *f, const struct tracer_options *o,
		   struct err *e);
int recording_start(struct recording *r, struct err *e);

/* When recording_work() has to be called next. */
double recording_due(const struct recording *r);
int recording_work(struct recording *r, double now, struct err *e);

int recording_stop(struct recording *r, struct err *e);

/* *run as of snapshot_take(). A file that could not be written is no failure: see file_err. */
int recording_take(struct recording *r, struct run *run, struct err *e);

void recording_close(struct recording *r);

#endif
