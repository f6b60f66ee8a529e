// SPDX-License-Identifier: BSD-2-Clause
/*
 * One thread, an epoll loop, that cannot answer at once. It reads a request, has somebody else do
 * what takes --sleep US, and goes on; when it is told, it is busy for --work US and answers.
 *   net      asks a downstream service by a socket
 *   two      asks one downstream for every other client, and another that takes thrice as long
 *   pool     hands over to --workers threads "pool-worker"; they wake it by an eventfd
 *   timeout  waits for the timeout of epoll_wait()
 * A request's wait is the time that the thread slept while it had the request, whoever woke it:
 * each request's wait is its own. It counts as one, however often others interrupt it.
 */
#define _GNU_SOURCE
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>

#include "truth_down.h"

#define CLIENTS 64

#ifdef SYS_epoll_wait
#define EPOLL "epoll_wait"
#else /* the C library calls the other one */
#define EPOLL "epoll_pwait"
#endif

enum { CPU, RUN, OFF }; /* RUN: the thread's CPU time, for this request or for others */

/* The thread's sleeps so far. */
struct slept {
	uint64_t count, ns[2], inside;
};

struct client {
	int fd, down; /* its sockets; down < 0: none */
	int kind;     /* of wait */
	struct truth_request q;
	struct mark got;
	struct slept had;
	uint64_t due, turn; /* timeout; how many turns had begun when it was read */
	uint64_t told;	    /* when who had it let go */
	bool fresh, open, ready;
};

static struct client clients[CLIENTS];
static int n_clients, epoll_fd, event_fd = -1;
static struct slept slept;
static uint64_t turns; /* requests read and answered */

/* The pool's queue. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	unsigned head, tail;
	struct client *item[CLIENTS];
} todo = { .lock = PTHREAD_MUTEX_INITIALIZER, .filled = PTHREAD_COND_INITIALIZER };

static void *pool_worker(void *arg)
{
	struct client *c;

	(void)arg;
	name_thread("pool-worker");
	go_elsewhere();
	exact_timers();
	for (;;) {
		pthread_mutex_lock(&todo.lock);
		while (todo.head == todo.tail)
			pthread_cond_wait(&todo.filled, &todo.lock);
		c = todo.item[todo.head++ % CLIENTS];
		pthread_mutex_unlock(&todo.lock);
		nap(truth.sleep_ns);
		c->told = now_ns();
		__atomic_store_n(&c->ready, true, __ATOMIC_RELEASE);
		eventfd_write(event_fd, 1);
	}
	return NULL;
}

static void push(struct client *c)
{
	pthread_mutex_lock(&todo.lock);
	todo.item[todo.tail++ % CLIENTS] = c;
	pthread_mutex_unlock(&todo.lock);
	pthread_cond_signal(&todo.filled);
}

static void watch(int fd, uint64_t tag)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u64 = tag };

	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &e))
		die("epoll_ctl");
}

/* What an event is about: a client, its downstream, the listener or the eventfd. */
enum { TAG_LISTENER = 2 * CLIENTS, TAG_EVENT };

static void accept_client(int lfd)
{
	struct client *c = &clients[n_clients];

	if (n_clients == CLIENTS)
		die("too many clients");
	*c = (struct client){ .fd = truth_accept(lfd), .down = -1 };
	watch(c->fd, 2 * n_clients);
	if (mode_is("net") || mode_is("two")) {
		c->kind = mode_is("two") ? n_clients % 2 : 0;
		c->down = down_dial(c->kind ? DOWN_B : DOWN_A);
		watch(c->down, 2 * n_clients + 1);
	}
	n_clients++;
}

/* Read what an event is about. Returns when what woke us began, 0 if unknown. */
static uint64_t collect(uint64_t tag, int lfd)
{
	struct client *c = &clients[tag / 2];
	struct reply r;
	eventfd_t n;

	if (tag == TAG_LISTENER) {
		accept_client(lfd);
		return 0;
	}
	if (tag == TAG_EVENT) {
		eventfd_read(event_fd, &n);
		return 0; /* whose told it is, the ready ones say */
	}
	if (tag % 2) {
		if (read_all(c->down, &r, sizeof(r)) != sizeof(r))
			die("downstream");
		c->told = r.sent;
		c->ready = true;
		return r.sent;
	}
	if (read_all(c->fd, &c->q, sizeof(c->q)) != sizeof(c->q)) {
		close(c->fd);
		return 0;
	}
	c->got = mark_after();
	c->turn = turns++;
	c->fresh = true;
	return c->q.before;
}

