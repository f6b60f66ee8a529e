// SPDX-License-Identifier: BSD-2-Clause
/* The run file: what is written is what is read; damage and interruption are told. */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "../lib/run_grow.h"
#include "../lib/run_look.h"
#include "store/run_read.h"
#include "store/run_write.h"

static char folder[] = "/tmp/lvt-store-XXXXXX", path[64];

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/run.hlog", folder);
	return 0;
}

/* How many files there are; the name of one with this end goes to found. */
static int count_files(const char *end, char found[128])
{
	DIR *dir = opendir(folder);
	struct dirent *d;
	int n = 0;

	while ((d = readdir(dir))) {
		size_t len = strlen(d->d_name);

		if (d->d_name[0] == '.')
			continue;
		n++;
		if (len >= strlen(end) && !strcmp(d->d_name + len - strlen(end), end))
			snprintf(found, 128, "%s/%.80s", folder, d->d_name);
	}
	closedir(dir);
	return n;
}

static int remove_folder(void **state)
{
	char found[128];

	(void)state;
	while (count_files("", found))
		unlink(found);
	return rmdir(folder);
}

/* ---- runs that grow ---- */

/* A service appears in the middle of the run; a port may be that of another one, elsewhere. */
static void one_more(struct run *r)
{
	struct run more;

	fill_run(&more, r->n_services + 1);
	r->services = realloc(r->services, (r->n_services + 1) * sizeof(*r->services));
	r->services[r->n_services] = more.services[r->n_services];
	more.n_services--;
	r->services[r->n_services].netns = 17 + r->n_services;
	r->services[r->n_services].port = 6379;
	r->n_services++;
	run_free(&more);
}

static void start_run(struct run *r, size_t services)
{
	fill_run(r, services);
	r->duration_s = 0;
	strcpy(r->label, "a \"label\" with \\ and \x01");
	strcpy(r->host, "h\xc3");
	r->slowest_kept = r->outbound = true;
}

static void write_run(struct run *r, int intervals, __u64 seed)
{
	struct run_file *f;
	struct err e = { 0 };

	assert_int_equal(run_file_create(&f, path, &e), 0);
	for (int i = 0; i < intervals; i++) {
		struct run copy;

		grow_run(r, &seed);
		if (i == 2)
			one_more(r);
		if (i == 3)
			more_clients(r, 1 + r->n_clients % 2);
		copy = look_copy_run(r);
		assert_int_equal(run_file_interval(f, &copy, &e), 0);
	}
	grow_run(r, &seed);
	assert_int_equal(run_file_finish(f, r, &e), 0);
	run_file_free(f);
}

static void read_back_is_equal(void **state)
{
	char warning[RUN_WARNING_LEN];
	struct err e = { 0 };

	(void)state;
	for (int i = 0; i < 60; i++) {
		struct run r, back = { 0 };
		const char *differs;

		start_run(&r, i % 4);
		more_clients(&r, i % 5);
		write_run(&r, i % 7, 1 + i);
		if (run_read(path, &back, warning, &e))
			fail_msg("%d: %s", i, e.message);
		assert_string_equal(warning, "");
		differs = look_run(&r, &back);
		if (differs)
			fail_msg("%d: %s differs", i, differs);
		run_free(&r);
		run_free(&back);
	}
}

/* ---- damage ---- */

static char *slurp(const char *file, size_t *n)
{
	FILE *in = fopen(file, "r");
	char *text = malloc(4 << 20);

	*n = fread(text, 1, 4 << 20, in);
	fclose(in);
	return text;
}

static int read_text(const char *text, size_t n, struct run *r, char *warning, struct err *e)
{
	char *copy = look_copy(text, n); /* exactly so long, for the sanitizer */
	FILE *in = n ? fmemopen(copy, n, "r") : fopen("/dev/null", "r");
	int err = run_read_stream(in, "x", r, warning, e);

	fclose(in);
	free(copy);
	return err;
}

static void small_run(void)
{
	struct run r, copy;
	struct run_file *f;
	struct err e = { 0 };
	__u64 seed = 3;

	start_run(&r, 1);
	more_clients(&r, 1);
	assert_int_equal(run_file_create(&f, path, &e), 0);
	for (int i = 0; i < 2; i++) {
		fill_answered(&r.clients[0], 10, 0, 5000 * i);
		fill(r.services[0].sum, STAGE_SERVICE_CPU, 5000ull * i, STAGE_QUEUE_BUSY, 70ull,
		     -1);
		grow_waits(&r.services[0], &seed);
		r.duration_s++;
		copy = look_copy_run(&r);
		assert_int_equal(run_file_interval(f, &copy, &e), 0);
	}
	grow_slowest(&r.services[0], &seed);
	assert_int_equal(run_file_finish(f, &r, &e), 0);
	run_file_free(f);
	run_free(&r);
}

static void truncated_at_every_byte(void **state)
{
	char warning[RUN_WARNING_LEN];
	char *text;
	size_t n;

	(void)state;
	small_run();
	text = slurp(path, &n);
	for (size_t cut = 0; cut <= n; cut++) {
		struct run r = { 0 };
		struct err e = { 0 };
		int err = read_text(text, cut, &r, warning, &e);

		if (cut == n) {
			assert_int_equal(err, 0);
			assert_string_equal(warning, "");
		} else if (err) {
			assert_int_equal(err, -EBADMSG);
			assert_memory_equal(e.message, "x:", 2);
		} else {
			/* only after a whole line, and it says so */
			assert_int_equal(text[cut - 1], '\n');
			assert_non_null(strstr(warning, "interrupted"));
			assert_in_range(service_requests(&r.services[0]), 1, 2);
		}
		run_free(&r);
	}
	free(text);
}

