/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_HDR_H
#define LVT_HDR_H

#include <stddef.h>

#include "hist_layout.h"

/*
 * Our histograms as HdrHistogram's V2 compressed encoding in base64 ("HISTFAAA..."), and any
 * HdrHistogram V2 as one of ours. The format is AbstractHistogram.encodeIntoByteBuffer() of the
 * reference implementation (github.com/HdrHistogram/HdrHistogram): big-endian
 *
 *	cookie 0x1c849304 | 0x10, length, zlib stream of
 *		cookie 0x1c849303 | 0x10, payload length, normalizing offset, significant digits,
 *		lowest discernible value (64 bits), highest trackable value (64), ratio (a double),
 *		payload: the counts in order, ZigZag LEB128 of at most 9 bytes; -n = n zeros
 *
 * We write lowest value 1, highest HIST_MAX, 2 significant digits: 128 buckets an octave, twice as
 * many as ours, so each of our buckets from 128 ns up is exactly two of theirs. Its count goes to
 * the lower one. HdrHistogram tools report the highest value of a bucket, which is then the middle
 * of ours less 1 ns: the same quantiles, and well within the 0.8 % that a bucket is wide. Reading back gives
 * exactly our buckets.
 *
 * Of others' histograms, each bucket's count goes to our bucket that holds its middle: its own one,
 * if theirs are as fine as ours (2 digits or more).
 */
struct hdr; /* a codec: buffers and zlib's state, to be used again and again */

/* Returns NULL without memory. */
struct hdr *hdr_open(void);
void hdr_free(struct hdr *h); /* NULL-safe */

/* A histogram as its buckets that are not empty, in rising order. */
struct hdr_cells {
	__u32 n;
	struct {
		__u32 bucket;
		__u64 count;
	} at[HIST_BUCKETS];
	__u64 lowest, highest; /* values of the first and the last bucket, as its writer's */
};

/* Base64 text, valid until h is used again; counts must be under 2^63. NULL without memory. */
const char *hdr_encode(struct hdr *h, const __u64 cells[HIST_BUCKETS]);

/* The highest value that HdrHistogram reports of what hdr_encode() makes of these cells. */
__u64 hdr_highest(const __u64 cells[HIST_BUCKETS]);

/*
 * Decode base64 text of len characters: V2, compressed or not, any precision and range. Memory does
 * not depend on what it declares. Returns NULL, or what is wrong with it: a static string.
 */
const char *hdr_decode(struct hdr *h, const char *text, size_t len, struct hdr_cells *out);

#endif
