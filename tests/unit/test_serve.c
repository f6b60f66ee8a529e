// SPDX-License-Identifier: BSD-2-Clause
/* lvt serve: what comes from outside is understood; metrics of a run that goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "report/openmetrics.h"
#include "serve/request.h"

#include "../lib/why_fill.h"

static void addresses_to_listen_on(void **state)
{
	static const struct {
		const char *text, *means;
		bool loopback;
	} good[] = { { "127.0.0.1:9464", "127.0.0.1:9464", true },
		     { "9464", "127.0.0.1:9464", true },
		     { "localhost:1", "127.0.0.1:1", true },
		     { "127.9.9.9:0", "127.9.9.9:0", true },
		     { "[::1]:65535", "[::1]:65535", true },
		     { "0.0.0.0:80", "0.0.0.0:80", false },
		     { "[::]:80", "[::]:80", false },
		     { "[fe80::1]:80", "[fe80::1]:80", false },
		     { "192.168.1.127:80", "192.168.1.127:80", false } };
	static const char *const bad[] = {
		"",
		":",
		":80",
		"127.0.0.1",
		"127.0.0.1:",
		"127.0.0.1:65536",
		"127.0.0.1:-1",
		"127.0.0.1:80x",
		"127.0.0.1:80:80",
		"::1:80",
		"[::1]",
		"[::1]80",
		"[127.0.0.1]:80",
		"[::1:80",
		"web1:80",
		"127.1:80",
		"*:80",
		"65536",
		"127.0.0.1:000080",
		"80 ",
		"[00000000000000000000000000000000000000000000000000000000::1]:1"
	};
	struct listen_address a;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(listen_parse(&a, good[i].text, &e), 0);
		assert_string_equal(a.text, good[i].means);
		assert_int_equal(a.loopback, good[i].loopback);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		e = (struct err){ 0 };
		if (!listen_parse(&a, bad[i], &e))
			fail_msg("'%s' is taken for %s", bad[i], a.text);
		assert_int_equal(e.status, EXIT_USAGE);
	}
}

static void hosts(void **state)
{
	static const char *const plain[] = { "localhost",      "LocalHost:80",	"127.0.0.1",
					     "127.0.0.1:9464", "10.1.2.3:9464", "[::1]",
					     "[::1]:80" };
	static const char *const others[] = {
		"",
		":80",
		"evil.example",
		"evil.example:9464",
		"localhost.",
		"localhost.evil.example",
		"127.0.0.1.evil.example",
		"::1",
		"[::1",
		"[localhost]",
		"[127.0.0.1]:80",
		"127.0.0.1:x",
		"127.0.0.1:80:80",
		"127.0.0.1 ",
		"0x7f.1",
		"127.0.0.1:99999",
		"localhost:",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (!host_is_plain(plain[i]))
			fail_msg("'%s' is refused", plain[i]);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (host_is_plain(others[i]))
			fail_msg("'%s' is let in", others[i]);
}

#define OM "application/openmetrics-text"

static void formats(void **state)
{
	static const char *const yes[] = { OM,
					   OM ";version=1.0.0,text/plain;q=0.5,*/*;q=0.1",
					   "text/plain, " OM,
					   "text/plain;q=0.9 , " OM " ; q=0.95",
					   "Application/OpenMetrics-Text",
					   OM ";q=0.1," OM ";q=0.7,text/plain;q=0.3",
					   "text/plain;q=0," OM ";q=0.001",
					   ",,," OM };
	static const char *const no[] = {
		NULL,	      "",	 "*/*",		  "text/html,*/*;q=0.8",
		"text/plain", OM ";q=0", OM ";q=0.000",	  OM ";q=0.4,text/plain;q=0.5",
		OM "x",	      "x" OM,	 "application/*", OM ";q=0.5,text/plain",
		";;;,,;q="
	};

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		if (!accepts_openmetrics(yes[i]))
			fail_msg("'%s' is not understood", yes[i]);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (accepts_openmetrics(no[i]))
			fail_msg("'%s' is taken for OpenMetrics", no[i]);
}

static void windows(void **state)
{
	static const char *const bad[] = { NULL,  "",	"0",   "00", "61", "-1",
					   "1.5", "1s", "100", " 1", "1e1" };
	unsigned int s;

	(void)state;
	assert_true(window_parse("1", &s) && s == 1);
	assert_true(window_parse("60", &s) && s == 60);
	assert_true(window_parse("07", &s) && s == 7);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(window_parse(bad[i], &s));
}

static void paths(void **state)
{
	(void)state;
	assert_int_equal(page_find("/"), PAGE_LIVE);
	assert_int_equal(page_find("/metrics"), PAGE_METRICS);
	assert_int_equal(page_find("/api/report"), PAGE_REPORT);
	assert_int_equal(page_find(""), PAGE_NONE);
	assert_int_equal(page_find("/metrics/"), PAGE_NONE);
	assert_int_equal(page_find("/../metrics"), PAGE_NONE);
}