static void a_cut_line_is_named(void **state)
{
	char warning[RUN_WARNING_LEN], want[40];
	struct run r = { 0 };
	struct err e = { 0 };
	int lines = 1;
	char *text;
	size_t n;

	(void)state;
	small_run();
	text = slurp(path, &n);
	for (size_t i = 0; i < n - 20; i++)
		lines += text[i] == '\n';
	assert_int_equal(read_text(text, n - 20, &r, warning, &e), -EBADMSG);
	snprintf(want, sizeof(want), "x:%d: the line is cut", lines);
	assert_non_null(strstr(e.message, want));
	run_free(&r);
	free(text);
}

/* Any byte changed, any line left out: an error, or a warning that the end is not there. */
static void changes_are_told(void **state)
{
	char warning[RUN_WARNING_LEN], *text, *copy;
	size_t n, start = 0;

	(void)state;
	small_run();
	text = slurp(path, &n);
	copy = malloc(n);
	for (size_t i = 0; i < n; i++) {
		struct run r = { 0 };
		struct err e = { 0 };

		memcpy(copy, text, n);
		copy[i] ^= 1 << i % 7;
		if (!read_text(copy, n, &r, warning, &e) && !*warning)
			fail_msg("byte %zu", i);
		run_free(&r);
		if (text[i] != '\n')
			continue;
		memmove(copy, text, start);
		memmove(copy + start, text + i + 1, n - i - 1);
		if (!read_text(copy, n - (i + 1 - start), &r, warning, &e))
			assert_true(*warning);
		run_free(&r);
		start = i + 1;
	}
	free(copy);
	free(text);
}

static void interrupted(void **state)
{
	struct run r, copy, back = { 0 };
	char warning[RUN_WARNING_LEN], part[128] = "";
	struct run_file *f;
	struct err e = { 0 };
	__u64 seed = 9;

	(void)state;
	start_run(&r, 2);
	more_clients(&r, 2);
	assert_int_equal(run_file_create(&f, path, &e), 0);
	assert_int_equal(count_files(".part", part), 1);
	for (int i = 0; i < 3; i++) {
		grow_run(&r, &seed);
		copy = look_copy_run(&r);
		assert_int_equal(run_file_interval(f, &copy, &e), 0);
	}
	run_file_free(f); /* as it is when it was killed */
	assert_int_equal(run_read(part, &back, warning, &e), 0);
	assert_non_null(strstr(warning, "interrupted"));
	assert_null(look_run(&r, &back));
	run_free(&r);
	run_free(&back);
	unlink(part);
}

static void nothing_is_left_without_an_interval(void **state)
{
	struct run_file *f;
	struct err e = { 0 };
	char found[128];

	(void)state;
	assert_int_equal(run_file_create(&f, path, &e), 0);
	run_file_free(f);
	assert_int_equal(count_files("", found), 0);
}

static void refuses_targets(void **state)
{
	char link[64], inside[80];
	struct run_file *f;
	struct err e = { 0 };

	(void)state;
	snprintf(link, sizeof(link), "%s/link", folder);
	assert_int_equal(symlink("/nowhere", link), 0);
	assert_int_equal(run_file_create(&f, link, &e), -ELOOP);
	assert_non_null(strstr(e.message, "symbolic link"));
	unlink(link);
	assert_int_equal(run_file_create(&f, folder, &e), -EEXIST);
	snprintf(inside, sizeof(inside), "%s/none/x", folder);
	assert_int_equal(run_file_create(&f, inside, &e), -ENOENT);
	assert_int_equal(run_file_create(&f, "/dev/null", &e), -EEXIST);
	if (geteuid())
		return;
	/* a folder of everybody with somebody's link to another folder in it */
	assert_int_equal(chmod(folder, 01777), 0);
	assert_int_equal(symlink(folder, link), 0);
	assert_int_equal(lchown(link, 65534, 65534), 0);
	snprintf(inside, sizeof(inside), "%s/x", link);
	assert_int_equal(run_file_create(&f, inside, &e), -ELOOP);
	assert_non_null(strstr(e.message, "link that anybody"));
	unlink(link);
	/* and with somebody's file of that name */
	fclose(fopen(path, "w"));
	assert_int_equal(chown(path, 65534, 65534), 0);
	assert_int_equal(run_file_create(&f, path, &e), -EPERM);
}

static void belongs_to_the_invoker(void **state)
{
	struct run r;
	struct stat st;

	(void)state;
	if (geteuid())
		skip();
	setenv("SUDO_UID", "65534", 1);
	setenv("SUDO_GID", "65533", 1);
	start_run(&r, 1);
	write_run(&r, 1, 1);
	run_free(&r);
	unsetenv("SUDO_UID");
	unsetenv("SUDO_GID");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid, 65534);
	assert_int_equal(st.st_gid, 65533);
	assert_int_equal(st.st_mode & 0777, 0644);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(read_back_is_equal, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(truncated_at_every_byte, make_folder,
						remove_folder),
		cmocka_unit_test_setup_teardown(a_cut_line_is_named, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(changes_are_told, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(interrupted, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(nothing_is_left_without_an_interval, make_folder,
						remove_folder),
		cmocka_unit_test_setup_teardown(refuses_targets, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(belongs_to_the_invoker, make_folder, remove_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
