/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lab/catalogue.h"
#include "lab/fill.h"
#include "lab/manifest.h"
#include "lab/manifest_internal.h"
#include "lab/settings.h"

#define LAB "tests/data/labs/010-slow"

static char temp[64];

static int run(const char *format, const char *a, const char *b)
{
	char command[1024];

	snprintf(command, sizeof(command), format, a, b);
	return system(command);
}

static int setup(void **state)
{
	(void)state;
	strcpy(temp, "/tmp/lvt-unit-XXXXXX");
	return !mkdtemp(temp) || run("cp -r tests/data/labs/. %s", temp, "");
}

static int teardown(void **state)
{
	(void)state;
	return run("rm -rf %s", temp, "");
}

static char *slurp(const char *path)
{
	FILE *in = fopen(path, "r");
	char *text = calloc(1, 65536);

	assert_non_null(in);
	assert_non_null(text);
	assert_true(fread(text, 1, 65535, in) > 0);
	fclose(in);
	return text;
}

/* The scratch lab with `from` replaced by `to` (once) is refused with this line, message and hint. */
static void refused(const char *from, const char *to, int line, const char *message,
		    const char *hint)
{
	char *text = slurp(LAB "/lab.ini"), *at = strstr(text, from), path[128], where[160];
	struct lab_manifest m;
	struct err e = { 0 };
	FILE *out;

	if (!at)
		fail_msg("the lab has no '%s'", from);
	snprintf(path, sizeof(path), "%s/010-slow/lab.ini", temp);
	out = fopen(path, "w");
	fprintf(out, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	fclose(out);
	snprintf(path, sizeof(path), "%s/010-slow", temp);
	assert_int_not_equal(lab_manifest_read(&m, path, &e), 0);
	lab_manifest_free(&m);
	if (line)
		snprintf(where, sizeof(where), "lab.ini:%d: %s", line, message);
	else
		snprintf(where, sizeof(where), "lab.ini: %s", message);
	if (!strstr(e.message, where) || !strstr(e.hint, hint))
		fail_msg("'%s' (%s), expected '%s' (%s)", e.message, e.hint, where, hint);
	free(text);
}

static void reads(void **state)
{
	struct lab_manifest m;
	struct err e = { 0 };

	(void)state;
	if (lab_manifest_read(&m, LAB, &e))
		fail_msg("%s: %s", e.message, e.hint);
	assert_string_equal(m.id, "010-slow");
	assert_string_equal(m.title, "A slow answer");
	assert_true(m.core && !m.throughput && m.minutes == 5);
	assert_int_equal(m.n_vars, 1);
	assert_int_equal(m.vars[0].pick.n, 3);
	assert_string_equal(m.vars[0].pick.items[2], "300");
	assert_string_equal(
		m.knobs[0].about,
		"How the service waits before it answers; {rate} requests come each second "
		"and each of them waits.");
	assert_true(isnan(m.knobs[0].min) && m.knobs[1].max == 1e6);
	assert_string_equal(m.knobs[1].otherwise, "");
	assert_string_equal(m.service[0],
			    "{service} --port {port} --mode sleep --beside {guess_us}");
	assert_string_equal(m.beside[1], "");
	assert_non_null(strstr(m.load[1], "--rate {rate} --connections 4"));
	assert_string_equal(m.sources.items[0], "service.c");
	assert_int_equal(m.arms, 2);
	assert_true(m.pairs == 6 && m.seconds == 0.5 && isnan(m.cgroup_quota_us));
	assert_string_equal(m.cpus, "auto");
	assert_int_equal(m.n_legs, 5);
	assert_int_equal(m.legs[1].kind, LAB_LEG_MECHANISM);
	assert_string_equal(m.legs[3].max, "0.1%");
	lab_manifest_free(&m);
}

static void refuses_lines(void **state)
{
	(void)state;
	refused("[lab]\n", "[lb]\n", 2, "unknown section [lb]", "did you mean [lab]?");
	refused("[lab]\n", "[lab x]\n", 2, "[lab x] has no name", "write [lab]");
	refused("[lab]\n", "[lab\n", 2, "a section has no ']'", "");
	refused("[lab]\n", "id = x\n[lab]\n", 2, "'id' stands before any section", "begin with");
	refused("title =", "titel =", 4, "[lab] has no key 'titel'", "did you mean 'title'?");
	refused("title =", "title", 4, "not a line of an INI file", "key = value");
	refused("title = A", "id = 010-slow\ntitle = A", 4, "id is also in line 3", "");
	refused("minutes = 5\n", "", 2, "[lab] has no 'minutes'", "write minutes = 1 to 600");
	refused("minutes = 5", "minutes = soon", 6, "minutes = 'soon'", "give 1 to 600");
	refused("favours = latency", "favours = both", 8, "favours = 'both'",
		"latency or throughput");
	refused("core = yes", "core = true", 7, "core = 'true'", "no or yes");
	refused("requires = root", "requires = root gpu", 9, "requires: unknown word 'gpu'",
		"cpus:N");
	refused("id = 010-slow", "id = 011-slow", 3, "id = '011-slow'", "010-slow");
	refused("pick = 200 250 300", "pick =", 14, "pick = ''", "of which one is drawn");
	refused("[var rate]", "[var port]", 13, "[var port]: the name means something else", "");
	refused("[var rate]", "[var Rate]", 13, "[var Rate]: a bad name", "small letters");
	refused("[knob guess_us]", "[knob mode]", 22, "there is a second [knob mode]", "");
}

static void refuses_values(void **state)
{
	(void)state;
	refused("default = sleep", "default = slep", 19, "default = 'slep'", "sleep or none");
	refused("min = 1\n", "min = 2000000\n", 26, "[knob guess_us]: max is below min", "");
	refused("edit = service.c", "edit = main.c", 31, "edit: 'main.c' is none", "a source");
	refused("edit = service.c", "sources = service.c other.c\nedit = service.c", 31,
		"there is no file other.c", "");
	refused("{service} --port {port} --mode {mode}", "{service} --port {prt}", 29,
		"{prt} is unknown", "braces hold");
	refused("[load]\nargs", "[load]\ncommand = true\nargs", 34, "[load] has args and a command",
		"");
	refused("pairs = 6", "pairs = 5", 39, "pairs = '5'", "6 to 40");
	refused("warm_up = 0.2", "cpus = 1-0", 41, "cpus = '1-0'", "auto");
	refused("primary = client.p50", "primary = client.p", 42, "there is no figure 'client.p'",
		"");
	refused("unit = ms", "unit = sec", 46, "unit = 'sec' is none", "");
	refused("unit = /s", "unit = ms", 51, "unit = 'ms' is none of client.throughput", "");
	refused("[trial]", "[system]\ncgroup_period_us = 100000\n[trial]", 39,
		"cgroup_period_us without cgroup_quota_us", "");
	refused("[trial]", "[system]\nsysctl.net..x = 1\n[trial]", 39, "sysctl.net..x", "");
}

static void refuses_legs(void **state)
{
	(void)state;
	refused("kind = client", "kind = clients", 55, "kind = 'clients'", "client, mechanism");
	refused("figure = service.sleep.mean", "figure = service.slep.mean", 63,
		"there is no figure 'service.slep.mean'", "");
	refused("ratio_max = 0.5", "ratio_max = half", 58, "ratio_max = 'half'", "");
	refused("ratio_max = 0.5", "max = 5", 58, "max = '5': client.p50 is a time", "us, ms or s");
	refused("ratio_max = 0.5\n", "", 54, "[leg p50] has no bound", "ratio_min");
	refused("max = 0.1%", "max = 5", 76, "max = '5': client.failed_share is a share", "100%");
	refused("max = 0.1%", "max = 5ms", 76, "max = '5ms': client.failed_share is no time", "");
	refused("ratio_max = 0.5", "ratio_max = 0.5\nanswer = mode", 59, "[leg p50] has an answer",
		"kind = answer");
	refused("ratio_max = 0.5\n\n[leg sleep]",
		"ratio_max = 0.5\n[leg x]\nkind = answer\nabout = a\nanswer = mood\nis = b\n[leg sleep]",
		62, "[leg x]: 'mood' is no knob", "[knob NAME]");
	refused("ratio_max = 0.5\n\n[leg sleep]",
		"ratio_max = 0.5\n[leg x]\nkind = answer\nabout = a\nanswer = mode\n[leg sleep]",
		59, "[leg x] does not say what the right answer is", "");
	refused("kind = mechanism", "kind = guard", 0, "there is no leg with kind = mechanism", "");
	refused("[leg work]", "[leg cpu]", 0, "there is no leg with name work", "");
	refused("[leg goodput]\nkind = guard", "[leg goodput]\nkind = client", 0,
		"there is no leg with kind = guard on client.throughput", "");
}

static void refuses_long_lines(void **state)
{
	char line[400];

	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	memcpy(line, "title = ", 8);
	line[sizeof(line) - 1] = '\0';
	refused("title = A slow answer", line, 4, "the line is longer than", "continue the value");
}

static void needs_files(void **state)
{
	static const char *const files[] = { "brief.md", "hints/3.md", "solution/notes.md",
					     "solution/service.c", "solution/settings.ini" };
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct lab_manifest m;
		struct err e = { 0 };

		run("rm -rf %s/010-slow && cp -r " LAB " %s", temp, temp);
		run("rm %s/010-slow/%s", temp, files[i]);
		snprintf(path, sizeof(path), "%s/010-slow", temp);
		assert_int_not_equal(lab_manifest_read(&m, path, &e), 0);
		lab_manifest_free(&m);
		assert_non_null(strstr(e.message, files[i]));
	}
}

