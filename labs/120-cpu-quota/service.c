/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A service with a collector. One thread serves the requests, with 0.1 ms of CPU each. But each leaves 1 ms
 * of other work behind: memory to be freed, a log to be compacted, a cache to be rebuilt. When --batch-ms
 * of it have come together, --collectors threads do it, all at once.
 *
 * The collectors are polite: they have the lowest priority, so that no request waits for a CPU because of
 * them. But they have one CPU quota together with the thread that serves.
 */
#include "service.h"
#include <sys/resource.h>

enum { REQUEST_US = 100, GARBAGE_US = 1000 };

static double batch_us, garbage_us; /* of the thread that serves */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work = PTHREAD_COND_INITIALIZER;
static int todo, undone; /* chunks of GARBAGE_US: not yet begun, not yet done */
static uint64_t since;	 /* when this collection began */

static void collection_ended(void)
{
	static uint64_t total;
	static int n;

	total += now_ns() - since;
	printf("claim collection_ns=%ju\n", (uintmax_t)(total / ++n));
	fflush(stdout);
}

static void *collect(void *arg)
{
	setpriority(PRIO_PROCESS, gettid(), 19);
	pthread_mutex_lock(&lock);
	for (;;) {
		while (!todo)
			pthread_cond_wait(&work, &lock);
		todo--;
		pthread_mutex_unlock(&lock);
		work_us(GARBAGE_US);
		pthread_mutex_lock(&lock);
		if (!--undone)
			collection_ended();
	}
	return arg;
}

static void start_collection(int chunks)
{
	pthread_mutex_lock(&lock);
	if (!undone)
		since = now_ns();
	todo += chunks;
	undone += chunks;
	pthread_cond_broadcast(&work);
	pthread_mutex_unlock(&lock);
}

static bool answer(int fd, const void *payload, int length)
{
	char reply[PREFIX + 64];
	size_t size = make_answer(reply, payload, length, 64);

	work_us(REQUEST_US);
	garbage_us += GARBAGE_US;
	if (garbage_us >= batch_us) {
		start_collection(garbage_us / GARBAGE_US);
		garbage_us = 0;
	}
	return write_all(fd, reply, size);
}

int main(int argc, char **argv)
{
	int listener = listen_on(option_number(argc, argv, "--port", 0), 128);
	int collectors = option_number(argc, argv, "--collectors", 4);

	batch_us = option_number(argc, argv, "--batch-ms", 250) * 1000;
	for (int i = 0; i < collectors; i++)
		thread_start("collector", collect, NULL);
	serve(listener, answer);
}
