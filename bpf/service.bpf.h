/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Services: which listening sockets are traced, and which connections and threads belong to them. */
#ifndef LVT_SERVICE_BPF_H
#define LVT_SERVICE_BPF_H

#include "exemplar.bpf.h"
#include "task.bpf.h"
#include "cgroup.h"

static __always_inline bool port_matches(u32 port)
{
	u32 i;

	if (!cfg_n_ports)
		return true;
	for (i = 0; i < LVT_MAX_PORTS; i++) {
		if (i >= cfg_n_ports)
			break;
		if (cfg_ports[i] == port)
			return true;
	}
	return false;
}

static __always_inline bool comm_matches(struct task_struct *p)
{
	struct task_struct *leader = p->group_leader;
	u32 i;

	if (!cfg_comm[0])
		return true;
	for (i = 0; i < LVT_COMM_LEN; i++) {
		if (leader->comm[i] != cfg_comm[i])
			return false;
		if (!cfg_comm[i])
			break;
	}
	return true;
}

#define CGROUP_DEPTH 16

/* Is the task in the cgroup of the filter, or below it? Works for v2 and for any v1 controller. */
static __always_inline bool cgroup_matches(struct task_struct *p)
{
	struct cgroup_subsys_state *css;
	struct css_set *set;
	u64 at;
	u32 i;

	if (!cfg_cgroup)
		return true;
	set = p->cgroups;
	if (cfg_cgroup_subsys < 0) {
		css = &set->dfl_cgrp->self;
	} else {
		at = bpf_core_field_offset(struct css_set, subsys) + 8 * cfg_cgroup_subsys;
		if (bpf_probe_read_kernel(&css, sizeof(css), (void *)set + at))
			return false;
	}
	for (i = 0; i < CGROUP_DEPTH && css; i++) {
		if (BPF_CORE_READ(css, cgroup, kn, id) == cfg_cgroup)
			return true;
		css = BPF_CORE_READ(css, parent);
	}
	return false;
}

static __always_inline bool process_matches(struct task_struct *p)
{
	return (!cfg_tgid || p->tgid == cfg_tgid) && comm_matches(p) && cgroup_matches(p);
}

static __always_inline struct service_key service_key(const struct sock *sk)
{
	struct service_key k = {
		.netns = sk->__sk_common.skc_net.net->ns.inum,
		.port = sk->__sk_common.skc_num,
	};

	return k;
}

/* A process serves the service: its threads are to be followed. */
static __always_inline void service_process(u32 service, u32 tgid)
{
	struct lvt_proc_key k = { .tgid = tgid, .service = service };
	u32 one = 1, id = service + 1;

	if (bpf_map_lookup_elem(&lvt_procs, &k))
		return;
	if (bpf_map_update_elem(&lvt_procs, &k, &one, BPF_NOEXIST)) {
		lvt_count(COUNTER_PROCESS_TABLE, 1);
		return;
	}
	/* the first of a process' services stands for it */
	bpf_map_update_elem(&lvt_tgids, &tgid, &id, BPF_NOEXIST);
	__sync_fetch_and_add(&n_procs, 1);
}

static __always_inline void service_fill(struct lvt_service *s, const struct sock *sk,
					 struct task_struct *p, u64 now)
{
	struct task_struct *leader = p->group_leader;

	s->netns = sk->__sk_common.skc_net.net->ns.inum;
	s->port = sk->__sk_common.skc_num;
	s->family = sk->__sk_common.skc_family;
	s->tgid = p->tgid;
	s->since = now;
	bpf_probe_read_kernel(s->comm, sizeof(s->comm), leader->comm);
	s->used = 1;
}

/* A new service; 0 if another CPU registers it right now, or there is no room to remember it. */
static __always_inline u32 service_register(const struct sock *sk, struct task_struct *p, u64 now,
					    struct service_key *key)
{
	struct lvt_service *s;
	u32 id, value = 0;
	long err = bpf_map_update_elem(&lvt_service_ids, key, &value, BPF_NOEXIST);

	if (err) {
		if (err != -17 /* EEXIST */)
			lvt_count(COUNTER_SERVICE_TABLE, 1);
		return 0;
	}
	id = __sync_fetch_and_add(&n_services, 1);
	value = id + 1;
	bpf_map_update_elem(&lvt_service_ids, key, &value, BPF_ANY);
	if (id < LVT_MAX_SERVICES)
		__sync_fetch_and_or(&traced_ports[key->port / 64 & 1023], 1ull << (key->port & 63));
	s = bpf_map_lookup_elem(&lvt_services, &id);
	if (s)
		service_fill(s, sk, p, now);
	if (id >= LVT_MAX_SERVICES)
		lvt_count(COUNTER_SERVICE_TABLE, 1);
	return value;
}

