// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/escape.h"
#include "base/units.h"
#include "report/compare.h"
#include "report/compare_parts.h"
#include "report/compare_words.h"
#include "report/page.h"

/* Columns of the table, and from what width of the page on there is room for the last two. */
enum {
	NAME = 12,
	VALUE = 10,
	RATIO = 9,
	INTERVAL = 20,
	WIDE_SHARE = 44,
	WIDE_INTERVAL = 64,
	WIDE_SAYING = 78
};
enum { STAGE = 20, MAX_STAGES = 8, CONDITION_INDENT = 14 };

/* A cell, right-aligned. */
static void cell(const struct page *p, const char *text, int width)
{
	char padded[128];

	fputs(pad_left(padded, sizeof(padded), text, width), p->out);
}

static void name_cell(const struct page *p, const char *text, int width)
{
	char padded[128];

	fputs(pad_right(padded, sizeof(padded), text, width), p->out);
}

static void heading(const struct page *p, const char *name, const char *const *cells,
		    const int *widths, int n)
{
	page_style(p, STYLE_DIM);
	name_cell(p, name, widths[0]);
	for (int i = 0; i < n; i++)
		cell(p, cells[i], widths[i + 1]);
	page_style(p, STYLE_PLAIN);
	fputc('\n', p->out);
}

static void value_row(const struct page *p, const struct compare_value *v, enum compare_metric m,
		      enum compare_method method)
{
	char text[UNIT_LEN], low[UNIT_LEN], high[UNIT_LEN], inside[2 * UNIT_LEN + 8] = "-";
	char label[32];

	snprintf(label, sizeof(label), "  %s", compare_metric_name(m));
	name_cell(p, label, NAME);
	cell(p, fmt_metric(text, sizeof(text), m, v->before), VALUE);
	cell(p, fmt_metric(text, sizeof(text), m, v->after), VALUE);
	cell(p, fmt_ratio(text, sizeof(text), v->ratio), RATIO - 1);
	if (!isnan(v->low) && (v->low > 0 || isfinite(v->high)))
		snprintf(inside, sizeof(inside), "%s to %s", fmt_ratio(low, sizeof(low), v->low),
			 fmt_ratio(high, sizeof(high), v->high));
	if (p->columns >= WIDE_INTERVAL)
		cell(p, inside, INTERVAL);
	if (p->columns >= WIDE_SAYING) {
		page_style(p, v->saying <= COMPARE_HIGHER ? STYLE_BOLD : STYLE_PLAIN);
		fprintf(p->out, "   %s", compare_saying_text(v, method));
		page_style(p, STYLE_PLAIN);
	}
	fputc('\n', p->out);
}

static void print_values(const struct page *p, const struct compare_service *s,
			 enum compare_method method)
{
	char inside[COMPARE_INTERVAL_LEN];
	const char *const cells[] = { "before", "after", "ratio", inside };
	static const int widths[] = { NAME, VALUE, VALUE, RATIO - 1, INTERVAL };

	compare_interval_name(s, inside);
	heading(p, "", cells, widths, p->columns >= WIDE_INTERVAL ? 4 : 3);
	for (int m = 0; m < NR_COMPARE_METRICS; m++)
		value_row(p, &s->values[m], m, method);
}

static void change_row(const struct page *p, const char *name, double before, double after,
		       double share)
{
	char text[UNIT_LEN + 2];

	name_cell(p, name, STAGE + 4);
	if (p->columns >= WIDE_INTERVAL) {
		cell(p, fmt_ns(text, sizeof(text), before), VALUE);
		cell(p, fmt_ns(text, sizeof(text), after), VALUE);
	}
	cell(p, fmt_change(text, sizeof(text), after - before), VALUE);
	if (!isnan(share) && p->columns >= WIDE_SHARE)
		cell(p, fmt_share(text, sizeof(text), share), VALUE);
	fputc('\n', p->out);
}

