// SPDX-License-Identifier: BSD-2-Clause
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "load/protocol.h"

/* HTTP/1.1 as RFC 9112 has it: content-length, chunked, or until the connection's end. */
enum state { STATUS_LINE, HEADER, BODY, CHUNK_SIZE, CHUNK, CHUNK_END, TRAILER };

/* ---- what is asked ---- */

static bool is_word(const char *s)
{
	if (!*s)
		return false;
	for (; *s; s++)
		if (*s <= ' ' || *s == 0x7f)
			return false;
	return true;
}

static int check_headers(const struct request_options *o, struct err *e)
{
	for (size_t i = 0; i < o->headers.n; i++) {
		const char *h = o->headers.items[i], *colon = strchr(h, ':');

		if (!colon || colon == h || strpbrk(h, "\r\n")) {
			err_usage(e, "option '--header': no header: '%s'", h);
			return err_hint(e, "give 'Name: value'");
		}
	}
	return 0;
}

static bool has_header(const struct request_options *o, const char *name)
{
	for (size_t i = 0; i < o->headers.n; i++)
		if (!strncasecmp(o->headers.items[i], name, strlen(name)) &&
		    o->headers.items[i][strlen(name)] == ':')
			return true;
	return false;
}

static int print(struct request *r, const struct request_options *o, const char *host,
		 const char *method, const char *path, const char *body)
{
	FILE *out = open_memstream(&r->text, &r->size);

	if (!out)
		return -ENOMEM;
	fprintf(out, "%s %s HTTP/1.1\r\n", method, path);
	if (!has_header(o, "Host"))
		fprintf(out, "Host: %s\r\n", host);
	for (size_t i = 0; i < o->headers.n; i++)
		fprintf(out, "%s\r\n", o->headers.items[i]);
	if (o->close)
		fprintf(out, "Connection: close\r\n");
	if (body) {
		size_t size = strlen(body);

		/* {key} becomes ten digits */
		for (const char *at = body; (at = strstr(at, "{key}")); at += 5)
			size += 5;
		fprintf(out, "Content-Length: %zu\r\n", size);
	}
	fprintf(out, "\r\n%s", body ?: "");
	return fclose(out) ? -ENOMEM : 0;
}

static int compile(struct request *r, const struct request_options *o, const char *host,
		   const char *spec, struct err *e)
{
	char *copy = strdup(spec ?: ""), *rest = copy, *word;
	const char *body = o->body, *path = o->path ?: "/";
	const char *method = o->method ?: body ? "POST" : "GET";
	int err = check_headers(o, e);

	if (o->method)
		method = o->method;
	if (!copy)
		return err_set(e, -ENOMEM, "no memory for a request");
	if (spec) {
		word = strsep(&rest, " ");
		method = word;
		path = rest ? strsep(&rest, " ") : "/";
		body = rest && *rest ? rest : NULL;
	}
	if (!err && (!is_word(method) || !is_word(path) || (*path != '/' && *path != '*'))) {
		err = err_usage(e, "no HTTP request: '%s %s'", method, path);
		err_hint(e, "give a method and a path that starts with /: GET /index.html");
	}
	if (!err && print(r, o, host, method, path, body))
		err = err_set(e, -ENOMEM, "no memory for a request");
	if (!err) {
		snprintf(r->name, sizeof(r->name), "%.20s %.70s", method, path);
		r->no_body = !strcmp(method, "HEAD");
	}
	free(copy);
	return err;
}

static int write_request(const struct request_mix *m, const struct request *r, struct outgoing *out,
			 __u64 *random)
{
	return request_fill(m, r, out, random);
}

/* ---- what comes back ---- */

static int read_status(struct answer *a, const char *line, size_t len)
{
	if (len >= 2 && line[0] == 0x15 && line[1] == 0x03)
		return ANSWER_FAILED(CLIENT_ERROR_TLS);
	if (len < 14 || strncmp(line, "HTTP/1.", 7) || line[8] != ' ' || !isdigit(line[9]) ||
	    !isdigit(line[10]) || !isdigit(line[11]))
		return ANSWER_FAILED(CLIENT_ERROR_MALFORMED);
	a->status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + line[11] - '0';
	a->closes = line[7] == '0';
	a->until_close = true;
	a->chunked = false;
	a->left = 0;
	a->state = HEADER;
	return ANSWER_MORE;
}

/* The value of a header if the line is of it, without spaces around it; its length to *n. */
static const char *value_of(const char *line, size_t len, const char *name, size_t *n)
{
	size_t at = strlen(name);

	if (len <= at || line[at] != ':' || strncasecmp(line, name, at))
		return NULL;
	for (at++; at < len && (line[at] == ' ' || line[at] == '\t');)
		at++;
	while (len > at && isspace((unsigned char)line[len - 1]))
		len--;
	*n = len - at;
	return line + at;
}

static bool has_word(const char *value, size_t n, const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i + len <= n; i++)
		if (!strncasecmp(value + i, word, len))
			return true;
	return false;
}

