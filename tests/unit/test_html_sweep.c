// SPDX-License-Identifier: BSD-2-Clause
/* The page of a sweep: what it says, that it is safe, well-formed, small, and as the JSON says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>

#include "../lib/html_look.h"
#include "../lib/sweep_fill.h"
#include "../lib/text_look.h"
#include "base/units.h"
#include "report/sweep.h"
#include "report/sweep_words.h"

enum { MOST_BYTES = 500000 };

static char *page_of(const struct sweep *s, struct sweep_analysis *a)
{
	struct sweep_report r = { s, a };
	struct err e = { 0 };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	sweep_analyse(s, a);
	assert_int_equal(sweep_html(out, &r, &e), 0);
	fclose(out);
	assert_true(size < MOST_BYTES);
	assert_int_equal(strlen(text), size);
	check_page(text);
	assert_silent(text, "<script");
	assert_null(strchr(text, '\033'));
	return text;
}

static struct sweep *a_queue(void)
{
	const struct fill_queue q = { .service_ns = 200e3, .seed = 5 };
	struct sweep *s = fill_plan(500, 6500, 7, 5e6);

	fill_sweep(s, &q, 2);
	return s;
}

static json_t *json_of(const struct sweep *s, const struct sweep_analysis *a)
{
	struct sweep_report r = { s, a };
	struct err e = { 0 };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	json_t *root;

	assert_int_equal(sweep_json(out, &r, &e), 0);
	fclose(out);
	root = json_loads(text, 0, NULL);
	free(text);
	assert_non_null(root);
	return root;
}

static double number(json_t *v, const char *first, const char *second)
{
	v = json_object_get(v, first);
	v = second ? json_object_get(v, second) : v;
	assert_true(json_is_number(v));
	return json_number_value(v);
}

static void all_parts(void **state)
{
	struct sweep_analysis *a = malloc(sizeof(*a));
	struct sweep *s = a_queue();
	char *text = page_of(s, a);

	(void)state;
	assert_says(text, "<h1>127.0.0.1:6379</h1>");
	assert_says(text, "<b class=\"label\">capacity</b> p99 &lt; 5.0 ms holds up to ");
	assert_says(text, "<b class=\"label\">knee</b> ");
	assert_says(text, "<b class=\"label\">prediction</b> M/G/1");
	assert_int_equal(times(text, "<svg class=\"figure "), 2);
	assert_int_equal(times(text, "<pattern id=\"hatch\""), 1);
	assert_int_equal(times(text, "<rect class=\"hover\""), 2 * s->n);
	assert_int_equal(times(text, ">throughput: requests answered rightly per second</text>"),
			 2);
	assert_says(text, "<caption>Which rate to run at</caption>");
	assert_says(text, "<caption>Where a mean request’s time went in the service</caption>");
	assert_says(text, "<caption>M/G/1 beside the kernel’s view</caption>");
	assert_says(text, "<b>saturated</b>");
	assert_says(text, "prefers-color-scheme: dark");
	assert_silent(text, "Universal scalability");
	assert_silent(text, "\\x0a"); /* lines of titles end */
	free(text);
	free(s);
	free(a);
}

