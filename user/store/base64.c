// SPDX-License-Identifier: BSD-2-Clause
#include "store/base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(char *text, const unsigned char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i += 3) {
		unsigned v = bytes[i] << 16;

		if (i + 1 < n)
			v |= bytes[i + 1] << 8;
		if (i + 2 < n)
			v |= bytes[i + 2];
		*text++ = digits[v >> 18];
		*text++ = digits[v >> 12 & 63];
		*text++ = i + 1 < n ? digits[v >> 6 & 63] : '=';
		*text++ = i + 2 < n ? digits[v & 63] : '=';
	}
	*text = 0;
}

/* Value + 1 of each character, 0 for others: branches would be half of the time to read a run. */
static const unsigned char *values(void)
{
	static unsigned char table[256];

	if (!table['A'])
		for (int i = 0; i < 64; i++)
			table[(unsigned char)digits[i]] = i + 1;
	return table;
}

long base64_decode(unsigned char *bytes, const char *text, size_t len)
{
	const unsigned char *value = values();
	size_t padding = 0;
	long n = 0;

	if (len % 4)
		return -1;
	while (padding < 2 && padding < len && text[len - 1 - padding] == '=')
		padding++;
	for (size_t i = 0; i < len; i += 4) {
		int last = i + 4 == len ? 4 - (int)padding : 4;
		unsigned v = 0;

		for (int k = 0; k < 4; k++) {
			unsigned digit = k < last ? value[(unsigned char)text[i + k]] : 1;

			if (!digit)
				return -1;
			v = v << 6 | (digit - 1);
		}
		for (int k = 0; k < 3; k++, v <<= 8) {
			if (k < last - 1)
				bytes[n++] = v >> 16;
			else if (v >> 16 & 0xff)
				return -1;
		}
	}
	return n;
}
