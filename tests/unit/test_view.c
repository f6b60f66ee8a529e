// SPDX-License-Identifier: BSD-2-Clause
/* lvt top without a terminal: what is drawn at which size, and what the keys do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../lib/top_fill.h"
#include "top/view.h"

/* All of it as text, a line a row. */
static const char *shot(struct view *v, int rows, int cols, bool ascii)
{
	static char text[64 * 1024];
	char line[2000];
	struct grid g;

	assert_int_equal(grid_open(&g, rows, cols, ascii), 0);
	view_draw(v, &g);
	*text = '\0';
	for (int i = 0; i < rows; i++) {
		strcat(text, grid_row(&g, i, line, sizeof(line)));
		strcat(text, "\n");
	}
	grid_free(&g);
	return text;
}

static void shows(const char *screen, const char *part)
{
	if (!strstr(screen, part))
		fail_msg("no '%s' in:\n%s", part, screen);
}

static void lacks(const char *screen, const char *part)
{
	if (strstr(screen, part))
		fail_msg("'%s' is in:\n%s", part, screen);
}

static const int three[] = { 100, 300, 200 }, more[] = { 200, 1300, 400 };

static void open_three(struct view *v)
{
	view_open(v, "-p 80", 1);
	looked(v, 10, 3, three);
	looked(v, 11, 3, more);
}

static void the_list_at_many_sizes(void **state)
{
	static const int cols[] = { 60, 66, 72, 80, 100, 120, 200 };
	struct view v;
	const char *s;

	(void)state;
	open_three(&v);
	for (size_t i = 0; i < sizeof(cols) / sizeof(cols[0]); i++) {
		s = shot(&v, 24, cols[i], false);
		shows(s, "loss 0 · gaps 0");
		shows(s, "1.00 k/s  8.0 ms  8.0 ms   0 %   0 %");
		shows(s, "rate▼");
		shows(s, "Quit\n");
		lacks(s, "\033");
		shows(s, cols[i] < 72 ? "\\x1b[31m" : "\\x1b[31mred");
	}
	s = shot(&v, 24, 80, false);
	shows(s, "\n   6380 nginx ");
	assert_true(strstr(s, "nginx") < strstr(s, "red") &&
		    strstr(s, "red") < strstr(s, "redis-server"));
	shows(s, "▁█");
	s = shot(&v, 24, 60, false);
	lacks(s, "█");
	s = shot(&v, 24, 80, true);
	shows(s, "loss 0 . gaps 0");
	shows(s, "_#");
	for (; *s; s++)
		assert_true((unsigned char)*s < 0x80);
	s = shot(&v, 9, 80, false);
	shows(s, "needs 60 columns and 10 lines;\nhere are 80 and 9.");
	s = shot(&v, 24, 59, false);
	shows(s, "here are 59 and 24.");
	shot(&v, 1, 1, false);
	shot(&v, 0, 0, false);
	view_close(&v);
}

static void what_must_not_be_missed(void **state)
{
	struct run r = look_at(1, 1, three);
	struct view v;
	const char *s;

	(void)state;
	r.counters[COUNTER_READ_MISSED] = 1234;
	r.counters[COUNTER_FIRST_SIGHT] = 5;
	r.n_untraced = 1;
	r.untraced = calloc(1, sizeof(*r.untraced));
	view_open(&v, "", 2);
	shows(shot(&v, 10, 60, false), "lvt top · measuring");
	assert_int_equal(view_look(&v, &r, NULL), 0);
	s = shot(&v, 10, 60, false);
	shows(s, "loss 1,234 · gaps 5 · untraced 1");
	shows(s, "every listening TCP service · every 2 s");
	view_key(&v, VIEW_ENTER);
	shows(shot(&v, 10, 60, false), "loss 1,234 · gaps 5");
	view_key(&v, 'h');
	shows(shot(&v, 10, 60, false), "loss 1,234 · gaps 5");
	view_close(&v);
}

/* The selected line is reversed, but for its sparklines. */
static void the_selected_line(void **state)
{
	struct view v;
	struct grid g;
	char line[600];

	(void)state;
	open_three(&v);
	assert_int_equal(grid_open(&g, 24, 80, true), 0);
	view_draw(&v, &g);
	grid_row(&g, 3, line, sizeof(line));
	assert_non_null(strstr(line, "_#"));
	for (int c = 0; c < 80; c++)
		assert_int_equal(g.cell[3 * 80 + c].style & CELL_REVERSE,
				 c < 59 ? CELL_REVERSE : 0);
	for (int c = 0; c < 80; c++)
		assert_false(g.cell[4 * 80 + c].style & CELL_REVERSE);
	grid_free(&g);
	view_close(&v);
}

