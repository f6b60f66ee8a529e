/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/decimal.h"
#include "base/nearest.h"
#include "base/options.h"
#include "base/term.h"

#define NAME_LEN 64

/* One parse: what it reads and where it stands. */
struct parse {
	const struct options *o;
	char *config;
	char **argv;
	int argc, at; /* at: the word being read */
	struct err *e;
};

/* Decimal digits only: strtoul() also takes blanks, signs, hex and numbers out of range. */
static int read_number(const char *text, size_t len, uint32_t *value)
{
	uint64_t n = 0;

	if (!len)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
		n = n * 10 + (uint64_t)(text[i] - '0');
		if (n > UINT32_MAX)
			return -ERANGE;
	}
	*value = (uint32_t)n;
	return 0;
}

static int set_u32(struct parse *p, const struct option_row *row, const char *shown,
		   const char *value)
{
	uint32_t *to = (uint32_t *)(p->config + row->offset);
	uint32_t n;

	if (read_number(value, strlen(value), &n) || n < row->min || n > row->max) {
		err_usage(p->e, "option '%s': bad number '%s'", shown, value);
		return err_hint(p->e, "give a whole number from %u to %u", row->min, row->max);
	}
	*to = n;
	return 0;
}

static int add_port(struct parse *p, struct port_list *list, const char *shown, uint16_t port)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->ports[i] == port)
			return 0;
	if (list->n == LVT_MAX_PORTS) {
		err_usage(p->e, "option '%s': more than %d ports", shown, LVT_MAX_PORTS);
		return err_hint(p->e, "without a port filter every listening service is traced");
	}
	list->ports[list->n++] = port;
	return 0;
}

static int set_ports(struct parse *p, const struct option_row *row, const char *shown,
		     const char *value)
{
	struct port_list *list = (struct port_list *)(p->config + row->offset);
	const char *at = value;

	for (;;) {
		size_t len = strcspn(at, ",");
		uint32_t port = 0;
		int ret;

		if (read_number(at, len, &port) || port < 1 || port > UINT16_MAX) {
			err_usage(p->e, "option '%s': '%.*s' is not a port", shown, (int)len, at);
			return err_hint(p->e,
					"give 1 to 65535, several with commas between: 80,443");
		}
		ret = add_port(p, list, shown, (uint16_t)port);
		if (ret || !at[len])
			return ret;
		at += len + 1;
	}
}

static int set_percent(struct parse *p, const struct option_row *row, const char *shown,
		       const char *value)
{
	double percent = read_decimal(value, "%");

	if (!(percent >= row->min && percent <= row->max)) {
		err_usage(p->e, "option '%s': bad percentage '%s'", shown, value);
		return err_hint(p->e, "give %u to %u, such as %g%%", row->min, row->max,
				*(double *)(p->config + row->offset));
	}
	*(double *)(p->config + row->offset) = percent;
	return 0;
}

static int set_seconds(struct parse *p, const struct option_row *row, const char *shown,
		       const char *value)
{
	double *to = (double *)(p->config + row->offset), seconds = read_decimal(value, "");

	if (!(seconds >= OPT_SECONDS_MIN && seconds <= OPT_SECONDS_MAX)) {
		err_usage(p->e, "option '%s': bad number of seconds '%s'", shown, value);
		return err_hint(p->e, "give %g to %.0f (a year), such as 10 or 0.5",
				OPT_SECONDS_MIN, OPT_SECONDS_MAX);
	}
	*to = seconds;
	return 0;
}

static int set_number(struct parse *p, const struct option_row *row, const char *shown,
		      const char *value)
{
	double number = read_scaled(value);

	if (!(number > 0 && number <= row->max)) {
		err_usage(p->e, "option '%s': bad number '%s'", shown, value);
		return err_hint(p->e, "give more than 0, at most %u, such as 500, 2.5 or 10k",
				row->max);
	}
	*(double *)(p->config + row->offset) = number;
	return 0;
}

/* "text, json or html" */
static void list_words(char *buf, size_t size, const char *const *words)
{
	size_t out = 0;

	buf[0] = '\0';
	for (size_t i = 0; words[i] && out < size; i++)
		out += (size_t)snprintf(buf + out, size - out, "%s%s",
					!i	     ? "" :
					words[i + 1] ? ", " :
						       " or ",
					words[i]);
}

static int set_choice(struct parse *p, const struct option_row *row, const char *shown,
		      const char *value)
{
	int *to = (int *)(p->config + row->offset);
	struct nearest near;
	char words[256];

	nearest_start(&near, value);
	for (int i = 0; row->choices[i]; i++) {
		if (!strcmp(row->choices[i], value)) {
			*to = i;
			return 0;
		}
		nearest_try(&near, row->choices[i]);
	}
	err_usage(p->e, "option '%s': unknown word '%s'", shown, value);
	if (near.best)
		return err_hint(p->e, "did you mean '%s'?", near.best);
	list_words(words, sizeof(words), row->choices);
	return err_hint(p->e, "give %s", words);
}

static int set_string(struct parse *p, const struct option_row *row, const char *shown,
		      const char *value)
{
	struct string_list *list = (struct string_list *)(p->config + row->offset);

	if (!*value) {
		err_usage(p->e, "option '%s': the value is empty", shown);
		return err_hint(p->e, "give %s", row->arg);
	}
	if (row->type == OPT_STRING) {
		*(const char **)(p->config + row->offset) = value;
		return 0;
	}
	if (list->n == OPT_MAX_STRINGS)
		return err_usage(p->e, "option '%s': given more than %d times", shown,
				 OPT_MAX_STRINGS);
	list->items[list->n++] = value;
	return 0;
}

