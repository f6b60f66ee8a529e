// SPDX-License-Identifier: BSD-2-Clause
/* Run files in another form than lvt writes, and ones that lack an interval. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>

#include "../lib/run_look.h"
#include "../lib/run_text.h"
#include "../lib/why_fill.h"
#include "store/run_write.h"

static char path[] = "/tmp/lvt-forms-XXXXXX";

enum { INTERVALS = 4 };

/* A run of that many intervals; *r is what it has come to. */
static char *write_run(struct run *r)
{
	struct run_file *f;
	struct err e = { 0 };
	char *text = calloc(1, 1 << 20);
	FILE *in;

	fill_run(r, 1);
	r->duration_s = 0;
	strcpy(path + strlen(path) - 6, "XXXXXX");
	close(mkstemp(path));
	assert_int_equal(run_file_create(&f, path, &e), 0);
	for (int i = 1; i <= INTERVALS; i++) {
		struct run copy;

		fill_event_loop(&r->services[0], 50 * i);
		r->services[0].arrivals += 50 * i;
		r->duration_s++;
		copy = look_copy_run(r);
		if (i < INTERVALS)
			assert_int_equal(run_file_interval(f, &copy, &e), 0);
		else
			run_free(&copy);
	}
	assert_int_equal(run_file_finish(f, r, &e), 0);
	run_file_free(f);
	in = fopen(path, "r");
	assert_true(fread(text, 1, (1 << 20) - 1, in) > 1000);
	fclose(in);
	unlink(path);
	return text;
}

/* What JSON allows is read, whether it is the way that lvt writes it or not. */
static void other_forms(void **state)
{
	static const struct {
		const char *with, *from, *to;
	} forms[] = {
		{ "\"anatomy\"", "\"service\":0", "\"service\": 0" },
		{ "\"anatomy\"", "\"queue.pickup\":\"", "\"queue\\u002epickup\":\"" },
		{ "\"crc\"", ",\"end\":", ", \"end\":" },
		{ "\"crc\"", ",\"n\":", ", \"n\":" },
		{ "\"crc\"", "\"duration_s\":", "\"duration_s\": " },
		{ "#", "nothing like this", "" },
	};
	char warning[RUN_WARNING_LEN], *text, *other;
	const char *differs;
	struct run r;

	(void)state;
	text = write_run(&r);
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct run back = { 0 };
		struct err e = { 0 };

		other = change(text, forms[i].with, forms[i].from, forms[i].to);
		assert_true(strlen(other) > strlen(text) || !*forms[i].to);
		if (read_text(other, &back, warning, &e))
			fail_msg("%zu: %s", i, e.message);
		assert_string_equal(warning, "");
		differs = look_run(&r, &back);
		if (differs)
			fail_msg("%zu: %s differs", i, differs);
		run_free(&back);
		free(other);
	}
	run_free(&r);
	free(text);
}

/* Wrong ones are told, with right checksums too. */
static void defects(void **state)
{
	static const struct {
		const char *with, *from, *to, *told;
	} forms[] = {
		{ "\"anatomy\"", "\"service\":0", "\"service\":1", "not declared" },
		{ "\"anatomy\"", "\"queue.pickup\":\"", "\"queue.pickup\":\"A", "not base64" },
		{ "\"anatomy\"", "\"queue.pickup\":", "\"queue.pick\":", "not known" },
		{ "\"anatomy\"", "\"queue.pickup\":", "\"queue.busy\":", "not JSON" },
		{ "\"anatomy\"", "\"service\":0", "\"service\":0,\"service\":0", "not JSON" },
		{ "\"n\":2", "\"n\":2", "\"n\":3", "an interval is missing" },
		{ "\"n\":2", "\"interval\"", "\"other\"", "not a record" },
		{ "\"n\":4", "\"arrivals\":", "\"arrivals\":-", "'arrivals' is wrong" },
	};
	char warning[RUN_WARNING_LEN], *text, *other;
	struct run r;

	(void)state;
	text = write_run(&r);
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct run back = { 0 };
		struct err e = { 0 };

		other = change(text, forms[i].with, forms[i].from, forms[i].to);
		read_text(other, &back, warning, &e);
		if (e.code != -EBADMSG || !strstr(e.message, forms[i].told))
			fail_msg("%zu: %s", i, e.message);
		run_free(&back);
		free(other);
	}
	run_free(&r);
	free(text);
}

/* Where each interval ends. */
static void find_ends(const char *text, const char *end[INTERVALS + 1])
{
	int n = 0;

	for (const char *line = text; *line; line = strchr(line, '\n') + 1)
		if (is_closing(line))
			end[++n] = strchr(line, '\n') + 1;
	assert_int_equal(n, INTERVALS);
}

/* A whole interval that is not there is no damage to the others' checksums, and still told. */
static void a_missing_interval(void **state)
{
	const char *end[INTERVALS + 1];
	char warning[RUN_WARNING_LEN], *text;
	struct run r;

	(void)state;
	text = write_run(&r);
	find_ends(text, end);
	for (int i = 2; i < INTERVALS; i++) {
		char *other = calloc(1, strlen(text) + 1);
		struct run back = { 0 };
		struct err e = { 0 };

		strcpy(mempcpy(other, text, end[i - 1] - text), end[i]);
		assert_int_equal(read_text(other, &back, warning, &e), -EBADMSG);
		assert_non_null(strstr(e.message, "an interval is missing"));
		run_free(&back);
		free(other);
	}
	run_free(&r);
	free(text);
}

/* Interrupted after any interval, the last closing line is the one that counts, and is looked into. */
static void the_last_one_counts(void **state)
{
	const char *end[INTERVALS + 1];
	char warning[RUN_WARNING_LEN], *text, want[40];
	struct run r;

	(void)state;
	text = write_run(&r);
	find_ends(text, end);
	for (int i = 1; i < INTERVALS; i++) {
		char *other = calloc(1, strlen(text) + 8), *at;
		struct run back = { 0 };
		struct err e = { 0 };
		int lines = 0;

		memcpy(other, text, end[i] - text);
		assert_int_equal(read_text(other, &back, warning, &e), 0);
		assert_non_null(strstr(warning, "interrupted"));
		assert_int_equal(back.services[0].arrivals, 50 * i * (i + 1) / 2);
		assert_true(back.duration_s == i);
		run_free(&back);

		at = strrchr(other, '#'); /* the closing line, which is then wrong */
		at = strstr(at, "\"pids\":[") + strlen("\"pids\":[");
		memcpy(at, "\"\"\"", 3);
		sign(other);
		for (const char *p = other; *p; p++)
			lines += *p == '\n';
		assert_int_equal(read_text(other, &back, warning, &e), -EBADMSG);
		snprintf(want, sizeof(want), "x:%d: not JSON", lines);
		assert_non_null(strstr(e.message, want));
		run_free(&back);
		free(other);
	}
	run_free(&r);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_forms),
		cmocka_unit_test(defects),
		cmocka_unit_test(a_missing_interval),
		cmocka_unit_test(the_last_one_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
