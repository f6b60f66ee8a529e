// SPDX-License-Identifier: BSD-2-Clause
// Markdown for a terminal and as a part of a page.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "html_look.h"
#include "lab/markdown.h"
#include "text_look.h"

static char *print(const char *text, int columns, bool colour)
{
	struct err e = { 0 };
	char *printed = NULL;
	size_t size;
	FILE *out = open_memstream(&printed, &size);

	assert_int_equal(markdown_print(out, text, columns, colour, &e), 0);
	fclose(out);
	return printed;
}

static char *html(const char *text, const struct markdown_part *part)
{
	struct err e = { 0 };
	char *printed = NULL;
	size_t size;
	FILE *out = open_memstream(&printed, &size);

	assert_int_equal(
		part ? markdown_html_part(out, text, part, &e) : markdown_html(out, text, &e), 0);
	fclose(out);
	return printed;
}

static void prints(const char *text, int columns, const char *expected)
{
	char *printed = print(text, columns, false);

	assert_string_equal(printed, expected);
	free(printed);
}

static void blocks_are_laid_out(void **state)
{
	(void)state;
	prints("# A *b* `c`\n\ntext\nof two lines\n\n## D\nE\n=\n", 40,
	       "A *b* `c`\n═════════\n\ntext of two lines\n\nD\n─\n\nE\n═\n");
	prints("one two three four five six seven\n", 22, "one two three four\nfive six seven\n");
	prints("a  \nb\\\nc\n", 40, "a\nb\nc\n");
	prints("> q one two three four five\n>\n> r\n", 20,
	       "│ q one two three four\n│ five\n│\n│ r\n");
	prints("***\n", 20, "────────────────────\n");
	prints("x &amp; &#955; &lt; &unknown;\n", 40, "x & λ < &unknown;\n");
	prints("", 40, "");
}

static void lists_are_indented(void **state)
{
	(void)state;
	prints("- one\n- two\n  more\n  - deep\n    1. n\n- three\n\nafter\n", 40,
	       "• one\n• two more\n  • deep\n    1. n\n• three\n\nafter\n");
	prints("9. a b c d e f g h i j k l\n10. b\n", 24,
	       "9. a b c d e f g h i j k\n   l\n10. b\n");
	prints("1. a\n\n   b\n\n       code\n\n2. c\n", 40,
	       "1. a\n\n   b\n\n       code\n\n2. c\n");
	prints("-\n- b\n", 40, "•\n• b\n");
}

/* Blocks of code keep their lines; what does not fit is indented less. */
static void code_is_never_broken(void **state)
{
	const char *fits = "```\na  b\n\n\tc\n```\n",
		   *wide = "    12345678901234567890123456789012345678\n";

	(void)state;
	prints(fits, 40, "    a  b\n\n        c\n");
	prints(wide, 40, "  12345678901234567890123456789012345678\n");
	prints(wide, 30, "12345678901234567890123456789012345678\n");
}

static void links_are_text_with_their_address(void **state)
{
	(void)state;
	prints("[a](https://b.c/d?e=1&amp;f) <https://g.h> [i](#j) [k](measuring-performance.md#l)\n",
	       200, "a (https://b.c/d?e=1&f) https://g.h i k (lvt path measuring-performance)\n");
	prints("[![alt](x.png)](https://y.z)\n", 80, "alt (x.png) (https://y.z)\n");
}

static void tables_are_aligned(void **state)
{
	const char *text =
		"| name | n | what |\n|---|--:|:-:|\n| a | 5 µs | x |\n| λλ | 12,000 | long |\n";

	(void)state;
	prints(text, 60,
	       "name       n  what\n────  ──────  ────\na       5 µs   x\nλλ    12,000  long\n");
}

static void tables_are_wrapped(void **state)
{
	const char *text = "| k | what it means |\n|---|---|\n| a | one two three four five six |\n"
			   "| b | abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz |\n";
	char *printed = print(text, 24, false);

	(void)state;
	check_lines(printed, 24);
	assert_says(printed, "a  one two three four\n   five six\n");
	assert_says(printed, "b  abcdefghijklmnopqrstu\n   vwxyz");
	free(printed);
}

/* However narrow: no line is wider but for words and code, and it ends. */
static void any_width_will_do(void **state)
{
	const char *text = "# T\n\n- a\n  - b\n    - c\n      - d `e` **f** g h i j k l m n o p\n\n"
			   "> > > | a | b | c | d | e | f | g | h |\n> > > |-|-|-|-|-|-|-|-|\n"
			   "> > > | 1 1 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 8 8 |\n";

	(void)state;
	for (int columns = 1; columns < 100; columns++)
		free(print(text, columns, columns % 2));
	for (int depth = 1; depth < 40; depth++) {
		char deep[256] = "";

		for (int i = 0; i < depth; i++)
			strcat(deep, i % 2 ? "> " : "- ");
		strcat(deep, "x y\n");
		free(print(deep, 30, true));
	}
}

