/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/fill.h"
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/decimal.h"
#include "base/nearest.h"
#include "lab/figure.h"

enum { NAME_MAX_LEN = 96, VALUE_MAX = 4096 };

/* One {...}: its name, the constant (NAN = none), and how many bytes it takes; 0 = it is not one. */
struct placeholder {
	char name[NAME_MAX_LEN];
	double times;
	size_t len;
};

static size_t name_len(const char *p)
{
	size_t n = 0;

	if (!strncmp(p, "run:", 4) || !strncmp(p, "check:", 6)) {
		n = strcspn(p, ":") + 1;
		return n + strcspn(p + n, "}*{ \t\n`'\"");
	}
	if (!islower((unsigned char)*p))
		return 0;
	while (islower((unsigned char)p[n]) || isdigit((unsigned char)p[n]) || p[n] == '_')
		n++;
	return n;
}

static struct placeholder placeholder(const char *p)
{
	struct placeholder h = { .times = NAN };
	size_t n = *p == '{' ? name_len(p + 1) : 0, digits;
	char number[32];

	if (!n || n >= sizeof(h.name))
		return h;
	memcpy(h.name, p + 1, n);
	if (p[1 + n] == '*') {
		digits = strspn(p + n + 2, "0123456789.");
		if (digits >= sizeof(number))
			return h;
		memcpy(number, p + n + 2, digits);
		number[digits] = '\0';
		h.times = read_decimal(number, "");
		if (isnan(h.times))
			return h;
		n += 1 + digits;
	}
	if (p[1 + n] == '}')
		h.len = n + 2;
	return h;
}

/* Whole numbers stay whole: a rate of 1000 * 1.25 is 1250. */
static int multiply(char *buf, size_t size, const struct placeholder *h, struct err *e)
{
	double value = read_decimal(buf, "");

	if (isnan(value)) {
		err_set(e, -EINVAL, "{%s*%g}: %s is '%s'", h->name, h->times, h->name, buf);
		return err_hint(e, "only a number can be multiplied");
	}
	snprintf(buf, size, "%.10g", value * h->times);
	return 0;
}

static int fill_one(FILE *out, const struct placeholder *h, fill_value value, void *arg,
		    struct err *e)
{
	char buf[VALUE_MAX] = "";
	int err = value(arg, h->name, buf, sizeof(buf), e);

	if (err == -ENOENT)
		return err_set(e, -EINVAL, "{%s} is unknown", h->name);
	if (!err && !isnan(h->times))
		err = multiply(buf, sizeof(buf), h, e);
	if (!err)
		fputs(buf, out);
	return err;
}

char *fill_text(const char *text, fill_value value, void *arg, struct err *e)
{
	char *filled = NULL;
	size_t size;
	FILE *out = open_memstream(&filled, &size);
	int err = 0;

	if (!out) {
		err_set(e, -ENOMEM, "no memory");
		return NULL;
	}
	while (*text && !err) {
		struct placeholder h = placeholder(text);

		if (h.len)
			err = fill_one(out, &h, value, arg, e);
		else
			fputc(*text, out);
		text += h.len ? h.len : 1;
	}
	if (fclose(out) && !err)
		err = err_set(e, -ENOMEM, "no memory");
	if (!err)
		return filled;
	free(filled);
	return NULL;
}

static const char *program(const struct lab_manifest *lab, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < lab->sources.n; i++)
		if (!strncmp(lab->sources.items[i], name, n) &&
		    !strcmp(lab->sources.items[i] + n, ".c"))
			return name;
	return NULL;
}

static int figure_text(const struct fill *f, const char *name, char *buf, size_t size,
		       struct err *e)
{
	bool check = *name == 'c';
	const char *figure = strchr(name, ':') + 1;
	double value;

	if (!f->figure)
		return -ENOENT;
	if (figure_kind(figure) == FIGURE_UNKNOWN)
		return err_set(e, -EINVAL, "{%s}: there is no figure '%s'", name, figure);
	value = f->figure(f->arg, check, figure);
	if (isnan(value))
		snprintf(buf, size, "not measured yet");
	else
		figure_format(buf, size, figure, value);
	return 0;
}

/* A word in buf, or -ENOENT if there is none. */
static int put(char *buf, size_t size, const char *word)
{
	if (!word)
		return -ENOENT;
	return snprintf(buf, size, "%s", word) < (int)size ? 0 : -ENOENT;
}

static int lab_value(void *arg, const char *name, char *buf, size_t size, struct err *e)
{
	const struct fill *f = arg;
	const char *const own[][2] = { { "port", f->port },
				       { "seconds", f->seconds },
				       { "seed", f->seed } };

	if (strchr(name, ':'))
		return figure_text(f, name, buf, size, e);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (!strcmp(own[i][0], name))
			return put(buf, size, own[i][1]);
	for (size_t i = 0; i < f->lab->n_vars; i++)
		if (!strcmp(f->lab->vars[i].name, name))
			return put(buf, size, json_string_value(json_object_get(f->vars, name)));
	for (size_t i = 0; i < f->lab->n_knobs; i++) {
		if (strcmp(f->lab->knobs[i].name, name))
			continue;
		return put(buf, size,
			   f->settings ? f->settings->values[i] : f->lab->knobs[i].otherwise);
	}
	if (f->programs && program(f->lab, name))
		return snprintf(buf, size, "%s/%s", f->programs, name) < (int)size ? 0 : -ENOENT;
	return -ENOENT;
}

char *fill(const struct fill *f, const char *text, struct err *e)
{
	return fill_text(text, lab_value, (void *)f, e);
}

int fill_figures(const char *text, bool check, json_t *figures)
{
	for (; *text; text++) {
		struct placeholder h = placeholder(text);
		const char *figure = h.len ? strchr(h.name, ':') : NULL;

		if (!figure || (*h.name == 'c') != check || json_object_get(figures, figure + 1))
			continue;
		if (json_object_set_new(figures, figure + 1, json_null()))
			return -ENOMEM;
	}
	return 0;
}

/* The number in digits and the unit in name, without "/s". Returns the number, or NAN. */
static double split_number(const char *text, char name[8])
{
	size_t digits = strspn(text, "0123456789.");
	const char *unit = text + digits + strspn(text + digits, " ");
	size_t n = strlen(unit);
	char number[32];

	*name = '\0';
	if (digits >= sizeof(number) || n >= 8)
		return NAN;
	memcpy(number, text, digits);
	number[digits] = '\0';
	strcpy(name, unit);
	if (n >= 2 && !strcmp(name + n - 2, "/s"))
		name[n - 2] = '\0';
	return read_decimal(number, "");
}

double lab_number(const char *text)
{
	char unit[8];
	double value = split_number(text, unit);

	if (!*unit)
		return value;
	if (!strcmp(unit, "%"))
		return value / 100;
	if (!strcmp(unit, "k") || !strcmp(unit, "M"))
		return value * (*unit == 'k' ? 1e3 : 1e6);
	return value * unit_ns(unit);
}

bool lab_number_is_time(const char *text)
{
	char unit[8];

	return !isnan(split_number(text, unit)) && !isnan(unit_ns(unit));
}
