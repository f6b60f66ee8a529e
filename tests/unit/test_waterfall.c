// SPDX-License-Identifier: BSD-2-Clause
/* The slowest requests in the text report: bars of 74 cells at 80 columns, worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../lib/text_look.h"
#include "../lib/why_fill.h"

/* A run of one service with requests; exemplars are to be added. */
static struct run_service *start(struct run *r)
{
	fill_run(r, 1);
	r->slowest_kept = true;
	fill(r->services[0].sum, STAGE_SERVICE_CPU, 74000ull, -1);
	return &r->services[0];
}

#define TEN(what) what what what what what what what what what what

static void cells_are_where_the_waits_are(void **state)
{
	struct run_exemplar *x;
	struct run r;
	char *text;

	(void)state;
	x = fill_exemplar(start(&r), 74000, 10000, 70000);
	x->stage[STAGE_QUEUE_BUSY] = 10000;
	x->stage[STAGE_SERVICE_CPU] = 33500;
	x->stage[STAGE_SERVICE_NET] = 30000;
	x->stage[STAGE_SERVICE_LOCK] = 500; /* 0.7 % */
	fill_moment(x, STAGE_SERVICE_NET, 20000, 50000, "recvfrom", "postgres")->peer =
		fill_peer(127, 0, 0, 1, 5432);
	fill_moment(x, STAGE_SERVICE_LOCK, 60000, 60500, "futex", "worker-3");
	text = render_slowest(&r, "80", 1);
	assert_says(text, "\n  #1  74 µs  at 3.214 s · client 127.0.0.1:40122 · redis-server "
			  "(thread 812)\n");
	assert_says(text,
		    "\n      arrive    read 10 µs                                      reply 70 µs "
		    "done\n");
	assert_says(text, "\n      ├─────────┼" TEN("─────") "─────────┼──┤\n");
	assert_says(text, "\n      " TEN("▒") TEN("█") "1" TEN("░")
				  TEN("░") "░░░░░░░░░" TEN("█") "2"
								"█████████████\n");
	assert_says(text,
		    "\n      1  20.00 – 50.00 µs  service.net   recvfrom, 127.0.0.1:5432, woken "
		    "by\n");
	assert_says(text, "\n      2  60.00 – 60.50 µs  service.lock  futex, held by worker-3\n");
	assert_says(text,
		    "\n      service.cpu 34 µs 45 % · service.net 30 µs 41 % · queue.busy 10 µs "
		    "14 %\n");
	assert_silent(text, "not kept");
	free(text);
	run_free(&r);
}

/* Waits in one cell: the first one's number stands, the second one's moves on if it can. */
static void numbers_do_not_hide_each_other(void **state)
{
	struct run_exemplar *x;
	struct run r;
	char *text;

	(void)state;
	x = fill_exemplar(start(&r), 74000, UINT64_MAX, UINT64_MAX);
	fill_moment(x, STAGE_SERVICE_NET, 100, 300, "recvfrom", "");
	fill_moment(x, STAGE_SERVICE_DISK, 400, 600, "fsync", "");
	fill_moment(x, STAGE_SERVICE_DISK, 700, 5000, "fdatasync", "");
	fill_moment(x, STAGE_SERVICE_DISK, 73999, 74000, "sync", "");
	text = render_slowest(&r, "80", 1);
	assert_says(text, "\n      13░░░" TEN(
				  "██████") "████████4\n"); /* what is not known is no queue */
	assert_says(text,
		    "\n      2   0.40 –  0.60 µs  service.disk  fsync\n"); /* but in the list */
	assert_says(text, "\n      arrive" TEN("      ") "    done\n");
	assert_says(text, "\n      ├" TEN("───────") "──┤\n");
	free(text);
	run_free(&r);
}

static void labels_stay_in_order(void **state)
{
	struct run_service *s;
	struct run r;
	char *text;

	(void)state;
	s = start(&r);
	fill_exemplar(s, 74000, 500, 1500);
	fill_exemplar(s, 74000, 72500, 73500);
	fill_exemplar(s, 74000, 36000, 37000);
	text = render_slowest(&r, "80", 3);
	assert_says(text, "\n      arrive read 500 ns reply 1.5 µs                                "
			  "       done\n");
	assert_says(text, "\n      arrive                                         read 72 µs reply "
			  "74 µs done\n");
	assert_says(text,
		    "\n      arrive                              read 36 µs reply 37 µs          "
		    "  done\n");
	check_lines(text, 80);
	free(text);
	text = render_slowest(&r, "40", 3); /* no room: what does not fit is left out */
	assert_says(text, "done\n");
	free(text);
	run_free(&r);
}

