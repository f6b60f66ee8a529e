// SPDX-License-Identifier: BSD-2-Clause
/* What the requests of a run are worth, from its intervals: against a direct computation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>

#include "../lib/run_fill.h"
#include "../lib/run_look.h"
#include "analysis/intervals.h"
#include "analysis/stats.h"
#include "model/hist.h"
#include "store/hdr.h"
#include "store/run_write.h"

enum { FAST = 1000, SLOW = 100000, MANY = 3000 };

static char path[] = "/tmp/lvt-intervals-XXXXXX/run.hlog";
static double count[MANY], slow[MANY];

static void close_to(double a, double b)
{
	bool close = isnan(a) ? isnan(b) : fabs(a - b) <= 1e-9 * fabs(b);

	if (!close)
		print_error("%.17g is not %.17g\n", a, b);
	assert_true(close);
}

/* An interval of requests, of which those that are slow come in spells. */
static void some_requests(struct lvt_shard *sum, size_t i, __u64 *seed)
{
	static bool spell;

	if (fill_below(seed, 10) == 0)
		spell = !spell;
	count[i] = 20 + fill_below(seed, 20);
	slow[i] = 0;
	for (int k = 0; k < count[i]; k++) {
		bool is = fill_below(seed, spell ? 20 : 200) == 0;

		sum->latency[hist_index(is ? SLOW : FAST)]++;
		slow[i] += is;
	}
	sum->exchanges[EXCHANGE_REQUEST_RESPONSE] += count[i];
}

/* What n intervals are worth, `each` of them taken as one. */
static double directly(size_t n, size_t each)
{
	double c[MANY] = { 0 }, a[MANY] = { 0 }, all = 0, above = 0;

	for (size_t i = 0; i < n; i++) {
		c[i / each] += count[i];
		a[i / each] += slow[i];
		all += count[i];
		above += slow[i];
	}
	return effective_requests(c, a, (n + each - 1) / each, round(1e6 * (1 - above / all)));
}

static void as_computed_directly(void **state)
{
	static const struct {
		size_t n, each;
	} cases[] = { { 4, 1 }, { 40, 1 }, { 511, 1 }, { 512, 2 }, { 1000, 2 }, { MANY, 8 } };
	struct run r;

	(void)state;
	for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
		struct intervals *all = intervals_new();
		double worth[1][COMPARE_QUANTILES];
		__u64 seed = 9;
		double truth;

		fill_run(&r, 1);
		for (size_t i = 0; i < cases[k].n; i++) {
			some_requests(r.services[0].sum, i, &seed);
			assert_int_equal(intervals_add(all, &r.services[0]), 0);
		}
		assert_int_equal(intervals_effective(all, &r, worth), cases[k].n);
		/* only one edge has requests on both sides, so it is that of every quantile */
		truth = directly(cases[k].n, cases[k].each);
		for (int m = 0; m < COMPARE_QUANTILES; m++)
			close_to(worth[0][m], truth);
		if (cases[k].n >= 511) /* the spells cost much, and merging changes little */
			assert_true(truth < 0.8 * service_requests(&r.services[0]) &&
				    fabs(log(truth / directly(cases[k].n, 1))) < log(1.5));
		intervals_free(all);
		run_free(&r);
	}
}

