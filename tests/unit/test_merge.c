// SPDX-License-Identifier: BSD-2-Clause
/* Runs of several hosts and moments as one. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>

#include "../lib/client_fill.h"
#include "../lib/run_look.h"
#include "../lib/why_fill.h"
#include "model/hist.h"
#include "model/merge.h"
#include "store/run_read.h"
#include "store/run_write.h"

/* A run of a host, from a second on, with n requests of a web service; all of it differs by `salt`. */
static struct run web(const char *host, int second, int n, int salt)
{
	struct run_service *s;
	struct run r;

	fill_run(&r, 1);
	strcpy(r.host, host);
	snprintf(r.started, sizeof(r.started), "2026-11-23T10:00:%02dZ", second);
	strcpy(r.filter, "");
	s = &r.services[0];
	fill_web(s, n);
	fill_web_waits(s);
	fill_web_exemplar(s);
	s->slowest[0].latency += salt;
	s->slowest[0].at_s = 2.5;
	fill_asked(fill_outbound(s, 5432, "postgres", 1204), 10, 1000 * salt, 2000 * salt);
	s->arrivals = n + salt;
	s->occupancies = n - salt;
	s->in_flight = salt;
	s->in_flight_samples = 1000;
	s->accept_limit = 511;
	s->accept_max = salt;
	r.counters[COUNTER_ARRIVAL_MISSED] = salt;
	r.slowest_kept = r.outbound = true;
	return r;
}

/* As if it had been read from a file. */
static struct run part(struct run r, const char *file)
{
	struct err e = { 0 };

	assert_int_equal(run_become_part(&r, file, &e), 0);
	return r;
}

static void add(struct run *to, struct run from)
{
	struct err e = { 0 };

	if (run_merge(to, &from, "x", &e))
		fail_msg("%s", e.message);
	run_free(&from);
}

static void close_to(double a, double b)
{
	assert_true(fabs(a - b) <= 1e-9 * fabs(b));
}

static void one_run_stays_as_it_is(void **state)
{
	struct run r = web("web1", 0, 500, 1), merged = look_copy_run(&r);

	(void)state;
	merged = part(merged, "a.hlog");
	assert_int_equal(merged.n_parts, 1);
	assert_string_equal(merged.parts[0].file, "a.hlog");
	assert_string_equal(merged.parts[0].host, "web1");
	assert_int_equal(merged.parts[0].requests, 500);
	assert_int_equal(merged.parts[0].loss, 1);
	assert_true(merged.parts[0].duration_s == 10);
	merged.n_parts = 0;
	assert_null(look_run(&r, &merged));
	run_free(&r);
	run_free(&merged);
}

/* Two hosts at the same time: rates are of one host, and of both together. */
static void hosts_at_the_same_time(void **state)
{
	struct run a = part(web("web1", 0, 500, 1), "a"), b = part(web("web2", 0, 300, 2), "b");
	struct lvt_shard *sum = fill_shard();
	struct run_service *s;

	(void)state;
	a.bpf_ns_per_request = 800;
	b.bpf_ns_per_request = 400;
	shard_add(sum, a.services[0].sum);
	shard_add(sum, b.services[0].sum);
	add(&a, b);
	assert_int_equal(a.n_services, 1);
	s = &a.services[0];
	assert_memory_equal(s->sum, sum, sizeof(*sum));
	close_to(a.duration_s, 20);
	close_to(s->window_s, 20);
	close_to(service_rps(s), 40);
	close_to(run_covered_s(&a), 10);
	close_to(service_together_rps(&a, s), 80);
	close_to(s->in_flight, 1.5);
	close_to(a.bpf_ns_per_request, 650);
	close_to(s->cpu_share, 0.934);
	assert_int_equal(s->arrivals, 803);
	assert_int_equal(s->occupancies, 797);
	assert_int_equal(s->threads, 4);
	assert_int_equal(s->accept_max, 2);
	assert_int_equal(s->accept_limit, 511);
	assert_int_equal(run_loss(&a), 3);
	assert_int_equal(run_hosts(&a), 2);
	assert_null(run_overlap(&a));
	/* of one host alone: */
	assert_string_equal(a.host, "");
	assert_int_equal(s->n_pids, 0);
	assert_string_equal(a.kernel, "Linux 6.18.44");
	assert_int_equal(a.cpus, 2);
	free(sum);
	run_free(&a);
}

