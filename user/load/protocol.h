/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_PROTOCOL_H
#define LVT_PROTOCOL_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/options.h"
#include "model/client.h"

/*
 * What a load says and what it takes for an answer. A protocol makes requests of options (compile), the
 * bytes of one (write), and reads answers as they come, in pieces of any size (read).
 */
enum protocol_id { PROTOCOL_HTTP, PROTOCOL_REDIS, PROTOCOL_RAW, NR_PROTOCOLS };

struct request_options {
	const char *method, *path, *body;
	struct string_list headers;
	bool close;
	uint32_t status;
	const char *expect;
	const char *command; /* redis */
	const char *size;    /* raw: "N" or "N:M" */
	int framing, verify; /* enum */
	uint32_t keys;
	struct string_list mix;
};

enum framing { FRAMING_FIXED, FRAMING_LENGTH };
enum verify { VERIFY_NONE, VERIFY_ECHO, VERIFY_CRC32 };
extern const char *const request_framings[], *const request_verifies[];

#define REQUEST_ROWS(config, at)                                                               \
	{ .name = "method",                                                                    \
	  .type = OPT_STRING,                                                                  \
	  .arg = "WORD",                                                                       \
	  .offset = offsetof(config, at.method),                                               \
	  .help = "http: the method (GET, with --body POST)" },                                \
		{ .name = "path",                                                              \
		  .type = OPT_STRING,                                                          \
		  .arg = "PATH",                                                               \
		  .offset = offsetof(config, at.path),                                         \
		  .help = "http: the path (the URL's, or /)" },                                \
		{ .name = "header",                                                            \
		  .type = OPT_STRINGS,                                                         \
		  .arg = "'NAME: VALUE'",                                                      \
		  .offset = offsetof(config, at.headers),                                      \
		  .help = "http: a header; may be repeated" },                                 \
		{ .name = "body",                                                              \
		  .type = OPT_STRING,                                                          \
		  .arg = "TEXT",                                                               \
		  .offset = offsetof(config, at.body),                                         \
		  .help = "http: the request's body" },                                        \
		{ .name = "close",                                                             \
		  .type = OPT_FLAG,                                                            \
		  .offset = offsetof(config, at.close),                                        \
		  .help = "a connection for each request" },                                   \
		{ .name = "status",                                                            \
		  .type = OPT_U32,                                                             \
		  .arg = "CODE",                                                               \
		  .min = 200,                                                                  \
		  .max = 599,                                                                  \
		  .offset = offsetof(config, at.status),                                       \
		  .help = "http: the one right status (any 2xx or 3xx)" },                     \
		{ .name = "expect",                                                            \
		  .type = OPT_STRING,                                                          \
		  .arg = "TEXT",                                                               \
		  .offset = offsetof(config, at.expect),                                       \
		  .help = "a right answer has this text in it" },                              \
		{ .name = "request",                                                           \
		  .type = OPT_STRING,                                                          \
		  .arg = "COMMAND",                                                            \
		  .offset = offsetof(config, at.command),                                      \
		  .help = "redis: the command (PING)" },                                       \
		{ .name = "size",                                                              \
		  .type = OPT_STRING,                                                          \
		  .arg = "N[:M]",                                                              \
		  .offset = offsetof(config, at.size),                                         \
		  .help = "raw: bytes of a request, and of its answer if not the same (64)" }, \
		{ .name = "framing",                                                           \
		  .type = OPT_CHOICE,                                                          \
		  .choices = request_framings,                                                 \
		  .offset = offsetof(config, at.framing),                                      \
		  .help = "raw: fixed sizes, or a length of 4 bytes before each (fixed)" },    \
		{ .name = "verify",                                                            \
		  .type = OPT_CHOICE,                                                          \
		  .choices = request_verifies,                                                 \
		  .offset = offsetof(config, at.verify),                                       \
		  .help = "raw: a right answer is its request, or starts with its CRC-32" },   \
		{ .name = "keys",                                                              \
		  .type = OPT_U32,                                                             \
		  .arg = "N",                                                                  \
		  .min = 1,                                                                    \
		  .max = 1000000000,                                                           \
		  .offset = offsetof(config, at.keys),                                         \
		  .help = "put a random number below N in the place of {key} (10000)" },       \
	{                                                                                      \
		.name = "mix", .type = OPT_STRINGS, .arg = "'WEIGHT REQUEST'",                 \
		.offset = offsetof(config, at.mix),                                            \
		.help = "one of several kinds of request, by weight; may be repeated"          \
	}

