// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the application does: it reads, it sends. */
#include "arrive.bpf.h"
#include "exemplar_send.bpf.h"
#include "outbound.bpf.h"
#include "payload.bpf.h"
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

enum { SCRATCH_READ, SCRATCH_SEND };

static __always_inline struct scratch *scratch_of(u32 program)
{
	return bpf_map_lookup_elem(&lvt_scratch, &program);
}

/* The acting thread's account, on CPU from here on; made if it is seen for the first time. */
static __always_inline struct thread *thread_first(struct conn *c, struct task_struct *p, u64 now)
{
	struct thread *t = thread_of(p);

	if (!t || !t->cur) {
		t = thread_make(p, now, CAUSE_RUN, false);
		if (!t)
			return NULL;
		lvt_count(COUNTER_FIRST_SIGHT, 1);
		service_process(c->service, p->tgid);
		t->service = c->service + 1;
	}
	thread_acts(t, p, now);
	return t;
}

/* What the acting thread has waited for, NULL if nothing has a name. */
static __always_inline struct waits *waits_here(struct thread *t, struct task_struct *p)
{
	return t->slots ? waits_of(p) : NULL;
}

static __always_inline void take_over(struct conn *c, struct thread *t, struct waits *waits,
				      struct act *a, u64 cpu)
{
	struct task_struct *p = task_get(c->reader);
	struct thread *reader = p ? thread_of(p) : NULL;

	if (!reader)
		lvt_count(COUNTER_READER_GONE, 1);
	request_take_over(c, t, reader, waits, a, cpu);
	if (p)
		task_put(p);
}

/*
 * Data is read, and no hook has seen it come. The first of a connection has come with the handshake
 * (kernels without sk_data_ready); later, the hook was skipped (see conn_late()). It came with the last
 * packet, at `last`; not before the connection had answered or, fresh, was established. Global, so that
 * it is verified once.
 */
__weak __noinline int conn_unseen(struct conn *c, u64 now, u64 last, u32 state)
{
	bool fresh;
	u64 least;

	if (!c)
		return 0;
	/* what a reset leaves in the socket can still be read, but not be answered */
	if (state != TCP_ESTABLISHED && state != TCP_CLOSE_WAIT && state != TCP_SYN_RECV)
		return 0;
	if (c->phase == PHASE_ANSWERED) {
		if (!(c->flags & CONN_ALL_READ))
			return 0;
	} else if (c->phase != PHASE_IDLE || c->flags & (CONN_UNKNOWN | CONN_OWED)) {
		return 0;
	}
	fresh = c->flags & CONN_FRESH;
	least = fresh ? c->arrive : c->done;
	/* TCP's clock counts us; of the handshake's last packet it is read before the state changes */
	if (!fresh && last + 1000 <= least) {
		lvt_count(COUNTER_ARRIVAL_MISSED, 1);
		last = now;
	} else {
		lvt_count(fresh ? COUNTER_HANDSHAKE_DATA : COUNTER_ARRIVAL_BY_TCP, 1);
		last = last < least ? least : last;
	}
	account_arrived(c->service, last);
	request_arrive(c, last, fresh);
	return 0;
}

SEC("tp_btf/tcp_rcv_space_adjust")
int BPF_PROG(lvt_read, struct sock *sk)
{
	struct task_struct *p;
	struct tcp_sock *tp;
	struct waits *waits;
	struct thread *t;
	struct conn *c;
	struct act a;
	bool first;
	u64 cpu;
	u32 got;

	if (!enabled || !sock_is_traced(sk))
		return 0;
	c = conn_of(sk);
	/* Fast Open: data that came with the SYN is read before the connection is established */
	if (!c && (sk->__sk_common.skc_state == TCP_SYN_RECV || conn_is_late(sk)))
		c = conn_late(sk, true);
	if (!c)
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	/* it fires for MSG_PEEK and for an empty splice pass, too */
	if (!tp || tp->copied_seq == c->copied)
		return 0;
	a.now = bpf_ktime_get_ns();
	/* a call costs more than this look */
	if (c->phase == PHASE_IDLE || c->phase == PHASE_ANSWERED)
		conn_unseen(c, a.now, last_packet(tp, a.now), sk->__sk_common.skc_state);
	if (c->phase == PHASE_NEXT)
		conn_finish(c, tp);
	got = tp->copied_seq - c->copied;
	c->bytes_in += got;
	c->copied = tp->copied_seq;
	p = bpf_get_current_task_btf();
	/* a kernel TLS may read in softirq: whose time that is, is not known */
	if (!p->pid)
		return 0;
	a.sk = (u64)sk;
	a.tid = p->pid;
	a.unread = unread_bytes(sk, tp);
	a.full = false;
	a.scratch = scratch_of(SCRATCH_READ);
	t = thread_first(c, p, a.now);
	if (!t || !a.scratch)
		return 0;
	waits = waits_here(t, p);
	cpu = thread_cpu(t, a.now);
	if (c->phase == PHASE_READING && c->tid != a.tid)
		take_over(c, t, waits, &a, cpu);
	first = c->phase == PHASE_ARRIVED;
	request_read(c, t, waits, &a, cpu);
	if (first && !(a.now & (BATCH_ONE_IN - 1)))
		sample_batch(c->service, p, got);
	return 0;
}

