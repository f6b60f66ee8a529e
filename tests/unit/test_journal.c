// SPDX-License-Identifier: BSD-2-Clause
/* What labs change is written down first, and set back: at the end, or by the next lvt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lab/journal.h"

static char folder[64], file[96], group[96], journal_path[96];
static int told;

static void tell(void *arg, const char *line)
{
	(void)arg;
	assert_true(*line && !strchr(line, '\n'));
	told++;
}

static int make(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/lvt-journal-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(file, sizeof(file), "%s/value", folder);
	snprintf(group, sizeof(group), "%s/group", folder);
	snprintf(journal_path, sizeof(journal_path), "%s/journal.json", folder);
	told = 0;
	return 0;
}

static int unmake(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static void put(const char *value)
{
	FILE *out = fopen(file, "w");

	assert_non_null(out);
	fputs(value, out);
	fclose(out);
}

static const char *get(void)
{
	static char value[64];
	FILE *in = fopen(file, "r");

	assert_non_null(in);
	if (!fgets(value, sizeof(value), in))
		*value = '\0';
	fclose(in);
	return value;
}

static void set_back(void **state)
{
	struct journal j;
	struct err e = { 0 };

	(void)state;
	put("old");
	assert_int_equal(journal_open(&j, folder, tell, NULL, &e), 0);
	assert_int_equal(journal_cgroup(&j, group, &e), 0);
	assert_int_equal(journal_file(&j, file, "new", "old", &e), 0);
	assert_string_equal(get(), "new");
	assert_int_equal(access(group, F_OK), 0);
	assert_int_equal(access(journal_path, F_OK), 0);
	assert_int_equal(journal_undo(&j, tell, NULL, &e), 0);
	journal_close(&j);
	journal_close(&j);
	assert_string_equal(get(), "old");
	assert_int_not_equal(access(group, F_OK), 0);
	assert_int_not_equal(access(journal_path, F_OK), 0);
	assert_int_equal(told, 0);
}

/* Its lvt was killed: no undo, and the lock is gone with it. */
static void after_a_kill(void **state)
{
	struct journal j;
	struct err e = { 0 };

	(void)state;
	put("old");
	assert_int_equal(journal_open(&j, folder, tell, NULL, &e), 0);
	assert_int_equal(journal_file(&j, file, "new", "old", &e), 0);
	assert_int_equal(journal_cgroup(&j, group, &e), 0);
	/* another lvt does not touch what is at work, nor joins it */
	assert_int_equal(journal_repair(folder, tell, NULL, &e), 0);
	assert_string_equal(get(), "new");
	{
		struct journal other;

		assert_int_equal(journal_open(&other, folder, tell, NULL, &e), -EBUSY);
		journal_close(&other);
	}
	journal_close(&j);
	assert_int_equal(journal_repair(folder, tell, NULL, &e), 0);
	assert_string_equal(get(), "old");
	assert_int_not_equal(access(group, F_OK), 0);
	assert_int_not_equal(access(journal_path, F_OK), 0);
	assert_int_equal(told, 1);
	assert_int_equal(journal_repair(folder, tell, NULL, &e), 0);
	assert_int_equal(told, 1);
}

static void of_another_boot(void **state)
{
	struct err e = { 0 };
	FILE *out = fopen(journal_path, "w");

	(void)state;
	put("new");
	fprintf(out,
		"{\"schema\": \"lvt.journal/1\", \"boot\": \"other\", \"changes\": [{\"file\": "
		"\"%s\", \"old\": \"old\", \"new\": \"new\"}]}",
		file);
	fclose(out);
	assert_int_equal(journal_repair(folder, tell, NULL, &e), 0);
	assert_string_equal(get(), "new");
	assert_int_equal(told, 0);
	assert_int_not_equal(access(journal_path, F_OK), 0);
}

static void damaged(void **state)
{
	struct err e = { 0 };
	FILE *out = fopen(journal_path, "w");

	(void)state;
	fputs("{\"schema\": \"lvt.jour", out);
	fclose(out);
	assert_int_equal(journal_repair(folder, tell, NULL, &e), -EBADMSG);
	assert_non_null(strstr(e.message, journal_path));
	assert_int_equal(access(journal_path, F_OK), 0);
}

/* Not written down, not changed. */
static void no_room(void **state)
{
	struct journal j;
	struct err e = { 0 };
	char part[128];

	(void)state;
	put("old");
	assert_int_equal(journal_open(&j, folder, tell, NULL, &e), 0);
	snprintf(part, sizeof(part), "%s.part", journal_path);
	assert_int_equal(symlink("/dev/full", part), 0); /* not followed: it cannot be opened */
	assert_true(journal_file(&j, file, "new", "old", &e) < 0);
	assert_string_equal(get(), "old");
	assert_non_null(strstr(e.message, "write down"));
	assert_int_equal(symlink("/dev/full", part), 0); /* what was begun is removed */
	assert_true(journal_cgroup(&j, group, &e) < 0);
	assert_int_not_equal(access(group, F_OK), 0);
	journal_close(&j);
}

/* A sysctl that may be set, to the value that it has, and read-only ones. */
static void sysctls(void **state)
{
	static const char *const bad[] = { "",	       "no.such", "../etc/passwd",
					   "net/ipv4", ".kernel", "kernel..pid_max" };
	struct journal j;
	struct err e = { 0 };
	char value[64];
	FILE *in = fopen("/proc/sys/kernel/pid_max", "r");

	(void)state;
	assert_non_null(in);
	assert_non_null(fgets(value, sizeof(value), in));
	fclose(in);
	assert_int_equal(journal_open(&j, folder, tell, NULL, &e), 0);
	assert_int_equal(journal_sysctl(&j, "kernel.pid_max", value, &e), 0);
	assert_int_equal(json_array_size(j.changes), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_true(journal_sysctl(&j, bad[i], "1", &e) < 0);
	assert_int_equal(json_array_size(j.changes), 0);
	assert_true(journal_sysctl(&j, "kernel.ostype", "x", &e) < 0);
	assert_non_null(strstr(e.message, "kernel.ostype"));
	assert_int_equal(journal_undo(&j, tell, NULL, &e), 0);
	journal_close(&j);
}

/* Who asks whether anything is left behind does not take for that what somebody is at work with. */
static void in_use(void **state)
{
	struct journal j;
	struct err e = { 0 };

	(void)state;
	assert_false(journal_in_use(folder));
	assert_int_equal(journal_open(&j, folder, tell, NULL, &e), 0);
	assert_true(journal_in_use(folder));
	journal_close(&j);
	assert_false(journal_in_use(folder));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(set_back, make, unmake),
		cmocka_unit_test_setup_teardown(after_a_kill, make, unmake),
		cmocka_unit_test_setup_teardown(of_another_boot, make, unmake),
		cmocka_unit_test_setup_teardown(damaged, make, unmake),
		cmocka_unit_test_setup_teardown(no_room, make, unmake),
		cmocka_unit_test_setup_teardown(sysctls, make, unmake),
		cmocka_unit_test_setup_teardown(in_use, make, unmake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
