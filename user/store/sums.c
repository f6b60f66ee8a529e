// SPDX-License-Identifier: BSD-2-Clause
#include "store/sums.h"

#include "store/hdr_codec.h"

const char *sums_encode(struct hdr *h, const __u64 *now, const __u64 *before, size_t stride)
{
	unsigned char *p = h->plain;
	__u32 zeros = 0;

	for (__u32 b = 0; b < ANATOMY_BUCKETS; b++) {
		__u64 v = now[b * stride] - (before ? before[b * stride] : 0);

		if (!v) {
			zeros++;
			continue;
		}
		if (zeros)
			p = hdr_put_word(p, -(__s64)zeros);
		zeros = 0;
		p = hdr_put_word(p, v);
	}
	if (p == h->plain)
		return NULL;
	base64_encode(h->text, h->plain, p - h->plain);
	return h->text;
}

const char *sums_decode(struct hdr *h, const char *text, size_t len,
			int (*each)(void *arg, __u32 bucket, __u64 sum), void *arg)
{
	long n = hdr_bytes(h, text, len);
	struct source s = { .next = h->bytes, .end = h->bytes + (n > 0 ? n : 0) };
	__u64 left = n > 0 ? n : 0, bucket = 0;
	__s64 word;

	if (n < 0)
		return n == -2 ? "no memory for it" : "not base64";
	while (left) {
		if (!source_word(&s, &left, &word))
			return "the sums are cut off";
		if (word <= 0 ? (__u64) - (word + 1) >= ANATOMY_BUCKETS - bucket :
				bucket == ANATOMY_BUCKETS)
			return "sums beyond the last bucket";
		if (word <= 0) {
			bucket += -word;
			continue;
		}
		if (each(arg, bucket++, word))
			return "no memory for it";
	}
	return NULL;
}
