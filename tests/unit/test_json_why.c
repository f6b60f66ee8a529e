// SPDX-License-Identifier: BSD-2-Clause
/* The JSON report's part that tells why: waits, network, single requests, as it is specified. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../lib/why_fill.h"
#include "../lib/json_look.h"
#include "report/json.h"

/* Exactly these members, no more and no fewer. */
static void assert_keys(json_t *object, const char *keys)
{
	char *copy = strdup(keys), *save = NULL;
	size_t n = 0;

	for (char *key = strtok_r(copy, " ", &save); key; key = strtok_r(NULL, " ", &save), n++) {
		if (!json_object_get(object, key))
			print_error("no %s\n", key);
		assert_non_null(json_object_get(object, key));
	}
	assert_int_equal(json_object_size(object), n);
	free(copy);
}

static void assert_nulls(json_t *object, const char *keys)
{
	char *copy = strdup(keys), *save = NULL;

	for (char *key = strtok_r(copy, " ", &save); key; key = strtok_r(NULL, " ", &save))
		assert_true(json_is_null(at(object, key)));
	free(copy);
}

static void waits_are_told_apart(void **state)
{
	struct run_service *s;
	json_t *root, *row;
	struct run_wait *w;
	struct run r;

	(void)state;
	fill_run(&r, 1);
	s = &r.services[0];
	for (int i = 0; i < 100; i++)
		fill(s->sum, STAGE_SERVICE_NET, 60000ull, STAGE_QUEUE_RUNQ, 40000ull, -1);
	w = fill_blocked(s, STAGE_SERVICE_NET, 100, 4500000, "recvfrom", "postgres");
	w->peer = fill_peer(127, 0, 0, 1, 5432);
	strcpy(w->peer_comm, "postgres");
	w->peer_pid = 1204;
	w = fill_ran(s, STAGE_QUEUE_RUNQ, 90, 3000000, "stress\xff", 900);
	strcpy(w->cgroup, "/user.slice/a\"b");
	fill_ran(s, STAGE_QUEUE_RUNQ, 2, 600000, "idle", 0);
	fill_rest(s, STAGE_SERVICE_NET, 7);
	fill_rest(s, STAGE_QUEUE_RUNQ, 8);
	root = parse(report_json, &r);

	assert_int_equal(json_array_size(at(root, "services/0/blocked_on")), 2);
	row = at(root, "services/0/blocked_on/0");
	assert_keys(row, "stage syscall peer peer_comm peer_pid waker other count total_ns share");
	assert_string_equal(word(row, "stage"), "service.net");
	assert_string_equal(word(row, "syscall"), "recvfrom");
	assert_string_equal(word(row, "peer"), "127.0.0.1:5432");
	assert_string_equal(word(row, "peer_comm"), "postgres");
	assert_true(number(row, "peer_pid") == 1204);
	assert_string_equal(word(row, "waker"), "postgres");
	assert_true(json_is_false(at(row, "other")));
	assert_true(number(row, "count") == 100 && number(row, "total_ns") == 4500000);
	assert_true(fabs(number(row, "share") - 0.45) < 1e-12);
	row = at(root, "services/0/blocked_on/1");
	assert_nulls(row, "syscall peer peer_comm peer_pid waker count");
	assert_true(json_is_true(at(row, "other")));
	assert_true(number(row, "total_ns") == 1500000);

	assert_int_equal(json_array_size(at(root, "services/0/preempted_by")), 3);
	row = at(root, "services/0/preempted_by/0");
	assert_keys(row, "stage comm pid cgroup other count total_ns share");
	assert_string_equal(word(row, "comm"), "stress\\xff");
	assert_string_equal(word(row, "cgroup"), "/user.slice/a\"b");
	assert_true(number(row, "pid") == 900 && number(row, "count") == 90);
	row = at(root, "services/0/preempted_by/1");
	assert_string_equal(word(row, "comm"), "idle");
	assert_true(number(row, "pid") == 0); /* nobody: known, and not a process */
	assert_nulls(row, "cgroup");
	row = at(root, "services/0/preempted_by/2");
	assert_nulls(row, "comm pid cgroup");
	assert_true(json_is_true(at(row, "other")));
	assert_nulls(row, "count");
	json_decref(root);
	run_free(&r);
}

