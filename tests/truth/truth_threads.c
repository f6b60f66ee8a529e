// SPDX-License-Identifier: BSD-2-Clause
/*
 * Many threads.
 *   conn      a thread for each connection reads, works and answers
 *   request   a new thread for each request works and answers
 *   connpool  accepted connections go through a queue to --workers, who serve them to the end
 *   pool      a reader hands requests over to --workers, who work and answer
 *   chain     a reader hands over to --workers, they hand over to one sender
 * Work is --work US on the CPU, then --sleep US asleep.
 */
#define _GNU_SOURCE
#include <sys/epoll.h>

#include "truth.h"

enum { CPU, OFF, HANDOFF };

struct item {
	int fd;
	struct truth_request q;
	struct mark got;       /* the reader read it */
	struct mark passed;    /* the reader let it go; .cpu is the reader's clock */
	uint64_t passed_again; /* the worker let it go (chain) */
	uint64_t start;	       /* the worker's share began */
};

/* A queue; more than its room means a broken test. */
#define QUEUE_ROOM 4096
struct queue {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	unsigned head, tail;
	struct item item[QUEUE_ROOM];
};

static struct queue work_queue = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, {} };
static struct queue send_queue = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, {} };

static void sum_sub(uint64_t *sum, uint64_t ns)
{
	__atomic_fetch_sub(sum, ns, __ATOMIC_RELAXED);
}

static void queue_push(struct queue *q, const struct item *it)
{
	pthread_mutex_lock(&q->lock);
	if (q->tail - q->head == QUEUE_ROOM) {
		fputs("queue full\n", stderr);
		abort();
	}
	q->item[q->tail++ % QUEUE_ROOM] = *it;
	pthread_mutex_unlock(&q->lock);
	pthread_cond_signal(&q->filled);
}

/*
 * The end of an idle wait. Where the CPU time between going to sleep and coming back is parted, the
 * sleeper does not see.
 */
struct wake {
	struct mark at;
	uint64_t inside;
};

/* Returns whether we slept for it; then *woke is set. */
static bool queue_pop(struct queue *q, struct item *it, struct wake *woke)
{
	bool slept = false;
	uint64_t cpu;

	pthread_mutex_lock(&q->lock);
	while (q->head == q->tail) {
		cpu = cpu_ns();
		pthread_cond_wait(&q->filled, &q->lock);
		woke->at = mark_after();
		woke->inside = woke->at.cpu - cpu;
		slept = true;
	}
	*it = q->item[q->head++ % QUEUE_ROOM];
	pthread_mutex_unlock(&q->lock);
	return slept;
}

/*
 * This thread's share of an item begins at the latest of the read, its own previous send, and the
 * end of its idle wait, which is when the item was passed to it (at `given`). Before its share it
 * is a hand-off, but for what the reader did until it let go. Returns the start of the share, and
 * how much more CPU time than since start.at it may hold.
 */
static struct wake share_start(const struct item *it, bool slept, uint64_t given, struct wake woke,
			       struct mark sent)
{
	struct wake start = slept ? woke : (struct wake){ .at = sent };

	if (slept)
		start.at.wall = given;
	start.at.wall = later(start.at.wall, it->passed.wall);
	return start;
}

/* When the reader had no CPU before it let go, that is a hand-off or the reader's, as one likes. */
static void answer(const struct item *it, struct wake start, struct mark *sent)
{
	uint64_t cpu, off, reader_off, inside = clear_inside();

	*sent = mark_before();
	cpu = it->passed.cpu - it->got.cpu + sent->cpu - start.at.cpu;
	off = off_cpu(start.at, *sent);
	reader_off = off_cpu(it->got, it->passed);
	if (send_answer(it->fd))
		return;
	truth_count(&it->q, it->got.wall, sent->wall, sent->wall);
	truth_add_range(CPU, less(cpu, inside), cpu + start.inside);
	truth_add_range(OFF, less(off, start.inside), off + reader_off + inside);
	off = start.at.wall - it->passed.wall;
	truth_add_range(HANDOFF, off, off + reader_off);
}

static void *worker(void *arg)
{
	struct wake woke = {}, start;
	struct mark sent = {};
	struct item it;
	bool slept;

	(void)arg;
	for (;;) {
		slept = queue_pop(&work_queue, &it, &woke);
		start = share_start(&it, slept, it.passed.wall, woke, sent);
		spin(truth.work_ns);
		nap(truth.sleep_ns);
		if (mode_is("pool")) {
			answer(&it, start, &sent);
		} else {
			it.passed_again = now_ns();
			queue_push(&send_queue, &it);
		}
	}
	return NULL;
}

static void *sender(void *arg)
{
	struct wake woke = {}, start;
	struct mark sent = {};
	struct item it;
	bool slept;

	(void)arg;
	for (;;) {
		slept = queue_pop(&send_queue, &it, &woke);
		start = share_start(&it, slept, it.passed_again, woke, sent);
		answer(&it, start, &sent);
	}
	return NULL;
}

