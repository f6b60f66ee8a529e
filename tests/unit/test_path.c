// SPDX-License-Identifier: BSD-2-Clause
// The learning path: its file, where the learner stands, articles with figures, predictions.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <cmocka.h>

#include "html_look.h"
#include "lab/path_fill.h"
#include "lab/path_print.h"
#include "path_fill.h"
#include "text_look.h"

static const struct path_item *item(const struct small *s, const char *name)
{
	struct err e = { 0 };
	const struct path_item *found = path_find(&s->path, name, &e);

	if (!found)
		print_error("%s\n", e.message);
	assert_non_null(found);
	return found;
}

static void mark_is(const struct small *s, const char *name, enum path_mark mark)
{
	assert_int_equal(path_state_of(&s->state, item(s, name))->mark, mark);
}

/* ---- the file */

static void the_file_is_read(void **state)
{
	struct small *s = small_open("{}");
	const struct path_item *unit = item(s, "alpine");

	(void)state;
	assert_int_equal(s->path.n, 10);
	assert_string_equal(s->path.note, "Both <sides>.");
	assert_string_equal(s->path.prerequisites, "");
	assert_string_equal(unit->number, "1.2");
	assert_string_equal(unit->about, "how and why");
	assert_string_equal(unit->phase->title, "First");
	assert_int_equal(unit->n_needs, 1);
	assert_string_equal(unit->needs[0]->name, "alpha");
	assert_true(unit->minutes == 25);
	assert_string_equal(item(s, "beta")->number, "2.1");
	small_close(s);
}

/* SMALL_PATH with one text replaced: refused, at this line, with these words. */
static void refused(const char *text, const char *by, int line, const char *words, const char *hint)
{
	char folder[64], *ini = calloc(1, sizeof(SMALL_PATH) + 256), where[160];
	const char *at = strstr(SMALL_PATH, text);
	struct err e = { 0 };
	struct path p;

	assert_non_null(at);
	sprintf(ini, "%.*s%s%s", (int)(at - SMALL_PATH), SMALL_PATH, by, at + strlen(text));
	small_folder(folder, ini);
	assert_true(path_read(&p, folder, &e) < 0);
	path_free(&p);
	if (line)
		snprintf(where, sizeof(where), "%s/path.ini:%d: ", folder, line);
	else
		snprintf(where, sizeof(where), "%s/path.ini: ", folder);
	assert_says(e.message, where);
	assert_says(e.message, words);
	assert_says(e.hint, hint);
	small_remove(folder);
	free(ini);
}

static void what_is_wrong_is_told_with_its_line(void **state)
{
	(void)state;
	refused("minutes = 20", "minuts = 20", 10, "unknown key 'minuts' in [unit alpha]",
		"did you mean 'minutes'?");
	refused("minutes = 20", "minutes = 0", 10, "minutes: '0'", "a number from 1 to 600");
	refused("minutes = 20", "minutes = 20 m", 10, "minutes: '20 m'", "a number");
	refused("minutes = 20\n", "", 7, "[unit] has no 'minutes'", "minutes = ");
	refused("title = Alpha\n", "title = Alpha\ntitle = B\n", 10,
		"'title' stands already in line 9", "");
	refused("title = Alpha\n", "title =\n", 9, "title: nothing is given", "");
	refused("phase = 1\ntitle = Alpha", "phase = 2\ntitle = Alpha", 8,
		"there is no [phase 2] before this", "the number of a phase");
	refused("needs = alpha", "needs = alpine", 12, "needs: 'alpine' is no unit or phase before",
		"phase-1");
	refused("needs = phase-1", "needs = phase-2", 19, "needs: 'phase-2'", "phase-1");
	refused("[unit beta]", "[unit alpha]", 22, "'alpha' stands already in line 7", "");
	refused("[unit beta]", "[unit Beta]", 22, "'Beta' is no name of a unit", "small letters");
	refused("[unit beta]", "[unt beta]", 22, "unknown section [unt beta]", "[unit NAME]");
	refused("[phase 2]", "[phase two]", 19, "'two' is no name of a phase", "[phase 2]");
	refused("wants = phase-2", "wants = phase-3", 35, "wants: 'phase-3'", "supplementary");
	refused("[unit beta]", "[unit gamma]", 22, "articles/gamma.md is not there", "its section");
	refused("[path]\n", "x = y\n[path]\n", 1, "'x' stands before any section", "");
	refused("[unit beta]\nphase = 2", "[unit beta]\nphase = 1", 19, "[phase 2] has no unit",
		"");
	refused("title = T\n", "title T\n", 2, "not a line of an INI file", "key = value");
}