static int read_header(struct answer *a, const char *line, size_t len)
{
	__u64 before = a->left;
	const char *value;
	size_t n;
	char *end;

	/* most lines are none of these: look at the first letter before all else */
	if ((*line | 0x20) == 'c') {
		value = value_of(line, len, "content-length", &n);
		if (value) {
			errno = 0;
			a->left = strtoull(value, &end, 10);
			if (!n || end != value + n || errno || !isdigit((unsigned char)*value))
				return ANSWER_FAILED(CLIENT_ERROR_MALFORMED);
			if (!a->until_close && a->left != before) /* a second, other one */
				return ANSWER_FAILED(CLIENT_ERROR_MALFORMED);
			a->until_close = false;
		}
		value = value_of(line, len, "connection", &n);
		if (value && has_word(value, n, "close"))
			a->closes = true;
		else if (value && has_word(value, n, "keep-alive"))
			a->closes = false;
	} else if ((*line | 0x20) == 't') {
		value = value_of(line, len, "transfer-encoding", &n);
		if (value && has_word(value, n, "chunked"))
			a->chunked = true;
	}
	return ANSWER_MORE;
}

static bool status_is_right(const struct request_mix *m, int status)
{
	return m->status ? status == (int)m->status : status < 400;
}

static int finish(const struct request_mix *m, const struct answer *a, bool *whole)
{
	*whole = true;
	if (!status_is_right(m, a->status))
		return ANSWER_FAILED(CLIENT_ERROR_STATUS);
	return answer_has_text(m, a) ? ANSWER_DONE : ANSWER_FAILED(CLIENT_ERROR_WRONG);
}

/* After the empty line that ends the head. */
static int head_ends(const struct request_mix *m, struct answer *a, bool *whole)
{
	if (a->status < 200) { /* 100 Continue, 103 Early Hints: the answer is still to come */
		if (a->status == 101)
			return ANSWER_FAILED(CLIENT_ERROR_MALFORMED);
		a->state = STATUS_LINE;
		return ANSWER_MORE;
	}
	if (a->request->no_body || a->status == 204 || a->status == 304) {
		a->until_close = false;
		return finish(m, a, whole);
	}
	if (a->chunked) {
		a->until_close = false;
		a->state = CHUNK_SIZE;
		return ANSWER_MORE;
	}
	if (a->until_close)
		a->closes = true;
	a->state = BODY;
	return a->left || a->until_close ? ANSWER_MORE : finish(m, a, whole);
}

static int read_chunk_size(struct answer *a, const char *line, size_t len)
{
	char *end;

	errno = 0;
	a->left = strtoull(line, &end, 16);
	if (!isxdigit((unsigned char)*line) || errno || end >= line + len ||
	    !strchr("\r\n; \t", *end))
		return ANSWER_FAILED(CLIENT_ERROR_MALFORMED);
	a->state = a->left ? CHUNK : TRAILER;
	return ANSWER_MORE;
}

static bool is_empty(const char *line, size_t len)
{
	return len == 1 || (len == 2 && *line == '\r');
}

static int read_line(const struct request_mix *m, struct answer *a, const char *line, size_t len,
		     bool *whole)
{
	switch ((enum state)a->state) {
	case STATUS_LINE:
		return read_status(a, line, len);
	case HEADER:
		return is_empty(line, len) ? head_ends(m, a, whole) : read_header(a, line, len);
	case CHUNK_SIZE:
		return read_chunk_size(a, line, len);
	case CHUNK_END:
		a->state = CHUNK_SIZE;
		return is_empty(line, len) ? ANSWER_MORE : ANSWER_FAILED(CLIENT_ERROR_MALFORMED);
	case TRAILER:
		return is_empty(line, len) ? finish(m, a, whole) : ANSWER_MORE;
	default:
		return ANSWER_FAILED(CLIENT_ERROR_MALFORMED);
	}
}

static int read_body(const struct request_mix *m, struct answer *a, const char *data, size_t n,
		     bool *whole)
{
	answer_look(m, a, data, n);
	if (a->until_close)
		return ANSWER_MORE;
	a->left -= n;
	if (a->left)
		return ANSWER_MORE;
	if (a->state == BODY)
		return finish(m, a, whole);
	a->state = CHUNK_END;
	return ANSWER_MORE;
}

/* What cannot be the start of an answer is known before a line of it has come whole. */
static int first_bytes(const struct answer *a, const char *data, size_t n)
{
	if (a->got)
		return ANSWER_MORE;
	if (data[0] == 0x15 && (n < 2 || data[1] == 0x03))
		return ANSWER_FAILED(CLIENT_ERROR_TLS);
	return data[0] == 'H' ? ANSWER_MORE : ANSWER_FAILED(CLIENT_ERROR_MALFORMED);
}

static int read_answer(const struct request_mix *m, struct answer *a, const struct outgoing *out,
		       const char *data, size_t n, size_t *used, bool *whole)
{
	int ret = first_bytes(a, data, n);
	const char *line;
	size_t len;
	long took;

	(void)out;
	*used = 0;
	while (ret == ANSWER_MORE && *used < n) {
		if (a->state == BODY || a->state == CHUNK) {
			took = n - *used;
			if (!a->until_close && (__u64)took > a->left)
				took = a->left;
			ret = read_body(m, a, data + *used, took, whole);
		} else {
			took = answer_line(a, data + *used, n - *used, &line, &len);
			if (took < 0)
				return ANSWER_FAILED(CLIENT_ERROR_MALFORMED);
			if (len)
				ret = read_line(m, a, line, len, whole);
		}
		*used += took;
	}
	a->got += *used;
	return ret;
}

static int end(const struct request_mix *m, struct answer *a)
{
	bool whole;

	if (a->state == BODY && a->until_close)
		return finish(m, a, &whole);
	return ANSWER_FAILED(a->got ? CLIENT_ERROR_CUT : CLIENT_ERROR_CLOSED);
}

const struct protocol protocol_http = {
	.name = "http",
	.scheme = "http://",
	.port = 80,
	.compile = compile,
	.write = write_request,
	.read = read_answer,
	.end = end,
};
