/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/check_text.h"
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "base/escape.h"
#include "base/units.h"
#include "report/anatomy.h"
#include "report/compare_parts.h"
#include "report/compare_words.h"
#include "report/page.h"

enum { NAME = 14, VALUE = 10, RATIO = 8, INTERVAL = 18, REQUIRED = 18, WIDE = 100, TEXT = 768 };

static void cell(const struct page *p, const char *text, int width)
{
	char padded[160];

	fputs(pad_left(padded, sizeof(padded), text, width), p->out);
}

static const char *figure_text(char *buf, size_t size, const char *figure, double value)
{
	return isnan(value) ? "-" : figure_format(buf, size, figure, value);
}

/* ---- the headline ---- */

static bool answers_alone(const struct lab_manifest *lab)
{
	for (size_t i = 0; i < lab->n_legs; i++)
		if (lab->legs[i].kind != LAB_LEG_ANSWER)
			return false;
	return true;
}

static void say_interval(const struct leg_result *l, const char *figure, char *text, size_t size)
{
	char low[UNIT_LEN], high[UNIT_LEN];

	*text = '\0';
	if (isnan(l->low) || (l->low <= 0 && isinf(l->high)))
		return; /* so few runs have none */
	if (l->ratio)
		snprintf(text, size, "%s to %s", fmt_ratio(low, sizeof(low), l->low),
			 fmt_ratio(high, sizeof(high), l->high));
	else
		snprintf(text, size, "%s to %s", figure_format(low, sizeof(low), figure, l->low),
			 figure_format(high, sizeof(high), figure, l->high));
}

void check_effect(const struct check_report *r, char *text, size_t size)
{
	size_t i = judged_headline(r->judged, r->lab), right = 0;
	const struct leg_result *l = &r->judged->legs[i];
	const char *figure = r->judged->figures[i];
	char before[UNIT_LEN], after[UNIT_LEN], ratio[UNIT_LEN], interval[TEXT / 4];

	if (answers_alone(r->lab)) {
		for (i = 0; i < r->lab->n_legs; i++)
			right += r->judged->legs[i].state == LEG_HOLDS;
		snprintf(text, size, "%zu of %zu answers are right", right, r->lab->n_legs);
		return;
	}
	say_interval(l, figure, interval, sizeof(interval));
	figure_text(after, sizeof(after), figure, l->after);
	if (l->ratio)
		snprintf(text, size, "%s: %s before, %s after, ratio %s%s%s%s", figure,
			 figure_text(before, sizeof(before), figure, l->before),
			 figure_text(after, sizeof(after), figure, l->after),
			 fmt_ratio(ratio, sizeof(ratio), l->estimate), *interval ? " (" : "",
			 interval, *interval ? ")" : "");
	else
		snprintf(text, size, "%s: %s%s%s%s", figure,
			 figure_text(after, sizeof(after), figure, l->after), *interval ? " (" : "",
			 interval, *interval ? ")" : "");
}

void check_failing(const struct check_report *r, char *text, size_t size)
{
	size_t len = 0;

	*text = '\0';
	for (size_t i = 0; i < r->lab->n_legs && len < size; i++) {
		const struct leg_result *l = &r->judged->legs[i];

		if (l->state != LEG_HOLDS)
			len += snprintf(text + len, size - len, "%s%s %s%s%s%s", len ? ", " : "",
					r->lab->legs[i].name, leg_state_name(l->state),
					*l->why ? " (" : "", l->why, *l->why ? ")" : "");
	}
}

static void print_verdict(const struct page *p, const struct check_report *r)
{
	const struct judged *j = r->judged;
	const char *title = judged_title(j->verdict);
	char text[TEXT];

	if (j->verdict == JUDGED_NOT_VALID)
		snprintf(text, sizeof(text), "%s; nothing is said about your service", j->why);
	else
		check_effect(r, text, sizeof(text));
	page_text(p, strlen(title) + 2, title,
		  j->verdict == JUDGED_PASSED || j->verdict == JUDGED_INCONCLUSIVE ? STYLE_BOLD :
										     STYLE_WARNING,
		  text);
}

