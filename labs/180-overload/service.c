/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A service over HTTP with one connection to a slow database. A reader takes the requests in, as fast as
 * they come, and puts them into a queue; a worker takes them out, the oldest first, asks the database (a
 * wait of 4 ms) and answers. So it serves at most 250 requests a second, whatever is asked of it.
 *
 * A connection is watched by the reader until a request has come, then it is the queue's, and when the
 * request has been answered it is the reader's again. Nobody looks whether the client is still there.
 */
#include "service.h"

enum { DATABASE_US = 4000, QUEUE_MAX = 1 << 16 };

struct request {
	int fd;		/* whose answer is awaited */
	uint64_t since; /* when it came, now_ns() */
};

static struct request queue[QUEUE_MAX]; /* those from head to tail, modulo its size */
static unsigned int head, tail;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_empty = PTHREAD_COND_INITIALIZER;
static int watched; /* the epoll */

static void watch(int fd, int how)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLONESHOT, .data.fd = fd };

	if (epoll_ctl(watched, how, fd, &e))
		die("epoll_ctl");
}

static void put(int fd)
{
	pthread_mutex_lock(&lock);
	queue[tail++ % QUEUE_MAX] = (struct request){ fd, now_ns() };
	pthread_cond_signal(&not_empty);
	pthread_mutex_unlock(&lock);
}

static struct request take(void)
{
	struct request r;

	pthread_mutex_lock(&lock);
	while (head == tail)
		pthread_cond_wait(&not_empty, &lock);
	r = queue[head++ % QUEUE_MAX];
	pthread_mutex_unlock(&lock);
	return r;
}

static void answer(struct request r, const char *status, const char *body)
{
	char text[256];
	int n = snprintf(text, sizeof(text), "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s", status,
			 strlen(body), body);

	write_all(r.fd, text, n);
	watch(r.fd, EPOLL_CTL_MOD);
}

static void *work(void *arg)
{
	for (;;) {
		struct request r = take();

		sleep_us(DATABASE_US);
		answer(r, "200 OK", "the answer is 42\n");
	}
	return arg;
}

/* Requests are short and have no body: one read has all of it, or the client has gone. */
static void take_in(int fd)
{
	char text[4096];

	if (read(fd, text, sizeof(text)) > 0)
		put(fd);
	else
		close(fd);
}

int main(int argc, char **argv)
{
	int listener = listen_on(option_number(argc, argv, "--port", 0), 1024), fd;
	struct epoll_event ready;

	watched = epoll_create1(EPOLL_CLOEXEC);
	thread_start("worker", work, NULL);
	for (watch(listener, EPOLL_CTL_ADD);;) {
		if (epoll_wait(watched, &ready, 1, -1) < 1)
			continue;
		fd = ready.data.fd;
		if (fd != listener) {
			take_in(fd);
			continue;
		}
		watch(accept_on(listener), EPOLL_CTL_ADD);
		watch(listener, EPOLL_CTL_MOD);
	}
}