static void catalogue(void **state)
{
	struct catalogue c;
	struct err e = { 0 };

	(void)state;
	setenv("LVT_LABS", "tests/data/labs", 1);
	if (catalogue_open(&c, &e))
		fail_msg("%s: %s", e.message, e.hint);
	assert_int_equal(c.n, 2);
	assert_ptr_equal(catalogue_find(&c, "010", &e), &c.labs[0]);
	assert_ptr_equal(catalogue_find(&c, "10", &e), &c.labs[0]);
	assert_ptr_equal(catalogue_find(&c, "slow", &e), &c.labs[0]);
	assert_ptr_equal(catalogue_find(&c, "020-answer", &e), &c.labs[1]);
	assert_null(catalogue_find(&c, "0010", &e));
	assert_null(catalogue_find(&c, "anwser", &e));
	assert_int_equal(e.status, EXIT_USAGE);
	assert_string_equal(e.hint, "did you mean 'answer'?");
	catalogue_close(&c);
	run("rm -rf %s/010-slow && cp -r " LAB " %s", temp, temp);
	run("sed -i 's/^needs = .*/needs = 030-none/' %s/020-answer/lab.ini", temp, "");
	setenv("LVT_LABS", temp, 1);
	assert_int_not_equal(catalogue_open(&c, &e), 0);
	assert_non_null(strstr(e.message, "020-answer/lab.ini:8: needs '030-none'"));
	catalogue_close(&c);
	setenv("LVT_LABS", "/nowhere", 1);
	assert_int_not_equal(catalogue_open(&c, &e), 0);
	catalogue_close(&c);
}

