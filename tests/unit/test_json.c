// SPDX-License-Identifier: BSD-2-Clause
/* The JSON report, parsed back: lvt.report/1 as it is specified, and figures that add up. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>

#include "../lib/json_look.h"
#include "../lib/run_fill.h"
#include "report/json.h"

static void stages_add_up(void **state)
{
	double mean = 0, share = 0, anatomy;
	const char *key;
	struct run r;
	json_t *root, *v, *row;
	size_t i;

	(void)state;
	fill_run(&r, 1);
	fill_event_loop(&r.services[0], 20000);
	root = parse(report_json, &r);
	json_object_foreach(at(root, "services/0/stages"), key, v) {
		mean += number(v, "mean");
		share += number(v, "share");
	}
	assert_int_equal(json_object_size(at(root, "services/0/stages")), NR_STAGES);
	assert_true(fabs(mean - number(root, "services/0/latency_ns/mean")) < 0.001);
	assert_true(fabs(share - 1) < 1e-9);
	assert_int_equal(number(root, "services/0/stages/service.disk/count"), 0);
	assert_int_equal(number(root, "services/0/stages/service.disk/mean"), 0);
	assert_int_equal(json_array_size(at(root, "services/0/anatomy")), ANATOMY_ROWS);
	json_array_foreach(at(root, "services/0/anatomy"), i, row) {
		anatomy = 0;
		json_object_foreach(at(row, "stages_ns"), key, v)
			anatomy += json_number_value(v);
		assert_true(fabs(anatomy - number(row, "latency_ns")) < 0.001);
		assert_true(number(row, "requests") > 0);
	}
	assert_string_equal(json_string_value(at(root, "services/0/anatomy/3/at")), "p99_9");
	json_decref(root);
	run_free(&r);
}

static void figures_stand_where_they_belong(void **state)
{
	struct lvt_shard *sum;
	struct run r;
	json_t *root;

	(void)state;
	fill_run(&r, 2);
	sum = r.services[0].sum;
	fill_event_loop(&r.services[0], 5000);
	sum->exchanges[EXCHANGE_PIPELINED] = 1;
	sum->exchanges[EXCHANGE_UNSOLICITED] = 2;
	sum->exchanges[EXCHANGE_ABORTED] = 3;
	sum->multi_thread = 4;
	sum->batch_sampled = 7;
	sum->batch_found = 6;
	sum->batch_messages = 5;
	fill_in_flight(&r.services[0], 1);
	root = parse(report_json, &r);
	assert_string_equal(json_string_value(at(root, "schema")), "lvt.report/1");
	assert_string_equal(json_string_value(at(root, "run/started")), "2026-11-23T10:00:00Z");
	assert_string_equal(json_string_value(at(root, "run/hooks/send")),
			    "tp_btf/tcp_sendmsg_locked");
	assert_string_equal(json_string_value(at(root, "services/0/comm")), "redis-server");
	assert_string_equal(json_string_value(at(root, "services/0/family")), "tcp");
	assert_true(number(root, "run/duration_s") == 10);
	assert_true(number(root, "services/0/port") == 6379);
	assert_true(number(root, "services/0/pids/0") == 812);
	assert_true(number(root, "services/0/requests") == 5000);
	assert_true(number(root, "services/0/latency_ns/count") == 5000);
	assert_true(number(root, "services/0/latency_ns/max") == sum->latency_max);
	assert_true(number(root, "services/0/latency_ns/min") == ~sum->latency_min_inv);
	assert_true(number(root, "services/0/throughput_rps") == 500);
	assert_true(number(root, "services/0/bytes_in") == 39 * 5000);
	assert_true(number(root, "services/0/exchanges/request_response") == 5000);
	assert_true(number(root, "services/0/exchanges/pipelined") == 1);
	assert_true(number(root, "services/0/exchanges/unsolicited") == 2);
	assert_true(number(root, "services/0/exchanges/aborted") == 3);
	assert_true(number(root, "services/0/multi_thread") == 4);
	assert_true(number(root, "services/0/batches/sampled") == 7);
	assert_true(number(root, "services/0/batches/found") == 6);
	assert_true(number(root, "services/0/batches/messages") == 5);
	assert_true(number(root, "services/0/littles_law/relative_error") < 0.01);
	assert_true(number(root, "overhead/bpf_ns_per_request") == 823);
	assert_true(number(root, "overhead/loader_cpu_s") == 0.021);
	assert_true(number(root, "overhead/loader_rss_bytes") == 12300000);
	assert_int_equal(json_array_size(at(root, "services")), 2);
	json_decref(root);
	run_free(&r);
}

static void what_was_not_measured_is_null(void **state)
{
	static const char *const null[] = {
		"overhead/events",
		"overhead/bpf_ns_per_request",
		"services/0/net/rx",
		"services/0/net/tx",
		"services/0/net/ack",
		"services/0/utilisation",
		"services/0/occupancy",
		"services/0/slowest",
		"services/0/outbound",
		"services/0/queue_blocked/idle",
		"services/0/queue_blocked/other",
		"services/0/tcp/accept_queue_max",
		"services/0/tcp/accept_queue_limit",
		"services/0/latency_ns/mean",
		"services/0/latency_ns/p99",
		"services/0/latency_ns/min",
		"services/0/latency_ns/max",
		"services/0/stages/service.cpu/mean",
		"services/0/stages/service.cpu/share",
		"services/0/anatomy/2/latency_ns",
		"services/0/littles_law/in_flight_sampled",
		"services/0/littles_law/relative_error",
	};
	struct run r;
	json_t *root;

	(void)state;
	fill_run(&r, 1);
	r.bpf_ns_per_request = NAN;
	root = parse(report_json, &r);
	for (size_t i = 0; i < sizeof(null) / sizeof(null[0]); i++)
		assert_true(json_is_null(at(root, null[i])));
	assert_true(number(root, "services/0/latency_ns/count") == 0);
	assert_true(number(root, "services/0/requests") == 0);
	assert_string_equal(json_string_value(at(root, "services/0/warnings/0/id")), "no_requests");
	json_decref(root);
	run_free(&r);
}

static void every_counter_is_there(void **state)
{
	static const char *const group[] = { "loss", "gaps", "notes" };
	struct run r;
	json_t *root;
	char path[64];
	double loss = 0;

	(void)state;
	fill_run(&r, 0);
	for (int c = 0; c < NR_COUNTERS; c++)
		r.counters[c] = 100 + c;
	root = parse(report_json, &r);
	for (int c = 0; c < NR_COUNTERS; c++) {
		snprintf(path, sizeof(path), "%s/%s", group[counter_kind(c)], counter_name(c));
		assert_true(number(root, path) == 100 + c);
		if (counter_kind(c) == COUNTER_KIND_LOSS)
			loss += 100 + c;
	}
	assert_true(number(root, "loss/total") == loss);
	assert_int_equal(json_array_size(at(root, "services")), 0);
	json_decref(root);
	run_free(&r);
}

static void findings_are_the_text_reports(void **state)
{
	struct run r;
	json_t *root, *f;

	(void)state;
	fill_run(&r, 1);
	fill_event_loop(&r.services[0], 20000);
	root = parse(report_json, &r);
	f = at(root, "services/0/findings/0");
	assert_string_equal(json_string_value(at(f, "id")), "tail_is_runq");
	assert_string_equal(json_string_value(at(f, "evidence/stage")), "queue.runq");
	assert_true(number(f, "evidence/share") > 0.5);
	assert_true(json_string_length(at(f, "text")) > 20);
	json_decref(root);
	run_free(&r);
}

static void hostile_names_are_strings(void **state)
{
	struct run r;
	json_t *root;

	(void)state;
	fill_run(&r, 1);
	strcpy(r.services[0].comm, "a\xff\"\\\n");
	strcpy(r.host, "tab\there");
	r.n_untraced = 1;
	r.untraced = calloc(1, sizeof(char *));
	r.untraced[0] = strdup("\x80:21");
	root = parse(report_json, &r);
	assert_string_equal(json_string_value(at(root, "services/0/comm")), "a\\xff\"\\\\x0a");
	assert_string_equal(json_string_value(at(root, "run/host")), "tab\there");
	assert_string_equal(json_string_value(at(root, "untraced/0")), "\\x80:21");
	json_decref(root);
	run_free(&r);
}

static void hooks_of_one_role_are_both_told(void **state)
{
	struct run r;
	json_t *root;

	(void)state;
	fill_run(&r, 0);
	r.hooks[r.n_hooks++] = (struct run_hook){ "arrive", "tp_btf/sk_data_ready" };
	root = parse(report_json, &r);
	assert_string_equal(json_string_value(at(root, "run/hooks/arrive")),
			    "tp_btf/tcp_probe, tp_btf/sk_data_ready");
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
	assert_int_equal(report_json(full, &r, &e), -ENOSPC);
	assert_string_equal(e.message, "cannot write the report: No space left on device");
	fclose(full);
	run_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stages_add_up),
		cmocka_unit_test(figures_stand_where_they_belong),
		cmocka_unit_test(what_was_not_measured_is_null),
		cmocka_unit_test(every_counter_is_there),
		cmocka_unit_test(findings_are_the_text_reports),
		cmocka_unit_test(hostile_names_are_strings),
		cmocka_unit_test(hooks_of_one_role_are_both_told),
		cmocka_unit_test(a_full_disk_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