static void the_edge_is_the_nearer_one(void **state)
{
	struct intervals *all = intervals_new();
	double worth[1][COMPARE_QUANTILES], n[40], above[40];
	struct run r;

	(void)state;
	fill_run(&r, 1);
	for (int i = 0; i < 40; i++) {
		__u64 *cells = r.services[0].sum->latency;
		int spell = i / 5 % 2;

		n[i] = 100;
		cells[hist_index(1000)] += 40 + 24 * spell;
		cells[hist_index(2000)] += 59 - 24 * spell - 4 * spell;
		cells[hist_index(3000)] += 1 + 4 * spell;
		assert_int_equal(intervals_add(all, &r.services[0]), 0);
	}
	assert_int_equal(intervals_effective(all, &r, worth), 40);
	for (int i = 0; i < 40; i++)
		above[i] = 60 - 24 * (i / 5 % 2);
	close_to(worth[0][COMPARE_P50], effective_requests(n, above, 40, 520000));
	assert_true(worth[0][COMPARE_P50] < 1000);
	for (int i = 0; i < 40; i++)
		above[i] = 1 + 4 * (i / 5 % 2);
	close_to(worth[0][COMPARE_P99], effective_requests(n, above, 40, 970000));
	assert_true(worth[0][COMPARE_P99] < 2000);
	assert_true(worth[0][COMPARE_P99] != worth[0][COMPARE_P50]);
	/* in the middle bucket, from 52 % to 97 %: nearer to its end */
	close_to(worth[0][COMPARE_P90], worth[0][COMPARE_P99]);
	intervals_free(all);
	run_free(&r);
}

static void what_cannot_be_known(void **state)
{
	struct intervals *all = intervals_new();
	double worth[2][COMPARE_QUANTILES];
	struct run r;

	(void)state;
	fill_run(&r, 2);
	for (int i = 0; i < 10; i++) { /* all alike: one bucket; and nothing at all */
		r.services[0].sum->latency[hist_index(FAST)] += 10;
		assert_int_equal(intervals_add(all, &r.services[0]), 0);
		assert_int_equal(intervals_add(all, &r.services[1]), 0);
	}
	assert_int_equal(intervals_effective(all, &r, worth), 10);
	assert_true(isnan(worth[0][COMPARE_P99]));
	assert_true(isnan(worth[1][COMPARE_P50]));
	intervals_free(all);
	all = intervals_new(); /* of a service of which no interval was seen */
	assert_int_equal(intervals_effective(all, &r, worth), 0);
	assert_true(isnan(worth[0][COMPARE_P50]));
	intervals_free(all);
	run_free(&r);
}

/*
 * More different latencies than there is room for: fewer intervals. Seen from outside: two slow ones
 * and two fast ones in turn are all alike when four or more are taken as one.
 */
static void memory_is_bounded(void **state)
{
	struct intervals *all = intervals_new();
	double worth[1][COMPARE_QUANTILES];
	struct run r;
	__u64 n = 0;

	(void)state;
	fill_run(&r, 1);
	for (__u32 i = 0; i < 512; i++) {
		for (__u32 b = 0; b < HIST_BUCKETS; b++) {
			__u64 some = i / 2 % 2 == b / (HIST_BUCKETS / 2) ? 3 : 1;

			r.services[0].sum->latency[b] += some;
			n += some;
		}
		assert_int_equal(intervals_add(all, &r.services[0]), 0);
	}
	assert_int_equal(intervals_effective(all, &r, worth), 512);
	close_to(worth[0][COMPARE_P50], n);
	intervals_free(all);
	run_free(&r);
}

/* There is no room at the 57th: the odd one goes with the next, so that all are of two but the last. */
static void an_odd_one_out(void **state)
{
	struct intervals *all = intervals_new();
	double worth[1][COMPARE_QUANTILES];
	__u32 most = hist_index(FAST);
	__u64 seed = 3;
	struct run r;

	(void)state;
	fill_run(&r, 1);
	for (__u32 i = 0; i < 59; i++) {
		__u64 *cells = r.services[0].sum->latency;
		__u64 w = 1 + fill_below(&seed, 4);

		for (__u32 b = 0; b < HIST_BUCKETS && i > 0; b++)
			cells[b] += b > most ? w : 1;
		cells[most] += 9999 + !i;
		count[i] = i ? 10000 + most + w * (HIST_BUCKETS - 1 - most) : 10000;
		slow[i] = i ? w * (HIST_BUCKETS - 1 - most) : 0;
		assert_int_equal(intervals_add(all, &r.services[0]), 0);
	}
	assert_int_equal(intervals_effective(all, &r, worth), 59);
	close_to(worth[0][COMPARE_P50], directly(59, 2));
	intervals_free(all);
	run_free(&r);
}

/* ---- from files */

