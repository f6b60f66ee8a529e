// SPDX-License-Identifier: BSD-2-Clause
#include "report/waterfall.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "report/anatomy.h"
#include "report/exemplar.h"
#include "report/wait_text.h"

enum { INDENT = 6, QUEUE = -1, RUN = -2 };

static const char numbers[LVT_EXEMPLAR_WAITS + 1] = "123456789abc";

/* A request as a row of cells: what each shows, and where a wait's number stands. */
struct bar {
	int width;
	int cell[PAGE_MAX_COLUMNS]; /* a wait's index, QUEUE or RUN */
	bool numbered[PAGE_MAX_COLUMNS];
};

static int cell_at(const struct run_exemplar *x, __u64 ns, int width)
{
	double at = x->latency ? (double)ns / x->latency * width : 0;

	return at < width ? (int)at : width - 1;
}

/* A wait has at least one cell, that of its number, unless another one's number stands there. */
static void fill_bar(struct bar *b, const struct run_exemplar *x)
{
	int read = mark_known(x->read) ? cell_at(x, x->read, b->width) : 0;

	for (int c = 0; c < b->width; c++) {
		b->cell[c] = c < read ? QUEUE : RUN;
		b->numbered[c] = false;
	}
	for (__u32 i = 0; i < exemplar_waits(x); i++) {
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

static int cell_style(const struct page *p, const struct run_exemplar *x, int what)
{
	return stage_style(p, what >= 0	  ? x->wait[what].stage :
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
			page_style(p, cell_style(p, x, what));
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

	if (mark_known(x->read)) {
		set_label(read, "read", x->read);
		read->at = cell_at(x, x->read, width);
		if (read->at > to - read->width)
			read->at = to - read->width;
		if (read->at < from)
			read->at = from;
	}
	if (mark_known(x->reply)) {
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
		bool mark = (mark_known(x->read) && c == cell_at(x, x->read, width)) ||
			    (mark_known(x->reply) && c == cell_at(x, x->reply, width));

		fputs(!c ? "├" : c == width - 1 ? "┤" : mark ? "┼" : "─", p->out);
	}
	page_style(p, STYLE_PLAIN);
	fputc('\n', p->out);
}

static void print_head(const struct page *p, const struct run_exemplar *x, size_t number)
{
	char time[UNIT_LEN], label[80];
	struct items l = { 0 };

	fmt_ns(time, sizeof(time), x->latency);
	snprintf(label, sizeof(label), "  #%-2zu %s  ", number, time);
	exemplar_facts(x, &l);
	page_text(p, p->columns < 80 ? INDENT : (int)utf8_width(label), label, STYLE_BOLD, l.text);
}

static void print_wait(const struct page *p, const struct run_moment *m, const struct time_scale *s,
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
	struct time_scale s = exemplar_scale(x);
	char lost[UNIT_LEN];
	int width = 0;

	for (__u32 i = 0; i < exemplar_waits(x); i++)
		if ((int)strlen(stage_name(x->wait[i].stage)) > width)
			width = strlen(stage_name(x->wait[i].stage));
	for (__u32 i = 0; i < exemplar_waits(x); i++)
		print_wait(p, &x->wait[i], &s, i, width);
	if (x->waits_lost)
		fprintf(p->out, "%*s%s earlier wait%s not kept\n", INDENT, "",
			fmt_count(lost, sizeof(lost), x->waits_lost),
			x->waits_lost == 1 ? " was" : "s were");
}

static void print_stages(const struct page *p, const struct run_exemplar *x)
{
	struct items l = { 0 };

	exemplar_stages(x, &l);
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