static void names_are_found(void **state)
{
	static const struct {
		const char *name, *message, *hint;
	} wrong[] = {
		{ "alp", "'alp' begins more than one name", "'alpha' or 'alpine'" },
		{ "alpah", "unknown unit or resource 'alpah'", "did you mean 'alpha'?" },
		{ "giude", "unknown unit or resource 'giude'", "did you mean 'guide-one'?" },
		{ "xyzzy", "unknown unit or resource", "'lvt path' shows the names" },
		{ "", "unknown unit or resource ''", "shows the names" },
		{ "3.1", "unknown unit or resource '3.1'", "did you mean '1.1'?" },
		{ "phase-1", "unknown unit or resource", "" },
	};
	struct small *s = small_open("{}");
	struct err e;

	(void)state;
	assert_string_equal(item(s, "1.2")->name, "alpine");
	assert_string_equal(item(s, "alpi")->name, "alpine");
	assert_string_equal(item(s, "alpha")->name, "alpha");
	assert_string_equal(item(s, "g")->name, "guide-one");
	assert_string_equal(item(s, "walk")->name, "walk-one");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		e = (struct err){ 0 };
		assert_null(path_find(&s->path, wrong[i].name, &e));
		assert_int_equal(e.status, EXIT_USAGE);
		assert_says(e.message, wrong[i].message);
		assert_says(e.hint, wrong[i].hint);
	}
	small_close(s);
}

/* ---- where the learner stands */

static void next_is(const char *progress, const char *name, const char *command)
{
	struct small *s = small_open(progress);

	if (name) {
		assert_non_null(s->state.next);
		assert_string_equal(s->state.next->name, name);
	} else {
		assert_null(s->state.next);
	}
	assert_string_equal(s->state.command, command);
	small_close(s);
}

static void next_follows_what_is_done(void **state)
{
	(void)state;
	next_is("{}", "alpha", "lvt path 1.1");
	next_is("{'read': {'alpha': 'T'}}", "alpha", "lvt lab start 010");
	next_is("{'read': {'alpha': 'T'}, 'labs': {'010-one': {'started': 'T'}}}", "alpha",
		"lvt lab predict 010");
	next_is("{'read': {'alpha': 'T'}, 'labs': {'010-one': {'started': 'T', 'predictions': "
		"{'a': {'low': 1, 'high': 1}}}}}",
		"alpha", "sudo lvt lab run 010");
	next_is("{'read': {'alpha': 'T'}, 'labs': {'010-one': {'started': 'T', 'baseline': {}}}}",
		"alpha", "sudo lvt lab check 010");
	next_is("{'read': {'alpha': 'T'}, 'labs': {'010-one': {'passed': 'T'}}}", "alpine",
		"lvt path 1.2");
	next_is("{'read': {'alpha': 'T', 'alpine': 'T'}, 'labs': {'010-one': {'passed': 'T'}}}",
		"beta", "lvt path 2.1");
	next_is("{'read': {'alpha': 'T', 'alpine': 'T', 'beta': 'T'}, "
		"'labs': {'010-one': {'passed': 'T'}}}",
		"walk-one", "lvt path walk-one");
	next_is("{'read': {'alpha': 'T', 'alpine': 'T', 'beta': 'T', 'walk-one': 'T'}, "
		"'labs': {'010-one': {'passed': 'T'}}}",
		NULL, "");
}

static void locks_are_by_what_is_missing(void **state)
{
	struct small *s = small_open("{}");
	char words[96];

	(void)state;
	mark_is(s, "alpha", PATH_OPEN);
	mark_is(s, "alpine", PATH_LOCKED);
	mark_is(s, "beta", PATH_LOCKED);
	path_item_words(words, sizeof(words), &s->state, item(s, "alpine"));
	assert_string_equal(words, "locked: 1.1 first");
	path_item_words(words, sizeof(words), &s->state, item(s, "beta"));
	assert_string_equal(words, "locked: phase 1 first");
	assert_true(s->state.minutes_read == 75);
	assert_true(s->state.minutes_labs ==
		    10); /* without the extra one, and what is not possible */
	small_close(s);

	/* read is not done: a lab is missing */
	s = small_open("{'read': {'alpha': 'T'}}");
	mark_is(s, "alpha", PATH_OPEN);
	mark_is(s, "alpine", PATH_LOCKED);
	assert_true(s->state.minutes_read == 55);
	small_close(s);

	/* passed is not done: the article is missing; what was read while it was locked stays locked */
	s = small_open(
		"{'read': {'alpine': 'T', 'beta': 'T'}, 'labs': {'010-one': {'passed': 'T'}}}");
	mark_is(s, "alpha", PATH_OPEN);
	mark_is(s, "alpine", PATH_DONE);
	mark_is(s, "beta", PATH_DONE);
	assert_int_equal(s->state.units_done, 2);
	assert_int_equal(s->state.core_passed, 1);
	small_close(s);
}

