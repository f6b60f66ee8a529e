/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_SUMS_H
#define LVT_SUMS_H

#include "store/hdr.h"

/*
 * A column of the anatomy: ANATOMY_BUCKETS sums as base64 of words, encoded as the counts of a
 * histogram are (see hdr.h), but not compressed, as digits of sums do not get shorter by it.
 */

/*
 * The sums less those before (NULL = zeros), `stride` apart in both; each difference under 2^63. NULL
 * if all are zero. Valid until h is used again.
 */
const char *sums_encode(struct hdr *h, const __u64 *now, const __u64 *before, size_t stride);

/* Calls each() for those that are not zero. Returns NULL, or what is wrong: a static string. */
const char *sums_decode(struct hdr *h, const char *text, size_t len,
			int (*each)(void *arg, __u32 bucket, __u64 sum), void *arg);

#endif
