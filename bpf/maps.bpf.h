/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every map and every global, defined once. They are weak because each .bpf.c that includes this file
 * has a copy; the linker keeps one.
 */
#ifndef LVT_MAPS_BPF_H
#define LVT_MAPS_BPF_H

#include "types.h"
#include <bpf/bpf_helpers.h>
#include "abi.h"

static __always_inline void lvt_count(u32 counter, u64 n);
static __always_inline void lvt_wait_row(u32 service, u32 stage, const struct lvt_wait *w, u32 n,
					 u64 ns);

#include "again.bpf.h"
#include "batch.bpf.h"
#include "finish.bpf.h"
#include "handoff.bpf.h"

/* ---- configuration, set before load ---- */

const volatile u32 cfg_shards __weak = 1;  /* power of two, <= LVT_MAX_SHARDS */
const volatile u32 cfg_n_ports __weak = 0; /* 0 = every port */
const volatile u16 cfg_ports[LVT_MAX_PORTS] __weak = {};
const volatile u32 cfg_tgid __weak = 0;		      /* 0 = every process */
const volatile u8 cfg_comm[LVT_COMM_LEN] __weak = {}; /* "" = every name */
const volatile u64 cfg_cgroup __weak = 0;	      /* id of a cgroup directory, 0 = all */
const volatile s32 cfg_cgroup_subsys __weak = -1;     /* v1: index of its controller; -1 = v2 */
const volatile u8 cfg_wait[512] __weak = {};	      /* enum wait_class by syscall number */
const volatile u8 cfg_buffer[512] __weak = {};	      /* enum buffer_class by syscall number */
const volatile u8 cfg_wakes[512] __weak = {};	      /* WAKES_ bits by syscall number */
const volatile u8 cfg_ready __weak = 0;	 /* sk_data_ready is there: a socket's wake-ups are known */
const volatile u8 cfg_rx __weak = 0;	 /* receive time stamps are on */
const volatile u8 cfg_client __weak = 0; /* what services send is traced, too */

/* ---- shared with the loader while it runs ---- */

/* CLOCK_MONOTONIC ns */
u64 window_start __weak = 0;
/* the traced window: outside it connections are known, but nothing counts */
u32 enabled __weak = 0;
/* somebody listens who is not registered yet: time to look through open files */
u32 rescan __weak = 0;
u32 sweep_final __weak = 0; /* the window is over: the sweep ends whatever has been answered */
u32 sweep_due __weak = 0;   /* lvt_due has found a connection for the sweep */
u32 n_services __weak = 0; /* registered, may exceed LVT_MAX_SERVICES by those that found no room */
u32 n_procs __weak = 0; /* rises with every new (service, process): time to look at its threads */
u64 sweep_idle_ns __weak = 0; /* the sweep ends answered requests that have been idle so long */
u64 traced_ports[1024] __weak = {};   /* a bit for each local port of a service, in any namespace */
u64 listened_ports[1024] __weak = {}; /* a bit for each port that anybody listens on */
u32 n_outbound __weak = 0;  /* peers of outbound connections, may exceed LVT_MAX_OUTBOUND */
u64 real_offset __weak = 0; /* CLOCK_REALTIME - CLOCK_MONOTONIC, ns */

/*
 * Traced threads that are ready without a CPU: while there are any, who runs is noted. The first is the
 * number; a cache line of its own.
 */
u32 waiting[16] __attribute__((aligned(64))) __weak = {};

/* ---- maps ---- */

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct conn);
} lvt_conns SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct thread);
} lvt_threads SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct waits);
} lvt_waits SEC(".maps") __weak;

/* What requests waited for, and who ran instead. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, LVT_MAX_WAIT_ROWS);
	__type(key, struct lvt_wait_key);
	__type(value, struct lvt_wait_sum);
} lvt_wait_rows SEC(".maps") __weak;

/* The last socket that became ready on this CPU. */
struct ready {
	u64 ns;
	u64 task; /* what ran there */
	struct lvt_peer peer;
	u32 own;   /* a connection of a traced service */
	u32 timer; /* a timer's function runs on this CPU right now */
	u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct ready);
} lvt_ready_last SEC(".maps") __weak;

/* The last tasks that had this CPU, noted as they left it. */
#define CPU_RUNS 16

struct cpu_run {
	u64 end;
	u32 tgid; /* 0: the CPU was idle */
	u32 pid;
	char comm[LVT_COMM_LEN];
};