static void a_lab_that_is_not_possible_does_not_block(void **state)
{
	struct small *s = small_open("{'read': {'alpha': 'T', 'alpine': 'T', 'beta': 'T'}, "
				     "'labs': {'010-one': {'passed': 'T'}}}");
	char *text = NULL;
	struct err e = { 0 };
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	mark_is(s, "beta", PATH_DONE);
	assert_int_equal(s->state.units_done, 3);
	setenv("COLUMNS", "80", 1);
	assert_int_equal(path_text(out, &s->state, &e), 0);
	fclose(out);
	check_lines(text, 80);
	assert_row(text, "030 three 10 min not possible here");
	assert_row(text, "needs 9999 CPUs");
	assert_row(text, "the unit\n can be done without it");
	free(text);
	small_close(s);
}

/* ---- articles */

static void figures_are_the_readers(void **state)
{
	static const struct {
		const char *text, *filled;
		size_t own;
	} cases[] = {
		{ "a {run:010.client.p50|none} b", "a 41.2 ms b", 1 },
		{ "{run:010-one.client.p50|none}", "41.2 ms", 1 },
		{ "{check:010.client.p50|none}", "950 µs", 1 },
		{ "{run:010.client.throughput|none}", "none", 0 }, /* null */
		{ "{run:010.client.p99|about **5 ms**}", "about **5 ms**", 0 },
		{ "{run:010.nonsense|none} {run:999.client.p50|no} {run:020.client.p50|x}",
		  "none no x", 0 },
		{ "{run:010.client.p50} {run:010|x} {x} {",
		  "{run:010.client.p50} {run:010|x} {x} {", 0 },
		{ "{run:010.client.p50|", "{run:010.client.p50|", 0 },
		{ "{run:010.client.p99|}", "", 0 },
	};
	struct small *s = small_open(
		"{'labs': {'010-one': {'baseline': {'file': 'none.hlog', 'figures': "
		"{'client.p50': 41200000, 'client.throughput': null}}, 'checks': ["
		"{'figures': {'client.p50': 1}}, {'figures': {'client.p50': 950000}}]}}}");
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t own;
		char *filled = path_fill(cases[i].text, &s->labs, &s->progress, &own, &e);

		assert_string_equal(filled, cases[i].filled);
		assert_int_equal(own, cases[i].own);
		free(filled);
	}
	small_close(s);
}

/* ---- predictions */

static void predictions_are_scored(void **state)
{
	json_t *labs =
		json_loads("{\"a\": {\"predictions\": {"
			   "\"w\": {\"low\": 2, \"high\": 2, \"truth\": 4}," /* factor 2 */
			   "\"x\": {\"low\": 1, \"high\": 4, \"truth\": 4}," /* middle 2: 2; held */
			   "\"y\": {\"low\": 10, \"high\": 40, \"truth\": 5}}}," /* middle 20: 4 */
			   "\"b\": {\"predictions\": {"
			   "\"v\": {\"low\": 0, \"high\": 1, \"truth\": 0}," /* held; no error */
			   "\"u\": {\"low\": 1, \"high\": 1, \"truth\": null}}}, \"c\": {}}",
			   0, NULL);
	struct prediction_score p = prediction_score(labs);
	char text[200];

	(void)state;
	assert_int_equal(p.made, 5);
	assert_int_equal(p.scored, 4);
	assert_int_equal(p.compared, 3);
	assert_true(fabs(exp(p.log_error) - 2) < 1e-9);
	assert_int_equal(p.intervals, 3);
	assert_int_equal(p.held, 2);
	assert_string_equal(prediction_score_text(text, sizeof(text), &p),
			    "4 scored, half of them within a factor of 2; 2 of 3 intervals held "
			    "(90 % should)");
	json_decref(labs);
	p = prediction_score(NULL);
	assert_true(isnan(p.log_error));
	assert_string_equal(prediction_score_text(text, sizeof(text), &p), "none yet");
}

