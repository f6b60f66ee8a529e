// SPDX-License-Identifier: BSD-2-Clause
#include "load/protocol.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/random.h"

#define KEY "{key}"

const char *const request_framings[] = { "fixed", "length", NULL };
const char *const request_verifies[] = { "none", "echo", "crc32", NULL };

const struct protocol *protocol_of(enum protocol_id id)
{
	static const struct protocol *const all[NR_PROTOCOLS] = {
		[PROTOCOL_HTTP] = &protocol_http,
		[PROTOCOL_REDIS] = &protocol_redis,
		[PROTOCOL_RAW] = &protocol_raw,
	};

	return all[id];
}

/* ---- what is asked ---- */

static int no_memory(struct err *e)
{
	return err_set(e, -ENOMEM, "no memory for the load's requests");
}

static int add(struct request_mix *m, const struct request_options *o, const char *host,
	       double weight, const char *spec, struct err *e)
{
	struct request *grown = realloc(m->requests, (m->n + 1) * sizeof(*grown)), *r;
	int err;

	if (!grown)
		return no_memory(e);
	m->requests = grown;
	r = &grown[m->n];
	*r = (struct request){ .weight = weight };
	err = m->protocol->compile(r, o, host, spec, e);
	if (err) {
		free(r->text);
		return err;
	}
	for (const char *at = r->text; at && (at = strstr(at, KEY)); at += strlen(KEY))
		r->keys_in_text++;
	m->n++;
	m->total += weight;
	return 0;
}

static int add_mixed(struct request_mix *m, const struct request_options *o, const char *host,
		     const char *item, struct err *e)
{
	char word[32];
	int used = 0;
	double weight = NAN;

	if (sscanf(item, "%31s %n", word, &used) == 1 && item[used])
		weight = read_decimal(word, "");
	if (!(weight > 0) || weight > 1e6) {
		err_usage(e, "option '--mix': no weight and request: '%s'", item);
		return err_hint(e, "give both: --mix '9 GET /small' --mix '1 GET /big'");
	}
	return add(m, o, host, weight, item + used, e);
}

/* The table of the search by Knuth, Morris and Pratt (1977): where to go on after a mismatch. */
static int expect(struct request_mix *m, const char *text, struct err *e)
{
	size_t k = 0;

	m->expect = strdup(text);
	m->expect_len = strlen(text);
	m->expect_back = calloc(m->expect_len + 1, sizeof(*m->expect_back));
	if (!m->expect || !m->expect_back)
		return no_memory(e);
	for (size_t i = 1; i < m->expect_len; i++) {
		while (k && text[i] != text[k])
			k = m->expect_back[k];
		k += text[i] == text[k];
		m->expect_back[i + 1] = k;
	}
	return 0;
}

static int make_noise(struct request_mix *m, struct err *e)
{
	size_t size = 0;
	__u64 random = 1;

	for (size_t i = 0; i < m->n; i++)
		if (size < m->requests[i].send)
			size = m->requests[i].send;
	m->noise = malloc(size + 8);
	if (!m->noise)
		return no_memory(e);
	for (size_t i = 0; i < size; i += 8) {
		__u64 next = random_next(&random);

		memcpy(m->noise + i, &next, 8);
	}
	return 0;
}

int request_mix_make(struct request_mix *m, const struct protocol *p,
		     const struct request_options *o, const char *host, struct err *e)
{
	int err = 0;

	*m = (struct request_mix){ .protocol = p,
				   .close = o->close,
				   .status = o->status,
				   .keys = o->keys,
				   .framing = o->framing,
				   .verify = o->verify };
	for (size_t i = 0; !err && i < o->mix.n; i++)
		err = add_mixed(m, o, host, o->mix.items[i], e);
	if (!err && !o->mix.n)
		err = add(m, o, host, 1, NULL, e);
	if (!err)
		err = expect(m, o->expect ?: "", e);
	if (!err)
		err = make_noise(m, e);
	if (err)
		request_mix_free(m);
	return err;
}

void request_mix_free(struct request_mix *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->requests[i].text);
	free(m->requests);
	free(m->expect);
	free(m->expect_back);
	free(m->noise);
	*m = (struct request_mix){ 0 };
}

const struct request *request_mix_draw(const struct request_mix *m, __u64 *random)
{
	double x;

	if (m->n == 1)
		return m->requests;
	x = random_unit(random) * m->total;
	for (size_t i = 0; i + 1 < m->n; i++) {
		x -= m->requests[i].weight;
		if (x < 0)
			return &m->requests[i];
	}
	return &m->requests[m->n - 1];
}

/* ---- what goes out ---- */

int outgoing_room(struct outgoing *out, size_t size)
{
	if (out->room < size) {
		char *grown = realloc(out->buffer, size);

		if (!grown)
			return -ENOMEM;
		out->buffer = grown;
		out->room = size;
	}
	out->data = out->buffer;
	out->size = size;
	return 0;
}

int request_fill(const struct request_mix *m, const struct request *r, struct outgoing *out,
		 __u64 *random)
{
	const char *at = r->text, *key;
	size_t n = 0;

	out->done = 0;
	if (!r->keys_in_text) {
		out->data = r->text;
		out->size = r->size;
		return 0;
	}
	if (outgoing_room(out, r->size + r->keys_in_text * 10 + 1))
		return -ENOMEM;
	while ((key = strstr(at, KEY))) {
		memcpy(out->buffer + n, at, key - at);
		n += key - at;
		n += sprintf(out->buffer + n, "%010u", (__u32)(random_unit(random) * m->keys));
		at = key + strlen(KEY);
	}
	strcpy(out->buffer + n, at);
	out->size = n + strlen(at);
	return 0;
}

/* ---- what comes back ---- */

void answer_look(const struct request_mix *m, struct answer *a, const char *data, size_t n)
{
	if (!m->expect_len || a->found)
		return;
	for (size_t i = 0; i < n; i++) {
		while (a->matched && data[i] != m->expect[a->matched])
			a->matched = m->expect_back[a->matched];
		a->matched += data[i] == m->expect[a->matched];
		if (a->matched == m->expect_len) {
			a->found = true;
			return;
		}
	}
}

bool answer_has_text(const struct request_mix *m, const struct answer *a)
{
	return !m->expect_len || a->found;
}

static int hold(struct answer *a, const char *data, size_t n)
{
	if (a->held + n > ANSWER_LINE_MAX)
		return -1;
	if (a->held + n > a->room) {
		size_t room = a->held + n < 512 ? 512 : 2 * (a->held + n);
		char *grown = realloc(a->hold, room);

		if (!grown)
			return -1;
		a->hold = grown;
		a->room = room;
	}
	memcpy(a->hold + a->held, data, n);
	a->held += n;
	return 0;
}

long answer_line(struct answer *a, const char *data, size_t n, const char **line, size_t *len)
{
	const char *end = memchr(data, '\n', n);

	*len = 0;
	if (!end)
		return hold(a, data, n) ? -1 : (long)n;
	n = end + 1 - data;
	*line = data;
	*len = n;
	if (a->held) {
		if (hold(a, data, n))
			return -1;
		*line = a->hold;
		*len = a->held;
		a->held = 0; /* the bytes stay where they are until the next piece */
	}
	return n;
}
