/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Is a request really a batch? Several small requests that a client writes at once arrive in one
 * segment, are read at once and answered at once: by the turn-around rule that is one exchange, and
 * nothing in TCP tells. So the payload of one request in 64 or so is looked at, in the reader's own
 * buffer, without knowing any protocol: a batch of equal-shaped messages repeats the first 8 bytes of
 * the first one at the start of each, at even spacing, to the end. Nothing of it is kept.
 *
 * Batches of messages of unlike lengths are not found: "none found" proves nothing.
 */
#ifndef LVT_BATCH_BPF_H
#define LVT_BATCH_BPF_H

#include "abi.h"

#define BATCH_WINDOW 512       /* bytes looked at */
#define BATCH_MESSAGE_MIN 8    /* of a message */
#define BATCH_MESSAGES_MAX 128 /* in a batch */
#define BATCH_ONE_IN 64	       /* power of two */
#define BATCH_CHECKS 16	       /* repetitions looked at */

struct batch {
	__u64 need; /* alignment */
	__u8 bytes[BATCH_WINDOW + 8];
};

static __always_inline __u64 batch_word(const struct batch *b, __u32 at)
{
	__u64 w = 0;
	__u32 i;

	at &= BATCH_WINDOW - 1;
	for (i = 0; i < 8; i++)
		w |= (__u64)b->bytes[at + i] << (8 * i);
	return w;
}

static __always_inline __u64 batch_turned(__u64 w, __u32 bits)
{
	return w << bits | w >> (64 - bits);
}

/*
 * Does every message of this length, as far as the window shows them, begin with `first`? This and the
 * next are global functions, so that they are verified once and their loops do not multiply.
 */
__weak __noinline int batch_repeats(const struct batch *b, __u64 first, __u32 length, __u32 end)
{
	__u32 i, at = 0;

	if (!b)
		return 0;
	for (i = 0; i < BATCH_CHECKS; i++) {
		at += length;
		if (at + 8 > end)
			break;
		if (batch_word(b, at) != first)
			return 0;
	}
	return 1;
}

/* How many messages are in a payload of `length` bytes whose start is in b; 1 if it looks like one. */
__weak __noinline int batch_messages(const struct batch *b, __u32 length)
{
	__u32 i, each, end = length < BATCH_WINDOW ? length : BATCH_WINDOW;
	__u64 first;

	if (!b)
		return 1;
	first = batch_word(b, 0);
	/* zeros and the like repeat everywhere */
	if (batch_turned(first, 8) == first || batch_turned(first, 16) == first ||
	    batch_turned(first, 32) == first)
		return 1;
	/* the most first: sixteen equal messages are also eight equal pairs */
	for (i = BATCH_MESSAGES_MAX; i > 1; i--) {
		each = length / i;
		if (length % i || each < BATCH_MESSAGE_MIN || each + 8 > end)
			continue;
		if (batch_repeats(b, first, each, end))
			return i;
	}
	return 1;
}

/* HTTP/2 frame types (RFC 9113, section 6), and the largest frame without a setting to the contrary. */
enum { H2_DATA, H2_HEADERS, H2_PRIORITY, H2_RST_STREAM, H2_SETTINGS, H2_TYPES = 10 };
#define H2_HEADER 9
#define H2_FRAME_MAX 16384
#define H2_FRAMES_MAX 16 /* looked at */

/* The length of the frame at `at`, with its header; 0 if none can begin there. */
__weak __noinline __u32 batch_frame(const struct batch *b, __u32 at)
{
	__u64 w;
	__u32 length, type, stream;

	if (!b || at + H2_HEADER > BATCH_WINDOW)
		return 0;
	w = batch_word(b, at);
	length = (w & 255) << 16 | (w >> 8 & 255) << 8 | (w >> 16 & 255);
	type = w >> 24 & 255;
	stream = (w >> 40 & 255) << 24 | (w >> 48 & 255) << 16 | (w >> 56) << 8 |
		 b->bytes[(at + 8) & (BATCH_WINDOW - 1)];
	if (length > H2_FRAME_MAX || type >= H2_TYPES || stream >> 31)
		return 0;
	/* a client's streams are odd; settings, the only frames of any length besides, are of none */
	if (type <= H2_RST_STREAM ? !(stream & 1) : type == H2_SETTINGS && (stream || length % 6))
		return 0;
	return length + H2_HEADER;
}

/*
 * Is the payload HTTP/2: nothing but whole frames, or frames to the end of the window? Then the
 * connection carries many requests at once.
 */
__weak __noinline int batch_is_h2(const struct batch *b, __u32 length)
{
	__u32 i, at = 0, n, end = length < BATCH_WINDOW ? length : BATCH_WINDOW;

	if (!b)
		return 0;
	for (i = 0; i < H2_FRAMES_MAX; i++) {
		n = batch_frame(b, at);
		if (!n)
			break;
		at += n;
		if (at + H2_HEADER > end)
			break;
	}
	/* a payload may well look like the start of a data frame that is longer than the window */
	return at == length ||
	       (at > end && length > end && (batch_word(b, 0) >> 24 & 255) != H2_DATA);
}

#endif
