// SPDX-License-Identifier: BSD-2-Clause
#include "report/why.h"

#include <math.h>
#include <string.h>

double service_latency_sum(const struct run_service *s)
{
	struct dist d;

	service_latency(s, &d);
	return d.count ? d.mean * d.count : 0;
}

bool stage_is_runq(enum lvt_stage st)
{
	return st == STAGE_QUEUE_RUNQ || st == STAGE_SERVICE_RUNQ;
}

bool stage_is_blocked(enum lvt_stage st)
{
	switch (st) {
	case STAGE_SERVICE_DISK:
	case STAGE_SERVICE_LOCK:
	case STAGE_SERVICE_NET:
	case STAGE_SERVICE_POOL:
	case STAGE_SERVICE_SLEEP:
	case STAGE_SERVICE_FAULT:
	case STAGE_SERVICE_BLOCKED:
		return true;
	default:
		return false;
	}
}

bool is_throttled(enum lvt_stage st, const char *who, __u32 pid)
{
	return stage_is_runq(st) && !pid && !strcmp(who, "idle");
}

static const struct {
	const char *name, *meaning;
} sleeps[NR_READER_SLEEPS] = {
	[READER_IDLE] = { "idle", "idle" },
	[READER_DISK] = { "disk", "on block I/O" },
	[READER_LOCK] = { "lock", "on a lock" },
	[READER_NET] = { "net", "on a downstream socket" },
	[READER_SLEEP] = { "sleep", "on a timer" },
	[READER_FAULT] = { "fault", "in a major page fault" },
	[READER_OTHER] = { "other", "for another cause" },
};

bool reader_is_blocked(enum reader_sleep r)
{
	return r > READER_IDLE && r <= READER_OTHER;
}

const char *reader_sleep_name(enum reader_sleep r)
{
	return sleeps[r].name;
}

const char *reader_sleep_meaning(enum reader_sleep r)
{
	return sleeps[r].meaning;
}

void service_reader_sleeps(const struct run_service *s, double mean[NR_READER_SLEEPS])
{
	static const enum reader_sleep of[NR_CAUSES] = {
		[CAUSE_RUN] = READER_OTHER,	  [CAUSE_RUNQ] = READER_OTHER,
		[CAUSE_WAKEUP] = READER_OTHER,	  [CAUSE_BLOCKED] = READER_OTHER,
		[CAUSE_DISK] = READER_DISK,	  [CAUSE_LOCK] = READER_LOCK,
		[CAUSE_NET] = READER_NET,	  [CAUSE_SLEEP] = READER_SLEEP,
		[CAUSE_FAULT] = READER_FAULT,	  [CAUSE_MUX] = READER_IDLE,
		[CAUSE_HOME] = READER_IDLE,	  [CAUSE_HOME_LOCK] = READER_IDLE,
		[CAUSE_POOL] = READER_IDLE,	  [CAUSE_LOOP_NET] = READER_IDLE,
		[CAUSE_LOOP_SLEEP] = READER_IDLE, [CAUSE_UNKNOWN] = READER_OTHER,
	};
	__u64 n = service_requests(s);
	double named = 0;
	struct dist d;

	service_stage(s, STAGE_QUEUE_BLOCKED, &d);
	for (int r = 0; r < NR_READER_SLEEPS; r++)
		mean[r] = n ? 0 : NAN;
	for (int c = 0; c < NR_CAUSES && n; c++)
		mean[of[c]] += (double)s->sum->queue_blocked[c] / n;
	for (int r = 0; r < NR_READER_SLEEPS; r++)
		named += mean[r];
	/* what is idle is not counted, as it is nearly all: it is what is left */
	if (n)
		mean[READER_IDLE] += fmax(d.mean - named, 0);
}

double service_connection_rate(const struct run *r, const struct run_service *s)
{
	__u64 before = r->counters[COUNTER_OPEN_AT_START], all = s->sum->connections;

	if (!(s->window_s > 0) || (before && r->n_services > 1))
		return NAN;
	return (all > before ? all - before : 0) / s->window_s;
}
