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
