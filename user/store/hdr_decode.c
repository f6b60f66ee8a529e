// SPDX-License-Identifier: BSD-2-Clause
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/hdr_codec.h"

static bool refill(struct source *s)
{
	int ret;

	if (!s->z || s->done || s->defect)
		return false;
	s->z->next_out = s->block;
	s->z->avail_out = HDR_PLAIN;
	ret = inflate(s->z, Z_NO_FLUSH);
	if (ret == Z_STREAM_END)
		s->done = true;
	else if (ret != Z_OK)
		s->defect = ret == Z_BUF_ERROR ? "the compressed histogram is cut off" :
						 "the compressed histogram is damaged";
	s->next = s->block;
	s->end = s->z->next_out;
	return s->next < s->end || (!s->done && !s->defect && refill(s));
}

static int next_byte(struct source *s)
{
	return s->next < s->end || refill(s) ? *s->next++ : -1;
}

/* n bytes, the highest first. */
static bool get(struct source *s, int n, __u64 *v)
{
	*v = 0;
	for (int i = 0; i < n; i++) {
		int byte = next_byte(s);

		if (byte < 0)
			return false;
		*v = *v << 8 | byte;
	}
	return true;
}

bool source_word_slow(struct source *s, __u64 *left, __s64 *word)
{
	__u64 v = 0;

	for (int i = 0; i < HDR_WORD; i++) {
		int byte = *left ? next_byte(s) : -1;

		if (byte < 0)
			return false;
		--*left;
		v |= (__u64)(i < HDR_WORD - 1 ? byte & 0x7f : byte) << 7 * i;
		if (!(byte & 0x80))
			break;
	}
	*word = (__s64)(v >> 1) ^ -(__s64)(v & 1);
	return true;
}

/* The writer's buckets: see the comment on countsArrayIndex() in the reference's AbstractHistogram. */
struct layout {
	int unit;      /* log2 of the lowest discernible value */
	int half_bits; /* log2 of the buckets an octave */
	__u64 length;  /* so many buckets */
};

static const char *layout_of(struct layout *l, __u64 digits, __u64 lowest, __u64 highest)
{
	__u64 single = 2, sub;

	if (digits > 5)
		return "significant digits beyond 5";
	if (!lowest || lowest > INT64_MAX / 2 || highest > INT64_MAX || highest < 2 * lowest)
		return "a range of values that cannot be";
	for (__u64 i = 0; i < digits; i++)
		single *= 10;
	*l = (struct layout){ .unit = 63 - __builtin_clzll(lowest) };
	while (1ull << (l->half_bits + 1) < single)
		l->half_bits++;
	if (l->unit + l->half_bits + 1 > 61)
		return "a range of values that cannot be";
	l->length = 2ull << l->half_bits;
	for (sub = 2ull << (l->half_bits + l->unit); sub <= highest; sub <<= 1)
		l->length += 1ull << l->half_bits;
	return NULL;
}

/* The lowest value of a bucket, and how many it holds. */
static __u64 value_of(const struct layout *l, __u64 index, __u64 *width)
{
	__u64 half = 1ull << l->half_bits;
	int shift = index < 2 * half ? 0 : (int)(index >> l->half_bits) - 1;

	*width = 1ull << (shift + l->unit);
	return (index < 2 * half ? index : (index & (half - 1)) + half) << (shift + l->unit);
}

/* Our bucket of one of theirs. With units of 1 ns and 128 buckets an octave, two are one of ours. */
static __u32 bucket_of(const struct layout *l, __u64 index)
{
	__u64 width, value;

	if (!l->unit && l->half_bits == HIST_SUB_BITS + 1) {
		value = index < 2 * HIST_SUB ? index : (index + 2 * HIST_SUB) / 2;
		return value < HIST_BUCKETS ? value : HIST_BUCKETS - 1;
	}
	value = value_of(l, index, &width);
	return hist_index(value + (width - 1) / 2);
}

