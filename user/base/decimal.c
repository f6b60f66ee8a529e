// SPDX-License-Identifier: BSD-2-Clause
#include "base/decimal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double read_decimal(const char *text, const char *unit)
{
	size_t whole = strspn(text, "0123456789");
	size_t point = text[whole] == '.';
	size_t fraction = strspn(text + whole + point, "0123456789");
	const char *end = text + whole + point + fraction;

	return whole + fraction && (!*end || !strcmp(end, unit)) ? strtod(text, NULL) : NAN;
}

double read_scaled(const char *text)
{
	double thousands = read_decimal(text, "k");

	if (isnan(thousands))
		return read_decimal(text, "M") * 1e6;
	return *text && text[strlen(text) - 1] == 'k' ? thousands * 1e3 : thousands;
}

double unit_ns(const char *unit)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = { { "ns", 1 }, { "us", 1e3 }, { "µs", 1e3 }, { "ms", 1e6 }, { "s", 1e9 } };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(unit, units[i].name))
			return units[i].ns;
	return NAN;
}

double read_ns(const char *text)
{
	const char *unit = text + strspn(text, "0123456789.");

	return read_decimal(text, unit) * unit_ns(unit + strspn(unit, " "));
}
