// SPDX-License-Identifier: BSD-2-Clause
/* Which rows of a run are of the same thing, and the order that a run keeps them in. */
#include <string.h>

#include "model/run.h"

bool run_peer_same(const struct lvt_peer *a, const struct lvt_peer *b)
{
	return a->family == b->family && a->port == b->port &&
	       !memcmp(a->addr, b->addr, sizeof(a->addr));
}

bool run_wait_same(const struct run_wait *a, const struct run_wait *b)
{
	return a->stage == b->stage && a->other == b->other && a->pid == b->pid &&
	       a->peer_pid == b->peer_pid && run_peer_same(&a->peer, &b->peer) &&
	       !strcmp(a->who, b->who) && !strcmp(a->syscall, b->syscall) &&
	       !strcmp(a->peer_comm, b->peer_comm) && !strcmp(a->cgroup, b->cgroup);
}

static int compare(__u64 a, __u64 b)
{
	return a < b ? -1 : a > b;
}

int run_service_order(const void *a, const void *b)
{
	const struct run_service *x = a, *y = b;
	int c = compare(service_requests(y), service_requests(x));

	c = c ? c : compare(x->port, y->port);
	c = c ? c : strcmp(x->comm, y->comm);
	return c ? c : compare(x->netns, y->netns);
}

int run_wait_order(const void *a, const void *b)
{
	const struct run_wait *x = a, *y = b;
	int c = (int)x->other - y->other;

	c = c ? c : compare(y->ns, x->ns);
	c = c ? c : compare(x->stage, y->stage);
	c = c ? c : compare(y->waits, x->waits);
	c = c ? c : strcmp(x->syscall, y->syscall);
	c = c ? c : compare(x->pid, y->pid);
	c = c ? c : compare(x->peer.port, y->peer.port);
	c = c ? c : memcmp(x->peer.addr, y->peer.addr, sizeof(x->peer.addr));
	return c ? c : strcmp(x->who, y->who);
}

bool run_exemplar_same(const struct run_exemplar *a, const struct run_exemplar *b)
{
	return a->latency == b->latency && a->at_s == b->at_s && a->tid == b->tid &&
	       run_peer_same(&a->client, &b->client);
}

int run_exemplar_order(const void *a, const void *b)
{
	const struct run_exemplar *x = a, *y = b;
	int c = compare(y->latency, x->latency);

	c = c ? c : (x->at_s > y->at_s) - (x->at_s < y->at_s);
	return c ? c : compare(x->client.port, y->client.port);
}