/* No room for another segment: the send fails, or waits for the peer. */
static __always_inline bool send_buffer_full(struct sock *sk, struct tcp_sock *tp)
{
	if (sk->sk_wmem_queued >= sk->sk_sndbuf)
		return true;
	return tp->notsent_lowat && tp->write_seq - tp->snd_nxt >= tp->notsent_lowat;
}

/* A send that answers nothing that was read. */
static __always_inline void conn_speaks_first(struct conn *c, struct tcp_sock *tp,
					      const struct act *a)
{
	if (c->phase == PHASE_IDLE) {
		account_sent(c->service, tp->write_seq - c->written);
		c->written = tp->write_seq;
		/* the rest of an answer that paused, or a push: TCP does not tell */
		if (c->flags & CONN_SWEPT)
			lvt_count(COUNTER_CUT_SHORT, 1);
		if (!(c->flags & CONN_UNKNOWN))
			account_exchange(c->service, EXCHANGE_UNSOLICITED);
		c->flags &= ~(CONN_OWED | CONN_SWEPT);
	} else if (a->unread || tp->copied_seq == c->copied) {
		/* the request that waits meanwhile is not alone on its connection */
		c->flags |= c->phase == PHASE_NEXT ? CONN_NEXT_PIPELINED : CONN_PIPELINED;
	} else {
		/* it has been read, by a way that has no hook (a kernel TLS, a socket map) */
		lvt_count(COUNTER_READ_MISSED, 1);
		if (c->phase == PHASE_NEXT)
			conn_finish(c, tp);
		account_dropped(c->service, a->now);
		request_reset(c);
	}
}

/* The next request came (at `next`) while the send that answers this one was under way. */
static __always_inline void conn_overtaken(struct conn *c, u64 next)
{
	account_arrived(c->service, next);
	c->next = next;
	c->next_nic = 0;
	c->more = 0;
	c->phase = PHASE_NEXT;
}

/* A send on a request that has been read. */
static __always_inline void conn_answers(struct conn *c, struct thread *t, struct waits *waits,
					 const struct act *a, u64 cpu, u64 next)
{
	bool first = c->phase == PHASE_READING;
	u64 moved = request_send(c, t, waits, a, cpu);

	if (first)
		account_answered(c->service, a->now);
	else if (moved)
		account_moved(c->service, a->now - moved, a->now);
	if (next)
		conn_overtaken(c, next);
}

/* A send on a socket that is none of a service's: a traced thread asks somebody else. */
static __always_inline void send_elsewhere(struct sock *sk, struct task_struct *p)
{
	struct thread *t = thread_of(p);

	if (t)
		t->asked = bpf_ktime_get_ns();
	if (t && cfg_client)
		out_send(sk, t);
}

/* `ended`: the hook fires at the end of a send and not at its start. */
static __always_inline int conn_send(struct sock *sk, bool ended)
{
	struct task_struct *p;
	struct tcp_sock *tp;
	struct waits *waits;
	struct thread *t;
	struct conn *c;
	struct act a;
	u64 cpu, next;

	if (!enabled)
		return 0;
	c = sock_is_traced(sk) ? conn_of(sk) : NULL;
	p = bpf_get_current_task_btf();
	/* a service may speak first */
	if (!c && conn_is_late(sk))
		c = conn_late(sk, true);
	if (!c) {
		send_elsewhere(sk, p);
		return 0;
	}
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp || !p->pid)
		return 0;
	a.now = bpf_ktime_get_ns();
	a.sk = (u64)sk;
	a.tid = p->pid;
	a.unread = unread_bytes(sk, tp);
	a.full = send_buffer_full(sk, tp);
	a.written = ended ? c->written : tp->write_seq;
	a.scratch = scratch_of(SCRATCH_SEND);
	t = thread_first(c, p, a.now);
	if (!t || !a.scratch)
		return 0;
	cpu = thread_cpu(t, a.now);
	if (c->phase != PHASE_READING && c->phase != PHASE_ANSWERED) {
		conn_speaks_first(c, tp, &a);
		thread_event(t, &a, cpu, true);
		return 0;
	}
	c->bytes_out += tp->write_seq - c->written;
	c->written = tp->write_seq;
	/* such a hook runs without the socket's lock, too: delivery on loopback is part of the send */
	next = ended && a.unread ? c->more : 0;
	if (next)
		a.unread = 0;
	waits = waits_here(t, p);
	if (c->tid != a.tid)
		take_over(c, t, waits, &a, cpu);
	conn_answers(c, t, waits, &a, cpu, next);
	return 0;
}

SEC("tp_btf/tcp_sendmsg_locked")
int BPF_PROG(lvt_send, struct sock *sk)
{
	return conn_send(sk, false);
}

/* Before 6.15. It fires at the end of a send, with its result: the mark is the end, not the start. */
SEC("tp_btf/sock_send_length")
int BPF_PROG(lvt_send_end, struct sock *sk, int ret)
{
	return ret > 0 ? conn_send(sk, true) : 0;
}

/* Before 6.3. Both run under the socket's lock; sendfile() has a path of its own until 6.5. */
SEC("fentry/tcp_sendmsg_locked")
int BPF_PROG(lvt_send_fentry, struct sock *sk)
{
	return conn_send(sk, false);
}

SEC("fentry/tcp_sendpage_locked")
int BPF_PROG(lvt_sendpage_fentry, struct sock *sk)
{
	return conn_send(sk, false);
}