/* Let somebody begin to work for it. */
static void delegate(struct client *c)
{
	struct question q = { .ns = truth.sleep_ns * (c->kind ? 3 : 1) };

	c->fresh = false;
	c->open = true;
	c->had = slept;
	if (mode_is("pool"))
		push(c);
	else if (mode_is("timeout"))
		c->due = now_ns() + truth.sleep_ns;
	else if (send(c->down, &q, sizeof(q), MSG_NOSIGNAL) != sizeof(q))
		die("send");
}

/* With no other request in between, all of the thread's CPU time is this request's. */
static void answer(struct client *c)
{
	bool alone = turns++ == c->turn + 1;
	uint64_t cpu, inside, off;
	struct mark m;

	c->ready = c->open = false;
	spin(truth.work_ns);
	m = mark_before();
	if (send_answer(c->fd))
		return;
	inside = slept.inside - c->had.inside;
	cpu = m.cpu - c->got.cpu;
	off = off_cpu(c->got, m);
	truth_count(&c->q, c->got.wall, m.wall, m.wall);
	truth_add_range(CPU, alone ? less(cpu, inside) : 0, cpu);
	truth_add_cpu(RUN, OFF, cpu, off, inside);
	sum_add(&truth_sums->wait[c->kind].count, slept.count != c->had.count);
	for (int i = 0; i < 2; i++)
		sum_add(&truth_sums->wait[c->kind].ns[i], slept.ns[i] - c->had.ns[i]);
}

/* Until the first that is due, in ms. */
static int timeout(void)
{
	uint64_t now = now_ns(), first = UINT64_MAX;

	for (int i = 0; i < n_clients; i++)
		if (clients[i].open && clients[i].due && clients[i].due < first)
			first = clients[i].due;
	return first == UINT64_MAX ? -1 : (int)((less(first, now) + 999999) / 1000000);
}

/* The sleep of this turn. woken: when what ended it began. */
static void count_sleep(struct wait w, struct mark after, uint64_t n, uint64_t woken)
{
	uint64_t inside = after.cpu - w.before.cpu, edge = inside;

	if (!n)
		return;
	if (edge > n * SWITCH_NS)
		edge = n * SWITCH_NS;
	slept.count += n;
	slept.inside += edge;
	slept.ns[0] += less(woken, w.before.wall + inside);
	slept.ns[1] += off_cpu(w.before, after) + edge;
}

static void turn(int lfd)
{
	struct epoll_event ev[2 * CLIENTS + 2];
	int ms = mode_is("timeout") ? timeout() : -1, n;
	struct wait w = wait_begin();
	uint64_t first, at, n_sleeps;
	struct mark after;

	n = epoll_wait(epoll_fd, ev, 2 * CLIENTS + 2, ms);
	after = mark_after();
	n_sleeps = sleeps() - w.sleeps;
	first = n ? after.wall : w.before.wall + ms * 1000000ull;
	for (int i = 0; i < n; i++) {
		at = collect(ev[i].data.u64, lfd);
		first = at && at < first ? at : first;
	}
	for (int i = 0; i < n_clients; i++) {
		struct client *c = &clients[i];

		if (c->open && c->due)
			c->ready = c->due <= now_ns();
		if (__atomic_load_n(&c->ready, __ATOMIC_ACQUIRE) && c->told && c->told < first)
			first = c->told;
	}
	count_sleep(w, after, n_sleeps, first);
	for (int i = 0; i < n_clients; i++) {
		if (clients[i].fresh)
			delegate(&clients[i]);
		else if (__atomic_load_n(&clients[i].ready, __ATOMIC_ACQUIRE))
			answer(&clients[i]);
	}
}

static void *serve(void *arg)
{
	int lfd = (intptr_t)arg;

	exact_timers();
	epoll_fd = epoll_create1(0);
	watch(lfd, TAG_LISTENER);
	if (mode_is("pool")) {
		event_fd = eventfd(0, 0);
		watch(event_fd, TAG_EVENT);
		for (int i = 0; i < truth.workers; i++)
			start_thread(pool_worker, NULL);
	}
	for (;;)
		turn(lfd);
	return NULL;
}

int main(int argc, char **argv)
{
	static char off[128];
	const char *const names[] = { "service.cpu", "service.cpu+service.other", off, NULL };
	struct truth_wait *w = &truth_waits[0];

	truth_init(argc, argv);
	if (mode_is("pool")) {
		*w = (struct truth_wait){ "service.pool", EPOLL, .waker = "pool-worker" };
	} else if (mode_is("timeout")) {
		*w = (struct truth_wait){ .stage = "service.sleep", .syscall = EPOLL };
	} else {
		down_start();
		w[0] = down_wait(DOWN_A, EPOLL);
		if (mode_is("two"))
			w[1] = down_wait(DOWN_B, EPOLL);
	}
	snprintf(off, sizeof(off), "%s+" OFF_READY, w->stage);
	return truth_serve(serve, names);
}
