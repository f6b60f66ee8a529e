// SPDX-License-Identifier: BSD-2-Clause
/* A process for each connection: accept, fork, and the child serves it, --work US a request. */
#define _GNU_SOURCE
#include <sys/prctl.h>

#include "truth.h"

enum { CPU, OFF, ACCEPT };

/* Its first request waited at least until before_fork, for its reader to be born. */
static void child(int fd, uint64_t before_fork, uint64_t after_fork)
{
	struct truth_request q;
	struct mark got, sent;
	bool first = true;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read_all(fd, &q, sizeof(q)) == sizeof(q)) {
		got = mark_after();
		spin(truth.work_ns);
		sent = mark_before();
		if (send_answer(fd))
			break;
		truth_count(&q, got.wall, sent.wall, sent.wall);
		truth_add(CPU, sent.cpu - got.cpu);
		truth_add(OFF, off_cpu(got, sent));
		if (first)
			truth_add_range(ACCEPT, less(before_fork, q.before),
					less(after_fork, q.before));
		first = false;
	}
	_exit(0);
}

static void *serve(void *arg)
{
	int lfd = (intptr_t)arg, fd;
	uint64_t before;
	pid_t pid;

	signal(SIGCHLD, SIG_IGN); /* no zombies */
	for (;;) {
		fd = truth_accept(lfd);
		before = now_ns();
		pid = fork();
		if (pid < 0)
			die("fork");
		if (!pid)
			child(fd, before, now_ns());
		close(fd);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "service.cpu", OFF_READY, "queue.accept", NULL };

	truth_init(argc, argv);
	return truth_serve(serve, names);
}