static bool take(struct hdr_cells *out, __u32 bucket, __u64 count)
{
	if (!out->n || out->at[out->n - 1].bucket != bucket) {
		out->at[out->n].bucket = bucket;
		out->at[out->n++].count = count;
		return true;
	}
	return !__builtin_add_overflow(out->at[out->n - 1].count, count,
				       &out->at[out->n - 1].count);
}

static const char *take_counts(struct source *s, const struct layout *l, __u64 payload,
			       struct hdr_cells *out)
{
	__u64 index = 0, first = 0, last = 0, width;
	__s64 word;

	while (payload) {
		if (!source_word(s, &payload, &word))
			return s->defect ? s->defect : "the counts of the histogram are cut off";
		if (word < 0) {
			if ((__u64) - (word + 1) >= l->length - index)
				return "counts beyond the histogram's range";
			index += -word;
			continue;
		}
		if (index == l->length)
			return "counts beyond the histogram's range";
		if (word) {
			if (!out->n)
				first = index;
			last = index;
			if (!take(out, bucket_of(l, index), word))
				return "a count that is too large";
		}
		index++;
	}
	if (!out->n)
		return NULL;
	out->lowest = value_of(l, first, &width);
	out->highest = value_of(l, last, &width);
	out->highest += width - 1;
	return NULL;
}

static const char *take_histogram(struct source *s, struct hdr_cells *out)
{
	__u64 cookie, payload, offset, digits, lowest, highest, ratio;
	const char *bad;
	struct layout l;

	if (!get(s, 4, &cookie) || cookie != HDR_COOKIE)
		return s->defect ? s->defect : "not a histogram in HdrHistogram's V2 encoding";
	/* V2 keeps the counts in order whatever the offset; the ratio is for histograms of doubles */
	if (!get(s, 4, &payload) || !get(s, 4, &offset) || !get(s, 4, &digits) ||
	    !get(s, 8, &lowest) || !get(s, 8, &highest) || !get(s, 8, &ratio))
		return s->defect ? s->defect : "the header of the histogram is cut off";
	bad = layout_of(&l, digits, lowest, highest);
	if (!bad && payload > l.length * HDR_WORD)
		bad = "a length of counts that cannot be";
	if (!bad)
		bad = take_counts(s, &l, payload, out);
	if (bad)
		return bad;
	if (next_byte(s) >= 0)
		return "something follows the counts of the histogram";
	return s->defect;
}

long hdr_bytes(struct hdr *h, const char *text, size_t len)
{
	unsigned char *more;

	if (BASE64_BYTES(len) > h->room) {
		more = realloc(h->bytes, BASE64_BYTES(len));
		if (!more)
			return -2;
		h->bytes = more;
		h->room = BASE64_BYTES(len);
	}
	return base64_decode(h->bytes, text, len);
}

const char *hdr_decode(struct hdr *h, const char *text, size_t len, struct hdr_cells *out)
{
	struct source s = { 0 };
	__u64 cookie, packed;
	const char *bad;
	long n;

	out->n = 0;
	out->lowest = out->highest = 0;
	n = hdr_bytes(h, text, len);
	if (n < 8)
		return n == -2 ? "no memory for it" :
		       n < 0   ? "not base64" :
				 "the histogram is cut off";
	s.next = h->bytes;
	s.end = h->bytes + n;
	get(&s, 4, &cookie);
	if (cookie != HDR_COOKIE_COMPRESSED) {
		s.next = h->bytes;
		return take_histogram(&s, out);
	}
	get(&s, 4, &packed);
	if (packed != (__u64)n - 8)
		return "the length of the compressed histogram is wrong";
	inflateReset(&h->inflate);
	h->inflate.next_in = h->bytes + 8;
	h->inflate.avail_in = packed;
	s = (struct source){ .z = &h->inflate, .block = h->plain };
	bad = take_histogram(&s, out);
	if (!bad && h->inflate.avail_in)
		bad = "something follows the compressed histogram";
	return bad;
}
