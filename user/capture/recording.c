/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture/recording.h"
#include <malloc.h>
#include <time.h>
#include "capture/snapshot.h"

double recording_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

int recording_open(struct recording *r, const struct filter *f, const struct tracer_options *o,
		   struct err *e)
{
	/*
	 * The numbers of a service are 0.6 MB, mostly zeros: they take little memory as pages of their own,
	 * but glibc would come to take them from its heap, all of it written.
	 */
	mallopt(M_MMAP_THRESHOLD, 256 << 10);
	return tracer_open(&r->tracer, f, o, e);
}

int recording_start(struct recording *r, struct err *e)
{
	int err = tracer_start(r->tracer, e);

	r->start = recording_now();
	r->next_tick = r->start + TRACER_TICK_MS / 1e3;
	r->next_interval = r->start + r->interval;
	return err;
}

double recording_due(const struct recording *r)
{
	bool intervals = r->file || r->look;

	return intervals && r->next_interval < r->next_tick ? r->next_interval : r->next_tick;
}

/* All that has been counted, by the kernel and by the loads. */
static int take(const struct recording *r, struct run *run, struct err *e)
{
	int err = snapshot_take(r->tracer, run, e);

	clients_receive(r->clients);
	return err ? err : clients_into(r->clients, run, e);
}

/* What has come since the last interval, into the file. */
static void end_interval(struct recording *r)
{
	bool write = r->file && !r->file_err.code;
	struct run run = {};
	int err;

	if (!write && !r->look)
		return;
	tracer_give_way(true);
	err = take(r, &run, &r->file_err);
	if (!err && r->look)
		r->look(r->arg, &run);
	if (!err && write)
		run_file_interval(r->file, &run, &r->file_err);
	run_free(&run);
	tracer_give_way(false);
}

int recording_work(struct recording *r, double now, struct err *e)
{
	int wait_ms, err;

	if (now >= r->next_tick) {
		err = tracer_tick(r->tracer, &wait_ms, e);
		if (err)
			return err;
		clients_receive(r->clients);
		r->next_tick = recording_now() + wait_ms / 1e3;
	}
	if (now >= r->next_interval) {
		end_interval(r);
		r->next_interval += r->interval;
		if (r->next_interval < now)
			r->next_interval = now; /* it cannot keep up */
	}
	return 0;
}

int recording_stop(struct recording *r, struct err *e)
{
	return tracer_stop(r->tracer, e);
}

int recording_take(struct recording *r, struct run *run, struct err *e)
{
	int err = take(r, run, e);

	if (!err && r->look)
		r->look(r->arg, run);
	if (!err && r->file && !r->file_err.code)
		run_file_finish(r->file, run, &r->file_err);
	return err;
}

void recording_close(struct recording *r)
{
	tracer_free(r->tracer);
	r->tracer = NULL;
}
