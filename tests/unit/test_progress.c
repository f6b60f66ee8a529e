/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <glob.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "lab/learner.h"
#include "lab/progress.h"
#include "lab/texts.h"

static char temp[64], file[128];

static int setup(void **state)
{
	(void)state;
	strcpy(temp, "/tmp/lvt-unit-XXXXXX");
	if (!mkdtemp(temp))
		return -1;
	snprintf(file, sizeof(file), "%s/state/lvt/progress.json", temp);
	unsetenv("SUDO_UID");
	setenv("HOME", temp, 1);
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", temp);
	return system(command);
}

/* As if nothing had been done, in a folder of XDG_STATE_HOME. */
static void fresh(void)
{
	char path[128], command[160];

	snprintf(path, sizeof(path), "%s/state", temp);
	setenv("XDG_STATE_HOME", path, 1);
	snprintf(command, sizeof(command), "rm -rf %s", path);
	assert_int_equal(system(command), 0);
}

static void write_progress(const char *text)
{
	char path[128];
	FILE *out;

	snprintf(path, sizeof(path), "%s/state", temp);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/state/lvt", temp);
	mkdir(path, 0755);
	out = fopen(file, "w");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static void keeps(void **state)
{
	struct progress p, q;
	struct err e = { 0 };
	struct stat st;

	(void)state;
	fresh();
	assert_int_equal(progress_open(&p, false, &e), 0);
	assert_null(progress_lab(&p, "010-slow", false));
	progress_close(&p);
	assert_int_not_equal(stat(file, &st), 0); /* reading makes nothing */

	assert_int_equal(progress_open(&p, true, &e), 0);
	assert_int_equal(progress_open(&q, true, &e), -EBUSY);
	assert_non_null(strstr(e.message, "another lvt is at work"));
	assert_int_equal(progress_open(&q, false, &e), 0); /* reading needs no lock */
	progress_close(&q);
	json_object_set_new(progress_lab(&p, "010-slow", true), "passed", progress_now());
	assert_int_equal(progress_mark_read(&p, "a-unit"), 0);
	assert_int_equal(progress_save(&p, &e), 0);
	progress_close(&p);
	progress_close(&p);

	assert_int_equal(progress_open(&p, false, &e), 0);
	assert_true(progress_passed(&p, "010-slow") && !progress_passed(&p, "020-answer"));
	assert_true(progress_read(&p, "a-unit") && !progress_read(&p, "b-unit"));
	assert_string_equal(p.damaged, "");
	progress_close(&p);
}

static void home_is_taken(void **state)
{
	static const char *const states[] = { NULL, "", "relative" };
	struct progress p;
	struct err e = { 0 };

	(void)state;
	for (int i = 0; i < 3; i++) {
		if (states[i])
			setenv("XDG_STATE_HOME", states[i], 1);
		else
			unsetenv("XDG_STATE_HOME");
		assert_int_equal(progress_open(&p, false, &e), 0);
		assert_int_equal(strncmp(p.folder, temp, strlen(temp)), 0);
		assert_non_null(strstr(p.folder, "/.local/state/lvt"));
		progress_close(&p);
	}
}

/* How many files are kept aside, and whether one has this text. */
static size_t aside(const char *text)
{
	char pattern[160], has[256] = "";
	size_t found = 0;
	glob_t g;

	snprintf(pattern, sizeof(pattern), "%s.damaged-*", file);
	if (glob(pattern, 0, NULL, &g))
		return 0;
	for (size_t i = 0; i < g.gl_pathc; i++) {
		FILE *in = fopen(g.gl_pathv[i], "r");

		has[fread(has, 1, sizeof(has) - 1, in)] = '\0';
		fclose(in);
		found += !strcmp(has, text);
	}
	globfree(&g);
	return found;
}

static void keeps_damaged_ones(void **state)
{
	static const char *const bad[] = {
		"",
		"{",
		"[]",
		"{}",
		"{\"schema\": 1}",
		"{\"schema\": \"other/1\"}",
		"{\"schema\": \"lvt.progress/1\", \"labs\": []}",
		"{\"schema\": \"lvt.progress/1\", \"last\": 1}",
		"{\"schema\": \"lvt.progress/1\", \"read\": {\"a\": 1}}",
		"{\"schema\": \"lvt.progress/1\", \"labs\": {\"a\": 1}}",
		"{\"schema\": \"lvt.progress/1\", \"labs\": {\"a\": {\"hints\": -1}}}",
		"{\"schema\": \"lvt.progress/1\", \"labs\": {\"a\": {\"vars\": {\"r\": 1}}}}",
		"{\"schema\": \"lvt.progress/1\", \"labs\": {\"a\": {\"checks\": [1]}}}",
		"{\"schema\": \"lvt.progress/1\", \"labs\": {\"a\": {\"checks\": [{\"verdict\": 1}]}}}",
		"{\"schema\": \"lvt.progress/1\", \"labs\": {\"a\": {\"predictions\": {\"p\": 1}}}}",
		"{\"schema\": \"lvt.progress/1\", \"labs\": {\"a\": {\"baseline\": {\"figures\": "
		"{\"x\": \"y\"}}}}}",
	};
	struct progress p;
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		bool change = i % 2;

		fresh();
		write_progress(bad[i]);
		if (progress_open(&p, change, &e))
			fail_msg("%s: %s", bad[i], e.message);
		if (!*p.damaged || aside(bad[i]) != 1)
			fail_msg("not kept aside: %s", bad[i]);
		assert_int_equal(json_object_size(json_object_get(p.root, "labs")), 0);
		progress_close(&p);
		assert_int_equal(progress_open(&p, false, &e), 0);
		assert_string_equal(p.damaged, ""); /* told once */
		progress_close(&p);
	}
	/* two in one second have names of their own */
	fresh();
	for (int i = 0; i < 3; i++) {
		write_progress("{");
		assert_int_equal(progress_open(&p, false, &e), 0);
		progress_close(&p);
	}
	assert_int_equal(aside("{"), 3);
}

