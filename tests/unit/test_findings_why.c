// SPDX-License-Identifier: BSD-2-Clause
/* Findings that name what was waited for, and those about the network: said only when proved. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../lib/findings_look.h"
#include "../lib/why_fill.h"
#include "base/escape.h"
#include "base/units.h"

/* 4,000 requests of 100 µs, a share of each in one stage. */
static struct run_service *some(struct run *r, enum lvt_stage stage, double share)
{
	fill_run(r, 1);
	for (int i = 0; i < 4000; i++)
		fill(r->services[0].sum, STAGE_SERVICE_OTHER,
		     (unsigned long long)(100000 - 100000 * share), (int)stage,
		     (unsigned long long)(100000 * share), -1);
	return &r->services[0];
}

/* As some(), and 1 in 50 has 1.2 ms more of it: the tail's cause. */
static struct run_service *slow(struct run *r, enum lvt_stage stage)
{
	fill_run(r, 1);
	for (int i = 0; i < 10000; i++)
		fill(r->services[0].sum, STAGE_SERVICE_CPU, 100000ull, (int)stage,
		     i % 50 ? 0ull : 1200000ull, -1);
	return &r->services[0];
}

static void the_tail_says_who_ran(void **state)
{
	const struct finding *f;
	struct run_service *s;
	struct run r;
	double all;

	(void)state;
	s = slow(&r, STAGE_QUEUE_RUNQ);
	all = fill_stage_sum(s, STAGE_QUEUE_RUNQ);
	fill_ran(s, STAGE_QUEUE_RUNQ, 100, all * 0.5, "stress-ng-cpu", 900);
	fill_ran(s, STAGE_QUEUE_RUNQ, 80, all * 0.41, "stress-ng-cpu", 900);
	fill_ran(s, STAGE_QUEUE_RUNQ, 1, all * 0.01, "stress-ng-cpu", 901);
	fill_rest(s, STAGE_QUEUE_RUNQ, 19);
	look(s);
	f = assert_found("tail_is_runq",
			 "The p99 is 13 times the median; 92 % of the time of the slowest 1 % is "
			 "queue.runq: its reader is ready but another task has the CPU. In 91 % of "
			 "such waits, by time, `stress-ng-cpu` (pid 900) ran instead.");
	assert_string_equal(evidence_word(f, "who"), "stress-ng-cpu");
	assert_true(number(f, "pid") == 900);
	assert_true(fabs(number(f, "share_of_waits") - 0.91) < 1e-6);
	assert_null(find("throttled"));
	run_free(&r);
}

static void nothing_is_named_below_a_half(void **state)
{
	struct run_service *s;
	struct run r;
	double all;

	(void)state;
	s = slow(&r, STAGE_QUEUE_RUNQ);
	all = fill_stage_sum(s, STAGE_QUEUE_RUNQ);
	fill_ran(s, STAGE_QUEUE_RUNQ, 100, all * 0.49, "stress-ng-cpu", 900);
	look(s); /* that there are no other rows does not make it the half */
	assert_found("tail_is_runq",
		     "The p99 is 13 times the median; 92 % of the time of the slowest 1 % is "
		     "queue.runq: its reader is ready but another task has the CPU.");
	run_free(&r);
	s = slow(&r, STAGE_QUEUE_RUNQ);
	fill_rest(s, STAGE_QUEUE_RUNQ, 1); /* only a row without names */
	look(s);
	assert_null(strstr(find("tail_is_runq")->text, "such waits"));
	run_free(&r);
}

