/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_CLIENTS_PAIR_H
#define LVT_CLIENTS_PAIR_H

/* Both ends of the way of a load's view into a recording. Include after <cmocka.h>. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "capture/clients.c"
#include "capture/clients_send.c"
#include "capture/clients_views.c"
#include "run_grow.h"
#include "run_look.h"

static struct clients *c;
static int load = -1; /* the load's end */

static inline int open_both(void **state)
{
	struct err e = { 0 };

	(void)state;
	if (clients_open(&c, &e))
		return -1;
	putenv((char *)clients_environment(c));
	load = clients_attach();
	return load == clients_pass(c) ? 0 : -1;
}

static inline int close_both(void **state)
{
	(void)state;
	clients_close(c);
	load = -1;
	return 0;
}

/* The run of a load: no services, one client. */
static inline void fill_view(struct run *r, const char *request)
{
	*r = (struct run){ .started = "2026-11-23T10:00:00Z",
			   .duration_s = 1,
			   .cpus = 2,
			   .bpf_ns_per_request = NAN,
			   .events = NAN };
	fill_client(r, 6379, request, 1000);
}

static inline void sends_view(const struct run *r, bool final)
{
	struct err e = { 0 };

	if (clients_send(load, r, final, &e))
		fail_msg("%s", e.message);
}

/* What a recording has by now; run_free() it. */
static inline struct run taken(void)
{
	struct run r = { 0 };
	struct err e = { 0 };

	clients_receive(c);
	assert_int_equal(clients_into(c, &r, &e), 0);
	return r;
}

static inline void assert_view(const struct run *sent, const struct run *got, size_t i)
{
	assert_true(i < got->n_clients);
	assert_null(look_client(&sent->clients[0], &got->clients[i]));
}

static inline void assert_refused(__u64 n, const char *reason)
{
	const char *why;

	assert_int_equal(clients_refused(c, &why), n);
	if (!strstr(why, reason))
		fail_msg("'%s' is not in '%s'", reason, why);
}

#define WITH_BOTH(test) cmocka_unit_test_setup_teardown(test, open_both, close_both)

#endif
