/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One thread answers all requests, in the order in which they come. What a request takes depends on its
 * size: 64 bytes 0.2 ms, 3,200 bytes 10 ms.
 *
 *	service --port P
 */
#include "service.h"

enum { LARGE = 1024 }; /* bytes; nothing between the two sizes is asked */

static bool answer(int fd, const void *request, int length)
{
	char out[PREFIX + 64];
	size_t size = make_answer(out, request, length, 64);

	work_us(length < LARGE ? 200 : 10000);
	return write_all(fd, out, size);
}

int main(int argc, char **argv)
{
	serve(listen_on(option_number(argc, argv, "--port", 0), 1024), answer);
}
