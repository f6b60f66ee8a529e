// SPDX-License-Identifier: BSD-2-Clause
/* The text report: its width, what it says first, that its figures stand where they belong. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>

#include "../lib/run_fill.h"
#include "../lib/text_look.h"
#include "base/units.h"
#include "report/text.h"

/* Within the lines before the first service: what a reader sees first. */
static void assert_says_first(const char *text, const char *what)
{
	char *head = strdup(text), *end = strstr(head, "\n\n");

	assert_non_null(end);
	*end = '\0';
	assert_says(head, what);
	free(head);
}

/* Runs of every shape that is hard to fit. */
static void fill_hard(struct run *r, int which)
{
	fill_run(r, which == 3 ? 3 : 1);
	if (which == 0)
		fill_event_loop(&r->services[0], 20000);
	for (int i = 0; which == 1 && i < 5000; i++) /* wide times, shares of 100 % */
		fill(r->services[0].sum, STAGE_SERVICE_BLOCKED, 20000000ull + i * 3000,
		     STAGE_SERVICE_CPU, 900ull, -1);
	if (which == 2) /* one request, of many minutes */
		fill(r->services[0].sum, STAGE_SERVICE_CLIENT, 1200000000000ull,
		     STAGE_SERVICE_HANDOFF, 888000000000ull, STAGE_UNATTRIBUTED, 999ull, -1);
	for (size_t i = 0; which == 3 && i < 2; i++) {
		fill_event_loop(&r->services[i], 3000 - 2000 * i);
		fill_in_flight(&r->services[i], 1.5);
		memcpy(r->services[i].comm, "\033]0;x\a\n\xff\x80\xe2\x80\xae!\t", 14);
		r->services[i].n_pids = 200;
		r->services[i].foreign_netns = true;
		r->services[i].netns = 4026532201u;
		r->services[i].sum->exchanges[EXCHANGE_ABORTED] = 2000;
		r->services[i].window_s = 3;
		for (int k = 0; k < RUN_MAX_PIDS; k++)
			r->services[i].pids[k] = 4194304 - RUN_MAX_PIDS + k;
	}
	for (int c = 0; which == 3 && c < NR_COUNTERS; c++)
		r->counters[c] = 1ull << (c * 2 % 62);
}

static void it_fits(void **state)
{
	(void)state;
	for (int which = 0; which < 4; which++) {
		struct run r;
		char *text;

		fill_hard(&r, which);
		text = render(&r, "80");
		check_lines(text, 80);
		free(text);
		text = render(&r, "120");
		check_lines(text, 120);
		free(text);
		text = render(&r, "300"); /* not wider than can be read */
		check_lines(text, 120);
		free(text);
		if (r.n_services == 1) {
			text = render(&r, "60");
			check_lines(text, 60);
			free(text);
		}
		run_free(&r);
	}
}

static void names_from_outside_are_escaped(void **state)
{
	struct run r;
	char *text;

	(void)state;
	fill_hard(&r, 3);
	strcpy(r.host, "h\033[2J");
	strcpy(r.filter, "--comm \r\n");
	r.n_untraced = 1;
	r.untraced = calloc(1, sizeof(char *));
	r.untraced[0] = strdup("\033c:21");
	text = render(&r, "80");
	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		assert_true(*c >= ' ' || *c == '\n');
	assert_null(strstr(text, "\xe2\x80\xae"));
	assert_says(text, "\\x1b]0;x\\x07\\x0a\\xff\\x80");
	assert_says(text, "h\\x1b[2J");
	assert_says(text, "--comm \\x0d\\x0a");
	assert_says(text, "untraced    \\x1bc:21");
	free(text);
	run_free(&r);
}

