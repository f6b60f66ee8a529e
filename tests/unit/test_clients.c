// SPDX-License-Identifier: BSD-2-Clause
/* The way of a load's view into a recording. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "clients_pair.h"
#include "model/window.h"

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
	clients_close_fd(&c->own);
	assert_int_equal(clients_send(load, &r, true, &e), -EPIPE);
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

/* A load that answers when it is asked, `times` times, and then ends without a last word. */
static pid_t start_load(int times)
{
	struct pollfd p = { .fd = load, .events = POLLIN };
	struct run r;
	__u64 seed = 9;
	pid_t pid = fork();

	if (pid)
		return pid;
	clients_close_fd(&c->own);
	fill_view(&r, "GET k");
	while (times && poll(&p, 1, 5000) > 0) {
		int asked = clients_asked(load);

		if (asked < 0)
			_exit(3);
		if (!asked)
			continue;
		grow_client(&r.clients[0], &seed);
		if (clients_send(load, &r, false, NULL))
			_exit(2);
		times--;
	}
	_exit(times ? 1 : 0);
}

static void a_window_within_a_load(void **state)
{
	struct run first, last, got;
	struct err e = { 0 };
	double at, then;
	int status;
	pid_t pid;

	(void)state;
	pid = start_load(2);
	clients_forked(c);
	assert_int_equal(clients_now(c, 5, &at), 0);
	assert_int_equal(clients_begin(c, &e), 0);
	first = taken(); /* nothing since */
	assert_int_equal(first.n_clients, 1);
	assert_int_equal(first.clients[0].view.arrivals, 0);
	assert_true(!(first.clients[0].view.window_s > 0));
	run_free(&first);
	c->senders[0].begun = false;
	first = taken();
	then = at;
	assert_int_equal(clients_now(c, 5, &at), 0);
	assert_true(at > then);
	last = taken();
	c->senders[0].begun = true;
	got = taken();
	client_window(&last.clients[0], &first.clients[0]);
	assert_true(last.clients[0].view.window_s > 0);
	assert_view(&last, &got, 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(clients_now(c, 5, &at) < 0); /* it has gone */
	clients_end(c);
	assert_view(&last, &got, 0);
	run_free(&first);
	run_free(&last);
	run_free(&got);
}

static void a_load_that_does_not_answer(void **state)
{
	double at = 1;

	(void)state;
	assert_int_equal(clients_now(c, 0.02, &at), -ETIMEDOUT);
	assert_int_equal(clients_asked(load), 1);
	assert_int_equal(clients_asked(load), 0);
	clients_end(c);
	assert_int_equal(clients_asked(load), -EPIPE);
	assert_int_equal(fcntl(load, F_GETFD), -1);
	c->pass = -1;
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_BOTH(the_last_view_counts),
		WITH_BOTH(loads_one_after_the_other),
		WITH_BOTH(loads_side_by_side),
		WITH_BOTH(no_recording_no_load),
		WITH_BOTH(a_recording_that_does_not_read),
		WITH_BOTH(everybody_has_gone),
		WITH_BOTH(a_window_within_a_load),
		WITH_BOTH(a_load_that_does_not_answer),
		cmocka_unit_test(without_a_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
