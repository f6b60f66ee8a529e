// SPDX-License-Identifier: BSD-2-Clause
/* The slowest requests, whole. */
#include <stdint.h>

#include "report/json_parts.h"
#include "report/why.h"

static json_t *mark(__u64 ns)
{
	return json_known(ns, ns != UINT64_MAX);
}

static json_t *moment(const struct run_moment *m)
{
	bool pid = m->pid || is_throttled(m->stage, m->who, m->pid);

	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "stage", stage_name(m->stage),
			 "start_ns", json_count(m->start), "end_ns", json_count(m->end), "syscall",
			 json_known_name(m->syscall), "peer", json_peer(&m->peer), "waker",
			 json_known_name(m->who), "pid", json_known(m->pid, pid));
}

static json_t *moments(const struct run_exemplar *x)
{
	json_t *all = json_array();
	int bad = 0;

	for (__u32 i = 0; i < x->n_waits && i < LVT_EXEMPLAR_WAITS && !bad; i++)
		bad = json_array_append_new(all, moment(&x->wait[i]));
	return json_unless(bad, all);
}

json_t *json_stages_of(const struct run_exemplar *x)
{
	json_t *all = json_object();
	int bad = 0;

	for (int st = 0; st < NR_STAGES && !bad; st++)
		if (x->stage[st])
			bad = json_put(all, stage_name(st), json_count(x->stage[st]));
	return json_unless(bad, all);
}

json_t *json_thread(__u32 tid, const char *comm)
{
	return json_pack("{s:o, s:o}", "tid", json_count(tid), "comm", json_known_name(comm));
}

static json_t *exemplar(const struct run_exemplar *x)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "latency_ns", json_count(x->latency), "at_s", json_number(x->at_s),
			 "read_ns", mark(x->read), "reply_ns", mark(x->reply), "done_ns",
			 mark(x->done), "sent_ns", mark(x->sent), "acked_ns", mark(x->acked),
			 "client", json_peer(&x->client), "reader",
			 json_thread(x->reader, x->reader_comm), "thread",
			 json_thread(x->tid, x->comm), "stages_ns", json_stages_of(x), "waits",
			 moments(x), "waits_lost", json_count(x->waits_lost));
}

json_t *json_slowest(const struct run *r, const struct run_service *s)
{
	json_t *all;
	int bad = 0;

	if (!r->slowest_kept && !s->n_slowest)
		return json_null();
	all = json_array();
	for (size_t i = 0; i < s->n_slowest && !bad; i++)
		bad = json_array_append_new(all, exemplar(&s->slowest[i]));
	return json_unless(bad, all);
}
