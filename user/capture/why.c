/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture/why.h"
#include <bpf/bpf.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "capture/listeners.h"
#include "capture/syscalls.h"
#include "model/waits.h"

struct names {
	struct listener listener[MAX_LISTENERS];
	size_t n_listeners;
	struct ifaddrs *own; /* this host's addresses */
	bool foreign;	     /* the service at hand is in another network namespace */
};

static bool is_runq(enum lvt_stage st)
{
	return st == STAGE_QUEUE_RUNQ || st == STAGE_SERVICE_RUNQ;
}

static bool is_loopback(int family, const __u8 *addr)
{
	return family == AF_INET ? addr[0] == 127 : !memcmp(addr, &in6addr_loopback, 16);
}

static bool peer_is_here(const struct names *names, const struct lvt_peer *peer)
{
	static const __u8 mapped[12] = { [10] = 0xff, [11] = 0xff };
	const __u8 *addr = peer->addr;
	const struct ifaddrs *a;
	int family = peer->family;
	const void *own;

	/* an IPv4 address on an IPv6 socket */
	if (family == AF_INET6 && !memcmp(addr, mapped, sizeof(mapped))) {
		addr += sizeof(mapped);
		family = AF_INET;
	}
	if (is_loopback(family, addr))
		return !names->foreign;
	for (a = names->own; a; a = a->ifa_next) {
		if (!a->ifa_addr || a->ifa_addr->sa_family != family)
			continue;
		own = family == AF_INET ? (void *)&((struct sockaddr_in *)a->ifa_addr)->sin_addr :
					  (void *)&((struct sockaddr_in6 *)a->ifa_addr)->sin6_addr;
		if (!memcmp(own, addr, family == AF_INET ? 4 : 16))
			return true;
	}
	return false;
}

/* Who listens there, if it is this host: comm has room for LVT_COMM_LEN + 1. */
static void name_peer(const struct names *names, const struct lvt_peer *peer, char *comm,
		      __u32 *pid)
{
	size_t i;

	if ((peer->family != AF_INET && peer->family != AF_INET6) || !peer_is_here(names, peer))
		return;
	for (i = 0; i < names->n_listeners; i++) {
		if (names->listener[i].port != peer->port)
			continue;
		snprintf(comm, LVT_COMM_LEN + 1, "%.*s", LVT_COMM_LEN, names->listener[i].comm);
		*pid = names->listener[i].pid;
	}
}

/* The process' cgroup: of version 2, or of the cpu controller of version 1. */
static void name_cgroup(struct run_wait *w)
{
	char path[64], line[512], *at;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%u/cgroup", w->pid);
	in = w->pid ? fopen(path, "re") : NULL;
	if (!in)
		return;
	while (fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = 0;
		at = strchr(line, ':');
		if (!at || !(at = strchr(at + 1, ':')))
			continue;
		if (!strncmp(line, "0::", 3) || strstr(line, ":cpu:") || strstr(line, ":cpu,") ||
		    strstr(line, ",cpu:"))
			snprintf(w->cgroup, sizeof(w->cgroup), "%.255s", at + 1);
	}
	fclose(in);
}

static void fill(const struct names *names, const struct lvt_wait_key *k,
		 const struct lvt_wait_sum *sum, struct run_wait *w)
{
	w->stage = k->stage;
	w->peer = k->peer;
	memcpy(w->who, k->comm, LVT_COMM_LEN);
	w->pid = k->pid;
	w->waits = sum->waits;
	w->ns = sum->ns;
	if (is_runq(w->stage))
		name_cgroup(w);
	else
		syscall_name(w->syscall, sizeof(w->syscall), k->sysno);
	name_peer(names, &w->peer, w->peer_comm, &w->peer_pid);
}

static int read_service(struct run_service *s, __u32 id, struct names *names,
			const struct lvt_wait_key *keys, const struct lvt_wait_sum *sums, size_t n)
{
	size_t i, own = 0;

	for (i = 0; i < n; i++)
		own += keys[i].service == id;
	names->foreign = s->foreign_netns;
	s->waits = calloc(own + NR_STAGES, sizeof(*s->waits));
	if (!s->waits)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		if (keys[i].service == id && sums[i].ns)
			fill(names, &keys[i], &sums[i], &s->waits[s->n_waits++]);
	qsort(s->waits, s->n_waits, sizeof(*s->waits), run_wait_order);
	waits_balance(s);
	return 0;
}

