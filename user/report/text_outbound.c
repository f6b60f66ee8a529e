// SPDX-License-Identifier: BSD-2-Clause
#include "report/text_waits.h"

#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "report/wait_text.h"

enum { OUTBOUND_ROWS = 6, COUNT_WIDTH = 12, TIME_WIDTH = 10 };

/* "127.0.0.1:5432 postgres (pid 812)", as much of it as there is room for. */
static const char *peer_name(char *buf, size_t size, const struct run_outbound *o, int room)
{
	char peer[PEER_LEN], task[TASK_LEN];

	fmt_peer(peer, sizeof(peer), &o->peer);
	snprintf(buf, size, "%s %s", peer, task_text(task, o->comm, o->pid));
	if ((int)utf8_width(buf) > room)
		snprintf(buf, size, "%s %s", peer, task_text(task, o->comm, 0));
	if ((int)utf8_width(buf) > room || !o->comm[0])
		snprintf(buf, size, "%s", peer);
	return buf;
}

static void print_peer(const struct page *p, const struct run_outbound *o, int width)
{
	char name[PEER_LEN + TASK_LEN], buf[UNIT_LEN], cell[256];
	struct dist first, last;

	hist_dist(o->first, o->first_sum, o->first_max, &first);
	hist_dist(o->last, o->last_sum, o->last_max, &last);
	peer_name(name, sizeof(name), o, width);
	if ((int)utf8_width(name) > width)
		fprintf(p->out, "  %s\n  %*s", name, width, "");
	else
		fprintf(p->out, "  %s", pad_right(cell, sizeof(cell), name, width));
	fmt_count(buf, sizeof(buf), last.count);
	fputs(pad_left(cell, sizeof(cell), buf, COUNT_WIDTH), p->out);
	const __u64 times[] = { first.p50, last.p50, last.p99 };

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		fmt_ns(buf, sizeof(buf), times[i]);
		fputs(pad_left(cell, sizeof(cell), last.count ? buf : "-", TIME_WIDTH), p->out);
	}
	fputc('\n', p->out);
}

void outbound_print(const struct page *p, const struct run_service *s)
{
	int width = p->columns - 2 - COUNT_WIDTH - 3 * TIME_WIDTH, widest = strlen("asked others");
	char name[PEER_LEN + TASK_LEN];

	for (size_t i = 0; i < s->n_outbound && i < OUTBOUND_ROWS; i++) {
		int w = utf8_width(peer_name(name, sizeof(name), &s->outbound[i], width));

		widest = w > widest ? w : widest;
	}
	if (!s->n_outbound)
		return;
	width = widest < width ? widest : width;
	fputc('\n', p->out);
	page_style(p, STYLE_DIM);
	fprintf(p->out, "  %-*s%*s%*s%*s%*s\n", width, "asked others", COUNT_WIDTH, "requests",
		TIME_WIDTH, "first p50", TIME_WIDTH, "last p50", TIME_WIDTH, "last p99");
	page_style(p, STYLE_PLAIN);
	for (size_t i = 0; i < s->n_outbound && i < OUTBOUND_ROWS; i++)
		print_peer(p, &s->outbound[i], width);
	if (s->n_outbound > OUTBOUND_ROWS)
		fprintf(p->out, "  and %zu more\n", s->n_outbound - OUTBOUND_ROWS);
}
