// SPDX-License-Identifier: BSD-2-Clause
/* The columns of the anatomy. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/reader.h"
#include "store/sums.h"

struct column {
	struct reader *rd;
	__u64 *first;
};

static int add_sum(void *arg, __u32 bucket, __u64 sum)
{
	struct column *c = arg;

	return pending_sum(c->rd, c->first + bucket * NR_STAGES, sum);
}

static int add_column(struct reader *rd, struct lvt_shard *sum, enum lvt_stage st, const char *text,
		      size_t len)
{
	struct column c = { rd, &sum->anatomy[0][st] };
	const char *bad = text ? sums_decode(rd->hdr, text, len, add_sum, &c) : "not base64";

	return bad ? read_bad(rd, "anatomy of %s: %s", stage_name(st), bad) : 0;
}

int read_anatomy(struct reader *rd, struct lvt_shard *sum, const json_t *o)
{
	size_t known = 1; /* whose it is */
	int err = 0;

	for (int st = 0; st < NR_STAGES && !err; st++) {
		const json_t *v = json_object_get(o, stage_name(st));

		if (!v)
			continue;
		err = add_column(rd, sum, st, json_string_value(v), json_string_length(v));
		known++;
	}
	if (!err && json_object_size(o) != known)
		return read_bad(rd, "anatomy of a stage that is not known");
	return err;
}

/* ---- the same line without JSON ---- */

static const char head[] = RECORD_START "{\"anatomy\":{";

struct span {
	const char *text;
	size_t len;
};

/* A string as it stands, without escapes. */
static bool take_text(const char **p, const char *end, struct span *s)
{
	const char *quote;

	if (**p != '"')
		return false;
	s->text = *p + 1;
	quote = memchr(s->text, '"', end - s->text);
	if (!quote)
		return false;
	s->len = quote - s->text;
	*p = quote + 1;
	return !memchr(s->text, '\\', s->len);
}

static bool is_name(const struct span *s, const char *name)
{
	return s->len == strlen(name) && !memcmp(s->text, name, s->len);
}

/* Columns by stage and the service; false if it is not all of that, each once. */
static bool cut_columns(const char *p, const char *end, struct span column[NR_STAGES],
			unsigned long *service)
{
	struct span name;
	bool have_service = false;
	int st = 0, tries;
	char *after;

	for (;; p++) {
		if (!take_text(&p, end, &name) || *p++ != ':')
			return false;
		if (is_name(&name, "service")) {
			if (have_service || *p < '0' || *p > '9')
				return false;
			*service = strtoul(p, &after, 10);
			have_service = true;
			p = after;
		} else {
			/* they come in order */
			for (tries = 0; tries < NR_STAGES && !is_name(&name, stage_name(st));
			     tries++)
				st = (st + 1) % NR_STAGES;
			if (tries == NR_STAGES || column[st].text ||
			    !take_text(&p, end, &column[st]))
				return false;
		}
		if (*p != ',')
			return have_service && !strcmp(p, "}}" RECORD_END);
	}
}

int read_columns(struct reader *rd)
{
	struct span column[NR_STAGES] = { 0 };
	unsigned long service;

	if (!rd->ours || strncmp(rd->line, head, strlen(head)) ||
	    !cut_columns(rd->line + strlen(head), rd->line + rd->len, column, &service) ||
	    service >= rd->run->n_services)
		return 0;
	for (int st = 0; st < NR_STAGES; st++) {
		struct lvt_shard *sum = rd->run->services[service].sum;
		int err = column[st].text ?
				  add_column(rd, sum, st, column[st].text, column[st].len) :
				  0;

		if (err)
			return err;
	}
	return 1;
}
