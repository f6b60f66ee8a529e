// SPDX-License-Identifier: BSD-2-Clause
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load/protocol.h"

/* RESP2 and RESP3: https://redis.io/docs/latest/develop/reference/protocol-spec/ */
enum state { LINE, BULK };

enum { MAX_WORDS = 64 };

/* ---- what is asked ---- */

/* The next word, in place; "a b" and 'a b' are one. NULL: no more, or a quote that does not end (*bad). */
static char *next_word(char **rest, bool *bad)
{
	char *from = *rest + strspn(*rest, " \t"), *end;

	if (!*from)
		return NULL;
	if (*from == '"' || *from == '\'') {
		end = strchr(from + 1, *from);
		*bad = !end;
		if (!end)
			return NULL;
		from++;
	} else {
		end = from + strcspn(from, " \t");
	}
	*rest = *end ? end + 1 : end;
	*end = '\0';
	return from;
}

/* A length on the wire: {key} becomes ten digits. */
static size_t wire_length(const char *word)
{
	size_t n = strlen(word);

	while ((word = strstr(word, "{key}"))) {
		n += 5;
		word += 5;
	}
	return n;
}

static int compile(struct request *r, const struct request_options *o, const char *host,
		   const char *spec, struct err *e)
{
	const char *command = spec ?: o->command ?: "PING";
	char *copy = strdup(command), *rest = copy, *words[MAX_WORDS], *word;
	FILE *out = copy ? open_memstream(&r->text, &r->size) : NULL;
	bool bad = false;
	int n = 0;

	(void)host;
	while (out && n < MAX_WORDS && (word = next_word(&rest, &bad)))
		words[n++] = word;
	if (out) {
		fprintf(out, "*%d\r\n", n);
		for (int i = 0; i < n; i++)
			fprintf(out, "$%zu\r\n%s\r\n", wire_length(words[i]), words[i]);
	}
	if (!out || fclose(out)) {
		free(copy);
		return err_set(e, -ENOMEM, "no memory for a request");
	}
	if (!n || bad || (n == MAX_WORDS && next_word(&rest, &bad))) {
		free(copy);
		err_usage(e, "no redis command: '%s'", command);
		return err_hint(e, "give 1 to %d words, such as 'SET key:{key} \"a b\"'",
				MAX_WORDS);
	}
	free(copy);
	snprintf(r->name, sizeof(r->name), "%s", command);
	return 0;
}

/* ---- what comes back ---- */

/* The number after the type's letter. Returns false if it is none. */
static bool number(const char *line, size_t len, long long *to)
{
	char *end;

	errno = 0;
	*to = strtoll(line + 1, &end, 10);
	return len >= 4 && !errno && end == line + len - 2 && end > line + 1 && *to >= -1;
}

static int read_line(struct answer *a, const char *line, size_t len)
{
	const int malformed = ANSWER_FAILED(CLIENT_ERROR_MALFORMED);
	long long n = 0;

	if (len < 3 || line[len - 2] != '\r')
		return malformed;
	switch (*line) {
	case '-': /* within an answer one of its elements */
	case '+':
	case ':':
	case '_':
	case ',':
	case '#':
	case '(':
		break;
	case '$':
	case '!':
	case '=':
		if (!number(line, len, &n) || n > 1ll << 40)
			return malformed;
		if (n >= 0) {
			a->left = n + 2;
			a->state = BULK;
			return ANSWER_MORE;
		}
		break;
	case '*':
	case '~':
	case '>':
	case '%':
	case '|':
		if (!number(line, len, &n) || n > 1 << 28)
			return malformed;
		if (n > 0)
			a->pending += *line == '%' || *line == '|' ? 2 * n : n;
		/* attributes stand before what they are of */
		a->pending += *line == '|';
		break;
	default:
		return malformed;
	}
	a->pending--;
	return ANSWER_MORE;
}

static int finish(const struct request_mix *m, const struct answer *a, bool *whole)
{
	*whole = true;
	if (a->status)
		return ANSWER_FAILED(CLIENT_ERROR_STATUS);
	return answer_has_text(m, a) ? ANSWER_DONE : ANSWER_FAILED(CLIENT_ERROR_WRONG);
}

static int read_answer(const struct request_mix *m, struct answer *a, const struct outgoing *out,
		       const char *data, size_t n, size_t *used, bool *whole)
{
	int ret = ANSWER_MORE;
	const char *line;
	size_t len;
	long took;

	(void)out;
	*used = 0;
	if (!a->got) {
		if (data[0] == 0x15)
			return ANSWER_FAILED(CLIENT_ERROR_TLS);
		a->pending = 1;
		a->status = data[0] == '-'; /* the answer itself is an error */
	}
	while (ret == ANSWER_MORE && a->pending && *used < n) {
		if (a->state == BULK) {
			took = n - *used;
			if ((__u64)took > a->left)
				took = a->left;
			answer_look(m, a, data + *used, took);
			a->left -= took;
			if (!a->left) {
				a->state = LINE;
				a->pending--;
			}
		} else {
			took = answer_line(a, data + *used, n - *used, &line, &len);
			if (took < 0)
				return ANSWER_FAILED(CLIENT_ERROR_MALFORMED);
			if (len) {
				answer_look(m, a, line, len);
				ret = read_line(a, line, len);
			}
		}
		*used += took;
		a->got += took;
	}
	return ret == ANSWER_MORE && !a->pending ? finish(m, a, whole) : ret;
}

static int end(const struct request_mix *m, struct answer *a)
{
	(void)m;
	return ANSWER_FAILED(a->got ? CLIENT_ERROR_CUT : CLIENT_ERROR_CLOSED);
}

const struct protocol protocol_redis = {
	.name = "redis",
	.scheme = "redis://",
	.port = 6379,
	.compile = compile,
	.write = request_fill,
	.read = read_answer,
	.end = end,
};
