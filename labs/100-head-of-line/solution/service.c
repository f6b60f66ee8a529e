/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The solution: a lane for each size. Small requests are answered by the thread that reads them; large
 * ones wait for a thread of their own.
 *
 *	service --port P
 */
#include "service.h"

enum { LARGE = 1024 };

struct job {
	int fd, length;
	char request[PAYLOAD_MAX];
};

/* The lane of the large ones, first come, first served: a pipe of pointers. */
static int lane[2];

static bool work_and_answer(int fd, const void *request, int length)
{
	char out[PREFIX + 64];
	size_t size = make_answer(out, request, length, 64);

	work_us(length < LARGE ? 200 : 10000);
	return write_all(fd, out, size);
}

static void *large(void *unused)
{
	struct job *job;

	while (read_all(lane[0], &job, sizeof(job))) {
		if (!work_and_answer(job->fd, job->request, job->length))
			shutdown(job->fd, SHUT_RDWR); /* serve() closes it */
		free(job);
	}
	return unused;
}

static bool answer(int fd, const void *request, int length)
{
	struct job *job;

	if (length < LARGE)
		return work_and_answer(fd, request, length);
	job = malloc(sizeof(*job));
	if (!job)
		return false;
	job->fd = fd;
	job->length = length;
	memcpy(job->request, request, length);
	return write_all(lane[1], &job, sizeof(job));
}

int main(int argc, char **argv)
{
	int listener = listen_on(option_number(argc, argv, "--port", 0), 1024);

	if (pipe(lane))
		die("pipe");
	thread_start("large", large, NULL);
	serve(listener, answer);
}
