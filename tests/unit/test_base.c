/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <cmocka.h>
#include "base/err.h"
#include "base/escape.h"
#include "base/nearest.h"
#include "base/peer.h"
#include "base/term.h"
#include "base/units.h"
#include "base/words.h"
#include "base/wrap.h"

/* ---- nearest ---- */

static void nearest_words(void **state)
{
	struct nearest n;
	char longest[200];

	(void)state;
	assert_int_equal(edit_distance("", "abc"), 3);
	assert_int_equal(edit_distance("prot", "port"), 1); /* a swap is one edit */
	assert_int_equal(edit_distance("kitten", "sitting"), 3);
	assert_int_equal(edit_distance("same", "same"), 0);
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(edit_distance(longest, "a"), UINT32_MAX);
	nearest_start(&n, "recrod");
	nearest_try(&n, "report");
	nearest_try(&n, "record");
	assert_string_equal(n.best, "record");
	nearest_try(&n, "recoda"); /* farther */
	nearest_try(&n, "recort"); /* farther */
	nearest_try(&n, "recro");  /* as near: the first stays */
	assert_string_equal(n.best, "record");
	nearest_start(&n, "xyz");
	nearest_try(&n, "top");
	assert_null(n.best);
	nearest_start(&n, "");
	nearest_try(&n, "top");
	assert_null(n.best);
}

/* ---- units ---- */

struct sample {
	double value;
	const char *text;
};

static void check_samples(const char *(*format)(char *, size_t, double), const struct sample *s)
{
	char buf[UNIT_LEN];

	for (; s->text; s++)
		assert_string_equal(format(buf, sizeof(buf), s->value), s->text);
}

static void units_time(void **state)
{
	static const struct sample samples[] = {
		{ 0, "0 ns" },		{ 1, "1 ns" },
		{ 812, "812 ns" },	{ 999.4, "999 ns" },
		{ 999.5, "1.0 µs" },	{ 4200, "4.2 µs" },
		{ 9949, "9.9 µs" },	{ 9951, "10 µs" },
		{ 61400, "61 µs" },	{ 999499, "999 µs" },
		{ 999500, "1.0 ms" },	{ 1.94e6, "1.9 ms" },
		{ 99.96e6, "100 ms" },	{ 20.1e9, "20.1 s" },
		{ 999.4e9, "999 s" },	{ 999.6e9, "16.7 min" },
		{ 4380e9, "73.0 min" }, { 9000e9, "2.5 h" },
		{ -1500, "-1.5 µs" },	{ NAN, "-" },
		{ INFINITY, "inf" },	{ 0, NULL },
	};

	(void)state;
	check_samples(fmt_ns, samples);
}

static void units_others(void **state)
{
	static const struct sample rates[] = {
		{ 0, "0 /s" },
		{ 0.5, "0.5 /s" },
		{ 812, "812 /s" },
		{ 61234, "61.2 k/s" },
		{ 1249000, "1.25 M/s" },
		{ 9996, "10.0 k/s" },
		{ 999600, "1.00 M/s" },
		{ NAN, "-" },
		{ 0, NULL },
	};
	static const struct sample bytes[] = {
		{ 0, "0 B" },	     { 999, "999 B" },	 { 999.6, "1.0 kB" }, { 2.4e6, "2.4 MB" },
		{ 131e6, "131 MB" }, { 5e17, "500 PB" }, { NAN, "-" },	      { 0, NULL },
	};
	static const struct sample byte_rates[] = {
		{ 2.4e6, "2.4 MB/s" }, { 812, "812 B/s" }, { NAN, "-" }, { 0, NULL }
	};
	static const struct sample shares[] = {
		{ 0, "0 %" },	  { 0.002, "<1 %" }, { 0.43, "43 %" }, { 1, "100 %" },
		{ 0.005, "1 %" }, { NAN, "-" },	     { 0, NULL },
	};

	(void)state;
	check_samples(fmt_rate, rates);
	check_samples(fmt_bytes, bytes);
	check_samples(fmt_byte_rate, byte_rates);
	check_samples(fmt_share, shares);
}

