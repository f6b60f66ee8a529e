// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>

#include "base/units.h"
#include "report/html.h"
#include "report/html_sweep_parts.h"
#include "report/sweep_plot.h"
#include "report/sweep_words.h"

#define SEEN_SHARE 0.01 /* a stage that never has more has no column */

enum { MOST_COLUMNS = NR_STAGES + 2 };

struct rows {
	const struct sweep_report *r;
	const struct sweep_step *step[SWEEP_MAX_STEPS]; /* in the order of what was asked */
	size_t n;
};

static void cell_asked(struct html_table *t, const struct sweep *s, double at)
{
	char text[UNIT_LEN];

	if (s->mode == SWEEP_RATES)
		fmt_rate(text, sizeof(text), at);
	else
		snprintf(text, sizeof(text), "%.0f", floor(at)); /* only whole ones can be run */
	html_cell(t, text);
}

static void cell_rate(struct html_table *t, double rate)
{
	char text[UNIT_LEN];

	html_cell(t, fmt_rate(text, sizeof(text), rate));
}

static void cell_time(struct html_table *t, double ns)
{
	char text[UNIT_LEN];

	html_cell(t, isnan(ns) ? "-" : sweep_time_text(text, ns));
}

static void cell_flight(struct html_table *t, double n)
{
	char text[UNIT_LEN];

	html_cell(t, sweep_flight_text(text, n));
}

static void cell_share(struct html_table *t, double share)
{
	char text[UNIT_LEN];

	html_cell(t, isnan(share) ? "-" : fmt_share(text, sizeof(text), share));
}

static const char *asked_name(const struct sweep *s)
{
	return s->mode == SWEEP_RATES ? "asked" : "connections";
}

/* ---- which rate to run at */

static void point(struct html_table *t, const struct sweep *s, const char *name,
		  const struct balance_point *p)
{
	if (!p->known)
		return;
	html_cell(t, name);
	cell_asked(t, s, p->at);
	cell_rate(t, p->rate);
	cell_share(t, p->rate_share);
	cell_time(t, p->p50);
	cell_time(t, p->p99);
}

static void balance(FILE *out, const struct sweep_report *r)
{
	const struct html_column columns[] = {
		{ .name = "what comes first" },
		{ .name = asked_name(r->sweep), .number = true },
		{ .name = "carried", .number = true },
		{ .name = "of the most", .number = true, .wide = true },
		{ .name = "p50", .number = true },
		{ .name = "p99", .number = true },
	};
	const struct balance *b = &r->analysis->balance;
	struct html_table t;

	if (!b->latency.known && !b->throughput.known)
		return;
	html_table_open(&t, out, "Which rate to run at", columns, 6);
	point(&t, r->sweep, "latency", &b->latency);
	point(&t, r->sweep, "throughput", &b->throughput);
	html_table_close(&t);
}

/* ---- the steps */

static void interval(struct html_table *t, const struct bounded *b)
{
	char low[UNIT_LEN], high[UNIT_LEN], text[2 * UNIT_LEN + 16];

	if (isnan(b->low) || isnan(b->high))
		snprintf(text, sizeof(text), "-");
	else if (isinf(b->high))
		snprintf(text, sizeof(text), "%s or more", sweep_time_text(low, b->low));
	else
		snprintf(text, sizeof(text), "%s to %s", sweep_time_text(low, b->low),
			 sweep_time_text(high, b->high));
	html_cell(t, text);
}

static void step(struct html_table *t, const struct sweep_report *r, const struct sweep_step *p)
{
	const struct sweep *s = r->sweep;

	cell_asked(t, s, sweep_asked(s, p));
	cell_rate(t, p->rate);
	cell_time(t, p->p50);
	cell_time(t, p->p99);
	cell_time(t, p->p99_9);
	if (sweep_objective_apart(s))
		cell_time(t, p->objective.value);
	interval(t, &p->objective);
	cell_time(t, p->closed_p99);
	cell_flight(t, p->in_flight);
	cell_share(t, sweep_utilisation(r, p - s->steps));
	html_cell_count(t, p->failed);
	html_cell_begin(t);
	fputs(p->saturated ? "<b>saturated</b>" : p->late ? "late" : "", t->out);
	html_cell_end(t);
}

static void steps(FILE *out, const struct rows *rows)
{
	char objective[SLO_NAME_LEN], between[SLO_NAME_LEN + 32];
	struct html_column columns[12] = {
		{ .name = asked_name(rows->r->sweep), .number = true },
		{ .name = "carried", .number = true },
		{ .name = "p50", .number = true },
		{ .name = "p99", .number = true },
		{ .name = "p99.9", .number = true, .wide = true },
	};
	size_t n = 5;
	struct html_table t;

	slo_name(objective, &rows->r->sweep->slo);
	snprintf(between, sizeof(between), "%s, 95 %% interval", objective);
	if (sweep_objective_apart(rows->r->sweep))
		columns[n++] = (struct html_column){ .name = objective, .number = true };
	columns[n++] = (struct html_column){ .name = between, .number = true, .wide = true };
	columns[n++] =
		(struct html_column){ .name = "p99, closed loop", .number = true, .wide = true };
	columns[n++] = (struct html_column){ .name = "in flight", .number = true, .wide = true };
	columns[n++] = (struct html_column){ .name = "busy", .number = true };
	columns[n++] = (struct html_column){ .name = "failed", .number = true, .wide = true };
	columns[n++] = (struct html_column){ .name = "" };
	html_table_open(&t, out, "Steps", columns, n);
	for (size_t i = 0; i < rows->n; i++)
		step(&t, rows->r, rows->step[i]);
	html_table_close(&t);
}