static double figure(void *arg, bool check, const char *name)
{
	(void)arg;
	return check ? NAN : !strcmp(name, "client.p50") ? 2e6 : 0.05;
}

static void filled(const struct fill *f, const char *text, const char *expected)
{
	struct err e = { 0 };
	char *result = fill(f, text, &e);

	if (!result)
		fail_msg("%s", e.message);
	assert_string_equal(result, expected);
	free(result);
}

static void not_filled(const struct fill *f, const char *text, const char *message)
{
	struct err e = { 0 };

	assert_null(fill(f, text, &e));
	if (!strstr(e.message, message))
		fail_msg("%s", e.message);
}

static void fills(void **state)
{
	json_t *vars = json_pack("{s:s}", "rate", "200"), *figures = json_object();
	struct lab_manifest m;
	struct err e = { 0 };
	struct fill f = {
		.lab = &m, .vars = vars, .port = "7000", .programs = "/x", .figure = figure
	};

	(void)state;
	assert_int_equal(lab_manifest_read(&m, LAB, &e), 0);
	filled(&f, "{service} --port {port} --mode {mode} --rate {rate*1.25}",
	       "/x/service --port 7000 --mode sleep --rate 250");
	filled(&f, "int a[] = {0}; if (x) { y(); } {{a, b}} {Rate} {",
	       "int a[] = {0}; if (x) { y(); } {{a, b}} {Rate} {");
	filled(&f, "{run:client.p50} {run:client.failed_share} {check:client.p50}",
	       "2.0 ms 5.0 % not measured yet");
	filled(&f, "{guess_us}|{rate*0}", "|0");
	not_filled(&f, "{seed}", "{seed} is unknown");
	not_filled(&f, "a {x} b", "{x} is unknown");
	not_filled(&f, "{mode*2}", "mode is 'sleep'");
	not_filled(&f, "{run:client.x}", "there is no figure 'client.x'");
	assert_int_equal(fill_figures("{run:client.p50} {check:client.p99} {rate}", false, figures),
			 0);
	assert_int_equal(json_object_size(figures), 1);
	assert_true(json_is_null(json_object_get(figures, "client.p50")));
	json_decref(figures);
	json_decref(vars);
	lab_manifest_free(&m);
}

