/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TRUTH_WAITS_H
#define TRUTH_WAITS_H

/*
 * For services that know what they wait for. Of each kind of wait, truth_waits[] says how a report
 * names it; the sums are
 *   {"count":N,"again":N,"ns":[lo,hi],"stage":"service.lock","syscall":"futex","waker":"x",...}
 * count is how many calls slept, by the scheduler's own count, and again how many more than once;
 * ns is from there to the moment when the thread was ready. Who wakes it takes the time just before;
 * that is `lo`. The sleeper is on the CPU some time later; that is `hi`. If nobody can tell
 * ("wake_unknown", or it slept again), its wait for the CPU is in both.
 */
#include <sys/prctl.h>

#include "truth.h"

enum { STAGE_CPU, STAGE_OFF }; /* of services that serve_one_by_one() */

struct wait {
	struct mark before;
	uint64_t sleeps;
};

/* How often this thread went to sleep. */
static inline uint64_t sleeps(void)
{
	struct rusage r;

	getrusage(RUSAGE_THREAD, &r);
	return r.ru_nvcsw;
}

static inline struct wait wait_begin(void)
{
	struct wait w = { .sleeps = sleeps() };

	w.before = mark_before();
	return w;
}

/* The CPU clock of a thread that sleeps starts so much before sched_switch, at most. */
#define SWITCH_NS 10000

/* Add to a kind of wait; woken: just before we were woken, 0 if unknown. Returns our clocks. */
static inline struct mark wait_end(int kind, struct wait w, uint64_t woken)
{
	struct mark after = mark_after();
	uint64_t n = sleeps() - w.sleeps, inside = after.cpu - w.before.cpu;
	uint64_t off = off_cpu(w.before, after),
		 edge = n * SWITCH_NS < inside ? n * SWITCH_NS : inside;

	if (!n)
		return after;
	inside_ns += edge;
	sum_add(&truth_sums->wait[kind].count, 1);
	sum_add(&truth_sums->wait[kind].again, n > 1);
	sum_add(&truth_sums->wait[kind].ns[0], woken ? less(woken, w.before.wall + inside) : off);
	sum_add(&truth_sums->wait[kind].ns[1], off + edge);
	return after;
}

/* Leave the service's CPU to it, if there is another. */
static inline void go_elsewhere(void)
{
	cpu_set_t set = truth.all;

	if (truth.cpu >= 0)
		CPU_CLR(truth.cpu, &set);
	if (CPU_COUNT(&set) && sched_setaffinity(0, sizeof(set), &set))
		die("sched_setaffinity");
}

static inline void name_thread(const char *name)
{
	prctl(PR_SET_NAME, name);
}

/* A process of its own that ends with the thread that calls this. */
static inline pid_t start_process(const char *name, void (*fn)(void))
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	name_thread(name);
	go_elsewhere();
	fn();
	_exit(0);
}

static inline void write_whole(int fd, const void *buf, size_t n)
{
	if (write(fd, buf, n) != (ssize_t)n)
		die("write");
}

/* Wake-ups by a timer are as exact as the kernel can make them. */
static inline void exact_timers(void)
{
	prctl(PR_SET_TIMERSLACK, 1ul);
}

/* Sleep ns on a timer, as a wait of a kind. */
static inline void wait_nap(int kind, uint64_t ns)
{
	struct timespec t;
	struct wait w = wait_begin();
	uint64_t due = w.before.wall + ns;

	t = (struct timespec){ .tv_sec = due / 1000000000, .tv_nsec = due % 1000000000 };
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
	wait_end(kind, w, due);
}

/* One connection to its end; work() is done for each request. */
static inline void serve_connection(int fd, void (*work)(const struct truth_request *q))
{
	struct truth_request q;
	struct mark got, sent;

	while (read_all(fd, &q, sizeof(q)) == sizeof(q)) {
		got = mark_after();
		work(&q);
		sent = mark_before();
		if (send_answer(fd))
			break;
		truth_count(&q, got.wall, sent.wall, sent.wall);
		truth_occupied(sent.wall - got.wall);
		truth_add_cpu(STAGE_CPU, STAGE_OFF, sent.cpu - got.cpu, off_cpu(got, sent),
			      clear_inside());
	}
	close(fd);
}

/* This thread serves one connection after the other. */
static inline void serve_one_by_one(int lfd, void (*work)(const struct truth_request *q))
{
	exact_timers();
	for (;;)
		serve_connection(truth_accept(lfd), work);
}

/* The stages of such a service: what truth_waits[0] waits for, and the CPU. */
static inline const char *const *one_by_one_stages(void)
{
	static char off[128];
	static const char *names[] = { "service.cpu", off, NULL };

	snprintf(off, sizeof(off), "%s+" OFF_READY, truth_waits[0].stage);
	return names;
}

#endif
