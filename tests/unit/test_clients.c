// SPDX-License-Identifier: BSD-2-Clause
/* The way of a load's view into a recording, and whatever else may come that way. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "capture/clients.c"
#include "capture/clients_send.c"
#include "run_grow.h"
#include "run_look.h"

static struct clients *c;
static int load = -1; /* the load's end */

static int open_both(void **state)
{
	struct err e = { 0 };

	(void)state;
	if (clients_open(&c, &e))
		return -1;
	putenv((char *)clients_environment(c));
	load = clients_attach();
	return load == clients_pass(c) ? 0 : -1;
}

static int close_both(void **state)
{
	(void)state;
	clients_close(c);
	load = -1;
	return 0;
}

/* The run of a load: no services, one client. */
static void fill_view(struct run *r, const char *request)
{
	*r = (struct run){ .started = "2026-11-23T10:00:00Z",
			   .duration_s = 1,
			   .cpus = 2,
			   .bpf_ns_per_request = NAN,
			   .events = NAN };
	fill_client(r, 6379, request, 1000);
}

static void sends_view(const struct run *r, bool final)
{
	struct err e = { 0 };

	if (clients_send(load, r, final, &e))
		fail_msg("%s", e.message);
}

/* What a recording has by now; run_free() it. */
static struct run taken(void)
{
	struct run r = { 0 };
	struct err e = { 0 };

	clients_receive(c);
	assert_int_equal(clients_into(c, &r, &e), 0);
	return r;
}

static void assert_view(const struct run *sent, const struct run *got, size_t i)
{
	assert_true(i < got->n_clients);
	assert_null(look_client(&sent->clients[0], &got->clients[i]));
}

static void assert_refused(__u64 n, const char *reason)
{
	const char *why;

	assert_int_equal(clients_refused(c, &why), n);
	if (!strstr(why, reason))
		fail_msg("'%s' is not in '%s'", reason, why);
}

static void the_last_view_counts(void **state)
{
	struct run r, got;
	__u64 seed = 3;

	(void)state;
	fill_view(&r, "GET k");
	for (int i = 0; i < 5; i++) {
		grow_client(&r.clients[0], &seed);
		r.duration_s++;
		sends_view(&r, i == 4);
		if (i == 2) {
			got = taken();
			assert_view(&r, &got, 0);
			run_free(&got);
			assert_int_equal(clients_unfinished(c), 1);
		}
	}
	got = taken();
	assert_int_equal(got.n_clients, 1);
	assert_view(&r, &got, 0);
	run_free(&got);
	got = taken(); /* it stays */
	assert_view(&r, &got, 0);
	assert_int_equal(clients_unfinished(c), 0);
	assert_refused(0, "");
	run_free(&got);
	run_free(&r);
}

static void loads_one_after_the_other(void **state)
{
	struct run a, b, got;
	__u64 seed = 5;

	(void)state;
	fill_view(&a, "GET a");
	fill_view(&b, "GET b");
	grow_client(&a.clients[0], &seed);
	sends_view(&a, true);
	sends_view(&b, false);
	grow_client(&b.clients[0], &seed);
	sends_view(&b, true);
	got = taken();
	assert_int_equal(got.n_clients, 2);
	assert_view(&a, &got, 0);
	assert_view(&b, &got, 1);
	run_free(&got);
	run_free(&a);
	run_free(&b);
}

