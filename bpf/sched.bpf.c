// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The clocks of threads: hooks on the scheduler. An untraced task costs a look-up that finds nothing. */
#include "service.bpf.h"
#include "arch.bpf.h"
#include <bpf/bpf_tracing.h>

static __always_inline void switch_out(struct task_struct *p, struct thread *t, u64 now,
				       bool runnable)
{
	u32 wait = WAIT_OTHER;
	struct pt_regs *regs;
	s32 sysno = -1;
	u64 arg = 0;

	if (thread_cause(t) != CAUSE_RUN)
		thread_act(t, now, thread_arrival(t, p));
	else if (t->switched && bpf_core_field_exists(p->sched_info))
		t->clock_offset = thread_since(t) - p->sched_info.last_arrival;
	if (runnable) {
		thread_preempted(t, now);
		return;
	}
	/* a kernel thread or io worker has no syscall, and its registers lie */
	if (!(p->flags & (PF_KTHREAD | PF_USER_WORKER | PF_IO_WORKER))) {
		regs = (struct pt_regs *)bpf_task_pt_regs(p);
		sysno = regs_syscall(regs);
		arg = regs_arg0(regs);
		wait = by_syscall(cfg_wait, sysno);
	}
	thread_sleeps(t, now, sysno, arg, wait);
}

SEC("tp_btf/sched_switch")
int BPF_PROG(lvt_switch, bool preempt, struct task_struct *prev, struct task_struct *next,
	     unsigned int prev_state)
{
	struct thread *t;
	u64 now = 0;

	if (prev->pid) {
		t = thread_of(prev);
		/* not yet: its storage is being made */
		if (t && t->cur) {
			now = bpf_ktime_get_ns();
			switch_out(prev, t, now, preempt || !prev_state);
		}
	}
	if (next->pid) {
		t = thread_of(next);
		if (t && t->cur)
			thread_runs(t, now ?: bpf_ktime_get_ns(), !prev->pid);
	}
	return 0;
}

SEC("tp_btf/sched_waking")
int BPF_PROG(lvt_waking, struct task_struct *p)
{
	struct thread *t = thread_of(p);

	if (t && t->cur)
		thread_waking(t, bpf_ktime_get_ns());
	return 0;
}

/* What a traced thread starts is traced: threads, and processes for connections. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(lvt_fork, struct task_struct *parent, struct task_struct *child)
{
	if (thread_of(parent))
		thread_make(child, bpf_ktime_get_ns(), CAUSE_RUNQ, true);
	return 0;
}

/* ... until it becomes another program: what a server runs is not the server, unless it listens itself. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(lvt_exec, struct task_struct *p)
{
	u32 tgid = p->tgid;

	if (thread_of(p) && !bpf_map_lookup_elem(&lvt_tgids, &tgid))
		bpf_task_storage_delete(&lvt_threads, p);
	return 0;
}
