// SPDX-License-Identifier: BSD-2-Clause
/* A run over time: every request in one column, whatever the run's length; what the page makes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>

#include "../lib/client_fill.h"
#include "../lib/run_fill.h"
#include "../lib/text_look.h"
#include "model/hist.h"
#include "model/series.h"
#include "report/html_report.h"
#include "store/run_read.h"
#include "store/run_write.h"

static void close_to(double a, double b)
{
	if (!(fabs(a - b) <= 1e-9 * fmax(fabs(a), fabs(b))))
		fail_msg("%.17g is not %.17g", a, b);
}

/* An interval of `seconds` more, with n requests of a latency and so many in flight. */
static void pass(struct run *r, struct run_service *s, double seconds, int n, __u64 ns,
		 double in_flight)
{
	double samples = 100 * seconds, before = s->in_flight_samples;

	for (int i = 0; i < n; i++)
		fill_request(s->sum, (__u64[NR_STAGES]){ [STAGE_SERVICE_CPU] = ns });
	s->sum->exchanges[EXCHANGE_REQUEST_RESPONSE] += n;
	s->in_flight = before ? (s->in_flight * before + in_flight * samples) / (before + samples) :
				in_flight;
	s->in_flight_samples += samples;
	s->window_s += seconds;
	r->duration_s = fmax(r->duration_s, s->window_s);
}

static void fill_empty(struct run *r, size_t n)
{
	fill_run(r, n);
	r->duration_s = 0;
	for (size_t i = 0; i < n; i++)
		r->services[i].window_s = 0;
}

/* Columns follow each other, and have every request once. */
static void check_columns(const struct run_service *s, double duration)
{
	__u64 cells[HIST_BUCKETS] = { 0 };
	size_t n;
	const struct series_column *c = series_columns(s, &n);

	assert_true(n >= 1 && n <= SERIES_COLUMNS);
	for (size_t i = 0; i < n; i++) {
		__u64 requests = 0;

		assert_true(c[i].end > c[i].start);
		if (i)
			close_to(c[i].start, c[i - 1].end);
		for (size_t k = 0; k < c[i].n_cells; k++) {
			assert_true(c[i].cells[k].count > 0);
			assert_true(!k || c[i].cells[k].bucket > c[i].cells[k - 1].bucket);
			cells[c[i].cells[k].bucket] += c[i].cells[k].count;
			requests += c[i].cells[k].count;
		}
		assert_int_equal(requests, c[i].requests);
	}
	close_to(c[n - 1].end, duration);
	assert_memory_equal(cells, s->sum->latency, sizeof(cells));
}

static void every_request_is_in_one_column(void **state)
{
	static const int lengths[] = { 1, 2, 3, 119, 120, 121, 240, 600, 1500 };

	(void)state;
	for (size_t l = 0; l < sizeof(lengths) / sizeof(lengths[0]); l++) {
		struct series *all = series_new();
		__u64 seed = 5 + l;
		struct run r;
		size_t n;

		fill_empty(&r, 1);
		for (int i = 0; i < lengths[l]; i++) {
			pass(&r, &r.services[0], 1, fill_below(&seed, 4),
			     1000 + fill_below(&seed, 1 << 20), i);
			assert_int_equal(series_add(all, &r.services[0], r.duration_s), 0);
		}
		assert_int_equal(series_bind(all, &r), 0);
		check_columns(&r.services[0], lengths[l]);
		series_columns(&r.services[0], &n);
		assert_true(lengths[l] < SERIES_COLUMNS ? n == (size_t)lengths[l] :
							  n >= SERIES_COLUMNS / 2);
		series_free(all);
		run_free(&r);
	}
}

