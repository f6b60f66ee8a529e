/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture/exemplars.h"
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "capture/syscalls.h"

static __u64 latency_of(const struct lvt_exemplar *x)
{
	return x->done - x->arrive;
}

/* As run_exemplar_order(): of equally slow ones the earlier is kept. */
static bool comes_before(const struct lvt_exemplar *a, const struct lvt_exemplar *b)
{
	if (latency_of(a) != latency_of(b))
		return latency_of(a) > latency_of(b);
	if (a->arrive != b->arrive)
		return a->arrive < b->arrive;
	return a->client.port < b->client.port;
}

/* The fastest of those that were answered before `before` (0 = of all); *n: how many there are. */
static struct lvt_exemplar *fastest_of(const struct exemplars *x, struct lvt_exemplar *kept,
				       __u64 before, size_t *n)
{
	struct lvt_exemplar *fastest = NULL;

	*n = 0;
	for (size_t i = 0; i < x->most; i++) {
		if (before && kept[i].done >= before)
			continue;
		++*n;
		if (!fastest || comes_before(fastest, &kept[i]))
			fastest = &kept[i];
	}
	return fastest;
}

/* Full: the fastest of those kept makes room, if it is faster; or one of long ago. */
static struct lvt_exemplar *place_for(struct exemplars *x, const struct lvt_exemplar *new)
{
	struct lvt_exemplar *kept = x->kept[new->service], *fastest;
	size_t n;

	if (!kept) {
		kept = calloc(x->most, sizeof(*kept));
		x->kept[new->service] = kept;
	}
	if (!kept)
		return NULL;
	if (x->n[new->service] < x->most)
		return &kept[x->n[new->service]++];
	if (x->recent && new->done > x->recent) {
		fastest = fastest_of(x, kept, new->done - x->recent, &n);
		if (n > x->most / EXEMPLARS_OLD)
			return fastest;
	}
	fastest = fastest_of(x, kept, 0, &n);
	return comes_before(new, fastest) ? fastest : NULL;
}

static int keep(void *ctx, void *data, size_t size)
{
	const struct lvt_exemplar *new = data;
	struct lvt_exemplar *place;

	if (size < sizeof(*new) || new->service >= LVT_MAX_SERVICES)
		return 0;
	place = place_for(ctx, new);
	if (place)
		*place = *new;
	return 0;
}

int exemplars_open(struct exemplars *x, int map, size_t most, __u64 recent, struct err *e)
{
	x->most = most ? most : RUN_MAX_SLOWEST;
	x->recent = recent;
	x->ring = ring_buffer__new(map, keep, x, NULL);
	return x->ring ? 0 :
			 err_set(e, -errno, "cannot map the ring buffer of slow requests: %s",
				 strerror(errno));
}

void exemplars_read(struct exemplars *x)
{
	if (x->ring)
		ring_buffer__consume(x->ring);
}

static __u64 from(__u64 mark, __u64 arrive)
{
	return mark >= arrive ? mark - arrive : UINT64_MAX;
}

static enum lvt_stage stage_of(const struct lvt_exemplar *x, const struct lvt_wait *w)
{
	bool pooled = w->cause == CAUSE_MUX && x->loop;
	enum lvt_stage stage = cause_service_stage(pooled ? x->loop : w->cause);

	/* in such waits the client held it up */
	if (w->end > x->read && !x->stage[stage] && x->stage[STAGE_SERVICE_CLIENT] &&
	    (w->cause == CAUSE_BLOCKED || (w->cause >= CAUSE_MUX && w->cause <= CAUSE_LOOP_SLEEP)))
		return STAGE_SERVICE_CLIENT;
	if (w->end > x->read)
		return stage;
	if (w->cause == CAUSE_RUNQ)
		return STAGE_QUEUE_RUNQ;
	/* while nobody had accepted the connection */
	return x->stage[STAGE_QUEUE_ACCEPT] ? STAGE_QUEUE_ACCEPT : STAGE_QUEUE_BLOCKED;
}

/* The kernel side has them latest first. A wait may have begun before the request did. */
static void waits_of(const struct lvt_exemplar *x, struct run_exemplar *r)
{
	__u32 have = x->n_waits < LVT_EXEMPLAR_WAITS ? x->n_waits : LVT_EXEMPLAR_WAITS, i;

	for (i = 0; i < have; i++) {
		const struct lvt_wait *w = &x->wait[have - 1 - i];
		struct run_moment *m = &r->wait[i];

		m->stage = stage_of(x, w);
		m->start = w->start > x->arrive ? w->start - x->arrive : 0;
		m->end = (w->end < x->done ? w->end : x->done) - x->arrive;
		if (w->cause != CAUSE_RUNQ)
			syscall_name(m->syscall, sizeof(m->syscall), w->sysno);
		m->peer = w->peer;
		memcpy(m->who, w->comm, LVT_COMM_LEN);
		m->pid = w->pid;
	}
	r->n_waits = have;
	r->waits_lost = x->n_waits - have;
}

static void convert(const struct lvt_exemplar *x, __u64 start, struct run_exemplar *r)
{
	r->at_s = x->arrive > start ? (x->arrive - start) / 1e9 : 0;
	r->latency = latency_of(x);
	r->read = from(x->read, x->arrive);
	r->reply = from(x->reply, x->arrive);
	r->done = r->latency;
	r->sent = from(x->sent, x->arrive);
	r->acked = from(x->acked, x->arrive);
	memcpy(r->stage, x->stage, sizeof(r->stage));
	r->client = x->client;
	r->reader = x->reader;
	r->tid = x->tid;
	memcpy(r->comm, x->comm, LVT_COMM_LEN);
	memcpy(r->reader_comm, x->reader == x->tid ? x->comm : x->reader_comm, LVT_COMM_LEN);
	waits_of(x, r);
}

int exemplars_of(const struct exemplars *x, __u32 service, __u64 start, struct run_exemplar **out,
		 size_t *n)
{
	size_t i;

	*n = x->n[service];
	*out = calloc(*n ?: 1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	for (i = 0; i < *n; i++)
		convert(&x->kept[service][i], start, &(*out)[i]);
	qsort(*out, *n, sizeof(**out), run_exemplar_order);
	return 0;
}

void exemplars_close(struct exemplars *x)
{
	size_t i;

	ring_buffer__free(x->ring);
	for (i = 0; i < LVT_MAX_SERVICES; i++)
		free(x->kept[i]);
	memset(x, 0, sizeof(*x));
}
