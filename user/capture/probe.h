/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_PROBE_H
#define LVT_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

/* What this host can do, found by looking and by loading throw-away programs; nothing is attached. */

enum probe_answer {
	PROBE_UNKNOWN, /* could not be asked: rights are missing */
	PROBE_NO,
	PROBE_YES,
};

/* The kernel's tracepoints that lvt knows, by name. */
#define PROBE_TRACEPOINTS(X)                            \
	X(TCP_PROBE, "tcp_probe")                       \
	X(TCP_RCV_SPACE_ADJUST, "tcp_rcv_space_adjust") \
	X(TCP_SENDMSG_LOCKED, "tcp_sendmsg_locked")     \
	X(SOCK_SEND_LENGTH, "sock_send_length")         \
	X(SK_DATA_READY, "sk_data_ready")               \
	X(INET_SOCK_SET_STATE, "inet_sock_set_state")   \
	X(SCHED_SWITCH, "sched_switch")                 \
	X(SCHED_WAKING, "sched_waking")                 \
	X(SCHED_PROCESS_FORK, "sched_process_fork")     \
	X(SCHED_PROCESS_EXEC, "sched_process_exec")     \
	X(SCHED_PROCESS_EXIT, "sched_process_exit")     \
	X(SCHED_MIGRATE_TASK, "sched_migrate_task")     \
	X(HRTIMER_EXPIRE_ENTRY, "hrtimer_expire_entry") \
	X(HRTIMER_EXPIRE_EXIT, "hrtimer_expire_exit")   \
	X(TCP_DESTROY_SOCK, "tcp_destroy_sock")         \
	X(TCP_RETRANSMIT_SKB, "tcp_retransmit_skb")     \
	X(NET_DEV_START_XMIT, "net_dev_start_xmit")

enum probe_tracepoint {
#define X(id, name) TRACEPOINT_##id,
	PROBE_TRACEPOINTS(X) NR_TRACEPOINTS
#undef X
};

/* Iterators, by the type of their context. */
#define PROBE_TYPES(X)                           \
	X(ITER_TCP, "bpf_iter__tcp")             \
	X(ITER_TASK, "bpf_iter__task")           \
	X(ITER_TASK_FILE, "bpf_iter__task_file") \
	X(ITER_SK_STORAGE, "bpf_iter__bpf_sk_storage_map")

enum probe_type {
#define X(id, name) TYPE_##id,
	PROBE_TYPES(X) NR_TYPES
#undef X
};

/* Features that only a trial load can tell. */
#define PROBE_LOADS(X)                                                                    \
	X(TRACEPOINT, "tracepoint programs", "a program on a tracepoint with BTF")        \
	X(READ_KERNEL, "kernel reads", "a tracing program may read kernel memory")        \
	X(SK_STORAGE, "socket storage", "state kept in a socket, from a tracing program") \
	X(TASK_STORAGE, "task storage", "state kept in a thread, from a tracing program") \
	X(RINGBUF, "ring buffer", "a ring buffer map")                                    \
	X(FENTRY, "fentry", "a program at the entry of tcp_sendmsg_locked")

enum probe_load {
#define X(id, name, what) LOAD_##id,
	PROBE_LOADS(X) NR_LOADS
#undef X
};

/* Rights. CAP_SYS_ADMIN stands for CAP_BPF and CAP_PERFMON too, as in the kernel. */
#define PROBE_CAPS(X)                       \
	X(BPF, "cap_bpf")                   \
	X(PERFMON, "cap_perfmon")           \
	X(SYS_ADMIN, "cap_sys_admin")       \
	X(NET_ADMIN, "cap_net_admin")       \
	X(SYS_RESOURCE, "cap_sys_resource") \
	X(SYS_PTRACE, "cap_sys_ptrace")

enum probe_cap {
#define X(id, name) PROBE_CAP_##id,
	PROBE_CAPS(X) NR_PROBE_CAPS
#undef X
};

/* Other programs that are of use beside lvt; none is needed. */
#define PROBE_HELPERS(X)                      \
	X(REDIS_BENCHMARK, "redis-benchmark") \
	X(WRK, "wrk")                         \
	X(PERF, "perf")                       \
	X(BPFTOOL, "bpftool")

