// SPDX-License-Identifier: BSD-2-Clause
/* What lvt top shows: figures of a window, how they were before, which services in which order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../lib/top_fill.h"
#include "model/window.h"
#include "top/list.h"

/* ---- looks ---- */

static void figures_of_a_window(void **state)
{
	static const int first[] = { 100, 50 }, then[] = { 300, 50 };
	struct frame f = { 0 }, copy = { 0 };
	struct run r = look_at(10, 2, first);
	struct run_service w = { 0 };

	(void)state;
	assert_null(frame_run(&f));
	assert_int_equal(frame_look(&f, &r, NULL), 0);
	assert_int_equal(f.n, 2);
	assert_true(near(f.row[0].rps, 10));
	r = look_at(10.5, 2, then);
	r.counters[COUNTER_FIRST_SIGHT] = 3;
	r.counters[COUNTER_OPEN_AT_END] = 100; /* no gap */
	assert_int_equal(frame_look(&f, &r, second_is_gone), 0);
	assert_true(f.window_s == 0.5);
	assert_true(near(f.row[0].rps, 400));
	assert_true(near(f.row[0].p50, 4e6) && near(f.row[0].p99, 4e6));
	assert_true(near(f.row[0].queue, 0.5) && near(f.row[0].runq, 0.25));
	assert_true(f.row[0].in_flight == 2);
	assert_int_equal(f.row[0].requests, 300);
	assert_false(f.row[0].gone || f.row[0].came);
	/* without requests a rate is known, and nothing else */
	assert_true(f.row[1].rps == 0 && f.row[1].gone);
	assert_true(isnan(f.row[1].p50) && isnan(f.row[1].p99) && isnan(f.row[1].queue) &&
		    isnan(f.row[1].runq));
	assert_int_equal(f.row[1].n_track, 2);
	assert_true(near(f.row[0].track[0].rps, 10) && near(f.row[0].track[1].rps, 400));
	assert_int_equal(frame_gaps(frame_run(&f)), 3);
	assert_int_equal(frame_window(&f, 0, 6379, &w), 0);
	assert_int_equal(service_requests(&w), 200);
	service_window_free(&w);
	assert_true(frame_window(&f, 0, 1, &w) < 0);

	/* a copy stays */
	frame_copy(&copy, &f);
	r = look_at(11, 2, then);
	assert_int_equal(frame_look(&f, &r, NULL), 0);
	assert_true(f.row[0].rps == 0 && near(copy.row[0].rps, 400));
	assert_true(frame_run(&copy)->duration_s == 10.5);
	assert_int_equal(frame_window(&copy, 0, 6379, &w), 0);
	assert_int_equal(service_requests(&w), 200);
	service_window_free(&w);
	frame_free(&f);
	frame_free(&copy);
}

static void the_first_look(void **state)
{
	static const int none[] = { 0 }, some[] = { 5, 7 }, less[] = { 4, 7 };
	struct frame f = { 0 };
	struct run r = look_at(0.0001, 1, none);

	(void)state;
	assert_int_equal(frame_look(&f, &r, NULL), 0);
	assert_true(isnan(f.row[0].rps)); /* no time has passed */
	assert_int_equal(f.row[0].n_track, 0);
	assert_false(f.row[0].came);
	r = look_at(1, 2, some);
	r.services[1].window_s = 0.5; /* it came in the middle */
	assert_int_equal(frame_look(&f, &r, second_is_gone), 0);
	assert_true(near(f.row[0].rps, 5));
	assert_true(near(f.row[1].rps, 14) && f.row[1].came);
	assert_false(f.row[1].gone); /* it answers */
	r = look_at(11.5, 2, some);
	assert_int_equal(frame_look(&f, &r, NULL), 0);
	assert_false(f.row[1].came);
	r = look_at(12, 2, less);
	assert_true(frame_look(&f, &r, NULL) < 0);
	frame_free(&f);
}

static void tracks_end_with_the_latest(void **state)
{
	struct frame f = { 0 };
	int total[] = { 0 };

	(void)state;
	for (int i = 1; i <= TRACK_LEN + 30; i++) {
		struct run r;

		total[0] += i % 7;
		r = look_at(i, 1, total);
		assert_int_equal(frame_look(&f, &r, NULL), 0);
	}
	assert_int_equal(f.row[0].n_track, TRACK_LEN);
	for (int i = 0; i < TRACK_LEN; i++)
		assert_true(near(f.row[0].track[i].rps, (31 + i) % 7));
	frame_free(&f);
}

static void sparklines(void **state)
{
	static const float values[] = { 0, 1, 4, NAN, 8, 9 };
	char buf[100];

	(void)state;
	assert_string_equal(sparkline(buf, values, 6, 6, 8), "▁▂▅ ██");
	assert_string_equal(sparkline(buf, values, 6, 8, 8), "  ▁▂▅ ██");
	assert_string_equal(sparkline(buf, values, 6, 2, 16), "▅▅");
	assert_string_equal(sparkline(buf, values, 2, 2, 0), "▁▁"); /* all zero */
	assert_string_equal(sparkline(buf, values, 0, 3, 0), "   ");
}

/* ---- the list ---- */

static void sorting_and_filtering(void **state)
{
	static const int requests[] = { 10, 30, 20, 0 };
	struct list l = { .sort = LIST_RATE };
	struct frame f = { 0 };
	struct run r = look_at(1, 4, requests);

	(void)state;
	r.services[3].netns = 7;
	r.services[3].foreign_netns = true;
	r.services[3].port = 80;
	assert_int_equal(frame_look(&f, &r, NULL), 0);
	list_choose(&l, &f);
	in_order(&l, "6380 6381 6379 80");
	l.inverted = true;
	list_choose(&l, &f);
	in_order(&l, "80 6379 6381 6380");
	l.sort = LIST_P99; /* what has none is last, either way */
	list_choose(&l, &f);
	in_order(&l, "6379 6380 6381 80");
	l.inverted = false;
	list_choose(&l, &f);
	in_order(&l, "6381 6380 6379 80");
	l.sort = LIST_QUEUE;
	list_choose(&l, &f); /* equal ones by port */
	in_order(&l, "6379 6381 6380 80");
	l.sort = LIST_PORT;
	list_choose(&l, &f);
	in_order(&l, "80 6379 6380 6381");
	l.sort = LIST_NAME;
	list_choose(&l, &f);
	in_order(&l, "6381 6380 80 6379");
	strcpy(l.filter, "REDIS");
	list_choose(&l, &f);
	in_order(&l, "80 6379");
	assert_int_equal(list_find(&l, 7, 80), 0);
	assert_int_equal(list_find(&l, 0, 80), -1);
	strcpy(l.filter, ":638");
	list_choose(&l, &f);
	in_order(&l, "6381 6380");
	strcpy(l.filter, "@7 ");
	list_choose(&l, &f);
	in_order(&l, "80");
	strcpy(l.filter, "zebra");
	list_choose(&l, &f);
	assert_int_equal(l.n, 0);
	frame_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(figures_of_a_window),	      cmocka_unit_test(the_first_look),
		cmocka_unit_test(tracks_end_with_the_latest), cmocka_unit_test(sparklines),
		cmocka_unit_test(sorting_and_filtering),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
