// SPDX-License-Identifier: BSD-2-Clause
/* What else than a load's view may come its way into a recording. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "clients_pair.h"

static void sends(const void *message, size_t len, const int *files, size_t n)
{
	char control[CMSG_SPACE(253 * sizeof(int))] __attribute__((aligned(8))) = { 0 };
	struct iovec iov = { (void *)message, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (n) {
		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		CMSG_FIRSTHDR(&msg)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&msg)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&msg)->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&msg)), files, n * sizeof(int));
	}
	assert_true(sendmsg(load, &msg, MSG_DONTWAIT) == (ssize_t)len);
}

static const struct clients_message good = { .magic = CLIENTS_MAGIC, .pid = 1 };

/* A memfd of these bytes, sealed or not. */
static int memory(const char *text, size_t len, bool seal)
{
	int fd = memfd_create("x", MFD_ALLOW_SEALING);

	assert_true(write(fd, text, len) == (ssize_t)len);
	if (seal)
		assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE),
				 0);
	return fd;
}

static int open_files(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* After all that, a view of a good load is taken, and no descriptor is left. */
static void still_takes_views(void)
{
	struct run r, got;

	fill_view(&r, "GET k");
	sends_view(&r, true);
	got = taken();
	assert_true(got.n_clients >= 1);
	assert_view(&r, &got, got.n_clients - 1);
	run_free(&got);
	run_free(&r);
}

static void messages_that_are_none(void **state)
{
	struct clients_message other = { .magic = 1, .pid = 1 };
	char longer[sizeof(good) + 1] = { 0 };
	int file = memory("x", 1, true), before, n = 0;

	(void)state;
	memcpy(longer, &good, sizeof(good));
	before = open_files();
	sends("", 0, NULL, 0);
	clients_receive(c);
	assert_true(c->own >= 0); /* empty, but not the end */
	assert_refused(++n, "something else than a view");
	sends("", 0, &file, 1);
	sends("hello", 5, &file, 1);
	sends(&other, sizeof(other), &file, 1);
	sends(longer, sizeof(longer), &file, 1);
	sends(&good, sizeof(good) - 1, &file, 1);
	sends(&good, sizeof(good), NULL, 0);
	sends(&good, sizeof(good), (int[]){ file, file }, 2);
	clients_receive(c);
	assert_refused(n + 7, "");
	assert_int_equal(open_files(), before);
	close(file);
	still_takes_views();
	assert_refused(n + 7, "");
}

static void files_that_are_none(void **state)
{
	int pipes[2], files[6], n = 0;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	files[n++] = pipes[0]; /* to read it would wait for ever */
	files[n++] = open("/dev/zero", O_RDONLY);
	files[n++] = open("/proc/self/exe", O_RDONLY);
	files[n++] = open("/", O_RDONLY);
	files[n++] = memory("x", 1, false); /* may change while it is read */
	files[n] = memory("x", 1, true);
	close(files[n]);
	files[n] = memfd_create("x", MFD_ALLOW_SEALING);
	assert_int_equal(ftruncate(files[n], CLIENTS_MAX_BYTES + 1), 0);
	assert_int_equal(fcntl(files[n], F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE),
			 0);
	for (int i = 0; i <= n; i++)
		sends(&good, sizeof(good), &files[i], 1);
	clients_receive(c);
	assert_refused(n + 1, "it sent no memfd");
	for (int i = 0; i <= n; i++)
		close(files[i]);
	close(pipes[1]);
	still_takes_views();
	assert_refused(n + 1, "");
}

/* One who sends descriptors without end fills no table. */
static void descriptors_without_end(void **state)
{
	int many[253], before, pipes[2];

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	for (size_t i = 0; i < 253; i++)
		many[i] = pipes[0];
	before = open_files();
	for (int i = 0; i < 5; i++)
		sends(&good, sizeof(good), many, i ? 253 : 50);
	for (int i = 0; i < 5; i++)
		clients_receive(c);
	assert_int_equal(open_files(), before + 50 + 253);
	assert_refused(2, "not one file");
	clients_close(c);
	c = NULL;
	assert_true(open_files() < before);
	close(pipes[0]);
	close(pipes[1]);
}

/* A sealed memfd of a run with no client, of two, with a service; of no run; of nothing. */
static void runs_that_are_none(void **state)
{
	const char *nothing[] = { "", "x", "#[Histogram log format version 1.3]\n" };
	struct run r, got;
	int file, n = 0;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		file = memory(nothing[i], strlen(nothing[i]), true);
		sends(&good, sizeof(good), &file, 1);
		close(file);
		got = taken();
		assert_int_equal(got.n_clients, 0);
		assert_refused(++n, "");
		run_free(&got);
	}
	fill_view(&r, "GET k");
	fill_client(&r, 6380, "GET l", 1000);
	sends_view(&r, false);
	got = taken();
	assert_int_equal(got.n_clients, 0);
	assert_refused(++n, "");
	run_free(&got);
	run_free(&r);
	still_takes_views();
}

/* A file could not go on with it: the view before stays. */
static void views_that_go_back(void **state)
{
	struct run r, more, got;
	__u64 seed = 8;

	(void)state;
	fill_view(&r, "GET k");
	fill_view(&more, "GET k");
	grow_client(&more.clients[0], &seed);
	grow_client(&more.clients[0], &seed);
	sends_view(&more, false);
	got = taken();
	run_free(&got);
	sends_view(&r, false);
	got = taken();
	assert_view(&more, &got, 0);
	assert_refused(1, "does not go on");
	run_free(&got);
	strcpy(more.clients[0].request, "GET other");
	sends_view(&more, false);
	strcpy(more.clients[0].request, "GET k");
	got = taken();
	assert_view(&more, &got, 0);
	assert_int_equal(got.n_clients, 1);
	assert_refused(2, "");
	run_free(&got);
	more.clients[0].times[CLIENT_CLOSED].cells[7]++;
	sends_view(&more, false);
	got = taken();
	assert_view(&more, &got, 0);
	run_free(&got);
	more.clients[0].times[CLIENT_CLOSED].cells[7]--;
	sends_view(&more, true);
	got = taken();
	assert_refused(3, "");
	run_free(&got);
	run_free(&r);
	run_free(&more);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_BOTH(messages_that_are_none),  WITH_BOTH(files_that_are_none),
		WITH_BOTH(descriptors_without_end), WITH_BOTH(runs_that_are_none),
		WITH_BOTH(views_that_go_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