/* Two requests of 100 and 300 µs: every figure of the table can be worked out by hand. */
static void the_anatomy_is_the_table(void **state)
{
	struct run r;
	char *text;

	(void)state;
	fill_run(&r, 1);
	fill(r.services[0].sum, STAGE_QUEUE_BUSY, 60000ull, STAGE_SERVICE_CPU, 40000ull, -1);
	fill(r.services[0].sum, STAGE_QUEUE_BUSY, 30000ull, STAGE_QUEUE_RUNQ, 240000ull,
	     STAGE_SERVICE_CPU, 30000ull, -1);
	text = render(&r, "80");
	/* the shades go by share: runq 80 %, busy 60 %, cpu 40 % */
	assert_row(text, " where it went p50 p90 p99 p99.9 max\n");
	assert_row(text, " ▓ queue.busy 60 µs 60 % 30 µs 10 % 30 µs 10 % 30 µs 10 % 30 µs 10 %\n");
	assert_row(text, " █ queue.runq · 240 µs 80 % 240 µs 80 % 240 µs 80 % 240 µs 80 %\n");
	assert_row(text, " ▒ service.cpu 40 µs 40 % 30 µs 10 % 30 µs 10 % 30 µs 10 % 30 µs 10 %\n");
	assert_row(text, " = latency 100 µs 300 µs 300 µs 300 µs 300 µs\n");
	assert_row(text, " requests 1 1 1 1 1\n");
	assert_row(text, " p50 100 µs p90 300 µs p99 300 µs p99.9 300 µs max 300 µs mean 200 µs\n");
	assert_null(strstr(text, "service.other"));
	assert_null(strstr(text, "unattributed"));
	free(text);
	run_free(&r);
}

/* Bars are as long as their column: 4.7 + 2.8 + 2.5 cells become 5 + 3 + 2. */
static void bars_are_whole(void **state)
{
	struct run r;
	char *text;

	(void)state;
	fill_run(&r, 1);
	for (int i = 0; i < 100; i++)
		fill(r.services[0].sum, STAGE_QUEUE_BUSY, 47000ull, STAGE_SERVICE_CPU, 28000ull,
		     STAGE_SERVICE_OTHER, 25000ull, -1);
	text = render(&r, "80");
	assert_says(text, "█████▓▓▓▒▒  █████▓▓▓▒▒  █████▓▓▓▒▒  █████▓▓▓▒▒  █████▓▓▓▒▒\n");
	free(text);
	run_free(&r);
}

static void small_stages_are_folded_but_add_up(void **state)
{
	struct run r;
	char *text;

	(void)state;
	fill_run(&r, 1);
	for (int i = 0; i < 100; i++)
		fill(r.services[0].sum, STAGE_SERVICE_CPU, 1000000ull, STAGE_QUEUE_PICKUP, 300ull,
		     STAGE_QUEUE_WAKEUP, 400ull, STAGE_UNATTRIBUTED, 5ull, -1);
	text = render(&r, "80");
	assert_null(strstr(text, "queue.pickup"));
	assert_row(text, "other stages 700 ns <1");
	assert_row(text, "unattributed 5 ns <1"); /* never hidden */
	free(text);
	run_free(&r);
}

static void what_spoils_the_numbers_is_said_first(void **state)
{
	struct run r;
	struct lvt_shard *sum;
	char *text;

	(void)state;
	fill_run(&r, 1);
	fill_event_loop(&r.services[0], 5000);
	text = render(&r, "120");
	assert_says_first(text, "loss 0");
	assert_null(strstr(text, "!"));
	free(text);

	sum = r.services[0].sum;
	sum->exchanges[EXCHANGE_REQUEST_RESPONSE] = 3100;
	sum->exchanges[EXCHANGE_PIPELINED] = 1900;
	sum->batch_sampled = 1000;
	sum->batch_found = 980;
	sum->batch_messages = 980 * 16;
	r.counters[COUNTER_CONN_STORAGE] = 1000;
	r.bpf_ns_per_request = NAN;
	r.services[0].window_s = 4;
	text = render(&r, "120");
	assert_says_first(text, "loss 1,000 · lvt's cost not measured");
	assert_says_first(text, "! loss: 1,000 events were lost or mistimed (17 %");
	assert_says_first(
		text, "pipelined: 38 % of exchanges hold several requests: their latency is of");
	assert_says_first(text, "980 of 1,000 sampled exchanges are batches of about 16 requests");
	assert_says_first(text, "traced for 4.0 s of the run's 10.0 s");
	assert_says(text, "  loss        conn_storage 1,000: connections not traced");
	assert_says(text, "3,100 request-response · 1,900 pipelined · 0 unsolicited · 0 aborted");
	free(text);
	run_free(&r);
}

