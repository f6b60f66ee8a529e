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

#include "../lib/client_fill.h"
#include "../lib/run_fill.h"
#include "../lib/run_look.h"
#include "../lib/run_text.h"
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

/* ---- clients */

/* Three intervals of a load alone, which a second one joins in the last; *r is what they have come to. */
static char *write_load(struct run *r)
{
	int fd = memfd_create("run", MFD_CLOEXEC);
	char *text = calloc(1, 1 << 20);
	struct run_client *c;
	struct run_file *f;
	struct err e = { 0 };
	struct run copy;

	fill_run(r, 0);
	r->duration_s = 0;
	fill_client(r, 6379, "GET k", 1000);
	assert_int_equal(run_file_create_fd(&f, fd, &e), 0);
	for (int i = 1; i <= 3; i++) {
		r->duration_s = i;
		if (i == 3)
			fill_client(r, 6379, "GET k", 1000);
		for (size_t k = 0; k < r->n_clients; k++) {
			c = &r->clients[k];
			for (int n = 0; n < 100; n++)
				fill_answered(c, 2000, 10 * n, 100000 + 1000 * n * i);
			fill_failed(c, CLIENT_ERROR_TIMEOUT);
			fill_time(c, CLIENT_CLOSED, 7000);
			c->view.window_s++;
		}
		copy = look_copy_run(r);
		if (i < 3)
			assert_int_equal(run_file_interval(f, &copy, &e), 0);
		else
			run_free(&copy);
	}
	assert_int_equal(run_file_finish(f, r, &e), 0);
	run_file_free(f);
	assert_true(pread(fd, text, (1 << 20) - 1, 0) > 1000);
	close(fd);
	return text;
}

static int count_lines(const char *text, const char *start)
{
	int n = 0;

	for (const char *line = text; *line; line = strchr(line, '\n') + 1)
		n += !strncmp(line, start, strlen(start));
	return n;
}

static void a_load_alone(void **state)
{
	struct run r, back = { 0 };
	char *text = write_load(&r), warning[RUN_WARNING_LEN];
	struct err e = { 0 };
	struct dist d;

	(void)state;
	assert_int_equal(count_lines(text, "Tag=client/latency,"), 3);
	assert_int_equal(count_lines(text, "Tag=client/answer,"), 3);
	assert_int_equal(count_lines(text, "Tag=client/late,"), 3);
	assert_int_equal(count_lines(text, "Tag=client/connection,"), 3);
	assert_int_equal(count_lines(text, "Tag=client/closed,"), 3);
	assert_int_equal(count_lines(text, "Tag=client#2/latency,"), 1);
	assert_int_equal(count_lines(text, "Tag=latency,"), 0);
	if (read_text(text, &back, warning, &e))
		fail_msg("%s", e.message);
	assert_string_equal(warning, "");
	assert_int_equal(back.n_services, 0);
	assert_int_equal(back.n_clients, 2);
	assert_null(look_run(&r, &back));
	/* failed ones are still beyond all others */
	client_latency(&back.clients[0], &d);
	assert_int_equal(d.count, 303);
	assert_true(d.p99 < 500000);
	assert_true(d.p99_9 == CLIENT_FAILED);
	run_free(&r);
	run_free(&back);
	free(text);
}

/* The same text without the lines that begin so. */
static char *without(const char *text, const char *start)
{
	char *out = calloc(1, strlen(text) + 1), *p = out;

	for (const char *line = text, *next; *line; line = next) {
		next = strchr(line, '\n') + 1;
		if (strncmp(line, start, strlen(start)))
			p = mempcpy(p, line, next - line);
	}
	sign(out);
	return out;
}

static void told(const char *text, const char *why)
{
	char warning[RUN_WARNING_LEN];
	struct run back = { 0 };
	struct err e = { 0 };

	read_text(text, &back, warning, &e);
	if (e.code != -EBADMSG || strncmp(e.message, "x:", 2) || !strstr(e.message, why))
		fail_msg("'%s', but not '%s'", e.message, why);
	run_free(&back);
}