static void who_read_and_who_answered(void **state)
{
	struct run_exemplar *x;
	struct run r;
	char *text;

	(void)state;
	x = fill_exemplar(start(&r), 74000, 10000, 70000);
	x->tid = 819;
	strcpy(x->comm, "worker-3");
	x->reader_comm[0] = '\0';
	x->sent = 86000;
	x->acked = 41074000;
	x->waits_lost = 3;
	text = render_slowest(&r, "120", 9);
	assert_says(text, " · read by thread 812 · answered by worker-3 (thread 819) ·\n");
	assert_says(text, " sent +12 µs · acknowledged +41.0 ms\n");
	assert_says(text, "\n      3 earlier waits were not kept\n");
	free(text);
	run_free(&r);
}

/* Four digits, the same unit for all times of a request. */
static void times_have_one_unit(void **state)
{
	static const struct {
		__u64 latency, start, end;
		const char *says;
	} cases[] = {
		{ 900, 1, 30, " 1    1 –  30 ns  service.disk" },
		{ 9999, 1, 30, " 1     1 –   30 ns  service.disk" },
		{ 10000, 1000, 9994, " 1   1.00 –  9.99 µs  service.disk" },
		{ 123400, 1000, 9994, " 1    1.0 –  10.0 µs  service.disk" },
		{ 9999000, 1000, 1234567, " 1     1 – 1235 µs  service.disk" },
		{ 12300000, 1000, 1234567, " 1   0.00 –  1.23 ms  service.disk" },
		{ 12300000000, 1000, 1234567890, " 1   0.00 –  1.23 s  service.disk" },
		{ 999900000000, 1000, 1234567890, " 1    0.0 –   1.2 s  service.disk" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct run_exemplar *x;
		struct run r;
		char *text;

		x = fill_exemplar(start(&r), cases[i].latency, 0, UINT64_MAX);
		fill_moment(x, STAGE_SERVICE_DISK, cases[i].start, cases[i].end, "", "");
		text = render_slowest(&r, "80", 1);
		assert_says(text, cases[i].says);
		check_lines(text, 80);
		free(text);
		run_free(&r);
	}
}

static void only_as_many_as_asked_for(void **state)
{
	struct run_service *s;
	struct run r;
	char *text;

	(void)state;
	s = start(&r);
	text = render_slowest(&r, "80", 2);
	assert_says(text, "\n  the slowest     no request was kept\n");
	free(text);
	r.slowest_kept = false;
	text = render_slowest(&r, "80", 2);
	assert_says(text, "\n  the slowest     requests were not kept\n");
	free(text);
	for (int i = 0; i < 3; i++)
		fill_exemplar(s, 74000 - i, 10, 20);
	text = render_slowest(&r, "80", 2);
	assert_says(text, "  #2  74 µs");
	assert_silent(text, "  #3");
	free(text);
	text = render(&r, "80");
	assert_silent(text, "\n  the slowest ");
	free(text);
	run_free(&r);
}

/* Marks and waits beyond the request, as of a defect, do no harm. */
static void nonsense_is_survived(void **state)
{
	struct run_exemplar *x;
	struct run r;
	char *text;

	(void)state;
	x = fill_exemplar(start(&r), 0, 5, 9);
	x->n_waits = 1000;
	for (int i = 0; i < LVT_EXEMPLAR_WAITS; i++)
		x->wait[i] = (struct run_moment){ .stage = i, .start = ~0ull >> i, .end = i };
	text = render_slowest(&r, "80", 1);
	check_lines(text, 80);
	free(text);
	x->latency = 1;
	text = render_slowest(&r, "80", 1);
	check_lines(text, 130);
	free(text);
	run_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cells_are_where_the_waits_are),
		cmocka_unit_test(numbers_do_not_hide_each_other),
		cmocka_unit_test(labels_stay_in_order),
		cmocka_unit_test(who_read_and_who_answered),
		cmocka_unit_test(times_have_one_unit),
		cmocka_unit_test(only_as_many_as_asked_for),
		cmocka_unit_test(nonsense_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
