/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <zlib.h>
#include "load/protocol.h"

/* Answers as they come, cut anywhere: what each means must not depend on where. */
struct talk {
	struct request_mix mix;
	struct outgoing out;
	struct answer answer;
};

static void open_talk(struct talk *t, const struct protocol *p, struct request_options o)
{
	uint64_t random = 1;
	struct err e = { 0 };

	memset(t, 0, sizeof(*t));
	o.keys = o.keys ?: 10;
	assert_int_equal(request_mix_make(&t->mix, p, &o, "host:80", &e), 0);
	t->out.number = 0x0102030405060708;
	assert_int_equal(p->write(&t->mix, t->mix.requests, &t->out, (__u64 *)&random), 0);
}

static void close_talk(struct talk *t)
{
	free(t->out.buffer);
	free(t->answer.hold);
	request_mix_free(&t->mix);
}

static void start_answer(struct talk *t)
{
	char *hold = t->answer.hold;
	size_t room = t->answer.room;

	t->answer = (struct answer){ .request = t->mix.requests, .hold = hold, .room = room };
}

/* One piece, from memory that ends where it ends. */
static int piece(struct talk *t, const char *data, size_t n, size_t *used, bool *whole)
{
	char *copy = malloc(n);
	int ret;

	memcpy(copy, data, n);
	ret = t->mix.protocol->read(&t->mix, &t->answer, &t->out, copy, n, used, whole);
	free(copy);
	return ret;
}

/* In pieces of `first` bytes, then of `step` ones. `rest`: bytes that are not of the answer. */
static int feed(struct talk *t, const char *data, size_t n, size_t first, size_t step, size_t *rest)
{
	size_t at = 0, used, take = first;
	bool whole = false;
	int ret = ANSWER_MORE;

	start_answer(t);
	while (ret == ANSWER_MORE && at < n) {
		if (take > n - at)
			take = n - at;
		ret = piece(t, data + at, take, &used, &whole);
		if (ret != ANSWER_MORE)
			break;
		assert_int_equal(used, take);
		at += take;
		take = step;
	}
	*rest = ret == ANSWER_MORE ? 0 : n - at - used;
	return ret;
}

static void expect_bytes(const struct protocol *p, struct request_options o, const char *data,
			 size_t n, int want, size_t want_rest)
{
	struct talk t;
	size_t rest;

	open_talk(&t, p, o);
	for (size_t first = 1; first <= n; first++) {
		int ret = feed(&t, data, n, first, n, &rest);

		if (ret != want || (ret == ANSWER_DONE && rest != want_rest))
			fail_msg("'%.60s' cut at %zu: %d, not %d; %zu left, not %zu", data, first,
				 ret, want, rest, want_rest);
	}
	assert_int_equal(feed(&t, data, n, 1, 1, &rest), want);
	close_talk(&t);
}

static void expect(const struct protocol *p, struct request_options o, const char *data, int want)
{
	expect_bytes(p, o, data, strlen(data), want, 0);
}

#define FAILS(kind) ANSWER_FAILED(CLIENT_ERROR_##kind)

static const struct request_options plain;

/* ---- http ---- */

static void http_answers(void **state)
{
	static const struct {
		const char *data;
		int want;
	} all[] = {
		{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", ANSWER_DONE },
		{ "HTTP/1.1 200 OK\r\ncOnTeNt-lEnGtH:5\r\n\r\nhello", ANSWER_DONE },
		{ "HTTP/1.1 200 OK\nContent-Length: 0\n\n", ANSWER_DONE },
		{ "HTTP/1.0 301 Moved\r\nContent-Length: 0\r\n\r\n", ANSWER_DONE },
		{ "HTTP/1.1 204 No Content\r\n\r\n", ANSWER_DONE },
		{ "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", ANSWER_DONE },
		{ "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
		  ANSWER_DONE },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA;x=y\r\n"
		  "0123456789\r\n0\r\n\r\n",
		  ANSWER_DONE },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nTrailer: 1\r\n\r\n",
		  ANSWER_DONE },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", ANSWER_MORE },
		{ "HTTP/1.1 200 OK\r\n\r\nuntil the end", ANSWER_MORE },
		{ "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", FAILS(STATUS) },
		{ "HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
		  FAILS(STATUS) },
		{ "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", FAILS(MALFORMED) },
		{ "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", FAILS(MALFORMED) },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", FAILS(MALFORMED) },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n",
		  FAILS(MALFORMED) },
		{ "SSH-2.0-OpenSSH_9.2\r\n", FAILS(MALFORMED) },
		{ "HTTP/2 200\r\n", FAILS(MALFORMED) },
		{ "HTTP/1.1 2x0 OK\r\n", FAILS(MALFORMED) },
		{ "\x15\x03\x01\x01\x02\x02\x16", FAILS(TLS) },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		expect(&protocol_http, plain, all[i].data, all[i].want);
}

