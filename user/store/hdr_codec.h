/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_HDR_CODEC_H
#define LVT_HDR_CODEC_H

#include <stdbool.h>
#include <zlib.h>

#include "store/base64.h"
#include "store/hdr.h"

/* Inside of the codec: for hdr.c, hdr_decode.c and sums.c alone. */
#define HDR_COOKIE (0x1c849303u | 0x10)
#define HDR_COOKIE_COMPRESSED (0x1c849304u | 0x10)

enum {
	HDR_HEADER = 40,
	HDR_WORD = 9, /* the longest word */
	HDR_PLAIN = HDR_HEADER + HIST_BUCKETS * (HDR_WORD + 2) + 1,
	HDR_PACKED = HDR_PLAIN + HDR_PLAIN / 100 + 64, /* deflateBound() is below */
};

struct hdr {
	z_stream deflate, inflate;
	unsigned char plain[HDR_PLAIN], packed[HDR_PACKED];
	char text[BASE64_LEN(HDR_PACKED) + 1];
	unsigned char *bytes; /* of a text that is decoded */
	size_t room;
};

/* ZigZag LEB128, at most HDR_WORD bytes; returns where it ends. */
unsigned char *hdr_put_word(unsigned char *p, __s64 word);

/* Bytes one by one, from memory or out of a zlib stream. */
struct source {
	z_stream *z; /* NULL: all is there */
	const unsigned char *next, *end;
	bool done;	      /* the zlib stream has ended, its checksum is right */
	const char *defect;   /* why there is no more */
	unsigned char *block; /* HDR_PLAIN bytes, where a zlib stream is unpacked */
};

/* source_word() near an end: of the bytes at hand, or of `left`. */
bool source_word_slow(struct source *s, __u64 *left, __s64 *word);

/* The next word out of the `left` bytes that there may be. */
static inline bool source_word(struct source *s, __u64 *left, __s64 *word)
{
	const unsigned char *p = s->next;
	__u64 v;

	if (s->end - p < HDR_WORD || *left < HDR_WORD)
		return source_word_slow(s, left, word);
	v = *p & 0x7f;
	for (int i = 1; *p++ & 0x80; i++) {
		if (i == HDR_WORD - 1) {
			v |= (__u64)*p++ << 7 * i;
			break;
		}
		v |= (__u64)(*p & 0x7f) << 7 * i;
	}
	*left -= p - s->next;
	s->next = p;
	*word = (__s64)(v >> 1) ^ -(__s64)(v & 1);
	return true;
}

/* Base64 text to h->bytes: how many, -1 if it is not base64, -2 without memory. */
long hdr_bytes(struct hdr *h, const char *text, size_t len);

#endif
