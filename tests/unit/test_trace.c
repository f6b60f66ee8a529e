// SPDX-License-Identifier: BSD-2-Clause
/* The trace: every event inside the one around it, as a reader of it counts; nothing invented. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../lib/json_look.h"
#include "../lib/why_fill.h"
#include "report/trace.h"

/* As readers of traces do it: to whole ns, without rounding. */
static __u64 ns_of(json_t *event, const char *key)
{
	return (__u64)(number(event, key) * 1000.0);
}

static bool is(json_t *event, const char *key, const char *value)
{
	return !strcmp(word(event, key), value);
}

enum { DEEPEST = 8 };

/* The track of one request: checks that it is nested, returns its events' own times added up. */
static __u64 check_track(json_t *events, __u32 tid, __u64 latency)
{
	__u64 end[DEEPEST], last = 0, leaves = 0, request = 0;
	int depth = 0;
	json_t *e;
	size_t i;

	json_array_foreach(events, i, e) {
		__u64 ts, dur;

		if (number(e, "tid") != tid || !is(e, "ph", "X"))
			continue;
		ts = ns_of(e, "ts");
		dur = ns_of(e, "dur");
		assert_true(ts >= last); /* in order of their starts, parents first */
		assert_true(dur > 0);
		last = ts;
		while (depth && end[depth - 1] <= ts)
			depth--;
		if (is(e, "name", "request")) {
			assert_int_equal(depth, 0);
			assert_int_equal(dur, latency);
			request = ts + dur;
		} else {
			assert_true(depth > 0 && depth < DEEPEST);
			assert_true(ts + dur <= end[depth - 1]);
			assert_true(ts + dur <= request);
		}
		end[depth++] = ts + dur;
		if (is(e, "cat", "wait") || is(e, "cat", "gap"))
			leaves += dur;
	}
	assert_int_not_equal(request, 0);
	return leaves;
}

/* The names of the complete events of a track, in order. */
static const char *names(json_t *events, __u32 tid, char *buf, size_t size)
{
	json_t *e;
	size_t i;

	buf[0] = '\0';
	json_array_foreach(events, i, e) {
		if (number(e, "tid") != tid || !is(e, "ph", "X"))
			continue;
		snprintf(buf + strlen(buf), size - strlen(buf), "%s%s", buf[0] ? ", " : "",
			 word(e, "name"));
	}
	return buf;
}

static json_t *event(json_t *events, __u32 tid, const char *name)
{
	json_t *e;
	size_t i;

	json_array_foreach(events, i, e)
		if (number(e, "tid") == tid && is(e, "name", name))
			return e;
	print_error("no event %s on track %u\n", name, tid);
	assert_true(false);
	return NULL;
}

static void a_request_is_a_track(void **state)
{
	char buf[512];
	json_t *root, *events;
	struct run r;

	(void)state;
	fill_run(&r, 1);
	fill_web_exemplar(&r.services[0]);
	root = parse(report_trace, &r);
	assert_string_equal(word(root, "displayTimeUnit"), "ns");
	assert_string_equal(word(root, "otherData/host"), "web1");
	assert_string_equal(word(root, "otherData/kernel"), "Linux 6.18.44");
	assert_string_equal(word(root, "otherData/started"), "2026-11-23T10:00:00Z");
	assert_string_equal(word(root, "otherData/schema"), "lvt.trace/1");
	events = at(root, "traceEvents");
	assert_int_equal(check_track(events, 1, 12300000), 12300000);
	assert_string_equal(names(events, 1, buf, sizeof(buf)),
			    "request, queue, queue (not waiting), queue.runq, service, on CPU, "
			    "service.net, on CPU, service.lock, on CPU, service.disk, on CPU");
	assert_string_equal(word(event(events, 0, "process_name"), "args/name"),
			    ":6379 redis-server");
	assert_true(number(event(events, 0, "process_name"), "pid") == 812);
	assert_string_equal(word(event(events, 1, "thread_name"), "args/name"), "#1 12.3 ms");
	assert_true(number(event(events, 1, "request"), "ts") == 3214000);
	assert_true(number(event(events, 1, "request"), "dur") == 12300);
	assert_string_equal(word(event(events, 1, "request"), "args/client"), "127.0.0.1:40122");
	assert_true(number(event(events, 1, "request"), "args/thread/tid") == 812);
	assert_true(number(event(events, 1, "request"), "args/stages_ns/service.disk") == 5500000);
	assert_string_equal(word(event(events, 1, "queue.runq"), "args/ran_instead"),
			    "stress-ng-cpu");
	assert_true(number(event(events, 1, "queue.runq"), "args/pid") == 900);
	assert_string_equal(word(event(events, 1, "service.net"), "args/peer"), "127.0.0.1:5432");
	assert_string_equal(word(event(events, 1, "service.net"), "args/syscall"), "recvfrom");
	assert_string_equal(word(event(events, 1, "service.lock"), "args/waker"), "lock-holder");
	json_decref(root);
	run_free(&r);
}

