// SPDX-License-Identifier: BSD-2-Clause
/* What a payload is taken for: one message, a batch of equal ones, HTTP/2 frames. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "machine.h"
#define __weak static __attribute__((unused))
#include "batch.bpf.h"
#undef __weak

static struct batch b;

static __u32 put(const void *bytes, __u32 n, __u32 at)
{
	if (!at)
		memset(&b, 0, sizeof(b));
	for (__u32 i = 0; i < n && at + i < BATCH_WINDOW; i++)
		b.bytes[at + i] = ((const __u8 *)bytes)[i];
	return at + n;
}

static __u32 frame(__u32 at, __u32 length, __u8 type, __u32 stream)
{
	__u8 head[H2_HEADER] = { length >> 16, length >> 8,  length,	  type,	 0,
				 stream >> 24, stream >> 16, stream >> 8, stream };
	static const __u8 body[2 * BATCH_WINDOW];

	at = put(head, sizeof(head), at);
	return put(body, length, at);
}

static void equal_messages_are_a_batch(void **state)
{
	static const char get[] = "*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000042\r\n";
	__u32 n = 0;

	(void)state;
	n = put(get, sizeof(get) - 1, 0);
	assert_int_equal(batch_messages(&b, n), 1);
	for (int i = 1; i < 16; i++)
		n = put(get, sizeof(get) - 1, n);
	assert_int_equal(batch_messages(&b, n), 16);
	assert_int_equal(batch_messages(&b, n + 3), 1); /* and something else */
	memset(&b, 0, sizeof(b));
	assert_int_equal(batch_messages(&b, 320), 1); /* zeros repeat everywhere */
}

static void frames_are_http2(void **state)
{
	__u32 n;

	(void)state;
	n = frame(0, 33, H2_HEADERS, 7);
	assert_true(batch_is_h2(&b, n));
	n = frame(frame(n, 5, 2, 9), 18, H2_SETTINGS, 0);
	assert_true(batch_is_h2(&b, n));
	assert_false(batch_is_h2(&b, n + 1)); /* a byte too many */
	n = frame(n, 900, H2_DATA, 9);	      /* past the window */
	assert_true(batch_is_h2(&b, n));
	n = frame(0, 4, 8, 0);
	assert_true(batch_is_h2(&b, n));
}

static void others_are_not(void **state)
{
	static const char http[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
	static const char postgres[] = "Q\0\0\0\x1eSELECT abalance FROM t;";
	__u8 mysql[4 + 512] = { 0, 2, 0, 0, 3, 'S', 'E', 'L', 'E', 'C', 'T' };

	(void)state;
	assert_false(batch_is_h2(&b, put(http, sizeof(http) - 1, 0)));
	assert_false(batch_is_h2(&b, put(postgres, sizeof(postgres) - 1, 0)));
	/* its head can be read as a data frame's */
	assert_false(batch_is_h2(&b, put(mysql, sizeof(mysql), 0)));
	assert_false(batch_is_h2(&b, frame(0, 20, H2_HEADERS, 8))); /* a server's stream */
	assert_false(batch_is_h2(&b, frame(0, 20, H2_HEADERS, 0)));
	assert_false(batch_is_h2(&b, frame(0, 20, 10, 1)));
	assert_false(batch_is_h2(&b, frame(0, 7, H2_SETTINGS, 0)));
	memset(&b, 0, sizeof(b));
	assert_false(batch_is_h2(&b, 5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_messages_are_a_batch),
		cmocka_unit_test(frames_are_http2),
		cmocka_unit_test(others_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
