// SPDX-License-Identifier: BSD-2-Clause
/*
 * One thread serves one connection after the other. For each request it is busy for --work US, and
 * asks a downstream service, which answers after --sleep US, by blocking send() and recv().
 *   one    over TCP
 *   two    over TCP, and then another on another port, which takes twice as long
 *   unix   over a Unix socket
 * Facts, as the client of the downstream sees it, from before its send to after its receipt:
 *   asked, asked_ns of the first, asked_two_ns of the second
 */
#define _GNU_SOURCE
#include "truth_down.h"

enum { ASKED, ASKED_NS, ASKED_TWO_NS };

static int fd[2];

static void ask(int i, uint64_t ns)
{
	struct question q = { .ns = ns };
	uint64_t begin = now_ns();
	struct reply r;
	struct wait w;

	if (send(fd[i], &q, sizeof(q), MSG_NOSIGNAL) != sizeof(q))
		die("send");
	w = wait_begin();
	if (recv(fd[i], &r, sizeof(r), MSG_WAITALL) != sizeof(r))
		die("recv");
	sum_add(&truth_sums->fact[ASKED_NS + i], wait_end(i, w, r.sent).wall - begin);
}

static void work(const struct truth_request *q)
{
	(void)q;
	spin(truth.work_ns);
	ask(0, truth.sleep_ns);
	if (mode_is("two"))
		ask(1, 2 * truth.sleep_ns);
	sum_add(&truth_sums->fact[ASKED], 1);
}

static void *serve(void *arg)
{
	serve_one_by_one((intptr_t)arg, work);
	return NULL;
}

int main(int argc, char **argv)
{
	int first;

	truth_init(argc, argv);
	truth_facts[ASKED] = "asked";
	truth_facts[ASKED_NS] = "asked_ns";
	down_start();
	first = mode_is("unix") ? DOWN_UNIX : DOWN_A;
	truth_waits[0] = down_wait(first, "recvfrom");
	fd[0] = down_dial(first);
	if (mode_is("two")) {
		truth_facts[ASKED_TWO_NS] = "asked_two_ns";
		truth_waits[1] = down_wait(DOWN_B, "recvfrom");
		fd[1] = down_dial(DOWN_B);
	}
	return truth_serve(serve, one_by_one_stages());
}