static void units_counts(void **state)
{
	char buf[UNIT_LEN];

	(void)state;
	assert_string_equal(fmt_count(buf, sizeof(buf), 0), "0");
	assert_string_equal(fmt_count(buf, sizeof(buf), 999), "999");
	assert_string_equal(fmt_count(buf, sizeof(buf), 1000), "1,000");
	assert_string_equal(fmt_count(buf, sizeof(buf), 612345), "612,345");
	assert_string_equal(fmt_count(buf, sizeof(buf), UINT64_MAX), "18,446,744,073,709,551,615");
}

/* Whatever the value, UNIT_LEN is enough and a time is at most 8 columns wide. */
static void units_fit(void **state)
{
	char buf[UNIT_LEN + 1];
	static const double extremes[] = { 1e300, -1e300, 1e-300, 1.7e308 };

	(void)state;
	for (double v = 0.1; v < 4.4e12; v *= 1.013) {
		assert_true(utf8_width(fmt_ns(buf, UNIT_LEN, v)) <= 8);
		assert_true(v > 999e9 || utf8_width(buf) <= 7);
	}
	for (size_t i = 0; i < sizeof(extremes) / sizeof(extremes[0]); i++) {
		assert_true(strlen(fmt_ns(buf, UNIT_LEN, extremes[i])) < UNIT_LEN - 1);
		assert_true(strlen(fmt_rate(buf, UNIT_LEN, extremes[i])) < UNIT_LEN - 1);
		assert_true(strlen(fmt_byte_rate(buf, UNIT_LEN, extremes[i])) < UNIT_LEN - 1);
	}
}

static void units_width(void **state)
{
	char buf[64];

	(void)state;
	assert_int_equal(utf8_width("61 µs"), 5);
	assert_int_equal(utf8_width("\xff\xfe"), 2);
	assert_int_equal(utf8_width("日本"), 4);
	assert_int_equal(utf8_width("e\xcc\x81"), 1);
	assert_string_equal(pad_left(buf, sizeof(buf), "61 µs", 8), "   61 µs");
	assert_string_equal(pad_right(buf, sizeof(buf), "µ", 3), "µ  ");
	assert_string_equal(pad_left(buf, sizeof(buf), "too long", 3), "too long");
}

/* ---- escape, err, wrap, term ---- */

static void escape_names(void **state)
{
	char buf[128], small[8];

	(void)state;
	assert_string_equal(escape_name(buf, sizeof(buf), "nginx: worker µ 日本"),
			    "nginx: worker µ 日本");
	assert_string_equal(escape_name(buf, sizeof(buf), "a\033[31m\n\t\x7f"),
			    "a\\x1b[31m\\x0a\\x09\\x7f");
	assert_string_equal(escape_name(buf, sizeof(buf), "\xff\xc3"), "\\xff\\xc3");
	assert_string_equal(escape_name(buf, sizeof(buf), "\xc0\xaf"), "\\xc0\\xaf"); /* overlong */
	assert_string_equal(escape_name(buf, sizeof(buf), "\xe0\x80\xaf"), "\\xe0\\x80\\xaf");
	assert_string_equal(escape_name(buf, sizeof(buf), "\xf0\x80\x80\xaf"),
			    "\\xf0\\x80\\x80\\xaf");
	assert_string_equal(escape_name(buf, sizeof(buf), "\xed\xa0\x80"), "\\xed\\xa0\\x80");
	assert_string_equal(escape_name(buf, sizeof(buf), "\xc2\x9b"), "\\xc2\\x9b"); /* C1 CSI */
	assert_string_equal(escape_name(buf, sizeof(buf), "\xe2\x80\xae"), "\\xe2\\x80\\xae");
	assert_string_equal(escape_name(buf, sizeof(buf), "\xf0\x9f\x98\x80"), "\xf0\x9f\x98\x80");
	assert_string_equal(escape_name(buf, sizeof(buf), "\xf4\x90\x80\x80"),
			    "\\xf4\\x90\\x80\\x80");
	assert_string_equal(escape_bytes(buf, sizeof(buf), "a\0b", 3), "a\\x00b");
	/* cut before a whole character */
	assert_string_equal(escape_name(small, sizeof(small), "abcdefghij"), "abcdefg");
	assert_string_equal(escape_name(small, sizeof(small), "abcdef日"), "abcdef");
	assert_string_equal(escape_name(small, sizeof(small), "abcd\n"), "abcd");
	assert_ptr_equal(escape_name(small, 0, "x"), small);
}

