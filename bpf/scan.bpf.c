// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is there already: iterators that the loader runs at start, for new services, and to sweep. */
#include "service.bpf.h"
#include "outbound.bpf.h"
#include "arch.bpf.h"
#include "iter.h"
#include <bpf/bpf_tracing.h>

/* Who listens, and who holds a connection of a service? Sees every network namespace. */
SEC("iter/task_file")
int lvt_scan_files(struct bpf_iter__task_file *ctx)
{
	struct task_struct *p = ctx->task;
	struct file *file = ctx->file;
	struct socket *socket;
	struct sock *sk;
	s32 service;

	if (!p || !file)
		return 0;
	socket = bpf_sock_from_file(file);
	if (!socket)
		return 0;
	sk = socket->sk;
	if (!sk || sk->sk_protocol != IPPROTO_TCP ||
	    (sk->__sk_common.skc_family != AF_INET && sk->__sk_common.skc_family != AF_INET6))
		return 0;
	if (sk->__sk_common.skc_state == TCP_LISTEN) {
		service_listens(sk, p, bpf_ktime_get_ns());
	} else if (sk->__sk_common.skc_state == TCP_ESTABLISHED) {
		service = service_of(sk);
		if (service >= 0)
			service_process(service, p->tgid);
	}
	return 0;
}

/* A thread that was there before us: give it clocks, in the state that it is in. */
static __always_inline void seed(struct task_struct *p, u32 service)
{
	u32 cause = p->__state ? CAUSE_BLOCKED : p->on_cpu ? CAUSE_RUN : CAUSE_RUNQ;
	u64 now = bpf_ktime_get_ns();
	struct pt_regs *regs;
	struct thread *t;
	s32 sysno;

	if (p->flags & (PF_KTHREAD | PF_USER_WORKER | PF_IO_WORKER)) {
		t = thread_make(p, now, cause, false);
		if (t)
			t->service = service;
		return;
	}
	regs = (struct pt_regs *)bpf_task_pt_regs(p);
	sysno = regs_syscall(regs);
	if (cause == CAUSE_BLOCKED && by_syscall(cfg_wait, sysno) == WAIT_MUX)
		cause = CAUSE_MUX;
	t = thread_make(p, now, cause, false);
	if (!t)
		return;
	t->service = service;
	t->wait = by_syscall(cfg_wait, sysno);
	t->sysno = sysno;
	/* it sleeps where it idles: as good a first guess as its first sleep after a send */
	if (p->__state)
		thread_is_home(t, sysno, regs_arg0(regs), t->wait);
}

/* Threads of the processes that lvt_scan_files found. */
SEC("iter/task")
int lvt_scan_threads(struct bpf_iter__task *ctx)
{
	struct task_struct *p = ctx->task;
	u32 tgid, *service;

	if (!p || p->__state & TASK_DEAD || thread_of(p))
		return 0;
	tgid = p->tgid;
	service = bpf_map_lookup_elem(&lvt_tgids, &tgid);
	if (service)
		seed(p, *service);
	return 0;
}

/* The window is over: traced threads hand out what they still have. */
SEC("iter/task")
int lvt_collect(struct bpf_iter__task *ctx)
{
	struct task_struct *p = ctx->task;
	struct lvt_service *s;
	struct thread *t;

	if (!p)
		return 0;
	t = thread_of(p);
	if (!t || !t->cur)
		return 0;
	s = thread_hand_out(p, t, bpf_ktime_get_ns());
	if (s)
		__sync_fetch_and_add(&s->threads, 1);
	return 0;
}

/* A listening socket: how full its accept queue is, and what was dropped as it was. */
static __always_inline void look_at_listener(struct sock *sk)
{
	u32 drops = sk->sk_drops.counter, backlog = sk->sk_ack_backlog, *seen;
	s32 id = service_of(sk);
	struct lvt_service *s;

	if (id < 0)
		return;
	s = bpf_map_lookup_elem(&lvt_services, &id);
	seen = bpf_sk_storage_get(&lvt_listen_drops, sk, 0, 0);
	if (!seen) {
		seen = bpf_sk_storage_get(&lvt_listen_drops, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
		/* what it dropped before the window does not count */
		if (seen && !enabled)
			*seen = drops;
	}
	if (!s || !seen)
		return;
	__sync_fetch_and_add(&s->accept_drops, drops - *seen);
	*seen = drops;
	s->accept_limit = sk->sk_max_ack_backlog;
	if (enabled && backlog > s->accept_max)
		s->accept_max = backlog;
}

/*
 * A connection that was there before us. If it has received since it last sent, it owes an answer to a
 * request whose start was not seen: that one is left out.
 */
static __always_inline void open_at_start(struct sock *sk, struct tcp_sock *tp)
{
	s32 service = service_of(sk);
	u16 flags = CONN_UNKNOWN;

	if (service < 0)
		return;
	if ((s32)(tp->inet_conn.icsk_ack.lrcvtime - tp->lsndtime) > 0) {
		flags |= CONN_OWED;
		lvt_count(COUNTER_OWED_AT_START, 1);
	}
	if (conn_make(sk, tp, service, flags))
		lvt_count(COUNTER_OPEN_AT_START, 1);
}

/* An answered request that has been idle, with everything acknowledged, is complete. */
static __always_inline bool is_due(const struct conn *c, const struct tcp_sock *tp)
{
	return c->phase == PHASE_ANSWERED && tp->snd_una == tp->write_seq &&
	       bpf_ktime_get_ns() - c->done >= sweep_idle_ns;
}

/* Is there anything for the sweep? Without the sockets' locks, so only a look. */
SEC("iter/bpf_sk_storage_map")
int lvt_due(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	struct conn *c = ctx->value;
	struct sock *sk = ctx->sk;
	struct tcp_sock *tp;

	if (!c || !sk)
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	if (tp && is_due(c, tp))
		sweep_due = 1;
	return 0;
}

/* The answer to a request of ours is complete when the connection has been idle, or the window is over. */
static __always_inline void sweep_out(struct sock *sk)
{
	struct out *o = bpf_sk_storage_get(&lvt_outs, sk, 0, 0);

	if (o && (sweep_final || bpf_ktime_get_ns() - o->last >= sweep_idle_ns))
		out_finish(o);
}

/*
 * Connections of one network namespace: those open before us get their state; answered requests that
 * have been idle, with everything acknowledged, are complete. Runs under the socket's lock.
 */
SEC("iter/tcp")
int lvt_sweep(struct bpf_iter__tcp *ctx)
{
	struct sock_common *skc = ctx->sk_common;
	struct tcp_sock *tp;
	struct conn *c;
	struct sock *sk;

	if (!skc)
		return 0;
	tp = bpf_skc_to_tcp_sock(skc);
	if (!tp)
		return 0;
	sk = (struct sock *)tp;
	if (skc->skc_state == TCP_LISTEN)
		look_at_listener(sk);
	if (skc->skc_state != TCP_ESTABLISHED && skc->skc_state != TCP_CLOSE_WAIT)
		return 0;
	c = conn_of(sk);
	if (!c) {
		if (cfg_client)
			sweep_out(sk);
		open_at_start(sk, tp);
		return 0;
	}
	if (sweep_final) {
		conn_close(c, tp);
	} else if (is_due(c, tp)) {
		conn_finish(c, tp);
		c->flags |= CONN_SWEPT;
	}
	return 0;
}
