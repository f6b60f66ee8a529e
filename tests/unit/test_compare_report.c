// SPDX-License-Identifier: BSD-2-Clause
/* What the reports of a comparison say, in words and in JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../lib/compare_fill.h"
#include "../lib/json_look.h"
#include "../lib/text_look.h"
#include "report/compare.h"
#include "report/compare_words.h"

static struct run_set before, after;
static struct comparison c;

static void sets(size_t m, size_t n, double factor, double spread)
{
	set_fill(&before, m, 1);
	set_fill(&after, n, 1);
	set_requests(&before, 4000, 1, spread, 1);
	set_requests(&after, 4000, factor, spread, 77);
}

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

static char *text_of(const char *columns, const struct fail_check *checks, size_t n)
{
	struct err e = { 0 };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	setenv("COLUMNS", columns, 1);
	assert_int_equal(compare_text(out, &c, checks, n, &e), 0);
	fclose(out);
	return text;
}

static int the_json(FILE *out, const struct run *r, struct err *e)
{
	static const struct fail_check checks[] = { { "p99>+5%", COMPARE_HOLDS } };

	(void)r;
	return compare_json(out, &c, checks, 1, e);
}

static void several_runs_in_words(void **state)
{
	static const struct fail_check checks[] = { { "p99>+5%", COMPARE_HOLDS },
						    { "p50>+90%", COMPARE_UNKNOWN },
						    { "mean>+900%", COMPARE_HOLDS_NOT } };
	char *text;

	(void)state;
	sets(5, 5, 1.5, 0.03);
	compare();
	text = text_of("120", checks, 3);
	assert_ptr_equal(strstr(text, "redis-server:6379\n  p99 is higher (worse) after: "), text);
	assert_says(text, "also after: p50 higher (ratio 1.");
	assert_says(text, "fail if p99>+5%: holds");
	assert_says(text, "fail if p50>+90%: cannot be decided");
	assert_says(text, "fail if mean>+900%: does not hold");
	assert_says(text, "5 runs before, 5 after");
	assert_row(text, "throughput 400 /s 400 /s 1.000 1.000 to 1.000 alike");
	assert_row(text, "filter -p 6379");
	assert_says(text, "lvt trial");
	assert_silent(text, "!");
	assert_silent(text, "IMPROVED");
	assert_silent(text, "REGRESSED");
	free(text);
	done();
	sets(5, 5, 0.5, 0.03);
	compare();
	text = text_of("120", NULL, 0);
	assert_says(text, "p99 is lower (better) after");
	free(text);
	done();
	sets(6, 6, 1, 0.2);
	compare();
	text = text_of("120", NULL, 0);
	assert_says(text, "no difference seen in p99: ratio");
	assert_says(text, "would most likely");
	free(text);
	done();
}

static void one_run_in_words(void **state)
{
	static const double worth[1][COMPARE_QUANTILES] = { { 4000, 4000, 4000, 4000 } };
	char *text;

	(void)state;
	sets(1, 1, 2, 0);
	compare();
	text = text_of("120", NULL, 0);
	assert_says(text, "p99: undecided; a run has too few intervals to tell");
	assert_says(text, "more runs: how much runs differ by themselves");
	assert_says(text, "longer runs");
	free(text);
	comparison_free(&c);
	before.side.effective = after.side.effective = worth;
	before.side.intervals = 40;
	after.side.intervals = 10;
	compare();
	text = text_of("500", NULL, 0);
	assert_says(text, "p99 differs beyond within-run noise");
	assert_says(text, "not a verdict");
	assert_says(text, "also beyond within-run noise: p50 (ratio 1.9");
	assert_says(text, ": 40 before and");
	assert_row(text, " differs\n");
	assert_row(text, " - not resolvable\n");
	assert_silent(text, "higher");
	assert_silent(text, "worse");
	free(text);
	done();
	sets(3, 3, 2, 0.01);
	compare();
	text = text_of("500", NULL, 0);
	assert_says(text, "3 against 3 runs cannot show any difference, however large, at 95");
	assert_says(text, "at least 4 a side");
	free(text);
	done();
}

static void warnings_and_hostile_names(void **state)
{
	static const char *const widths[] = { "40", "63", "64", "76", "78", "120" };
	static const struct fail_check checks[] = { { "p99>+5%", COMPARE_HOLDS } };
	char *text;

	(void)state;
	set_fill(&before, 4, 2);
	set_fill(&after, 4, 2);
	strcpy(after.runs[0].kernel, "Linux \033[31m6.1");
	for (int i = 0; i < 4; i++) {
		strcpy(after.runs[i].services[0].comm, "a\nb");
		after.runs[i].services[1].port = 7;
		strcpy(after.runs[i].services[1].comm, "only\033after");
	}
	set_requests(&before, 500, 1, 0.02, 1);
	set_requests(&after, 600, 12, 0.02, 1);
	compare();
	for (size_t i = 0; i < 6; i++) {
		text = text_of(widths[i], checks, 1);
		check_lines(text, atoi(widths[i]));
		assert_null(strchr(text, '\033'));
		assert_says(text, "! kernel");
		assert_says(text, "! load");
		assert_says(text, "! services");
		free(text);
	}
	text = text_of("120", NULL, 0);
	assert_says(text, "redis-server:6379 before, a\\x0ab:6379 after");
	assert_says(text, "only\\x1bafter:7 is only in runs after");
	assert_row(text,
		   "kernel before Linux 6.18.44; after Linux \\x1b[31m6.1, Linux 6.18.44: another");
	assert_says(text, "runs made alike: kernel, load");
	free(text);
	done();
}

static void the_moved_stages(void **state)
{
	char *text;

	(void)state;
	set_fill(&before, 1, 1);
	set_fill(&after, 1, 1);
	for (int k = 0; k < 1000; k++) {
		fill(before.runs[0].services[0].sum, STAGE_SERVICE_CPU, 50000ull, -1);
		fill(after.runs[0].services[0].sum, STAGE_SERVICE_CPU, 40000ull, STAGE_SERVICE_LOCK,
		     30000ull, STAGE_QUEUE_BUSY, 100ull, -1);
	}
	compare();
	text = text_of("100", NULL, 0);
	assert_row(text, "at p50 50 µs 70 µs +20 µs");
	assert_row(text, "service.lock 0 ns 30 µs +30 µs 149 %");
	assert_row(text, "service.cpu 50 µs 40 µs -10 µs -50 %");
	assert_silent(text, "queue.busy");
	free(text);
	done();
}

static void in_json(void **state)
{
	json_t *root;

	(void)state;
	sets(5, 5, 1.5, 0.03);
	compare();
	root = parse(the_json, NULL);
	assert_string_equal(word(root, "schema"), "lvt.compare/1");
	assert_string_equal(word(root, "method"), "ranks");
	assert_string_equal(word(root, "services/0/verdict/saying"), "higher");
	assert_non_null(strstr(word(root, "services/0/verdict/text"), "p99 is higher (worse)"));
	assert_true(fabs(number(root, "services/0/metrics/p99/ratio") -
			 c.services[0].values[COMPARE_P99].ratio) < 1e-9);
	assert_true(number(root, "services/0/metrics/p99.9/beyond/before") > 19);
	assert_true(json_is_null(at(root, "services/0/metrics/p99/gap")));
	assert_true(json_is_null(at(root, "services/0/metrics/mean/beyond/after")));
	assert_true(number(root, "services/0/anatomy/1/stages/service.cpu/before_ns") > 0);
	assert_int_equal(json_object_size(at(root, "services/0/anatomy/0/stages")), NR_STAGES);
	assert_int_equal(number(root, "services/0/requests/after"), 20000);
	assert_string_equal(word(root, "services/0/match"), "port_and_name");
	assert_string_equal(word(root, "conditions/3/name"), "kernel");
	assert_true(json_is_false(at(root, "conditions/3/warns")));
	assert_string_equal(word(root, "fail_if/0/answer"), "holds");
	assert_int_equal(json_array_size(at(root, "unmatched/before")), 0);
	assert_true(json_array_size(at(root, "firmer")) >= 1);
	json_decref(root);
	done();
	sets(1, 1, 1.5, 0);
	compare();
	root = parse(the_json, NULL);
	assert_int_equal(number(root, "intervals/before"), 0);
	assert_string_equal(word(root, "method"), "within-run");
	assert_string_equal(word(root, "services/0/metrics/p50/gap"), "no_intervals");
	assert_true(json_is_null(at(root, "services/0/metrics/p50/low")));
	assert_true(json_is_null(at(root, "least_p")));
	json_decref(root);
	done();
}

static void every_enum_has_a_word(void **state)
{
	(void)state;
	for (int s = 0; s <= COMPARE_UNDECIDED; s++)
		assert_true(compare_saying_word(s)[0]);
	for (int g = 1; g <= COMPARE_NO_SPREAD; g++)
		assert_true(compare_gap_word(g)[0]);
	for (int a = 0; a <= COMPARE_HOLDS; a++)
		assert_true(compare_answer_word(a)[0]);
	assert_string_equal(compare_gap_word(COMPARE_FEW_RUNS), "few_runs");
	assert_string_equal(compare_gap_word(COMPARE_NO_SPREAD), "no_spread");
	assert_string_equal(compare_saying_word(COMPARE_UNDECIDED), "undecided");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(several_runs_in_words),
		cmocka_unit_test(one_run_in_words),
		cmocka_unit_test(warnings_and_hostile_names),
		cmocka_unit_test(the_moved_stages),
		cmocka_unit_test(in_json),
		cmocka_unit_test(every_enum_has_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