/* Moments of one host: the time covered is longer, and processes are known. */
static void moments_of_a_host(void **state)
{
	struct run a = part(web("web1", 30, 500, 1), "a"), b = part(web("web1", 0, 300, 2), "b");
	struct run_service *s;

	(void)state;
	b.services[0].pids[0] = 700;
	b.services[0].threads = 9;
	b.services[0].accept_limit = 4096;
	add(&a, b);
	s = &a.services[0];
	close_to(run_covered_s(&a), 20);
	close_to(service_together_rps(&a, s), 40);
	assert_string_equal(a.host, "web1");
	assert_string_equal(a.started, "2026-11-23T10:00:00Z");
	assert_string_equal(a.parts[0].file, "b"); /* by start */
	assert_int_equal(s->n_pids, 2);
	assert_int_equal(s->pids[0], 700);
	assert_int_equal(s->pids[1], 812);
	assert_int_equal(s->threads, 9);
	assert_int_equal(s->accept_limit, 0);
	/* the slowest first, each at its time from the earliest start */
	assert_int_equal(s->n_slowest, 2);
	assert_int_equal(s->slowest[0].latency, 12300002);
	close_to(s->slowest[0].at_s, 2.5);
	close_to(s->slowest[1].at_s, 32.5);
	run_free(&a);
}

static void time_that_is_covered(void **state)
{
	struct run a = part(web("web1", 0, 50, 1), "a");

	(void)state;
	add(&a, part(web("web2", 5, 60, 2), "b"));
	close_to(run_covered_s(&a), 15);
	add(&a, part(web("web3", 40, 70, 3), "c"));
	close_to(run_covered_s(&a), 25);
	assert_null(run_overlap(&a));
	add(&a, part(web("web2", 8, 80, 4), "d")); /* of web2 at that time there is b, too */
	assert_string_equal(run_overlap(&a)->file, "b");
	for (size_t i = 0; i < a.n_parts; i++)
		a.parts[i].duration_s /= 20; /* too short for starts in whole seconds */
	assert_true(isnan(run_covered_s(&a)));
	run_free(&a);
}

static void waits_add_up(void **state)
{
	struct run a = part(web("web1", 0, 500, 1), "a"), b = part(web("web2", 0, 300, 2), "b");
	__u64 before[NR_STAGES] = { 0 }, after[NR_STAGES] = { 0 };
	size_t rows = a.services[0].n_waits;

	(void)state;
	fill_ran(&b.services[0], STAGE_QUEUE_RUNQ, 3, 1000, "only-here", 5);
	for (size_t i = 0; i < rows; i++)
		before[a.services[0].waits[i].stage] += a.services[0].waits[i].ns;
	for (size_t i = 0; i < b.services[0].n_waits; i++)
		before[b.services[0].waits[i].stage] += b.services[0].waits[i].ns;
	add(&a, b);
	assert_int_equal(a.services[0].n_waits, rows + 1);
	for (size_t i = 0; i < a.services[0].n_waits; i++) {
		after[a.services[0].waits[i].stage] += a.services[0].waits[i].ns;
		if (i)
			assert_true(run_wait_order(&a.services[0].waits[i - 1],
						   &a.services[0].waits[i]) <= 0);
	}
	assert_memory_equal(before, after, sizeof(before));
	assert_int_equal(a.services[0].n_outbound, 1);
	assert_int_equal(hist_count(a.services[0].outbound[0].first), 20);
	assert_int_equal(a.services[0].outbound[0].first_sum, 30000);
	assert_int_equal(a.services[0].outbound[0].last_max, 4000);
	run_free(&a);
}

/* More rows than a run can hold: none of their time is lost. */
static void too_many_waits(void **state)
{
	struct run a = part(web("web1", 0, 50, 1), "a"), b = part(web("web2", 0, 30, 2), "b");
	struct run_service *s[] = { &a.services[0], &b.services[0] };
	__u64 before = 0, after = 0;

	(void)state;
	for (int k = 0; k < 2; k++) {
		s[k]->n_waits = 0;
		s[k]->waits = realloc(s[k]->waits, RUN_MAX_WAITS * sizeof(*s[k]->waits));
		memset(s[k]->waits, 0, RUN_MAX_WAITS * sizeof(*s[k]->waits));
		for (int i = 0; i < (k ? 40 : RUN_MAX_WAITS); i++) {
			struct run_wait *w = &s[k]->waits[s[k]->n_waits++];

			w->stage = i % NR_STAGES;
			w->pid = 1 + i + 100000 * k;
			w->ns = 1 + i;
			before += w->ns;
		}
	}
	add(&a, b);
	assert_true(a.services[0].n_waits <= RUN_MAX_WAITS);
	for (size_t i = 0; i < a.services[0].n_waits; i++)
		after += a.services[0].waits[i].ns;
	assert_int_equal(before, after);
	run_free(&a);
}