static void colours_are_closed_at_each_line(void **state)
{
	char *printed = print("**a b c d e f g h i j k l m n o p** q\n", 20, true);

	(void)state;
	assert_string_equal(printed, "\033[0;1ma b c d e f g h i j\033[0m\n"
				     "\033[0;1mk l m n o p\033[0m q\n");
	free(printed);
	printed = print("`c` *e* [l](#x)\n", 40, true);
	assert_string_equal(printed, "\033[0;36mc\033[0m \033[0;3me\033[0m \033[0;4ml\033[0m\n");
	free(printed);
}

/* Of a text from elsewhere: ESC, CR, backspace, C1 controls, bytes that are not UTF-8, and what reorders. */
static void nothing_reaches_the_terminal(void **state)
{
	const char *text =
		"a\033[31mb\rc\bd\302\233e\377f\342\200\256g &#27;[2J &#x9b; `\033]0;x\007`\n\n"
		"    code\033[1m\n\n| \033[7m |\n|---|\n| \007 |\n\n[l](https://x/\033[5m)\n";

	(void)state;
	for (int colour = 0; colour < 2; colour++) {
		char *printed = print(text, 80, colour);

		for (const char *c = printed; *c; c++) {
			assert_true((unsigned char)*c >= ' ' || *c == '\n' || *c == '\033');
			if (*c == '\033') /* of a style */
				assert_true(colour && !strncmp(c, "\033[0", 3));
		}
		assert_null(strstr(printed, "\302\233"));
		assert_null(strstr(printed, "\342\200\256"));
		assert_says(printed, "\\x1b[31mb c\\x08d\\xc2\\x9be\\xfff");
		free(printed);
	}
}

static void html_has_the_same(void **state)
{
	char *page = html("# A & *b*\n\ntext `c<d>` **e**\nf\n\n- x\n- y\n\n3. z\n\n> q\n\n"
			  "```\n\ta < b\n```\n\n| h | n |\n|---|--:|\n| 1 | 2 |\n",
			  NULL);

	(void)state;
	check_page(page);
	assert_says(page, "<h1 id=\"a--b\">A &amp; <em>b</em></h1>\n");
	assert_says(page, "<p>text <code>c&lt;d&gt;</code> <strong>e</strong>\nf</p>\n");
	assert_says(page, "<ul>\n<li>x</li>\n<li>y</li>\n</ul>\n<ol start=\"3\">\n<li>z</li>");
	assert_says(page, "<pre><code>    a &lt; b\n</code></pre>\n");
	assert_says(page, "<th scope=\"col\">h</th><th scope=\"col\" class=\"n\">n</th>");
	assert_says(page, "<tr><td>1</td><td class=\"n\">2</td></tr>");
	free(page);
}

/* HTML in the text is text; only known addresses become links; ids are of letters. */
static void html_is_safe(void **state)
{
	char *page = html("<script>x()</script>\n\na <img src=x onerror=y> <!-- c -->\n\n"
			  "[a](javascript:alert\\(1\\)) [b](data:text/html,x) [c](//d.e) "
			  "[d](https://e.f/\"onclick=\"g) ![i](https://t.u/v.png)\n\n"
			  "# \"><script>\033[1m\n",
			  NULL);

	(void)state;
	assert_null(strstr(page, "<script"));
	assert_null(strstr(page, "<img"));
	assert_null(strstr(page, "<!--"));
	assert_null(strchr(page, '\033'));
	assert_int_equal(times(page, "<a "), 1);
	assert_says(page, "href=\"https://e.f/&quot;onclick=&quot;g\"");
	assert_says(page, "&lt;script&gt;x()&lt;/script&gt;");
	assert_says(page, "id=\"script1m\"");
	free(page);
}

static void html_parts_do_not_meet(void **state)
{
	const struct markdown_part part = { "unit", 1, true };
	char *page = html("# Title\n\n## Same\n\n## Same\n\n##### Deep\n\n[x](#same) "
			  "[y](other-unit.md) [z](other.md#part)\n",
			  &part);

	(void)state;
	check_page(page);
	assert_null(strstr(page, "Title"));
	assert_says(page, "<h3 id=\"unit-same\">Same</h3>\n<h3 id=\"unit-same-2\">Same</h3>\n");
	assert_says(page, "<h4 id=\"unit-deep\">Deep</h4>\n");
	assert_says(page, "<a href=\"#unit-same\">x</a> <a href=\"#other-unit\">y</a> "
			  "<a href=\"#other\">z</a>");
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_are_laid_out),
		cmocka_unit_test(lists_are_indented),
		cmocka_unit_test(code_is_never_broken),
		cmocka_unit_test(links_are_text_with_their_address),
		cmocka_unit_test(tables_are_aligned),
		cmocka_unit_test(tables_are_wrapped),
		cmocka_unit_test(any_width_will_do),
		cmocka_unit_test(colours_are_closed_at_each_line),
		cmocka_unit_test(nothing_reaches_the_terminal),
		cmocka_unit_test(html_has_the_same),
		cmocka_unit_test(html_is_safe),
		cmocka_unit_test(html_parts_do_not_meet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