static void a_service_without_requests_is_listed(void **state)
{
	struct run r;
	char *text;

	(void)state;
	fill_run(&r, 1);
	text = render(&r, "80");
	assert_says_first(text, "no requests: nobody was connected to it");
	assert_says(text, ":6379 redis-server (pid 812)");
	assert_null(strstr(text, "nan"));
	free(text);
	r.services[0].sum->connections = 3;
	text = render(&r, "80");
	assert_says_first(text, "nothing arrived in the window on its 3 connections");
	free(text);
	r.services[0].arrivals = 7;
	text = render(&r, "80");
	assert_says_first(text, "7 arrived, but none was answered");
	free(text);
	run_free(&r);
	fill_run(&r, 0);
	text = render(&r, "80");
	assert_says_first(text, "no listening TCP service was found");
	free(text);
	run_free(&r);
}

static void several_services_have_a_table(void **state)
{
	struct run r;
	char *text;

	(void)state;
	fill_run(&r, 3);
	fill_event_loop(&r.services[0], 20000);
	fill_event_loop(&r.services[1], 400);
	text = render(&r, "80");
	assert_says(
		text,
		"  port  service                 pid     requests      rate     p50     p99 queue\n");
	assert_says(text, " :6379  redis-server            812       20,000  2.00 k/s  1");
	assert_says(text, " :6381  redis-server            814            0\n");
	assert_null(strstr(text, "! :6381")); /* not among the first lines */
	assert_says(text, ":6381 redis-server (pid 814)");
	free(text);
	run_free(&r);
}

static void littles_law_and_throughput(void **state)
{
	struct run r;
	char *text;

	(void)state;
	fill_run(&r, 1);
	for (int i = 0; i < 50000; i++)
		fill(r.services[0].sum, STAGE_SERVICE_CPU, 2000000ull, -1);
	r.services[0].sum->bytes_in = 24000000;
	r.services[0].sum->bytes_out = 31000000;
	r.services[0].sum->connections = 1;
	text = render(&r, "80");
	assert_says(text, "not sampled; Little's law: 5.00 k/s × 2.0 ms = 10.0\n");
	free(text);
	fill_in_flight(&r.services[0], 1.01);
	text = render(&r, "80");
	assert_says(text, "  throughput  5.00 k/s · in 2.4 MB/s · out 3.1 MB/s · 1 connection\n");
	assert_says(text, "10.1 sampled; Little's law: 5.00 k/s × 2.0 ms = 10.0 (1.0 % apart)\n");
	free(text);
	run_free(&r);
}

/* What a terminal gets, read from the other side of a pseudo-terminal. */
static bool terminal_has_colour(const struct run *r)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), null = open("/dev/null", O_WRONLY);
	static char buf[65536];
	FILE *out;
	ssize_t n;

	assert_true(master >= 0 && null >= 0 && !grantpt(master) && !unlockpt(master));
	out = fopen(ptsname(master), "w");
	assert_non_null(out);
	setvbuf(out, NULL, _IOFBF, sizeof(buf));
	fcntl(fileno(out), F_SETFL, O_NONBLOCK); /* only its first 4 KB need to fit */
	report_text(out, r, NULL, NULL);
	n = read(master, buf, sizeof(buf) - 1);
	dup2(null, fileno(out)); /* what the terminal did not take */
	fclose(out);
	close(null);
	close(master);
	assert_true(n > 0);
	buf[n] = '\0';
	return strchr(buf, '\033');
}

static void colour_only_on_a_terminal(void **state)
{
	struct run r;
	char *text;

	(void)state;
	fill_run(&r, 1);
	fill_event_loop(&r.services[0], 5000);
	text = render(&r, "80");
	assert_null(strchr(text, '\033'));
	free(text);
	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	assert_true(terminal_has_colour(&r));
	setenv("NO_COLOR", "1", 1);
	assert_false(terminal_has_colour(&r));
	unsetenv("NO_COLOR");
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
	assert_int_equal(report_text(full, &r, NULL, &e), -ENOSPC);
	assert_int_equal(e.code, -ENOSPC);
	assert_string_equal(e.message, "cannot write the report: No space left on device");
	fclose(full);
	run_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_fits),
		cmocka_unit_test(names_from_outside_are_escaped),
		cmocka_unit_test(the_anatomy_is_the_table),
		cmocka_unit_test(bars_are_whole),
		cmocka_unit_test(small_stages_are_folded_but_add_up),
		cmocka_unit_test(what_spoils_the_numbers_is_said_first),
		cmocka_unit_test(a_service_without_requests_is_listed),
		cmocka_unit_test(several_services_have_a_table),
		cmocka_unit_test(littles_law_and_throughput),
		cmocka_unit_test(colour_only_on_a_terminal),
		cmocka_unit_test(a_full_disk_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