static int set_value(struct parse *p, const struct option_row *row, const char *shown,
		     const char *value)
{
	switch (row->type) {
	case OPT_FLAG:
		*(bool *)(p->config + row->offset) = true;
		return 0;
	case OPT_STRING:
	case OPT_STRINGS:
		return set_string(p, row, shown, value);
	case OPT_U32:
		return set_u32(p, row, shown, value);
	case OPT_PORTS:
		return set_ports(p, row, shown, value);
	case OPT_SECONDS:
		return set_seconds(p, row, shown, value);
	case OPT_PERCENT:
		return set_percent(p, row, shown, value);
	case OPT_NUMBER:
		return set_number(p, row, shown, value);
	case OPT_CHOICE:
		return set_choice(p, row, shown, value);
	}
	return err_set(p->e, -EINVAL, "option '%s' has no known type", shown);
}

/* The value of an option that needs one: what stands with it, else the next word. */
static int take_value(struct parse *p, const struct option_row *row, const char *shown,
		      const char *inside)
{
	char words[256];

	if (inside)
		return set_value(p, row, shown, inside);
	if (p->at + 1 < p->argc)
		return set_value(p, row, shown, p->argv[++p->at]);
	err_usage(p->e, "option '%s' has no value", shown);
	if (row->type != OPT_CHOICE)
		return err_hint(p->e, "give %s after it", row->arg);
	list_words(words, sizeof(words), row->choices);
	return err_hint(p->e, "give %s after it", words);
}

static int unknown_long(struct parse *p, const char *name, size_t len)
{
	const struct option_row *row;
	struct nearest near;
	char word[NAME_LEN];

	snprintf(word, sizeof(word), "%.*s", (int)len, name);
	nearest_start(&near, word);
	for (row = p->o->rows; row->name; row++)
		nearest_try(&near, row->name);
	nearest_try(&near, "help");
	err_usage(p->e, "unknown option '--%.*s'", (int)len, name);
	if (near.best)
		return err_hint(p->e, "did you mean '--%s'?", near.best);
	return err_hint(p->e, "'lvt %s --help' lists the options", p->o->command);
}

static const struct option_row help_row = { .name = "help", .type = OPT_FLAG };

static int parse_long(struct parse *p, const char *name)
{
	size_t len = strcspn(name, "=");
	const char *inside = name[len] ? name + len + 1 : NULL;
	const struct option_row *row = p->o->rows;
	char shown[NAME_LEN];

	while (row->name && (strlen(row->name) != len || strncmp(row->name, name, len)))
		row++;
	if (!row->name && len == strlen("help") && !strncmp(name, "help", len))
		row = &help_row;
	if (!row->name)
		return unknown_long(p, name, len);
	snprintf(shown, sizeof(shown), "--%s", row->name);
	if (row->type != OPT_FLAG)
		return take_value(p, row, shown, inside);
	if (inside) {
		err_usage(p->e, "option '%s' takes no value", shown);
		return err_hint(p->e, "write '%s' alone", shown);
	}
	return row == &help_row ? OPTIONS_HELP : set_value(p, row, shown, NULL);
}

static int parse_short(struct parse *p, const char *letters)
{
	for (; *letters; letters++) {
		const struct option_row *row = p->o->rows;
		char shown[] = { '-', *letters, '\0' };
		int ret;

		while (row->name && row->letter != *letters)
			row++;
		if (!row->name && *letters == 'h')
			return OPTIONS_HELP;
		if (!row->name) {
			err_usage(p->e, "unknown option '%s'", shown);
			return err_hint(p->e, "'lvt %s --help' lists the options", p->o->command);
		}
		if (row->type != OPT_FLAG)
			return take_value(p, row, shown, letters[1] ? letters + 1 : NULL);
		ret = set_value(p, row, shown, NULL);
		if (ret)
			return ret;
	}
	return 0;
}

static int operand(struct parse *p, char *word, struct operands *rest)
{
	if (p->o->operands) {
		p->argv[1 + rest->n_words++] = word;
		return 0;
	}
	err_usage(p->e, "unexpected word '%s'", word);
	if (p->o->after)
		return err_hint(p->e, "write '--' before %s", p->o->after);
	return err_hint(p->e, "'lvt %s --help' shows what it takes", p->o->command);
}

static int after_dashes(struct parse *p, struct operands *rest)
{
	rest->dashes = true;
	rest->after = p->argv + p->at + 1;
	rest->n_after = p->argc - p->at - 1;
	if (!p->o->after && rest->n_after) {
		err_usage(p->e, "unexpected word '%s' after '--'", rest->after[0]);
		return err_hint(p->e, "'lvt %s --help' shows what it takes", p->o->command);
	}
	if (p->o->after && !rest->n_after) {
		err_usage(p->e, "nothing after '--'");
		return err_hint(p->e, "give %s", p->o->after);
	}
	return 0;
}

int options_parse(const struct options *o, void *config, int argc, char **argv,
		  struct operands *rest, struct err *e)
{
	struct parse p = { .o = o, .config = config, .argv = argv, .argc = argc, .e = e };
	struct operands unused;
	int ret = 0;

	if (!rest)
		rest = &unused;
	*rest = (struct operands){ .words = argv + 1 };
	for (p.at = 1; p.at < argc && !ret && !rest->dashes; p.at++) {
		char *word = argv[p.at];

		if (!strcmp(word, "--"))
			ret = after_dashes(&p, rest);
		else if (!strncmp(word, "--", 2))
			ret = parse_long(&p, word + 2);
		else if (word[0] == '-' && word[1])
			ret = parse_short(&p, word + 1);
		else
			ret = operand(&p, word, rest);
	}
	if (ret == OPTIONS_HELP)
		options_help(stdout, o, term_columns(stdout));
	return ret;
}