/* Loads: some of them alike, in another order. */
static void example_clients(struct run *r, int i)
{
	static const char *const requests[] = { "GET a", "GET b" };

	for (int k = 0; k < i % 4; k++) {
		struct run_client *c = fill_client(r, 6379, requests[(i + k) % 2], 100 * (i + 1));

		for (int n = 0; n < 10 + i; n++)
			fill_answered(c, 5, n % 2, 1000 * (n + i));
		fill_failed(c, i % NR_CLIENT_ERRORS);
		fill_time(c, CLIENT_CLOSED, 77 + i);
		c->connections = i % 3 ? 50 : 10;
		c->open = k != 2;
		strcpy(c->profile, i % 2 ? "ramp 1 2 3" : "");
		c->think_s = k % 2 ? 0.5 : NAN;
		c->view.in_flight = i;
	}
}

static struct run example(int i)
{
	static const char *const hosts[] = { "web1", "web2", "web1", "web3", "" };
	struct run r = web(hosts[i % 5], (7 * i + 40) % 50, 50 + 10 * i, 1 + i);

	if (i % 3 == 1) {
		struct run more;

		fill_run(&more, 2);
		fill_event_loop(&more.services[1], 100);
		r.services = realloc(r.services, 2 * sizeof(*r.services));
		r.services[r.n_services++] = more.services[1];
		more.n_services--;
		run_free(&more);
		strcpy(r.services[1].comm, i % 2 ? "db" : "cache");
		strcpy(r.filter, "-p 80");
		r.cpus = 4;
		r.bpf_ns_per_request = NAN;
		r.untraced = calloc(1, sizeof(*r.untraced));
		r.untraced[r.n_untraced++] = strdup("late:99");
	}
	example_clients(&r, i);
	return r;
}

/* What rounds is nearly the same; then it is made the same. */
static void level(double *a, double *b)
{
	if (isnan(*a) && isnan(*b))
		return;
	close_to(*a, *b);
	*b = *a;
}

static void level_runs(struct run *a, struct run *b)
{
	level(&a->bpf_ns_per_request, &b->bpf_ns_per_request);
	level(&a->loader_cpu_s, &b->loader_cpu_s);
	assert_int_equal(a->n_services, b->n_services);
	for (size_t i = 0; i < a->n_services; i++) {
		level(&a->services[i].in_flight, &b->services[i].in_flight);
		level(&a->services[i].cpu_share, &b->services[i].cpu_share);
		level(&a->services[i].runq_share, &b->services[i].runq_share);
	}
	assert_int_equal(a->n_clients, b->n_clients);
	for (size_t i = 0; i < a->n_clients; i++) {
		level(&a->clients[i].view.in_flight, &b->clients[i].view.in_flight);
		level(&a->clients[i].rate_intended, &b->clients[i].rate_intended);
		level(&a->clients[i].cpu_s, &b->clients[i].cpu_s);
	}
}

static void grouping_does_not_matter(void **state)
{
	(void)state;
	for (int i = 0; i < 8; i++) {
		struct run left = part(example(i), "a"), right = part(example(i), "a");
		struct run inner = part(example(i + 1), "b");
		const char *differs;

		add(&left, part(example(i + 1), "b"));
		add(&left, part(example(i + 2), "c"));
		add(&inner, part(example(i + 2), "c"));
		add(&right, inner);
		level_runs(&left, &right);
		differs = look_run(&left, &right);
		if (differs)
			fail_msg("%d: %s", i, differs);
		run_free(&left);
		run_free(&right);
	}
}

static struct run load(const char *host, int n, double rate)
{
	struct run r;
	struct run_client *c;

	fill_run(&r, 0);
	strcpy(r.host, host);
	c = fill_client(&r, 80, "GET /", rate);
	for (int i = 0; i < n; i++)
		fill_answered(c, 1000, 0, 1000000);
	fill_failed(c, CLIENT_ERROR_RESET);
	c->view.in_flight = n;
	c->seed = n;
	return part(r, host);
}

static void clients_add_up(void **state)
{
	struct run all = load("a", 100, 10), other = load("b", 300, 30), closed = load("c", 5, NAN);
	struct run_client *c;
	struct dist d;

	(void)state;
	other.clients[0].connections = 20;
	closed.clients[0].open = false;
	assert_int_equal(other.parts[0].requests, 301);
	add(&all, other);
	assert_int_equal(all.n_clients, 1);
	c = &all.clients[0];
	client_latency(c, &d);
	assert_int_equal(d.count, 402);
	close_to(d.mean, 1001000);
	close_to(c->view.window_s, 20);
	close_to(client_rps(c), 20); /* the mean of a part */
	close_to(c->rate_intended, 20);
	close_to(c->view.in_flight, 200);
	close_to(c->cpu_s, 1);
	assert_int_equal(c->errors[CLIENT_ERROR_RESET], 2);
	assert_int_equal(c->connections, 0); /* not known of the whole */
	assert_int_equal(c->seed, 0);
	assert_int_equal(c->threads, 1);
	assert_string_equal(c->arrivals, "poisson");
	add(&all, closed);
	assert_int_equal(all.n_clients, 2);
	run_free(&all);
}

