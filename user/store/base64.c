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

#define BAD 0x80000000u

/* A character's six bits at each of the four places of a group; BAD for what is none. */
static const unsigned (*places(void))[256]
{
	static unsigned table[4][256];

	if (table[0][0])
		return table;
	for (int c = 0; c < 256; c++)
		for (int k = 0; k < 4; k++)
			table[k][c] = BAD;
	for (unsigned i = 0; i < 64; i++)
		for (int k = 0; k < 4; k++)
			table[k][(unsigned char)digits[i]] = i << (18 - 6 * k);
	return table;
}

/* The last group, of which `padding` characters are '='. */
static long decode_last(unsigned char *bytes, const unsigned char *text, int padding)
{
	const unsigned(*place)[256] = places();
	unsigned v = 0;

	for (int k = 0; k < 4 - padding; k++)
		v |= place[k][text[k]];
	if (v & BAD || (padding && v & (padding == 1 ? 0xff : 0xffff)))
		return -1;
	for (int k = 0; k < 3 - padding; k++)
		bytes[k] = v >> (16 - 8 * k);
	return 3 - padding;
}

long base64_decode(unsigned char *bytes, const char *text, size_t len)
{
	const unsigned char *in = (const unsigned char *)text, *end = in + len;
	const unsigned(*place)[256] = places();
	unsigned char *out = bytes;
	unsigned bad = 0;
	int padding = 0;
	long last;

	if (len % 4)
		return -1;
	if (!len)
		return 0;
	while (padding < 2 && end[-1 - padding] == '=')
		padding++;
	for (; in < end - 4; in += 4, out += 3) {
		unsigned v = place[0][in[0]] | place[1][in[1]] | place[2][in[2]] | place[3][in[3]];

		bad |= v;
		out[0] = v >> 16;
		out[1] = v >> 8;
		out[2] = v;
	}
	last = decode_last(out, in, padding);
	return bad & BAD || last < 0 ? -1 : out - bytes + last;
}
