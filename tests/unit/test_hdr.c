// SPDX-License-Identifier: BSD-2-Clause
/* HdrHistogram's encoding: vectors of another implementation, round trips, damage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <zlib.h>

#include "../lib/shard_fill.h"
#include "model/hist.h"
#include "store/base64.h"
#include "store/hdr.h"
#include "store/sums.h"

/*
 * Made with hdr-histogram-js 3.0.1: build({lowestDiscernibleValue, highestTrackableValue,
 * numberOfSignificantValueDigits, bitBucketSize: 64}), recordValueWithCount() of each pair,
 * encodeIntoCompressedBase64().
 */
static const struct vector {
	const char *text;
	struct {
		__u64 value, count;
	} pairs[11];
	int n;
	__u64 slack; /* of our bucket's index; coarser than ours: more than 0 */
} vectors[] = {
	{ "HISTFAAAAEB4nJNpmSzMwMAgw8DAwMjAwMDEAAGMDAzM/0EAxmdj+snIwvSbkUOb6SizyFy+A7N4trNzvWdj2q3MBAC"
	  "KwA4r",
	  { { 0, 3 },
	    { 1, 1 },
	    { 127, 2 },
	    { 128, 1 },
	    { 255, 4 },
	    { 300, 1 },
	    { 1000, 10 },
	    { 142000, 100000 },
	    { 1900000, 5 },
	    { 21000000, 1 },
	    { 4398046511103, 1 } },
	  11,
	  0 },
	{ "HISTFAAAADV4nJNpmSzMwMAgwMDAwMjAwMDMAAGMDAzMbgY7FjDA+Uyn+fn2551gXHiekW1/HAsAp04Ipg==",
	  { { 1, 1 }, { 1000, 7 }, { 123456, 100 }, { 987654321, 3 }, { 60000000000, 2 } },
	  5,
	  0 },
	{ "HISTFAAAADN4nJNpmSzMwMDAw8DAwMjAwMDMAAbMLxgYGHh/uEcwQAEjA8tlRpF+Ra7tXxiZAJgSBzs=",
	  { { 1000, 2 }, { 55555, 10 }, { 1234567, 5 }, { 50000000000, 1 } },
	  4,
	  32 },
	{ "HISTFAAAACV4nJNpmSzMwMDAwcDAwAjFDHB6xrQGGJ+TZTajyG1mLgBibQSm",
	  { { 5, 2 }, { 333, 10 }, { 9999999, 5 } },
	  3,
	  4 },
	{ "HISTFAAAAB14nJNpmSzMwMDACMVMDBDAyMDA/B8E4HwAbvUGSw==", { { 0, 0 } }, 0, 0 },
};

static void reads_vectors(void **state)
{
	static struct hdr_cells got;
	struct hdr *h = hdr_open();

	(void)state;
	for (size_t v = 0; v < sizeof(vectors) / sizeof(vectors[0]); v++) {
		const struct vector *x = &vectors[v];

		assert_null(hdr_decode(h, x->text, strlen(x->text), &got));
		assert_int_equal(got.n, x->n);
		for (int i = 0; i < x->n; i++) {
			__u32 want = hist_index(x->pairs[i].value);

			assert_int_equal(got.at[i].count, x->pairs[i].count);
			assert_in_range(got.at[i].bucket + x->slack, want, want + 2 * x->slack);
		}
	}
	hdr_free(h);
}

/* What the reference writes of these cells, but for zlib's own bytes: ours decodes to the same. */
static void writes_as_the_reference(void **state)
{
	static struct hdr_cells got;
	__u64 cells[HIST_BUCKETS] = { 0 };
	struct hdr *h = hdr_open();
	unsigned char bytes[200];
	const char *text;

	(void)state;
	text = hdr_encode(h, cells);
	assert_memory_equal(text, "HISTFAAA", 8);
	assert_null(hdr_decode(h, text, strlen(text), &got));
	assert_int_equal(got.n, 0);
	for (int i = 0; i < vectors[0].n; i++)
		cells[hist_index(vectors[0].pairs[i].value)] += vectors[0].pairs[i].count;
	text = hdr_encode(h, cells);
	assert_true(base64_decode(bytes, text, strlen(text)) > 8);
	assert_int_equal(bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3], 0x1c849314);
	assert_null(hdr_decode(h, text, strlen(text), &got));
	assert_int_equal(got.n, vectors[0].n);
	hdr_free(h);
}