/* Born for one request. Its CPU clock began at its birth, somewhere in pthread_create(). */
static void *once(void *arg)
{
	struct item *it = arg;
	struct mark m;
	uint64_t total, cpu;

	spin(truth.work_ns);
	nap(truth.sleep_ns);
	m = mark_before();
	total = m.wall - it->got.wall;
	cpu = it->passed.cpu - it->got.cpu + m.cpu;
	if (!send_answer(it->fd)) {
		truth_count(&it->q, it->got.wall, m.wall, m.wall);
		truth_add_cpu(CPU, OFF, cpu, less(total, cpu), clear_inside());
	}
	free(it);
	return NULL;
}

/* What pthread_create() used of the reader's CPU: a part of it was before the birth. */
static void create_once(const struct item *from)
{
	struct item *it = malloc(sizeof(*it));
	struct mark begin;
	uint64_t used;

	if (!it)
		die("malloc");
	*it = *from;
	begin = it->passed = mark_before();
	start_thread(once, it);
	used = cpu_ns() - begin.cpu;
	sum_add(&truth_sums->stage[CPU][1], used);
	sum_sub(&truth_sums->stage[OFF][0], used);
}

static bool read_item(int fd, struct item *it)
{
	it->fd = fd;
	if (read_all(fd, &it->q, sizeof(it->q)) != sizeof(it->q))
		return false;
	it->got = mark_after();
	return true;
}

/*
 * What the reader still does after it let go (it may be preempted by the worker that it woke) looks
 * from outside like its own work: it is that, or hand-off.
 */
static void count_tail(struct mark passed)
{
	struct mark m = mark_after();

	sum_add(&truth_sums->stage[CPU][1], m.cpu - passed.cpu);
	sum_add(&truth_sums->stage[OFF][1], off_cpu(passed, m));
	sum_sub(&truth_sums->stage[HANDOFF][0], m.wall - passed.wall);
}

static void read_and_pass(int fd)
{
	struct item it = {};

	if (!read_item(fd, &it)) {
		close(fd);
	} else if (mode_is("request")) {
		create_once(&it);
	} else {
		it.passed = mark_before();
		queue_push(&work_queue, &it);
		count_tail(it.passed);
	}
}

static void serve_connection(int fd)
{
	struct item it = {};
	struct mark sent;

	while (read_item(fd, &it)) {
		spin(truth.work_ns);
		nap(truth.sleep_ns);
		sent = mark_before();
		if (send_answer(fd))
			break;
		truth_count(&it.q, it.got.wall, sent.wall, sent.wall);
		truth_add_cpu(CPU, OFF, sent.cpu - it.got.cpu, off_cpu(it.got, sent),
			      clear_inside());
	}
	close(fd);
}

static void *connection(void *arg)
{
	serve_connection((intptr_t)arg);
	return NULL;
}

static void *connection_worker(void *arg)
{
	struct wake woke;
	struct item it;

	(void)arg;
	for (;;) {
		queue_pop(&work_queue, &it, &woke);
		serve_connection(it.fd);
	}
	return NULL;
}

static void *accept_loop(void *arg)
{
	struct item it = {};

	for (;;) {
		it.fd = truth_accept((intptr_t)arg);
		if (mode_is("conn"))
			start_thread(connection, (void *)(intptr_t)it.fd);
		else
			queue_push(&work_queue, &it);
	}
	return NULL;
}

/* The reader: an epoll loop that accepts too. */
static void *read_loop(void *arg)
{
	int lfd = (intptr_t)arg, ep = epoll_create1(0), n;
	struct epoll_event e = { .events = EPOLLIN, .data.fd = lfd }, ev[64];

	epoll_ctl(ep, EPOLL_CTL_ADD, lfd, &e);
	for (;;) {
		n = epoll_wait(ep, ev, 64, -1);
		for (int i = 0; i < n; i++) {
			if (ev[i].data.fd != lfd) {
				read_and_pass(ev[i].data.fd);
				continue;
			}
			e.data.fd = truth_accept(lfd);
			epoll_ctl(ep, EPOLL_CTL_ADD, e.data.fd, &e);
		}
	}
	return NULL;
}

static void *serve(void *arg)
{
	bool by_connection = mode_is("conn") || mode_is("connpool");

	if (mode_is("chain"))
		start_thread(sender, NULL);
	for (int i = 0; i < truth.workers && !mode_is("conn") && !mode_is("request"); i++)
		start_thread(mode_is("connpool") ? connection_worker : worker, NULL);
	return by_connection ? accept_loop(arg) : read_loop(arg);
}

int main(int argc, char **argv)
{
	static const char *names[] = { "service.cpu", OFF_READY, NULL, NULL };

	truth_init(argc, argv);
	if (truth.sleep_ns && !mode_is("chain"))
		names[OFF] = OFF_SLEEP;
	if (mode_is("pool") || mode_is("chain"))
		names[HANDOFF] = "service.handoff";
	return truth_serve(serve, names);
}