static void print_runs(const struct page *p, const struct check_report *r)
{
	const struct session *s = r->measured->session;
	const struct trial_plan *plan = &s->trial.plan;
	struct items l = { 0 };

	items_add(&l, "%zu %s", r->measured->runs.n,
		  plan->alone		   ? "runs" :
		  r->measured->runs.n == 1 ? "pair of runs" :
					     "pairs of runs");
	items_add(&l, "%g s each after %g s", plan->seconds, plan->warm_up_s);
	if (s->outcome.discarded)
		items_add(&l, "%zu disturbed, and repeated", s->outcome.discarded);
	if (!plan->alone)
		items_add(&l, "order by seed %llu", (unsigned long long)plan->seed);
	page_text(p, 2, "", STYLE_DIM, l.text);
}

/* ---- legs ---- */

static void print_heading(const struct page *p, const char *title)
{
	fputc('\n', p->out);
	page_style(p, STYLE_BOLD);
	fputs(title, p->out);
	page_style(p, STYLE_PLAIN);
	fputc('\n', p->out);
}

static void print_columns(const struct page *p, bool alone)
{
	char padded[64];

	page_style(p, STYLE_DIM);
	fputs(pad_right(padded, sizeof(padded), "", NAME + 2), p->out);
	if (!alone)
		cell(p, "before", VALUE);
	cell(p, alone ? "measured" : "after", VALUE);
	if (!alone)
		cell(p, "ratio", RATIO);
	cell(p, "95 % interval", INTERVAL);
	if (p->columns >= WIDE)
		cell(p, "required", REQUIRED);
	page_style(p, STYLE_PLAIN);
	fputc('\n', p->out);
}

static void print_state(const struct page *p, enum leg_state s)
{
	page_style(p, s == LEG_HOLDS ? 32 : s == LEG_FAILS ? STYLE_WARNING : STYLE_BOLD);
	fprintf(p->out, "  %s", leg_state_name(s));
	page_style(p, STYLE_PLAIN);
}

static void print_numbers(const struct page *p, const struct check_report *r, size_t i)
{
	const struct leg_result *l = &r->judged->legs[i];
	const char *figure = r->judged->figures[i];
	bool alone = r->measured->session->trial.plan.alone;
	char text[UNIT_LEN], interval[TEXT / 4];

	say_interval(l, figure, interval, sizeof(interval));
	if (!alone)
		cell(p, figure_text(text, sizeof(text), figure, l->before), VALUE);
	cell(p, figure_text(text, sizeof(text), figure, l->after), VALUE);
	if (!alone)
		cell(p, l->ratio ? fmt_ratio(text, sizeof(text), l->estimate) : "", RATIO);
	cell(p, *interval ? interval : "-", INTERVAL);
}

static void print_leg(const struct page *p, const struct check_report *r, size_t i)
{
	const struct lab_leg *leg = &r->lab->legs[i];
	const struct leg_result *l = &r->judged->legs[i];
	char padded[128], text[TEXT], *about = fill(r->fill, leg->about, NULL);
	bool wide = p->columns >= WIDE, answer = leg->kind == LAB_LEG_ANSWER;

	fprintf(p->out, "  %s", pad_right(padded, sizeof(padded), leg->name, NAME));
	if (answer) {
		snprintf(text, sizeof(text), "you say %s",
			 *r->judged->answers[i] ? r->judged->answers[i] : "nothing yet");
		fputs(pad_right(padded, sizeof(padded), text, 2 * VALUE + RATIO), p->out);
	} else {
		print_numbers(p, r, i);
	}
	if (wide && !answer)
		cell(p, l->required, REQUIRED);
	print_state(p, l->state);
	fputc('\n', p->out);
	snprintf(text, sizeof(text), "%s%s%s%s%s", about ?: leg->about,
		 wide && !answer ? "" : "; required: ", wide && !answer ? "" : l->required,
		 *l->why ? "; " : "", l->why);
	page_text(p, 4, "    ", STYLE_DIM, text);
	free(about);
}

