// SPDX-License-Identifier: BSD-2-Clause
/*
 * One worker for everybody: it takes one request after the other, in the order in which they come, and
 * keeps each as long as chance says (here a timer stands for a disk that works on it). How long is
 * exponential, with a mean of 1 s / --per-second: many are short, a few are long. With the random
 * arrivals of `lvt load` that is the queue M/M/1.
 */
#include "service.h"

static uint64_t seed;
static double mean_ns;

static bool answer(int fd, const void *payload, int length)
{
	static uint64_t free_at,
		sent_at; /* when the worker was to be free of the last one, and when it was */
	char reply[PREFIX + 64];
	uint64_t now = now_ns();
	bool ok;

	/*
	 * A request that comes at once after an answer has been waiting: it begins when the worker was to
	 * be free. So the time that the worker takes to wake up, read and write is a part of what chance
	 * has said and does not come on top of it.
	 */
	free_at = now < sent_at + 50000 ? free_at : now;
	free_at += draw_exponential(&seed, mean_ns);
	sleep_until(free_at);
	ok = write_all(fd, reply, make_answer(reply, payload, length, 64));
	sent_at = now_ns();
	return ok;
}

int main(int argc, char **argv)
{
	int listener = listen_on(option_number(argc, argv, "--port", 7030), 512);

	prctl(PR_SET_TIMERSLACK, 1); /* wake up on time, not up to 50 us later */
	seed = option_number(argc, argv, "--seed", 1);
	mean_ns = 1e9 / option_number(argc, argv, "--per-second", 2500);
	serve(listener, answer);
}