static void refuses_other_schemas(void **state)
{
	struct progress p;
	struct err e = { 0 };
	struct stat st;

	(void)state;
	fresh();
	write_progress("{\"schema\": \"lvt.progress/2\"}");
	assert_int_equal(progress_open(&p, true, &e), -EPROTO);
	assert_non_null(strstr(e.message, "lvt.progress/2"));
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(aside("{\"schema\": \"lvt.progress/2\"}"), 0);
	/* the lock is free again */
	unlink(file);
	assert_int_equal(progress_open(&p, true, &e), 0);
	progress_close(&p);
}

static void unwritable_is_told(void **state)
{
	struct progress p;
	struct err e = { 0 };

	(void)state;
	fresh();
	assert_int_equal(progress_open(&p, true, &e), 0);
	progress_mark_read(&p, "one");
	assert_int_equal(progress_save(&p, &e), 0);
	progress_mark_read(&p, "two");
	/* a folder has the name */
	assert_int_equal(unlink(file), 0);
	assert_int_equal(mkdir(file, 0755), 0);
	assert_int_not_equal(progress_save(&p, &e), 0);
	assert_non_null(strstr(e.message, "cannot write"));
	progress_close(&p);
	assert_int_not_equal(progress_open(&p, false, &e), 0);
	assert_int_equal(rmdir(file), 0);
}

static void counts_failures(void **state)
{
	json_t *s = json_pack("{s:[{s:s}, {s:s}, {s:s, s:b}, {s:s}, {}]}", "checks", "verdict",
			      "not met", "verdict", "inconclusive", "verdict", "not met",
			      "untouched", 1, "verdict", "not met");

	(void)state;
	assert_int_equal(learner_failures(s), 2);
	assert_int_equal(learner_failures(NULL), 0);
	json_decref(s);
}

