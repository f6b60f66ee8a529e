/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What kernel and user side exchange: map values and the configuration. Fixed-width members only.
 * All numbers are cumulative from attach and never reset by a reader: a snapshot is a difference.
 */
#ifndef LVT_ABI_H
#define LVT_ABI_H

#include <linux/types.h>
#include "hist_layout.h"

enum lvt_stage {
#define STAGE(id, name, what) STAGE_##id,
#include "stages.def"
#undef STAGE
	NR_STAGES
};

enum lvt_cause {
#define CAUSE(id, name, queue, service, what) CAUSE_##id,
#include "causes.def"
#undef CAUSE
	NR_CAUSES
};

/* Network time: see net.def. */
enum lvt_net {
#define NET(id, name, what) NET_##id,
#include "net.def"
#undef NET
	NR_NET
};

enum lvt_counter {
#define COUNTER(id, name, kind, what) COUNTER_##id,
#include "counters.def"
#undef COUNTER
	NR_COUNTERS
};

/* How an exchange went; the first two add up to the requests. */
enum lvt_exchange {
	EXCHANGE_REQUEST_RESPONSE,
	EXCHANGE_PIPELINED, /* inbound bytes were unread when the answer began: several requests in one */
	EXCHANGE_UNSOLICITED, /* a send with no request open */
	EXCHANGE_ABORTED,     /* closed or reset before an answer */
	NR_EXCHANGES
};

/* What the syscall in which a thread sleeps waits for. */
enum wait_class {
	WAIT_OTHER,
	WAIT_MUX,   /* one of many events: epoll, poll, select, io_uring */
	WAIT_READ,  /* data on one descriptor, or a connection */
	WAIT_LOCK,  /* futex */
	WAIT_SLEEP, /* a timer: from here on part of some work, never a place to idle in */
	WAIT_DISK,  /* a file system's journal; or, whatever the syscall, block I/O */
	WAIT_FAULT, /* no syscall: block I/O in a page fault */
	WAIT_WORK,  /* a child's end, room to write */
};

/* Who ended a thread's sleep, as far as sched_waking tells. */
enum waker {
	WAKER_UNKNOWN, /* an interrupt, a thread of the kernel */
	WAKER_TIMER,   /* not any thread: where nothing else wakes, a timer */
	WAKER_SIBLING, /* a thread of the same process */
	WAKER_THREAD,  /* one of another process */
	WAKER_CLIENT,  /* a connection of a traced service got data */
	WAKER_SOCKET,  /* another socket did */
};

/* Bits beside an enum waker: may the syscall that the waker is in wake this kind of sleeper? */
#define WAKES_LOOPS 0x10 /* it acts on a descriptor: write, send, close ... */
#define WAKES_LOCKS 0x20 /* futex, exit */

/* Where a syscall that reads puts the data: its second argument is ... */
enum buffer_class {
	BUFFER_NONE,
	BUFFER_PLAIN,	/* the buffer */
	BUFFER_IOVEC,	/* an array of struct iovec */
	BUFFER_MESSAGE, /* a struct msghdr */
};

#define LVT_COMM_LEN 16
#define LVT_MAX_SERVICES 64
#define LVT_MAX_PORTS 64   /* ports in a filter */
#define LVT_MAX_PROCS 4096 /* (service, process) pairs kept */
#define LVT_MAX_SHARDS 4   /* a service's numbers are kept in up to so many copies, by CPU */

/* The other end of a socket; family 0 = none. IPv4 addresses are in the first four bytes. */
struct lvt_peer {
	__u8 addr[16];
	__u16 port; /* host byte order */
	__u16 family;
};

/* Instead of a syscall: a signal or a debugger has stopped the thread. */
#define LVT_SYSNO_STOPPED -2

/*
 * A time in which a thread was not running: why, and who had to do with it. `comm` is the thread that
 * ended the wait (a lock's holder, a pool's worker) or, for CAUSE_RUNQ, the task that had the CPU for
 * the longest part of it; "" = not known. `pid` is that task's process, 0 with comm "idle": nobody, so
 * the thread was throttled.
 */
struct lvt_wait {
	__u64 start, end; /* CLOCK_MONOTONIC ns */
	__s32 sysno;	  /* -1: none, a page fault; or LVT_SYSNO_STOPPED */
	__u8 cause;	  /* enum lvt_cause */
	__u8 waker;	  /* enum waker; CAUSE_RUNQ: 1 = comm is known */
	__u16 pad;
	__u32 pid;
	struct lvt_peer peer;
	char comm[LVT_COMM_LEN];
};

_Static_assert(sizeof(struct lvt_wait) == 64, "no padding but the named one");

/* blocked_on and preempted_by: request time by what it was waited for. */
struct lvt_wait_key {
	__u16 service;
	__u8 stage; /* enum lvt_stage */
	__u8 pad;
	__s32 sysno;
	__u32 pid;
	struct lvt_peer peer;
	char comm[LVT_COMM_LEN];
};

struct lvt_wait_sum {
	__u64 waits, ns;
};

#define LVT_MAX_WAIT_ROWS 2048

/* Requests that the processes of a service send to one peer. */
#define LVT_MAX_OUTBOUND 64