/* ---- metrics ---- */

static char *metrics(const struct run *r, const struct openmetrics_live *live)
{
	struct err e = { 0 };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(report_openmetrics_live(out, r, live, &e), 0);
	fclose(out);
	return text;
}

/* The sample that begins so. */
static double sample(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	if (!at)
		fail_msg("no %s", name);
	return strtod(strchr(at, '}') + 1, NULL);
}

#define DISK_COUNT \
	"lvt_request_stage_seconds_count{service=\"redis-server\",port=\"6379\",stage=\"service.disk\"}"
#define DISK_LEAST \
	"lvt_request_stage_seconds_bucket{service=\"redis-server\",port=\"6379\",stage=\"service.disk\",le=\"1.024e-06\"}"

/* The stages were read after the latencies, and had a request more: no count may go back by that. */
static void counters_never_go_back(void **state)
{
	struct openmetrics_memory memory = { 0 };
	struct openmetrics_live live = { .memory = &memory };
	struct lvt_shard *sum;
	struct run r;
	char *text;

	(void)state;
	fill_run(&r, 1);
	sum = r.services[0].sum;
	for (int i = 0; i < 6; i++)
		fill(sum, STAGE_SERVICE_CPU, 5000ull, -1);
	for (int i = 0; i < 4; i++)
		fill(sum, STAGE_SERVICE_DISK, 5000ull, -1);
	text = metrics(&r, &live);
	assert_true(sample(text, DISK_LEAST) == 6);
	assert_true(sample(text, DISK_COUNT) == 10);
	free(text);
	sum->stage[STAGE_SERVICE_DISK][hist_index(5000)] += 2;
	text = metrics(&r, &live);
	assert_true(sample(text, DISK_LEAST) == 6);
	assert_true(sample(text, DISK_COUNT) == 12);
	free(text);
	run_free(&r);
}

static void the_older_format(void **state)
{
	static const char *const only_new[] = { "# UNIT",
						"# EOF",
						"_created",
						" # {",
						"# TYPE lvt_exchanges counter",
						"# TYPE lvt_run info" };
	static const char *const only_old[] = { "# TYPE lvt_exchanges_total counter",
						"# TYPE lvt_run_info gauge" };
	struct openmetrics_live live = { .text = true };
	struct run_exemplar *x;
	struct run r;
	char *old, *new;

	(void)state;
	fill_run(&r, 1);
	x = fill_exemplar(&r.services[0], 3000000, 10, 20);
	x->at_s = 2.5;
	x->client = fill_peer(10, 0, 0, 1, 40122);
	fill(r.services[0].sum, STAGE_SERVICE_CPU, 3000000ull, -1);
	old = metrics(&r, &live);
	live.text = false;
	new = metrics(&r, &live);
	for (size_t i = 0; i < sizeof(only_new) / sizeof(only_new[0]); i++) {
		assert_null(strstr(old, only_new[i]));
		assert_non_null(strstr(new, only_new[i]));
	}
	for (size_t i = 0; i < sizeof(only_old) / sizeof(only_old[0]); i++) {
		assert_non_null(strstr(old, only_old[i]));
		assert_null(strstr(new, only_old[i]));
	}
	assert_null(strstr(new, "quantile="));
	/* 3 ms is in (2.097152, 3.145728] */
	assert_non_null(strstr(new, "le=\"0.003145728\"} 1 # {client=\"10.0.0.1:40122\",thread="));
	assert_non_null(strstr(
		new, "lvt_request_latency_seconds_created{service=\"redis-server\",port=\"6379\"} "
		     "1795428000.000\n"));
	free(old);
	free(new);
	run_free(&r);
}

static void the_latest_in_a_bucket_is_its_exemplar(void **state)
{
	struct openmetrics_live live = { 0 };
	struct run r;
	char *text;

	(void)state;
	fill_run(&r, 1);
	fill_exemplar(&r.services[0], 3000000, 10, 20)->at_s = 2;
	fill_exemplar(&r.services[0], 2500000, 10, 20)->at_s = 5;
	fill_exemplar(&r.services[0], 2900000, 10, 20)->at_s = 3;
	text = metrics(&r, &live);
	assert_non_null(strstr(text, "} 0.002500000 1795428005.003\n"));
	assert_null(strstr(text, "} 0.003000000"));
	assert_null(strstr(text, "} 0.002900000"));
	free(text);
	run_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_to_listen_on),
		cmocka_unit_test(hosts),
		cmocka_unit_test(formats),
		cmocka_unit_test(windows),
		cmocka_unit_test(paths),
		cmocka_unit_test(counters_never_go_back),
		cmocka_unit_test(the_older_format),
		cmocka_unit_test(the_latest_in_a_bucket_is_its_exemplar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