/* Random bytes: never a control byte in the output, never more than the factor promises. */
static void escape_random(void **state)
{
	char in[65], out[ESCAPE_FACTOR * 64 + 1];
	unsigned int seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t len = (size_t)rand_r(&seed) % 64, used;

		for (size_t i = 0; i < len; i++)
			in[i] = (char)rand_r(&seed);
		escape_bytes(out, sizeof(out), in, len);
		assert_true(strlen(out) >= len || !len);
		for (size_t i = 0; out[i]; i += used) {
			long c = utf8_decode(out + i, strlen(out + i), &used);

			assert_true(c >= 0x20 && c != 0x7f && !(c >= 0x80 && c < 0xa0));
		}
	}
}

static void err_fields(void **state)
{
	struct err e = { .hint = "old" };
	char longest[2000];

	(void)state;
	assert_int_equal(err_set(&e, -ENOENT, "no %s", "file"), -ENOENT);
	assert_int_equal(e.code, -ENOENT);
	assert_int_equal(e.status, EXIT_FAILED);
	assert_string_equal(e.message, "no file");
	assert_string_equal(e.hint, "");
	assert_int_equal(err_hint(&e, "make %d", 1), -ENOENT);
	assert_string_equal(e.hint, "make 1");
	assert_int_equal(err_usage(&e, "bad"), -EINVAL);
	assert_int_equal(e.status, EXIT_USAGE);
	assert_string_equal(e.hint, "");
	assert_int_equal(err_set(NULL, -EIO, "unheard"), -EIO);
	assert_true(err_hint(NULL, "unheard") < 0);
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	err_set(&e, -EIO, "%s", longest);
	assert_int_equal(strlen(e.message), sizeof(e.message) - 1);
}

static void wrap_lines(void **state)
{
	char text[512] = "";
	FILE *f = fmemopen(text, sizeof(text) - 1, "w");

	(void)state;
	fputs("ab", f);
	print_wrapped(f, "one two three", 2, 4, 12);
	print_wrapped(f, "word", 5, 2, 20); /* stands beyond the indent: next line */
	print_wrapped(f, "µµµµ µµµµ averyverylongword x\ny", 0, 0, 9);
	fclose(f);
	assert_string_equal(text, "ab  one two\n    three\n"
				  "\n  word\n"
				  "µµµµ µµµµ\naveryverylongword\nx\ny\n");
}

static void term_not_a_terminal(void **state)
{
	FILE *f = tmpfile();

	(void)state;
	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	unsetenv("COLUMNS");
	assert_false(term_is(f));
	assert_false(term_colour(f));
	assert_int_equal(term_columns(f), 80);
	setenv("COLUMNS", "132", 1);
	assert_int_equal(term_columns(f), 132);
	setenv("COLUMNS", "1", 1);
	assert_int_equal(term_columns(f), 40);
	setenv("COLUMNS", "wide", 1);
	assert_int_equal(term_columns(f), 80);
	fclose(f);
}

/* ---- peer ---- */

