/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/escape.h"
#include "base/units.h"

/*
 * A unit is used while the value, rounded as it will be printed, is below `up` of it; the next one
 * is `up` times as large. Below `tenths` one decimal is printed, below `hundredths` two.
 */
struct unit {
	const char *name;
	double up;
	double tenths, hundredths;
};

static int decimals(const struct unit *u, double value)
{
	if (value == 0)
		return 0;
	if (value < u->hundredths - 0.005)
		return 2;
	return value < u->tenths - 0.05 ? 1 : 0;
}

static const char *scale(char *buf, size_t size, double value, const struct unit *u)
{
	const char *sign = value < 0 ? "-" : "";

	if (isnan(value) || isinf(value)) {
		snprintf(buf, size, "%s", isnan(value) ? "-" : value < 0 ? "-inf" : "inf");
		return buf;
	}
	value = fabs(value);
	while (u[1].name && value >= u->up - 0.5) {
		value /= u->up;
		u++;
	}
	/* so far out of range that it would not fit: a number that no host can produce */
	if (value >= 1e12)
		snprintf(buf, size, "%s%.2e%s", sign, value, u->name);
	else
		snprintf(buf, size, "%s%.*f%s", sign, decimals(u, value), value, u->name);
	return buf;
}

const char *fmt_ns(char *buf, size_t size, double ns)
{
	static const struct unit units[] = {
		{ " ns", 1e3, 0, 0 },  { " µs", 1e3, 10, 0 }, { " ms", 1e3, 100, 0 },
		{ " s", 1e3, 100, 0 }, { NULL, 0, 0, 0 },
	};
	static const struct unit minutes[] = { { " min", 0, 100, 0 }, { NULL, 0, 0, 0 } };
	static const struct unit hours[] = { { " h", 0, 100, 0 }, { NULL, 0, 0, 0 } };

	if (fabs(ns) < 999.5e9 || isnan(ns))
		return scale(buf, size, ns, units);
	if (fabs(ns) < 100 * 60e9)
		return scale(buf, size, ns / 60e9, minutes);
	return scale(buf, size, ns / 3600e9, hours);
}

const char *fmt_count(char *buf, size_t size, uint64_t n)
{
	char digits[24], text[UNIT_LEN];
	size_t len = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, n), out = 0;

	for (size_t i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			text[out++] = ',';
		text[out++] = digits[i];
	}
	text[out] = '\0';
	snprintf(buf, size, "%s", text);
	return buf;
}

const char *fmt_rate(char *buf, size_t size, double per_second)
{
	static const struct unit units[] = {
		{ " /s", 1e3, 10, 0 },	  { " k/s", 1e3, 100, 10 }, { " M/s", 1e3, 100, 10 },
		{ " G/s", 1e3, 100, 10 }, { NULL, 0, 0, 0 },
	};

	return scale(buf, size, per_second, units);
}

const char *fmt_bytes(char *buf, size_t size, double bytes)
{
	static const struct unit units[] = {
		{ " B", 1e3, 0, 0 },	{ " kB", 1e3, 100, 0 }, { " MB", 1e3, 100, 0 },
		{ " GB", 1e3, 100, 0 }, { " TB", 1e3, 100, 0 }, { " PB", 1e3, 100, 0 },
		{ NULL, 0, 0, 0 },
	};

	return scale(buf, size, bytes, units);
}

const char *fmt_byte_rate(char *buf, size_t size, double bytes_per_second)
{
	char text[UNIT_LEN];

	fmt_bytes(text, sizeof(text), bytes_per_second);
	snprintf(buf, size, "%s%s", text, isfinite(bytes_per_second) ? "/s" : "");
	return buf;
}

const char *fmt_share(char *buf, size_t size, double share)
{
	double percent = share * 100;

	if (isnan(share))
		snprintf(buf, size, "-");
	else if (percent > 0 && percent < 0.5)
		snprintf(buf, size, "<1 %%");
	else
		snprintf(buf, size, "%.0f %%", round(percent));
	return buf;
}

/* A character's columns: the ranges of Unicode that matter in names, not all of them. */
static size_t columns(long c)
{
	if ((c >= 0x300 && c <= 0x36f) || (c >= 0x200b && c <= 0x200f) ||
	    (c >= 0xfe00 && c <= 0xfe0f))
		return 0;
	if ((c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf && c != 0x303f) ||
	    (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
	    (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
	    (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x1f300 && c <= 0x1f64f) ||
	    (c >= 0x1f900 && c <= 0x1f9ff) || (c >= 0x20000 && c <= 0x3fffd))
		return 2;
	return 1;
}

size_t utf8_width(const char *s)
{
	size_t len = strlen(s), width = 0, used;

	for (; len; s += used, len -= used)
		width += columns(utf8_decode(s, len, &used));
	return width;
}

static const char *pad(char *buf, size_t size, const char *s, size_t width, int left)
{
	size_t has = utf8_width(s);
	int fill = width > has ? (int)(width - has) : 0;

	snprintf(buf, size, "%*s%s%*s", left ? fill : 0, "", s, left ? 0 : fill, "");
	return buf;
}

const char *pad_left(char *buf, size_t size, const char *s, size_t width)
{
	return pad(buf, size, s, width, 1);
}

const char *pad_right(char *buf, size_t size, const char *s, size_t width)
{
	return pad(buf, size, s, width, 0);
}
