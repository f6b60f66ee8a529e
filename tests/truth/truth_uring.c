// SPDX-License-Identifier: BSD-2-Clause
/*
 * One thread that accepts, reads and answers by io_uring alone; a request takes --work US.
 *   wait    it waits in io_uring_enter(), where the kernel reads and sends for it
 *   sqpoll  a thread of the kernel's does
 * Without liburing at build time, or where the kernel forbids it, it skips itself.
 */
#define _GNU_SOURCE
#include "truth_waits.h"

#if __has_include(<liburing.h>)
#include <liburing.h>

#define CLIENTS 64

enum what { ACCEPTED, READ, SENT };

struct client {
	int fd;
	size_t have;
	struct truth_request q;
	struct mark got;
};

static struct client clients[CLIENTS];
static struct io_uring ring;
static int n_clients;

static struct io_uring_sqe *entry(void)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

	if (!sqe) {
		fputs("ring full\n", stderr);
		abort();
	}
	return sqe;
}

static void begin_accept(int lfd)
{
	struct io_uring_sqe *sqe = entry();

	io_uring_prep_accept(sqe, lfd, NULL, NULL, 0);
	io_uring_sqe_set_data64(sqe, ACCEPTED);
}

static void begin_read(int i)
{
	struct client *c = &clients[i];
	struct io_uring_sqe *sqe = entry();

	io_uring_prep_recv(sqe, c->fd, (char *)&c->q + c->have, sizeof(c->q) - c->have, 0);
	io_uring_sqe_set_data64(sqe, i * 4 + READ);
}

/* The send begins in submit(). */
static void answer(int i)
{
	struct client *c = &clients[i];
	struct io_uring_sqe *sqe = entry();
	struct mark m;

	spin(truth.work_ns);
	io_uring_prep_send(sqe, c->fd, truth_answer, truth.answer, MSG_NOSIGNAL);
	io_uring_sqe_set_data64(sqe, i * 4 + SENT);
	m = mark_before();
	io_uring_submit(&ring);
	truth_count(&c->q, c->got.wall, m.wall, m.wall);
	truth_add(STAGE_CPU, m.cpu - c->got.cpu);
	truth_add(STAGE_OFF, off_cpu(c->got, m));
	c->have = 0;
}

static void complete(int lfd, uint64_t data, int res)
{
	struct client *c = &clients[data / 4];

	if (data == ACCEPTED) {
		if (res < 0 || n_clients == CLIENTS)
			die("accept");
		nodelay(res);
		clients[n_clients].fd = res;
		begin_read(n_clients++);
		begin_accept(lfd);
	} else if (data % 4 == READ && res <= 0) {
		close(c->fd);
	} else if (data % 4 == READ) {
		c->got = mark_after();
		c->have += res;
		if (c->have == sizeof(c->q))
			answer(data / 4);
		begin_read(data / 4);
	}
}

static void *serve(void *arg)
{
	struct io_uring_cqe *cqe;
	uint64_t data;
	int res;

	begin_accept((intptr_t)arg);
	for (;;) {
		io_uring_submit_and_wait(&ring, 1);
		while (!io_uring_peek_cqe(&ring, &cqe)) {
			data = io_uring_cqe_get_data64(cqe);
			res = cqe->res;
			io_uring_cqe_seen(&ring, cqe);
			complete((intptr_t)arg, data, res);
		}
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "service.cpu", OFF_READY, NULL };
	struct io_uring_params p = { .sq_thread_idle = 100 };

	truth_init(argc, argv);
	p.flags = mode_is("sqpoll") ? IORING_SETUP_SQPOLL : 0;
	if (io_uring_queue_init_params(4 * CLIENTS, &ring, &p))
		truth_skip("the kernel has no io_uring for us");
	return truth_serve(serve, names);
}
#else
int main(void)
{
	truth_skip("built without liburing");
}
#endif
