/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/units.h"
#include "lab/figure.h"

/* What a log can be long: its end counts. */
enum { LOG_END = 64 << 10 };

const char *figure_format_kind(char *buf, size_t size, enum figure_kind kind, double value)
{
	if (isnan(value) || isinf(value)) {
		snprintf(buf, size, "%s", isnan(value) ? "unknown" : "failed");
		return buf;
	}
	switch (kind) {
	case FIGURE_TIME_NS:
		return fmt_ns(buf, size, value);
	case FIGURE_RATE:
		return fmt_rate(buf, size, value);
	case FIGURE_SHARE:
		snprintf(buf, size, "%.*f %%",
			 value && fabs(value) < 0.001 ? 3 :
			 fabs(value) < 0.0995	      ? 1 :
							0,
			 value * 100);
		return buf;
	case FIGURE_COUNT:
		return fmt_count(buf, size, value > 0 ? (uint64_t)(value + 0.5) : 0);
	default:
		if (fabs(value) >= 1000 && fabs(value) < 1e15 && value > 0)
			return fmt_count(buf, size, (uint64_t)(value + 0.5));
		snprintf(buf, size, "%.3g", value);
		return buf;
	}
}

const char *figure_format(char *buf, size_t size, const char *name, double value)
{
	return figure_format_kind(buf, size, figure_kind(name), value);
}

/* ---- claims ---- */

static void put(struct claims *c, const char *name, size_t len, double value)
{
	size_t i = 0;

	while (i < c->n && (strncmp(c->all[i].name, name, len) || c->all[i].name[len]))
		i++;
	if (i == CLAIMS_MAX || !len || len >= CLAIM_NAME_LEN)
		return;
	memcpy(c->all[i].name, name, len);
	c->all[i].name[len] = '\0';
	c->all[i].value = value;
	if (i == c->n)
		c->n++;
}

/* "NAME=NUMBER ..." up to the end of the line. */
static void parse_line(struct claims *c, const char *text)
{
	while (*text && *text != '\n') {
		const char *name = text + strspn(text, " \t"), *end;
		size_t len = strcspn(name, "= \t\r\n");
		double value;
		char *stop;

		if (name[len] == '=') {
			value = strtod(name + len + 1, &stop);
			end = name + len + 1 + strcspn(name + len + 1, " \t\r\n");
			if (stop == end && stop != name + len + 1 && isfinite(value))
				put(c, name, len, value);
			text = end;
		} else {
			text = name + len;
		}
		text += strspn(text, " \t\r");
	}
}

void claims_parse(struct claims *c, const char *text)
{
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, "claim ", 6))
			parse_line(c, line + 6);
	}
}

void claims_read(struct claims *c, const char *path)
{
	FILE *in = fopen(path, "re");
	char *text = in ? malloc(LOG_END + 1) : NULL, *from = text;
	struct stat st;
	size_t n;

	if (text && !fstat(fileno(in), &st)) {
		bool cut = st.st_size > LOG_END && !fseek(in, st.st_size - LOG_END, SEEK_SET);

		n = fread(text, 1, LOG_END, in);
		text[n] = '\0';
		/* what is of a line that began before is none */
		if (cut)
			from = strchr(text, '\n');
		if (from)
			claims_parse(c, from);
	}
	free(text);
	if (in)
		fclose(in);
}

double claims_value(const struct claims *c, const char *name)
{
	for (size_t i = 0; c && i < c->n; i++)
		if (!strcmp(c->all[i].name, name))
			return c->all[i].value;
	return NAN;
}
