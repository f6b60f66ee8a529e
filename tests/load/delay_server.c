/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers each raw request after a time of its own (--time), however many wait: no queue, so that the
 * client's latencies have the distribution that is in the account.
 */
#include <math.h>
#include <sys/timerfd.h>

#include "load_service.h"

enum { CONN_MAX = 4096 };

struct conn {
	uint32_t age; /* which connection of this descriptor it is */
	size_t have;
	unsigned char in[CONN_MAX];
};

struct pending {
	uint64_t due, read_at, drawn;
	int fd;
	uint32_t age;
	size_t size;
	unsigned char *request;
};

static struct conn conns[LOAD_FDS];
static struct {
	struct pending *at; /* a binary heap by due */
	size_t count, room;
} heap;
static int epoll, timer;

static void heap_push(struct pending p)
{
	size_t i = heap.count++, up;

	if (heap.count > heap.room) {
		heap.room = heap.room ? 2 * heap.room : 1024;
		heap.at = realloc(heap.at, heap.room * sizeof(p));
		if (!heap.at)
			die("realloc");
	}
	for (; i && heap.at[up = (i - 1) / 2].due > p.due; i = up)
		heap.at[i] = heap.at[up];
	heap.at[i] = p;
}

static struct pending heap_pop(void)
{
	struct pending top = heap.at[0], last = heap.at[--heap.count];
	size_t i = 0, down;

	for (; (down = 2 * i + 1) < heap.count; i = down) {
		if (down + 1 < heap.count && heap.at[down + 1].due < heap.at[down].due)
			down++;
		if (heap.at[down].due >= last.due)
			break;
		heap.at[i] = heap.at[down];
	}
	heap.at[i] = last;
	return top;
}

static void watch(int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev))
		die("epoll");
}

static void take_all(int listener)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		if (fd >= LOAD_FDS) {
			close(fd);
			continue;
		}
		conns[fd].age++;
		conns[fd].have = 0;
		nodelay(fd);
		watch(fd);
		account.connections++;
	}
}

static void enqueue(int fd, const unsigned char *p, size_t size, uint64_t read_at)
{
	struct pending new = { .read_at = read_at,
			       .drawn = draw_ns(&load.draw),
			       .fd = fd,
			       .age = conns[fd].age,
			       .size = size,
			       .request = malloc(size) };

	if (!new.request)
		die("malloc");
	memcpy(new.request, p, size);
	new.due = read_at + new.drawn;
	heap_push(new);
}

static void ready(int fd)
{
	struct conn *c = &conns[fd];
	ssize_t n = read(fd, c->in + c->have, sizeof(c->in) - c->have);
	uint64_t read_at = now_ns();
	size_t done = 0;
	long size = 0;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	c->have += n > 0 ? n : 0;
	while (n > 0 && (size = request_size(c->in + done, c->have - done)) > 0) {
		enqueue(fd, c->in + done, size, read_at);
		done += size;
	}
	c->have -= done;
	memmove(c->in, c->in + done, c->have);
	if (n <= 0 || size < 0) {
		c->age++;
		close(fd);
	}
}

/* What is due is answered; then the timer is set to the next. */
static void answer_due(void)
{
	static unsigned char out[LOAD_MAX + 4];
	struct itimerspec next = { 0 };
	struct pending p;
	size_t n;

	while (heap.count && heap.at[0].due <= now_ns()) {
		p = heap_pop();
		if (conns[p.fd].age == p.age) {
			n = make_answer(out, p.request, p.size);
			account_add(p.read_at, p.drawn, p.request, p.size);
			send_all(p.fd, out, n);
		}
		free(p.request);
	}
	if (heap.count) {
		next.it_value.tv_sec = heap.at[0].due / 1000000000;
		next.it_value.tv_nsec = heap.at[0].due % 1000000000;
		timerfd_settime(timer, TFD_TIMER_ABSTIME, &next, NULL);
	}
}

int main(int argc, char **argv)
{
	struct epoll_event events[LOAD_EVENTS];
	uint64_t expired;
	int listener, n;

	load_options(argc, argv);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	listener = load_listen(4096);
	watch(listener);
	watch(timer);
	while (!load_ended) {
		n = epoll_wait(epoll, events, LOAD_EVENTS, -1);
		for (int i = 0; i < n; i++) {
			if (events[i].data.fd == listener)
				take_all(listener);
			else if (events[i].data.fd != timer)
				ready(events[i].data.fd);
			else if (read(timer, &expired, sizeof(expired)) < 0 && errno != EAGAIN)
				die("timer");
		}
		answer_due();
	}
	return account_write();
}
