/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who ends a thread's sleep, and who has the CPU that it is ready for.
 *
 * A timer wakes from within its function, whatever task that interrupts: on a busy CPU one in twenty is
 * in the middle of a write. A socket that becomes ready wakes its sleepers from within the hook on
 * sk_data_ready: so the last socket that did so on this CPU, in the same context and not long ago, is
 * who woke. (Time alone, at 3 us, missed cold cases.) Otherwise it is the task that runs, unless that is
 * only interrupted.
 */
#ifndef LVT_WAKE_BPF_H
#define LVT_WAKE_BPF_H

#include "service.bpf.h"
#include "arch.bpf.h"
#include "peer.bpf.h"
#include <bpf/bpf_tracing.h>

#define READY_NS 20000 /* from a socket's getting ready to the wake-up that it causes */

/* A socket becomes ready; `own`: a connection of a traced service. */
static __always_inline void ready_note(const struct sock *sk, u64 now, bool own)
{
	u32 zero = 0;
	struct ready *r = bpf_map_lookup_elem(&lvt_ready_last, &zero);

	if (!r)
		return;
	r->ns = now;
	r->task = (u64)bpf_get_current_task_btf();
	r->own = own;
	if (!own)
		peer_of(&r->peer, sk);
}

/* May a socket end the sleep, by the syscall that it is in or about to be? */
static __always_inline bool waits_for_socket(struct task_struct *p, const struct thread *t)
{
	u32 wait = t->wait;

	if (thread_cause(t) == CAUSE_RUN)
		wait = by_syscall(cfg_wait, regs_syscall((struct pt_regs *)bpf_task_pt_regs(p)));
	return wait == WAIT_MUX || wait == WAIT_READ;
}

/* An enum waker with its WAKES_ bits; for a socket, *from is which. */
static __always_inline u32 waker_of(struct task_struct *p, const struct thread *t,
				    struct task_struct *by, u64 now, struct ready **from)
{
	u32 zero = 0;
	struct ready *r = bpf_map_lookup_elem(&lvt_ready_last, &zero);
	s32 sysno;

	/* first: it may interrupt a task right after a send that made some other socket ready */
	if (r && r->timer)
		return WAKER_TIMER;
	if (r && r->task == (u64)by && now - r->ns < READY_NS && waits_for_socket(p, t)) {
		*from = r;
		return r->own ? WAKER_CLIENT : WAKER_SOCKET;
	}
	if (!by->pid || by->flags & (PF_KTHREAD | PF_USER_WORKER | PF_IO_WORKER))
		return WAKER_UNKNOWN;
	sysno = regs_syscall((struct pt_regs *)bpf_task_pt_regs(by));
	if (sysno < 0)
		return WAKER_UNKNOWN;
	return (by->tgid == p->tgid ? WAKER_SIBLING : WAKER_THREAD) | by_syscall(cfg_wakes, sysno);
}

/* Keep what a wait that ends now will be known by. */
static __always_inline void wake_note(struct task_struct *p, struct task_struct *by, u32 waker,
				      const struct ready *from)
{
	struct waits *w;

	waker &= 15;
	if (waker != WAKER_SOCKET && waker != WAKER_SIBLING && waker != WAKER_THREAD)
		return;
	w = waits_of(p);
	if (!w)
		return;
	__builtin_memset(&w->peer, 0, sizeof(w->peer));
	__builtin_memset(w->comm, 0, sizeof(w->comm));
	if (from)
		w->peer = from->peer;
	else
		comm_copy(w->comm, by);
}

/* A task leaves this CPU. */
static __always_inline void run_note(const struct task_struct *p, u64 now)
{
	u32 zero = 0;
	struct cpu_runs *runs = bpf_map_lookup_elem(&lvt_cpu_runs, &zero);
	struct cpu_run *run;

	if (!runs)
		return;
	run = &runs->run[runs->head++ & (CPU_RUNS - 1)];
	run->end = now;
	run->pid = p->pid;
	run->tgid = p->tgid;
	comm_copy(run->comm, p);
}

/* For how long of the wait had run i the CPU? It began when the one before it left, or before the wait. */
__weak __noinline u64 run_overlap(const struct cpu_runs *runs, const struct lvt_wait *wait, u32 i)
{
	u64 start, end;

	if (!runs || !wait)
		return 0;
	start = runs->run[(i - 1) & (CPU_RUNS - 1)].end;
	end = runs->run[i & (CPU_RUNS - 1)].end;
	if (start < wait->start)
		start = wait->start;
	if (end > wait->end)
		end = wait->end;
	return end > start ? end - start : 0;
}

/*
 * Who had the CPU for the longest part of the wait? The CPU was idle only if the thread (`tid`) has left it
 * to nobody: its cgroup was throttled. Otherwise it was ready elsewhere, where is not known.
 */
__weak __noinline int run_longest(const struct cpu_runs *runs, struct lvt_wait *wait, u32 tid)
{
	u64 ns, longest = 0;
	u32 k, i, best = 0, left = 0;

	if (!runs || !wait)
		return 0;
	for (k = 0; k < CPU_RUNS - 1; k++) {
		i = (runs->head - 1 - k) & (CPU_RUNS - 1);
		if (runs->run[i].end <= wait->start)
			break;
		ns = run_overlap(runs, wait, i);
		if (ns > longest) {
			longest = ns;
			best = i;
		}
	}
	i = (runs->head - 1 - k) & (CPU_RUNS - 1);
	if (runs->run[i].end == wait->start)
		left = runs->run[i].pid;
	best &= CPU_RUNS - 1;
	if (!longest || (!runs->run[best].pid && left != tid))
		return 0;
	wait->waker = 1;
	wait->pid = runs->run[best].tgid;
	__builtin_memcpy(wait->comm, runs->run[best].comm, sizeof(wait->comm));
	if (!runs->run[best].pid) {
		__builtin_memset(wait->comm, 0, sizeof(wait->comm));
		__builtin_memcpy(wait->comm, "idle", 4);
	}
	return 0;
}

#endif