enum probe_helper {
#define X(id, name) HELPER_##id,
	PROBE_HELPERS(X) NR_HELPERS
#undef X
};

enum probe_lockdown {
	LOCKDOWN_UNKNOWN,
	LOCKDOWN_NONE,
	LOCKDOWN_INTEGRITY,
	LOCKDOWN_CONFIDENTIALITY
};

#define PROBE_NO_LIMIT UINT64_MAX

struct probe {
	char release[65]; /* "6.18.44" */
	char version[65]; /* "#1 SMP ..." */
	char machine[65]; /* "x86_64" */
	unsigned int major, minor;

	bool btf;				      /* the kernel's types could be read */
	uint64_t btf_bytes;			      /* size of them, 0 if there are none */
	int btf_error;				      /* -errno when btf is false */
	enum probe_answer tracepoint[NR_TRACEPOINTS]; /* never UNKNOWN when btf is true */
	enum probe_answer type[NR_TYPES];
	enum probe_answer load[NR_LOADS];
	int load_error[NR_LOADS]; /* -errno of the trial, 0 = none made */

	int jit;		   /* net.core.bpf_jit_enable: 0, 1, 2; -1 = cannot be read */
	int unprivileged_disabled; /* kernel.unprivileged_bpf_disabled; -1 = cannot be read */
	int perf_paranoid;	   /* kernel.perf_event_paranoid; INT_MIN = cannot be read */
	enum probe_lockdown lockdown;

	bool cap[NR_PROBE_CAPS]; /* effective */
	uint64_t memlock;	 /* soft RLIMIT_MEMLOCK, bytes; PROBE_NO_LIMIT */
	bool memlock_matters;	 /* before 5.11 maps are charged to it, since then to the cgroup */

	char cgroup2[256];	/* where version 2 is mounted, "" = nowhere */
	char cgroup1[256];	/* the first mount of version 1, a memory one if there is one; "" */
	unsigned int n_cgroup1; /* mounted hierarchies of version 1 */
	uint64_t memory_limit;	/* of lvt's own memory cgroup, bytes; PROBE_NO_LIMIT */
	uint64_t memory_used;	/* in it now; 0 = not known */

	char helper[NR_HELPERS][256]; /* path, "" = not found */
};

/*
 * Fill p. What cannot be asked is UNKNOWN, so it works without rights too, but then says less.
 * Takes about 40 ms, most of it for reading the kernel's types. Returns 0, or -errno with *e set
 * when not even the kernel's name can be read.
 */
int probe_host(struct probe *p, struct err *e);

/*
 * The part of probe_host() that probe_send_hook() and probe_tracepoint_name() need: release, BTF,
 * tracepoints, types, rights, and trial loads only when no tracepoint serves. About 15 ms.
 */
int probe_hooks(struct probe *p, struct err *e);

/*
 * The hook that marks a send, the first that works here: "tp_btf/tcp_sendmsg_locked" (6.15),
 * "fentry/tcp_sendmsg_locked", "tp_btf/sock_send_length" (6.3), NULL if there is none. Static strings,
 * as the loader's SEC names. The last one fires at the end of a send, and without the socket's lock:
 * the next request may already be there. A kprobe would not do: its programs may not use socket
 * storage, in which the state of a request is kept.
 */
const char *probe_send_hook(const struct probe *p);

/* May this process load tracing programs, as far as capabilities go? */
bool probe_may_load(const struct probe *p);

/*
 * Can lvt record work here, as far as probe_hooks() tells? 0, or -errno with *e naming what is
 * missing (types, a capability, a hook) and what mends it.
 */
int probe_require(const struct probe *p, struct err *e);

/*
 * Is the limit of lvt's own memory cgroup too low even for one service? 0, or -ENOMEM with *e set.
 * To be asked first: beyond the limit the kernel kills, and nothing can be said any more. What others
 * use in the cgroup is left out, as page cache counts there and gives way.
 */
int probe_memory(struct err *e);

const char *probe_tracepoint_name(enum probe_tracepoint t);
const char *probe_type_name(enum probe_type t);

/* Parts of probe_host(), each in a file of its own. */
struct btf;
void probe_loads(struct probe *p, const struct btf *btf);
void probe_cgroups(struct probe *p);

#endif
