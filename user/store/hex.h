/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_HEX_H
#define LVT_HEX_H

#include <stddef.h>
#include <string.h>

/* 2 * n characters and a NUL. */
static inline void hex_encode(char *hex, const unsigned char *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		*hex++ = digits[bytes[i] >> 4];
		*hex++ = digits[bytes[i] & 15];
	}
	*hex = 0;
}

/* Exactly n bytes; returns whether hex was that. */
static inline int hex_decode(unsigned char *bytes, size_t n, const char *hex)
{
	static const char digits[] = "0123456789abcdef";

	if (strlen(hex) != 2 * n)
		return 0;
	for (size_t i = 0; i < 2 * n; i++) {
		const char *d = strchr(digits, hex[i]);

		if (!d)
			return 0;
		bytes[i / 2] = i % 2 ? bytes[i / 2] << 4 | (d - digits) : d - digits;
	}
	return 1;
}

#endif
