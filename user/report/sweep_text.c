// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/escape.h"
#include "base/units.h"
#include "report/anatomy.h"
#include "report/stage_bar.h"
#include "report/sweep_plot.h"
#include "report/sweep_words.h"

enum {
	LABEL = 13, /* of sentences */
	RATE = 9,
	TIME = 9,
	FLIGHT = 9,
	SHARE = 7,
	WIDE = 100,
	TOP_STAGES = 2,
};

#define SEEN_SHARE 0.01 /* a stage that never has more is not named */

static void cell(const struct page *p, const char *text, int width)
{
	char buf[64];

	fputs(pad_left(buf, sizeof(buf), text, width), p->out);
}

static void time_cell(const struct page *p, double ns)
{
	char text[UNIT_LEN];

	cell(p, sweep_time_text(text, ns), TIME);
}

static void flight_cell(const struct page *p, double n)
{
	char text[UNIT_LEN];

	cell(p, sweep_flight_text(text, n), FLIGHT);
}

static void apart_cell(const struct page *p, double apart)
{
	char text[UNIT_LEN];

	cell(p, sweep_apart_text(text, apart), TIME);
}

static void asked_cell(const struct page *p, const struct sweep *s, double at)
{
	char text[UNIT_LEN];

	if (s->mode == SWEEP_RATES)
		fmt_rate(text, sizeof(text), at);
	else
		snprintf(text, sizeof(text), "%.0f", at);
	cell(p, text, RATE);
}

static void print_head(const struct page *p, const struct sweep *s)
{
	char name[ESCAPE_FACTOR * sizeof(s->target) + 1];
	struct items head = { 0 }, more = { 0 };
	double seconds = NAN, warm_up = NAN;
	char from[UNIT_LEN], to[UNIT_LEN];

	items_add(&head, "%s", escape_name(name, sizeof(name), s->target));
	if (s->request[0])
		items_add(&head, "%s", escape_name(name, sizeof(name), s->request));
	items_add(&head, "%s",
		  s->service[0] ? escape_name(name, sizeof(name), s->service) :
				  "service not traced");
	if (s->host[0])
		items_add(&head, "%s", escape_name(name, sizeof(name), s->host));
	if (s->kernel[0])
		items_add(&head, "%s", escape_name(name, sizeof(name), s->kernel));
	if (s->cpus)
		items_add(&head, "%d CPU%s", s->cpus, s->cpus == 1 ? "" : "s");
	page_text(p, 0, "", STYLE_PLAIN, head.text);
	for (size_t i = 0; i < s->n; i++) {
		seconds = fmax(seconds, s->steps[i].seconds);
		warm_up = fmax(warm_up, s->steps[i].warm_up_s);
	}
	if (s->label[0])
		items_add(&more, "%s", escape_name(name, sizeof(name), s->label));
	items_add(&more, "%s loop%s%s", s->mode == SWEEP_RATES ? "open" : "closed",
		  s->arrivals[0] ? ", arrivals " : "",
		  escape_name(name, sizeof(name), s->arrivals));
	items_add(&more, "%zu step%s of %.3g s after %.3g s, %s to %s", s->n, s->n == 1 ? "" : "s",
		  seconds, warm_up, sweep_asked_text(from, s, s->from),
		  sweep_asked_text(to, s, s->to));
	if (s->started[0])
		items_add(&more, "started %s", escape_name(name, sizeof(name), s->started));
	page_text(p, 0, "", STYLE_PLAIN, more.text);
}

static void print_sentences(const struct page *p, const struct sweep_report *r)
{
	struct sweep_sentence said[SWEEP_MAX_SENTENCES];
	size_t n = sweep_sentences(r, said);

	for (size_t i = 0; i < n; i++)
		page_text(p, said[i].warns ? 2 : LABEL, said[i].label,
			  said[i].warns ? STYLE_WARNING : STYLE_BOLD, said[i].text);
}

/* ---- the steps */

/* "queue.busy 81 %, service.cpu 18 %": the largest ones. */
static void top_stages(const struct sweep_kernel *k, char text[128])
{
	bool told[NR_STAGES] = { false };
	char share[UNIT_LEN];
	size_t len = 0;

	text[0] = '\0';
	for (int i = 0; i < TOP_STAGES && k->mean > 0; i++) {
		int most = -1;

		for (int st = 0; st < NR_STAGES; st++)
			if (!told[st] && k->stage[st] >= SEEN_SHARE * k->mean &&
			    (most < 0 || k->stage[st] > k->stage[most]))
				most = st;
		if (most < 0)
			return;
		told[most] = true;
		fmt_share(share, sizeof(share), k->stage[most] / k->mean);
		len += snprintf(text + len, 128 - len, "%s%s %s", i ? ", " : "", stage_name(most),
				share);
	}
}

