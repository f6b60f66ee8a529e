// SPDX-License-Identifier: BSD-2-Clause
/* The HTML report: what it says and hides, that it is safe, well-formed and small. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../lib/html_look.h"
#include "../lib/text_look.h"
#include "../lib/why_fill.h"
#include "report/html.h"
#include "report/html_chart.h"
#include "report/html_report.h"

static char *page_of(const struct run *r, size_t slowest)
{
	struct err e = { 0 };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(report_html(out, r, slowest, &e), 0);
	fclose(out);
	assert_true(size <= HTML_MOST_BYTES);
	assert_int_equal(strlen(text), size);
	return text;
}

static char *check_run(struct run *r, size_t slowest)
{
	char *text = page_of(r, slowest);

	check_page(text);
	return text;
}

static void fill_whole(struct run_service *s, int n)
{
	struct run_outbound *o;

	fill_web(s, n);
	fill_web_waits(s);
	fill_web_exemplar(s);
	fill_in_flight(s, 1.01);
	fill_net(s, NET_TX, 100, 9000, false);
	o = fill_outbound(s, 5432, "postgres", 1204);
	fill_asked(o, 100, 300000, 310000);
}

static void all_parts(void **state)
{
	struct run r;
	char *text;

	(void)state;
	fill_run(&r, 1);
	r.slowest_kept = r.outbound = true;
	strcpy(r.label, "after");
	fill_whole(&r.services[0], 2000);
	text = check_run(&r, 0);
	assert_says(text, "<h1>after</h1>");
	assert_says(text, ">web1<");
	assert_says(text, "Linux 6.18.44, 2 CPUs");
	assert_says(text, "823 ns of kernel CPU a request");
	assert_says(text, "class=\"finding\"");
	assert_says(text, "recvfrom, 127.0.0.1:5432 postgres (pid 1204)");
	assert_says(text, "reader blocked on block I/O");
	assert_says(text, "nobody: its cgroup was throttled");
	assert_says(text, "stress-ng-cpu (pid 900) <span class=\"dim path\">in /user.slice/");
	assert_says(text, "(1.0 % apart)");
	assert_says(text, "127.0.0.1:5432 postgres (pid 1204), last byte");
	assert_says(text, "#1 <b>12.3 ms</b>");
	assert_says(text, "read 1.9 ms");
	assert_says(text, "title=\"2: service.net, 4.1 ms\"");
	for (int st = 0; st < NR_STAGES; st++)
		assert_says(text, stage_meaning(st));
	assert_says(text, "prefers-color-scheme: dark");
	assert_silent(text, "<script");
	free(text);
	run_free(&r);
}

/* rx was not measured, in flight not sampled, threads not seen; the host did not tell its name. */
static void unknown_is_said(void **state)
{
	struct run r;
	char *text;

	(void)state;
	fill_run(&r, 1);
	fill_event_loop(&r.services[0], 1000);
	r.host[0] = '\0';
	r.bpf_ns_per_request = NAN;
	r.loader_rss_bytes = 0;
	text = check_run(&r, 0);
	assert_says(text, "<dt>Host</dt><dd>unknown</dd>");
	assert_says(text, "<dt>lvt’s cost</dt><dd>not measured</dd>");
	assert_says(text, "<dt>Memory</dt><dd>unknown</dd>");
	assert_says(text, "unknown how busy they were");
	assert_says(text, "not sampled; Little&#39;s law");
	assert_says(text, ">rx</th><td class=\"n wide\"><span class=\"dim\">0</span></td><td "
			  "class=\"n\"><span class=\"dim\">unknown</span>");
	assert_says(text, "Requests were not kept.");
	free(text);
	run_free(&r);
}

static void names_are_only_text(void **state)
{
	static const char evil[] = "<script>a</script>";
	struct run_exemplar *x;
	struct run_wait *w;
	struct run r;
	char *text;

	(void)state;
	fill_run(&r, 2);
	fill_whole(&r.services[0], 500);
	strcpy(r.services[0].comm, "<script>alert(1");
	strcpy(r.services[1].comm, "\xff\"'&\x1b[0m\xe2\x80\xae");
	strcpy(r.label, evil);
	strcpy(r.host, "\"><img src=x onerror=alert(1)>");
	strcpy(r.filter, "--comm '<b>' & \xc3");
	strcpy(r.kernel, evil);
	strcpy(r.started, evil);
	r.hooks[0].hook = evil;
	w = fill_ran(&r.services[0], STAGE_QUEUE_RUNQ, 9, 1ull << 40, "</td><script>", 7);
	strcpy(w->cgroup, "/<script>/\xf0\x28/&amp;");
	w = fill_blocked(&r.services[0], STAGE_SERVICE_NET, 9, 1ull << 40, "<script>",
			 "'\"<script>");
	w->peer = fill_peer(127, 0, 0, 1, 80);
	strcpy(w->peer_comm, "</table><i>");
	x = &r.services[0].slowest[0];
	strcpy(x->comm, "<script>");
	strcpy(x->wait[1].who, "<script>");
	r.n_untraced = 1;
	r.untraced = calloc(1, sizeof(*r.untraced));
	assert_non_null(r.untraced);
	r.untraced[0] = strdup("<script>:1");
	text = check_run(&r, 0);
	assert_silent(text, "<script");
	assert_silent(text, "<img");
	assert_silent(text, "<b>'");
	assert_silent(text, "\x1b");
	assert_silent(text, "\xe2\x80\xae");
	assert_says(text, "<h1>&lt;script&gt;a&lt;/script&gt;</h1>");
	assert_says(text, "<title>:6379 &lt;script&gt;alert(1 – lvt</title>");
	assert_says(text, ":6380 \\xff&quot;&#39;&amp;\\x1b[0m\\xe2\\x80\\xae");
	assert_says(text, "--comm &#39;&lt;b&gt;&#39; &amp; \\xc3");
	assert_says(text, "in /&lt;script&gt;/\\xf0(/&amp;amp;</span>");
	free(text);
	run_free(&r);
}