static void peers(void **state)
{
	static const struct {
		struct lvt_peer peer;
		const char *text;
	} cases[] = {
		{ { .family = AF_INET, .addr = { 127, 0, 0, 1 }, .port = 5432 }, "127.0.0.1:5432" },
		{ { .family = AF_INET, .addr = { 255, 255, 255, 255 }, .port = 65535 },
		  "255.255.255.255:65535" },
		{ { .family = AF_INET6, .addr = { [15] = 1 }, .port = 80 }, "[::1]:80" },
		{ { .family = AF_INET6, .addr = { 0x20, 1, 0xd, 0xb8, [15] = 5 }, .port = 443 },
		  "[2001:db8::5]:443" },
		/* an IPv4 address in an IPv6 socket; and one that only looks like it */
		{ { .family = AF_INET6, .addr = { [10] = 0xff, 0xff, 10, 0, 0, 7 }, .port = 1 },
		  "10.0.0.7:1" },
		{ { .family = AF_INET6, .addr = { [9] = 1, 0xff, 0xff, 10, 0, 0, 7 }, .port = 1 },
		  "[::1:ffff:a00:7]:1" },
		{ { .family = AF_UNIX, .port = 9 }, "unix" },
		{ { .family = AF_UNSPEC, .addr = { 1 } }, "" },
		{ { .family = AF_NETLINK }, "family 16" },
	};
	struct lvt_peer longest = { .family = AF_INET6, .port = 65535 };
	char buf[PEER_LEN], small[8];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(fmt_peer(buf, sizeof(buf), &cases[i].peer), cases[i].text);
	memset(longest.addr, 0xfe, sizeof(longest.addr));
	assert_int_equal(strlen(fmt_peer(buf, sizeof(buf), &longest)), 39 + 8);
	assert_string_equal(fmt_peer(small, sizeof(small), &cases[0].peer), "127.0.0");
}

/* ---- words ---- */

static void words_of_a_line(void **state)
{
	char line[] = "  a 'b c'\t\"d \\\"e\\\\ \\f\" g\\ h'i'\"j\" '' \n$k*;";
	const char *want[] = { "a", "b c", "d \"e\\ \\f", "g hij", "", "$k*;" };
	char none[] = " \t ", *words[8];

	(void)state;
	assert_int_equal(words_split(line, words, 8), 6);
	for (int i = 0; i < 6; i++)
		assert_string_equal(words[i], want[i]);
	assert_int_equal(words_split(none, words, 8), 0);
	for (int i = 0; i < 3; i++) {
		char open[][8] = { "a 'b", "\"", "'a\\'b'" };

		assert_int_equal(words_split(open[i], words, 8), -EINVAL);
	}
	assert_int_equal(words_split((char[]){ "a b c" }, words, 2), -E2BIG);
	assert_int_equal(words_split((char[]){ "a b" }, words, 2), 2);
}

/* Whatever a word is, sh takes it for what it is. */
static void words_for_sh(void **state)
{
	const char *hard[] = { "a",	  "",	"it's", "$(x) `y`", "{port}",
			       "a,{b,c}", "\\", "\n",	"~",	    "-d" };
	char line[200] = "printf '%s.'", got[200] = "", want[200] = "", small[8] = "";
	FILE *sh;

	(void)state;
	for (size_t i = 0; i < sizeof(hard) / sizeof(hard[0]); i++) {
		assert_int_equal(words_quote(line, sizeof(line), hard[i]), 0);
		strcat(strcat(want, hard[i]), ".");
	}
	sh = popen(line, "r");
	assert_non_null(sh);
	assert_true(fread(got, 1, sizeof(got) - 1, sh) > 0);
	pclose(sh);
	assert_string_equal(got, want);
	assert_int_equal(words_quote(small, sizeof(small), "abcd"), 0);
	assert_int_equal(words_quote(small, sizeof(small), "e"), -E2BIG);
	assert_string_equal(small, "abcd");
	*small = '\0';
	assert_int_equal(words_quote(small, sizeof(small), "''"), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nearest_words),       cmocka_unit_test(units_time),
		cmocka_unit_test(units_others),	       cmocka_unit_test(units_counts),
		cmocka_unit_test(units_fit),	       cmocka_unit_test(units_width),
		cmocka_unit_test(escape_names),	       cmocka_unit_test(escape_random),
		cmocka_unit_test(err_fields),	       cmocka_unit_test(wrap_lines),
		cmocka_unit_test(term_not_a_terminal), cmocka_unit_test(peers),
		cmocka_unit_test(words_of_a_line),     cmocka_unit_test(words_for_sh),
	};

	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