static __u64 *copy_cells(const __u64 *cells)
{
	__u64 *copy = malloc(HIST_BUCKETS * sizeof(*copy));

	if (copy)
		memcpy(copy, cells, HIST_BUCKETS * sizeof(*copy));
	return copy;
}

static int add_outbound(const struct names *names, const struct lvt_outbound *row,
			struct run_service *s)
{
	struct run_outbound *o, *more = realloc(s->outbound, (s->n_outbound + 1) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	s->outbound = more;
	o = &more[s->n_outbound++];
	*o = (struct run_outbound){ .peer = row->key.peer,
				    .first = copy_cells(row->first),
				    .last = copy_cells(row->last),
				    .first_sum = row->first_sum,
				    .first_max = row->first_max,
				    .last_sum = row->last_sum,
				    .last_max = row->last_max };
	name_peer(names, &o->peer, o->comm, &o->pid);
	return o->first && o->last ? 0 : -ENOMEM;
}

/* What the services' processes send, by peer. */
static int read_outbound(const struct tracer *t, struct run *r, struct names *names)
{
	struct lvt_outbound *row = malloc(sizeof(*row));
	int err = row ? 0 : -ENOMEM;
	__u32 i;

	r->outbound = t->options.client;
	for (i = 0; i < LVT_MAX_OUTBOUND && r->outbound && !err; i++) {
		if (bpf_map_lookup_elem(t->fd_outbound, &i, row) || !row->key.peer.family)
			break;
		if (row->key.service >= r->n_services)
			continue;
		names->foreign = r->services[row->key.service].foreign_netns;
		err = add_outbound(names, row, &r->services[row->key.service]);
	}
	free(row);
	return err;
}

/* The kernel's table; returns how many rows, or -ENOMEM. */
static int read_rows(int map, struct lvt_wait_key **keys, struct lvt_wait_sum **sums)
{
	struct lvt_wait_key *prev = NULL;
	int n = 0;

	*keys = calloc(LVT_MAX_WAIT_ROWS, sizeof(**keys));
	*sums = calloc(LVT_MAX_WAIT_ROWS, sizeof(**sums));
	if (!*keys || !*sums)
		return -ENOMEM;
	while (n < LVT_MAX_WAIT_ROWS && !bpf_map_get_next_key(map, prev, &(*keys)[n])) {
		prev = &(*keys)[n];
		if (!bpf_map_lookup_elem(map, prev, &(*sums)[n]))
			n++;
	}
	return n;
}

/* To look up who listens is most of a snapshot's cost: only for what has a peer. */
static bool needs_names(const struct tracer *t, const struct lvt_wait_key *keys, int n)
{
	for (int i = 0; i < n; i++)
		if (keys[i].peer.family)
			return true;
	return t->options.client;
}

int why_read(const struct tracer *t, struct run *r, struct err *e)
{
	struct names *names = calloc(1, sizeof(*names));
	struct lvt_wait_key *keys = NULL;
	struct lvt_wait_sum *sums = NULL;
	int n = -ENOMEM, err = 0;
	size_t i;

	if (names)
		n = read_rows(t->fd_wait_rows, &keys, &sums);
	if (n >= 0 && needs_names(t, keys, n)) {
		names->n_listeners = listeners_read(names->listener);
		if (getifaddrs(&names->own))
			names->own = NULL;
	}
	for (i = 0; i < r->n_services && n >= 0 && !err; i++)
		err = read_service(&r->services[i], i, names, keys, sums, n);
	if (names && n >= 0 && !err)
		err = read_outbound(t, r, names);
	if (names && names->own)
		freeifaddrs(names->own);
	free(names);
	free(keys);
	free(sums);
	return n < 0 || err ? err_set(e, -ENOMEM, "no memory for a report") : 0;
}
