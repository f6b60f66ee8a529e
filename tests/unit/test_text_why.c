// SPDX-License-Identifier: BSD-2-Clause
/* The text report's part that tells why: what it says, when it is silent, that it fits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../lib/text_look.h"
#include "../lib/why_fill.h"
#include "report/page.h"

/* 1,000 requests of 1 ms, of which a share is one stage; the rest is CPU. */
static struct run_service *some(struct run *r, enum lvt_stage stage, double share)
{
	fill_run(r, 1);
	for (int i = 0; i < 1000; i++)
		fill(r->services[0].sum, STAGE_SERVICE_CPU, 1000000 - (__u64)(1000000 * share),
		     (int)stage, (__u64)(1000000 * share), -1);
	return &r->services[0];
}

static void what_is_waited_for(void **state)
{
	struct run_service *s;
	struct run_wait *w;
	struct run r;
	char *text;

	(void)state;
	s = some(&r, STAGE_SERVICE_NET, 0.5);
	w = fill_blocked(s, STAGE_SERVICE_NET, 1000, 400000000, "recvfrom", "postgres");
	w->peer = fill_peer(127, 0, 0, 1, 5432);
	strcpy(w->peer_comm, "postgres");
	w->peer_pid = 1204;
	fill_blocked(s, STAGE_SERVICE_LOCK, 90, 50000000, "futex", "lock-holder");
	fill_blocked(s, STAGE_SERVICE_POOL, 80, 40000000, "epoll_wait", "worker-7");
	fill_blocked(s, STAGE_SERVICE_DISK, 12345, 30000000, "fsync", "");
	fill_blocked(s, STAGE_SERVICE_FAULT, 5, 5000000, "page fault", "");
	fill_blocked(s, STAGE_SERVICE_SLEEP, 5, 4900000, "clock_nanosleep", ""); /* 0.49 % */
	text = render(&r, "120");
	assert_row(text, " waited for a request share waits\n");
	assert_row(text,
		   " service.net 400 µs 40 % 1,000 recvfrom, 127.0.0.1:5432 postgres (pid 1204)\n");
	assert_row(text, " service.lock 50 µs 5 % 90 futex, held by lock-holder\n");
	assert_row(text, " service.pool 40 µs 4 % 80 epoll_wait, woken by worker-7\n");
	assert_row(text, " service.disk 30 µs 3 % 12,345 fsync\n");
	assert_row(text, " service.fault 5.0 µs 1 % 5 page fault\n");
	assert_silent(text, "clock_nanosleep");
	assert_silent(text, "\n  other");
	assert_silent(text, "ran instead");
	free(text);
	text = render(&r, "80");
	assert_row(text, "recvfrom, 127.0.0.1:5432 postgres\n"); /* no room for the process id */
	assert_silent(text, "(pid 1204)");
	free(text);
	run_free(&r);
}

static void small_rows_are_one(void **state)
{
	struct run_service *s;
	struct run r;
	char *text, call[32];

	(void)state;
	s = some(&r, STAGE_SERVICE_DISK, 0.5);
	for (int i = 0; i < 9; i++) {
		snprintf(call, sizeof(call), "call_%c", 'a' + i);
		fill_blocked(s, STAGE_SERVICE_DISK, 10, 50000000 - i * 1000000, call, "");
	}
	fill_rest(s, STAGE_SERVICE_DISK, 7);
	text = render(&r, "80");
	assert_says(text, "call_f\n");
	assert_silent(text, "call_g");
	/* 44 + 43 + 42 ms and the rest of 86 ms */
	assert_row(text, " other 215 µs 22 % 37\n");
	free(text);
	run_free(&r);

	s = some(&r, STAGE_SERVICE_DISK, 0.5); /* only small ones: nothing to say */
	for (int i = 0; i < 9; i++)
		fill_blocked(s, STAGE_SERVICE_DISK, 10, 4000000, "fsync", "");
	fill_rest(s, STAGE_SERVICE_DISK, 7);
	text = render(&r, "80");
	assert_silent(text, "waited for");
	free(text);
	run_free(&r);
}

