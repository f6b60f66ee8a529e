/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_WHY_H
#define LVT_WHY_H

#include "model/run.h"

/* What a run tells about the causes of time, as figures: shared by text, JSON and findings. */

/* The sum of all latencies of a service, ns. */
double service_latency_sum(const struct run_service *s);

/* The stages in which a thread is ready, but another task has the CPU: their waits name it. */
bool stage_is_runq(enum lvt_stage st);

/* The stages in which the thread of a request is blocked: their waits name what is waited for. */
bool stage_is_blocked(enum lvt_stage st);

/* Whether a wait for a CPU is one in which nobody had it: the thread's cgroup was throttled. */
bool is_throttled(enum lvt_stage st, const char *who, __u32 pid);

/* What a reader slept in while a request was in queue.blocked. */
enum reader_sleep {
	READER_IDLE, /* nothing: it was free, and not yet woken */
	READER_DISK,
	READER_LOCK,
	READER_NET,
	READER_SLEEP,
	READER_FAULT,
	READER_OTHER,
	NR_READER_SLEEPS,
};

/* Whether it is a cause that keeps the reader from the request. */
bool reader_is_blocked(enum reader_sleep r);

const char *reader_sleep_name(enum reader_sleep r);    /* "idle", "disk", ... */
const char *reader_sleep_meaning(enum reader_sleep r); /* "on block I/O", ...: it is blocked ... */

/* The mean ns a request: they add up to the mean of queue.blocked. NAN without requests. */
void service_reader_sleeps(const struct run_service *s, double mean[NR_READER_SLEEPS]);

/*
 * Connections that were made in the window, per second. The connections that were open before are
 * counted for a run as a whole: with several services they cannot be told apart, and it is NAN.
 */
double service_connection_rate(const struct run *r, const struct run_service *s);

#endif