static void http_ends_with_the_connection(void **state)
{
	static const struct {
		const char *data;
		int want;
	} all[] = {
		{ "HTTP/1.1 200 OK\r\n\r\nall of it", ANSWER_DONE },
		{ "HTTP/1.1 500 No\r\n\r\nall of it", FAILS(STATUS) },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", FAILS(CUT) },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhal", FAILS(CUT) },
		{ "HTTP/1.1 20", FAILS(CUT) },
		{ "", FAILS(CLOSED) },
	};
	struct talk t;
	size_t rest;

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		open_talk(&t, &protocol_http, plain);
		start_answer(&t);
		if (*all[i].data)
			assert_int_equal(feed(&t, all[i].data, strlen(all[i].data), 7, 3, &rest),
					 ANSWER_MORE);
		assert_int_equal(protocol_http.end(&t.mix, &t.answer), all[i].want);
		close_talk(&t);
	}
}

static void http_keeps_or_closes(void **state)
{
	static const struct {
		const char *data;
		bool closes;
	} all[] = {
		{ "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false },
		{ "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", true },
		{ "HTTP/1.1 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n", false },
		{ "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", true },
		{ "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", false },
	};
	struct talk t;
	size_t rest;

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		open_talk(&t, &protocol_http, plain);
		assert_int_equal(feed(&t, all[i].data, strlen(all[i].data), 5, 9, &rest),
				 ANSWER_DONE);
		assert_int_equal(t.answer.closes, all[i].closes);
		close_talk(&t);
	}
}

