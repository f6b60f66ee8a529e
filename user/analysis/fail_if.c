// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/compare.h"
#include "base/decimal.h"

static const char *skip_spaces(const char *c)
{
	return c + strspn(c, " \t");
}

static int refuse(const char *text, const char *why, struct err *e)
{
	err_usage(e, "'%s' is not a condition: %s", text, why);
	return err_hint(e, "write METRIC>CHANGE, such as 'p99>+5%%', 'throughput<-10%%' or "
			   "'p99.9>20ms'");
}

/* Digits, and a point between them: no exponent, no "inf", no hexadecimal number. */
static bool plain_number(const char *text, size_t *len, double *v)
{
	char digits[32];

	*len = strspn(text, "0123456789");
	if (*len && text[*len] == '.') {
		size_t part = strspn(text + *len + 1, "0123456789");

		if (!part)
			return false;
		*len += 1 + part;
	}
	if (!*len || *len >= sizeof(digits))
		return false;
	memcpy(digits, text, *len);
	digits[*len] = '\0';
	*v = strtod(digits, NULL);
	return true;
}

static int parse_bound(const char *text, const char *at, struct fail_if *f, struct err *e)
{
	bool minus = *at == '-', sign = minus || *at == '+';
	char unit[8] = "";
	size_t len;

	if (!plain_number(at + sign, &len, &f->bound))
		return refuse(text, "there is no number after the sign", e);
	at = skip_spaces(at + sign + len);
	len = strcspn(at, " \t");
	if (len >= sizeof(unit) || *skip_spaces(at + len))
		return refuse(text, "something follows the number", e);
	memcpy(unit, at, len);
	if (!strcmp(unit, "%")) {
		if (!sign && f->bound != 0)
			return refuse(text, "a change needs its sign, + or -", e);
		if (minus && f->bound >= 100)
			return refuse(text, "nothing falls by 100 % or more", e);
		f->bound = 1 + (minus ? -f->bound : f->bound) / 100;
		return 0;
	}
	if (sign)
		return refuse(text, "a change is in percent", e);
	f->absolute = true;
	if (f->metric == COMPARE_THROUGHPUT)
		return unit[0] && strcmp(unit, "/s") ?
			       refuse(text, "a throughput is in requests a second, /s", e) :
			       0;
	if (isnan(unit_ns(unit)))
		return refuse(text, "a time needs its unit: ns, us, ms or s", e);
	f->bound *= unit_ns(unit);
	return 0;
}

int fail_if_parse(const char *text, struct fail_if *f, struct err *e)
{
	const char *at = skip_spaces(text);
	size_t len = strcspn(at, "<>= \t");

	*f = (struct fail_if){ .metric = compare_metric_find(at, len) };
	if (f->metric == NR_COMPARE_METRICS)
		return refuse(text, "it must start with one of p50 p90 p99 p99.9 mean throughput",
			      e);
	at = skip_spaces(at + len);
	if (*at != '<' && *at != '>')
		return refuse(text, "a < or > is missing", e);
	f->less = *at++ == '<';
	f->or_equal = *at == '=';
	return parse_bound(text, skip_spaces(at + f->or_equal), f, e);
}

static bool beyond(const struct fail_if *f, double v)
{
	if (f->or_equal && v == f->bound)
		return true;
	return f->less ? v < f->bound : v > f->bound;
}

enum compare_answer fail_if_answer(const struct fail_if *f, const struct compare_service *s)
{
	const struct compare_value *v = &s->values[f->metric];
	bool low, high;

	if (f->absolute) {
		if (isnan(v->after) || v->gap == COMPARE_UNRESOLVED)
			return COMPARE_UNKNOWN;
		return beyond(f, v->after) ? COMPARE_HOLDS : COMPARE_HOLDS_NOT;
	}
	if (v->gap || isnan(v->low) || isnan(v->high))
		return COMPARE_UNKNOWN;
	low = beyond(f, v->low);
	high = beyond(f, v->high);
	return low != high ? COMPARE_UNKNOWN : low ? COMPARE_HOLDS : COMPARE_HOLDS_NOT;
}

enum compare_answer fail_if_comparison(const struct fail_if *f, const struct comparison *c)
{
	enum compare_answer all = COMPARE_HOLDS_NOT;

	for (size_t i = 0; i < c->n_services; i++) {
		enum compare_answer one = fail_if_answer(f, &c->services[i]);

		all = one > all ? one : all;
	}
	return all;
}