static void steps_heading(const struct page *p, const struct sweep *s, bool stages)
{
	char name[SLO_NAME_LEN];

	page_style(p, STYLE_DIM);
	cell(p, s->mode == SWEEP_RATES ? "asked" : "conns", RATE);
	cell(p, "carried", RATE + 1);
	cell(p, "p50", TIME);
	cell(p, "p99", TIME);
	if (p->columns >= WIDE)
		cell(p, "p99.9", TIME);
	if (sweep_objective_apart(s))
		cell(p, slo_name(name, &s->slo), TIME);
	cell(p, "in flight", FLIGHT + 1);
	cell(p, "busy", SHARE);
	if (stages)
		fputs("  where the mean went", p->out);
	page_style(p, STYLE_PLAIN);
	fputc('\n', p->out);
}

static void step_row(const struct page *p, const struct sweep_report *r,
		     const struct sweep_step *step, bool stages)
{
	const struct sweep *s = r->sweep;
	char text[UNIT_LEN], top[128];

	if (step->saturated)
		page_style(p, STYLE_WARNING);
	asked_cell(p, s, sweep_asked(s, step));
	cell(p, fmt_rate(text, sizeof(text), step->rate), RATE + 1);
	time_cell(p, step->p50);
	time_cell(p, step->p99);
	if (p->columns >= WIDE)
		time_cell(p, step->p99_9);
	if (sweep_objective_apart(s))
		time_cell(p, step->objective.value);
	fputc(' ', p->out);
	flight_cell(p, step->in_flight);
	cell(p, fmt_share(text, sizeof(text), sweep_utilisation(r, step - s->steps)), SHARE);
	top_stages(&step->kernel, top);
	if (step->saturated)
		fputs("  saturated", p->out);
	else if (step->late)
		fputs("  late generator", p->out);
	else if (stages && (int)strlen(top) + 2 + RATE * 2 + TIME * 3 + FLIGHT + SHARE > p->columns)
		fprintf(p->out, "  %.*s", (int)strcspn(top, ","), top);
	else if (stages)
		fprintf(p->out, "  %s", top);
	if (step->saturated)
		page_style(p, STYLE_PLAIN);
	fputc('\n', p->out);
}

static void print_steps(const struct page *p, const struct sweep_report *r)
{
	const struct sweep_step *sorted[SWEEP_MAX_STEPS];
	size_t n = sweep_sorted(r->sweep, sorted);
	bool stages = sweep_has_stages(r->sweep);

	steps_heading(p, r->sweep, stages);
	for (size_t i = 0; i < n; i++)
		step_row(p, r, sorted[i], stages);
}

/* ---- the stages at every rate */

static void bars_legend(const struct page *p, const double *most, const char *const *key)
{
	int column = 0;

	for (int st = 0; st < NR_STAGES; st++) {
		int width = 2 + (int)strlen(stage_name(st));

		if (most[st] < SEEN_SHARE)
			continue;
		if (!column || column + 3 + width > p->columns) {
			fprintf(p->out, "%s%*s", column ? "\n" : "", RATE + 2, "");
			column = RATE + 2;
		} else {
			column += fprintf(p->out, "   ");
		}
		page_style(p, stage_style(p, st));
		fputs(key[st], p->out);
		page_style(p, STYLE_PLAIN);
		fprintf(p->out, " %s", stage_name(st));
		column += width;
	}
	fputc('\n', p->out);
}

