// SPDX-License-Identifier: BSD-2-Clause
/* Cells: what is put where, what is cut, what an ASCII terminal gets, a report's codes. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "top/grid.h"

static const char *row(const struct grid *g, int r)
{
	static char buf[4][600];
	static int next;

	next = (next + 1) % 4;
	return grid_row(g, r, buf[next], sizeof(buf[next]));
}

static int style(const struct grid *g, int r, int c)
{
	return g->cell[r * g->cols + c].style;
}

static void text_stays_in_its_place(void **state)
{
	struct grid g;

	(void)state;
	assert_int_equal(grid_open(&g, 3, 10, false), 0);
	assert_string_equal(row(&g, 0), "");
	assert_int_equal(grid_put(&g, 0, 2, 4, CELL_BOLD, "abcdef"), 6);
	assert_string_equal(row(&g, 0), "  abcd");
	assert_int_equal(style(&g, 0, 2), CELL_BOLD);
	assert_int_equal(style(&g, 0, 6), CELL_PLAIN);
	assert_int_equal(grid_put(&g, 1, 7, INT_MAX / 2, 0, "abcdef"), 10);
	assert_string_equal(row(&g, 1), "       abc");
	grid_put(&g, 1, 12, 5, 0, "x");
	grid_put(&g, 3, 0, 5, 0, "x");
	grid_put(&g, -1, 0, 5, 0, "x");
	grid_put(&g, 0, -1, 5, 0, "x");
	assert_string_equal(row(&g, 0), "  abcd");
	assert_string_equal(row(&g, 2), "");
	grid_put_right(&g, 2, 0, 8, 0, "1.9 µs");
	assert_string_equal(row(&g, 2), "  1.9 µs");
	grid_put_right(&g, 2, 0, 4, 0, "abcdef");
	assert_string_equal(row(&g, 2), "abcd9 µs");
	grid_mark(&g, 2, 8, 5, CELL_REVERSE);
	assert_int_equal(style(&g, 2, 9), CELL_REVERSE);
	assert_int_equal(style(&g, 2, 7), CELL_PLAIN);
	grid_free(&g);
}

/* A wide character has two columns or none; what has no width or is no text is not drawn. */
static void characters(void **state)
{
	struct grid g;

	(void)state;
	assert_int_equal(grid_open(&g, 3, 6, false), 0);
	assert_int_equal(grid_put(&g, 0, 0, 10, 0, "日本語"), 6);
	assert_string_equal(row(&g, 0), "日本語");
	assert_string_equal(g.cell[1].text, "");
	assert_int_equal(grid_put(&g, 1, 0, 5, 0, "日本語"), 5);
	assert_string_equal(row(&g, 1), "日本");
	grid_put(&g, 2, 0, 6, 0,
		 "a\033b\xff"
		 "e\xcc\x81");
	assert_string_equal(row(&g, 2), "a?b?e");
	grid_free(&g);
	assert_int_equal(grid_open(&g, 1, 12, true), 0);
	grid_put(&g, 0, 0, 12, 0, "█▁ 3 µs → é日");
	assert_string_equal(row(&g, 0), "#_ 3 us > ??");
	for (int c = 0; c < g.cols; c++)
		assert_true(strlen(g.cell[c].text) == 1);
	grid_free(&g);
}

static void lines_of_a_report(void **state)
{
	static const char text[] = "one\n\033[1mtwo\033[0m\n\n\033[33m▒▒\033[34m█\033[0m·\n"
				   "\033[2mdim\nstill\033[0m end\n";
	struct grid g;

	(void)state;
	assert_int_equal(grid_open(&g, 8, 12, false), 0);
	assert_int_equal(grid_page(&g, 1, 7, 0, text), 6);
	assert_string_equal(row(&g, 0), "");
	assert_string_equal(row(&g, 1), "one");
	assert_string_equal(row(&g, 2), "two");
	assert_int_equal(style(&g, 2, 0), CELL_BOLD);
	assert_string_equal(row(&g, 3), "");
	assert_string_equal(row(&g, 4), "▒▒█·");
	assert_int_equal(style(&g, 4, 1), CELL_QUEUE);
	assert_int_equal(style(&g, 4, 2), CELL_RUNNING);
	assert_int_equal(style(&g, 4, 3), CELL_PLAIN);
	assert_int_equal(style(&g, 6, 0), CELL_DIM);
	assert_int_equal(style(&g, 6, 6), CELL_PLAIN);
	grid_free(&g);

	/* from a line on, into few rows: what stands before sets the style all the same */
	assert_int_equal(grid_open(&g, 4, 12, false), 0);
	assert_int_equal(grid_page(&g, 1, 3, 5, text), 6);
	assert_string_equal(row(&g, 1), "still end");
	assert_int_equal(style(&g, 1, 0), CELL_DIM);
	assert_string_equal(row(&g, 2), "");
	assert_string_equal(row(&g, 0), "");
	grid_page(&g, 1, 2, 3, text);
	assert_string_equal(row(&g, 2), "");
	grid_page(&g, 1, 3, 0, text);
	assert_string_equal(row(&g, 2), "two");
	assert_string_equal(row(&g, 3), "");
	grid_free(&g);
}

/* Odd codes, and a line longer than any part of it that is looked at at once. */
static void odd_lines(void **state)
{
	char text[3000] = "\033[", *end;
	struct grid g;

	(void)state;
	assert_int_equal(grid_open(&g, 2, 900, false), 0);
	assert_int_equal(grid_page(&g, 0, 2, 0, text), 1);
	assert_int_equal(grid_page(&g, 0, 2, 0, "\033[99999999999m\033\033[1mx"), 1);
	assert_int_equal(grid_page(&g, 0, 2, 0, ""), 0);
	end = text;
	for (int i = 0; i < 900; i++)
		end = stpcpy(end, "µ");
	grid_page(&g, 0, 2, 0, text);
	for (int c = 0; c < 900; c++)
		assert_string_equal(g.cell[c].text, "µ");
	grid_free(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_stays_in_its_place),
		cmocka_unit_test(characters),
		cmocka_unit_test(lines_of_a_report),
		cmocka_unit_test(odd_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