static void random_cells(__u64 cells[HIST_BUCKETS], __u64 *seed)
{
	int n = fill_below(seed, 3) ? fill_below(seed, 60) : fill_below(seed, 5000);

	memset(cells, 0, HIST_BUCKETS * sizeof(*cells));
	for (int i = 0; i < n; i++)
		cells[fill_below(seed, HIST_BUCKETS)] += fill_random(seed) >>
							 (1 + fill_below(seed, 62));
	for (__u32 b = 0; b < HIST_BUCKETS; b++)
		cells[b] &= INT64_MAX;
}

static void round_trips(void **state)
{
	static __u64 cells[HIST_BUCKETS], back[HIST_BUCKETS];
	static struct hdr_cells got;
	struct hdr *h = hdr_open();
	__u64 seed = 42;

	(void)state;
	for (int i = 0; i < 300; i++) {
		const char *text;

		random_cells(cells, &seed);
		if (i == 0) /* the longest there is */
			memset(cells, 0x7f, sizeof(cells));
		text = hdr_encode(h, cells);
		assert_non_null(text);
		assert_null(hdr_decode(h, text, strlen(text), &got));
		memset(back, 0, sizeof(back));
		for (__u32 k = 0; k < got.n; k++)
			back[got.at[k].bucket] += got.at[k].count;
		assert_memory_equal(cells, back, sizeof(cells));
	}
	hdr_free(h);
}

/* HdrHistogram reports the highest value of its bucket: ours in one is within 1 ns of our middle. */
static void quantiles_agree(void **state)
{
	(void)state;
	for (__u32 b = 0; b < HIST_BUCKETS; b++) {
		static __u64 cells[HIST_BUCKETS];
		__u64 v;

		cells[b] = 1;
		v = hdr_highest(cells);
		cells[b] = 0;
		assert_int_equal(hist_index(v), b);
		assert_in_range(hist_middle(b) - v, 0, 1);
	}
}

/* Whether it decodes, and to other counts than the vector. */
static bool is_other(struct hdr *h, const char *text, const struct vector *x)
{
	static struct hdr_cells got, want;

	if (hdr_decode(h, text, strlen(text), &got))
		return false;
	assert_null(hdr_decode(h, x->text, strlen(x->text), &want));
	return got.n != want.n || memcmp(got.at, want.at, got.n * sizeof(got.at[0]));
}

static void damage_is_told(void **state)
{
	static struct hdr_cells got;
	struct hdr *h = hdr_open();
	char text[200];
	size_t n;

	(void)state;
	for (size_t v = 0; v < sizeof(vectors) / sizeof(vectors[0]); v++) {
		n = strlen(vectors[v].text);
		for (size_t cut = 0; cut < n; cut++) {
			snprintf(text, cut + 1, "%s", vectors[v].text);
			assert_non_null(hdr_decode(h, text, strlen(text), &got));
		}
		for (size_t i = 0; i < n; i++) {
			strcpy(text, vectors[v].text);
			text[i] = text[i] == 'A' ? 'B' : 'A';
			/* zlib has a checksum, and bits that do not matter */
			assert_false(is_other(h, text, &vectors[v]));
			text[i] = '*';
			assert_non_null(hdr_decode(h, text, strlen(text), &got));
		}
	}
	hdr_free(h);
}

/* An uncompressed histogram: 40 bytes of header as given, then the payload. */
static const char *decode_plain(struct hdr *h, int digits, __u64 lowest, __u64 highest,
				const unsigned char *payload, size_t n, __u64 declared)
{
	unsigned char bytes[120] = { 0x1c, 0x84, 0x93, 0x13 };
	static struct hdr_cells got;
	char text[200];

	for (int i = 0; i < 4; i++)
		bytes[4 + i] = declared >> (24 - 8 * i);
	bytes[15] = digits;
	for (int i = 0; i < 8; i++) {
		bytes[16 + i] = lowest >> (56 - 8 * i);
		bytes[24 + i] = highest >> (56 - 8 * i);
	}
	memcpy(bytes + 40, payload, n);
	base64_encode(text, bytes, 40 + n);
	return hdr_decode(h, text, strlen(text), &got);
}

