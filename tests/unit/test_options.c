/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/options.h"
#include "base/units.h"

struct config {
	bool verbose, quick;
	const char *name;
	struct string_list tags;
	uint32_t pid;
	struct port_list ports;
	double seconds, percent;
	int format;
};

static const char *const formats[] = { "text", "json", NULL };

#define AT(member) .offset = offsetof(struct config, member)
static const struct option_row rows[] = {
	{ .name = "verbose", .letter = 'v', .type = OPT_FLAG, AT(verbose), .help = "say more" },
	{ .name = "quick", .letter = 'q', .type = OPT_FLAG, AT(quick), .help = "be quick" },
	{ .name = "name", .type = OPT_STRING, .arg = "NAME", AT(name), .help = "a name" },
	{ .name = "tag", .letter = 't', .type = OPT_STRINGS, .arg = "TAG", AT(tags), .help = "tag" },
	{ .name = "pid",
	  .type = OPT_U32,
	  .arg = "PID",
	  .min = 1,
	  .max = 4194304,
	  AT(pid),
	  .help = "a process" },
	{ .name = "port",
	  .letter = 'p',
	  .type = OPT_PORTS,
	  .arg = "PORT[,PORT]",
	  AT(ports),
	  .help = "ports, of which a long help text tells so much that it needs a second line" },
	{ .name = "duration",
	  .letter = 'd',
	  .type = OPT_SECONDS,
	  .arg = "SECS",
	  AT(seconds),
	  .help = "time" },
	{ .name = "level",
	  .type = OPT_PERCENT,
	  .arg = "PERCENT",
	  .min = 50,
	  .max = 99,
	  AT(percent),
	  .help = "level" },
	{ .name = "format",
	  .letter = 'f',
	  .type = OPT_CHOICE,
	  .choices = formats,
	  AT(format),
	  .help = "form" },
	{ 0 },
};

static const struct options with_words = {
	.command = "try",
	.args = "[OPTION...] WORD... [-- MORE...]",
	.about = "Try the options.",
	.rows = rows,
	.operands = true,
	.after = "MORE",
};
static const struct options without_words = {
	.command = "try",
	.args = "[OPTION...]",
	.about = "Try.",
	.rows = rows,
};

static struct config config;
static struct operands rest;
static struct err err;
static char *words[32];

/* Parse a list of words that ends with NULL. */
static int parse_list(const struct options *o, const char *first, va_list ap)
{
	int n = 0;

	words[n++] = "try";
	for (const char *w = first; w; w = va_arg(ap, const char *))
		words[n++] = (char *)w;
	words[n] = NULL;
	memset(&config, 0, sizeof(config));
	memset(&err, 0, sizeof(err));
	return options_parse(o, &config, n, words, &rest, &err);
}

static int parse(const char *first, ...)
{
	va_list ap;
	int ret;

	va_start(ap, first);
	ret = parse_list(&with_words, first, ap);
	va_end(ap);
	return ret;
}

/* Parse one or two words that are wrong; message and hint must hold these parts. */
static void refuse(const struct options *o, const char *a, const char *b, const char *message,
		   const char *hint)
{
	char *argv[] = { "try", (char *)a, (char *)b, NULL };

	memset(&config, 0, sizeof(config));
	memset(&err, 0, sizeof(err));
	if (options_parse(o, &config, b ? 3 : 2, argv, &rest, &err) != -EINVAL)
		fail_msg("'%s %s' was accepted", a, b ? b : "");
	assert_int_equal(err.status, EXIT_USAGE);
	assert_int_equal(err.code, -EINVAL);
	if (!strstr(err.message, message) || !strstr(err.hint, hint))
		fail_msg("'%s %s': %s: %s", a, b ? b : "", err.message, err.hint);
}

static void options_forms(void **state)
{
	(void)state;
	assert_int_equal(parse("-d", "2.5", "--pid", "77", "--format=json", "-vq", "-p80", NULL),
			 0);
	assert_float_equal(config.seconds, 2.5, 0);
	assert_int_equal(config.pid, 77);
	assert_int_equal(config.format, 1);
	assert_true(config.verbose && config.quick);
	assert_int_equal(config.ports.n, 1);
	assert_int_equal(config.ports.ports[0], 80);
	assert_int_equal(parse("-vd.5", "--name=a=b", "--name", "-x", NULL), 0);
	assert_true(config.verbose);
	assert_float_equal(config.seconds, 0.5, 0);
	assert_string_equal(config.name, "-x"); /* the last one counts */
	assert_int_equal(parse("--name=a=b", NULL), 0);
	assert_string_equal(config.name, "a=b");
	assert_int_equal(parse(NULL, NULL), 0);
}

static void options_operands(void **state)
{
	(void)state;
	assert_int_equal(parse("one", "-v", "two", "-", "--", "-x", "--pid", NULL), 0);
	assert_int_equal(rest.n_words, 3);
	assert_string_equal(rest.words[0], "one");
	assert_string_equal(rest.words[1], "two");
	assert_string_equal(rest.words[2], "-");
	assert_true(rest.dashes);
	assert_int_equal(rest.n_after, 2);
	assert_string_equal(rest.after[0], "-x");
	assert_string_equal(rest.after[1], "--pid");
	assert_null(rest.after[2]);
	assert_true(config.verbose);
	assert_int_equal(parse("one", NULL), 0);
	assert_false(rest.dashes);
	refuse(&with_words, "--", NULL, "nothing after '--'", "give MORE");
	refuse(&without_words, "--", "ls", "'ls' after '--'", "--help");
	refuse(&without_words, "word", NULL, "unexpected word 'word'", "--help");
}