static void read_file(struct run *r, double (*worth)[COMPARE_QUANTILES], int intervals)
{
	struct intervals *all = intervals_new();
	struct run_watch watch = { .interval = intervals_add, .arg = all };
	char warning[RUN_WARNING_LEN];
	struct err e = { 0 };

	*r = (struct run){ 0 };
	if (run_read_watched(path, r, &watch, warning, &e))
		fail_msg("%s", e.message);
	assert_int_equal(intervals_effective(all, r, worth), intervals);
	intervals_free(all);
}

/* Two services, of which the second comes late, and to the front at the end. */
static void from_a_run_file(void **state)
{
	double worth[2][COMPARE_QUANTILES];
	struct run r, copy, back;
	struct run_service first;
	struct run_file *f;
	struct err e = { 0 };
	__u64 seed = 4;

	(void)state;
	fill_run(&r, 2);
	r.n_services = 1;
	assert_int_equal(run_file_create(&f, path, &e), 0);
	for (size_t i = 0; i < 50; i++) {
		if (i == 10)
			r.n_services = 2;
		if (i != 7) /* an interval without requests */
			some_requests(r.services[0].sum, i, &seed);
		else
			count[i] = slow[i] = 0;
		r.services[1].sum->latency[hist_index(i % 2 ? FAST : SLOW)] += i < 10 ? 0 : 5;
		r.duration_s = i + 1;
		copy = look_copy_run(&r);
		if (i < 49)
			assert_int_equal(run_file_interval(f, &copy, &e), 0);
		else
			run_free(&copy);
	}
	first = r.services[0];
	r.services[0] = r.services[1];
	r.services[1] = first;
	assert_int_equal(run_file_finish(f, &r, &e), 0);
	run_file_free(f);
	run_free(&r);
	read_file(&back, worth, 50);
	close_to(worth[1][COMPARE_P99], directly(50, 1));
	/* five fast ones, five slow ones: worth one each */
	close_to(worth[0][COMPARE_P50], 40);
	run_free(&back);
}

static void from_a_log_of_another_tool(void **state)
{
	double worth[2][COMPARE_QUANTILES];
	struct hdr *hdr = hdr_open();
	FILE *out = fopen(path, "w");
	__u64 seed = 6;
	struct run r;

	(void)state;
	for (size_t i = 0; i < 30; i++) {
		struct lvt_shard *sum = calloc(1, sizeof(*sum));

		some_requests(sum, i, &seed);
		fprintf(out, "Tag=a,%zu,1,0.1,%s\n", i, hdr_encode(hdr, sum->latency));
		memset(sum->latency, 0, sizeof(sum->latency));
		/* some without any */
		sum->latency[hist_index(i / 5 % 2 ? FAST : SLOW)] = i % 3 * 50;
		fprintf(out, "Tag=b,%zu,1,0.1,%s\n", i, hdr_encode(hdr, sum->latency));
		free(sum);
	}
	fclose(out);
	hdr_free(hdr);
	read_file(&r, worth, 30);
	assert_true(r.latency_only);
	assert_true(fabs(r.value_ratio / 1e6 - 1) < 0.01);
	/* b has more requests */
	close_to(worth[1][COMPARE_P90], directly(30, 1));
	for (size_t i = 0; i < 30; i++) {
		count[i] = i % 3 * 50;
		slow[i] = i / 5 % 2 ? 0 : count[i];
	}
	close_to(worth[0][COMPARE_P50], directly(30, 1));
	assert_true(worth[0][COMPARE_P50] < 500);
	run_free(&r);
}

static int make_folder(void **state)
{
	char *slash = strrchr(path, '/');

	(void)state;
	*slash = '\0';
	if (!mkdtemp(path))
		return -1;
	*slash = '/';
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	*strrchr(path, '/') = '\0';
	return rmdir(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_computed_directly),
		cmocka_unit_test(the_edge_is_the_nearer_one),
		cmocka_unit_test(what_cannot_be_known),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(an_odd_one_out),
		cmocka_unit_test(from_a_run_file),
		cmocka_unit_test(from_a_log_of_another_tool),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