/* What each stage's waits are named by. */
static void waits_are_named(void **state)
{
	static const struct {
		enum lvt_stage stage;
		const char *id, *call, *who, *says;
	} cases[] = {
		{ STAGE_SERVICE_DISK, "waits_for_disk", "fsync", "jbd2/vda-8",
		  "In 90 % of such waits, by time, the call is fsync." },
		{ STAGE_SERVICE_SLEEP, "waits_for_sleep", "clock_nanosleep", "",
		  "In 90 % of such waits, by time, the call is clock_nanosleep." },
		{ STAGE_SERVICE_BLOCKED, "mostly_blocked", "wait4", "child",
		  "In 90 % of such waits, by time, the call is wait4." },
		{ STAGE_SERVICE_LOCK, "waits_for_lock", "futex", "worker-3",
		  "In 90 % of such waits, by time, `worker-3` held the lock." },
		{ STAGE_SERVICE_POOL, "waits_for_pool", "epoll_wait", "libuv-worker",
		  "In 90 % of such waits, by time, `libuv-worker` ended it." },
		{ STAGE_SERVICE_RUNQ, "cpu_contention", "", "cc1plus",
		  "In 90 % of such waits, by time, `cc1plus` ran instead." },
		{ STAGE_SERVICE_FAULT, "waits_for_fault", "page fault", "", "major page fault." },
		{ STAGE_SERVICE_NET, "waits_for_net", "recvfrom", "postgres",
		  "downstream socket." }, /* of no peer: nothing to name */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct run r;
		struct run_service *s = some(&r, cases[i].stage, 0.6);
		double all = fill_stage_sum(s, cases[i].stage);
		const char *text;

		fill_blocked(s, cases[i].stage, 4000, all * 0.9 + 1, cases[i].call, cases[i].who);
		fill_rest(s, cases[i].stage, 10);
		look(s);
		assert_non_null(find(cases[i].id));
		text = find(cases[i].id)->text;
		assert_non_null(strstr(text, "60 % of the latency is"));
		assert_string_equal(text + strlen(text) - strlen(cases[i].says), cases[i].says);
		run_free(&r);
	}
}

/* The peer is what counts, whatever the call and whoever woke. */
static void a_peer_is_named(void **state)
{
	const struct finding *f;
	struct run_service *s;
	struct run_wait *w;
	struct run r;
	double all;

	(void)state;
	s = some(&r, STAGE_SERVICE_NET, 0.4);
	all = fill_stage_sum(s, STAGE_SERVICE_NET);
	for (int i = 0; i < 3; i++) {
		w = fill_blocked(s, STAGE_SERVICE_NET, 900, all * 0.3, i ? "recvfrom" : "poll",
				 NULL);
		w->peer = fill_peer(127, 0, 0, 1, 5432 + i / 2);
		strcpy(w->peer_comm, i < 2 ? "post\ngres" : "");
		w->peer_pid = i < 2 ? 1204 : 0;
	}
	fill_rest(s, STAGE_SERVICE_NET, 10);
	look(s);
	f = assert_found("waits_for_net",
			 "40 % of the latency is service.net: its thread waits for a downstream "
			 "socket. In 60 % of such waits, by time, the peer is 127.0.0.1:5432 "
			 "(post\\x0agres, pid 1204).");
	assert_string_equal(evidence_word(f, "peer"), "127.0.0.1:5432");
	assert_string_equal(evidence_word(f, "peer_comm"), "post\ngres");
	run_free(&r);
	s = some(&r, STAGE_SERVICE_NET, 0.19); /* too little to speak of */
	look(s);
	assert_null(find("waits_for_net"));
	run_free(&r);
}

/* The longest names that there can be fit, and what is cut stays UTF-8. */
static void long_names_fit(void **state)
{
	struct finding f;
	struct run_service *s;
	struct run_wait *w;
	struct run r;

	(void)state;
	s = slow(&r, STAGE_SERVICE_NET);
	w = fill_blocked(s, STAGE_SERVICE_NET, 9, fill_stage_sum(s, STAGE_SERVICE_NET), "", "");
	memset(w->peer.addr, 0xfd, sizeof(w->peer.addr));
	w->peer.family = AF_INET6;
	w->peer.port = 65535;
	w->peer_pid = 4194304;
	memset(w->peer_comm, 0x80, LVT_COMM_LEN);
	look(s);
	assert_non_null(strstr(find("tail_is_net")->text, "\\x80, pid 4194304)."));
	for (size_t cut = 0; cut < 8; cut++) {
		finding_set(&f, 0, "x", "%.*s", (int)cut, "12345678");
		for (int i = 0; i < 300; i++)
			finding_say(&f, "µ€𝄞");
		assert_true(strlen(f.text) > sizeof(f.text) - 5);
		assert_int_not_equal(utf8_width(f.text), 0);
		for (size_t at = 0, used; f.text[at]; at += used)
			assert_true(utf8_decode(f.text + at, strlen(f.text + at), &used) >= 0);
	}
	run_free(&r);
}

