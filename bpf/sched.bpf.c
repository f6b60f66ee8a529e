// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The clocks of threads: hooks on the scheduler. An untraced task costs a look-up that finds nothing. */
#include "wake.bpf.h"

/* What a task is about to sleep for. */
static __always_inline u32 sleep_class(struct task_struct *task, u32 state, s32 *sysno, u64 *arg)
{
	bool user = !(task->flags & (PF_KTHREAD | PF_USER_WORKER | PF_IO_WORKER));
	u32 wait = WAIT_OTHER;
	struct pt_regs *regs;

	/* wherever it was then: that is not what it waits for */
	if (state & (TASK_STOPPED | TASK_TRACED)) {
		*sysno = LVT_SYSNO_STOPPED;
		return WAIT_WORK;
	}
	/* a kernel thread or io worker has no syscall, and its registers lie */
	if (user) {
		regs = (struct pt_regs *)bpf_task_pt_regs(task);
		*sysno = regs_syscall(regs);
		*arg = regs_arg0(regs);
		wait = by_syscall(cfg_wait, *sysno);
	}
	if (BPF_CORE_READ_BITFIELD(task, in_iowait))
		wait = user && *sysno < 0 ? WAIT_FAULT : WAIT_DISK;
	return wait;
}

/* `state`: what it sleeps in, 0 if it stays runnable. */
static __always_inline void switch_out(struct task_struct *p, struct thread *t, u64 now, u32 state,
				       bool to_nobody)
{
	struct waits *w;
	s32 sysno = -1;
	u64 arg = 0;
	u32 wait;

	if (thread_cause(t) != CAUSE_RUN) {
		thread_act(t, now, thread_arrival(t, p));
		waiting_end(t);
	} else if (t->switched && bpf_core_field_exists(p->sched_info)) {
		t->clock_offset = thread_since(t) - p->sched_info.last_arrival;
	}
	if (!state) {
		thread_preempted(t, now);
		t->throttled = to_nobody;
		waiting_begin(t);
		return;
	}
	wait = sleep_class(p, state, &sysno, &arg);
	if (thread_sleeps_again(t, now, sysno, arg)) {
		w = waits_of(p);
		if (w)
			waits_ticked(w, t->block_start);
	}
	thread_sleeps(t, now, sysno, arg, wait);
	/* one that ends may keep a wake-up that it did not need */
	if (t->wake && !(state & TASK_DEAD))
		waiting_begin(t);
}

/* The sleep that has ended has a name: what it was, and who had to do with it. */
static __always_inline void note_sleep(struct thread *t, struct waits *w)
{
	struct lvt_wait wait = {
		.start = t->block_start,
		.end = t->block_end,
		.sysno = t->sysno,
		.cause = t->block_as,
		.waker = t->waker & 15,
	};

	if (wait.waker == WAKER_SOCKET) {
		wait.peer = w->peer;
	} else if (wait.cause != CAUSE_SLEEP && wait.cause != CAUSE_DISK &&
		   wait.cause != CAUSE_FAULT && wait.cause != CAUSE_LOOP_SLEEP &&
		   (wait.waker == WAKER_SIBLING || wait.waker == WAKER_THREAD)) {
		__builtin_memcpy(wait.comm, w->comm, sizeof(wait.comm));
	}
	waits_add(w, &wait);
}

/*
 * Who ran instead while the thread `tid` was ready? On the CPU on which it was for most of that time: moved is
 * when it came here, from the CPU `other`. Global, so that it is verified once.
 */
__weak __noinline int name_runq(struct lvt_wait *wait, u64 moved, u32 other, u32 tid)
{
	struct cpu_runs *runs;
	u32 zero = 0;
	u64 now;

	if (!wait)
		return 0;
	now = wait->end;
	if (moved > wait->start && 2 * (moved - wait->start) > now - wait->start) {
		wait->end = moved;
		runs = bpf_map_lookup_percpu_elem(&lvt_cpu_runs, &zero, other);
		if (runs)
			run_longest(runs, wait, tid);
		wait->end = now;
		return 0;
	}
	runs = bpf_map_lookup_elem(&lvt_cpu_runs, &zero);
	if (runs)
		run_longest(runs, wait, tid);
	return 0;
}

/* It was ready since `from`: who ran instead? Who leaves its CPU to nobody is throttled. */
static __always_inline void note_runq(const struct task_struct *p, const struct thread *t,
				      struct waits *w, u64 from, u64 now)
{
	struct lvt_wait wait = { .start = from, .end = now, .sysno = -1, .cause = CAUSE_RUNQ };