static void figures_are_those_of_the_json(void **state)
{
	struct sweep_analysis *a = malloc(sizeof(*a));
	struct sweep *s = a_queue();
	char *text = page_of(s, a);
	json_t *root = json_of(s, a), *steps = json_object_get(root, "steps"), *found, *step;
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(root, "findings"), i, found) {
		char *said = NULL;
		size_t size;
		FILE *out = open_memstream(&said, &size);

		for (const char *c = json_string_value(json_object_get(found, "text")); *c; c++)
			fputs(*c == '<' ? "&lt;" : (char[2]){ *c }, out);
		fclose(out);
		assert_says(text, said);
		free(said);
	}
	assert_int_equal(json_array_size(steps), s->n);
	json_array_foreach(steps, i, step) {
		char row[256], asked[UNIT_LEN], rate[UNIT_LEN], p50[UNIT_LEN], p99[UNIT_LEN];

		snprintf(row, sizeof(row),
			 "<tr><th scope=\"row\" class=\"n\">%s</th><td class=\"n\">%s</td>"
			 "<td class=\"n\">%s</td><td class=\"n\">%s</td>",
			 fmt_rate(asked, sizeof(asked), number(step, "rate_intended", NULL)),
			 fmt_rate(rate, sizeof(rate), number(step, "rate_achieved", NULL)),
			 fmt_ns(p50, sizeof(p50), number(step, "latency_ns", "p50")),
			 fmt_ns(p99, sizeof(p99), number(step, "latency_ns", "p99")));
		assert_says(text, row);
		if (json_is_true(json_object_get(step, "saturated")))
			continue;
		snprintf(row, sizeof(row), "<td class=\"n\">%s</td><td class=\"n\">%s</td>",
			 fmt_ns(p50, sizeof(p50),
				number(json_object_get(step, "kernel"), "latency_ns", "mean")),
			 fmt_ns(p99, sizeof(p99), number(step, "prediction", "latency_mean_ns")));
		assert_says(text, row);
	}
	json_decref(root);
	free(text);
	free(s);
	free(a);
}

/* Connections are whole ones: the table says what the sentence says. */
static void closed_loop(void **state)
{
	struct sweep_analysis *a = malloc(sizeof(*a));
	struct sweep *s = fill_plan(1, 64, 7, NAN);
	char *text, row[128], at[UNIT_LEN];
	double n;

	(void)state;
	s->mode = SWEEP_CONNECTIONS;
	while (sweep_next_rate(s, &n)) {
		struct sweep_step *p = &s->steps[s->n++];

		sweep_step_init(p);
		p->connections = n;
		p->rate = 1000 * n / (1 + 0.05 * (n - 1) + 0.002 * n * (n - 1));
		p->seconds = 1;
		p->in_flight = n;
		p->mean = p->p50 = n / p->rate * 1e9;
		p->p99 = p->objective.value = 2 * p->mean;
	}
	text = page_of(s, a);
	assert_true(a->balance.latency.known);
	sweep_asked_text(at, s, a->balance.latency.at);
	snprintf(row, sizeof(row), "For latency first, run at %s", at);
	assert_says(text, row);
	snprintf(row, sizeof(row), ">latency</th><td class=\"n\">%.*s<", (int)strcspn(at, " "), at);
	assert_says(text, row);
	assert_says(text, "<caption>Universal scalability law beside what was carried</caption>");
	assert_int_equal(times(text, ">Throughput by connections<"), 2);
	assert_says(text, "<dt>Service</dt><dd>not traced</dd>");
	assert_silent(text, "Where a mean request");
	free(text);
	free(s);
	free(a);
}

static void hostile_and_empty(void **state)
{
	struct sweep_analysis *a = malloc(sizeof(*a));
	struct sweep *s = fill_plan(100, 300, 3, 5e6);
	char *text;

	(void)state;
	text = page_of(s, a); /* stopped before its first step */
	assert_silent(text, "<svg");
	free(text);
	strcpy(s->target, "\033[31m<script>&\"'");
	strcpy(s->request, "GET \xff\n</dd>");
	strcpy(s->service, "<script>");
	strcpy(s->label, "</h1><script>");
	for (s->n = 0; s->n < 3; s->n++) {
		struct sweep_step *p = &s->steps[s->n];

		sweep_step_init(p);
		p->rate_intended = p->rate = 100 * (s->n + 1);
		p->p50 = p->mean = 1e6;
		p->p99 = p->objective.value = s->n ? INFINITY : 2e6;
		p->failed = 7 * s->n;
		p->late = s->n == 1;
	}
	text = page_of(s, a);
	assert_says(text, "<h1>&lt;/h1&gt;&lt;script&gt;</h1>");
	assert_says(text, "\\x1b[31m&lt;script&gt;&amp;&quot;&#39;");
	assert_says(text, "<td class=\"n\">failed</td>");
	assert_says(text, ">late</td>");
	free(text);
	free(s);
	free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_parts),
		cmocka_unit_test(figures_are_those_of_the_json),
		cmocka_unit_test(closed_loop),
		cmocka_unit_test(hostile_and_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