/* The selection is a service, not a line: it stays when the order changes. */
static void selection(void **state)
{
	static const int turned[] = { 3000, 1400, 500 };
	struct view v;

	(void)state;
	open_three(&v);
	assert_true(view_key(&v, VIEW_DOWN)); /* from the first, 6380, to 6381 */
	assert_int_equal(v.port, 6381);
	looked(&v, 12, 3, turned);
	assert_int_equal(v.list.row[0]->port, 6379);
	assert_int_equal(v.port, 6381);
	view_key(&v, VIEW_UP);
	assert_int_equal(v.port, v.list.row[1]->port);
	view_key(&v, VIEW_END);
	assert_int_equal(v.port, v.list.row[2]->port);
	view_key(&v, 'j');
	assert_int_equal(v.port, v.list.row[2]->port);
	view_key(&v, VIEW_HOME);
	view_key(&v, 'k');
	assert_int_equal(v.port, v.list.row[0]->port);
	view_close(&v);
}

static void keys_of_the_list(void **state)
{
	struct view v;

	(void)state;
	open_three(&v);
	view_key(&v, 's');
	shows(shot(&v, 24, 80, false), "* rate      requests a second");
	view_key(&v, VIEW_UP);
	view_key(&v, VIEW_UP);
	view_key(&v, VIEW_ENTER);
	in_order(&v.list, "6379 6380 6381");
	shows(shot(&v, 24, 80, false), "port▲");
	view_key(&v, 'I');
	in_order(&v.list, "6381 6380 6379");
	shows(shot(&v, 24, 80, false), "port▼");
	view_key(&v, VIEW_F6);
	view_key(&v, VIEW_DOWN);
	view_key(&v, VIEW_ESCAPE);
	assert_int_equal(v.list.sort, LIST_PORT);
	view_key(&v, VIEW_F6); /* the same column: as it was; another: its own order */
	view_key(&v, VIEW_ENTER);
	assert_true(v.list.inverted);
	view_key(&v, VIEW_F6);
	view_key(&v, VIEW_DOWN);
	view_key(&v, VIEW_ENTER);
	assert_true(v.list.sort == LIST_NAME && !v.list.inverted);
	view_key(&v, '/');
	for (const char *c = "qnx"; *c; c++)
		assert_true(view_key(&v, *c));
	view_key(&v, VIEW_BACKSPACE);
	view_key(&v, VIEW_BACKSPACE);
	view_key(&v, VIEW_BACKSPACE);
	view_key(&v, VIEW_BACKSPACE);
	view_key(&v, 'n');
	view_key(&v, 'g');
	shows(shot(&v, 24, 80, false), "Filter: ng");
	view_key(&v, VIEW_ENTER);
	in_order(&v.list, "6380");
	shows(shot(&v, 24, 80, false), "/ng: 1 of 3");
	view_key(&v, '/');
	view_key(&v, 'z');
	shows(shot(&v, 24, 80, false), "No service has this in its name");
	view_key(&v, VIEW_ENTER);
	view_key(&v, VIEW_ENTER); /* nothing to open */
	assert_int_equal(v.mode, VIEW_LIST);
	view_key(&v, VIEW_ESCAPE);
	assert_int_equal(v.list.n, 3);
	view_key(&v, '/');
	view_key(&v, 'z');
	view_key(&v, VIEW_ESCAPE);
	assert_int_equal(v.list.n, 3);
	view_key(&v, '/');
	for (int i = 0; i < 200; i++) /* no more than there is room for */
		view_key(&v, 'a');
	assert_int_equal(strlen(v.list.filter), sizeof(v.list.filter) - 1);
	view_key(&v, VIEW_ESCAPE);
	assert_false(view_key(&v, 'q'));
	assert_false(view_key(&v, VIEW_F10));
	view_close(&v);
}

static void freezing(void **state)
{
	static const int later[] = { 200, 1300, 900 };
	struct view v;

	(void)state;
	open_three(&v);
	view_key(&v, ' ');
	shows(shot(&v, 24, 80, false), "FROZEN");
	looked(&v, 12, 3, later);
	shows(shot(&v, 24, 80, false), "1.00 k/s"); /* as it was */
	shows(shot(&v, 24, 80, false), "11 s");
	view_key(&v, VIEW_ENTER);
	shows(shot(&v, 40, 80, false), "1,300 requests");
	shows(shot(&v, 40, 80, false), "last 1.0 s  1.00 k/s");
	view_key(&v, 'q');
	view_key(&v, ' ');
	lacks(shot(&v, 24, 80, false), "FROZEN");
	in_order(&v.list, "6381 6379 6380");
	shows(shot(&v, 24, 80, false), "12 s");
	assert_int_equal(v.live.row[0].n_track, 3); /* counted meanwhile */
	view_close(&v);
}

static void a_service_that_goes(void **state)
{
	struct run r = look_at(12, 3, more);
	struct view v;

	(void)state;
	open_three(&v);
	assert_int_equal(view_look(&v, &r, second_is_gone), 0);
	shows(shot(&v, 24, 80, false), "\n-  6380 nginx              gone       -       -");
	view_close(&v);
}

/* ---- one service ---- */

static struct run web_at(double seconds, int requests)
{
	struct run r;