struct cpu_runs {
	u32 head, pad;
	struct cpu_run run[CPU_RUNS];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct cpu_runs);
} lvt_cpu_runs SEC(".maps") __weak;

/* The slowest requests, whole, for the loader, which looks now and then. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, LVT_EXEMPLAR_RING);
} lvt_exemplars SEC(".maps") __weak;

/* What is slow: requests above are sent. By service. */
struct slow {
	u64 above;
	u64 since; /* start of the present slot of time */
	u64 sent;  /* in it */
	u64 pad[5];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, LVT_MAX_SERVICES);
	__type(key, u32);
	__type(value, struct slow);
} lvt_slow SEC(".maps") __weak;

/* sk_drops of a listening socket, as last seen */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, u32);
} lvt_listen_drops SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, NR_COUNTERS);
	__type(key, u32);
	__type(value, u64);
} lvt_counters SEC(".maps") __weak;

struct service_key {
	u32 netns;
	u32 port;
};

/* the id of a service + 1; 0 while it is being registered */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct service_key);
	__type(value, u32);
} lvt_service_ids SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries,
	       2 * LVT_MAX_SERVICES); /* the second half: names of those without room */
	__type(key, u32);
	__type(value, struct lvt_service);
} lvt_services SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, LVT_MAX_PROCS);
	__type(key, struct lvt_proc_key);
	__type(value, u32);
} lvt_procs SEC(".maps") __weak;

/* The processes among them, for a look-up by process alone: the id of a service + 1. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, LVT_MAX_PROCS);
	__type(key, u32);
	__type(value, u32);
} lvt_tgids SEC(".maps") __weak;

/*
 * A service's numbers: one inner array of cfg_shards x struct lvt_shard each, made by the loader for
 * the services there are and a few to come, so that memory goes with their number.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, LVT_MAX_SERVICES);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(u32));
} lvt_blocks SEC(".maps") __weak;

/* For lvt_read, and for the hook on sends: an interrupt between them may bring the other. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, struct scratch);
} lvt_scratch SEC(".maps") __weak;

/* Where a payload is looked at. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct batch);
} lvt_batch SEC(".maps") __weak;

/* What comes and goes, by service and shard: apart from the block, so that a progress line is cheap. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, LVT_MAX_SERVICES *LVT_MAX_SHARDS);
	__type(key, u32);
	__type(value, struct lvt_flow);
} lvt_flows SEC(".maps") __weak;

/* ... and how much of it was in flight, by service. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, LVT_MAX_SERVICES);
	__type(key, u32);
	__type(value, struct lvt_flight);
} lvt_flights SEC(".maps") __weak;

/* An entry of a table by syscall; 0 for what is no syscall. */
static __always_inline u8 by_syscall(const volatile u8 *table, s32 sysno)
{
	u32 n = sysno;

	/* so that the check stays as it is: the verifier follows no other */
	barrier_var(n);
	return n < sizeof(cfg_wait) ? table[n] : 0;
}

static __always_inline void lvt_count(u32 counter, u64 n)
{
	u64 *v = bpf_map_lookup_elem(&lvt_counters, &counter);

	if (v)
		__sync_fetch_and_add(v, n);
}

/* Global, as it is rare: a thread's waits are handed out when it has new ones. */
__weak __noinline int wait_row_add(const struct lvt_wait_key *key, u64 n, u64 ns)
{
	struct lvt_wait_sum first = { n, ns }, *sum;

	if (!key)
		return 0;
	sum = bpf_map_lookup_elem(&lvt_wait_rows, key);
	if (!sum) {
		if (!bpf_map_update_elem(&lvt_wait_rows, key, &first, BPF_NOEXIST))
			return 0;
		sum = bpf_map_lookup_elem(&lvt_wait_rows, key);
	}
	if (!sum) {
		lvt_count(COUNTER_WAIT_ROWS, n);
		return 0;
	}
	__sync_fetch_and_add(&sum->waits, n);
	__sync_fetch_and_add(&sum->ns, ns);
	return 0;
}

static __always_inline void lvt_wait_row(u32 service, u32 stage, const struct lvt_wait *w, u32 n,
					 u64 ns)
{
	struct lvt_wait_key key = {
		.service = service,
		.stage = stage,
		.sysno = w->sysno,
		.pid = w->pid,
		.peer = w->peer,
	};

	__builtin_memcpy(key.comm, w->comm, sizeof(key.comm));
	wait_row_add(&key, n, ns);
}

#endif
