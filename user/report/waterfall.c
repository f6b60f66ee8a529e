// SPDX-License-Identifier: BSD-2-Clause
#include "report/waterfall.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "report/anatomy.h"
#include "report/wait_text.h"

#define STAGE_SHARE 0.01

enum { INDENT = 6, QUEUE = -1, RUN = -2 };

static const char numbers[LVT_EXEMPLAR_WAITS + 1] = "123456789abc";

/* A request as a row of cells: what each shows, and where a wait's number stands. */
struct bar {
	int width;
	int cell[PAGE_MAX_COLUMNS]; /* a wait's index, QUEUE or RUN */
	bool numbered[PAGE_MAX_COLUMNS];
};

static bool known(__u64 mark)
{
	return mark != UINT64_MAX;
}

static int cell_at(const struct run_exemplar *x, __u64 ns, int width)
{
	double at = x->latency ? (double)ns / x->latency * width : 0;

	return at < width ? (int)at : width - 1;
}

static __u32 n_waits(const struct run_exemplar *x)
{
	return x->n_waits < LVT_EXEMPLAR_WAITS ? x->n_waits : LVT_EXEMPLAR_WAITS;
}

/* A wait has at least one cell, that of its number, unless another one's number stands there. */
static void fill_bar(struct bar *b, const struct run_exemplar *x)
{
	int read = known(x->read) ? cell_at(x, x->read, b->width) : 0;

	for (int c = 0; c < b->width; c++) {
		b->cell[c] = c < read ? QUEUE : RUN;
		b->numbered[c] = false;
	}
	for (__u32 i = 0; i < n_waits(x); i++) {
		int from = cell_at(x, x->wait[i].start, b->width);
		int to = cell_at(x, x->wait[i].end, b->width);

		if (b->numbered[from] && from < to)
			from++;
		if (b->numbered[from])
			continue;
		b->numbered[from] = true;
		for (int c = from; c == from || c < to; c++)
			b->cell[c] = (int)i;
	}
}

static int cell_style(const struct run_exemplar *x, int what)
{
	return stage_style(what >= 0   ? x->wait[what].stage :
			   what == RUN ? STAGE_SERVICE_CPU :
					 STAGE_QUEUE_BUSY);
}

static void print_bar(const struct page *p, const struct run_exemplar *x)
{
	struct bar b = { .width = p->columns - INDENT };

	fill_bar(&b, x);
	fprintf(p->out, "%*s", INDENT, "");
	for (int c = 0; c < b.width; c++) {
		int what = b.cell[c];

		if (!c || what != b.cell[c - 1])
			page_style(p, cell_style(x, what));
		if (b.numbered[c])
			fputc(numbers[what], p->out);
		else
			fputs(what >= 0 ? "░" : what == RUN ? "█" : "▒", p->out);
		if (c + 1 == b.width || what != b.cell[c + 1])
			page_style(p, STYLE_PLAIN);
	}
	fputc('\n', p->out);
}

/* "read 1.2 ms": a mark's name and when it was. */
struct label {
	char text[48];
	int at, width;
};

static void set_label(struct label *l, const char *name, __u64 ns)
{
	char time[UNIT_LEN];

	snprintf(l->text, sizeof(l->text), "%s %s", name, fmt_ns(time, sizeof(time), ns));
	l->width = utf8_width(l->text);
}

/*
 * The marks' names as near to their places as they let each other: `read` begins at its own,
 * `reply` ends there. `from` and `to` are where there is room.
 */
static void place_labels(const struct run_exemplar *x, struct label *read, struct label *reply,
			 int from, int to)
{
	int width = to + strlen(" done");

	if (known(x->read)) {
		set_label(read, "read", x->read);
		read->at = cell_at(x, x->read, width);
		if (read->at > to - read->width)
			read->at = to - read->width;
		if (read->at < from)
			read->at = from;
	}
	if (known(x->reply)) {
		set_label(reply, "reply", x->reply);
		reply->at = cell_at(x, x->reply, width) - reply->width + 1;
		if (reply->at < from)
			reply->at = from;
		if (reply->at > to - reply->width)
			reply->at = to - reply->width;
	}
	if (!read->width || !reply->width || read->at + read->width < reply->at)
		return;
	reply->at = read->at + read->width + 1;
	if (reply->at > to - reply->width)
		reply->at = to - reply->width;
	read->at = reply->at - 1 - read->width;
}

/* A label that has no room, on a narrow page, is left out. */
static void print_marks(const struct page *p, const struct run_exemplar *x)
{
	int width = p->columns - INDENT, at = strlen("arrive");
	struct label labels[2] = { 0 };

	place_labels(x, &labels[0], &labels[1], at + 1, width - (int)strlen(" done"));
	fprintf(p->out, "%*sarrive", INDENT, "");
	for (int i = 0; i < 2; i++) {
		if (!labels[i].width || labels[i].at <= at)
			continue;
		fprintf(p->out, "%*s%s", labels[i].at - at, "", labels[i].text);
		at = labels[i].at + labels[i].width;
	}
	fprintf(p->out, "%*s\n", width - at, "done");
}

static void print_ruler(const struct page *p, const struct run_exemplar *x)
{
	int width = p->columns - INDENT;

	fprintf(p->out, "%*s", INDENT, "");
	page_style(p, STYLE_DIM);
	for (int c = 0; c < width; c++) {
		bool mark = (known(x->read) && c == cell_at(x, x->read, width)) ||
			    (known(x->reply) && c == cell_at(x, x->reply, width));

		fputs(!c ? "├" : c == width - 1 ? "┤" : mark ? "┼" : "─", p->out);
	}
	page_style(p, STYLE_PLAIN);
	fputc('\n', p->out);
}

