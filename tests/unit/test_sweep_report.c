// SPDX-License-Identifier: BSD-2-Clause
/* What is told about a sweep: JSON, text and image, of a simulated queue and of odd ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>

#include "../lib/html_look.h"
#include "../lib/sweep_fill.h"
#include "base/units.h"
#include "report/sweep.h"

typedef int render(FILE *out, const struct sweep_report *r, struct err *e);

static char *rendered(const struct sweep *s, render *how)
{
	struct sweep_analysis *a = malloc(sizeof(*a));
	struct sweep_report r = { s, a };
	struct err e = { 0 };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_true(a && out);
	sweep_analyse(s, a);
	assert_int_equal(how(out, &r, &e), 0);
	fclose(out);
	free(a);
	return text;
}

static json_t *json_of(const struct sweep *s)
{
	char *text = rendered(s, sweep_json);
	json_error_t error;
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	if (!root)
		print_error("%s at line %d\n", error.text, error.line);
	assert_non_null(root);
	assert_null(strstr(text, "inf\"") ? text : strstr(text, "nan"));
	free(text);
	return root;
}

/* A value by its path; keys are parted by /. */
static json_t *at(json_t *v, const char *path)
{
	char *copy = strdup(path), *save = NULL;

	for (char *key = strtok_r(copy, "/", &save); key && v; key = strtok_r(NULL, "/", &save))
		v = json_is_array(v) ? json_array_get(v, atoi(key)) : json_object_get(v, key);
	if (!v)
		print_error("no %s\n", path);
	free(copy);
	assert_non_null(v);
	return v;
}

static double number(json_t *root, const char *path)
{
	assert_true(json_is_number(at(root, path)));
	return json_number_value(at(root, path));
}

static struct sweep *a_queue(void)
{
	const struct fill_queue q = { .service_ns = 200e3, .seed = 5 };
	struct sweep *s = fill_plan(500, 6500, 7, 5e6);

	fill_sweep(s, &q, 3);
	return s;
}

static void as_json(void **state)
{
	struct sweep *s = a_queue();
	json_t *root = json_of(s), *bad;

	(void)state;
	assert_string_equal(json_string_value(at(root, "schema")), "lvt.sweep/1");
	assert_string_equal(json_string_value(at(root, "sweep/mode")), "rates");
	assert_string_equal(json_string_value(at(root, "objective/metric")), "p99");
	assert_true(number(root, "objective/bound_ns") == 5e6);
	assert_int_equal(json_array_size(at(root, "steps")), s->n);
	assert_true(number(root, "steps/0/rate_intended") == 500);
	assert_true(number(root, "steps/0/latency_ns/p99") == s->steps[0].p99);
	assert_true(number(root, "steps/0/objective_ns/low") == s->steps[0].objective.low);
	assert_true(number(root, "steps/0/due") == s->steps[0].due);
	assert_true(number(root, "steps/0/kernel/stages_ns/queue.busy") > 0);
	assert_true(fabs(number(root, "steps/0/prediction/rho") - 0.1) < 0.02);
	assert_true(json_is_null(at(root, "steps/0/closed_latency_p99_ns")));
	assert_true(json_is_false(at(root, "steps/0/saturated")));
	bad = at(root, "steps/6");
	assert_true(json_is_true(at(bad, "saturated")));
	assert_true(json_is_null(at(bad, "prediction/latency_mean_ns"))); /* infinite */
	assert_true(number(bad, "prediction/rho") > 1);
	assert_string_equal(json_string_value(at(root, "knee/found")), "found");
	assert_true(number(root, "knee/low") < number(root, "knee/high"));
	assert_string_equal(json_string_value(at(root, "capacity/found")), "found");
	assert_true(fabs(number(root, "capacity/at") / 4071 - 1) < 0.15);
	assert_true(number(root, "saturation/highest_rate") > 4800);
	assert_string_equal(json_string_value(at(root, "law/name")), "M/G/1");
	assert_true(json_is_null(at(root, "law/why_not")));
	assert_true(json_is_null(at(root, "usl")));
	assert_true(number(root, "balance/throughput_first/share_of_highest_rate") > 0.85);
	assert_true(json_array_size(at(root, "findings")) >= 6);
	json_decref(root);

	/* failed quantiles */
	s->steps[0].p99_9 = s->steps[0].max = INFINITY;
	s->steps[0].failed = 7;
	root = json_of(s);
	assert_true(json_is_null(at(root, "steps/0/latency_ns/p99_9")));
	assert_true(number(root, "steps/0/failed") == 7);
	json_decref(root);
	free(s);
}

static void has(const char *text, const char *what)
{
	if (!strstr(text, what))
		print_error("no '%s' in\n%s\n", what, text);
	assert_non_null(strstr(text, what));
}

/* No line is wider than it may be, ends in a space, or has a control character. */
static void well_formed(char *text, int columns)
{
	for (char *save = NULL, *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if ((int)utf8_width(line) > columns || line[strlen(line) - 1] == ' ')
			print_error("'%s'\n", line);
		assert_true((int)utf8_width(line) <= columns);
		assert_true(line[strlen(line) - 1] != ' ');
		assert_null(strchr(line, '\033'));
	}
}

