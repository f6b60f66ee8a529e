// SPDX-License-Identifier: BSD-2-Clause
#include "serve/pages.h"

#include <errno.h>
#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/recording.h"
#include "capture/snapshot.h"
#include "model/window.h"
#include "report/html.h"
#include "report/html_report.h"
#include "report/json.h"

static const char live_script[] =
#include "live.js.inc"
	;

/* ---- snapshots ---- */

static bool is_own(const struct pages *p, const struct run_service *s)
{
	for (__u32 i = 0; s->port == p->own_port && i < s->n_pids && i < RUN_MAX_PIDS; i++)
		if (s->pids[i] == (__u32)getpid())
			return true;
	return false;
}

static int take(const struct pages *p, struct run *r, struct err *e)
{
	int err;

	run_free(r);
	err = snapshot_take(p->tracer, r, e);
	if (err) {
		run_free(r);
		return err;
	}
	for (size_t i = 0; i < r->n_services; i++)
		if (is_own(p, &r->services[i]))
			run_drop_service(r, i--);
	return 0;
}

static bool fresh(double at, double now)
{
	return at > 0 && now - at < PAGES_FRESH_S;
}

static int take_run(struct pages *p, double now, struct err *e)
{
	int err = fresh(p->run_at, now) ? 0 : take(p, &p->run, e);

	if (err)
		p->run_at = 0;
	else if (!fresh(p->run_at, now))
		p->run_at = now;
	return err;
}

/* The latest that is at least so many seconds before the run's end, else the earliest there is. */
static const struct past *past_before(const struct pages *p, const struct run *r, double seconds)
{
	size_t kept = p->n_past < PAGES_PASTS ? p->n_past : PAGES_PASTS;
	const struct past *found = NULL;

	for (size_t i = 1; i <= kept; i++) {
		found = &p->past[(p->n_past - i) % PAGES_PASTS];
		if (r->duration_s - found->run.duration_s >= seconds)
			return found;
	}
	/* younger than that: then since the start, unless its beginnings are forgotten */
	return p->n_past > PAGES_PASTS ? found : NULL;
}

static int take_window(struct pages *p, unsigned int seconds, double now, struct err *e)
{
	const struct past *past;
	int err;

	if (p->window_s == seconds && fresh(p->window_at, now))
		return 0;
	p->window_at = 0;
	err = take(p, &p->window, e);
	if (err)
		return err;
	past = past_before(p, &p->window, seconds);
	if (past && run_window(&p->window, past)) {
		run_free(&p->window);
		return err_set(e, -ENOMEM, "no memory for an answer");
	}
	p->window_at = now;
	p->window_s = seconds;
	return 0;
}

double pages_due(const struct pages *p)
{
	return p->next_past;
}

/* Now and then all that is not needed for the next answer. */
static void forget(struct pages *p)
{
	run_free(&p->run);
	run_free(&p->window);
	p->run_at = p->window_at = 0;
	malloc_trim(0);
}

int pages_work(struct pages *p, double now, struct err *e)
{
	struct past *slot = &p->past[p->n_past % PAGES_PASTS];
	double apart = getenv("LVT_HASTE") ? 1 : PAGES_PAST_S; /* the tests do not wait */
	int err;

	if (now < p->next_past)
		return 0;
	err = take_run(p, now, e);
	if (err)
		return err;
	past_free(slot);
	err = past_take(slot, &p->run);
	if (err) {
		past_free(slot);
		return err_set(e, err, "no memory to keep a snapshot");
	}
	p->n_past++;
	if (!p->series)
		p->series = series_new();
	/* the first one is of the trace's first moment */
	if (!p->series || (p->n_past > 1 && series_look(p->series, &p->run)))
		return err_set(e, -ENOMEM, "no memory to keep a snapshot");
	forget(p);
	/* at most 0.5 % of a CPU */
	p->next_past = now + fmax(apart, 200 * (recording_now() - now));
	return 0;
}

/* ---- answers ---- */

static const struct html_view views[] = {
	{ "last 10 s", "/?window=10" },
	{ "last minute", "/?window=60" },
	{ "since the start", "/" },
	{ 0 },
};

static int live_page(FILE *out, const struct run *r, unsigned int window, struct err *e)
{
	struct html_live live = { .script = "/live.js", .views = views };
	char href[32] = "/";

	if (window)
		snprintf(href, sizeof(href), "/?window=%u", window);
	for (const struct html_view *v = views; v->name; v++)
		if (!strcmp(v->href, href))
			live.view = v;
	return report_html_live(out, r, &live, e);
}

static int metrics(struct pages *p, FILE *out, bool openmetrics, struct err *e)
{
	struct openmetrics_live live = { .text = !openmetrics,
					 .recent = past_before(p, &p->run, 2 * PAGES_PAST_S),
					 .memory = &p->memory };

	return report_openmetrics_live(out, &p->run, &live, e);
}

/* Of many services all the slowest requests would be most of the document, and of the memory it takes. */
static int json(FILE *out, const struct run *r, struct err *e)
{
	struct run_service *services = malloc((r->n_services + 1) * sizeof(*services));
	struct run shown = *r;
	int err;

	if (!services)
		return err_set(e, -ENOMEM, "no memory for an answer");
	memcpy(services, r->services, r->n_services * sizeof(*services));
	for (size_t i = 0; i < r->n_services; i++)
		if (services[i].n_slowest > PAGES_SLOWEST)
			services[i].n_slowest = PAGES_SLOWEST;
	shown.services = services;
	err = report_json(out, &shown, e);
	free(services);
	return err;
}

static int print(struct pages *p, const struct page_wish *w, double now, FILE *out, struct err *e)
{
	const struct run *r = w->window ? &p->window : &p->run;
	int err = 0;

	if (w->name == PAGE_SCRIPT || w->name == PAGE_HEALTH) {
		fputs(w->name == PAGE_SCRIPT ? live_script : "ok\n", out);
		return 0;
	}
	err = w->window ? take_window(p, w->window, now, e) : take_run(p, now, e);
	if (err)
		return err;
	if (w->name == PAGE_METRICS)
		return metrics(p, out, w->openmetrics, e);
	if (w->name == PAGE_REPORT)
		return json(out, r, e);
	if (!w->window && p->series)
		series_show(p->series, &p->run);
	return live_page(out, r, w->window, e);
}

int pages_make(struct pages *p, const struct page_wish *w, double now, struct answer *answer,
	       struct err *e)
{
	FILE *out = open_memstream(&answer->body, &answer->size);
	bool bad;
	int err;

	if (!out)
		return err_set(e, -ENOMEM, "no memory for an answer");
	answer->at = now;
	err = print(p, w, now, out, e);
	if (w->name == PAGE_METRICS || w->name == PAGE_REPORT || w->name == PAGE_LIVE)
		answer->at = w->window ? p->window_at : p->run_at;
	bad = ferror(out);
	if ((fclose(out) || bad) && !err)
		err = err_set(e, -ENOMEM, "no memory for an answer");
	if (err) {
		free(answer->body);
		answer->body = NULL;
	}
	return err;
}

void pages_free(struct pages *p)
{
	for (size_t i = 0; i < PAGES_PASTS; i++)
		past_free(&p->past[i]);
	run_free(&p->run);
	run_free(&p->window);
	series_free(p->series);
}
