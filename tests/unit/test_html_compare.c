// SPDX-License-Identifier: BSD-2-Clause
/* The page of a comparison: what it says, that it is safe, well-formed, small, and as the JSON says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../lib/client_fill.h"
#include "../lib/compare_fill.h"
#include "../lib/html_look.h"
#include "../lib/json_look.h"
#include "../lib/text_look.h"
#include "report/compare.h"
#include "report/compare_words.h"

static struct run_set before, after;
static struct comparison c;

static void compare(void)
{
	struct compare_options o = compare_options_default();
	struct err e = { 0 };

	assert_int_equal(compare_runs(&before.side, &after.side, &o, &c, &e), 0);
}

static void done(void)
{
	comparison_free(&c);
	set_free(&before);
	set_free(&after);
}

static char *page_of(const struct fail_check *checks, size_t n)
{
	struct err e = { 0 };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(compare_html(out, &c, checks, n, &e), 0);
	fclose(out);
	assert_true(size <= COMPARE_HTML_BYTES);
	assert_int_equal(strlen(text), size);
	check_page(text);
	assert_silent(text, "<script");
	return text;
}

static int the_json(FILE *out, const struct run *r, struct err *e)
{
	(void)r;
	return compare_json(out, &c, NULL, 0, e);
}

static void several_runs(void **state)
{
	static const struct fail_check checks[] = { { "p99>+5%", COMPARE_HOLDS },
						    { "p50<<b>", COMPARE_HOLDS_NOT } };
	char *text;

	(void)state;
	set_fill(&before, 5, 1);
	set_fill(&after, 5, 1);
	set_requests(&before, 4000, 1, 0.03, 1);
	set_requests(&after, 4000, 1.5, 0.03, 77);
	strcpy(after.runs[2].kernel, "Linux 7");
	compare();
	text = page_of(checks, 2);
	assert_says(text, "<b>redis-server:6379</b></a>: p99 is higher (worse) after: ");
	assert_says(text, "<p class=\"warning\">fail if p99&gt;+5%: holds</p>");
	assert_says(text, "<p class=\"finding\">fail if p50&lt;&lt;b&gt;: does not hold</p>");
	assert_says(text, "5 runs before, 5 after: exact ranks of runs.");
	assert_says(text, "<p class=\"warning\">kernel: before Linux 6.18.44, after ");
	assert_says(text, "<b>differs</b>: another kernel");
	assert_says(text, "<path class=\"spread before\"");
	assert_says(text, "<path class=\"curve after\"");
	assert_silent(text, "class=\"bounds");
	assert_says(text, "<title>99 %\nbefore ");
	assert_silent(text, "\\x0a"); /* lines of titles end */
	assert_int_equal(times(text, "<span class=\"track worse\""), 5);
	assert_int_equal(times(text, "<span class=\"track better\""), 0);
	assert_int_equal(times(text, "class=\"whisker\""), NR_COMPARE_METRICS);
	assert_says(text, "<figcaption><b>Near p99</b>");
	assert_says(text, "class=\"delta s-service-cpu\" style=\"left:50.00%;");
	assert_says(text, "prefers-color-scheme: dark");
	free(text);
	done();
}

/* Only the noise within each is known: not which is better. */
static void one_run(void **state)
{
	static const double worth[1][COMPARE_QUANTILES] = { { 4000, 4000, 4000, 20000 } };
	static const double little[1][COMPARE_QUANTILES] = { { 4000, 4000, 4000, 300 } };
	char *text;

	(void)state;
	set_fill(&before, 1, 1);
	set_fill(&after, 1, 1);
	set_requests(&before, 20000, 1, 0, 1);
	set_requests(&after, 4000, 2, 0, 77);
	before.side.effective = worth;
	after.side.effective = little;
	before.side.intervals = after.side.intervals = 40;
	compare();
	text = page_of(NULL, 0);
	assert_says(text, "p99 differs beyond within-run noise");
	assert_says(text, "class=\"bounds before\"");
	assert_says(text, "class=\"bounds after\"");
	assert_silent(text, "class=\"spread");
	assert_silent(text, "track worse");
	assert_silent(text, "green is better");
	assert_says(text, "class=\"whisker no-high\""); /* p99.9 is not resolved */
	assert_says(text, " to ∞</td>");
	assert_silent(text, "inf;");
	assert_says(text, "class=\"dot hollow\"");
	assert_says(text, " or more</td>");
	free(text);
	done();
}