static void predictions(void **state)
{
	static const struct {
		const char *unit, *text;
		double low, high;
	} good[] = {
		{ "ms", "2", 2e6, 2e6 },
		{ "ms", "2..3.5", 2e6, 3.5e6 },
		{ "ms", "500us .. 2ms", 5e5, 2e6 },
		{ "us", "15", 15e3, 15e3 },
		{ "/s", "1.2k", 1200, 1200 },
		{ "/s", "900..1000/s", 900, 1000 },
		{ "%", "5", 0.05, 0.05 },
		{ "%", "1%..2%", 0.01, 0.02 },
		{ "requests", "4..5", 4, 5 },
		{ "ratio", "0.5", 0.5, 0.5 },
	};
	static const char *const bad[] = { "",	  "x",	   "3..2", "-1", "1..",
					   "..2", "1...2", "5/s",  "1 2" };
	struct lab_question q = { .name = "p", .figure = "client.p50" };
	double low, high;
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		q.unit = (char *)good[i].unit;
		if (prediction_parse(&q, good[i].text, &low, &high, &e) ||
		    fabs(low - good[i].low) > 1e-9 || fabs(high - good[i].high) > 1e-9)
			fail_msg("%s %s: %g %g %s", good[i].text, good[i].unit, low, high,
				 e.message);
	}
	q.unit = (char *)"ms";
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!prediction_parse(&q, bad[i], &low, &high, &e))
			fail_msg("'%s' is taken: %g %g", bad[i], low, high);
	assert_int_equal(e.status, EXIT_USAGE);
}

static void drawn_is_shown_unless_hidden(struct lab_manifest *lab)
{
	json_t *state = json_pack("{s:{s:s}}", "vars", "rate", "250");
	char text[64];

	assert_string_equal(learner_drawn(text, sizeof(text), lab, state), "rate = 250");
	lab->vars[0].hidden = true;
	assert_string_equal(learner_drawn(text, sizeof(text), lab, state), "");
	lab->vars[0].hidden = false;
	assert_string_equal(learner_drawn(text, sizeof(text), lab, NULL), "");
	json_decref(state);
}

static void draws_and_next(void **state)
{
	struct catalogue c;
	struct progress p;
	struct err e = { 0 };
	int seen[3] = { 0 };

	(void)state;
	fresh();
	setenv("LVT_LABS", "tests/data/labs", 1);
	assert_int_equal(catalogue_open(&c, &e), 0);
	for (__u64 seed = 1; seed <= 60; seed++) {
		json_t *vars = learner_draw(&c.labs[0], seed),
		       *again = learner_draw(&c.labs[0], seed);
		int rate = atoi(json_string_value(json_object_get(vars, "rate")));

		assert_true(json_equal(vars, again) && (rate == 200 || rate == 250 || rate == 300));
		seen[(rate - 200) / 50]++;
		json_decref(vars);
		json_decref(again);
	}
	assert_true(seen[0] > 5 && seen[1] > 5 && seen[2] > 5);
	drawn_is_shown_unless_hidden(&c.labs[0]);

	assert_int_equal(progress_open(&p, false, &e), 0);
	assert_string_equal(learner_locked_by(&p, &c.labs[1]), "010-slow");
	assert_ptr_equal(learner_next(&c, &p), &c.labs[0]);
	json_object_set_new(progress_lab(&p, "020-answer", true), "started", progress_now());
	assert_ptr_equal(learner_next(&c, &p), &c.labs[0]); /* the other is locked */
	json_object_set_new(progress_lab(&p, "010-slow", true), "passed", progress_now());
	assert_null(learner_locked_by(&p, &c.labs[1]));
	assert_ptr_equal(learner_next(&c, &p), &c.labs[1]);
	json_object_set_new(progress_lab(&p, "020-answer", true), "passed", progress_now());
	assert_null(learner_next(&c, &p));
	progress_close(&p);
	catalogue_close(&c);
}

static void texts(void **state)
{
	json_t *run = json_object(), *check = json_object();
	struct lab_manifest m;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(lab_manifest_read(&m, "tests/data/labs/010-slow", &e), 0);
	assert_int_equal(texts_hints(&m), 3);
	assert_int_equal(texts_figures(&m, false, run, &e), 0);
	assert_int_equal(texts_figures(&m, true, check, &e), 0);
	/* of hint 2 and of both questions; of the explanation */
	assert_int_equal(json_object_size(run), 3);
	assert_non_null(json_object_get(run, "service.sleep.mean"));
	assert_non_null(json_object_get(run, "client.throughput"));
	assert_int_equal(json_object_size(check), 1);
	json_decref(run);
	json_decref(check);
	lab_manifest_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps),
		cmocka_unit_test(home_is_taken),
		cmocka_unit_test(keeps_damaged_ones),
		cmocka_unit_test(refuses_other_schemas),
		cmocka_unit_test(unwritable_is_told),
		cmocka_unit_test(counts_failures),
		cmocka_unit_test(predictions),
		cmocka_unit_test(draws_and_next),
		cmocka_unit_test(texts),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