/* Rows add up to the stage; causes of queue.blocked too: what is left of it was idle. */
static void what_adds_up(void **state)
{
	double stage[NR_STAGES] = { 0 }, blocked = 0;
	const char *key;
	struct run_service *s;
	json_t *root, *row;
	char path[64];
	struct run r;
	size_t i;

	(void)state;
	fill_run(&r, 1);
	s = &r.services[0];
	fill_web(s, 3000);
	fill_web_waits(s);
	/* 70 % is its disk, 30 % idle, of which 0.2 + 10 + 20 + 30 + 40 ns a request are taken */
	s->sum->queue_blocked[CAUSE_MUX] = 0;
	s->sum->queue_blocked[CAUSE_BLOCKED] = 600;
	s->sum->queue_blocked[CAUSE_LOCK] = 30000;
	s->sum->queue_blocked[CAUSE_NET] = 60000;
	s->sum->queue_blocked[CAUSE_SLEEP] = 90000;
	s->sum->queue_blocked[CAUSE_FAULT] = 120000;
	root = parse(report_json, &r);
	json_array_foreach(at(root, "services/0/blocked_on"), i, row)
		for (int st = 0; st < NR_STAGES; st++)
			if (!strcmp(word(row, "stage"), stage_name(st)))
				stage[st] += number(row, "total_ns");
	for (int st = 0; st < NR_STAGES; st++) {
		snprintf(path, sizeof(path), "services/0/stages/%s/mean", stage_name(st));
		if (stage[st])
			assert_true(fabs(stage[st] / 3000 - number(root, path)) < 0.001);
	}
	assert_true(stage[STAGE_SERVICE_NET] && stage[STAGE_SERVICE_DISK] &&
		    stage[STAGE_SERVICE_LOCK]);
	assert_keys(at(root, "services/0/queue_blocked"), "idle disk lock net sleep fault other");
	json_object_foreach(at(root, "services/0/queue_blocked"), key, row)
		blocked += json_number_value(row);
	assert_true(fabs(blocked - number(root, "services/0/stages/queue.blocked/mean")) < 0.001);
	assert_true(number(root, "services/0/queue_blocked/idle") > 5);
	assert_true(number(root, "services/0/queue_blocked/lock") == 10);
	assert_true(number(root, "services/0/queue_blocked/net") == 20);
	assert_true(number(root, "services/0/queue_blocked/sleep") == 30);
	assert_true(number(root, "services/0/queue_blocked/fault") == 40);
	assert_true(number(root, "services/0/queue_blocked/other") == 0.2);
	json_decref(root);
	run_free(&r);
}

static void the_network_side(void **state)
{
	struct run_service *s;
	json_t *root;
	struct run r;

	(void)state;
	fill_run(&r, 2);
	s = &r.services[0];
	fill(s->sum, STAGE_SERVICE_CPU, 50000ull, -1);
	fill_net(s, NET_RX, 3, 4000, true);
	fill_net(s, NET_TX, 2, 100000, true);
	fill_net(s, NET_TX, 1, 40000000, true);
	s->sum->retransmits = 5;
	s->sum->receive_drops = 6;
	s->accept_drops = 7;
	s->accept_max = 8;
	s->accept_limit = 128;
	s->sum->connections = 50;
	s->sum->batch_sampled = 64;
	s->sum->h2_found = 60;
	s->sum->streaming = 3;
	s->threads = 4;
	s->cpu_share = 0.93;
	r.events = 12345;
	root = parse(report_json, &r);
	assert_keys(at(root, "services/0/net"), "rx tx ack");
	assert_nulls(root, "services/0/net/rx services/0/net/ack services/1/utilisation");
	assert_keys(at(root, "services/0/net/tx"), "count mean p50 p90 p99 p99_9 max");
	assert_true(number(root, "services/0/net/tx/count") == 3);
	assert_true(fabs(number(root, "services/0/net/tx/mean") - 40200000 / 3.0) < 1e-6);
	assert_true(fabs(number(root, "services/0/net/tx/p50") - 100000) < 800);
	assert_true(number(root, "services/0/net/tx/p99") == 40000000);
	assert_true(number(root, "services/0/net/tx/max") == 40000000);
	assert_keys(at(root, "services/0/tcp"),
		    "retransmits receive_drops accept_drops accept_queue_max accept_queue_limit "
		    "connections_per_s");
	assert_true(number(root, "services/0/tcp/retransmits") == 5);
	assert_true(number(root, "services/0/tcp/receive_drops") == 6);
	assert_true(number(root, "services/0/tcp/accept_drops") == 7);
	assert_true(number(root, "services/0/tcp/accept_queue_max") == 8);
	assert_true(number(root, "services/0/tcp/accept_queue_limit") == 128);
	assert_true(number(root, "services/0/tcp/connections_per_s") == 5);
	assert_true(number(root, "services/0/multiplexed/sampled") == 64);
	assert_true(number(root, "services/0/multiplexed/found") == 60);
	assert_true(number(root, "services/0/exchanges/streaming") == 3);
	assert_keys(at(root, "services/0/utilisation"), "threads cpu_share runq_share");
	assert_true(number(root, "services/0/utilisation/threads") == 4);
	assert_true(number(root, "services/0/utilisation/cpu_share") == 0.93);
	assert_nulls(root, "services/0/utilisation/runq_share");
	assert_true(number(root, "overhead/events") == 12345);
	json_decref(root);
	r.rx_timestamps = true;
	root = parse(report_json, &r);
	assert_true(number(root, "services/0/net/rx/count") == 3);
	json_decref(root);
	run_free(&r);
}