static void boxes_add_up(void **state)
{
	double ns[NR_STAGES] = { 0 }, sum = 0, width;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	for (int st = 0; st < NR_STAGES; st++)
		ns[st] = st * st;
	for (int st = 0; st < NR_STAGES; st++)
		sum += ns[st];
	chart_stages(out, ns, sum, 0.5);
	chart_stages(out, ns, NAN, 1); /* nothing */
	fclose(out);
	assert_int_equal(times(text, "class=\"bar\""), 1);
	assert_says(text, "style=\"width:50.000%\"");
	sum = 0;
	for (const char *c = text; (c = strstr(c, "class=\"slice")); c++) {
		assert_int_equal(sscanf(strstr(c, "width:"), "width:%lf%%", &width), 1);
		sum += width;
	}
	assert_true(fabs(sum - 100) < 0.02);
	assert_says(text, "title=\"other stages: 5 ns, &lt;1 %\""); /* 0 + 1 + 4 of 2,470 */
	free(text);
}

static void steps_are_round(void **state)
{
	(void)state;
	assert_true(fabs(chart_step(10, 5) - 2) < 1e-9);
	assert_true(fabs(chart_step(11, 5) - 5) < 1e-9);
	assert_true(fabs(chart_step(4.8e6, 5) - 1e6) < 1e-3);
	assert_true(fabs(chart_step(0.7, 5) - 0.2) < 1e-9);
}

static void small_and_empty(void **state)
{
	struct run_exemplar *x;
	struct run r;
	char *text;

	(void)state;
	fill_run(&r, 0);
	text = check_run(&r, 0);
	assert_says(text, "no listening TCP service was found");
	free(text);
	run_free(&r);

	fill_run(&r, 2);
	fill(r.services[0].sum, STAGE_SERVICE_CPU, 1ull, -1); /* 1 ns */
	r.services[0].window_s = 10;
	x = fill_exemplar(&r.services[0], 0, 5, 9); /* nonsense, as of a defect */
	x->n_waits = 1000;
	for (int i = 0; i < LVT_EXEMPLAR_WAITS; i++)
		x->wait[i] = (struct run_moment){ .stage = i, .start = ~0ull >> i, .end = i };
	text = check_run(&r, 0);
	assert_says(text, "1 request<");
	assert_says(text, "no requests: nobody was connected");
	assert_silent(text, "%;width:-");
	free(text);
	run_free(&r);
}

/* As much as a run can hold, with the longest names: what has no room is told. */
static void never_large(void **state)
{
	struct run r;
	char *text;

	(void)state;
	fill_run(&r, LVT_MAX_SERVICES);
	r.slowest_kept = true;
	for (size_t i = 0; i < r.n_services; i++) {
		struct run_service *s = &r.services[i];

		fill_whole(s, 300);
		for (int k = 0; k < 40; k++) {
			struct run_wait *w = fill_ran(s, STAGE_QUEUE_RUNQ, 9, 1000, "&&&&&&&&", k);

			memset(w->cgroup, '&', sizeof(w->cgroup) - 1);
		}
		for (int k = 1; k < RUN_MAX_SLOWEST && i < 3; k++)
			fill_web_exemplar(s);
	}
	text = check_run(&r, RUN_MAX_SLOWEST);
	assert_says(text, "<section id=\"service-1\">");
	assert_says(text, "services stand in this table only");
	assert_int_equal(times(text, "href=\"#service-"), times(text, "<section id="));
	assert_says(text, ":6442 web"); /* the last one, in the table */
	free(text);
	r.n_services = 1; /* alone, it has room for many */
	text = check_run(&r, RUN_MAX_SLOWEST);
	assert_true(times(text, "<article") >= 25);
	free(text);
	text = check_run(&r, 3);
	assert_int_equal(times(text, "<article"), 3);
	free(text);
	r.n_services = LVT_MAX_SERVICES;
	run_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_parts),	       cmocka_unit_test(unknown_is_said),
		cmocka_unit_test(names_are_only_text), cmocka_unit_test(boxes_add_up),
		cmocka_unit_test(steps_are_round),     cmocka_unit_test(small_and_empty),
		cmocka_unit_test(never_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
