// SPDX-License-Identifier: BSD-2-Clause
/*
 * One thread serves one connection after the other, one request at a time, busy for --work US.
 * Connections that come meanwhile wait to be accepted.
 */
#define _GNU_SOURCE
#include <poll.h>

#include "truth.h"

enum { CPU, OFF, ACCEPT };

/* The last gaps between the last send on a connection and the accept of the next. */
#define GAPS 16
static struct gap {
	uint64_t from, to;
} gaps[GAPS];
static unsigned n_gaps;

/*
 * A connection waited from `sent` to `accepted`. In the gaps between the others the thread was not
 * busy with any of them: that part of the wait may have another name.
 */
static void count_wait(uint64_t sent, uint64_t accepted)
{
	uint64_t wait = less(accepted, sent), idle = 0;

	for (int i = 0; i < GAPS; i++)
		idle += less(gaps[i].to, later(gaps[i].from, sent));
	truth_add_range(ACCEPT, less(wait, idle), wait);
}

/* accepted: when the connection was, if it had to wait for that; else 0. */
static void serve_connection(int fd, uint64_t accepted)
{
	struct truth_request q;
	struct mark got, sent;

	while (read_all(fd, &q, sizeof(q)) == sizeof(q)) {
		got = mark_after();
		spin(truth.work_ns);
		sent = mark_before();
		if (send_answer(fd))
			break;
		truth_count(&q, got.wall, sent.wall, sent.wall);
		truth_add(CPU, sent.cpu - got.cpu);
		truth_add(OFF, off_cpu(got, sent));
		count_wait(q.before, accepted);
		accepted = 0;
		gaps[n_gaps % GAPS].from = sent.wall; /* the last one counts */
	}
	close(fd);
}

static void *serve(void *arg)
{
	int lfd = (intptr_t)arg, fd;
	uint64_t accepted;
	bool waited;

	for (;;) {
		struct pollfd p = { .fd = lfd, .events = POLLIN };

		/* Ready at once: it waited for us. Else we slept, and it had not to be accepted. */
		waited = poll(&p, 1, 0) == 1;
		fd = truth_accept(lfd);
		accepted = now_ns();
		gaps[n_gaps++ % GAPS].to = accepted;
		gaps[n_gaps % GAPS] = (struct gap){};
		serve_connection(fd, waited ? accepted : 0);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "service.cpu", OFF_READY, "queue.accept+queue.busy",
					     NULL };

	truth_init(argc, argv);
	return truth_serve(serve, names);
}