static void print_legs(const struct page *p, const struct check_report *r)
{
	static const char *const titles[LAB_LEG_KINDS] = {
		"as the client sees it",
		"the mechanism, in the kernel",
		"guards",
		"your answers",
	};

	for (int kind = 0; kind < LAB_LEG_KINDS; kind++) {
		bool first = true;

		for (size_t i = 0; i < r->lab->n_legs; i++) {
			if ((int)r->lab->legs[i].kind != kind)
				continue;
			if (first) {
				print_heading(p, titles[kind]);
				if (kind != LAB_LEG_ANSWER)
					print_columns(p, r->measured->session->trial.plan.alone);
			}
			first = false;
			print_leg(p, r, i);
		}
	}
}

/* ---- where the time went ---- */

static void print_moved(const struct page *p, const struct check_report *r)
{
	const struct session_runs *runs = &r->measured->runs;
	struct compare_options o = compare_options_default();
	struct compare_side side[TRIAL_ARMS];
	struct comparison c;

	if (!runs->n)
		return;
	if (r->measured->session->trial.plan.alone) {
		if (!runs->list[TRIAL_AFTER][0]->n_services)
			return;
		print_heading(p, "where the time goes, in the first run");
		anatomy_print(p, &runs->list[TRIAL_AFTER][0]->services[0]);
		return;
	}
	for (int arm = 0; arm < TRIAL_ARMS; arm++)
		side[arm] = (struct compare_side){ .runs = runs->list[arm], .n = runs->n };
	if (compare_runs(&side[0], &side[1], &o, &c, NULL))
		return;
	if (c.n_services) {
		print_heading(p, "where the time went, before and after");
		compare_anatomy_print(p, &c, &c.services[0]);
	}
	comparison_free(&c);
}

/* ---- what to do next ---- */

static void next_line(const struct page *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void next_line(const struct page *p, const char *fmt, ...)
{
	char text[TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	page_text(p, 4, "  - ", STYLE_PLAIN, text);
}

static void say_failing(const struct page *p, const struct check_report *r, enum leg_state state,
			const char *words)
{
	char names[256] = "";

	for (size_t i = 0; i < r->lab->n_legs; i++)
		if (r->judged->legs[i].state == state) {
			size_t len = strlen(names);

			snprintf(names + len, sizeof(names) - len, "%s%s", len ? ", " : "",
				 r->lab->legs[i].name);
		}
	if (*names)
		next_line(p, "%s: %s", words, names);
}

static void print_next(const struct page *p, const struct check_report *r)
{
	const char *id = r->lab->id, *folder = r->measured->session->path;
	char safe[ESCAPE_FACTOR * 512 + 1];

	print_heading(p, "next");
	switch (r->judged->verdict) {
	case JUDGED_PASSED:
		next_line(p, "lvt lab explain %.3s: what it was, and what it costs", id);
		next_line(p, "lvt lab next");
		break;
	case JUDGED_NOT_MET:
		if (r->untouched)
			next_line(
				p,
				"your service is still as it was shipped: change it first (lvt lab "
				"brief %.3s)",
				id);
		say_failing(p, r, LEG_FAILS, "does not hold yet");
		say_failing(p, r, LEG_UNKNOWN, "could not be measured");
		next_line(p, "lvt lab hint %.3s costs nothing; then check again", id);
		break;
	case JUDGED_INCONCLUSIVE:
		say_failing(p, r, LEG_UNDECIDED, "neither shown nor ruled out");
		say_failing(p, r, LEG_UNKNOWN, "could not be measured");
		next_line(p,
			  "check again with nothing else running, or with more pairs: --pairs %u",
			  2 * r->measured->session->trial.plan.pairs);
		break;
	case JUDGED_NOT_VALID:
		next_line(p, "%s", r->judged->advice);
		break;
	}
	next_line(p, "the runs are in %.400s; 'lvt report' prints each .hlog",
		  escape_name(safe, sizeof(safe), folder));
}

int check_text(FILE *out, const struct check_report *r, struct err *e)
{
	struct page p;

	page_open(&p, out);
	print_verdict(&p, r);
	print_runs(&p, r);
	if (r->measured->runs.n) {
		print_legs(&p, r);
		print_moved(&p, r);
	}
	print_next(&p, r);
	errno = 0;
	if (fflush(out) || ferror(out))
		return err_set(e, errno ? -errno : -EIO, "cannot write the result: %s",
			       strerror(errno ? errno : EIO));
	return 0;
}