/* The stages that moved. */
static void print_anatomy(const struct page *p, const struct compare_anatomy *a)
{
	char name[64];
	int shown = 0;

	if (isnan(fmax(a->before_ns, a->after_ns)))
		return;
	snprintf(name, sizeof(name), "  at %s", a->at);
	change_row(p, name, a->before_ns, a->after_ns, NAN);
	for (int i = 0; i < NR_STAGES && shown < MAX_STAGES; i++) {
		const struct compare_stage *st = &a->stages[i];

		if (!compare_stage_moved(a, st))
			continue;
		snprintf(name, sizeof(name), "    %s", stage_name(st->stage));
		change_row(p, name, st->before_ns, st->after_ns,
			   compare_has_shares(a) ? st->share : NAN);
		shown++;
	}
	if (!shown)
		page_text(p, 4, "", STYLE_DIM, "no stage moved by 1 % of it");
}

void compare_anatomy_print(const struct page *p, const struct comparison *c,
			   const struct compare_service *s)
{
	static const char *const cells[] = { "before", "after", "change", "of change" };
	static const int widths[] = { STAGE + 4, VALUE, VALUE, VALUE, VALUE };
	static const int narrow[] = { STAGE + 4, VALUE, VALUE };
	bool wide = p->columns >= WIDE_INTERVAL;

	fputc('\n', p->out);
	if (!compare_stages_known(s)) {
		page_text(p, 2, "", STYLE_DIM,
			  "where it moved is not known: no stages in the runs");
		return;
	}
	heading(p, c->method == COMPARE_RANKS ? "  where it moved, means" : "  where it moved",
		wide ? cells : cells + 2, wide ? widths : narrow,
		wide			 ? 4 :
		p->columns >= WIDE_SHARE ? 2 :
					   1);
	for (int i = 0; i < COMPARE_ANATOMIES; i++)
		print_anatomy(p, &s->anatomy[i]);
}

/* A service on a line of its own, or wrapped. */
static void print_name(const struct page *p, const char *name)
{
	bool fits = (int)utf8_width(name) <= p->columns;

	page_style(p, fits ? STYLE_BOLD : STYLE_PLAIN);
	if (fits)
		fputs(name, p->out);
	page_style(p, STYLE_PLAIN);
	if (fits)
		fputc('\n', p->out);
	else
		page_text(p, 2, "", STYLE_PLAIN, name);
}

/* As in the report: the name, a rule, the requests. */
static void print_title(const struct page *p, const struct compare_service *s)
{
	char name[COMPARE_WORDS_LEN], count[2][UNIT_LEN], right[96];
	int fill;

	compare_service_name(s, name);
	snprintf(right, sizeof(right), "%s requests before, %s after",
		 fmt_count(count[0], sizeof(count[0]), s->requests[0]),
		 fmt_count(count[1], sizeof(count[1]), s->requests[1]));
	fill = p->columns - (int)(utf8_width(name) + 2 + utf8_width(right));
	if (fill < 1) {
		print_name(p, name);
		page_text(p, 2, "", STYLE_PLAIN, right);
		return;
	}
	page_style(p, STYLE_BOLD);
	fputs(name, p->out);
	page_style(p, STYLE_PLAIN);
	fputc(' ', p->out);
	page_style(p, STYLE_DIM);
	page_repeat(p, "─", fill);
	page_style(p, STYLE_PLAIN);
	fprintf(p->out, " %s\n", right);
}

static void print_service(const struct page *p, const struct comparison *c,
			  const struct compare_service *s)
{
	char text[128];

	fputc('\n', p->out);
	print_title(p, s);
	if (s->runs[0] < c->runs[0] || s->runs[1] < c->runs[1]) {
		snprintf(text, sizeof(text), "in %zu of %zu runs before, %zu of %zu after",
			 s->runs[0], c->runs[0], s->runs[1], c->runs[1]);
		page_text(p, 2, "", STYLE_WARNING, text);
	}
	print_values(p, s, c->method);
	if (!s->client)
		compare_anatomy_print(p, c, s);
}