static void marks_are_instants(void **state)
{
	static const struct {
		const char *name;
		double us;
	} marks[] = { { "arrive", 3214000 }, { "read", 3215900 }, { "reply", 3226210 },
		      { "done", 3226300 },   { "sent", 3226312 }, { "acked", 3226390 } };
	struct run r;
	json_t *root, *e;
	size_t k;

	(void)state;
	fill_run(&r, 1);
	fill_web_exemplar(&r.services[0]);
	fill_exemplar(&r.services[0], 5000, UINT64_MAX, UINT64_MAX);
	root = parse(report_trace, &r);
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		e = event(at(root, "traceEvents"), 1, marks[i].name);
		assert_true(is(e, "ph", "i") && is(e, "s", "t"));
		assert_true(fabs(number(e, "ts") - marks[i].us) < 0.001);
	}
	json_array_foreach(at(root, "traceEvents"), k, e)
		assert_false(number(e, "tid") == 2 && is(e, "name", "read"));
	json_decref(root);
	run_free(&r);
}

/* What the gaps are is said only when the stages bear it out. */
static void gaps_are_named_only_if_proved(void **state)
{
	char buf[512];
	json_t *root;

	(void)state;
	for (int i = 0; i < 6; i++) {
		struct run_exemplar *x;
		struct run r;
		bool proved;

		fill_run(&r, 1);
		x = fill_exemplar(&r.services[0], 1000000, 0, UINT64_MAX);
		fill_moment(x, STAGE_SERVICE_DISK, 200000, 700000, "fsync", "");
		x->stage[STAGE_SERVICE_DISK] = 500000;
		x->stage[STAGE_SERVICE_CPU] = 500000;
		if (i == 1) /* another client's work is work */
			x->stage[STAGE_SERVICE_OTHER] = x->stage[STAGE_SERVICE_CPU] = 250000;
		if (i == 2) /* 2 % were something else: where is not known */
			x->stage[STAGE_SERVICE_CPU] -= x->stage[STAGE_SERVICE_RUNQ] = 20000;
		if (i == 3)
			x->waits_lost = 1;
		if (i == 4)
			x->reader = 9;
		if (i == 5) /* 0.9 % */
			x->stage[STAGE_SERVICE_CPU] -= x->stage[STAGE_SERVICE_RUNQ] = 9000;
		root = parse(report_trace, &r);
		proved = strstr(names(at(root, "traceEvents"), 1, buf, sizeof(buf)), "on CPU");
		assert_int_equal(proved, i < 2 || i == 5);
		assert_int_equal(!proved, !!strstr(buf, "running or unknown"));
		assert_null(strstr(buf, "queue")); /* of no length */
		json_decref(root);
		run_free(&r);
	}
}

static void a_wait_across_the_read_is_in_both_phases(void **state)
{
	struct run_exemplar *x;
	char buf[512];
	json_t *root;
	struct run r;

	(void)state;
	fill_run(&r, 1);
	x = fill_exemplar(&r.services[0], 1000, 400, UINT64_MAX);
	fill_moment(x, STAGE_SERVICE_POOL, 300, 600, "epoll_wait", "worker");
	fill_moment(x, STAGE_SERVICE_NET, 500, 5000, "recvfrom",
		    ""); /* overlaps, and goes beyond */
	root = parse(report_trace, &r);
	assert_string_equal(names(at(root, "traceEvents"), 1, buf, sizeof(buf)),
			    "request, queue, running or unknown, service.pool, service, "
			    "service.pool, service.net");
	assert_true(number(event(at(root, "traceEvents"), 1, "service.pool"), "args/whole_ns") ==
		    300);
	assert_int_equal(check_track(at(root, "traceEvents"), 1, 1000), 1000);
	json_decref(root);
	run_free(&r);
}