/* The second client is in the last interval alone, which is not whole. */
static void of_no_whole_interval(void **state)
{
	char *text, warning[RUN_WARNING_LEN], *last = NULL;
	struct run r, back = { 0 };
	struct err e = { 0 };

	(void)state;
	text = write_load(&r);
	for (char *line = text; *line; line = strchr(line, '\n') + 1)
		if (is_closing(line))
			last = line;
	*last = '\0';
	assert_non_null(strstr(text, "client#2/"));
	assert_int_equal(read_text(text, &back, warning, &e), 0);
	assert_non_null(strstr(warning, "interrupted"));
	assert_int_equal(back.n_clients, 1);
	assert_int_equal(client_answered(&back.clients[0]), 200);
	assert_int_equal(back.duration_s, 2);
	run_free(&r);
	run_free(&back);
	free(text);
}

static void defects(void **state)
{
	static const struct {
		const char *with, *from, *to, *told;
	} forms[] = {
		{ "\"client\":{", "\"target\":\"127", "\"target\":127,\"a\":\"", "'target'" },
		{ "\"client\":{", "\"open\":true", "\"open\":1", "'open'" },
		{ "\"client\":{", "\"id\":1", "\"id\":2", "numbered" },
		{ "\"client\":{", "client#2/", "client/", "two clients with one tag" },
		{ "\"client\":{", "\"tag\":\"client/", "\"tag\":\"k", "of no service or client" },
		{ "\"client\":{", "\"connections\":50", "\"connections\":-1", "'connections'" },
		{ "\"anatomy\"", "\"client\":0", "\"client\":9", "a client that was not declared" },
		{ "Tag=", "client/late,", "client/later,", "the tag 'client/later' is not known" },
		{ "Tag=", "client/latency", "klient/latency", "of no service or client" },
		{ "\"n\":3", "\"clients\":", "\"customers\":", "does not have all clients" },
		{ "\"n\":3", "\"id\":1", "\"id\":0", "does not have all clients" },
		{ "\"n\":3", "\"timeout\":3", "\"tmeout\":3", "'errors'" },
		{ "\"n\":3", "\"time_sum\":{", "\"time_sum\":{\"x\":1,", "'time_sum'" },
		{ "\"n\":3", "\"sent\":", "\"sent\":-", "'sent'" },
		{ "\"n\":3", "\"aborted\":", "\"aborted\":-", "'exchanges'" },
	};
	struct run r;
	char *text = write_load(&r), *other;

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		other = change(text, forms[i].with, forms[i].from, forms[i].to);
		told(other, forms[i].told);
		free(other);
	}
	other = without(text, RECORD_START "{\"client\":{");
	told(other, "of no service or client");
	free(other);
	other = change(text, "\"client\":{", "{\"client\":{", "{\"service\":{");
	told(other, "the tag 'client/late' is not known");
	free(other);
	run_free(&r);
	free(text);
}

static void too_many(void **state)
{
	int fd = memfd_create("run", MFD_CLOEXEC);
	struct run_file *f;
	struct err e = { 0 };
	struct run r;

	(void)state;
	fill_run(&r, 0);
	for (int i = 0; i <= RUN_MAX_CLIENTS; i++)
		fill_client(&r, 80, "GET /", 1);
	assert_int_equal(run_file_create_fd(&f, fd, &e), 0);
	assert_int_equal(run_file_finish(f, &r, &e), -E2BIG);
	assert_string_equal(e.message, "more than 16 clients");
	run_file_free(f);
	run_free(&r);
	close(fd);
}

static void counts_do_not_go_down(void **state)
{
	int fd = memfd_create("run", MFD_CLOEXEC);
	struct run_file *f;
	struct err e = { 0 };
	struct run r, copy;

	(void)state;
	fill_run(&r, 0);
	fill_client(&r, 80, "GET /", 1);
	fill_answered(&r.clients[0], 1, 2, 3);
	copy = look_copy_run(&r);
	assert_int_equal(run_file_create_fd(&f, fd, &e), 0);
	assert_int_equal(run_file_interval(f, &copy, &e), 0);
	r.clients[0].times[CLIENT_LATE].cells[1]--;
	assert_int_equal(run_file_finish(f, &r, &e), -EINVAL);
	assert_string_equal(e.message, "a count of the client of 127.0.0.1:80 went down");
	run_file_free(f);
	run_free(&r);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_load_alone),
		cmocka_unit_test(of_no_whole_interval),
		cmocka_unit_test(defects),
		cmocka_unit_test(too_many),
		cmocka_unit_test(counts_do_not_go_down),
		cmocka_unit_test(to_a_descriptor),
		cmocka_unit_test(a_descriptor_is_the_callers),
		cmocka_unit_test(a_descriptor_that_cannot_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