static void print_conditions(const struct page *p, const struct comparison *c)
{
	char before[ESCAPE_FACTOR * 128 + 1], after[ESCAPE_FACTOR * 128 + 1], label[32];
	char text[2 * sizeof(before) + 256];

	for (size_t i = 0; i < c->n_conditions; i++) {
		const struct compare_condition *n = &c->conditions[i];

		if (!compare_condition_told(n))
			continue;
		escape_name(before, sizeof(before), n->before[0] ? n->before : "none");
		escape_name(after, sizeof(after), n->after[0] ? n->after : "none");
		if (!strcmp(before, after))
			snprintf(text, sizeof(text), "%s%s%s", before, n->warns ? ": " : "",
				 n->warns ? n->why : "");
		else
			snprintf(text, sizeof(text), "before %s; after %s%s%s", before, after,
				 n->warns ? ": " : "", n->warns ? n->why : "");
		snprintf(label, sizeof(label), "%s %s", n->warns ? "!" : " ", n->name);
		page_text(p, CONDITION_INDENT, label, n->warns ? STYLE_WARNING : STYLE_DIM, text);
	}
	for (int side = 0; side < 2; side++)
		for (size_t i = 0; i < c->n_unmatched[side]; i++) {
			escape_name(before, sizeof(before), c->unmatched[side][i]);
			snprintf(text, sizeof(text), "%s is only in runs %s", before,
				 side ? "after" : "before");
			page_text(p, CONDITION_INDENT, "! services", STYLE_WARNING, text);
		}
}

static void print_verdicts(const struct page *p, const struct comparison *c,
			   const struct fail_check *checks, size_t n_checks)
{
	char words[COMPARE_WORDS_LEN], name[COMPARE_WORDS_LEN], text[2 * COMPARE_WORDS_LEN + 2];

	for (size_t i = 0; i < c->n_services; i++) {
		compare_sentence(c, &c->services[i], c->options.primary, words);
		compare_service_name(&c->services[i], name);
		print_name(p, name);
		page_text(p, 2, "", STYLE_PLAIN, words);
		if (compare_others(c, &c->services[i], words))
			page_text(p, 2, "", STYLE_PLAIN, words);
	}
	for (size_t i = 0; i < n_checks; i++) {
		escape_name(name, sizeof(name), checks[i].text);
		snprintf(text, sizeof(text), "fail if %s: %s", name,
			 compare_answer_text(checks[i].answer));
		page_text(p, 2, "", STYLE_PLAIN, text);
	}
}

static void section(const struct page *p, const char *title)
{
	fputc('\n', p->out);
	page_style(p, STYLE_BOLD);
	fputs(title, p->out);
	page_style(p, STYLE_PLAIN);
	fputc('\n', p->out);
}

int compare_text(FILE *out, const struct comparison *c, const struct fail_check *checks,
		 size_t n_checks, struct err *e)
{
	char firmer[COMPARE_MAX_FIRMER][COMPARE_WORDS_LEN], method[COMPARE_WORDS_LEN];
	size_t n = compare_firmer(c, firmer);
	struct page p;

	page_open(&p, out);
	print_verdicts(&p, c, checks, n_checks);
	compare_method_text(c, method);
	page_text(&p, 2, "", STYLE_DIM, method);
	for (size_t i = 0; i < c->n_services; i++)
		print_service(&p, c, &c->services[i]);
	section(&p, "conditions");
	print_conditions(&p, c);
	section(&p, "what would make it firmer");
	for (size_t i = 0; i < n; i++)
		page_text(&p, 4, "  - ", STYLE_PLAIN, firmer[i]);
	errno = 0;
	if (fflush(out) || ferror(out))
		return err_set(e, errno ? -errno : -EIO, "cannot write the comparison: %s",
			       strerror(errno ? errno : EIO));
	return 0;
}