static void bounds_are_strict(void **state)
{
	/* 5 zeros and a 1; -2^62 zeros; the largest count twice in one bucket of ours */
	static const unsigned char good[] = { 9, 2 }, far[] = { 0xff, 0xff, 0xff, 0xff, 0xff,
								0xff, 0xff, 0xff, 0xff, 2 };
	static const unsigned char open[] = { 0x82 };
	static const unsigned char large[] = { 0xff, 0x9d, 1,	 0xfe, 0xff, 0xff, 0xff, 0xff,
					       0xff, 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff,
					       0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff,
					       0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	struct hdr *h = hdr_open();

	(void)state;
	assert_null(decode_plain(h, 2, 1, HIST_MAX, good, 2, 2));
	assert_null(decode_plain(h, 0, 1, 2, good, 0, 0));
	assert_non_null(decode_plain(h, 2, 1, HIST_MAX, good, 2, 1)); /* what follows */
	assert_non_null(decode_plain(h, 2, 1, HIST_MAX, good, 2, 3)); /* cut off */
	assert_non_null(decode_plain(h, 2, 1, HIST_MAX, good, 2, 0xffffffff));
	assert_non_null(decode_plain(h, 6, 1, HIST_MAX, good, 2, 2));
	assert_non_null(decode_plain(h, 2, 0, HIST_MAX, good, 2, 2));
	assert_non_null(decode_plain(h, 2, 1, 1, good, 2, 2));
	assert_non_null(decode_plain(h, 2, 1, ~0ull, good, 2, 2));
	assert_non_null(decode_plain(h, 2, ~0ull, ~0ull, good, 2, 2));
	assert_non_null(decode_plain(h, 5, 1ull << 60, 1ull << 62, good, 2, 2));
	assert_non_null(decode_plain(h, 2, 1, HIST_MAX, far, sizeof(far), sizeof(far)));
	assert_non_null(decode_plain(h, 2, 1, HIST_MAX, open, 1, 1));
	assert_non_null(decode_plain(h, 5, 1, INT64_MAX, large, sizeof(large), sizeof(large)));
	assert_null(
		decode_plain(h, 5, 1, INT64_MAX, good, 2, 2)); /* 6 million buckets, no memory */
	hdr_free(h);
}

static int collect(void *arg, __u32 bucket, __u64 sum)
{
	((__u64 *)arg)[bucket] = sum;
	return 0;
}

static void sums_round_trip(void **state)
{
	static __u64 now[ANATOMY_BUCKETS], back[ANATOMY_BUCKETS];
	struct hdr *h = hdr_open();
	__u64 seed = 5;
	const char *text;

	(void)state;
	assert_null(sums_encode(h, now, NULL, 1));
	for (int i = 0; i < 100; i++) {
		for (int k = 0; k < 50; k++)
			now[fill_below(&seed, ANATOMY_BUCKETS)] = fill_random(&seed) >>
								  (1 + fill_below(&seed, 63));
		text = sums_encode(h, now, NULL, 1);
		memset(back, 0, sizeof(back));
		assert_null(sums_decode(h, text, strlen(text), collect, back));
		assert_memory_equal(now, back, sizeof(now));
	}
	assert_non_null(sums_decode(h, "gA==", 4, collect, back));	    /* a word cut off */
	assert_non_null(sums_decode(h, "/////////38=", 12, collect, back)); /* too many zeros */
	assert_non_null(sums_decode(h, "x", 1, collect, back));
	hdr_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_vectors),   cmocka_unit_test(writes_as_the_reference),
		cmocka_unit_test(round_trips),	   cmocka_unit_test(quantiles_agree),
		cmocka_unit_test(damage_is_told),  cmocka_unit_test(bounds_are_strict),
		cmocka_unit_test(sums_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