static void what_the_reader_slept_in(void **state)
{
	struct run_service *s;
	struct run r;
	char *text;

	(void)state;
	s = some(&r, STAGE_QUEUE_BLOCKED, 0.3);
	s->sum->queue_blocked[CAUSE_MUX] = 200000000;
	text = render(&r, "80");
	assert_silent(text, "waited for"); /* idle, or not known */
	free(text);
	s->sum->queue_blocked[CAUSE_DISK] = 60000000;
	s->sum->queue_blocked[CAUSE_BLOCKED] = 30000000;
	text = render(&r, "80");
	assert_row(text, " queue.blocked 60 µs 6 % · reader blocked on block I/O\n");
	assert_row(text, " queue.blocked 30 µs 3 % · reader blocked for another cause\n");
	free(text);
	run_free(&r);
}

static void who_ran_instead(void **state)
{
	struct run_service *s;
	struct run_wait *w;
	struct run r;
	char *text;

	(void)state;
	s = some(&r, STAGE_QUEUE_RUNQ, 0.2);
	fill(s->sum, STAGE_SERVICE_RUNQ, 1000ull, -1);
	w = fill_ran(s, STAGE_QUEUE_RUNQ, 70, 100000000, "stress-ng-cpu", 900);
	strcpy(w->cgroup, "/user.slice/user-1000.slice/session-4.scope");
	w = fill_ran(s, STAGE_SERVICE_RUNQ, 30, 50000000, "stress-ng-cpu", 900);
	strcpy(w->cgroup, "/user.slice/user-1000.slice/session-4.scope");
	fill_ran(s, STAGE_QUEUE_RUNQ, 9, 30000000, "idle", 0);
	w = fill_ran(s, STAGE_QUEUE_RUNQ, 8, 10000000, "idle", 5); /* a process of that name */
	strcpy(w->cgroup, "/");
	fill_ran(s, STAGE_QUEUE_RUNQ, 7, 5000000, "a", 1);
	fill_ran(s, STAGE_QUEUE_RUNQ, 6, 3000000, "a", 2);
	fill_ran(s, STAGE_QUEUE_RUNQ, 5, 2000000, "", 0);
	text = render(&r, "80");
	assert_row(text, " ran instead a request of runq waits\n");
	assert_row(text, " stress-ng-cpu 150 µs 75 % 100 pid 900, in …/session-4.scope\n");
	assert_row(text, " nobody 30 µs 15 % 9 its cgroup was throttled\n");
	assert_row(text, " idle 10 µs 5 % 8 pid 5\n");
	assert_row(text, " a 5.0 µs 3 % 7 pid 1\n");
	assert_row(text, " other 5.0 µs 3 % 11\n");
	free(text);
	text = render(&r, "120");
	assert_row(text, "pid 900, in /user.slice/user-1000.slice/session-4.scope\n");
	free(text);
	run_free(&r);
}

/* It matters when it is 1 % of all, or a tenth of the slowest. */
static void who_ran_only_if_it_matters(void **state)
{
	struct run_service *s;
	struct run r;
	char *text;

	(void)state;
	for (int i = 0; i < 3; i++) {
		s = some(&r, STAGE_QUEUE_RUNQ, i == 1 ? 0.011 : 0.009);
		if (i == 2)
			for (int k = 0; k < 30; k++)
				fill(s->sum, STAGE_SERVICE_CPU, 1000000ull, STAGE_SERVICE_RUNQ,
				     150000ull, -1);
		fill_ran(s, STAGE_QUEUE_RUNQ, 70, 1000000 * (i == 1 ? 11 : 9), "cc1plus", 900);
		text = render(&r, "80");
		if (i)
			assert_says(text, "cc1plus");
		else
			assert_silent(text, "cc1plus");
		free(text);
		run_free(&r);
	}
}

