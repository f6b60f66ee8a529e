// SPDX-License-Identifier: BSD-2-Clause
#include "top/detail.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/peer.h"
#include "base/units.h"
#include "model/window.h"
#include "report/anatomy.h"
#include "report/findings.h"
#include "report/page.h"
#include "report/text_service.h"
#include "report/text_waits.h"
#include "report/waterfall.h"
#include "top/list.h"

enum { LABEL = 13, DRAWN = 2, SPAN_LEN = 48 };

struct spans {
	const struct run_service *all;	  /* since the start */
	const struct run_service *window; /* or NULL: not known */
	char window_title[SPAN_LEN], all_title[SPAN_LEN];
};

static bool has_requests(const struct run_service *s)
{
	return s && service_requests(s);
}

/* ---- figures ---- */

enum { RATE, P50, P90, P99, P99_9, MAX, MEAN, IN_FLIGHT, NR_FIGURES };

static const struct {
	const char *name;
	int width;
} figures[NR_FIGURES] = {
	{ "rate", 9 },	{ "p50", 8 }, { "p90", 8 },  { "p99", 8 },
	{ "p99.9", 8 }, { "max", 8 }, { "mean", 8 }, { "in flight", 10 },
};

/* Which have room: those that go first are the last ones here. */
static void choose_figures(bool shown[NR_FIGURES], int columns)
{
	static const int drop[] = { IN_FLIGHT, MEAN, P90, P99_9 };
	int width = LABEL;

	for (int i = 0; i < NR_FIGURES; i++) {
		shown[i] = true;
		width += figures[i].width;
	}
	for (size_t i = 0; i < sizeof(drop) / sizeof(drop[0]) && width > columns; i++) {
		shown[drop[i]] = false;
		width -= figures[drop[i]].width;
	}
}

static const char *figure(char buf[UNIT_LEN], const struct run_service *s, int which)
{
	struct dist d = { .mean = NAN };

	if (which == RATE)
		return fmt_rate(buf, UNIT_LEN, service_rps(s));
	if (which == IN_FLIGHT)
		return fmt_quantity(buf, UNIT_LEN, s->in_flight);
	service_latency(s, &d);
	const double value[] = {
		[P50] = d.p50,	   [P90] = d.p90, [P99] = d.p99,
		[P99_9] = d.p99_9, [MAX] = d.max, [MEAN] = d.mean,
	};

	return fmt_ns(buf, UNIT_LEN, d.count ? value[which] : NAN);
}

static void print_figures(const struct page *p, const struct run_service *s, const char *label,
			  const bool shown[NR_FIGURES])
{
	char text[UNIT_LEN], buf[128];

	if (!s)
		return;
	snprintf(buf, sizeof(buf), "  %s", label);
	fprintf(p->out, "%-*s", LABEL, buf);
	for (int i = 0; i < NR_FIGURES; i++)
		if (shown[i])
			fputs(pad_left(buf, sizeof(buf), figure(text, s, i), figures[i].width),
			      p->out);
	fputc('\n', p->out);
}

static void print_latency(const struct page *p, const struct spans *s)
{
	bool shown[NR_FIGURES];

	choose_figures(shown, p->columns);
	page_style(p, STYLE_DIM);
	fprintf(p->out, "%*s", LABEL, "");
	for (int i = 0; i < NR_FIGURES; i++)
		if (shown[i])
			fprintf(p->out, "%*s", figures[i].width, figures[i].name);
	fputc('\n', p->out);
	page_style(p, STYLE_PLAIN);
	print_figures(p, s->window, s->window_title, shown);
	print_figures(p, s->all, "since start", shown);
}

/* ---- over time ---- */

static void print_track(const struct page *p, const struct row *r, const char *name, bool p99,
			int style)
{
	char line[3 * TRACK_LEN + 1], most_text[UNIT_LEN];
	int width = p->columns - LABEL - (int)strlen("  at most 61.2 k/s");
	float value[TRACK_LEN];
	double most = 0;

	if (width > TRACK_LEN)
		width = TRACK_LEN;
	for (int i = 0; i < r->n_track; i++) {
		value[i] = p99 ? r->track[i].p99 : r->track[i].rps;
		if (i >= r->n_track - width && value[i] > most)
			most = value[i];
	}
	if (p99)
		fmt_ns(most_text, sizeof(most_text), most ? most : NAN);
	else
		fmt_rate(most_text, sizeof(most_text), most);
	page_style(p, STYLE_DIM);
	fprintf(p->out, "  %-*s", LABEL - 2, name);
	page_style(p, STYLE_PLAIN);
	page_style(p, style);
	fputs(sparkline(line, value, r->n_track, width, most), p->out);
	page_style(p, STYLE_PLAIN);
	page_style(p, STYLE_DIM);
	fprintf(p->out, "  at most %s\n", most_text);
	page_style(p, STYLE_PLAIN);
}

/* ---- the whole ---- */

static void print_warnings(const struct page *p, const struct run *r, const struct run_service *s)
{
	struct finding found[MAX_WARNINGS];
	size_t n = service_warnings(r, s, found);

	for (size_t i = 0; i < n; i++)
		if (strcmp(found[i].id, "came_later") && strcmp(found[i].id, "no_requests"))
			page_text(p, 4, "  !", STYLE_WARNING, found[i].text);
}

static void print_findings(const struct page *p, const struct run_service *s)
{
	struct finding found[MAX_FINDINGS];
	size_t n = service_findings(s, found);

	if (n)
		fprintf(p->out, "\n  since the start:\n");
	for (size_t i = 0; i < n; i++)
		page_text(p, 4, "  →", STYLE_BOLD, found[i].text);
}

