// SPDX-License-Identifier: BSD-2-Clause
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "load/protocol.h"

/*
 * Payloads of given sizes. A request of eight bytes or more starts with its number (little endian), the
 * rest is noise that is the same in each; an answer is as many bytes as agreed, or as the four bytes
 * (big endian) before it say.
 */
enum state { LENGTH, PAYLOAD };
enum { PREFIX = 4 };

static bool read_size(const char **at, size_t *size)
{
	unsigned long n = 0;
	int digits = 0;

	for (; **at >= '0' && **at <= '9' && digits < 9; (*at)++, digits++)
		n = n * 10 + **at - '0';
	*size = n;
	return digits && n >= 1 && n <= REQUEST_MAX_SIZE;
}

static int compile(struct request *r, const struct request_options *o, const char *host,
		   const char *spec, struct err *e)
{
	const char *text = spec ?: o->size ?: "64", *at = text;
	bool good = read_size(&at, &r->send);

	(void)host;
	r->receive = r->send;
	if (good && *at == ':') {
		at++;
		good = read_size(&at, &r->receive);
	}
	if (!good || *at) {
		err_usage(e, "no sizes of request and answer: '%s'", text);
		return err_hint(e, "give N or N:M bytes, 1 to %d: 64 or 64:4096", REQUEST_MAX_SIZE);
	}
	if (o->verify == VERIFY_ECHO && r->receive != r->send && o->framing == FRAMING_FIXED)
		return err_usage(e, "an answer of another size cannot be an echo: '%s'", text);
	if (o->verify == VERIFY_CRC32 && r->receive < PREFIX)
		return err_usage(e, "a CRC-32 needs an answer of 4 bytes or more: '%s'", text);
	snprintf(r->name, sizeof(r->name), "%zu:%zu bytes", r->send, r->receive);
	return 0;
}

static int write_request(const struct request_mix *m, const struct request *r, struct outgoing *out,
			 __u64 *random)
{
	size_t prefix = m->framing == FRAMING_LENGTH ? PREFIX : 0;
	__u32 length = htonl(r->send);
	char *payload;

	(void)random;
	if (outgoing_room(out, prefix + r->send))
		return -1;
	payload = out->buffer + prefix;
	memcpy(out->buffer, &length, prefix);
	memcpy(payload, m->noise, r->send);
	if (r->send >= sizeof(out->number))
		memcpy(payload, &out->number, sizeof(out->number));
	out->done = 0;
	if (m->verify == VERIFY_CRC32)
		out->crc = crc32(0, (const Bytef *)payload, r->send);
	return 0;
}

/* Bytes `at` and following of an answer's payload: are they as they have to be? */
static bool is_right(const struct request_mix *m, const struct answer *a,
		     const struct outgoing *out, __u64 at, const char *data, size_t n)
{
	size_t prefix = m->framing == FRAMING_LENGTH ? PREFIX : 0;
	__u32 crc = htonl(out->crc);

	if (m->verify == VERIFY_ECHO)
		return at + n <= a->request->send && !memcmp(data, out->data + prefix + at, n);
	if (m->verify == VERIFY_CRC32 && at < PREFIX)
		return !memcmp(data, (const char *)&crc + at, n < PREFIX - at ? n : PREFIX - at);
	return true;
}

static int finish(const struct request_mix *m, const struct answer *a, bool *whole)
{
	*whole = true;
	if (a->status || !answer_has_text(m, a))
		return ANSWER_FAILED(CLIENT_ERROR_WRONG);
	return ANSWER_DONE;
}

/* The length's bytes; then `left` is known. */
static int read_length(const struct request_mix *m, struct answer *a, char byte)
{
	__u32 length;

	a->head[a->got] = byte;
	if (a->got + 1 < PREFIX)
		return ANSWER_MORE;
	memcpy(&length, a->head, PREFIX);
	a->left = ntohl(length);
	a->state = PAYLOAD;
	if (m->verify == VERIFY_ECHO && a->left != a->request->send)
		a->status = 1;
	return a->left <= REQUEST_MAX_SIZE ? ANSWER_MORE : ANSWER_FAILED(CLIENT_ERROR_MALFORMED);
}

static int read_answer(const struct request_mix *m, struct answer *a, const struct outgoing *out,
		       const char *data, size_t n, size_t *used, bool *whole)
{
	size_t prefix = m->framing == FRAMING_LENGTH ? PREFIX : 0;
	int ret = ANSWER_MORE;

	if (!a->got && !prefix) {
		a->left = a->request->receive;
		a->state = PAYLOAD;
	}
	*used = 0;
	while (ret == ANSWER_MORE && a->state == LENGTH && *used < n) {
		ret = read_length(m, a, data[*used]);
		a->got++;
		(*used)++;
	}
	if (ret != ANSWER_MORE || a->state == LENGTH)
		return ret;
	if (n - *used > a->left)
		n = *used + a->left;
	if (!a->status && !is_right(m, a, out, a->got - prefix, data + *used, n - *used))
		a->status = 1;
	answer_look(m, a, data + *used, n - *used);
	a->left -= n - *used;
	a->got += n - *used;
	*used = n;
	return a->left ? ANSWER_MORE : finish(m, a, whole);
}

static int end(const struct request_mix *m, struct answer *a)
{
	(void)m;
	return ANSWER_FAILED(a->got ? CLIENT_ERROR_CUT : CLIENT_ERROR_CLOSED);
}

const struct protocol protocol_raw = {
	.name = "raw",
	.scheme = "raw://",
	.compile = compile,
	.write = write_request,
	.read = read_answer,
	.end = end,
};
