// SPDX-License-Identifier: BSD-2-Clause
/*
 * One thread, an epoll loop.
 *   serve  reads a request, works --work US, answers, goes to the next: the others wait behind it
 *   batch  reads all that are ready, then works and answers one after the other
 * After its work it may sleep for --sleep US: the others wait while it does.
 * It keeps the account that the model defines: the CPU between two socket events of the thread is
 * the connection's that was read (read -> anything), else the one's that is answered
 * (send -> send), else nobody's (send -> read).
 */
#define _GNU_SOURCE
#include <sys/epoll.h>

#include "truth_waits.h"

#define BATCH 128

enum {
	CPU,
	RUN,
	OFF,
	BUSY,
	ASLEEP
}; /* RUN: the thread's CPU time, for this request or for others */

struct open_request {
	int fd;
	struct truth_request q;
	struct mark got;
};

static struct {
	uint64_t woke;	       /* when the thread last came back from a wait that slept */
	uint64_t at, other_at; /* the last socket event, and the last on another socket */
	uint64_t cpu;
	int fd;
	bool was_send, any;
} last = { .fd = -1 };

/* The thread's last sleeps: it was woken at `due`, and is there again at `to`. */
#define NAPS 64
static struct {
	uint64_t from, due, to;
} naps[NAPS];
static unsigned n_naps;

static void sleep_too(void)
{
	uint64_t from = now_ns();

	if (!truth.sleep_ns)
		return;
	wait_nap(0, truth.sleep_ns);
	naps[n_naps].from = from;
	naps[n_naps].due = from + truth.sleep_ns;
	naps[n_naps].to = now_ns();
	n_naps = (n_naps + 1) % NAPS;
}

/* How long did the thread sleep while this request waited to be read? */
static void count_asleep(const struct truth_request *q)
{
	for (int i = 0; i < NAPS && truth.sleep_ns; i++)
		truth_add_range(ASLEEP, less(naps[i].due, later(naps[i].from, q->before)),
				less(naps[i].to, later(naps[i].from, q->before)));
}

/* The thread reads from or sends to fd at m: whose was the CPU time since the last event? */
static void event(int fd, struct mark m, bool is_send)
{
	if (last.any && !(last.was_send && !is_send))
		truth_add(CPU, m.cpu - last.cpu);
	if (fd != last.fd)
		last.other_at = last.at;
	last.fd = fd;
	last.at = m.wall;
	last.cpu = m.cpu;
	last.was_send = is_send;
	last.any = true;
}

/* Until when was the thread busy with others, as seen from fd, which it reads now? */
static void count_busy(int fd, const struct truth_request *q)
{
	uint64_t until = fd != last.fd ? last.at : last.other_at;

	truth_add(BUSY, less(until, later(q->before, last.woke)));
}

static bool read_request(int fd, struct open_request *r)
{
	r->fd = fd;
	if (read_all(fd, &r->q, sizeof(r->q)) != sizeof(r->q)) {
		close(fd); /* epoll forgets it */
		return false;
	}
	r->got = mark_after();
	count_busy(fd, &r->q);
	count_asleep(&r->q);
	event(fd, r->got, false);
	return true;
}

static void answer(const struct open_request *r)
{
	struct mark m;

	spin(truth.work_ns);
	sleep_too();
	m = mark_before();
	event(r->fd, m, true);
	if (send_answer(r->fd))
		return;
	truth_count(&r->q, r->got.wall, m.wall, m.wall);
	sum_add(&truth_sums->stage[CPU][0], -inside_ns); /* as truth_add_cpu() does */
	truth_add_cpu(RUN, OFF, m.cpu - r->got.cpu, off_cpu(r->got, m), clear_inside());
}

static void serve_ready(int ep, int lfd, struct epoll_event *ev, int n)
{
	static struct open_request ready[BATCH];
	int k = 0;

	for (int i = 0; i < n; i++) {
		if (ev[i].data.fd == lfd) {
			struct epoll_event e = { .events = EPOLLIN, .data.fd = truth_accept(lfd) };

			epoll_ctl(ep, EPOLL_CTL_ADD, e.data.fd, &e);
			continue;
		}
		if (!read_request(ev[i].data.fd, &ready[k]))
			continue;
		if (mode_is("batch"))
			k++;
		else
			answer(&ready[k]);
	}
	for (int i = 0; i < k; i++)
		answer(&ready[i]);
}

static void *serve(void *arg)
{
	int lfd = (intptr_t)arg, ep = epoll_create1(0), n;
	struct epoll_event e = { .events = EPOLLIN, .data.fd = lfd }, ev[BATCH];

	epoll_ctl(ep, EPOLL_CTL_ADD, lfd, &e);
	for (;;) {
		n = epoll_wait(ep, ev, BATCH, 0); /* does not sleep */
		if (!n) {
			n = epoll_wait(ep, ev, BATCH, -1);
			last.woke = now_ns();
		}
		if (n < 0 && errno != EINTR)
			die("epoll_wait");
		serve_ready(ep, lfd, ev, n);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static const char *names[] = { "service.cpu", "service.cpu+service.other",
				       OFF_READY,     "queue.busy",
				       NULL,	      NULL };

	truth_init(argc, argv);
	if (truth.sleep_ns) {
		names[OFF] = OFF_SLEEP;
		names[ASLEEP] = "queue.blocked";
		truth_waits[0] =
			(struct truth_wait){ "service.sleep", .syscall = "clock_nanosleep" };
	}
	exact_timers();
	return truth_serve(serve, names);
}