/* The stage that took most of a request. */
static int main_stage(const struct run_exemplar *x)
{
	int most = 0;

	for (int st = 1; st < NR_STAGES; st++)
		if (x->stage[st] > x->stage[most])
			most = st;
	return most;
}

/* "  12.3 ms  4 s ago  service.net 33 %  web  127.0.0.1:40122" */
static void print_slow(const struct page *p, const struct run *r, const struct run_exemplar *x)
{
	char text[PEER_LEN], buf[PEER_LEN + 64], comm[ESCAPE_FACTOR * LVT_COMM_LEN + 1];
	int most = main_stage(x);

	fmt_ns(text, sizeof(text), x->latency);
	fputs(pad_left(buf, sizeof(buf), text, 10), p->out);
	snprintf(text, sizeof(text), "%.0f s ago", fmax(0, r->duration_s - x->at_s));
	fputs(pad_left(buf, sizeof(buf), text, 10), p->out);
	fprintf(p->out, "  %-15s", stage_name(most));
	fmt_share(text, sizeof(text), x->latency ? (double)x->stage[most] / x->latency : NAN);
	fputs(pad_left(buf, sizeof(buf), text, 6), p->out);
	escape_name(comm, sizeof(comm), x->comm);
	fprintf(p->out, "  %s", pad_right(buf, sizeof(buf), comm, LVT_COMM_LEN));
	fprintf(p->out, " %s\n", x->client.family ? fmt_peer(text, sizeof(text), &x->client) : "-");
}

static void print_slowest(const struct page *p, const struct run *r, const struct run_service *s)
{
	char buf[128];

	if (!s->n_slowest)
		return;
	snprintf(buf, sizeof(buf), "  slow requests of the last %d s", RECENT_S);
	fputc('\n', p->out);
	page_style(p, STYLE_DIM);
	fprintf(p->out, "%-45s  answered by      client\n", buf);
	page_style(p, STYLE_PLAIN);
	for (size_t i = 0; i < s->n_slowest && i < SLOWEST; i++)
		print_slow(p, r, &s->slowest[i]);
}

static void print_bars(const struct page *p, const struct spans *s)
{
	fputc('\n', p->out);
	if (!has_requests(s->window))
		anatomy_bars_print(p, s->all, s->all_title, NULL, NULL);
	else
		anatomy_bars_print(p, s->window, s->window_title, s->all, s->all_title);
}

static void print_service(const struct page *p, const struct frame *f, const struct row *r,
			  const struct spans *s, bool all)
{
	const struct run_service *chosen = all ? s->all : s->window;
	char name[SERVICE_NAME_LEN], processes[PROCESSES_LEN];

	title_print(p, service_name(s->all, name), service_processes(s->all, processes),
		    service_requests(s->all));
	print_warnings(p, frame_run(f), s->all);
	print_latency(p, s);
	if (!has_requests(s->all)) {
		fprintf(p->out, "\n  No request so far.\n");
		return;
	}
	print_track(p, r, "rate", false, STYLE_RUNNING);
	print_track(p, r, "p99", true, STYLE_QUEUE);
	print_bars(p, s);
	fputc('\n', p->out);
	page_style(p, STYLE_BOLD);
	fprintf(p->out, "  %s", all ? s->all_title : s->window_title);
	page_style(p, STYLE_PLAIN);
	page_style(p, STYLE_DIM);
	fprintf(p->out, " (w: %s)\n", all ? s->window_title : s->all_title);
	page_style(p, STYLE_PLAIN);
	if (has_requests(chosen))
		waits_print(p, chosen);
	else
		fprintf(p->out, "  No request.\n");
	print_slowest(p, frame_run(f), s->all);
	if (has_requests(chosen)) {
		fputc('\n', p->out);
		anatomy_print(p, chosen);
	}
	print_findings(p, s->all);
	if (s->all->n_slowest)
		waterfall_print(p, frame_run(f), s->all, DRAWN);
}

/* As people say it: an interval of 1 s is 0.999 s or 1.001 s long. */
static const char *span(char buf[UNIT_LEN], double seconds)
{
	if (seconds < 0.0995)
		return fmt_ns(buf, UNIT_LEN, seconds * 1e9);
	if (seconds < 99.95)
		snprintf(buf, UNIT_LEN, "%.1f s", seconds);
	else
		fmt_ns(buf, UNIT_LEN, seconds * 1e9);
	return buf;
}

char *detail_text(const struct frame *f, const struct row *r, bool all, int columns)
{
	const char *keys[NR_STAGES + 1] = { 0 };
	struct page p = { .columns = columns > PAGE_MAX_COLUMNS ? PAGE_MAX_COLUMNS : columns,
			  .colour = true,
			  .keys = keys,
			  .groups = true };
	struct spans s = { .all = frame_service(f, r->netns, r->port) };
	struct run_service window = { 0 };
	char *text = NULL, text_of_span[UNIT_LEN];
	size_t size;

	p.out = open_memstream(&text, &size);
	if (!p.out)
		return NULL;
	if (s.all && !frame_window(f, r->netns, r->port, &window))
		s.window = &window;
	if (s.window)
		snprintf(s.window_title, sizeof(s.window_title), "last %s",
			 span(text_of_span, window.window_s));
	if (s.all)
		snprintf(s.all_title, sizeof(s.all_title), "since the start, %s",
			 span(text_of_span, s.all->window_s));
	if (s.all)
		print_service(&p, f, r, &s, all);
	service_window_free(&window);
	if (fclose(p.out)) {
		free(text);
		return NULL;
	}
	return text;
}
