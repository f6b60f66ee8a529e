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
	WAIT_MUX,  /* one of many events: epoll, poll, select, io_uring */
	WAIT_READ, /* data on one descriptor */
	WAIT_WORK, /* a timer, a disk: part of some work, never a place to idle in */
};

/* Where a syscall that reads puts the data: its second argument is ... */
enum buffer_class {
	BUFFER_NONE,
	BUFFER_PLAIN,	/* the buffer */
	BUFFER_IOVEC,	/* an array of struct iovec */
	BUFFER_MESSAGE, /* a struct msghdr */
};

#define LVT_MAX_SERVICES 64
#define LVT_MAX_PORTS 64   /* ports in a filter */
#define LVT_MAX_PROCS 4096 /* (service, process) pairs kept */
#define LVT_MAX_SHARDS 4   /* a service's numbers are kept in up to so many copies, by CPU */
#define LVT_COMM_LEN 16

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
	__u64 exchanges[NR_EXCHANGES];
	__u64 multi_thread;
	__u64 batch_sampled; /* requests whose payload was looked at, and those that held several */
	__u64 batch_found;
	__u64 batch_messages; /* messages in those */
	__u64 bytes_in;
	__u64 bytes_out;
	__u64 connections; /* established while traced, or open at the start */
};

/* What comes and goes: in flight = arrived - answered - dropped. */
struct lvt_flow {
	__u64 arrived;
	__u64 answered; /* first sends of answers */
	__u64 dropped;	/* arrived, but aborted before an answer */
	__u64 pad;
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

/* About 1 kHz, but no multiple of the scheduler's tick, with which it would keep step. */
#define LVT_FLIGHT_NS 937501ull

/* A listening endpoint; index = service id. */
struct lvt_service {
	__u32 netns; /* inode number of the network namespace */
	__u16 port;
	__u16 family; /* AF_INET or AF_INET6 of the listening socket */
	__u32 tgid;   /* a process that listens on it */
	__u32 used;   /* 0 = free entry */
	char comm[LVT_COMM_LEN];
	__u64 since; /* CLOCK_MONOTONIC ns of its registration */
};

/* A process that belongs to a service. */
struct lvt_proc_key {
	__u32 tgid;
	__u32 service;
};

#endif
