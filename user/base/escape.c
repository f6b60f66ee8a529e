/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "base/escape.h"

/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
long utf8_decode(const char *s, size_t len, size_t *used)
{
	static const long least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char first = len ? (unsigned char)s[0] : 0;
	size_t need = first < 0x80 ? 1 :
		      first < 0xc2 ? 0 :
		      first < 0xe0 ? 2 :
		      first < 0xf0 ? 3 :
		      first < 0xf5 ? 4 :
				     0;
	long c = need == 1 ? first : first & (0xff >> (need + 1));

	*used = 1;
	if (!need || need > len)
		return -1;
	for (size_t i = 1; i < need; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return -1;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[need] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return -1;
	*used = need;
	return c;
}

static bool printable(long c)
{
	if (c < 0x20 || (c >= 0x7f && c < 0xa0))
		return false;
	/* marks that reorder or hide text, and the line and paragraph separators */
	if (c == 0xad || c == 0x61c || c == 0xfeff)
		return false;
	return !(c >= 0x200b && c <= 0x200f) && !(c >= 0x2028 && c <= 0x202e) &&
	       !(c >= 0x2060 && c <= 0x206f) && !(c >= 0xe0000 && c <= 0xe0fff);
}

const char *escape_bytes(char *buf, size_t size, const char *bytes, size_t len)
{
	size_t at = 0, out = 0;

	if (!size)
		return buf;
	while (at < len) {
		size_t used;
		bool plain = printable(utf8_decode(bytes + at, len - at, &used));
		size_t room = plain ? used : used * ESCAPE_FACTOR;

		if (out + room >= size)
			break;
		if (plain)
			memcpy(buf + out, bytes + at, used);
		else
			for (size_t i = 0; i < used; i++)
				snprintf(buf + out + i * ESCAPE_FACTOR, ESCAPE_FACTOR + 1,
					 "\\x%02x", (unsigned char)bytes[at + i]);
		out += room;
		at += used;
	}
	buf[out] = '\0';
	return buf;
}

const char *escape_name(char *buf, size_t size, const char *name)
{
	return escape_bytes(buf, size, name, strlen(name));
}