static void the_network_is_a_line(void **state)
{
	struct run_service *s;
	struct run r;
	char *text;

	(void)state;
	s = some(&r, STAGE_SERVICE_OTHER, 0.1);
	text = render(&r, "120");
	assert_silent(text, "\n  net");
	assert_silent(text, "\n  threads");
	assert_silent(text, "streaming");
	free(text);
	fill_net(s, NET_TX, 10, 12000, true);
	fill_net(s, NET_ACK, 10, 45000, true);
	fill_net(s, NET_RX, 10, 5000, true); /* some other's setting: not asked for */
	s->sum->retransmits = 1;
	s->sum->receive_drops = 2;
	s->accept_max = 128;
	s->accept_limit = 128;
	s->accept_drops = 17;
	s->sum->connections = 50;
	s->threads = 4;
	s->cpu_share = 0.934;
	s->runq_share = 0.118;
	s->sum->multi_thread = 12;
	s->sum->streaming = 41;
	s->sum->batch_sampled = 64;
	s->sum->h2_found = 3;
	text = render(&r, "120");
	assert_row(text,
		   "\n net tx p50 12 µs, p99 12 µs, mean 12 µs · ack p50 45 µs, p99 45 µs, mean "
		   "45 µs · 1 retransmit ·\n 2 segments dropped on receipt · accept queue up to "
		   "128 of 128, 17 packets dropped · new connections 5.0 /s\n");
	assert_says(text, "\n  threads     4: 0.93 CPUs busy, 0.12 waiting for one\n");
	assert_says(text, " · 12 by several threads · 41 streaming\n");
	assert_says(text, "none in 64 exchanges whose payload was sampled; 3 are HTTP/2 frames\n");
	free(text);
	r.rx_timestamps = true;
	text = render(&r, "120");
	assert_says(text, "\n  net         rx p50 5.0 µs, p99 5.0 µs, mean 5.0 µs · tx");
	free(text);
	run_free(&r);
}

static void what_measuring_cost(void **state)
{
	struct run r;
	char *text;

	(void)state;
	some(&r, STAGE_SERVICE_OTHER, 0.1);
	text = render(&r, "120");
	assert_says(text, "kernel CPU 823 ns a request · lvt itself");
	free(text);
	r.events = 2412345;
	text = render(&r, "120");
	assert_says(text,
		    "kernel CPU 823 ns a request · 2,412,345 calls; measuring itself included ·");
	free(text);
	r.bpf_ns_per_request = NAN;
	text = render(&r, "120");
	assert_says(text, "kernel CPU not measured · lvt itself");
	free(text);
	run_free(&r);
}

static void streams_and_frames_are_said_first(void **state)
{
	struct run_service *s;
	struct run r;
	char *text, *end;

	(void)state;
	s = some(&r, STAGE_SERVICE_OTHER, 0.1);
	s->sum->streaming = 600;
	s->sum->batch_sampled = 64;
	s->sum->h2_found = 60;
	text = render(&r, "120");
	end = strstr(text, "\n\n");
	assert_non_null(end);
	*end = '\0';
	assert_says(text, "! multiplexed: 60 of 64 sampled payloads are HTTP/2 frames");
	assert_says(text, "! stream: 60 % of the answers are transfers");
	free(text);
	run_free(&r);
}

static void what_is_asked_of_others(void **state)
{
	struct run_service *s;
	struct run r;
	char *text;

	(void)state;
	s = some(&r, STAGE_SERVICE_OTHER, 0.1);
	text = render(&r, "80");
	assert_silent(text, "asked others");
	free(text);
	fill_asked(fill_outbound(s, 5432, "postgres", 1204), 2000, 400000, 500000);
	fill_outbound(s, 5433, "", 0);
	text = render(&r, "80");
	assert_row(text, " asked others requests first p50 last p50 last p99\n");
	assert_row(text, " 127.0.0.1:5432 postgres (pid 1204) 2,000 399 µs 500 µs 500 µs\n");
	assert_row(text, " 127.0.0.1:5433 0 - - -\n");
	free(text);
	for (int i = 0; i < 7; i++)
		fill_outbound(s, 5434 + i, "", 0);
	text = render(&r, "80");
	assert_says(text, "127.0.0.1:5437 ");
	assert_silent(text, "127.0.0.1:5438");
	assert_says(text, "  and 3 more\n");
	free(text);
	run_free(&r);
}

