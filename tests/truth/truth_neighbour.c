// SPDX-License-Identifier: BSD-2-Clause
/* A neighbour: truth_neighbour CPU SECONDS. Keeps that CPU busy, then goes by itself. */
#define _GNU_SOURCE
#include "truth_io.h"

int main(int argc, char **argv)
{
	uint64_t end;

	if (argc != 3)
		return 2;
	pin(atoi(argv[1]));
	end = now_ns() + strtoull(argv[2], NULL, 10) * 1000000000;
	printf("spinning\n");
	fflush(stdout);
	while (now_ns() < end)
		;
	return 0;
}
