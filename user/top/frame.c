// SPDX-License-Identifier: BSD-2-Clause
#include "top/frame.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/window.h"
#include "report/text_service.h"
#include "report/why.h"

/* Below this a rate says nothing: the look at the start. */
#define LEAST_WINDOW_S 0.001

struct look {
	struct run run;
	int uses;
};

static struct look *look_use(struct look *l)
{
	if (l)
		l->uses++;
	return l;
}

static void look_drop(struct look *l)
{
	if (!l || --l->uses)
		return;
	run_free(&l->run);
	free(l);
}

const struct run *frame_run(const struct frame *f)
{
	return f->now ? &f->now->run : NULL;
}

const struct run_service *frame_service(const struct frame *f, __u32 netns, __u16 port)
{
	return f->now ? run_find(&f->now->run, netns, port) : NULL;
}

int frame_window(const struct frame *f, __u32 netns, __u16 port, struct run_service *w)
{
	const struct run_service *s = frame_service(f, netns, port);

	if (!s)
		return -ENOENT;
	return service_window(w, s, f->before ? run_find(&f->before->run, netns, port) : NULL);
}

__u64 frame_gaps(const struct run *r)
{
	__u64 gaps = 0;

	for (int c = 0; c < NR_COUNTERS; c++)
		if (counter_kind(c) == COUNTER_KIND_GAP)
			gaps += r->counters[c];
	return gaps;
}

/* ---- rows ---- */

static struct row *find_row(struct frame *f, const struct run_service *s)
{
	for (int i = 0; i < f->n; i++)
		if (f->row[i].netns == s->netns && f->row[i].port == s->port)
			return &f->row[i];
	return NULL;
}

/* A service's row; one that was not there is new. NULL: there are too many. */
static struct row *row_of(struct frame *f, const struct run_service *s, double now_s)
{
	struct row *r = find_row(f, s);

	if (r || f->n == LVT_MAX_SERVICES)
		return r;
	r = &f->row[f->n++];
	*r = (struct row){ .netns = s->netns,
			   .port = s->port,
			   .foreign = s->foreign_netns,
			   .came_at = f->before ? now_s : -CAME_S };
	return r;
}

static void keep_sample(struct row *r)
{
	if (r->n_track == TRACK_LEN)
		memmove(&r->track[0], &r->track[1], (TRACK_LEN - 1) * sizeof(r->track[0]));
	else
		r->n_track++;
	r->track[r->n_track - 1] = (struct sample){ .rps = r->rps, .p99 = r->p99 };
}

static double runq_share(const struct run_service *s)
{
	double sum[NR_STAGES], all = 0, runq = 0;

	service_stage_sums(s, sum);
	for (int st = 0; st < NR_STAGES; st++) {
		all += sum[st];
		if (stage_is_runq(st))
			runq += sum[st];
	}
	return all > 0 ? runq / all : NAN;
}

/* The figures of a window; `w` has its histograms. */
static void fill_figures(struct row *r, const struct run_service *w)
{
	struct dist d;

	service_latency(w, &d);
	r->rps = w->window_s >= LEAST_WINDOW_S ? d.count / w->window_s : NAN;
	if (!d.count)
		return;
	r->p50 = d.p50;
	r->p99 = d.p99;
	r->queue = service_queue_share(w);
	r->runq = runq_share(w);
}

static int fill_row(struct row *r, const struct run_service *s, const struct run_service *before,
		    struct lvt_shard *scratch)
{
	struct run_service w = *s;

	memcpy(r->comm, s->comm, sizeof(r->comm));
	r->pid = s->n_pids ? s->pids[0] : 0;
	r->n_pids = s->n_pids;
	r->requests = service_requests(s);
	r->p50 = r->p99 = r->queue = r->runq = r->rps = r->in_flight = NAN;
	if (before)
		w.window_s -= before->window_s;
	w.sum = scratch;
	if (before && r->requests == service_requests(before)) {
		/* most services of a host idle: nothing to look for */
		r->rps = w.window_s >= LEAST_WINDOW_S ? 0 : NAN;
		return 0;
	}
	if (shard_window(scratch, s->sum, before ? before->sum : NULL) < 0)
		return -EINVAL;
	fill_figures(r, &w);
	return 0;
}

static int fill_rows(struct frame *f, bool (*gone)(const struct run_service *s))
{
	struct lvt_shard *scratch = malloc(sizeof(*scratch));
	const struct run *run = &f->now->run;
	int err = scratch ? 0 : -ENOMEM;

	for (size_t i = 0; i < run->n_services && !err; i++) {
		const struct run_service *s = &run->services[i], *before;
		struct row *r = row_of(f, s, run->duration_s);

		if (!r)
			continue;
		before = f->before ? run_find(&f->before->run, s->netns, s->port) : NULL;
		err = fill_row(r, s, before, scratch);
		r->in_flight = window_in_flight(s, before);
		r->came = run->duration_s - r->came_at < CAME_S;
		r->gone = gone && !(r->rps > 0) && gone(s);
		if (!isnan(r->rps))
			keep_sample(r);
	}
	free(scratch);
	return err;
}

int frame_look(struct frame *f, struct run *r, bool (*gone)(const struct run_service *s))
{
	struct look *l = calloc(1, sizeof(*l));

	if (!l) {
		run_free(r);
		return -ENOMEM;
	}
	l->run = *r;
	l->uses = 1;
	for (size_t i = 0; i < r->n_services; i++)
		service_slowest_from(&l->run.services[i], r->duration_s - RECENT_S);
	*r = (struct run){ 0 };
	look_drop(f->before);
	f->before = f->now;
	f->now = l;
	f->window_s = l->run.duration_s - (f->before ? f->before->run.duration_s : 0);
	return fill_rows(f, gone);
}

void frame_copy(struct frame *to, const struct frame *from)
{
	struct look *now = look_use(from->now), *before = look_use(from->before);

	frame_free(to);
	*to = *from;
	to->now = now;
	to->before = before;
}

void frame_free(struct frame *f)
{
	look_drop(f->now);
	look_drop(f->before);
	*f = (struct frame){ 0 };
}
