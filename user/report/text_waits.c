// SPDX-License-Identifier: BSD-2-Clause
#include "report/text_waits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/units.h"
#include "model/hist.h"
#include "report/wait_text.h"
#include "report/why.h"

#define SMALL_SHARE 0.005     /* of the latency: rows below are folded */
#define SMALL_RUNQ_SHARE 0.01 /* of the time ready without a CPU */
#define RUNQ_SHARE 0.01	      /* of the latency: who ran is told from here, */
#define RUNQ_TAIL_SHARE 0.1   /* or if it is so much of the slowest 1 % */

enum { WAITED_ROWS = 6, RAN_ROWS = 4, TASKS = 64, NAME_WIDTH = 15, LEAST_ROOM = 20 };

struct row {
	const struct run_wait *wait; /* NULL: a row without names */
	enum reader_sleep sleep;     /* of queue.blocked, if `name` is that */
	char name[ESCAPE_FACTOR * LVT_COMM_LEN + 1];
	double ns;
	__u64 waits;
};

struct table {
	const char *title, *share;
	double all; /* what shares are of, ns */
	struct row row[WAITED_ROWS + 1];
	int n;
};

struct widths {
	int name, time, share, waits, room;
};

static int by_time(const void *a, const void *b)
{
	double x = ((const struct row *)a)->ns, y = ((const struct row *)b)->ns;

	return x > y ? -1 : x < y;
}

/* The largest rows that are not small, and the rest as one if that is not small either. */
static void keep_largest(struct table *t, struct row *rows, size_t n, size_t most, double small,
			 double rest, __u64 waits)
{
	qsort(rows, n, sizeof(*rows), by_time);
	for (size_t i = 0; i < n; i++) {
		if (t->n < (int)most && rows[i].ns >= small * t->all) {
			t->row[t->n++] = rows[i];
			continue;
		}
		rest += rows[i].ns;
		waits += rows[i].waits;
	}
	if (t->n && rest >= small * t->all)
		t->row[t->n++] = (struct row){ .name = "other", .ns = rest, .waits = waits };
}

static void fill_waited(struct table *t, const struct run_service *s)
{
	struct row *rows = calloc(s->n_waits + NR_READER_SLEEPS, sizeof(*rows));
	double mean[NR_READER_SLEEPS], rest = 0;
	__u64 waits = 0;
	size_t n = 0;

	for (size_t i = 0; rows && i < s->n_waits; i++) {
		const struct run_wait *w = &s->waits[i];

		if (stage_is_runq(w->stage))
			continue;
		if (w->other) {
			rest += w->ns;
			waits += w->waits;
			continue;
		}
		rows[n] = (struct row){ .wait = w, .ns = w->ns, .waits = w->waits };
		strcpy(rows[n++].name, stage_name(w->stage));
	}
	service_reader_sleeps(s, mean);
	for (int r = 0; rows && r < NR_READER_SLEEPS; r++) {
		if (!reader_is_blocked(r))
			continue;
		rows[n] = (struct row){ .sleep = r, .ns = mean[r] * service_requests(s) };
		strcpy(rows[n++].name, stage_name(STAGE_QUEUE_BLOCKED));
	}
	if (rows)
		keep_largest(t, rows, n, WAITED_ROWS, SMALL_SHARE, rest, waits);
	free(rows);
}

static bool same_task(const struct run_wait *a, const struct run_wait *b)
{
	return a->pid == b->pid && !strcmp(a->who, b->who) && !strcmp(a->cgroup, b->cgroup);
}

/* Add a wait to its task's row; false: it is among the rest. */
static bool add_task(struct row *rows, size_t *n, const struct run_wait *w)
{
	size_t i = 0;

	if (w->other || !(w->who[0] || w->pid))
		return false;
	while (i < *n && !same_task(rows[i].wait, w))
		i++;
	if (i == TASKS)
		return false;
	if (i == *n) {
		rows[i] = (struct row){ .wait = w };
		if (is_throttled(w->stage, w->who, w->pid))
			strcpy(rows[i].name, "nobody");
		else
			escape_name(rows[i].name, NAME_WIDTH + 1, w->who[0] ? w->who : "(unknown)");
		(*n)++;
	}
	rows[i].ns += w->ns;
	rows[i].waits += w->waits;
	return true;
}

/* Tasks that ran, whether the request was in the queue or in service. */
static void fill_ran(struct table *t, const struct run_service *s)
{
	struct row rows[TASKS];
	double rest = 0;
	__u64 waits = 0;
	size_t n = 0;

	for (size_t i = 0; i < s->n_waits; i++) {
		const struct run_wait *w = &s->waits[i];

		if (!stage_is_runq(w->stage))
			continue;
		t->all += w->ns;
		if (!add_task(rows, &n, w)) {
			rest += w->ns;
			waits += w->waits;
		}
	}
	keep_largest(t, rows, n, RAN_ROWS, SMALL_RUNQ_SHARE, rest, waits);
}

static bool runq_matters(const struct run_service *s, double runq_ns)
{
	struct anatomy_row slow;

	service_tail(s, Q_P99, &slow);
	return runq_ns >= RUNQ_SHARE * service_latency_sum(s) ||
	       slow.stage_ns[STAGE_QUEUE_RUNQ] + slow.stage_ns[STAGE_SERVICE_RUNQ] >=
		       RUNQ_TAIL_SHARE * slow.latency_ns;
}