static void loads_side_by_side(void **state)
{
	struct run r, got;
	__u64 seed = 6;
	int status;

	(void)state;
	fill_view(&r, "GET k");
	for (int i = 0; i < RUN_MAX_CLIENTS + 3; i++) {
		pid_t pid;

		grow_client(&r.clients[0], &seed);
		pid = fork();
		if (!pid)
			_exit(clients_send(load, &r, false, NULL) ? 1 : 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
	got = taken();
	assert_int_equal(got.n_clients, RUN_MAX_CLIENTS);
	for (size_t i = 1; i < got.n_clients; i++)
		assert_true(client_answered(&got.clients[i]) >=
			    client_answered(&got.clients[i - 1]));
	assert_int_equal(clients_unfinished(c), RUN_MAX_CLIENTS);
	assert_refused(3, "more than 16 loads");
	run_free(&got);
	run_free(&r);
}

static void no_recording_no_load(void **state)
{
	static const char *const no[] = { "", "x", "-1", "3x", "1048577", "0", "99999999999" };
	int pair[2], null = open("/dev/null", O_RDWR);
	char text[16];

	(void)state;
	assert_int_equal(clients_attach(), -1); /* the variable is gone */
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		setenv(CLIENTS_ENV, no[i], 1);
		assert_int_equal(clients_attach(), -1);
		assert_null(getenv(CLIENTS_ENV));
	}
	snprintf(text, sizeof(text), "%d", null);
	setenv(CLIENTS_ENV, text, 1);
	assert_int_equal(clients_attach(), -1);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	snprintf(text, sizeof(text), "%d", pair[0]);
	setenv(CLIENTS_ENV, text, 1);
	assert_int_equal(clients_attach(), -1);
	assert_true(fcntl(load, F_GETFD) & FD_CLOEXEC);
	close(pair[0]);
	close(pair[1]);
	close(null);
}

/* Nobody reads: the load goes on, and says so. */
static void a_recording_that_does_not_read(void **state)
{
	struct err e = { 0 };
	struct run r, got;
	int err = 0, n, status;
	pid_t pid;

	(void)state;
	fill_view(&r, "GET k");
	for (n = 0; n < 5000 && !err; n++)
		err = clients_send(load, &r, false, &e);
	assert_int_equal(err, -EAGAIN);
	pid = fork(); /* another load, whose last view waits for room */
	if (!pid)
		_exit(clients_send(load, &r, true, NULL) ? 1 : 0);
	usleep(20000);
	while (!waitpid(pid, &status, WNOHANG))
		clients_receive(c); /* some at a time */
	assert_int_equal(status, 0);
	got = taken();
	assert_int_equal(got.n_clients, 2);
	assert_int_equal(clients_unfinished(c), 1);
	run_free(&got);
	run_free(&r);
	close_fd(&c->own);
	assert_int_equal(clients_send(load, &r, true, &e), -EPIPE);
}

/* ---- what is not from a load ---- */

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

static void everybody_has_gone(void **state)
{
	struct run r, got;

	(void)state;
	fill_view(&r, "GET k");
	sends_view(&r, true);
	clients_forked(c); /* the only other end */
	got = taken();
	assert_view(&r, &got, 0);
	assert_int_equal(c->own, -1);
	run_free(&got);
	got = taken();
	assert_int_equal(got.n_clients, 1);
	run_free(&got);
	run_free(&r);
}

static void without_a_command(void **state)
{
	struct run r = { 0 };
	const char *why;

	(void)state;
	clients_receive(NULL);
	assert_int_equal(clients_into(NULL, &r, NULL), 0);
	assert_int_equal(clients_refused(NULL, &why), 0);
	assert_int_equal(clients_unfinished(NULL), 0);
	clients_close(NULL);
}

#define WITH_BOTH(test) cmocka_unit_test_setup_teardown(test, open_both, close_both)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_BOTH(the_last_view_counts),
		WITH_BOTH(loads_one_after_the_other),
		WITH_BOTH(loads_side_by_side),
		WITH_BOTH(no_recording_no_load),
		WITH_BOTH(a_recording_that_does_not_read),
		WITH_BOTH(messages_that_are_none),
		WITH_BOTH(files_that_are_none),
		WITH_BOTH(descriptors_without_end),
		WITH_BOTH(runs_that_are_none),
		WITH_BOTH(views_that_go_back),
		WITH_BOTH(everybody_has_gone),
		cmocka_unit_test(without_a_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
