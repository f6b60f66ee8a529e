// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/units.h"
#include "report/exemplar.h"
#include "report/html.h"
#include "report/html_chart.h"
#include "report/html_parts.h"
#include "report/wait_text.h"

enum { ANY_WIDTH = 1000, MOST_TICKS = 5 };

/* Where a time is on the bar, in per cent. */
static double place(const struct run_exemplar *x, __u64 ns)
{
	return x->latency ? fmin(100.0 * ns / x->latency, 100) : 0;
}

static void block(FILE *out, const struct run_exemplar *x, const char *class, __u64 from, __u64 to,
		  const char *title, int number)
{
	double at = place(x, from), end = place(x, to);

	fprintf(out, "<span class=\"block %s\" style=\"left:%.3f%%;width:%.3f%%\" title=\"", class,
		at, fmax(end - at, 0));
	html_text(out, title);
	fputs("\">", out);
	if (number)
		fprintf(out, "<b>%d</b>", number);
	fputs("</span>", out);
}

/* A mark's name on the side where there is room. */
static void mark(FILE *out, const struct run_exemplar *x, const char *name, const char *class,
		 __u64 ns)
{
	char time[UNIT_LEN];
	double at = place(x, ns);

	if (mark_known(ns))
		fprintf(out, "<span class=\"mark %s%s\" style=\"left:%.3f%%\"><b>%s %s</b></span>",
			class, at > 50 ? " left" : "", at, name, fmt_ns(time, sizeof(time), ns));
}

static void ruler(FILE *out, const struct run_exemplar *x)
{
	double step = chart_step(x->latency, MOST_TICKS);
	char text[UNIT_LEN];

	fputs("<span class=\"ruler\">", out);
	for (double at = 0; at <= x->latency && step >= 1; at += step)
		fprintf(out,
			"<i style=\"left:%.3f%%\"></i><span class=\"%s\" "
			"style=\"left:%.3f%%\">%s</span>",
			100 * at / x->latency, at > 0.94 * x->latency ? "left" : "",
			100 * at / x->latency, chart_tick(text, at));
	fputs("</span>", out);
}

static void timeline(FILE *out, const struct run_exemplar *x)
{
	__u64 read = mark_known(x->read) && x->read <= x->latency ? x->read : 0;
	char class[STAGE_CLASS_LEN], title[96];

	fputs("<div class=\"timeline\" aria-hidden=\"true\">", out);
	mark(out, x, "read", "above", x->read);
	mark(out, x, "reply", "below", x->reply);
	fputs("<span class=\"lane\">", out);
	if (read)
		block(out, x, "socket", 0, read, "in the socket", 0);
	block(out, x, "running", read, x->latency, "running, or not known", 0);
	for (__u32 i = 0; i < exemplar_waits(x); i++) {
		const struct run_moment *m = &x->wait[i];
		char time[UNIT_LEN];

		snprintf(title, sizeof(title), "%u: %s, %s", i + 1, stage_name(m->stage),
			 fmt_ns(time, sizeof(time), m->end > m->start ? m->end - m->start : 0));
		block(out, x, chart_stage_class(class, m->stage), m->start, m->end, title, i + 1);
	}
	fputs("</span>", out);
	ruler(out, x);
	fputs("</div>\n", out);
}

static void waits(FILE *out, const struct run_exemplar *x)
{
	static const struct html_column columns[] = {
		{ .name = "#", .number = true },
		{ .name = "from", .number = true },
		{ .name = "to", .number = true },
		{ .name = "stage" },
		{ .name = "what" },
	};
	struct time_scale s = exemplar_scale(x);
	char text[WAIT_TEXT_LEN];
	struct html_table t;

	if (!exemplar_waits(x))
		return;
	html_table_open(&t, out, "Its waits", columns, 5);
	for (__u32 i = 0; i < exemplar_waits(x); i++) {
		struct wait_names names = names_of_moment(&x->wait[i]);

		snprintf(text, sizeof(text), "%u", i + 1);
		html_cell(&t, text);
		snprintf(text, sizeof(text), "%.*f", s.decimals, x->wait[i].start / s.ns);
		html_cell(&t, text);
		snprintf(text, sizeof(text), "%.*f %s", s.decimals, x->wait[i].end / s.ns, s.unit);
		html_cell(&t, text);
		html_cell_stage(&t, x->wait[i].stage);
		wait_text(text, &names, ANY_WIDTH);
		if (text[0])
			html_cell(&t, text);
		else
			html_cell_unknown(&t);
	}
	html_table_close(&t);
	if (x->waits_lost)
		fprintf(out, "<p class=\"note\">%s earlier wait%s not kept</p>\n",
			fmt_count(text, sizeof(text), x->waits_lost),
			x->waits_lost == 1 ? " was" : "s were");
}

static void request(FILE *out, const struct run_exemplar *x, size_t number)
{
	struct items about = { 0 }, stages = { 0 };
	double ns[NR_STAGES];
	char time[UNIT_LEN];

	exemplar_facts(x, &about);
	exemplar_stages(x, &stages);
	for (int st = 0; st < NR_STAGES; st++)
		ns[st] = x->stage[st];
	fprintf(out, "<article class=\"request\">\n<h4>#%zu <b>%s</b> <small>", number,
		fmt_ns(time, sizeof(time), x->latency));
	html_items(out, &about);
	fputs("</small></h4>\n", out);
	timeline(out, x);
	fputs("<div class=\"bars thin whole\"><span class=\"room\">", out);
	chart_stages(out, ns, x->latency, 1);
	fputs("</span></div>\n<p class=\"note\">its stages: ", out);
	html_items(out, &stages);
	fputs("</p>\n", out);
	waits(out, x);
	fputs("</article>\n", out);
}

void html_slowest(FILE *out, const struct run *r, const struct run_service *s, size_t n)
{
	size_t shown = s->n_slowest < n ? s->n_slowest : n;

	fputs("<h3>The slowest requests</h3>\n", out);
	if (!s->n_slowest) {
		fprintf(out, "<p class=\"note\">%s</p>\n",
			r->slowest_kept ? "No request was kept." : "Requests were not kept.");
		return;
	}
	fprintf(out,
		"<p class=\"note\">%zu of the %zu that were kept (--slowest N). Over its time: "
		"<i class=\"key socket\"></i>in the socket, <i class=\"key running\"></i>running or "
		"not known, and its waits in their stages’ colours, numbered. Only waits have a known "
		"place in time; the bar below has the stages by length.</p>\n",
		shown, s->n_slowest);
	for (size_t i = 0; i < shown; i++)
		request(out, &s->slowest[i], i + 1);
}