/* The connections that were open before are one number for all services. */
static void new_connections_only_if_known(void **state)
{
	struct run r;
	json_t *root;

	(void)state;
	fill_run(&r, 1);
	r.services[0].sum->connections = 50;
	r.counters[COUNTER_OPEN_AT_START] = 30;
	root = parse(report_json, &r);
	assert_true(number(root, "services/0/tcp/connections_per_s") == 2);
	json_decref(root);
	run_free(&r);
	fill_run(&r, 2);
	r.services[0].sum->connections = 50;
	r.counters[COUNTER_OPEN_AT_START] = 30;
	root = parse(report_json, &r);
	assert_nulls(root, "services/0/tcp/connections_per_s");
	json_decref(root);
	run_free(&r);
}

static void the_slowest_are_whole(void **state)
{
	struct run_exemplar *x;
	struct run r;
	json_t *root, *one;

	(void)state;
	fill_run(&r, 2);
	r.slowest_kept = true;
	fill_web_exemplar(&r.services[0]);
	x = fill_exemplar(&r.services[0], 5000, UINT64_MAX, UINT64_MAX);
	x->reader_comm[0] = '\0';
	x->client = (struct lvt_peer){ .family = AF_UNIX };
	x->waits_lost = 9;
	fill_moment(x, STAGE_SERVICE_RUNQ, 10, 20, "", "idle");
	root = parse(report_json, &r);
	assert_int_equal(json_array_size(at(root, "services/0/slowest")), 2);
	assert_int_equal(json_array_size(at(root, "services/1/slowest")), 0);
	one = at(root, "services/0/slowest/0");
	assert_keys(one, "latency_ns at_s read_ns reply_ns done_ns sent_ns acked_ns client reader "
			 "thread stages_ns waits waits_lost");
	assert_true(number(one, "latency_ns") == 12300000 && number(one, "at_s") == 3.214);
	assert_true(number(one, "read_ns") == 1900000 && number(one, "done_ns") == 12300000);
	assert_true(number(one, "sent_ns") == 12312000 && number(one, "acked_ns") == 12390000);
	assert_string_equal(word(one, "client"), "127.0.0.1:40122");
	assert_keys(at(one, "stages_ns"), "queue.busy queue.runq service.cpu service.net "
					  "service.disk service.lock");
	assert_true(number(one, "stages_ns/service.disk") == 5500000);
	assert_int_equal(json_array_size(at(one, "waits")), 4);
	assert_keys(at(one, "waits/0"), "stage start_ns end_ns syscall peer waker pid");
	assert_true(number(one, "waits/0/pid") == 900);
	assert_string_equal(word(one, "waits/1/peer"), "127.0.0.1:5432");
	assert_nulls(one, "waits/0/syscall waits/0/peer waits/1/pid");
	assert_true(number(one, "waits/3/end_ns") == 12200000);
	one = at(root, "services/0/slowest/1");
	assert_nulls(one, "read_ns reply_ns sent_ns acked_ns reader/comm");
	assert_string_equal(word(one, "client"), "unix");
	assert_true(number(one, "waits_lost") == 9);
	assert_true(number(one, "waits/0/pid") == 0);
	assert_int_equal(json_object_size(at(one, "stages_ns")), 0);
	json_decref(root);
	run_free(&r);
}

static void what_the_service_asks(void **state)
{
	struct run_outbound *o;
	struct run r;
	json_t *root;

	(void)state;
	fill_run(&r, 2);
	r.outbound = true;
	o = fill_outbound(&r.services[0], 5432, "postgres", 1204);
	fill_asked(o, 10, 300000, 500000);
	fill_outbound(&r.services[0], 5433, "", 0);
	root = parse(report_json, &r);
	assert_int_equal(json_array_size(at(root, "services/1/outbound")), 0);
	assert_keys(at(root, "services/0/outbound/0"),
		    "peer comm pid requests first_byte_ns last_byte_ns");
	assert_string_equal(word(root, "services/0/outbound/0/peer"), "127.0.0.1:5432");
	assert_string_equal(word(root, "services/0/outbound/0/comm"), "postgres");
	assert_true(number(root, "services/0/outbound/0/requests") == 10);
	assert_true(number(root, "services/0/outbound/0/first_byte_ns/mean") == 300000);
	assert_true(number(root, "services/0/outbound/0/last_byte_ns/max") == 500000);
	assert_nulls(root, "services/0/outbound/1/comm services/0/outbound/1/pid "
			   "services/0/outbound/1/first_byte_ns");
	json_decref(root);
	run_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_are_told_apart),
		cmocka_unit_test(what_adds_up),
		cmocka_unit_test(the_network_side),
		cmocka_unit_test(new_connections_only_if_known),
		cmocka_unit_test(the_slowest_are_whole),
		cmocka_unit_test(what_the_service_asks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