/* Said once: the tail has named it, so the sentence over all requests does not again. */
static void names_are_said_once(void **state)
{
	struct run_service *s;
	struct run r;

	(void)state;
	fill_run(&r, 1);
	s = &r.services[0];
	for (int i = 0; i < 10000; i++)
		fill(s->sum, STAGE_SERVICE_CPU, 100000ull, STAGE_SERVICE_DISK,
		     i % 50 ? 50000ull : 3000000ull, -1);
	fill_blocked(s, STAGE_SERVICE_DISK, 10000, fill_stage_sum(s, STAGE_SERVICE_DISK), "fsync",
		     NULL);
	look(s);
	assert_non_null(strstr(find("tail_is_disk")->text, "fsync"));
	assert_found("waits_for_disk", "52 % of the latency is service.disk: its thread is blocked "
				       "on block I/O.");
	run_free(&r);
}

static void throttling_is_said(void **state)
{
	struct run_service *s;
	struct run r;

	(void)state;
	s = some(&r, STAGE_QUEUE_RUNQ, 0.12);
	fill_ran(s, STAGE_QUEUE_RUNQ, 9, fill_stage_sum(s, STAGE_QUEUE_RUNQ) / 2, "idle", 0);
	fill_ran(s, STAGE_QUEUE_RUNQ, 9, fill_stage_sum(s, STAGE_QUEUE_RUNQ) / 2, "idle", 77);
	look(s);
	assert_found("throttled", "6 % of the latency is throttling: a thread is ready and nobody "
				  "has its CPU, as its cgroup has used up its share (*.runq).");
	s->waits[0].ns *= 0.8; /* 4.8 % */
	look(s);
	assert_null(find("throttled"));
	run_free(&r);
	s = slow(&r, STAGE_QUEUE_RUNQ);
	fill_ran(s, STAGE_QUEUE_RUNQ, 9, fill_stage_sum(s, STAGE_QUEUE_RUNQ), "idle", 0);
	look(s);
	assert_non_null(strstr(find("tail_is_runq")->text,
			       "In 100 % of such waits, by time, nobody ran instead: the thread's "
			       "cgroup was throttled."));
	assert_null(find("throttled")); /* that says it */
	run_free(&r);
}

static void a_blocked_reader_is_said(void **state)
{
	struct run_service *s;
	struct run r;
	double all;

	(void)state;
	s = some(&r, STAGE_QUEUE_BLOCKED, 0.4);
	all = fill_stage_sum(s, STAGE_QUEUE_BLOCKED);
	s->sum->queue_blocked[CAUSE_MUX] = all; /* idle: nothing keeps it from the request */
	look(s);
	assert_null(find("reader_blocked"));
	s->sum->queue_blocked[CAUSE_MUX] = all * 0.3;
	s->sum->queue_blocked[CAUSE_DISK] = all * 0.6;
	s->sum->queue_blocked[CAUSE_LOCK] = all * 0.1;
	look(s);
	assert_found("reader_blocked",
		     "28 % of the latency passes in the socket while the reader is itself blocked "
		     "(queue.blocked). In 60 % of such waits, by time, the reader is blocked on "
		     "block I/O.");
	run_free(&r);
}

static void accept_overflow_is_said(void **state)
{
	struct run_service *s;
	struct run r;

	(void)state;
	s = some(&r, STAGE_SERVICE_CPU, 0.1);
	s->accept_max = s->accept_limit = 128;
	look(s);
	assert_null(find("accept_overflow"));
	s->accept_drops = 1;
	look(s);
	assert_found(
		"accept_overflow",
		"The accept queue overflowed: 1 packet was dropped at the listening socket (its "
		"limit is 128). The wait until such a client tries again is in no latency "
		"here.");
	run_free(&r);
}

static void retransmits_are_said(void **state)
{
	struct run_service *s;
	struct run r;

	(void)state;
	s = some(&r, STAGE_SERVICE_CPU, 0.1);
	s->sum->retransmits = 19; /* 0.475 % */
	look(s);
	assert_null(find("retransmits"));
	s->sum->retransmits = 48;
	look(s);
	assert_found("retransmits", "TCP sent 48 segments again, 1.20 for every 100 requests: the "
				    "path to the clients loses or delays some.");
	run_free(&r);
	fill_run(&r, 1);
	fill(r.services[0].sum, STAGE_SERVICE_CPU, 1000ull, -1);
	r.services[0].sum->retransmits = 9; /* too few to tell */
	look(&r.services[0]);
	assert_null(find("retransmits"));
	run_free(&r);
}

