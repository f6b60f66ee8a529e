/* SPDX-License-Identifier: BSD-2-Clause */
#include "service.h"

static double wait_us = 0;

static bool answer(int fd, const void *payload, int length)
{
	char out[PREFIX + 64];

	sleep_us(wait_us);
	return write_all(fd, out, make_answer(out, payload, length, 64));
}

int main(int argc, char **argv)
{
	if (!strcmp(option(argc, argv, "--mode", "sleep"), "none"))
		wait_us = 0;
	serve(listen_on(option_number(argc, argv, "--port", 0), 64), answer);
}