	if (t->throttled) {
		wait.waker = 1;
		__builtin_memcpy(wait.comm, "idle", 4);
	} else {
		name_runq(&wait, t->moved, t->moved_from, p->pid);
	}
	waits_add(w, &wait);
}

static __always_inline void switch_in(struct task_struct *p, struct thread *t, u64 now,
				      bool was_idle)
{
	u32 cause = thread_cause(t);
	bool slept = cause_is_blocked(cause), wakes = slept || t->fresh, named, ready;
	u32 mistaken = 0;
	u64 from = thread_since(t);
	struct waits *w;

	thread_runs(t, now, was_idle);
	waiting_end(t);
	t->cpu = bpf_get_smp_processor_id();
	if (slept) {
		from = t->block_end;
		mistaken = thread_woken_again(t);
	}
	named = slept && wait_has_name(t);
	ready = (slept || cause == CAUSE_RUNQ) && !(wakes && was_idle) && now > from;
	if (!named && !ready)
		return;
	w = waits_of(p);
	if (!w) {
		lvt_count(COUNTER_WAITS_SHORT, 1);
		return;
	}
	if (named)
		note_sleep(t, w);
	if (named && mistaken)
		waits_rename(w, t->chain_start, mistaken);
	if (ready)
		note_runq(p, t, w, from, now);
	t->throttled = 0;
	t->slots = 1;
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
			switch_out(prev, t, now, preempt ? 0 : prev_state, !next->pid);
		}
	}
	if (waiting[0]) {
		now = now ?: bpf_ktime_get_ns();
		run_note(prev, now);
	}
	if (next->pid) {
		t = thread_of(next);
		if (t && t->cur)
			switch_in(next, t, now ?: bpf_ktime_get_ns(), !prev->pid);
	}
	return 0;
}

SEC("tp_btf/sched_waking")
int BPF_PROG(lvt_waking, struct task_struct *p)
{
	struct thread *t = thread_of(p);
	struct ready *from = NULL;
	struct task_struct *by;
	u32 waker;
	u64 now;

	if (!t || !t->cur)
		return 0;
	now = bpf_ktime_get_ns();
	by = bpf_get_current_task_btf();
	waker = waker_of(p, t, by, now, &from);
	if (!thread_waking(t, now, waker))
		return 0;
	wake_note(p, by, waker, from);
	if (!t->early)
		waiting_begin(t);
	return 0;
}

/* A thread goes to another CPU: as it wakes up, or later, when it is ready here and there is time there. */
SEC("tp_btf/sched_migrate_task")
int BPF_PROG(lvt_migrate, struct task_struct *p, int cpu)
{
	struct thread *t = thread_of(p);

	if (!t || !t->cur)
		return 0;
	t->moved = bpf_ktime_get_ns();
	t->moved_from = t->cpu;
	t->cpu = cpu;
	return 0;
}

static __always_inline void timer_runs(u32 runs)
{
	u32 zero = 0;
	struct ready *r = bpf_map_lookup_elem(&lvt_ready_last, &zero);

	if (r)
		r->timer = runs;
}

SEC("tp_btf/hrtimer_expire_entry")
int BPF_PROG(lvt_timer)
{
	timer_runs(1);
	return 0;
}

SEC("tp_btf/hrtimer_expire_exit")
int BPF_PROG(lvt_timer_end)
{
	timer_runs(0);
	return 0;
}

/* What a traced thread starts is traced: threads, and processes for connections. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(lvt_fork, struct task_struct *parent, struct task_struct *child)
{
	struct thread *t, *of = thread_of(parent);

	if (!of)
		return 0;
	t = thread_make(child, bpf_ktime_get_ns(), CAUSE_RUNQ, true);
	if (t) {
		t->service = of->service;
		waiting_begin(t);
	}
	return 0;
}

/* ... until it becomes another program: what a server runs is not the server, unless it listens itself. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(lvt_exec, struct task_struct *p)
{
	struct thread *t = thread_of(p);
	u32 tgid = p->tgid;

	if (t && !bpf_map_lookup_elem(&lvt_tgids, &tgid)) {
		if (t->cur)
			thread_hand_out(p, t, bpf_ktime_get_ns());
		bpf_task_storage_delete(&lvt_threads, p);
		bpf_task_storage_delete(&lvt_waits, p);
	}
	return 0;
}

/* Its account goes with it: what it still has is handed out before. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(lvt_exit, struct task_struct *p)
{
	struct thread *t = thread_of(p);

	if (t && t->cur)
		thread_hand_out(p, t, bpf_ktime_get_ns());
	/* as a zombie it is still to be found */
	if (t)
		t->service = 0;
	return 0;
}