struct lvt_outbound_key {
	__u32 service;
	struct lvt_peer peer;
};

struct lvt_outbound {
	struct lvt_outbound_key key;
	__u64 first[HIST_BUCKETS],
		last[HIST_BUCKETS]; /* from the send to the answer's first, last byte */
	__u64 first_sum, first_max, last_sum, last_max;
};

/* One of the slowest requests, whole. Times are CLOCK_MONOTONIC ns; 0 = not known. */
#define LVT_EXEMPLAR_WAITS 12
#define LVT_EXEMPLAR_RING (512 * 1024) /* bytes; a power of two */

struct lvt_exemplar {
	__u32 service;
	__u32 reader, tid; /* the thread that read it, the one that answered */
	__u32 n_waits;	   /* may be more than there is room for: the first ones are missing */
	__u64 arrive, read, reply, done, sent, acked, nic;
	__u64 stage[NR_STAGES];
	struct lvt_peer client;
	char comm[LVT_COMM_LEN];	/* of the thread that answered */
	char reader_comm[LVT_COMM_LEN]; /* "" = it could not be asked */
	__u32 loop; /* enum lvt_cause to which waits of CAUSE_MUX went, 0 = none */
	struct lvt_wait wait[LVT_EXEMPLAR_WAITS]; /* latest first */
};

/*
 * One shard of one service's numbers. Latency and stages are in ns. A stage's histogram holds its
 * non-zero values; a stage's exact sum is the sum of its anatomy column. The latency histogram
 * counts the requests, the sum of all anatomy cells is the exact sum of all latencies.
 */
struct lvt_shard {
	__u64 latency[HIST_BUCKETS];
	__u64 stage[NR_STAGES][HIST_BUCKETS];
	__u64 anatomy[ANATOMY_BUCKETS][NR_STAGES];
	__u64 stage_max[NR_STAGES];
	__u64 latency_max;
	__u64 latency_min_inv; /* ~minimum, so that zero means none */
	__u64 net[NR_NET][HIST_BUCKETS];
	__u64 net_sum[NR_NET];
	__u64 net_max[NR_NET];
	__u64 queue_blocked[NR_CAUSES]; /* what the reader slept in during queue.blocked, ns */
	__u64 exchanges[NR_EXCHANGES];
	__u64 multi_thread;
	__u64 streaming;     /* an answer in many sends that took most of the latency */
	__u64 batch_sampled; /* requests whose payload was looked at, and those that held several */
	__u64 batch_found;
	__u64 batch_messages; /* messages in those */
	__u64 h2_found;	      /* of the payloads looked at: HTTP/2 frames */
	__u64 retransmits;    /* segments */
	__u64 receive_drops;  /* segments that TCP dropped on its connections */
	__u64 bytes_in;
	__u64 bytes_out;
	__u64 connections; /* established while traced, or open at the start */
	/* how long each request kept its threads: sum in ns, exact sum of squares, 128 bits wide */
	__u64 occupied;
	__u64 occupied_square, occupied_square_hi;
	__u64 occupied_unknown; /* requests of which it is not known: they are in no sum */
};

/* What comes and goes: in flight = arrived - answered - dropped. */
struct lvt_flow {
	__u64 arrived;
	__u64 answered; /* first sends of answers */
	__u64 dropped;	/* arrived, but aborted before an answer */
	__u64 pad[5];	/* a cache line: another CPU counts in the next one */
};

/*
 * What was in flight, sampled at even spacing: mean = sum / samples. It changes only at an arrival or
 * an answer, so at each of these it is known what it was at the sample times since the last one. No
 * timer: an interrupt stops its own CPU for a while before it can look, and what the other CPUs do
 * meanwhile skews the sample (on a virtual machine redis at 110,000 requests/s showed 1.3 in flight too
 * many or too few).
 */
struct lvt_flight {
	__u64 next; /* time of the next sample, CLOCK_MONOTONIC ns; 0 = none taken yet */
	__u64 sum;
	__u64 samples;
	__u64 pad[5]; /* a cache line */
};

/*
 * About 4 kHz: chance is then 1 % or less in a run of seconds, and the cost 10 ns a request. No multiple of
 * the scheduler's tick, with which it would keep step.
 */
#define LVT_FLIGHT_NS 234377ull

/* A listening endpoint; index = service id. */
struct lvt_service {
	__u32 netns; /* inode number of the network namespace */
	__u16 port;
	__u16 family; /* AF_INET or AF_INET6 of the listening socket */
	__u32 tgid;   /* a process that listens on it */
	__u32 used;   /* 0 = free entry */
	char comm[LVT_COMM_LEN];
	__u64 since; /* CLOCK_MONOTONIC ns of its registration */
	/* its listening sockets, at the last look: */
	__u32 accept_max;   /* the longest accept queue seen */
	__u32 accept_limit; /* how long it may be */
	__u64 accept_drops; /* connections dropped since the start, as it was full */
	/* its threads: how many at the end, and what all did, ns; each adds to it as it ends */
	__u64 run_ns, runq_ns;
	__u64 threads;
};

/* A process that belongs to a service. */
struct lvt_proc_key {
	__u32 tgid;
	__u32 service;
};

#endif