/* The process `p` listens on `sk`: register the service if the filter wants it. Idempotent. */
static __always_inline void service_listens(const struct sock *sk, struct task_struct *p, u64 now)
{
	struct service_key key = service_key(sk);
	u32 *known, value;

	/* listen() without bind() comes here before it gets its port */
	if (!key.port)
		rescan = 1;
	if (key.port)
		__sync_fetch_and_or(&listened_ports[key.port / 64 & 1023], 1ull << (key.port & 63));
	if (!key.port || !port_matches(key.port))
		return;
	known = bpf_map_lookup_elem(&lvt_service_ids, &key);
	if (known)
		value = *known;
	else if (process_matches(p))
		value = service_register(sk, p, now, &key);
	else
		return;
	if (value && value <= LVT_MAX_SERVICES)
		service_process(value - 1, p->tgid);
}

/* The service that a connection belongs to, or -1. */
static __always_inline s32 service_of(const struct sock *sk)
{
	struct service_key key = service_key(sk);
	u32 *id = bpf_map_lookup_elem(&lvt_service_ids, &key);

	return id && *id && *id <= LVT_MAX_SERVICES ? (s32)*id - 1 : -1;
}

/*
 * Is a service traced on this port, in any network namespace? Only then a connection can have state: two loads
 * instead of a look-up, for all that is nobody's.
 */
static __always_inline bool port_is_traced(u32 port)
{
	return traced_ports[port / 64 & 1023] >> (port & 63) & 1;
}

static __always_inline bool sock_is_traced(const struct sock *sk)
{
	return port_is_traced(sk->__sk_common.skc_num);
}

static __always_inline struct conn *conn_of(struct sock *sk)
{
	return bpf_sk_storage_get(&lvt_conns, sk, 0, 0);
}

static __always_inline struct conn *conn_make(struct sock *sk, struct tcp_sock *tp, u32 service,
					      u16 flags)
{
	struct conn *c = bpf_sk_storage_get(&lvt_conns, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	struct lvt_shard *s;

	if (!c) {
		lvt_count(COUNTER_CONN_STORAGE, 1);
		return NULL;
	}
	c->service = service;
	c->flags = flags;
	c->arrive = bpf_ktime_get_ns();
	c->copied = tp->copied_seq;
	c->written = tp->write_seq;
	c->drops = ((struct sock *)tp)->sk_drops.counter;
	s = account_shard(service);
	if (s)
		account_add(&s->connections, 1);
	return c;
}

/* The answered request of a connection is complete. In NEXT, the one after it takes the connection. */
static __always_inline void conn_finish(struct conn *c, struct tcp_sock *tp)
{
	bool next = c->phase == PHASE_NEXT, pipelined = c->flags & CONN_NEXT_PIPELINED;

	/* what the last send wrote came after its mark; nothing at all was a send that failed */
	c->bytes_out += tp->write_seq - c->written;
	c->written = tp->write_seq;
	if (c->written == c->written_at_reply) {
		account_exchange(c->service, EXCHANGE_ABORTED);
	} else {
		request_finish(c);
		account_request(c);
		exemplar_emit(c, (struct sock *)tp);
	}
	request_reset(c);
	if (next)
		request_next(c, pipelined);
}

/*
 * The connection sends no more, or the window is over: whatever is open ends here. After the window an answered request still
 * counts, as its answer came within it; of another it is not known how it would have gone.
 */
static __always_inline void conn_close(struct conn *c, struct tcp_sock *tp)
{
	account_drops(c, (struct sock *)tp);
	if (c->phase == PHASE_ANSWERED || c->phase == PHASE_NEXT)
		conn_finish(c, tp);
	if (c->phase == PHASE_IDLE) {
		account_sent(c->service, tp->write_seq - c->written);
		c->written = tp->write_seq;
		return;
	}
	if (enabled) {
		account_exchange(c->service, EXCHANGE_ABORTED);
		account_dropped(c->service, bpf_ktime_get_ns());
	} else {
		/* it stays in flight to the window's end */
		lvt_count(COUNTER_OPEN_AT_END, 1);
	}
	request_reset(c);
}

#endif