/* ---- its forms */

typedef int (*printer)(FILE *out, const struct path_state *s, struct err *e);

static char *form(printer print, const struct small *s, const char *columns)
{
	struct err e = { 0 };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	setenv("COLUMNS", columns, 1);
	assert_int_equal(print(out, &s->state, &e), 0);
	fclose(out);
	return text;
}

static const char midway[] =
	"{'read': {'alpha': 'T'}, 'labs': {'010-one': {'started': 'T', 'baseline': "
	"{'figures': {'client.p50': 41200000}}, 'checks': "
	"[{'verdict': 'not met'}, {'verdict': 'not met'}]}}}";

static void the_screen_fits(void **state)
{
	static const char *const widths[] = { "80", "100", "120" };
	struct small *s = small_open(midway);

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char *text = form(path_text, s, widths[i]);

		check_lines(text, atoi(widths[i]));
		assert_row(text, "▸ 1.1 Alpha 20 min next\n what · article read\n "
				 "▸ 010 one 10 min not met, 2 checks\n · 020 two (extra)");
		assert_row(text, "– 1.2 Alpine 25 min locked: 1.1 first");
		assert_row(text, "next sudo lvt lab check 010 (one, 10 min)");
		free(text);
		text = form(path_checklist, s, widths[i]);
		check_lines(text, atoi(widths[i]));
		assert_row(text, "[ ] Phase 1 0 of 2\n ▸ 1.1 Alpha\n lab 010 not met, 2 checks\n");
		free(text);
	}
	small_close(s);
	s = small_open("{'read': {'alpha': 'T', 'alpine': 'T', 'beta': 'T', 'walk-one': 'T'}, "
		       "'labs': {'010-one': {'passed': 'T'}}}");
	for (size_t i = 0; i < 3; i++) {
		char *text = form(path_checklist, s, widths[i]);

		assert_row(text, "[x] Phase 1 2 of 2");
		assert_row(text, "[x] Walks 1 of 1");
		assert_row(text, "next Everything is done.");
		free(text);
	}
	small_close(s);
}

static void the_json_has_it_all(void **state)
{
	struct small *s = small_open(midway);
	char *text = form(path_json, s, "80");
	json_t *root = json_loads(text, 0, NULL), *unit, *lab;

	(void)state;
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "schema")), "lvt.path/1");
	unit = json_array_get(
		json_object_get(json_array_get(json_object_get(root, "phases"), 0), "units"), 1);
	assert_string_equal(json_string_value(json_object_get(unit, "state")), "locked");
	assert_string_equal(json_string_value(json_object_get(unit, "locked_by")), "1.1");
	unit = json_array_get(
		json_object_get(json_array_get(json_object_get(root, "phases"), 0), "units"), 0);
	lab = json_array_get(json_object_get(unit, "labs"), 0);
	assert_string_equal(json_string_value(json_object_get(lab, "verdict")), "not met");
	assert_int_equal(json_integer_value(json_object_get(lab, "checks")), 2);
	assert_true(json_is_null(json_object_get(lab, "missing_here")));
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(root, "next"), "command")),
		"sudo lvt lab check 010");
	json_decref(root);
	free(text);
	small_close(s);
}

static void the_page_is_whole(void **state)
{
	struct small *s = small_open(midway);
	char *text = form(path_html, s, "80");

	(void)state;
	check_page(text);
	assert_says(text, "<section id=\"alpine\">\n<h2>1.2 Alpine</h2>");
	assert_int_equal(times(text, "<section "), 6);
	assert_int_equal(times(text, "<p>p50 41.2 ms, see <a href=\"#beta\">b</a>.</p>"), 5);
	assert_says(text, "1 figure of your own runs");
	assert_says(text, "Both &lt;sides&gt;.");
	assert_says(text, "the &lt;rest&gt;");
	assert_null(strstr(text, "<h1 id="));
	free(text);
	small_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_file_is_read),
		cmocka_unit_test(what_is_wrong_is_told_with_its_line),
		cmocka_unit_test(names_are_found),
		cmocka_unit_test(next_follows_what_is_done),
		cmocka_unit_test(locks_are_by_what_is_missing),
		cmocka_unit_test(a_lab_that_is_not_possible_does_not_block),
		cmocka_unit_test(figures_are_the_readers),
		cmocka_unit_test(predictions_are_scored),
		cmocka_unit_test(the_screen_fits),
		cmocka_unit_test(the_json_has_it_all),
		cmocka_unit_test(the_page_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