static void as_text(void **state)
{
	static const int columns[] = { 80, 100, 120 };
	struct sweep *s = a_queue();
	char number[8], *text;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		snprintf(number, sizeof(number), "%d", columns[i]);
		setenv("COLUMNS", number, 1);
		text = rendered(s, sweep_text);
		has(text, "127.0.0.1:6379 · GET key · redis-server");
		has(text, "p99 < 5.0 ms holds up to");
		has(text, "(Kleinrock 1979)");
		has(text, "It kept up with");
		has(text, "For latency first, run at");
		has(text, "For throughput first, run at");
		has(text, "M/G/1 beside the kernel's view");
		has(text, "knee ");
		has(text, "╌ p99 < 5.0 ms ╌");
		has(text, "━━");
		has(text, "█ queue.busy   ▓ service.cpu");
		has(text, "saturated");
		well_formed(text, columns[i]);
		free(text);
	}
	free(s);
}

/* Steps by hand: n of them, of a p99 each, at 100/s, 200/s ... */
static struct sweep *by_hand(const double *p99, size_t n)
{
	struct sweep *s = fill_plan(100, 100 * n, n, 5e6);

	strcpy(s->target, "\033[31m<b>&\"'");
	strcpy(s->request, "GET \xff\n");
	strcpy(s->arrivals, "poisson");
	s->n = n;
	for (size_t i = 0; i < n; i++) {
		struct sweep_step *p = &s->steps[i];

		sweep_step_init(p);
		p->rate_intended = p->rate = 100 * (i + 1);
		p->seconds = 10;
		p->due = p->sent = p->rate * 10;
		p->mean = p->p50 = isfinite(p99[i]) ? p99[i] / 3 : 1e6;
		p->p99 = p->objective.value = p99[i];
	}
	return s;
}

static render *const renders[] = { sweep_text, sweep_json, sweep_svg, sweep_html };

/* Elements that are opened are closed, numbers are numbers, and what comes from outside is text. */
static void drawn_well(const char *text)
{
	static const char *const names[] = { "text",  "tspan", "g",    "title",
					     "style", "svg",   "defs", "pattern" };
	char open[24], open_plain[24], close[24];

	assert_int_equal(strncmp(text, "<svg ", 5), 0);
	assert_string_equal(text + strlen(text) - 7, "</svg>\n");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(open, sizeof(open), "<%s ", names[i]);
		snprintf(open_plain, sizeof(open_plain), "<%s>", names[i]);
		snprintf(close, sizeof(close), "</%s>", names[i]);
		assert_int_equal(times(text, open) + times(text, open_plain), times(text, close));
	}
	assert_null(strstr(text, "nan"));
	assert_null(strstr(text, "\"inf"));
	assert_null(strstr(text, " inf\""));
	assert_null(strstr(text, "<b>"));
	assert_int_equal(times(text, "http"), 1); /* the name space: nothing is loaded */
	assert_int_equal(times(text, "\""), 2 * (times(text, "\"") / 2));
}

static void anyhow(struct sweep *s)
{
	setenv("COLUMNS", "80", 1);
	for (size_t i = 0; i < sizeof(renders) / sizeof(*renders); i++) {
		char *text = rendered(s, renders[i]);

		assert_true(strlen(text) > 20);
		assert_null(strchr(text, '\033'));
		if (renders[i] == sweep_text)
			well_formed(text, 80);
		if (renders[i] == sweep_svg)
			drawn_well(text);
		if (renders[i] == sweep_html)
			check_page(text);
		free(text);
	}
	json_decref(json_of(s));
}

static void odd_ones(void **state)
{
	static const double flat[] = { 1e6, 1e6, 1e6 }, failed[] = { 1e6, INFINITY, INFINITY };
	static const double nothing[] = { INFINITY, INFINITY, INFINITY }, unknown[] = { NAN, NAN };
	static const double *const all[] = { flat, failed, nothing };
	struct sweep *s;

	(void)state;
	for (size_t k = 0; k < 3; k++)
		for (size_t n = 0; n <= 3; n++) {
			s = by_hand(all[k], n);
			anyhow(s);
			for (size_t i = 0; i < n; i++)
				s->steps[i].saturated = true;
			anyhow(s);
			s->slo.bound_ns = NAN;
			anyhow(s);
			for (size_t i = 0; i < n; i++)
				s->steps[i].dropped = true;
			anyhow(s);
			free(s);
		}
	s = by_hand(unknown, 2);
	anyhow(s);
	s->steps[0].rate = NAN;
	s->steps[1].seconds = s->steps[1].due = 0;
	anyhow(s);
	free(s);
}

static void says(const double *p99, size_t n, void (*change)(struct sweep *), const char *what)
{
	struct sweep *s = by_hand(p99, n);
	char *text;

	if (change)
		change(s);
	setenv("COLUMNS", "500", 1); /* the page takes 120 of them */
	text = rendered(s, sweep_json);
	has(text, what);
	free(text);
	free(s);
}