/* "web (thread 812)"; a name of \xNN is cut. */
static void add_thread(struct items *l, const char *what, const char *comm, __u32 tid)
{
	char name[2 * LVT_COMM_LEN + 1];

	escape_name(name, sizeof(name), comm);
	if (name[0])
		items_add(l, "%s%s (thread %u)", what, name, tid);
	else
		items_add(l, "%sthread %u", what, tid);
}

static void print_head(const struct page *p, const struct run_exemplar *x, size_t number)
{
	char time[UNIT_LEN], peer[PEER_LEN], label[80];
	struct items l = { 0 };

	fmt_ns(time, sizeof(time), x->latency);
	snprintf(label, sizeof(label), "  #%-2zu %s  ", number, time);
	items_add(&l, "at %.3f s", x->at_s);
	if (x->client.family)
		items_add(&l, "client %s", fmt_peer(peer, sizeof(peer), &x->client));
	if (x->reader != x->tid)
		add_thread(&l, "read by ", x->reader_comm, x->reader);
	add_thread(&l, x->reader == x->tid ? "" : "answered by ", x->comm, x->tid);
	if (known(x->sent) && x->sent >= x->latency)
		items_add(&l, "sent +%s", fmt_ns(time, sizeof(time), x->sent - x->latency));
	if (known(x->acked) && x->acked >= x->latency)
		items_add(&l, "acknowledged +%s",
			  fmt_ns(time, sizeof(time), x->acked - x->latency));
	page_text(p, p->columns < 80 ? INDENT : (int)utf8_width(label), label, STYLE_BOLD, l.text);
}

/* Four digits for the whole request: all times of it have the same unit and decimals. */
struct scale {
	const char *unit;
	double ns;
	int decimals, width;
};

static struct scale scale_of(const struct run_exemplar *x)
{
	static const struct scale scales[] = {
		{ "ns", 1, 0, 0 }, { "µs", 1e3, 0, 0 }, { "ms", 1e6, 0, 0 }, { "s", 1e9, 0, 0 }
	};
	struct scale s = scales[0];

	for (size_t i = 1; i < sizeof(scales) / sizeof(scales[0]) && x->latency >= 1e4 * s.ns; i++)
		s = scales[i];
	if (s.ns > 1)
		s.decimals = x->latency >= 1e3 * s.ns ? 0 : x->latency >= 1e2 * s.ns ? 1 : 2;
	s.width = snprintf(NULL, 0, "%.*f", s.decimals, x->latency / s.ns);
	return s;
}

static void print_wait(const struct page *p, const struct run_moment *m, const struct scale *s,
		       int index, int name_width)
{
	char label[128], name[64], text[WAIT_TEXT_LEN];
	struct wait_names names = names_of_moment(m);
	int indent;

	snprintf(label, sizeof(label), "%*s%c  %*.*f – %*.*f %s  ", INDENT, "", numbers[index],
		 s->width, s->decimals, m->start / s->ns, s->width, s->decimals, m->end / s->ns,
		 s->unit);
	indent = utf8_width(label) + name_width + 2;
	wait_text(text, &names, p->columns - indent);
	pad_right(name, sizeof(name), stage_name(m->stage), text[0] ? name_width : 0);
	strcat(label, name);
	if (text[0])
		page_text(p, indent, label, STYLE_PLAIN, text);
	else
		fprintf(p->out, "%s\n", label);
}

static void print_waits(const struct page *p, const struct run_exemplar *x)
{
	struct scale s = scale_of(x);
	char lost[UNIT_LEN];
	int width = 0;

	for (__u32 i = 0; i < n_waits(x); i++)
		if ((int)strlen(stage_name(x->wait[i].stage)) > width)
			width = strlen(stage_name(x->wait[i].stage));
	for (__u32 i = 0; i < n_waits(x); i++)
		print_wait(p, &x->wait[i], &s, i, width);
	if (x->waits_lost)
		fprintf(p->out, "%*s%s earlier wait%s not kept\n", INDENT, "",
			fmt_count(lost, sizeof(lost), x->waits_lost),
			x->waits_lost == 1 ? " was" : "s were");
}

static void print_stages(const struct page *p, const struct run_exemplar *x)
{
	char time[UNIT_LEN], share[UNIT_LEN];
	bool told[NR_STAGES] = { false };
	struct items l = { 0 };

	for (;;) {
		int most = -1;

		for (int st = 0; st < NR_STAGES; st++)
			if (!told[st] && (most < 0 || x->stage[st] > x->stage[most]))
				most = st;
		if (most < 0 || x->stage[most] <= STAGE_SHARE * x->latency)
			break;
		told[most] = true;
		items_add(&l, "%s %s %s", stage_name(most),
			  fmt_ns(time, sizeof(time), x->stage[most]),
			  fmt_share(share, sizeof(share), (double)x->stage[most] / x->latency));
	}
	if (l.len)
		page_text(p, INDENT, "", STYLE_PLAIN, l.text);
}

void waterfall_print(const struct page *p, const struct run *r, const struct run_service *s,
		     size_t n)
{
	fputc('\n', p->out);
	if (!s->n_slowest) {
		page_text(p, 18, "  the slowest", STYLE_DIM,
			  r->slowest_kept ? "no request was kept" : "requests were not kept");
		return;
	}
	page_text(p, 18, "  the slowest", STYLE_DIM,
		  "▒ in the socket · █ running, or not known · 1░░ a wait");
	for (size_t i = 0; i < s->n_slowest && i < n; i++) {
		const struct run_exemplar *x = &s->slowest[i];

		fputc('\n', p->out);
		print_head(p, x, i + 1);
		print_marks(p, x);
		print_ruler(p, x);
		print_bar(p, x);
		print_waits(p, x);
		print_stages(p, x);
	}
}