/* Intervals of a second, of which the last hundred are busy: rate, in flight, quantiles are theirs. */
static void figures_of_a_column(void **state)
{
	struct series_cell cells[HIST_BUCKETS];
	struct series_column sum = { .cells = cells };
	struct series *all = series_new();
	const struct series_column *c;
	struct run r;
	size_t n;

	(void)state;
	fill_empty(&r, 1);
	for (int i = 0; i < 200; i++) {
		pass(&r, &r.services[0], 1, i < 100 ? 1 : 10, i < 100 ? 1000 : 50000,
		     i < 100 ? 2 : 8);
		assert_int_equal(series_add(all, &r.services[0], r.duration_s), 0);
	}
	assert_int_equal(series_bind(all, &r), 0);
	c = series_columns(&r.services[0], &n);
	assert_int_equal(n, 100);
	for (size_t i = 0; i < n; i++) {
		close_to(c[i].seconds, 2);
		assert_int_equal(c[i].requests, i < 50 ? 2 : 20);
		close_to(c[i].in_flight, i < 50 ? 2 : 8);
		assert_int_equal(series_value_at(&c[i], 1, 0, UINT64_MAX),
				 hist_middle(hist_index(i < 50 ? 1000 : 50000)));
	}
	series_sum(c + 40, 20, &sum);
	close_to(sum.start, 80);
	close_to(sum.end, 120);
	close_to(sum.in_flight, 5);
	assert_int_equal(sum.requests, 220);
	assert_int_equal(series_value_at(&sum, 20, 0, UINT64_MAX), hist_middle(hist_index(1000)));
	assert_int_equal(series_value_at(&sum, 21, 0, UINT64_MAX), hist_middle(hist_index(50000)));
	assert_int_equal(series_value_at(&sum, 20, 1006, 50000), 1006);
	assert_int_equal(series_value_at(&sum, 219, 1000, 49900), 49900);
	assert_int_equal(series_value_at(&sum, 220, 1000, 50010), 50010); /* the exact one */
	assert_int_equal(series_value_at(&sum, 0, 0, 9), 0);
	series_free(all);
	run_free(&r);
}

/* The end of a run comes a moment after its last interval: that is no column of its own. */
static void a_short_end_is_no_column(void **state)
{
	struct series *all = series_new();
	const struct series_column *c;
	struct run r;
	size_t n;

	(void)state;
	fill_empty(&r, 1);
	for (int i = 0; i < 5; i++) {
		pass(&r, &r.services[0], i < 4 ? 1 : 0.01, 7, 1000, i < 4 ? 1 : 51);
		series_add(all, &r.services[0], r.duration_s);
	}
	assert_int_equal(series_bind(all, &r), 0);
	check_columns(&r.services[0], 4.01);
	c = series_columns(&r.services[0], &n);
	assert_int_equal(n, 4);
	assert_int_equal(c[3].requests, 14);
	close_to(c[3].in_flight, (100 * 1 + 1 * 51) / 101.0); /* by their time */
	series_free(all);
	run_free(&r);
}

/* A service that came later begins then; a client that tells of its window late has no empty columns. */
static void late_ones(void **state)
{
	struct series *all = series_new();
	const struct series_column *c;
	struct run r;
	size_t n;

	(void)state;
	fill_empty(&r, 2);
	for (int i = 0; i < 10; i++) {
		pass(&r, &r.services[0], 1, 3, 1000, 1);
		if (i >= 5)
			pass(&r, &r.services[1], i % 2 ? 2 : 0, i % 2 ? 4 : 0, 2000, 1);
		for (int k = 0; k < (i < 5 ? 1 : 2); k++)
			assert_int_equal(series_add(all, &r.services[k], i + 1), 0);
	}
	assert_int_equal(series_bind(all, &r), 0);
	c = series_columns(&r.services[1], &n);
	assert_int_equal(n, 3);
	close_to(c[0].start, 4);
	close_to(c[0].end, 6);
	close_to(c[2].end, 10);
	assert_int_equal(c[2].requests, 4);
	series_free(all);
	run_free(&r);
}

/* Looks have other sums each time, and may have their services in another order. */
static void looks_at_a_run_that_goes_on(void **state)
{
	struct series *all = series_new();
	struct run looks[4];

	(void)state;
	for (int i = 0; i < 4; i++) {
		fill_empty(&looks[i], 2);
		if (i % 2)
			looks[i].services[0].port = 6380, looks[i].services[1].port = 6379;
		for (int k = 0; k < 2; k++)
			pass(&looks[i], &looks[i].services[k], i + 1,
			     (i + 1) * (looks[i].services[k].port == 6379 ? 10 : 1), 1000, 1);
		assert_int_equal(series_look(all, &looks[i]), 0);
		series_show(all, &looks[i]);
		for (int k = 0; k < 2; k++) {
			if (i)
				check_columns(&looks[i].services[k], i + 1);
			else
				assert_null(looks[i].services[k].series);
		}
	}
	assert_int_equal(series_bind(all, &looks[3]), 0);
	for (int k = 0; k < 2; k++)
		check_columns(&looks[3].services[k], 4);
	for (int i = 0; i < 4; i++)
		run_free(&looks[i]);
	series_free(all);
}