static void numbers(void **state)
{
	(void)state;
	assert_true(lab_number("5ms") == 5e6 && lab_number("12 us") == 12e3);
	assert_true(lab_number("1.5s") == 1.5e9 && lab_number("0.8") == 0.8);
	assert_true(fabs(lab_number("3%") - 0.03) < 1e-12);
	assert_true(lab_number("2k") == 2000 && lab_number("2 k/s") == 2000);
	assert_true(lab_number("500/s") == 500 && lab_number("1M") == 1e6);
	assert_true(isnan(lab_number("")) && isnan(lab_number("ms")) && isnan(lab_number("1x")));
	assert_true(isnan(lab_number("-1")) && isnan(lab_number("1e3")) &&
		    isnan(lab_number("inf")));
	assert_true(lab_number_is_time("5 ms") && !lab_number_is_time("5/s"));
}

static void write_file(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static void settings(void **state)
{
	static const struct {
		const char *text, *message, *hint;
	} bad[] = {
		{ "[setting]\n", "s.ini:1: unknown section [setting]", "[settings]" },
		{ "[settings]\nmoed = none\n", "s.ini:2: the lab has no setting 'moed'", "'mode'" },
		{ "[settings]\nmode = nap\n", "s.ini:2: mode = 'nap'", "give sleep or none" },
		{ "[settings]\nmode =\n", "s.ini:2: mode = ''", "give sleep or none" },
		{ "[settings]\nguess_us = 0\n", "s.ini:2: guess_us = '0'",
		  "a number from 1 to 1000000" },
		{ "[settings]\nguess_us = 1000001\n", "guess_us = '1000001'", "from 1 to" },
		{ "[settings]\nguess_us = 1x\n", "guess_us = '1x'", "from 1 to" },
		{ "[settings]\nmode = none\nmode = none\n", "s.ini:3: mode is also set in line 2",
		  "" },
	};
	char path[80];
	struct lab_manifest m;
	struct lab_settings s;
	struct err e = { 0 };
	json_t *vars = json_pack("{s:s}", "rate", "200");
	char *text;

	(void)state;
	snprintf(path, sizeof(path), "%s/s.ini", temp);
	assert_int_equal(lab_manifest_read(&m, LAB, &e), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		write_file(path, bad[i].text);
		assert_int_not_equal(settings_read(&s, &m, path, &e), 0);
		settings_free(&s);
		if (!strstr(e.message, bad[i].message) || !strstr(e.hint, bad[i].hint))
			fail_msg("%s: %s", e.message, e.hint);
	}
	write_file(path, "; all of it\n[settings]\nmode = none ; as it should\n");
	assert_int_equal(settings_read(&s, &m, path, &e), 0);
	assert_string_equal(s.values[0], "none");
	assert_string_equal(s.values[1], "");
	assert_int_equal(settings_write(&s, &(struct fill){ .lab = &m, .vars = vars }, path, &e),
			 0);
	settings_free(&s);
	text = slurp(path);
	assert_non_null(
		strstr(text, "; How the service waits before it answers; 200 requests come"));
	assert_non_null(strstr(text, "; (sleep or none)\nmode = none\n"));
	free(text);
	assert_int_equal(settings_read(&s, &m, path, &e), 0);
	assert_string_equal(s.values[0], "none");
	settings_free(&s);
	assert_int_not_equal(settings_read(&s, &m, "/nowhere/s.ini", &e), 0);
	settings_free(&s);
	json_decref(vars);
	lab_manifest_free(&m);
}

/* labs/README.md, which says how a lab is written, has every key there is. */
static void documented(void **state)
{
	char *text = slurp("labs/README.md"), key[64];

	(void)state;
	for (const struct manifest_key *k = manifest_keys; k->name; k++) {
		snprintf(key, sizeof(key), "`%s`", k->name);
		if (!strstr(text, key))
			fail_msg("labs/README.md has no %s of [%s]", key, k->section);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),
		cmocka_unit_test(refuses_lines),
		cmocka_unit_test(refuses_values),
		cmocka_unit_test(refuses_legs),
		cmocka_unit_test(refuses_long_lines),
		cmocka_unit_test(needs_files),
		cmocka_unit_test(catalogue),
		cmocka_unit_test(fills),
		cmocka_unit_test(numbers),
		cmocka_unit_test(settings),
		cmocka_unit_test(documented),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