	fill_run(&r, 1);
	r.duration_s = r.services[0].window_s = seconds;
	r.slowest_kept = true;
	fill_web(&r.services[0], requests);
	fill_web_waits(&r.services[0]);
	fill_web_exemplar(&r.services[0]);
	r.services[0].slowest[0].at_s = 1;
	return r;
}

static void all_about_a_service(void **state)
{
	static const int cols[] = { 60, 80, 120, 200 };
	struct run r = web_at(5, 1000);
	struct view v;
	const char *s;

	(void)state;
	view_open(&v, "", 1);
	assert_int_equal(view_look(&v, &r, NULL), 0);
	r = web_at(6, 3000);
	assert_int_equal(view_look(&v, &r, NULL), 0);
	view_key(&v, VIEW_ENTER);
	for (size_t i = 0; i < sizeof(cols) / sizeof(cols[0]); i++) {
		s = shot(&v, 120, cols[i], false);
		shows(s, ":6379 web (pid 812)");
		shows(s, "last 1.0 s  2.00 k/s");
		shows(s, "since start   500 /s");
		shows(s, "since the start");
		shows(s, "p99.9");
		shows(s, "service.net");
		shows(s, "postgres");
		shows(s, "12.3 ms   5 s ago");
		shows(s, "→ ");
		lacks(s, "\033");
	}
	s = shot(&v, 120, 80, false);
	shows(s, "  last 1.0 s (w: since the start, 6.0 s)\n");
	/* the waits of the window: 2,000 of the 3,000 */
	shows(s, "2,000  recvfrom");
	view_key(&v, 'w');
	s = shot(&v, 120, 80, false);
	shows(s, "  since the start, 6.0 s (w: last 1.0 s)\n");
	shows(s, "3,000  recvfrom");
	s = shot(&v, 120, 80, true);
	for (; *s; s++)
		assert_true((unsigned char)*s < 0x80);
	r = web_at(7, 3000); /* a window without requests */
	assert_int_equal(view_look(&v, &r, NULL), 0);
	s = shot(&v, 120, 80, false);
	shows(s, "last 1.0 s      0 /s       -       -       -");
	view_key(&v, 'w');
	shows(shot(&v, 120, 80, false), "No request.");
	view_close(&v);
}

static void scrolling(void **state)
{
	struct run r = web_at(5, 1000);
	struct view v;

	(void)state;
	view_open(&v, "", 1);
	assert_int_equal(view_look(&v, &r, NULL), 0);
	view_key(&v, VIEW_ENTER);
	shows(shot(&v, 24, 80, false), "one service · lines 1–21 of");
	view_key(&v, VIEW_PAGE_DOWN);
	shows(shot(&v, 24, 80, false), "lines 22–42 of");
	view_key(&v, VIEW_UP);
	shows(shot(&v, 24, 80, false), "lines 21–41 of");
	view_key(&v, VIEW_END);
	view_key(&v, VIEW_UP); /* before it is drawn */
	assert_int_equal(v.scroll, v.lines - 22);
	view_key(&v, VIEW_END);
	shot(&v, 24, 80, false);
	assert_int_equal(v.scroll, v.lines - 21);
	shows(shot(&v, 60, 80, false), "Back"); /* larger: it is still the end */
	assert_int_equal(v.scroll, v.lines > 57 ? v.lines - 57 : 0);
	view_key(&v, VIEW_F1);
	shows(shot(&v, 24, 80, false), "help · lines 1–21 of");
	shows(shot(&v, 24, 80, false), "Keys\n");
	view_key(&v, VIEW_ESCAPE);
	assert_int_equal(v.mode, VIEW_DETAIL);
	assert_true(view_key(&v, 'q'));
	assert_int_equal(v.mode, VIEW_LIST);
	view_key(&v, '?');
	view_key(&v, '?');
	assert_int_equal(v.mode, VIEW_LIST);
	view_close(&v);
}

static void printed(void **state)
{
	char *text = NULL;
	struct view v;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	open_three(&v);
	assert_int_equal(view_print(&v, out, 100, false, "2026-11-24T10:00:00Z"), 0);
	fclose(out);
	shows(text,
	      "2026-11-24T10:00:00Z · loss 0 · gaps 0 · 3 services · 1.30 k/s · the last 1.000 s of 11 s · web1\n");
	shows(text, "\n   6380 nginx ");
	shows(text, "\n\n");
	lacks(text, "█");
	lacks(text, "\033");
	free(text);
	view_close(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_list_at_many_sizes),
		cmocka_unit_test(what_must_not_be_missed),
		cmocka_unit_test(the_selected_line),
		cmocka_unit_test(selection),
		cmocka_unit_test(keys_of_the_list),
		cmocka_unit_test(freezing),
		cmocka_unit_test(a_service_that_goes),
		cmocka_unit_test(all_about_a_service),
		cmocka_unit_test(scrolling),
		cmocka_unit_test(printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
