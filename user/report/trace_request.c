// SPDX-License-Identifier: BSD-2-Clause
#include "report/trace_request.h"

#include <math.h>
#include <stdint.h>

#include "report/json_parts.h"
#include "report/why.h"

/* Gaps and stages are the same if they differ by no more than this share of the request. */
#define SAME_SHARE 0.01

struct track {
	json_t *events;
	const struct run_exemplar *x;
	__u64 start; /* of the request, ns from the run's start */
	__u32 pid, tid;
	int bad;
};

/*
 * ns as µs. Readers multiply by 1,000 and cut the fraction off: where that would lose 1 ns, and
 * with it the nesting, a tenth of a ns is added.
 */
static json_t *microseconds(__u64 ns)
{
	double us = ns / 1000.0;

	return json_real((__u64)(us * 1000.0) == ns ? us : (ns + 0.1) / 1000.0);
}

static void append(struct track *t, json_t *event)
{
	t->bad |= json_array_append_new(t->events, event);
}

/* A complete event; from and to are ns from the request's arrival. */
static void span(struct track *t, const char *name, const char *category, __u64 from, __u64 to,
		 json_t *args)
{
	append(t, json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "name", name, "cat",
			    category, "ph", "X", "ts", microseconds(t->start + from), "dur",
			    microseconds(to - from), "pid", json_count(t->pid), "tid",
			    json_count(t->tid), "args", args));
}

static void mark(struct track *t, const char *name, __u64 at)
{
	if (at != UINT64_MAX)
		append(t, json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "name", name, "cat",
				    "mark", "ph", "i", "s", "t", "ts", microseconds(t->start + at),
				    "pid", json_count(t->pid), "tid", json_count(t->tid)));
}

static json_t *wait_args(const struct run_moment *m)
{
	bool pid = m->pid || is_throttled(m->stage, m->who, m->pid);
	bool runq = stage_is_runq(m->stage);

	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "syscall", json_known_name(m->syscall),
			 "peer", json_peer(&m->peer), runq ? "ran_instead" : "waker",
			 json_known_name(m->who), "pid", json_known(m->pid, pid), "whole_ns",
			 json_count(m->end - m->start));
}

static __u32 n_waits(const struct run_exemplar *x)
{
	return x->n_waits < LVT_EXEMPLAR_WAITS ? x->n_waits : LVT_EXEMPLAR_WAITS;
}

/* The part of a wait that lies in a phase and after the wait before it. */
static bool part_of(const struct run_moment *m, __u64 from, __u64 to, __u64 *start, __u64 *end)
{
	*start = m->start > from ? m->start : from;
	*end = m->end < to ? m->end : to;
	return *start < *end;
}

/* What is left of a phase between its waits, ns. */
static __u64 gaps(const struct run_exemplar *x, __u64 from, __u64 to)
{
	__u64 at = from, left = to - from, start, end;

	for (__u32 i = 0; i < n_waits(x); i++) {
		if (!part_of(&x->wait[i], at, to, &start, &end))
			continue;
		left -= end - start;
		at = end;
	}
	return left;
}

/* What the gaps of a phase are, if the stages agree: all that is not a wait is in these two. */
static const char *gap_name(const struct run_exemplar *x, __u64 from, __u64 to, const char *name,
			    enum lvt_stage a, enum lvt_stage b)
{
	double left = gaps(x, from, to), staged = x->stage[a] + x->stage[b];

	if (x->waits_lost || x->reader != x->tid || fabs(left - staged) > SAME_SHARE * x->latency)
		return "running or unknown";
	return name;
}

/* The waits of a phase and what lies between them. */
static void fill_phase(struct track *t, __u64 from, __u64 to, const char *gap)
{
	__u64 at = from, start, end;

	for (__u32 i = 0; i < n_waits(t->x); i++) {
		const struct run_moment *m = &t->x->wait[i];

		if (!part_of(m, at, to, &start, &end))
			continue;
		if (start > at)
			span(t, gap, "gap", at, start, json_object());
		span(t, stage_name(m->stage), "wait", start, end, wait_args(m));
		at = end;
	}
	if (at < to)
		span(t, gap, "gap", at, to, json_object());
}

static void phases(struct track *t)
{
	const struct run_exemplar *x = t->x;
	__u64 read = x->read, done = x->latency;

	if (read == UINT64_MAX || read > done) {
		fill_phase(t, 0, done, "running or unknown");
		return;
	}
	if (read) {
		span(t, "queue", "phase", 0, read, json_object());
		fill_phase(t, 0, read,
			   gap_name(x, 0, read, "queue (not waiting)", STAGE_QUEUE_BUSY,
				    STAGE_QUEUE_PICKUP));
	}
	if (read < done) {
		span(t, "service", "phase", read, done, json_object());
		fill_phase(t, read, done,
			   gap_name(x, read, done, "on CPU", STAGE_SERVICE_CPU,
				    STAGE_SERVICE_OTHER));
	}
}

int trace_request(json_t *events, const struct run_exemplar *x, __u32 pid, __u32 tid)
{
	struct track t = { .events = events, .x = x, .pid = pid, .tid = tid };
	json_t *args = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "latency_ns",
				 json_count(x->latency), "client", json_peer(&x->client), "reader",
				 json_thread(x->reader, x->reader_comm), "thread",
				 json_thread(x->tid, x->comm), "stages_ns", json_stages_of(x),
				 "waits_lost", json_count(x->waits_lost));

	t.start = x->at_s > 0 ? llround(x->at_s * 1e9) : 0;
	span(&t, "request", "request", 0, x->latency, args);
	phases(&t);
	mark(&t, "arrive", 0);
	mark(&t, "read", x->read);
	mark(&t, "reply", x->reply);
	mark(&t, "done", x->latency);
	mark(&t, "sent", x->sent);
	mark(&t, "acked", x->acked);
	return t.bad;
}