/* Times of every digit, from every time of a run: nested to the nanosecond. */
static void nesting_holds_at_random(void **state)
{
	__u64 seed = 99;
	struct run r;
	json_t *root;

	(void)state;
	fill_run(&r, 1);
	for (int i = 0; i < 100; i++) {
		__u64 latency = 1 + (fill_random(&seed) >> (24 + fill_below(&seed, 30)));
		struct run_exemplar *x = fill_exemplar(&r.services[0], latency,
						       fill_below(&seed, latency + 1),
						       fill_below(&seed, latency));
		__u64 at = 0;

		x->at_s = fill_below(&seed, 3600000000000ull) / 1e9;
		for (__u64 n = fill_below(&seed, LVT_EXEMPLAR_WAITS + 1); x->n_waits < n;) {
			__u64 start = at + fill_below(&seed, latency / 8 + 2);

			at = start + fill_below(&seed, latency / 8 + 2);
			fill_moment(x, STAGE_SERVICE_NET, start, at, "recvfrom", "");
		}
	}
	root = parse(report_trace, &r);
	for (int i = 0; i < 100; i++)
		assert_int_equal(check_track(at(root, "traceEvents"), i + 1,
					     r.services[0].slowest[i].latency),
				 r.services[0].slowest[i].latency);
	json_decref(root);
	run_free(&r);
}

/* Services of the same process, or of none, are apart; those without requests are left out. */
static void a_service_is_a_process(void **state)
{
	__u64 pids[3];
	json_t *root, *e;
	struct run r;
	size_t i, n = 0;

	(void)state;
	fill_run(&r, 4);
	for (int s = 0; s < 3; s++)
		fill_exemplar(&r.services[s], 1000, 10, 20);
	r.services[1].pids[0] = r.services[0].pids[0];
	r.services[2].n_pids = 0;
	strcpy(r.services[2].comm, "a\xff\n");
	root = parse(report_trace, &r);
	json_array_foreach(at(root, "traceEvents"), i, e)
		if (is(e, "name", "process_name"))
			pids[n++] = number(e, "pid");
	assert_int_equal(n, 3);
	assert_int_equal(pids[0], 812);
	assert_true(pids[1] != 812 && pids[1] != pids[2] && pids[2] > 4194304);
	for (__u32 tid = 1; tid <= 3; tid++)
		check_track(at(root, "traceEvents"), tid, 1000);
	assert_true(number(event(at(root, "traceEvents"), 3, "request"), "pid") == pids[2]);
	json_decref(root);
	run_free(&r);
}

static void no_requests_are_a_trace_too(void **state)
{
	json_t *root;
	struct run r;

	(void)state;
	fill_run(&r, 1);
	root = parse(report_trace, &r);
	assert_int_equal(json_array_size(at(root, "traceEvents")), 0);
	json_decref(root);
	run_free(&r);
}

static void a_full_disk_is_an_error(void **state)
{
	FILE *full = fopen("/dev/full", "w");
	struct err e = { 0 };
	struct run r;

	(void)state;
	assert_non_null(full);
	fill_run(&r, 1);
	assert_int_equal(report_trace(full, &r, &e), -ENOSPC);
	assert_string_equal(e.message, "cannot write the trace: No space left on device");
	fclose(full);
	run_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_a_track),
		cmocka_unit_test(marks_are_instants),
		cmocka_unit_test(gaps_are_named_only_if_proved),
		cmocka_unit_test(a_wait_across_the_read_is_in_both_phases),
		cmocka_unit_test(nesting_holds_at_random),
		cmocka_unit_test(a_service_is_a_process),
		cmocka_unit_test(no_requests_are_a_trace_too),
		cmocka_unit_test(a_full_disk_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