/* Names of the worst kind everywhere. */
static void fill_hostile(struct run *r)
{
	static const char hostile[] = "\033]0;x\a\n\xff\x80\xe2\x80\xae!\t;";
	struct run_service *s;
	struct run_exemplar *x;

	fill_run(r, 1);
	s = &r->services[0];
	fill_web(s, 2000);
	fill_web_waits(s);
	fill_web_exemplar(s);
	fill_web_exemplar(s);
	x = &s->slowest[1];
	x->latency = 3999999999999ull;
	x->reader = 1;
	memcpy(x->comm, hostile, sizeof(hostile));
	memcpy(x->reader_comm, hostile, sizeof(hostile));
	memset(x->client.addr, 0xfe, sizeof(x->client.addr));
	x->client.family = AF_INET6;
	x->client.port = 65535;
	x->waits_lost = 1;
	for (__u32 i = 0; i < x->n_waits; i++) {
		memcpy(x->wait[i].who, hostile, sizeof(hostile));
		memset(x->wait[i].syscall, 0x80, 31);
		x->wait[i].peer = x->client;
	}
	for (size_t i = 0; i < s->n_waits; i++) {
		struct run_wait *w = &s->waits[i];

		if (w->other)
			continue;
		memcpy(w->who, hostile, sizeof(hostile));
		memcpy(w->peer_comm, hostile, sizeof(hostile));
		w->peer_pid = w->pid = 4194304;
		memset(w->cgroup, i % 2 ? 0x80 : 'g', 255);
		memset(w->peer.addr, 0xfe, sizeof(w->peer.addr));
		w->peer.family = AF_INET6;
		w->peer.port = 65535;
	}
	fill_asked(fill_outbound(s, 5432, hostile, 4194304), 200000000, 400000, 500000);
	s->outbound[0].peer = x->client;
}

static void it_fits_and_is_escaped(void **state)
{
	static const char *const columns[] = { "60", "80", "120" };
	struct run r;
	char *text;

	(void)state;
	fill_hostile(&r);
	for (size_t i = 0; i < 3; i++) {
		text = render_slowest(&r, columns[i], i ? 5 : 0);
		check_lines(text, atoi(columns[i]));
		for (const unsigned char *c = (const unsigned char *)text; *c; c++)
			assert_true(*c >= ' ' || *c == '\n');
		assert_silent(text, "\xe2\x80\xae");
		assert_says(text, "\\x1b]0;x\\x07\\x0a");
		free(text);
	}
	run_free(&r);
}

/* "5 ms" is one word, "[::1]:80 nginx" and "worker-3 ran" are not. */
static void only_numbers_stay_with_their_word(void **state)
{
	struct page p = { .columns = 20 };
	char *text = NULL;
	size_t size;

	(void)state;
	p.out = open_memstream(&text, &size);
	page_text(&p, 4, "", STYLE_PLAIN, "0123456789 ab 99 ms");
	page_text(&p, 4, "", STYLE_PLAIN, "01234567 9.1.1.1:5 abc");
	page_text(&p, 4, "", STYLE_PLAIN, "0123456 worker-3 abc");
	page_text(&p, 4, "label ", STYLE_PLAIN, "0123456789abcdef");
	page_text(&p, 6, "label ", STYLE_PLAIN, "0123456789abcdef");
	fclose(p.out);
	assert_string_equal(text, "    0123456789 ab\n    99 ms\n"
				  "    01234567 9.1.1.1:5\n    abc\n"
				  "    0123456 worker-3\n    abc\n"
				  "label\n    0123456789abcdef\n"
				  "label\n    0123456789abcdef\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_waited_for),
		cmocka_unit_test(small_rows_are_one),
		cmocka_unit_test(what_the_reader_slept_in),
		cmocka_unit_test(who_ran_instead),
		cmocka_unit_test(who_ran_only_if_it_matters),
		cmocka_unit_test(the_network_is_a_line),
		cmocka_unit_test(what_measuring_cost),
		cmocka_unit_test(streams_and_frames_are_said_first),
		cmocka_unit_test(what_is_asked_of_others),
		cmocka_unit_test(it_fits_and_is_escaped),
		cmocka_unit_test(only_numbers_stay_with_their_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
