// SPDX-License-Identifier: BSD-2-Clause
#include "store/run_read.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "store/reader.h"

int read_bad(struct reader *rd, const char *fmt, ...)
{
	char why[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	return err_set(rd->e, -EBADMSG, "%s:%lu: %s", rd->name, rd->number, why);
}

int read_no_memory(struct reader *rd)
{
	return err_set(rd->e, -ENOMEM, "%s:%lu: no memory for this run", rd->name, rd->number);
}

static int append(struct reader *rd, const char *p, size_t n)
{
	char *more;
	size_t room = rd->room;

	if (rd->len + n > READ_MAX_LINE)
		return read_bad(rd, "a line of more than %d MB", READ_MAX_LINE >> 20);
	while (rd->len + n + 1 > room)
		room = room ? 2 * room : 4096;
	if (room > rd->room) {
		more = realloc(rd->line, room);
		if (!more)
			return read_no_memory(rd);
		rd->line = more;
		rd->room = room;
	}
	memcpy(rd->line + rd->len, p, n);
	rd->len += n;
	rd->line[rd->len] = 0;
	return 0;
}

/* The next line, its newline included, to rd->line: 1, at the end 0, or -errno. */
static int next_line(struct reader *rd)
{
	int err = 0;

	rd->len = 0;
	rd->whole = false;
	rd->number++;
	while (!rd->whole && !err) {
		const char *start, *end;

		if (rd->at == rd->have) {
			rd->at = 0;
			rd->have = fread(rd->block, 1, READ_BLOCK, rd->in);
			if (!rd->have)
				break;
		}
		start = rd->block + rd->at;
		end = memchr(start, '\n', rd->have - rd->at);
		rd->whole = end;
		end = end ? end + 1 : rd->block + rd->have;
		err = append(rd, start, end - start);
		rd->at += end - start;
	}
	if (err)
		return err;
	if (ferror(rd->in))
		return err_set(rd->e, -EIO, "cannot read %s: %s", rd->name, strerror(errno));
	if (!rd->len)
		return 0;
	if (memchr(rd->line, 0, rd->len))
		return read_bad(rd, "not text: a byte of zero");
	return 1;
}

/*
 * Up to 15 digits with a point among them, as most are: both numbers of the quotient are exact, so it is
 * what strtod() gives, in a fifth of the time.
 */
static bool short_number(char **p, double *v)
{
	static const double powers[] = { 1,   1e1, 1e2,	 1e3,  1e4,  1e5,  1e6,	 1e7,
					 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15 };
	const char *c = *p, *point = NULL;
	__u64 n = 0;

	for (; (*c >= '0' && *c <= '9') || (*c == '.' && !point); c++) {
		if (*c == '.')
			point = c;
		else
			n = 10 * n + (*c - '0');
		if (c - *p > 15)
			return false;
	}
	if (*c != ',' || c == *p || (point && c - *p == 1))
		return false;
	*v = n / powers[point ? c - point - 1 : 0];
	*p = (char *)c + 1;
	return true;
}

/* A number and the comma after it. */
static bool take_number(char **p, double *v)
{
	char *end;

	if (short_number(p, v))
		return true;
	if (**p != '-' && **p != '.' && (**p < '0' || **p > '9'))
		return false;
	*v = strtod(*p, &end);
	if (end == *p || *end != ',' || !isfinite(*v))
		return false;
	*p = end + 1;
	return true;
}

static int cut_up(struct reader *rd, struct histogram_line *h)
{
	char *p = rd->line, *comma;

	*h = (struct histogram_line){ 0 };
	if (!strncmp(p, "Tag=", 4)) {
		comma = strchr(p, ',');
		if (!comma)
			return read_bad(rd, "a tag, but no histogram");
		*comma = 0;
		h->tag = p + 4;
		p = comma + 1;
	}
	if (!take_number(&p, &h->start) || !take_number(&p, &h->length) ||
	    !take_number(&p, &h->max))
		return read_bad(rd, "neither a comment nor START,LENGTH,MAX,HISTOGRAM");
	if (h->length < 0)
		return read_bad(rd, "an interval of negative length");
	h->text = p;
	h->len = strcspn(p, "\r\n");
	return 0;
}

int read_histogram(struct reader *rd, const struct histogram_line *h)
{
	const char *bad = hdr_decode(rd->hdr, h->text, h->len, rd->cells);

	return bad ? read_bad(rd, "%s", bad) : 0;
}

int read_watched(struct reader *rd, const struct run_service *s)
{
	int err = rd->watch ? rd->watch->interval(rd->watch->arg, s) : 0;

	return err ? err_set(rd->e, err, "%s:%lu: %s", rd->name, rd->number, strerror(-err)) : 0;
}

int read_new_service(struct reader *rd)
{
	struct run *r = rd->run;
	struct run_service *s;

	if (!r->services)
		r->services = calloc(LVT_MAX_SERVICES, sizeof(*r->services));
	if (!r->services)
		return read_no_memory(rd);
	if (r->n_services == LVT_MAX_SERVICES)
		return read_bad(rd, "more than %d services or tags", LVT_MAX_SERVICES);
	s = &r->services[r->n_services];
	s->in_flight = s->cpu_share = s->runq_share = NAN;
	s->sum = calloc(1, sizeof(*s->sum));
	return s->sum ? (int)r->n_services++ : read_no_memory(rd);
}

static int one_line(struct reader *rd)
{
	struct histogram_line h;
	int err;

	if (!strncmp(rd->line, RECORD_START, strlen(RECORD_START)))
		return read_record(rd);
	/* the text is cut up in place: the checksum first */
	rd->crc = crc32(rd->crc, (const Bytef *)rd->line, rd->len);
	if (rd->line[0] == '#') {
		foreign_comment(rd);
		return 0;
	}
	if (rd->line[0] == '"' || !rd->line[strspn(rd->line, " \t\r\n")])
		return 0;
	err = cut_up(rd, &h);
	if (err)
		return err;
	rd->histograms++;
	return rd->ours ? read_tagged(rd, &h) : foreign_histogram(rd, &h);
}

static int cut_line(struct reader *rd)
{
	read_bad(rd, "the line is cut in the middle");
	return err_hint(rd->e, "without it, the run can be read up to the interval before");
}

static int read_lines(struct reader *rd, char *warning)
{
	int err;

	while ((err = next_line(rd)) > 0) {
		if (rd->ended)
			return read_bad(rd, "something follows the end of the run");
		if (rd->ours && !rd->whole)
			return cut_line(rd);
		err = one_line(rd);
		if (err)
			return err;
	}
	if (err)
		return err;
	if (rd->number > 1)
		rd->number--;
	return rd->ours ? read_finish(rd, warning) : foreign_finish(rd, warning);
}

static int read_stream(FILE *in, const char *name, struct run *r, const struct run_watch *watch,
		       char warning[RUN_WARNING_LEN], struct err *e)
{
	struct reader *rd = calloc(1, sizeof(*rd));
	int err = -ENOMEM;

	*warning = 0;
	if (!rd)
		return err_set(e, err, "no memory to read %s", name);
	rd->in = in;
	rd->name = name;
	rd->run = r;
	rd->watch = watch;
	rd->e = e;
	rd->hdr = hdr_open();
	rd->cells = malloc(sizeof(*rd->cells));
	rd->block = malloc(READ_BLOCK);
	if (rd->hdr && rd->cells && rd->block)
		err = read_lines(rd, warning);
	else
		err_set(e, err, "no memory to read %s", name);
	pending_free(&rd->pending);
	hdr_free(rd->hdr);
	free(rd->cells);
	free(rd->block);
	free(rd->line);
	free(rd->closing.line);
	free(rd);
	return err;
}

int run_read_stream(FILE *in, const char *name, struct run *r, char warning[RUN_WARNING_LEN],
		    struct err *e)
{
	return read_stream(in, name, r, NULL, warning, e);
}

int run_read(const char *path, struct run *r, char warning[RUN_WARNING_LEN], struct err *e)
{
	return run_read_watched(path, r, NULL, warning, e);
}

int run_read_watched(const char *path, struct run *r, const struct run_watch *watch,
		     char warning[RUN_WARNING_LEN], struct err *e)
{
	FILE *in = fopen(path, "re");
	struct stat st;
	int err;

	if (!in || fstat(fileno(in), &st))
		err = err_set(e, -errno, "cannot read %s: %s", path, strerror(errno));
	else if (S_ISDIR(st.st_mode))
		err = err_set(e, -EISDIR, "cannot read %s: it is a folder", path);
	else
		err = read_stream(in, path, r, watch, warning, e);
	if (in)
		fclose(in);
	return err;
}
