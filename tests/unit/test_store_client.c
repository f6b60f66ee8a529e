// SPDX-License-Identifier: BSD-2-Clause
/* The views of loads in a run file; a run file that is written to a descriptor. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "../lib/run_fill.h"
#include "../lib/run_look.h"
#include "store/run_read.h"
#include "store/run_write.h"

static void read_fd(int fd, struct run *r)
{
	char warning[RUN_WARNING_LEN];
	struct err e = { 0 };
	FILE *in;

	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	in = fdopen(dup(fd), "r");
	assert_non_null(in);
	if (run_read_stream(in, "memory", r, warning, &e))
		fail_msg("%s", e.message);
	assert_string_equal(warning, "");
	fclose(in);
}

static void to_a_descriptor(void **state)
{
	int fd = memfd_create("run", MFD_CLOEXEC);
	struct run r, copy, back = { 0 };
	struct run_file *f;
	struct err e = { 0 };

	(void)state;
	fill_run(&r, 1);
	fill_event_loop(&r.services[0], 50);
	assert_int_equal(run_file_create_fd(&f, fd, &e), 0);
	copy = look_copy_run(&r);
	assert_int_equal(run_file_interval(f, &copy, &e), 0);
	r.duration_s++;
	assert_int_equal(run_file_finish(f, &r, &e), 0);
	run_file_free(f);
	read_fd(fd, &back); /* it is still open */
	assert_null(look_run(&r, &back));
	run_free(&r);
	run_free(&back);
	close(fd);
}

/* What is not finished is the caller's as well: neither closed nor removed. */
static void a_descriptor_is_the_callers(void **state)
{
	struct run r;
	struct run_file *f;
	struct err e = { 0 };
	struct stat st;
	int fd = memfd_create("run", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(run_file_create_fd(&f, fd, &e), 0);
	run_file_free(f);
	assert_int_equal(fstat(fd, &st), 0);
	fill_run(&r, 1);
	assert_int_equal(run_file_create_fd(&f, fd, &e), 0);
	assert_int_equal(run_file_interval(f, &r, &e), 0);
	run_file_free(f);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(st.st_size > 0);
	close(fd);
}

static void a_descriptor_that_cannot_be_written(void **state)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct run r;
	struct run_file *f;
	struct err e = { 0 };

	(void)state;
	fill_run(&r, 1);
	assert_int_equal(run_file_create_fd(&f, fd, &e), 0);
	assert_int_equal(run_file_finish(f, &r, &e), -ENOSPC);
	assert_string_equal(e.message, "cannot write to a descriptor: No space left on device");
	run_file_free(f);
	run_free(&r);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(to_a_descriptor),
		cmocka_unit_test(a_descriptor_is_the_callers),
		cmocka_unit_test(a_descriptor_that_cannot_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