/* Answers that leave after 40 ms: on a short path it is Nagle, on a long one it may be the path. */
static void nagle_is_said(void **state)
{
	const struct finding *f;
	struct run_service *s;
	struct run r;

	(void)state;
	s = some(&r, STAGE_SERVICE_CPU, 0.1);
	fill_net(s, NET_TX, 900, 12000, false);
	fill_net(s, NET_TX, 100, 41000000, true);
	fill_net(s, NET_ACK, 900, 45000, false);
	fill_net(s, NET_ACK, 100, 41040000, true);
	look(s);
	f = assert_found(
		"nagle",
		"10 % of the answers leave about 40 ms after their last send (p99 41.0 ms), "
		"which is in no latency here: Nagle's algorithm holds the last segment until "
		"the peer's delayed ACK. One send an answer, or TCP_NODELAY, mends it.");
	assert_true(fabs(number(f, "share") - 0.1) < 1e-9);
	assert_null(find("delayed_ack"));
	run_free(&r);

	s = some(&r, STAGE_SERVICE_CPU, 0.1); /* all of them, and the last ACK comes at once */
	fill_net(s, NET_TX, 1000, 41000000, true);
	fill_net(s, NET_ACK, 1000, 41040000, true);
	look(s);
	assert_non_null(find("nagle"));
	run_free(&r);

	s = some(&r, STAGE_SERVICE_CPU, 0.1); /* a round trip of 41 ms: a window's worth waits */
	fill_net(s, NET_TX, 1000, 41000000, true);
	fill_net(s, NET_ACK, 1000, 82000000, true);
	look(s);
	assert_null(find("nagle"));
	assert_null(find("delayed_ack"));
	run_free(&r);

	for (int quick = 100; quick >= 40; quick -= 60) { /* the same, but some come at once */
		s = some(&r, STAGE_SERVICE_CPU, 0.1);
		fill_net(s, NET_TX, 1000, 41000000, true);
		fill_net(s, NET_ACK, 1000 - quick, 82000000, true);
		fill_net(s, NET_ACK, quick, 50000, true);
		look(s);
		assert_int_equal(!!find("nagle"), quick == 100);
		run_free(&r);
	}

	s = some(&r, STAGE_SERVICE_CPU, 0.1); /* spread over all times: no signature */
	for (int ms = 11; ms < 120; ms++)
		fill_net(s, NET_TX, 10, ms * 1e6, true);
	fill_net(s, NET_ACK, 1000, 45000, false);
	look(s);
	assert_null(find("nagle"));
	run_free(&r);
}

static void delayed_acks_are_said(void **state)
{
	struct run_service *s;
	struct run r;

	(void)state;
	s = some(&r, STAGE_SERVICE_CPU, 0.1);
	fill_net(s, NET_TX, 1000, 12000, false);
	fill_net(s, NET_ACK, 700, 45000, false);
	fill_net(s, NET_ACK, 300, 41000000, true);
	look(s);
	assert_found("delayed_ack",
		     "30 % of the answers are acknowledged about 40 ms late, others at once: peers "
		     "delay their ACKs. It is in no latency here, but a send that waits for one "
		     "would be.");
	run_free(&r);
	s = some(&r, STAGE_SERVICE_CPU, 0.1); /* all alike: it may be the way there and back */
	fill_net(s, NET_ACK, 1000, 41000000, true);
	look(s);
	assert_null(find("delayed_ack"));
	run_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tail_says_who_ran),
		cmocka_unit_test(nothing_is_named_below_a_half),
		cmocka_unit_test(waits_are_named),
		cmocka_unit_test(a_peer_is_named),
		cmocka_unit_test(long_names_fit),
		cmocka_unit_test(names_are_said_once),
		cmocka_unit_test(throttling_is_said),
		cmocka_unit_test(a_blocked_reader_is_said),
		cmocka_unit_test(accept_overflow_is_said),
		cmocka_unit_test(retransmits_are_said),
		cmocka_unit_test(nagle_is_said),
		cmocka_unit_test(delayed_acks_are_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
