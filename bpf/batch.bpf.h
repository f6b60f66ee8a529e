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

#endif