static void options_repeated(void **state)
{
	(void)state;
	assert_int_equal(parse("-p", "80,443", "-p", "65535,80,1", "-ta", "-t", "b", NULL), 0);
	assert_int_equal(config.ports.n, 4);
	assert_int_equal(config.ports.ports[1], 443);
	assert_int_equal(config.ports.ports[2], 65535);
	assert_int_equal(config.ports.ports[3], 1);
	assert_int_equal(config.tags.n, 2);
	assert_string_equal(config.tags.items[1], "b");
}

static void options_port_limit(void **state)
{
	char list[LVT_MAX_PORTS * 6 + 8] = "1";

	(void)state;
	for (int i = 2; i <= LVT_MAX_PORTS; i++)
		sprintf(list + strlen(list), ",%d", i);
	assert_int_equal(parse("-p", list, NULL), 0);
	assert_int_equal(config.ports.n, LVT_MAX_PORTS);
	strcat(list, ",7"); /* a double takes no place */
	assert_int_equal(parse("-p", list, NULL), 0);
	strcat(list, ",9999");
	refuse(&with_words, "-p", list, "more than 64 ports", "without a port filter");
}

static void options_numbers(void **state)
{
	static const char *const bad[] = { "0",
					   "-1",
					   "4194305",
					   "x",
					   "",
					   " 5",
					   "5 ",
					   "+5",
					   "0x10",
					   "1.5",
					   "99999999999999999999" };
	static const char *const ports[] = { "0",   "65536",  "-80",   "http",	"",	     "80,",
					     ",80", "80,,81", "80 81", "80;81", "4294967376" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refuse(&with_words, "--pid", bad[i], "option '--pid'", "from 1 to 4194304");
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		refuse(&with_words, "-p", ports[i], "option '-p'", "65535");
	assert_int_equal(parse("--pid", "4194304", NULL), 0);
	assert_int_equal(config.pid, 4194304);
}

static void options_seconds(void **state)
{
	static const char *const bad[] = { "0",	   "0.0",      "-1",  "inf",	"nan",	   "1e3",
					   "0x10", "",	       " 1",  "1s",	".",	   "1.2.3",
					   "1,5",  "31536001", "1e-", "0.0009", "infinity" };
	char huge[600];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refuse(&with_words, "--duration", bad[i], "bad number of seconds", "0.001");
	memset(huge, '9', sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = '\0';
	refuse(&with_words, "-d", huge, "bad number of seconds", "a year");
	assert_int_equal(parse("-d", "31536000", NULL), 0);
	assert_int_equal(parse("-d", "0.001", NULL), 0);
	assert_int_equal(parse("-d", "5.", NULL), 0);
	assert_float_equal(config.seconds, 5, 0);
}

static void options_percent(void **state)
{
	static const char *const bad[] = { "49.9", "100", "0x50", "9e1", "90 %", "90%%", "%", "" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refuse(&with_words, "--level", bad[i], "bad percentage", "give 50 to 99");
	assert_int_equal(parse("--level", "97.5%", NULL), 0);
	assert_float_equal(config.percent, 97.5, 0);
	assert_int_equal(parse("--level", "50", NULL), 0);
	assert_float_equal(config.percent, 50, 0);
}

static void options_mistakes(void **state)
{
	(void)state;
	refuse(&with_words, "--prot", "80", "unknown option '--prot'", "did you mean '--port'?");
	refuse(&with_words, "--dur=3", NULL, "unknown option '--dur'",
	       "did you mean '--duration'?");
	refuse(&with_words, "--zebra", NULL, "unknown option '--zebra'", "'lvt try --help'");
	refuse(&with_words, "-x", NULL, "unknown option '-x'", "'lvt try --help'");
	refuse(&with_words, "-vx", NULL, "unknown option '-x'", "'lvt try --help'");
	refuse(&with_words, "-d", NULL, "'-d' has no value", "give SECS");
	refuse(&with_words, "--format", NULL, "has no value", "text or json");
	refuse(&with_words, "--format", "jsno", "unknown word 'jsno'", "did you mean 'json'?");
	refuse(&with_words, "--format", "yaml", "unknown word 'yaml'", "text or json");
	refuse(&with_words, "--verbose=1", NULL, "takes no value", "'--verbose' alone");
	refuse(&with_words, "--help=1", NULL, "takes no value", "'--help' alone");
	refuse(&with_words, "--name=", NULL, "is empty", "give NAME");
	refuse(&with_words, "-t", "", "is empty", "give TAG");
}

static void options_help_text(void **state)
{
	char text[4096] = "", *line, *save = NULL;
	FILE *f = fmemopen(text, sizeof(text) - 1, "w");

	(void)state;
	options_help(f, &with_words, 60);
	fclose(f);
	assert_non_null(strstr(text, "Usage: lvt try [OPTION...] WORD... [-- MORE...]\n"));
	assert_non_null(strstr(text, "\n  -v, --verbose "));
	assert_non_null(strstr(text, "\n      --pid PID "));
	assert_non_null(strstr(text, "\n  -f, --format text|json "));
	assert_non_null(strstr(text, "\n  -h, --help "));
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		assert_true(utf8_width(line) <= 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_forms),     cmocka_unit_test(options_operands),
		cmocka_unit_test(options_repeated),  cmocka_unit_test(options_port_limit),
		cmocka_unit_test(options_numbers),   cmocka_unit_test(options_seconds),
		cmocka_unit_test(options_percent),   cmocka_unit_test(options_mistakes),
		cmocka_unit_test(options_help_text),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