static void http_options(void **state)
{
	struct request_options status = { .status = 404 }, text = { .expect = "needle" },
			       head = { .method = "HEAD" }, repeated = { .expect = "aab" };
	struct talk t;

	(void)state;
	expect(&protocol_http, status, "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno",
	       ANSWER_DONE);
	expect(&protocol_http, status, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno",
	       FAILS(STATUS));
	expect(&protocol_http, head, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", ANSWER_DONE);
	expect(&protocol_http, text, "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nhayneedlehay",
	       ANSWER_DONE);
	expect(&protocol_http, text,
	       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nxnee\r\n4\r\ndley\r\n0\r\n\r\n",
	       ANSWER_DONE);
	expect(&protocol_http, text, "HTTP/1.1 200 needle\r\nContent-Length: 3\r\n\r\nhay",
	       FAILS(WRONG));
	expect(&protocol_http, repeated, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\naaaaab",
	       ANSWER_DONE);
	/* what comes after an answer is not of it */
	expect_bytes(&protocol_http, plain, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 40,
		     ANSWER_DONE, 0);

	open_talk(&t, &protocol_http,
		  (struct request_options){ .path = "/a/{key}?b", .body = "k={key}" });
	assert_non_null(strstr(t.out.data, "POST /a/00000000"));
	assert_non_null(strstr(t.out.data, "Host: host:80\r\n"));
	assert_non_null(strstr(t.out.data, "Content-Length: 12\r\n\r\nk=0"));
	assert_int_equal(t.out.data[t.out.size - 13], '\n');
	close_talk(&t);
}

/* ---- redis ---- */

static void redis_answers(void **state)
{
	static const struct {
		const char *data;
		int want;
	} all[] = {
		{ "+PONG\r\n", ANSWER_DONE },
		{ ":12\r\n", ANSWER_DONE },
		{ "$5\r\nhello\r\n", ANSWER_DONE },
		{ "$0\r\n\r\n", ANSWER_DONE },
		{ "$-1\r\n", ANSWER_DONE },
		{ "$7\r\na\r\n-b\r\n\r\n", ANSWER_DONE },
		{ "*-1\r\n", ANSWER_DONE },
		{ "*0\r\n", ANSWER_DONE },
		{ "*2\r\n$1\r\na\r\n*2\r\n:1\r\n-inner\r\n", ANSWER_DONE },
		{ "%1\r\n+k\r\n,1.5\r\n", ANSWER_DONE },
		{ "|1\r\n+ttl\r\n:3\r\n+OK\r\n", ANSWER_DONE },
		{ "_\r\n", ANSWER_DONE },
		{ "#t\r\n", ANSWER_DONE },
		{ "$5\r\nhel", ANSWER_MORE },
		{ "*2\r\n:1\r\n", ANSWER_MORE },
		{ "-ERR unknown\r\n", FAILS(STATUS) },
		{ "HTTP/1.1 400 Bad\r\n", FAILS(MALFORMED) },
		{ "$x\r\n", FAILS(MALFORMED) },
		{ "*99999999999999999999\r\n", FAILS(MALFORMED) },
		{ "\x15\x03\x03", FAILS(TLS) },
	};
	struct request_options text = { .expect = "needle" };
	struct talk t;

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		expect(&protocol_redis, plain, all[i].data, all[i].want);
	expect(&protocol_redis, text, "*2\r\n$3\r\nhay\r\n$8\r\nxneedley\r\n", ANSWER_DONE);
	expect(&protocol_redis, text, "+OK\r\n", FAILS(WRONG));

	open_talk(&t, &protocol_redis,
		  (struct request_options){ .command = "SET k:{key}  \"a b\"", .keys = 1 });
	assert_string_equal(t.out.data, "*3\r\n$3\r\nSET\r\n$12\r\nk:0000000000\r\n$3\r\na b\r\n");
	close_talk(&t);
}

/* ---- raw ---- */

static void raw_answers(void **state)
{
	struct request_options sizes = { .size = "16:4" }, echo = { .verify = VERIFY_ECHO },
			       framed = { .size = "20",
					  .framing = FRAMING_LENGTH,
					  .verify = VERIFY_ECHO },
			       crc = { .size = "32:6", .verify = VERIFY_CRC32 };
	char data[80];
	struct talk t;
	uint32_t sum;

	(void)state;
	expect_bytes(&protocol_raw, sizes, "abcdef", 6, ANSWER_DONE, 2);
	expect_bytes(&protocol_raw, sizes, "abc", 3, ANSWER_MORE, 0);

	open_talk(&t, &protocol_raw, echo);
	assert_int_equal(t.out.size, 64);
	assert_int_equal(t.out.data[0], 8); /* the number, little endian */
	memcpy(data, t.out.data, 64);
	close_talk(&t);
	expect_bytes(&protocol_raw, echo, data, 64, ANSWER_DONE, 0);
	for (int i = 0; i < 64; i++) {
		data[i] ^= 1;
		expect_bytes(&protocol_raw, echo, data, 64, FAILS(WRONG), 0);
		data[i] ^= 1;
	}

	open_talk(&t, &protocol_raw, framed);
	assert_int_equal(t.out.size, 24);
	memcpy(data, t.out.data, 24);
	close_talk(&t);
	assert_memory_equal(data, "\0\0\0\x14", 4);
	expect_bytes(&protocol_raw, framed, data, 24, ANSWER_DONE, 0);
	expect_bytes(&protocol_raw, framed, "\0\0\0\2ab", 6, FAILS(WRONG), 0);
	expect_bytes(&protocol_raw, framed, "\xff\0\0\2ab", 6, FAILS(MALFORMED), 0);

	open_talk(&t, &protocol_raw, crc);
	sum = crc32(0, (const Bytef *)t.out.data, 32);
	close_talk(&t);
	for (int i = 0; i < 4; i++)
		data[i] = sum >> (24 - 8 * i);
	expect_bytes(&protocol_raw, crc, data, 6, ANSWER_DONE, 0);
	data[3] ^= 1;
	expect_bytes(&protocol_raw, crc, data, 6, FAILS(WRONG), 0);
}

/* ---- what is asked ---- */

static void bad_requests(void **state)
{
	static const struct {
		const struct protocol *p;
		struct request_options o;
	} bad[] = {
		{ &protocol_http, { .path = "no-slash" } },
		{ &protocol_http, { .path = "/a b" } },
		{ &protocol_http, { .headers = { { "NoColon" }, 1 } } },
		{ &protocol_http, { .headers = { { "A: b\r\nC: d" }, 1 } } },
		{ &protocol_http, { .mix = { { "GET /" }, 1 } } },
		{ &protocol_http, { .mix = { { "0 GET /" }, 1 } } },
		{ &protocol_http, { .mix = { { "3" }, 1 } } },
		{ &protocol_redis, { .command = "   " } },
		{ &protocol_redis, { .command = "SET a 'b" } },
		{ &protocol_raw, { .size = "0" } },
		{ &protocol_raw, { .size = "1x" } },
		{ &protocol_raw, { .size = "1:" } },
		{ &protocol_raw, { .size = "99999999" } },
		{ &protocol_raw, { .size = "8:9", .verify = VERIFY_ECHO } },
		{ &protocol_raw, { .size = "8:3", .verify = VERIFY_CRC32 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct request_mix m;
		struct err e = { 0 };

		if (!request_mix_make(&m, bad[i].p, &bad[i].o, "h", &e) || e.status != EXIT_USAGE)
			fail_msg("bad request %zu was taken", i);
	}
}

static void a_mix_is_drawn_by_weight(void **state)
{
	struct request_options o = {
		.mix = { { "1 GET /a", "2 POST /b body with spaces", "7 GET /c" }, 3 }
	};
	struct request_mix m;
	struct err e = { 0 };
	uint64_t random = 5;
	int drawn[3] = { 0 };

	(void)state;
	assert_int_equal(request_mix_make(&m, &protocol_http, &o, "h", &e), 0);
	assert_string_equal(m.requests[1].name, "POST /b");
	assert_non_null(strstr(m.requests[1].text, "\r\n\r\nbody with spaces"));
	for (int i = 0; i < 100000; i++)
		drawn[request_mix_draw(&m, (__u64 *)&random) - m.requests]++;
	/* deviations of 95, 126, 145 */
	assert_in_range(drawn[0], 10000 - 475, 10000 + 475);
	assert_in_range(drawn[1], 20000 - 630, 20000 + 630);
	assert_in_range(drawn[2], 70000 - 725, 70000 + 725);
	request_mix_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(http_answers),
		cmocka_unit_test(http_ends_with_the_connection),
		cmocka_unit_test(http_keeps_or_closes),
		cmocka_unit_test(http_options),
		cmocka_unit_test(redis_answers),
		cmocka_unit_test(raw_answers),
		cmocka_unit_test(bad_requests),
		cmocka_unit_test(a_mix_is_drawn_by_weight),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