/* One kind of request. */
struct request {
	char name[96]; /* "GET /small" */
	double weight;
	char *text; /* the bytes, {key} included; owned. raw: NULL */
	size_t size;
	size_t keys_in_text;
	bool no_body;	      /* the answer has none: HEAD */
	size_t send, receive; /* raw: payload's bytes */
};

struct request_mix {
	const struct protocol *protocol;
	struct request *requests; /* owned */
	size_t n;
	double total; /* of weights */
	bool close;
	__u32 status, keys;
	enum framing framing;
	enum verify verify;
	char *expect; /* owned; "" = none */
	size_t expect_len;
	size_t *expect_back;  /* of the Knuth-Morris-Pratt search; owned */
	unsigned char *noise; /* raw payloads are parts of it; owned */
};

/* The bytes of a request that is sent: a buffer that grows, or a request's own text. */
struct outgoing {
	const char *data;
	size_t size, done;
	char *buffer; /* owned */
	size_t room;
	__u64 number; /* raw */
	__u32 crc;
};

/* How far an answer has been read. A new one starts as all zeros, but for held, hold and room. */
struct answer {
	const struct request *request;
	__u64 left;    /* bytes of what is being read */
	__u64 got;     /* bytes so far */
	__u32 pending; /* redis: elements; */
	int state;     /* the protocol's own */
	int status;
	bool chunked, closes, found, until_close;
	size_t matched; /* of the text expected */
	unsigned char head[8];
	char *hold; /* a line or head that has not come whole; owned */
	size_t held, room;
};

#define ANSWER_MORE 1
#define ANSWER_DONE 0
#define ANSWER_FAILED(kind) (-1 - (int)(kind)) /* and back: -1 - result */

struct protocol {
	const char *name;
	const char *scheme; /* "http://" */
	__u16 port;	    /* 0 = has to be given */
	/* One request of its text: 0, or -errno with *e filled; `spec` NULL: as the options have it. */
	int (*compile)(struct request *r, const struct request_options *o, const char *host,
		       const char *spec, struct err *e);
	/* 0 or -ENOMEM */
	int (*write)(const struct request_mix *m, const struct request *r, struct outgoing *out,
		     __u64 *random);
	/*
	 * Take bytes of an answer; *used = how many were its own. ANSWER_MORE, ANSWER_DONE or
	 * ANSWER_FAILED(enum client_error): what comes after a failure cannot be understood, unless the
	 * answer has come whole (*whole).
	 */
	int (*read)(const struct request_mix *m, struct answer *a, const struct outgoing *out,
		    const char *data, size_t n, size_t *used, bool *whole);
	/* The connection was closed: was the answer whole by that? Otherwise as read() fails. */
	int (*end)(const struct request_mix *m, struct answer *a);
};

extern const struct protocol protocol_http, protocol_redis, protocol_raw;

const struct protocol *protocol_of(enum protocol_id id);

/* All kinds of request that the options name. Returns 0 or -errno with *e filled. */
int request_mix_make(struct request_mix *m, const struct protocol *p,
		     const struct request_options *o, const char *host, struct err *e);
void request_mix_free(struct request_mix *m);

/* Draw one by weight. */
const struct request *request_mix_draw(const struct request_mix *m, __u64 *random);

/* The text with {key} replaced. 0 or -ENOMEM. */
int request_fill(const struct request_mix *m, const struct request *r, struct outgoing *out,
		 __u64 *random);

/* Room for `size` bytes in out's buffer, which become its data. 0 or -ENOMEM. */
int outgoing_room(struct outgoing *out, size_t size);

/* Look for the expected text in more bytes of an answer. */
void answer_look(const struct request_mix *m, struct answer *a, const char *data, size_t n);

/* Whether it was there, or none is expected. */
bool answer_has_text(const struct request_mix *m, const struct answer *a);

/*
 * Up to the end of a line ("\n" included), over pieces: *line is then whole, of *len bytes, valid until
 * the next call. Returns how many bytes of data were used; 0 < len only when whole. -1: longer than
 * allowed, or no memory.
 */
long answer_line(struct answer *a, const char *data, size_t n, const char **line, size_t *len);

enum { ANSWER_LINE_MAX = 64 << 10, REQUEST_MAX_SIZE = 16 << 20 };

#endif