/* Two loads of one command at a time are not one after the other. */
static void clients_alike(void **state)
{
	struct run all = load("a", 100, 10), other = load("b", 300, 30);

	(void)state;
	fill_answered(fill_client(&all, 80, "GET /", 10), 1, 1, 1);
	fill_answered(fill_client(&other, 80, "GET /", 10), 1, 1, 1);
	add(&all, other);
	assert_int_equal(all.n_clients, 2);
	assert_int_equal(client_answered(&all.clients[0]), 400);
	assert_int_equal(client_answered(&all.clients[1]), 2);
	close_to(all.clients[1].view.window_s, 20);
	run_free(&all);
}

/* ---- what does not add up ---- */

static void refused(struct run a, struct run b, const char *told)
{
	struct err e = { 0 };

	assert_int_equal(run_merge(&a, &b, "b.hlog", &e), -EINVAL);
	assert_memory_equal(e.message, "cannot add b.hlog: ", 19);
	if (!strstr(e.message, told))
		fail_msg("%s", e.message);
	run_free(&a);
	run_free(&b);
}

static void refusals(void **state)
{
	struct run a = part(web("web1", 0, 50, 1), "a"), b = part(web("web2", 0, 30, 2), "b");

	(void)state;
	b.hooks[1].hook = "fentry/tcp_sendmsg";
	refused(a, b, "hook for 'send' is fentry/tcp_sendmsg, not tp_btf/tcp_sendmsg_locked");

	a = part(web("web1", 0, 50, 1), "a");
	b = web("web2", 0, 30, 2);
	b.latency_only = true;
	refused(a, part(b, "b"), "only latencies are known");

	refused(part(web("web1", 0, 50, 1), "a"), part(web("web1", 0, 50, 1), "b"),
		"it is in already, as a");

	a = part(web("web1", 0, 50, 1), "a");
	b = part(web("web2", 0, 30, 2), "b");
	a.services[0].sum->stage[3][4] = b.services[0].sum->stage[3][4] = 1ull << 61;
	refused(a, b, "more requests than can be counted");

	fill_run(&a, LVT_MAX_SERVICES);
	strcpy(a.host, "other");
	fill_event_loop(&a.services[0], 5);
	refused(part(a, "a"), part(web("web2", 0, 30, 2), "b"), "more than 64 services");

	refused(load("a", 3, 1), load("a", 3, 1), "it is in already, as a");
	a = load("a", 3, 1);
	for (int i = 1; i < RUN_MAX_CLIENTS; i++)
		fill_client(&a, 80, "GET /", 1)->view.port = i;
	b = load("b", 3, 1);
	strcpy(b.clients[0].request, "GET /other");
	refused(a, b, "more than 16 clients");
	a = load("a", 3, 1);
	b = load("b", 3, 1);
	a.clients[0].times[CLIENT_LATE].cells[9] = b.clients[0].times[CLIENT_LATE].cells[9] = 1ull
											      << 61;
	refused(a, b, "more requests than can be counted");
}

/* ---- in a file ---- */

static void read_back(void **state)
{
	char path[] = "/tmp/lvt-merge-XXXXXX", warning[RUN_WARNING_LEN];
	struct run all = part(example(0), "a"), back = { 0 };
	struct run_file *f;
	struct err e = { 0 };
	const char *differs;

	(void)state;
	add(&all, part(example(1), "b"));
	add(&all, part(example(4), "a name \xff"));
	all.parts[1].loss = UINT64_MAX;
	for (int i = 0; i < 3; i++)
		assert_int_equal(all.services[i].n_pids, 0); /* also of what only one host has */
	assert_int_equal(all.n_services, 3);		     /* two of one port, by other names */
	assert_int_equal(all.services[1].port, all.services[2].port);
	close(mkstemp(path));
	assert_int_equal(run_file_create(&f, path, &e), 0);
	assert_int_equal(run_file_finish(f, &all, &e), 0);
	run_file_free(f);
	if (run_read(path, &back, warning, &e))
		fail_msg("%s", e.message);
	assert_string_equal(warning, "");
	differs = look_run(&all, &back);
	if (differs)
		fail_msg("%s", differs);
	unlink(path);
	run_free(&all);
	run_free(&back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_run_stays_as_it_is),
		cmocka_unit_test(hosts_at_the_same_time),
		cmocka_unit_test(moments_of_a_host),
		cmocka_unit_test(time_that_is_covered),
		cmocka_unit_test(waits_add_up),
		cmocka_unit_test(too_many_waits),
		cmocka_unit_test(grouping_does_not_matter),
		cmocka_unit_test(clients_add_up),
		cmocka_unit_test(clients_alike),
		cmocka_unit_test(refusals),
		cmocka_unit_test(read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
