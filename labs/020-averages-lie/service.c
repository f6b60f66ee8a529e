// SPDX-License-Identifier: BSD-2-Clause
/*
 * A service that asks another one for each request and answers after 4 ms (here a timer stands for the
 * other one). In release 1 that is all. In later releases one request of a hundred misses a cache and
 * takes --slow-ms longer.
 *
 * It prints how much time the misses have added to the mean request so far.
 */
#include <stdatomic.h>

#include "service.h"

enum { USUAL_US = 4000, ONE_OF = 100 };

static double slow_us;
static atomic_long requests, misses;

static void wait_for_other(void)
{
	long number = ++requests;
	bool miss = slow_us > 0 && number % ONE_OF == 0;

	sleep_us(USUAL_US + (miss ? slow_us : 0));
	if (miss && ++misses % 5 == 0) {
		printf("claim added_ns=%.0f\n", slow_us * 1000 * misses / number);
		fflush(stdout);
	}
}

static void *connection(void *arg)
{
	char payload[PAYLOAD_MAX], answer[PREFIX + 64];
	int fd = (intptr_t)arg, length;

	while ((length = read_request(fd, payload)) >= 0) {
		wait_for_other();
		if (!write_all(fd, answer, make_answer(answer, payload, length, 64)))
			break;
	}
	close(fd);
	return NULL;
}

int main(int argc, char **argv)
{
	int listener = listen_on(option_number(argc, argv, "--port", 7020), 512);

	slow_us = 1000 * option_number(argc, argv, "--slow-ms", 0);
	for (;;)
		thread_start("connection", connection, (void *)(intptr_t)accept_on(listener));
}
