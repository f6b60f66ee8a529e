/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TRUTH_DOWN_H
#define TRUTH_DOWN_H

/*
 * A service that others call: a process "downstream" that listens on two ports, and on a Unix
 * socket. It answers a question after the time that the question says, with the time just before.
 */
#include <sys/un.h>

#include "truth_waits.h"

struct question {
	uint64_t ns;
};

struct reply {
	uint64_t sent;
};

enum { DOWN_A, DOWN_B, DOWN_UNIX, DOWNS };

static struct {
	int listener[DOWNS];
	struct sockaddr_storage at[DOWNS];
	socklen_t len[DOWNS];
	char name[DOWNS][32]; /* as a report names it */
	pid_t pid;
} down;

static void *down_connection(void *arg)
{
	int fd = (intptr_t)arg;
	struct question q;
	struct reply r;

	exact_timers();
	while (read_all(fd, &q, sizeof(q)) == sizeof(q)) {
		nap(q.ns);
		r.sent = now_ns();
		if (send(fd, &r, sizeof(r), MSG_NOSIGNAL) != sizeof(r))
			break;
	}
	close(fd);
	return NULL;
}

static void *down_accept(void *arg)
{
	for (;;)
		start_thread(down_connection, (void *)(intptr_t)truth_accept((intptr_t)arg));
	return NULL;
}

static void down_serve(void)
{
	for (int i = 1; i < DOWNS; i++)
		start_thread(down_accept, (void *)(intptr_t)down.listener[i]);
	down_accept((void *)(intptr_t)down.listener[0]);
}

static inline void down_listen(int i)
{
	int fd = socket(i == DOWN_UNIX ? AF_UNIX : AF_INET, SOCK_STREAM, 0);
	struct sockaddr *a = (void *)&down.at[i];
	struct sockaddr_in *a4 = (void *)a;

	down.len[i] = loopback(4, true, 0, &down.at[i]);
	if (i == DOWN_UNIX) { /* the kernel finds an abstract name */
		a->sa_family = AF_UNIX;
		down.len[i] = sizeof(sa_family_t);
	}
	if (fd < 0 || bind(fd, a, down.len[i]) || listen(fd, 64))
		die("downstream");
	down.len[i] = sizeof(down.at[i]);
	getsockname(fd, a, &down.len[i]);
	if (i == DOWN_UNIX)
		strcpy(down.name[i], "unix");
	else
		snprintf(down.name[i], sizeof(down.name[i]), "127.0.0.1:%d", ntohs(a4->sin_port));
	down.listener[i] = fd;
}

/* Start it; it ends with the thread that calls this. */
static inline void down_start(void)
{
	for (int i = 0; i < DOWNS; i++)
		down_listen(i);
	down.pid = start_process("downstream", down_serve);
	for (int i = 0; i < DOWNS; i++)
		close(down.listener[i]);
}

/* A connection to one of its sockets. */
static inline int down_dial(int i)
{
	int fd = socket(down.at[i].ss_family, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (void *)&down.at[i], down.len[i]))
		die("connect");
	if (i != DOWN_UNIX)
		nodelay(fd);
	return fd;
}

/* The wait for it in this system call. */
static inline struct truth_wait down_wait(int i, const char *syscall)
{
	struct truth_wait w = { "service.net", syscall, .peer = down.name[i] };

	if (i != DOWN_UNIX) {
		w.peer_comm = "downstream";
		w.peer_pid = down.pid;
	}
	return w;
}

#endif
