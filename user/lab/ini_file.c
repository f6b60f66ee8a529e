/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/ini_file.h"
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* inih keeps as much of a section's name, in all versions. */
enum { SECTION_LEN = 48 };

struct reading {
	FILE *in;
	const struct ini_calls *calls;
	void *arg;
	struct ini_at at; /* the line that was read last */
	char *line;
	size_t size;
	bool indented;
	char section[SECTION_LEN];
	char *name, *value; /* a key whose value may go on */
	int name_line;
	int err;
};

int ini_error(const struct ini_at *at, const char *fmt, ...)
{
	char text[sizeof(at->e->message)];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (!at->line)
		return err_set(at->e, -EINVAL, "%s: %s", at->file, text);
	return err_set(at->e, -EINVAL, "%s:%d: %s", at->file, at->line, text);
}

/* Hand over the key that was read, as the next one begins. */
static void flush(struct reading *r)
{
	struct ini_at at = { r->at.file, r->name_line, r->at.e };

	if (r->name && !r->err)
		r->err = r->calls->value(r->arg, &at, r->section, r->name, r->value);
	free(r->name);
	free(r->value);
	r->name = r->value = NULL;
}

/* inih tells of a section only with its first key: an empty one would go by unseen. */
static void header(struct reading *r)
{
	size_t n = strcspn(r->line + 1, "]");

	flush(r);
	if (r->err)
		return;
	if (r->line[1 + n] != ']')
		r->err = ini_error(&r->at, "a section has no ']'");
	else if (n >= SECTION_LEN)
		r->err = ini_error(&r->at, "a section's name is longer than %d bytes",
				   SECTION_LEN - 1);
	if (r->err)
		return;
	memcpy(r->section, r->line + 1, n);
	r->section[n] = '\0';
	if (r->calls->section)
		r->err = r->calls->section(r->arg, &r->at, r->section);
}

/* inih's reader, as fgets(): it ends when something is wrong. */
static char *next_line(char *buf, int size, void *arg)
{
	struct reading *r = arg;
	ssize_t n;

	if (r->err)
		return NULL;
	errno = 0;
	n = getline(&r->line, &r->size, r->in);
	if (n < 0) {
		if (ferror(r->in))
			r->err = err_set(r->at.e, errno ? -errno : -EIO, "cannot read %s: %s",
					 r->at.file, strerror(errno ?: EIO));
		return NULL;
	}
	r->at.line++;
	if (strlen(r->line) != (size_t)n) {
		r->err = ini_error(&r->at, "a zero byte: this is not text");
	} else if (n + 2 > size) {
		ini_error(&r->at, "the line is longer than %d bytes", size - 3);
		r->err = err_hint(r->at.e, "continue the value on an indented line");
	}
	if (r->err)
		return NULL;
	r->indented = *r->line == ' ' || *r->line == '\t';
	if (*r->line == '[')
		header(r);
	if (r->err)
		return NULL;
	memcpy(buf, r->line, n + 1);
	return buf;
}

static int no_memory(struct reading *r)
{
	r->err = err_set(r->at.e, -ENOMEM, "no memory");
	return 0;
}

/* inih's handler: 1 = go on. */
static int take(void *arg, const char *section, const char *name, const char *value)
{
	struct reading *r = arg;
	char *joined;

	if (r->err)
		return 0;
	if (strcmp(section, r->section)) {
		r->err = ini_error(&r->at, "[%s] does not stand at the start of its line", section);
		return 0;
	}
	if (r->indented && r->name) {
		if (asprintf(&joined, "%s%s%s", r->value, *r->value ? " " : "", value) < 0)
			return no_memory(r);
		free(r->value);
		r->value = joined;
		return 1;
	}
	flush(r);
	if (r->err)
		return 0;
	r->name = strdup(name);
	r->value = strdup(value);
	r->name_line = r->at.line;
	return r->name && r->value ? 1 : no_memory(r);
}

int ini_stream_read(FILE *in, const char *file, const struct ini_calls *calls, void *arg,
		    struct err *e)
{
	struct reading r = { .in = in, .calls = calls, .arg = arg, .at = { file, 0, e } };
	int bad = ini_parse_stream(next_line, &r, take, &r);

	if (!r.err)
		flush(&r);
	/* inih goes on after a line that it does not know */
	if (bad > 0 && (!r.err || bad < r.at.line)) {
		r.at.line = bad;
		ini_error(&r.at, "not a line of an INI file");
		r.err = err_hint(e, "write [section], key = value, or ; before a comment");
	} else if (bad < 0 && !r.err) {
		r.err = err_set(e, -ENOMEM, "no memory");
	}
	free(r.name);
	free(r.value);
	free(r.line);
	return r.err;
}

int ini_file_read(const char *file, const struct ini_calls *calls, void *arg, struct err *e)
{
	/* not to wait for a writer, if it is a pipe */
	int fd = open(file, O_RDONLY | O_NONBLOCK | O_CLOEXEC), err;
	struct stat st;
	FILE *in;

	if (fd < 0)
		return err_set(e, -errno, "cannot read %s: %s", file, strerror(errno));
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return err_set(e, -EINVAL, "cannot read %s: it is not a regular file", file);
	}
	in = fdopen(fd, "r");
	if (!in) {
		close(fd);
		return err_set(e, -ENOMEM, "no memory");
	}
	err = ini_stream_read(in, file, calls, arg, e);
	fclose(in);
	return err;
}
