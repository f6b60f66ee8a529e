// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "report/html.h"
#include "report/html_parts.h"
#include "report/wait_text.h"
#include "report/why.h"

#define SMALL_SHARE 0.005 /* of the latency */

enum { LEAST_ROWS = 3, FIRST_ROWS = 8, MOST_ROWS = 60, ANY_WIDTH = 1000 };

static const struct html_column columns[] = {
	{ .name = "stage" },
	{ .name = "what" },
	{ .name = "waits", .number = true, .wide = true },
	{ .name = "a request", .number = true },
	{ .name = "total", .number = true, .wide = true },
	{ .name = "share", .number = true },
};

struct sums {
	double latency, requests;
};

/* Times of a row; waits 0 = not known. */
static void figures(struct html_table *t, const struct sums *all, __u64 waits, double ns)
{
	if (waits)
		html_cell_count(t, waits);
	else
		html_cell_unknown(t);
	html_cell_ns(t, ns / all->requests);
	html_cell_ns(t, ns);
	html_cell_share(t, all->latency > 0 ? ns / all->latency : NAN);
}

static void what_ran(struct html_table *t, const struct run_wait *w)
{
	char task[TASK_LEN];

	if (is_throttled(w->stage, w->who, w->pid))
		html_text(t->out, "nobody: its cgroup was throttled");
	else
		html_text(t->out, task_text(task, w->who, w->pid));
	if (w->cgroup[0] && strcmp(w->cgroup, "/") != 0) {
		fputs(" <span class=\"dim path\">in ", t->out);
		html_text(t->out, w->cgroup);
		fputs("</span>", t->out);
	}
}

static void row(struct html_table *t, const struct sums *all, const struct run_wait *w)
{
	struct wait_names names = names_of_wait(w);
	char text[WAIT_TEXT_LEN];

	html_cell_stage(t, w->stage);
	html_cell_begin(t);
	wait_text(text, &names, ANY_WIDTH);
	if (w->other)
		fputs("<span class=\"dim\">all others</span>", t->out);
	else if (stage_is_runq(w->stage) && (w->who[0] || w->pid))
		what_ran(t, w);
	else if (text[0])
		html_text(t->out, text);
	else
		fputs("<span class=\"dim\">unknown</span>", t->out);
	html_cell_end(t);
	figures(t, all, w->other ? 0 : w->waits, w->ns); /* as in JSON */
}

/* Readers that were blocked themselves, while requests were in queue.blocked. */
static void reader_rows(struct html_table *t, const struct run_service *s, const struct sums *all)
{
	double mean[NR_READER_SLEEPS];
	char text[128];

	service_reader_sleeps(s, mean);
	for (int r = 0; r < NR_READER_SLEEPS; r++) {
		if (!reader_is_blocked(r) || !(mean[r] > 0))
			continue;
		html_cell_stage(t, STAGE_QUEUE_BLOCKED);
		snprintf(text, sizeof(text), "reader blocked %s", reader_sleep_meaning(r));
		html_cell(t, text);
		figures(t, all, 0, mean[r] * all->requests);
	}
}

static bool any_reader(const struct run_service *s)
{
	double mean[NR_READER_SLEEPS];
	bool any = false;

	service_reader_sleeps(s, mean);
	for (int r = 0; r < NR_READER_SLEEPS; r++)
		any |= reader_is_blocked(r) && mean[r] > 0;
	return any;
}

/* The rows of a table in their order, of which the first few are of interest to everybody. */
struct rows {
	const struct run_wait **wait;
	size_t n, first;
};

static struct rows rows_of(const struct run_service *s, bool runq, const struct sums *all)
{
	struct rows rows = { .wait = calloc(s->n_waits + 1, sizeof(*rows.wait)) };

	for (size_t i = 0; rows.wait && i < s->n_waits; i++)
		if (stage_is_runq(s->waits[i].stage) == runq)
			rows.wait[rows.n++] = &s->waits[i];
	while (rows.first < rows.n && rows.first < FIRST_ROWS &&
	       (rows.first < LEAST_ROWS || rows.wait[rows.first]->ns >= SMALL_SHARE * all->latency))
		rows.first++;
	return rows;
}

/* The others stand folded below; of very many, the first. */
static void others(FILE *out, const struct rows *rows, const char *caption, const struct sums *all)
{
	char share[UNIT_LEN], text[160];
	size_t from = rows->first, to = rows->n < MOST_ROWS ? rows->n : MOST_ROWS;
	struct html_table t;
	double ns = 0;

	for (size_t i = from; i < rows->n; i++)
		ns += rows->wait[i]->ns;
	snprintf(text, sizeof(text), "%zu more, %s of the latency together", rows->n - from,
		 fmt_share(share, sizeof(share), ns / all->latency));
	html_details(out, text);
	html_table_open(&t, out, caption, columns, 6);
	for (size_t i = from; i < to; i++)
		row(&t, all, rows->wait[i]);
	html_table_close(&t);
	if (to < rows->n)
		fprintf(out, "<p class=\"note\">and %zu smaller ones</p>\n", rows->n - to);
	fputs("</details>\n", out);
}

static void table(FILE *out, const struct run_service *s, bool runq, const char *caption)
{
	struct sums all = { service_latency_sum(s), service_requests(s) };
	struct rows rows = rows_of(s, runq, &all);
	struct html_table t;

	if (rows.n || (!runq && any_reader(s))) {
		html_table_open(&t, out, caption, columns, 6);
		for (size_t i = 0; i < rows.first; i++)
			row(&t, &all, rows.wait[i]);
		if (!runq)
			reader_rows(&t, s, &all);
		html_table_close(&t);
	}
	if (rows.first < rows.n)
		others(out, &rows, runq ? "The others that ran instead" : "The other waits", &all);
	free(rows.wait);
}

void html_waits(FILE *out, const struct run_service *s)
{
	table(out, s, false, "Waited for, while blocked");
	table(out, s, true, "Ran instead, while ready without a CPU");
}
