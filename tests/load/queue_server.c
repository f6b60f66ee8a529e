/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One server and its queue: a thread that answers one request at a time, each after a service time (--time)
 * that it spends on the CPU, or asleep with --sleep. Without --time it is an echo as fast as a thread
 * can be: raw requests, or with --http a small 200.
 */
#include <math.h>

#include "load_service.h"

struct conn {
	size_t have;
	unsigned char in[LOAD_MAX];
};

static struct conn *conns[LOAD_FDS];
static int epoll;

static void drop(int fd)
{
	free(conns[fd]);
	conns[fd] = NULL;
	close(fd);
}

static void take_all(int listener)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		if (fd >= LOAD_FDS) {
			close(fd);
			continue;
		}
		conns[fd] = malloc(sizeof(*conns[fd]));
		if (!conns[fd])
			die("malloc");
		conns[fd]->have = 0;
		nodelay(fd);
		ev.data.fd = fd;
		epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev);
		account.connections++;
	}
}

static void serve_time(uint64_t ns)
{
	uint64_t end = now_ns() + ns;

	if (load.sleep)
		nap(ns);
	else
		while (ns && now_ns() < end)
			;
}

/* Answers what is whole; false = the connection is over. */
static bool serve(int fd, struct conn *c, uint64_t read_at)
{
	static unsigned char out[LOAD_MAX + 4];
	size_t done = 0;
	uint64_t drawn;
	bool good = true;
	long n;

	while (good && (n = request_size(c->in + done, c->have - done)) > 0) {
		drawn = draw_ns(&load.draw);
		serve_time(drawn);
		account_add(read_at, drawn, c->in + done, n);
		good = send_all(fd, out, make_answer(out, c->in + done, n));
		done += n;
	}
	c->have -= done;
	memmove(c->in, c->in + done, c->have);
	return good && n >= 0;
}

static void ready(int fd)
{
	struct conn *c = conns[fd];
	ssize_t n = read(fd, c->in + c->have, sizeof(c->in) - c->have);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		c->have += n;
	if (n <= 0 || !serve(fd, c, now_ns()))
		drop(fd);
}

int main(int argc, char **argv)
{
	struct epoll_event events[LOAD_EVENTS], ev = { .events = EPOLLIN };
	int listener, n;

	load_options(argc, argv);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	listener = load_listen(4096);
	ev.data.fd = listener;
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &ev))
		die("epoll");
	while (!load_ended) {
		n = epoll_wait(epoll, events, LOAD_EVENTS, -1);
		for (int i = 0; i < n; i++) {
			if (events[i].data.fd == listener)
				take_all(listener);
			else
				ready(events[i].data.fd);
		}
	}
	return account_write();
}