static void saturate(struct sweep *s)
{
	s->steps[s->n - 1].saturated = true;
}

static void saturate_all(struct sweep *s)
{
	for (size_t i = 0; i < s->n; i++)
		s->steps[i].saturated = true;
}

static void be_late(struct sweep *s)
{
	s->steps[1].late = true;
}

static void drop(struct sweep *s)
{
	s->steps[1].dropped = true;
}

static void hide(struct sweep *s)
{
	s->steps[1].closed_p99 = 0.2e6;
}

static void bound(struct sweep *s)
{
	for (size_t i = 0; i < s->n; i++)
		s->steps[i].objective = (struct bounded){ s->steps[i].p99, s->steps[i].p99 * 0.9,
							  s->steps[i].p99 * 1.1 };
}

static void honest_words(void **state)
{
	static const double up[] = { 1e6, 2e6, 30e6 }, low[] = { 1e6, 1e6, 1e6 };
	static const double high[] = { 9e6, 10e6, 30e6 }, close[] = { 4.8e6, 5.2e6, 5.3e6 };

	(void)state;
	says(up, 3, NULL,
	     "p99 < 5.0 ms holds up to 234 /s (by the steps beside it: 200 /s to 300 /s)");
	says(up, 3, bound, "p99 < 5.0 ms holds up to 234 /s (95 % interval: 200 /s to 300 /s).");
	says(close, 3, bound, "holds up to 151 /s (95 % interval: anywhere).");
	says(low, 3, NULL, "holds up to 300 /s, the highest step: its end was not reached.");
	says(low, 3, saturate, "what ends it is saturation");
	says(high, 3, NULL, "does not hold even at 100 /s, the lowest step.");
	says(low, 3, saturate_all, "the lowest step, which is saturated.");
	says(low, 3, saturate_all, "It did not keep up even with 100 /s");
	says(low, 3, NULL,
	     "It kept up with every rate to 300 /s: where it saturates was not reached.");
	says(low, 3, NULL, "The knee is at or above 300 /s, the highest step");
	says(up, 3, NULL, "None: how long a request occupies its server is not known");
	says(up, 3, be_late, "In 1 of 3 steps the generator itself was late");
	says(up, 3, drop, "1 step is left out: nothing came of it.");
	says(up, 3, hide,
	     "At 200 /s a closed loop would have reported a p99 of 200 µs instead of 2.0 ms");
	says(low, 0, NULL, "No step measured whether p99 < 5.0 ms holds.");
}

static void as_svg(void **state)
{
	struct sweep *s = a_queue();
	char *text = rendered(s, sweep_svg);
	size_t traced = s->n;

	(void)state;
	drawn_well(text);
	has(text,
	    "<text class=\"title\" x=\"24\" y=\"34\">127.0.0.1:6379 · GET key · redis-server</text>");
	has(text, ">predicted, M/G/1</text>");
	has(text, ">knee ");
	has(text, ">capacity ");
	has(text, ">p99 &lt; 5.0 ms</text>");
	has(text, "<path class=\"stage s-queue-busy\"");
	has(text, "<path class=\"hatched s-queue-busy\"");
	has(text, "prefers-color-scheme: dark");
	has(text, "throughput: requests answered rightly per second");
	assert_int_equal(times(text, "<rect class=\"hover\""), traced);
	assert_true(times(text, "(saturated)") >= 1);
	assert_null(strstr(text, "\\x0a")); /* lines of titles end */
	free(text);
	free(s);
}

static void closed_loop(void **state)
{
	struct sweep *s = fill_plan(1, 64, 7, 20e6);
	char *text;
	json_t *root;
	double n;

	(void)state;
	s->mode = SWEEP_CONNECTIONS;
	while (sweep_next_rate(s, &n)) {
		struct sweep_step *p = &s->steps[s->n++];

		sweep_step_init(p);
		p->connections = n;
		p->rate = 1000 * n / (1 + 0.05 * (n - 1) + 0.002 * n * (n - 1));
		p->seconds = 1;
		p->due = p->rate;
		p->in_flight = n;
		p->mean = n / p->rate * 1e9;
		p->p50 = p->mean;
		p->p99 = p->objective.value = 2 * p->mean;
	}
	anyhow(s);
	root = json_of(s);
	assert_true(fabs(number(root, "usl/contention") - 0.05) < 1e-6);
	assert_true(fabs(number(root, "usl/coherency") - 0.002) < 1e-6);
	assert_true(fabs(number(root, "usl/peak_connections") - sqrt(0.95 / 0.002)) < 0.01);
	assert_true(json_is_null(at(root, "steps/0/rate_intended")));
	json_decref(root);
	text = rendered(s, sweep_svg);
	has(text, "Throughput by connections");
	free(text);
	text = rendered(s, sweep_text);
	has(text, "universal scalability law beside what was carried");
	has(text, "contention 5 %, coherency 0.2 %");
	free(text);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_json),  cmocka_unit_test(as_text),
		cmocka_unit_test(as_svg),   cmocka_unit_test(closed_loop),
		cmocka_unit_test(odd_ones), cmocka_unit_test(honest_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
