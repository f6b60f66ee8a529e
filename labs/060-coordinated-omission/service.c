/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers in a tenth of a millisecond, but twice a second it tidies up for a while, and nobody
 * is answered meanwhile. It is not to be edited: the lab is about who notices.
 *
 *	service --port P --stall MS
 */
#include "service.h"

static pthread_mutex_t store = PTHREAD_MUTEX_INITIALIZER; /* whoever uses the data holds it */
static double stall_us;

/* Holds the store for stall_us each half second, 0.75 s after the first request for the first time. */
static void *tidy(void *unused)
{
	uint64_t next = now_ns() + 750000000;

	for (;; next += 500000000) {
		sleep_until(next);
		pthread_mutex_lock(&store);
		sleep_us(stall_us); /* as a disk that takes its time */
		pthread_mutex_unlock(&store);
	}
	return unused;
}

static bool answer(int fd, const void *request, int length)
{
	static bool started;
	char out[PREFIX + 64];
	size_t size = make_answer(out, request, length, 64);

	if (!started)
		thread_start("tidy", tidy, NULL);
	started = true;
	pthread_mutex_lock(&store);
	work_us(100);
	pthread_mutex_unlock(&store);
	return write_all(fd, out, size);
}

int main(int argc, char **argv)
{
	stall_us = option_number(argc, argv, "--stall", 100) * 1e3;
	serve(listen_on(option_number(argc, argv, "--port", 0), 1024), answer);
}
