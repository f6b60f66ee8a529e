// SPDX-License-Identifier: BSD-2-Clause
/*
 * One thread serves one connection after the other. For each request it is busy for --work US, then
 * waits for --sleep US or about:
 *   sleep   for a timer
 *   rare    the same, but only in every 500th request
 *   random  the same, but an exponentially distributed time, and it is busy for as long before
 *   lock    for a mutex, which the thread "lock-holder" holds so long at a time
 *   pipe    for a pipe, which the process "pipe-writer" writes
 *   child   for a child called "wait-child" to end
 */
#define _GNU_SOURCE
#include <math.h>
#include <sys/wait.h>

#include "truth_waits.h"

#define RARE 500

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t unlocked; /* when the holder let go; under the lock */
static uint64_t *child_ends;
static int ask_pipe[2], answer_pipe[2];

static void *hold_lock(void *arg)
{
	(void)arg;
	name_thread("lock-holder");
	go_elsewhere();
	exact_timers();
	for (;;) {
		pthread_mutex_lock(&lock);
		nap(truth.sleep_ns);
		unlocked = now_ns();
		pthread_mutex_unlock(&lock);
		nap(truth.sleep_ns / 4);
	}
	return NULL;
}

static void take_lock(void)
{
	struct wait w = wait_begin();

	pthread_mutex_lock(&lock);
	wait_end(0, w, unlocked);
	pthread_mutex_unlock(&lock);
}

static void write_pipe(void)
{
	uint64_t now;
	char c;

	while (read(ask_pipe[0], &c, 1) == 1) {
		nap(truth.sleep_ns);
		now = now_ns();
		write_whole(answer_pipe[1], &now, sizeof(now));
	}
}

static void read_pipe(void)
{
	struct wait w;
	uint64_t woken;

	write_whole(ask_pipe[1], "?", 1);
	w = wait_begin();
	if (read_all(answer_pipe[0], &woken, sizeof(woken)) != sizeof(woken))
		die("read");
	wait_end(0, w, woken);
}

static void wait_for_child(void)
{
	struct wait w;
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid) {
		name_thread("wait-child");
		nap(truth.sleep_ns);
		*child_ends = now_ns();
		_exit(0);
	}
	w = wait_begin();
	while (waitpid(pid, NULL, 0) != pid)
		;
	wait_end(0, w, *child_ends);
}

static void be_random(void)
{
	static unsigned short seed[3] = { 1, 2, 3 };
	uint64_t ns = -log(1 - erand48(seed)) * truth.sleep_ns;

	spin(ns);
	wait_nap(0, ns);
}

static void work(const struct truth_request *q)
{
	spin(truth.work_ns);
	if (mode_is("lock"))
		take_lock();
	else if (mode_is("pipe"))
		read_pipe();
	else if (mode_is("child"))
		wait_for_child();
	else if (mode_is("random"))
		be_random();
	else if (mode_is("sleep") || q->seq % RARE == RARE - 1)
		wait_nap(0, truth.sleep_ns);
}

static void *serve(void *arg)
{
	if (mode_is("lock"))
		start_thread(hold_lock, NULL);
	serve_one_by_one((intptr_t)arg, work);
	return NULL;
}

int main(int argc, char **argv)
{
	struct truth_wait *w = &truth_waits[0];

	truth_init(argc, argv);
	*w = (struct truth_wait){ .stage = "service.sleep", .syscall = "clock_nanosleep" };
	if (mode_is("lock")) {
		*w = (struct truth_wait){ "service.lock", "futex", .waker = "lock-holder" };
	} else if (mode_is("pipe")) {
		*w = (struct truth_wait){ "service.blocked", "read", .waker = "pipe-writer" };
		if (pipe(ask_pipe) || pipe(answer_pipe))
			die("pipe");
		start_process("pipe-writer", write_pipe);
	} else if (mode_is("child")) {
		*w = (struct truth_wait){ "service.blocked", "wait4", .waker = "wait-child" };
		child_ends = share(sizeof(*child_ends));
	}
	return truth_serve(serve, one_by_one_stages());
}
