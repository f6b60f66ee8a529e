/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tasks: what is kept of them, and how to reach one that is not the current one. */
#ifndef LVT_TASK_BPF_H
#define LVT_TASK_BPF_H

#include "maps.bpf.h"
#include "sched.h"
#include <bpf/bpf_core_read.h>

static __always_inline void comm_copy(char *to, const struct task_struct *p)
{
	bpf_probe_read_kernel(to, LVT_COMM_LEN, p->comm);
}

static __always_inline struct thread *thread_of(struct task_struct *p)
{
	return bpf_task_storage_get(&lvt_threads, p, 0, 0);
}

static __always_inline struct waits *waits_of(struct task_struct *p)
{
	return bpf_task_storage_get(&lvt_waits, p, 0, 0);
}

/* The thread's account, made at first sight. `born`: this is its birth. */
static __always_inline struct thread *thread_make(struct task_struct *p, u64 now, u32 cause,
						  bool born)
{
	struct thread *t = bpf_task_storage_get(&lvt_threads, p, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!t)
		lvt_count(COUNTER_THREAD_STORAGE, 1);
	else if (!t->cur)
		thread_init(t, now, cause, born);
	/* without it, its waits have no names: each is counted */
	bpf_task_storage_get(&lvt_waits, p, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	return t;
}

/*
 * When the scheduler gave the running task its CPU, in CLOCK_MONOTONIC ns; 0 if it keeps no record. The
 * record is in the scheduler's clock: how that one differs is known from switches that were delivered.
 */
static __always_inline u64 thread_arrival(struct thread *t, struct task_struct *p)
{
	if (!bpf_core_field_exists(p->sched_info) || !t->clock_offset)
		return 0;
	return p->sched_info.last_arrival + t->clock_offset;
}

/* The thread is ready and has no CPU: from here on it is noted who has. */
static __always_inline void waiting_begin(struct thread *t)
{
	if (!__sync_lock_test_and_set(&t->waiting, 1))
		__sync_fetch_and_add(&waiting[0], 1);
}

static __always_inline void waiting_end(struct thread *t)
{
	if (t->waiting && __sync_lock_test_and_set(&t->waiting, 0))
		__sync_fetch_and_add(&waiting[0], -1);
}

/* The thread acts: its account knows that it is on CPU from here on. */
static __always_inline void thread_acts(struct thread *t, struct task_struct *p, u64 now)
{
	if (thread_cause(t) == CAUSE_RUN)
		return;
	thread_act(t, now, thread_arrival(t, p));
	waiting_end(t);
}

/* Hand out what the thread still has: its waits that are charged, its time for the utilisation. */
static __always_inline struct lvt_service *thread_hand_out(struct task_struct *p, struct thread *t,
							   u64 now)
{
	u64 run = t->clock.ns[CAUSE_RUN], runq = t->clock.ns[CAUSE_RUNQ], since = thread_since(t);
	u32 id = t->service - 1;
	struct lvt_service *s;

	waits_flush(waits_of(p));
	if (id >= LVT_MAX_SERVICES)
		return NULL;
	s = bpf_map_lookup_elem(&lvt_services, &id);
	if (!s)
		return NULL;
	if (now > since && thread_cause(t) == CAUSE_RUN)
		run += now - since;
	else if (now > since && thread_cause(t) == CAUSE_RUNQ)
		runq += now - since;
	__sync_fetch_and_add(&s->run_ns, run);
	__sync_fetch_and_add(&s->runq_ns, runq);
	return s;
}

#endif