/* As the curve says so do the metrics, and the table behind the picture has the JSON's figures. */
static void figures_are_those_of_the_json(void **state)
{
	static const char *const names[] = { "p50", "p90", "p99", "p99.9" };
	static const double per[] = { 2, 10, 100, 1000 };
	const struct compare_curve *curve;
	char row[256], a[UNIT_LEN], b[UNIT_LEN], path[64];
	size_t told = 0;
	json_t *root;
	char *text;

	(void)state;
	set_fill(&before, 4, 1);
	set_fill(&after, 5, 1);
	set_requests(&before, 4000, 1, 0.1, 1);
	set_requests(&after, 3000, 1.5, 0.2, 77);
	compare();
	text = page_of(NULL, 0);
	root = parse(the_json, NULL);
	for (int side = 0; side < 2; side++) {
		curve = &c.services[0].curves[side];
		for (size_t i = 0; i + 1 < curve->n; i++)
			for (int m = 0; m < COMPARE_QUANTILES; m++)
				if (curve->points[i].per == per[m])
					assert_true(curve->points[i].ns ==
						    (side ? c.services[0].values[m].after :
							    c.services[0].values[m].before));
		for (size_t i = 1; i < curve->n; i++) {
			assert_true(curve->points[i].ns >= curve->points[i - 1].ns);
			assert_true(curve->points[i].low <= curve->points[i].ns);
			assert_true(curve->points[i].high >= curve->points[i].ns);
		}
	}
	for (int m = 0; m < 4; m++) {
		snprintf(path, sizeof(path), "services/0/metrics/%s/before", names[m]);
		fmt_ns(a, sizeof(a), number(root, path));
		snprintf(path, sizeof(path), "services/0/metrics/%s/after", names[m]);
		fmt_ns(b, sizeof(b), number(root, path));
		snprintf(row, sizeof(row), ">%s</th><td class=\"n\">%s</td><td class=\"n\">%s<",
			 names[m], a, b);
		assert_says(text, row);
	}
	for (size_t i = 0; i < curve->n; i++)
		told += compare_point_told(curve, i);
	assert_int_equal(json_array_size(at(root, "services/0/percentiles/after")), told);
	fmt_ns(a, sizeof(a), number(root, "services/0/percentiles/before/1/ns"));
	snprintf(row, sizeof(row), ">50</th><td class=\"n\">%s</td>", a);
	assert_says(text, row);
	json_decref(root);
	free(text);
	done();
}

static void hostile_names(void **state)
{
	char *text;

	(void)state;
	set_fill(&before, 4, 2);
	set_fill(&after, 4, 2);
	set_requests(&before, 500, 1, 0.02, 1);
	set_requests(&after, 600, 12, 0.02, 1);
	strcpy(after.runs[0].kernel, "</td><script>\033");
	for (int i = 0; i < 4; i++) {
		strcpy(after.runs[i].services[0].comm, "<script>'\"&");
		after.runs[i].services[1].port = 7;
		strcpy(after.runs[i].services[1].comm, "<script>2");
	}
	compare();
	text = page_of(NULL, 0);
	assert_says(text, "redis-server:6379 before, &lt;script&gt;&#39;&quot;&amp;:6379 after");
	assert_says(text, "&lt;/td&gt;&lt;script&gt;\\x1b");
	assert_says(text, "&lt;script&gt;2:7 is only in runs after");
	assert_null(strchr(text, '\033'));
	free(text);
	done();
}

static void load(struct run *r, int answered, int failed)
{
	struct run_client *l = fill_client(r, 6379, "GET <k>", 100);

	for (int i = 0; i < answered; i++)
		fill_answered(l, 1000, 0, 50000 + 100 * i);
	for (int i = 0; i < failed; i++)
		fill_failed(l, CLIENT_ERROR_TIMEOUT);
}

/* Of a client that failed its curve ends; of another tool's log no stages are known. */
static void odd_ones(void **state)
{
	char *text;

	(void)state;
	set_fill(&before, 1, 1);
	set_fill(&after, 1, 1);
	for (int k = 0; k < 100; k++) {
		fill(before.runs[0].services[0].sum, STAGE_UNATTRIBUTED, 50000ull, -1);
		fill(after.runs[0].services[0].sum, STAGE_UNATTRIBUTED, 90000ull, -1);
	}
	load(&before.runs[0], 1000, 0);
	load(&after.runs[0], 1000, 200);
	compare();
	text = page_of(NULL, 0);
	assert_says(text, "Not known: no stages in the runs.");
	assert_says(text, "<section id=\"service-2\">\n<h2>client of ");
	assert_says(text, ">90</th><td class=\"n\">");
	assert_says(text, "<td class=\"n\">failed</td>");
	free(text);
	done();
	set_fill(&before, 2, 1); /* no requests at all */
	set_fill(&after, 2, 1);
	compare();
	text = page_of(NULL, 0);
	assert_silent(text, "class=\"curve");
	assert_says(text, "no requests");
	free(text);
	done();
}

static void many_services_fit(void **state)
{
	char *text;

	(void)state;
	set_fill(&before, 4, LVT_MAX_SERVICES);
	set_fill(&after, 4, LVT_MAX_SERVICES);
	set_requests(&before, 300, 1, 0.1, 1);
	set_requests(&after, 300, 1.2, 0.1, 7);
	compare();
	text = page_of(NULL, 0);
	assert_int_equal(times(text, "<p class=\"finding\">"), LVT_MAX_SERVICES);
	assert_int_equal(times(text, "<section"), times(text, "<a href=\"#service-"));
	assert_true(times(text, "<section") > 10);
	if (times(text, "<section") < LVT_MAX_SERVICES)
		assert_says(text, "stand above only");
	free(text);
	done();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(several_runs),
		cmocka_unit_test(one_run),
		cmocka_unit_test(figures_are_those_of_the_json),
		cmocka_unit_test(hostile_names),
		cmocka_unit_test(odd_ones),
		cmocka_unit_test(many_services_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
