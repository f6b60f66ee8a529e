/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LOADER_H
#define LVT_LOADER_H

#include <time.h>
#include "abi.h"
#include "base/err.h"
#include "capture/exemplars.h"
#include "capture/filter.h"
#include "model/run.h"

/*
 * The kernel side of a trace: programs, maps, and the work that has to be done beside them.
 *
 *	struct tracer *t;
 *	tracer_open(&t, &filter, &options, e);	load, find the services that there are
 *	tracer_start(t, e);		attach; the traced window begins
 *	tracer_tick(t, &wait, e);		every TRACER_TICK_MS
 *	tracer_stop(t, e);		the window ends; what is answered is complete
 *	snapshot_take(...);		see capture/snapshot.h
 *	tracer_free(t);			nothing stays in the kernel
 */
enum {
	TRACER_TICK_MS = 450,
	TRACER_TICK_MAX_MS =
		2000,	      /* with very many connections a look at all of them takes its time */
	TRACER_IDLE_MS = 450, /* an answer is complete when its connection has been idle so long */
	TRACER_RESCAN = 4,    /* ticks between two looks for processes that match by now */
	TRACER_UNSWEPT = 20, /* ticks without a sweep at most: listeners are only looked at by it */
	TRACER_SPARE = 8,    /* blocks kept ready for services that appear between two ticks */
};

/* What is traced beside, and how. */
struct tracer_options {
	double idle_s;	    /* an answer is complete when its connection has been idle so long */
	bool rx_timestamps; /* switch the kernel's receive time stamps on, for the whole host */
	bool client;	    /* trace what the services' processes send, too */
	bool measure;	    /* the programs' own run time; it makes each call 79 ns longer */
	__u32 slowest;	    /* how many slow requests of a service are kept; 0 = RUN_MAX_SLOWEST */
	double recent_s; /* and those of so long before older ones; 0 = the slowest of the whole run */
};

/* What other files of this folder read; nobody changes it but loader.c. */
struct tracer {
	struct lvt_bpf *skel;
	struct filter filter;
	struct tracer_options options;
	const char *send_hook; /* static string */
	bool ready_hook;       /* sk_data_ready is there (6.3) */
	__u32 shards;
	__u32 netns; /* our own */
	int block_fd[LVT_MAX_SERVICES];
	__u32 n_blocks;
	__u32 procs_seen;
	__u32 ticks;
	__u32 unswept;		      /* ticks since the last sweep */
	__u32 swept_services;	      /* registered at that time */
	__u64 started_ns, stopped_ns; /* CLOCK_MONOTONIC */
	int fd_services, fd_procs, fd_counters, fd_flows, fd_flights, fd_wait_rows, fd_outbound;
	struct exemplars exemplars;
	int rx_socket, stats_fd; /* each holds a switch of the kernel on; -1 = not */
	__u64 run_ns, run_count; /* of our programs, if they were measured */
	time_t started;		 /* the same moment as started_ns */
};

/*
 * Load the programs that this kernel can use and register the services that listen now. *t is NULL on
 * failure. Errors say which right or kernel feature is missing and what to do.
 */
int tracer_open(struct tracer **t, const struct filter *f, const struct tracer_options *o,
		struct err *e);

int tracer_start(struct tracer *t, struct err *e);

/* *wait_ms: how long to wait for the next; it grows with what a look costs. */
int tracer_tick(struct tracer *t, int *wait_ms, struct err *e);

int tracer_stop(struct tracer *t, struct err *e); /* the hooks stay, but nothing counts any more */

/*
 * What is measured goes first: with this on (SCHED_IDLE) any other task takes the CPU at once. For work of
 * more than a moment while a trace runs; tracer_tick() does it itself.
 */
void tracer_give_way(bool on);

/* Detach, unload, free; NULL-safe, at any stage. */
void tracer_free(struct tracer *t);

/* How many services are registered; those that found no room are not in it. */
__u32 tracer_services(const struct tracer *t);

/* Copy one service's entry. Entries past LVT_MAX_SERVICES are the names of those without room. */
int tracer_service(const struct tracer *t, __u32 id, struct lvt_service *s);

/* Registered services that found no room, as far as their names are kept. */
__u32 tracer_untraced(const struct tracer *t);

/*
 * Calls of our hooks that the kernel skipped, because one was running on that CPU: those that a later
 * hook makes up for, and the others.
 */
void tracer_recursion(const struct tracer *t, __u64 *mended, __u64 *other);

/* Fill the run's list of hooks. */
void tracer_hooks(const struct tracer *t, struct run *r);

#endif