/* ---- the stages at every rate */

static bool seen(const struct rows *rows, enum lvt_stage st)
{
	for (size_t i = 0; i < rows->n; i++) {
		const struct sweep_kernel *k = &rows->step[i]->kernel;

		if (k->mean > 0 && k->stage[st] >= SEEN_SHARE * k->mean)
			return true;
	}
	return false;
}

static void stages(FILE *out, const struct rows *rows)
{
	struct html_column columns[MOST_COLUMNS] = {
		{ .name = asked_name(rows->r->sweep), .number = true },
		{ .name = "mean", .number = true },
	};
	enum lvt_stage shown[NR_STAGES];
	struct html_table t;
	size_t n = 0;

	if (!sweep_has_stages(rows->r->sweep))
		return;
	for (int st = 0; st < NR_STAGES; st++)
		if (seen(rows, st)) {
			columns[n + 2] =
				(struct html_column){ .name = stage_name(st), .number = true };
			shown[n++] = st;
		}
	html_table_open(&t, out, "Where a mean request’s time went in the service", columns, n + 2);
	for (size_t i = 0; i < rows->n; i++) {
		const struct sweep_kernel *k = &rows->step[i]->kernel;

		if (!(k->mean > 0))
			continue;
		cell_asked(&t, rows->r->sweep, sweep_asked(rows->r->sweep, rows->step[i]));
		cell_time(&t, k->mean);
		for (size_t c = 0; c < n; c++)
			cell_share(&t, k->stage[shown[c]] / k->mean);
	}
	html_table_close(&t);
}

/* ---- the laws beside what was measured */

static void law(FILE *out, const struct rows *rows)
{
	static const struct html_column columns[] = {
		{ .name = "asked", .number = true },
		{ .name = "busy", .number = true },
		{ .name = "mean", .number = true },
		{ .name = "predicted", .number = true },
		{ .name = "apart", .number = true },
		{ .name = "in flight", .number = true, .wide = true },
		{ .name = "predicted", .number = true, .wide = true },
	};
	char name[UNIT_LEN], caption[UNIT_LEN + 32];
	struct html_table t;

	if (rows->r->analysis->law.gap)
		return;
	snprintf(caption, sizeof(caption), "%s beside the kernel’s view",
		 sweep_law_name(name, &rows->r->analysis->law));
	html_table_open(&t, out, caption, columns, 7);
	for (size_t i = 0; i < rows->n; i++) {
		const struct sweep_step *p = rows->step[i];
		const struct queue_point *at = &rows->r->analysis->at[p - rows->r->sweep->steps];

		if (p->saturated || !isfinite(at->latency))
			continue;
		cell_asked(&t, rows->r->sweep, p->rate_intended);
		cell_share(&t, at->rho);
		cell_time(&t, p->kernel.mean);
		cell_time(&t, at->latency);
		html_cell(&t, isnan(at->apart) ? "-" : sweep_apart_text(name, at->apart));
		cell_flight(&t, p->kernel.in_flight);
		cell_flight(&t, at->in_flight);
	}
	html_table_close(&t);
}

static void usl(FILE *out, const struct rows *rows)
{
	static const struct html_column columns[] = {
		{ .name = "connections", .number = true },
		{ .name = "carried", .number = true },
		{ .name = "fitted", .number = true },
		{ .name = "apart", .number = true },
	};
	const struct usl *u = &rows->r->analysis->usl;
	char text[UNIT_LEN];
	struct html_table t;

	if (!u->known)
		return;
	html_table_open(&t, out, "Universal scalability law beside what was carried", columns, 4);
	for (size_t i = 0; i < rows->n; i++) {
		double fitted = usl_at(u, rows->step[i]->connections);

		cell_asked(&t, rows->r->sweep, rows->step[i]->connections);
		cell_rate(&t, rows->step[i]->rate);
		cell_rate(&t, fitted);
		html_cell(&t, sweep_apart_text(text, rows->step[i]->rate / fitted - 1));
	}
	html_table_close(&t);
}

void html_sweep_tables(FILE *out, const struct sweep_report *r)
{
	struct rows rows = { .r = r };

	rows.n = sweep_sorted(r->sweep, rows.step);
	balance(out, r);
	steps(out, &rows);
	stages(out, &rows);
	law(out, &rows);
	usl(out, &rows);
}
