// SPDX-License-Identifier: BSD-2-Clause
/* What the requests waited for, and who had the CPU meanwhile. */
#include <math.h>

#include "report/json_parts.h"
#include "report/why.h"

static json_t *blocked_on(const struct run_wait *w, double share)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o}", "stage",
			 stage_name(w->stage), "syscall", json_known_name(w->syscall), "peer",
			 json_peer(&w->peer), "peer_comm", json_known_name(w->peer_comm),
			 "peer_pid", json_known(w->peer_pid, w->peer_pid), "waker",
			 json_known_name(w->who), "other", (int)w->other, "count",
			 w->other ? json_null() : json_count(w->waits), "total_ns",
			 json_count(w->ns), "share", json_number(share));
}

static json_t *preempted_by(const struct run_wait *w, double share)
{
	bool pid = w->pid || is_throttled(w->stage, w->who, w->pid);

	return json_pack("{s:s, s:o, s:o, s:o, s:b, s:o, s:o, s:o}", "stage", stage_name(w->stage),
			 "comm", json_known_name(w->who), "pid", json_known(w->pid, pid), "cgroup",
			 json_known_name(w->cgroup), "other", (int)w->other, "count",
			 w->other ? json_null() : json_count(w->waits), "total_ns",
			 json_count(w->ns), "share", json_number(share));
}

json_t *json_waits(const struct run_service *s, bool runq)
{
	double sum = service_latency_sum(s);
	json_t *all = json_array();
	int bad = 0;

	for (size_t i = 0; i < s->n_waits && !bad; i++) {
		const struct run_wait *w = &s->waits[i];
		double share = sum > 0 ? w->ns / sum : NAN;

		if (stage_is_runq(w->stage) == runq)
			bad = json_array_append_new(all, runq ? preempted_by(w, share) :
								blocked_on(w, share));
	}
	return json_unless(bad, all);
}

json_t *json_queue_blocked(const struct run_service *s)
{
	double mean[NR_READER_SLEEPS];
	json_t *all = json_object();
	int bad = 0;

	service_reader_sleeps(s, mean);
	for (int i = 0; i < NR_READER_SLEEPS && !bad; i++)
		bad = json_put(all, reader_sleep_name(i), json_number(mean[i]));
	return json_unless(bad, all);
}