static void wider(int *width, const char *text)
{
	int w = utf8_width(text);

	if (w > *width)
		*width = w;
}

static void measure(struct widths *w, const struct table *t, double requests)
{
	char buf[UNIT_LEN];

	for (int i = 0; i < t->n; i++) {
		wider(&w->name, t->row[i].name);
		wider(&w->time, fmt_ns(buf, sizeof(buf), t->row[i].ns / requests));
		wider(&w->waits, fmt_count(buf, sizeof(buf), t->row[i].waits));
	}
}

/* The end of a path that fits, of whole folders if one does. "…" must have room behind it. */
static void fit_path(char *path, int room)
{
	const char *end = path;
	size_t used;

	if ((int)utf8_width(path) <= room)
		return;
	while (*end && (int)utf8_width(end) > room - 1)
		end = strchr(end + 1, '/') ?: end + strlen(end);
	if (!*end) {
		end = strrchr(path, '/') ?: path;
		for (; (int)utf8_width(end) > room - 1; end += used)
			utf8_decode(end, strlen(end), &used);
	}
	memmove(path + strlen("…"), end, strlen(end) + 1);
	memcpy(path, "…", strlen("…"));
}

static void task_detail(const struct run_wait *w, char *buf, size_t size, int room)
{
	char cgroup[ESCAPE_FACTOR * sizeof(w->cgroup) + sizeof("…")];
	int len = 0;

	if (is_throttled(w->stage, w->who, w->pid)) {
		snprintf(buf, size, "its cgroup was throttled");
		return;
	}
	if (w->pid)
		len = snprintf(buf, size, "pid %u", w->pid);
	if (!w->cgroup[0] || !strcmp(w->cgroup, "/"))
		return;
	escape_name(cgroup, sizeof(cgroup) - strlen("…"), w->cgroup);
	fit_path(cgroup, room - len - (int)strlen(", in "));
	snprintf(buf + len, size - len, "%sin %s", len ? ", " : "", cgroup);
}

static void row_detail(const struct row *r, char *buf, size_t size, int room)
{
	struct wait_names names;
	char text[WAIT_TEXT_LEN];

	buf[0] = '\0';
	if (r->wait && stage_is_runq(r->wait->stage)) {
		task_detail(r->wait, buf, size, room);
	} else if (r->wait) {
		names = names_of_wait(r->wait);
		snprintf(buf, size, "%s", wait_text(text, &names, room));
	} else if (r->sleep != READER_IDLE) {
		snprintf(buf, size, "reader blocked %s", reader_sleep_meaning(r->sleep));
	}
}

static void print_row(const struct page *p, const struct table *t, const struct row *r,
		      const struct widths *w, double requests)
{
	int indent = p->columns - w->room, room = w->room;
	char name[128], time[64], share[64], waits[64], figures[400], detail[2048];

	if (room < LEAST_ROOM) { /* no room beside the figures: below them */
		indent = 4;
		room = p->columns - indent;
	}
	fmt_ns(name, sizeof(name), r->ns / requests);
	pad_left(time, sizeof(time), name, 2 + w->time);
	fmt_share(name, sizeof(name), r->ns / t->all);
	pad_left(share, sizeof(share), name, 2 + w->share);
	if (r->waits)
		fmt_count(name, sizeof(name), r->waits);
	else
		strcpy(name, "·");
	pad_left(waits, sizeof(waits), name, 2 + w->waits);
	pad_right(name, sizeof(name), r->name, w->name);
	snprintf(figures, sizeof(figures), "  %s%s%s%s", name, time, share, waits);
	row_detail(r, detail, sizeof(detail), room);
	if (detail[0])
		page_text(p, indent, figures, STYLE_PLAIN, detail);
	else
		fprintf(p->out, "%s\n", figures);
}

static void print_table(const struct page *p, const struct table *t, const struct widths *w,
			double requests)
{
	fputc('\n', p->out);
	page_style(p, STYLE_DIM);
	fprintf(p->out, "  %-*s%*s%*s%*s", w->name, t->title, 2 + w->time, "a request",
		2 + w->share, t->share, 2 + w->waits, "waits");
	page_style(p, STYLE_PLAIN);
	fputc('\n', p->out);
	for (int i = 0; i < t->n; i++)
		print_row(p, t, &t->row[i], w, requests);
}

void waits_print(const struct page *p, const struct run_service *s)
{
	struct table waited = { .title = "waited for", .share = "share" };
	struct table ran = { .title = "ran instead", .share = "of runq" };
	struct widths w = { .name = strlen("ran instead "), .time = 7, .share = 7, .waits = 5 };
	double requests = service_requests(s);

	waited.all = service_latency_sum(s);
	fill_waited(&waited, s);
	fill_ran(&ran, s);
	if (!runq_matters(s, ran.all))
		ran.n = 0;
	measure(&w, &waited, requests);
	measure(&w, &ran, requests);
	w.room = p->columns - (2 + w.name + 2 + w.time + 2 + w.share + 2 + w.waits + 2);
	if (waited.n)
		print_table(p, &waited, &w, requests);
	if (ran.n)
		print_table(p, &ran, &w, requests);
}