static void print_bars(const struct page *p, const struct sweep_report *r)
{
	const struct sweep_step *sorted[SWEEP_MAX_STEPS];
	size_t n = sweep_sorted(r->sweep, sorted);
	double most[NR_STAGES] = { 0 }, share[NR_STAGES];
	const char *key[NR_STAGES];
	int style[NR_STAGES];

	for (int st = 0; st < NR_STAGES; st++) {
		style[st] = stage_style(p, st);
		for (size_t i = 0; i < n; i++)
			if (sorted[i]->kernel.mean > 0)
				most[st] = fmax(most[st], sorted[i]->kernel.stage[st] /
								  sorted[i]->kernel.mean);
	}
	stage_keys(most, NR_STAGES, p->colour, key);
	page_style(p, STYLE_DIM);
	fprintf(p->out, "\nwhere a mean request's time went in the service%*s\n",
		p->columns - 47 - 1, "mean");
	page_style(p, STYLE_PLAIN);
	for (size_t i = 0; i < n; i++) {
		const struct sweep_kernel *k = &sorted[i]->kernel;

		if (!(k->mean > 0))
			continue;
		for (int st = 0; st < NR_STAGES; st++)
			share[st] = k->stage[st] / k->mean;
		asked_cell(p, r->sweep, sweep_asked(r->sweep, sorted[i]));
		fputs("  ", p->out);
		stage_bar(p, share, NR_STAGES, p->columns - RATE - 2 - TIME - 1, key, style);
		time_cell(p, k->mean);
		fputc('\n', p->out);
	}
	bars_legend(p, most, key);
}

/* ---- the law beside what was measured */

static void print_law(const struct page *p, const struct sweep_report *r)
{
	const struct sweep_step *sorted[SWEEP_MAX_STEPS];
	size_t n = sweep_sorted(r->sweep, sorted);
	char text[UNIT_LEN];

	page_style(p, STYLE_DIM);
	fprintf(p->out, "\n%s beside the kernel's view\n", sweep_law_name(text, &r->analysis->law));
	fprintf(p->out, "%*s%*s%*s%*s%*s%*s%*s\n", RATE, "asked", SHARE, "busy", TIME + 1, "mean",
		TIME + 2, "predicted", TIME, "apart", FLIGHT + 2, "in flight", FLIGHT + 2,
		"predicted");
	page_style(p, STYLE_PLAIN);
	for (size_t i = 0; i < n; i++) {
		const struct sweep_step *step = sorted[i];
		const struct queue_point *at = &r->analysis->at[step - r->sweep->steps];

		if (step->saturated || !isfinite(at->latency))
			continue;
		asked_cell(p, r->sweep, step->rate_intended);
		cell(p, fmt_share(text, sizeof(text), at->rho), SHARE);
		fputc(' ', p->out);
		time_cell(p, step->kernel.mean);
		fputs("  ", p->out);
		time_cell(p, at->latency);
		apart_cell(p, at->apart);
		fputs("  ", p->out);
		flight_cell(p, step->kernel.in_flight);
		fputs("  ", p->out);
		flight_cell(p, at->in_flight);
		fputc('\n', p->out);
	}
}

static void print_usl(const struct page *p, const struct sweep_report *r)
{
	const struct sweep_step *sorted[SWEEP_MAX_STEPS];
	size_t n = sweep_sorted(r->sweep, sorted);
	char text[UNIT_LEN];

	page_style(p, STYLE_DIM);
	fprintf(p->out, "\nuniversal scalability law beside what was carried\n%*s%*s%*s%*s\n", RATE,
		"conns", RATE + 1, "carried", RATE + 2, "fitted", TIME, "apart");
	page_style(p, STYLE_PLAIN);
	for (size_t i = 0; i < n; i++) {
		double fitted = usl_at(&r->analysis->usl, sorted[i]->connections);

		asked_cell(p, r->sweep, sorted[i]->connections);
		cell(p, fmt_rate(text, sizeof(text), sorted[i]->rate), RATE + 1);
		cell(p, fmt_rate(text, sizeof(text), fitted), RATE + 2);
		apart_cell(p, sorted[i]->rate / fitted - 1);
		fputc('\n', p->out);
	}
}

int sweep_text(FILE *out, const struct sweep_report *r, struct err *e)
{
	const struct sweep_step *sorted[SWEEP_MAX_STEPS];
	size_t n = sweep_sorted(r->sweep, sorted);
	struct page p;

	page_open(&p, out);
	print_head(&p, r->sweep);
	fputc('\n', out);
	print_sentences(&p, r);
	if (n) {
		fputc('\n', out);
		sweep_plot(&p, r);
		fputc('\n', out);
		print_steps(&p, r);
	}
	if (n && sweep_has_stages(r->sweep))
		print_bars(&p, r);
	if (!r->analysis->law.gap)
		print_law(&p, r);
	if (r->analysis->usl.known)
		print_usl(&p, r);
	errno = 0;
	if (fflush(out) || ferror(out))
		return err_set(e, errno ? -errno : -EIO, "cannot write the report: %s",
			       strerror(errno ? errno : EIO));
	return 0;
}