/* More services than a trace can have at once, one after the other: the first ones stay. */
static void services_without_end(void **state)
{
	struct series *all = series_new();
	struct run r;

	(void)state;
	for (int i = 0; i < 300; i++) {
		fill_empty(&r, 1);
		r.services[0].port = 1 + i;
		pass(&r, &r.services[0], 1 + i, 1, 1000, 1);
		assert_int_equal(series_look(all, &r), 0);
		if (i < 299)
			run_free(&r);
	}
	series_show(all, &r);
	assert_null(r.services[0].series);
	run_free(&r);
	series_free(all);
}

/* ---- through a file, to the page ---- */

static char path[] = "/tmp/lvt-series-XXXXXX";

struct reading {
	struct series *all;
	const struct run *run;
};

static int interval(void *arg, const struct run_service *s)
{
	struct reading *x = arg;

	return series_add(x->all, s, x->run->duration_s);
}

static void write_run(int intervals, int services)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	struct run_file *f;
	struct err e = { 0 };
	__u64 seed = 3;
	struct run r;

	assert_true(fd >= 0);
	assert_int_equal(run_file_create_fd(&f, fd, &e), 0);
	fill_empty(&r, services);
	for (int i = 0; i < intervals; i++) {
		for (int k = 0; k < services; k++)
			for (int m = 0; m < 20; m++)
				pass(&r, &r.services[k], 1 / 20.0, 2,
				     10000 + fill_exponential(&seed, i % 7 ? 40000 : 4e6), 3);
		if (i + 1 < intervals) {
			struct run copy = r;

			copy.services = malloc(services * sizeof(*copy.services));
			memcpy(copy.services, r.services, services * sizeof(*copy.services));
			for (int k = 0; k < services; k++) {
				copy.services[k].sum = fill_shard();
				*copy.services[k].sum = *r.services[k].sum;
			}
			assert_int_equal(run_file_interval(f, &copy, &e), 0);
		}
	}
	assert_int_equal(run_file_finish(f, &r, &e), 0);
	run_file_free(f);
	run_free(&r);
	close(fd);
}

static char *page_of_file(size_t *size)
{
	struct reading x = { .all = series_new() };
	struct run_watch watch = { .interval = interval, .arg = &x, .states = true };
	char warning[RUN_WARNING_LEN], *text = NULL;
	FILE *out = open_memstream(&text, size);
	struct err e = { 0 };
	struct run r = { 0 };

	x.run = &r;
	assert_int_equal(run_read_watched(path, &r, &watch, warning, &e), 0);
	assert_int_equal(series_bind(x.all, &r), 0);
	check_columns(&r.services[0], r.duration_s);
	assert_int_equal(report_html(out, &r, 0, &e), 0);
	fclose(out);
	run_free(&r);
	series_free(x.all);
	return text;
}

static void a_page_of_ten_minutes(void **state)
{
	size_t size;
	char *text;

	(void)state;
	write_run(600, 1);
	text = page_of_file(&size);
	assert_true(size < 150000);
	assert_says(text, "<b>Latency over time</b>");
	assert_says(text, "<b>Throughput over time</b>");
	assert_says(text, "<b>In flight over time</b>");
	assert_says(text, "<title>0–8 s: 320 requests; p50 ");
	assert_says(text, "<title>592–600 s: 40 /s</title>");
	assert_says(text, "<title>0–8 s: 3</title>");
	assert_says(text, ">10 min</span>");
	assert_says(text, "<i class=\"key h1\"></i>1");
	assert_says(text, "<path class=\"h6\"");
	assert_says(text, "<path class=\"h2\"");
	assert_silent(text, "-0 s");
	free(text);
	write_run(40, 30);
	text = page_of_file(&size);
	assert_true(size <= HTML_MOST_BYTES);
	assert_says(text, "Left out: the page has no room for it.");
	free(text);
}

static void one_interval_is_told(void **state)
{
	size_t size;
	char *text;

	(void)state;
	write_run(1, 1);
	text = page_of_file(&size);
	assert_says(text, "It has one interval only");
	assert_silent(text, "Latency over time");
	free(text);
}

static int make_file(void **state)
{
	(void)state;
	return mkstemp(path) < 0;
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_request_is_in_one_column),
		cmocka_unit_test(figures_of_a_column),
		cmocka_unit_test(a_short_end_is_no_column),
		cmocka_unit_test(late_ones),
		cmocka_unit_test(looks_at_a_run_that_goes_on),
		cmocka_unit_test(services_without_end),
		cmocka_unit_test(a_page_of_ten_minutes),
		cmocka_unit_test(one_interval_is_told),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
