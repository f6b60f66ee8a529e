// SPDX-License-Identifier: BSD-2-Clause
/*
 * A neighbour: truth_neighbour CPU SECONDS [NAME BURST_US PAUSE_US]
 * Keeps that CPU busy, then goes by itself. With a name it does so in bursts and by real-time
 * priority: nobody of a lower one runs on that CPU meanwhile.
 */
#define _GNU_SOURCE
#include <sys/prctl.h>

#include "truth_io.h"

static void burst_until(uint64_t end, uint64_t burst, uint64_t pause)
{
	if (!be_fifo(10)) {
		printf("skip: no real-time priority\n");
		return;
	}
	printf("spinning\n");
	fflush(stdout);
	while (now_ns() < end) {
		spin(burst);
		usleep(pause);
	}
}

int main(int argc, char **argv)
{
	uint64_t end;

	if (argc != 3 && argc != 6)
		return 2;
	pin(atoi(argv[1]));
	end = now_ns() + strtoull(argv[2], NULL, 10) * 1000000000;
	if (argc == 6) {
		prctl(PR_SET_NAME, argv[3]);
		burst_until(end, strtoull(argv[4], NULL, 10) * 1000, strtoull(argv[5], NULL, 10));
		return 0;
	}
	printf("spinning\n");
	fflush(stdout);
	while (now_ns() < end)
		;
	return 0;
}
