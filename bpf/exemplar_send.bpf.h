/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One of the slowest requests, written out. In a file of its own, as only one object may ask for other
 * tasks: the linker of libbpf before 1.2 cannot merge two that use the same kernel function.
 */
#ifndef LVT_EXEMPLAR_SEND_BPF_H
#define LVT_EXEMPLAR_SEND_BPF_H

#include "exemplar.bpf.h"
#include "task.bpf.h"

/* 6.2+; without them only the current task can be asked, and what that costs is counted */
extern struct task_struct *bpf_task_from_pid(s32 pid) __ksym __weak;
extern void bpf_task_release(struct task_struct *p) __ksym __weak;

/* A thread by its id, NULL if it is gone; to be given back with task_put(). */
static __always_inline struct task_struct *task_get(u32 tid)
{
	return bpf_task_from_pid ? bpf_task_from_pid(tid) : NULL;
}

static __always_inline void task_put(struct task_struct *p)
{
	bpf_task_release(p);
}

/* Take a wait of a thread, if it lies between since and until; 1 if it is before that. */
__weak __noinline int exemplar_wait(struct lvt_exemplar *x, const struct wait_entry *e, u64 since,
				    u64 until)
{
	if (!x || !e || e->w.end <= since)
		return 1;
	if (e->w.start >= until)
		return 0;
	if (x->n_waits < LVT_EXEMPLAR_WAITS)
		x->wait[x->n_waits] = e->w;
	x->n_waits++;
	return 0;
}

/* Those waits, latest first. The oldest one is left out: the thread may be writing over it. */
static __always_inline void exemplar_waits(struct lvt_exemplar *x, struct task_struct *p, u64 since,
					   u64 until)
{
	struct waits *w = waits_of(p);
	u32 k;

	for (k = 0; k < WAIT_LOG - 1; k++) {
		if (!w || k >= w->head)
			break;
		if (exemplar_wait(x, &w->log[(w->head - 1 - k) & (WAIT_LOG - 1)], since, until))
			break;
	}
}

/*
 * What can be asked of the thread that answered, from where its share of the request begins, and of the
 * one that read, until it did.
 */
static __always_inline void exemplar_threads(struct lvt_exemplar *x, const struct conn *c)
{
	bool several = c->flags & CONN_MULTI_THREAD;
	struct task_struct *p = task_get(x->tid);

	x->comm[0] = 0;
	x->reader_comm[0] = 0;
	x->n_waits = 0;
	if (p) {
		comm_copy(x->comm, p);
		exemplar_waits(x, p, several ? c->waits.from : x->arrive, x->done);
		task_put(p);
	}
	if (!several)
		return;
	p = task_get(x->reader);
	if (p) {
		comm_copy(x->reader_comm, p);
		exemplar_waits(x, p, x->arrive, x->read);
		task_put(p);
	}
}

/* Global: it is rare, and verified once. */
int exemplar_send(struct conn *c, struct lvt_peer *client)
{
	struct lvt_exemplar *x;

	if (!c || !client)
		return 0;
	x = bpf_ringbuf_reserve(&lvt_exemplars, sizeof(*x), 0);
	if (!x) {
		lvt_count(COUNTER_EXEMPLAR_FULL, 1);
		return 0;
	}
	x->service = c->service;
	x->reader = c->reader;
	x->tid = c->tid;
	x->arrive = c->arrive;
	x->read = c->read;
	x->reply = c->reply;
	x->done = c->done;
	x->sent = (s32)(c->sent_seq - c->written) >= 0 ? c->sent : 0;
	x->acked = c->acked;
	x->nic = c->nic;
	x->client = *client;
	x->loop = c->waits.loop;
	__builtin_memcpy(x->stage, c->stage, sizeof(x->stage));
	exemplar_threads(x, c);
	bpf_ringbuf_submit(x, BPF_RB_NO_WAKEUP);
	return 0;
}

#endif
