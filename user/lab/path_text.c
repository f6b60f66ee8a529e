// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "lab/markdown.h"
#include "lab/path_fill.h"
#include "lab/path_print.h"
#include "report/page.h"

enum {
	LABEL = 13,	 /* of the sentences at the end */
	UNIT_INDENT = 9, /* what is under a unit's title */
	TITLE = 34,
	LAB_TITLE = 30,
	MINUTES = 8,
};

/* "name ──────── right" over the whole width. */
static void heading(const struct page *p, const char *name, int style, const char *right)
{
	int n = p->columns - (int)utf8_width(name) - (int)utf8_width(right) - (*right ? 2 : 1);

	page_style(p, style);
	fputs(name, p->out);
	page_style(p, STYLE_PLAIN);
	fputc(' ', p->out);
	page_style(p, STYLE_DIM);
	page_repeat(p, "─", n);
	page_style(p, STYLE_PLAIN);
	fprintf(p->out, "%s%s\n", *right ? " " : "", right);
}

static const char *mark_of(const struct path_state *s, const struct path_item *item)
{
	switch (path_state_of(s, item)->mark) {
	case PATH_DONE:
		return "✓";
	case PATH_LOCKED:
		return "–";
	default:
		return item == s->next ? "▸" : "·";
	}
}

static void padded(const struct page *p, const char *text, int width, bool left)
{
	char buf[256];

	fputs(left ? pad_left(buf, sizeof(buf), text, width) :
		     pad_right(buf, sizeof(buf), text, width),
	      p->out);
}

static void lab_row(const struct page *p, const struct path_state *s, size_t i)
{
	const struct lab_manifest *lab = &s->labs->labs[i];
	const struct path_lab_state *l = &s->lab[i];
	char title[128], words[96], minutes[32];

	snprintf(title, sizeof(title), "%.3s %.100s%s", lab->id, lab->title,
		 lab->core ? "" : " (extra)");
	snprintf(minutes, sizeof(minutes), "%.0f min", lab->minutes);
	fprintf(p->out, "%*s%s ", UNIT_INDENT, "",
		l->passed	   ? "✓" :
		lab == s->next_lab ? "▸" :
		l->unfit	   ? "–" :
				     "·");
	padded(p, title, LAB_TITLE, false);
	padded(p, minutes, TITLE + MINUTES - LAB_TITLE - 2, true);
	fprintf(p->out, "  %s\n", path_lab_words(words, sizeof(words), l));
}

/* Why it can be done without a lab. */
static void unfit_lab(const struct page *p, const struct path_lab_state *l)
{
	char text[sizeof(l->why) + 80];

	snprintf(text, sizeof(text), "%s; the unit can be done without it.", l->why);
	page_text(p, UNIT_INDENT + 2, "", STYLE_PLAIN, text);
}

static void unit_rows(const struct page *p, const struct path_state *s, const struct path_item *u)
{
	const struct path_item_state *state = path_state_of(s, u);
	char minutes[32], words[96];

	fprintf(p->out, "  %s ", mark_of(s, u));
	padded(p, u->number, 5, false);
	page_style(p, u == s->next ? STYLE_BOLD : STYLE_PLAIN);
	padded(p, u->title, TITLE, false);
	page_style(p, STYLE_PLAIN);
	snprintf(minutes, sizeof(minutes), "%.0f min", u->minutes);
	padded(p, minutes, MINUTES, true);
	fprintf(p->out, "  %s\n", path_item_words(words, sizeof(words), s, u));
	page_style(p, STYLE_DIM);
	fprintf(p->out, "%*s%s%s\n", UNIT_INDENT, "", u->about,
		state->read && state->mark != PATH_DONE ? " · article read" : "");
	page_style(p, STYLE_PLAIN);
	for (size_t i = 0; i < s->labs->n; i++) {
		if (strcmp(s->labs->labs[i].unit, u->name) != 0)
			continue;
		lab_row(p, s, i);
		if (s->lab[i].unfit && !s->lab[i].passed)
			unfit_lab(p, &s->lab[i]);
	}
}

static void phases(const struct page *p, const struct path_state *s)
{
	char name[160], words[96];

	for (const struct path_item *f = NULL; (f = path_next(s->path, PATH_PHASE, f));) {
		snprintf(name, sizeof(name), "%s %.120s", f->number, f->title);
		fputc('\n', p->out);
		heading(p, name, STYLE_BOLD, path_item_words(words, sizeof(words), s, f));
		for (const struct path_item *u = NULL; (u = path_next(s->path, PATH_UNIT, u));)
			if (u->phase == f)
				unit_rows(p, s, u);
	}
}

static void readings(const struct page *p, const struct path_state *s, enum path_kind kind,
		     const char *name)
{
	if (!path_next(s->path, kind, NULL))
		return;
	fputc('\n', p->out);
	heading(p, name, STYLE_BOLD, "");
	for (const struct path_item *i = NULL; (i = path_next(s->path, kind, i));) {
		fprintf(p->out, "  %s ", mark_of(s, i));
		padded(p, i->title, TITLE, false);
		page_style(p, STYLE_DIM);
		fprintf(p->out, "  %s", i->name);
		page_style(p, STYLE_PLAIN);
		fputc('\n', p->out);
	}
}

static void sentence(const struct page *p, const char *label, const char *text)
{
	page_text(p, LABEL, label, STYLE_BOLD, text);
}

static void next_step(const struct page *p, const struct path_state *s)
{
	char text[512];

	if (!s->next)
		snprintf(text, sizeof(text), "Everything is done.");
	else if (s->next_lab)
		snprintf(text, sizeof(text), "%s   (%.200s, %.0f min)", s->command,
			 s->next_lab->title, s->next_lab->minutes);
	else
		snprintf(text, sizeof(text), "%s   (%.200s)", s->command, s->next->title);
	sentence(p, "next", text);
}

static void summary(const struct page *p, const struct path_state *s)
{
	char text[512], a[32], b[32];
	struct items lines = { 0 };

	for (const struct path_item *l = NULL; (l = path_next(s->path, PATH_CHECKLIST, l));) {
		const struct path_item_state *state = path_state_of(s, l);

		if (state->mark == PATH_DONE)
			items_add(&lines, "✓ %s", l->title);
		else
			items_add(&lines, "%s: %zu of %zu", l->title, state->done, state->of);
	}
	if (lines.len)
		sentence(p, "checklist", lines.text);
	if (s->minutes_read > 0 || s->minutes_labs > 0)
		snprintf(text, sizeof(text), "%s: %s of articles, %s of labs",
			 path_minutes(text + 256, 32, s->minutes_read + s->minutes_labs),
			 path_minutes(a, sizeof(a), s->minutes_read),
			 path_minutes(b, sizeof(b), s->minutes_labs));
	else
		snprintf(text, sizeof(text), "nothing of the core path");
	sentence(p, "left", text);
	sentence(p, "predictions", prediction_score_text(text, sizeof(text), &s->score));
	if (*s->path->note)
		sentence(p, "note", s->path->note);
	next_step(p, s);
}

static int printed(FILE *out, struct err *e)
{
	errno = 0;
	if (fflush(out) || ferror(out))
		return err_set(e, errno ? -errno : -EIO, "cannot write the path: %s",
			       strerror(errno ?: EIO));
	return 0;
}

int path_text(FILE *out, const struct path_state *s, struct err *e)
{
	char right[80], prerequisites[300];
	struct page p;

	page_open(&p, out);
	snprintf(right, sizeof(right), "%zu of %zu units · %zu of %zu labs", s->units_done,
		 s->units, s->core_passed, s->core);
	heading(&p, s->path->title, STYLE_BOLD, right);
	page_text(&p, 0, "", STYLE_PLAIN, s->path->about);
	if (*s->path->prerequisites) {
		snprintf(prerequisites, sizeof(prerequisites), "Prerequisites: %.250s.",
			 s->path->prerequisites);
		page_text(&p, 0, "", STYLE_PLAIN, prerequisites);
	}
	phases(&p, s);
	readings(&p, s, PATH_RESOURCE, "Additional resources");
	readings(&p, s, PATH_SUPPLEMENTARY, "Supplementary walk-throughs");
	fputc('\n', out);
	summary(&p, s);
	return printed(out, e);
}

/* ---- the checklist */

static void unit_missing(const struct page *p, const struct path_state *s,
			 const struct path_item *u)
{
	const struct path_item_state *state = path_state_of(s, u);
	struct items missing = { 0 };
	char label[200];

	if (!state->read)
		items_add(&missing, "article not read");
	for (size_t i = 0; i < s->labs->n; i++) {
		const struct lab_manifest *lab = &s->labs->labs[i];
		char words[96];

		if (!lab->core || s->lab[i].passed || strcmp(lab->unit, u->name) != 0)
			continue;
		items_add(&missing, "lab %.3s %s", lab->id,
			  path_lab_words(words, sizeof(words), &s->lab[i]));
	}
	snprintf(label, sizeof(label), "      %s %s %.120s", mark_of(s, u), u->number, u->title);
	fprintf(p->out, "%s\n", label);
	if (missing.len)
		page_text(p, 12, "", STYLE_PLAIN, missing.text);
}

static void line_rows(const struct page *p, const struct path_state *s,
		      const struct path_item *line)
{
	const struct path_item_state *l = path_state_of(s, line);

	page_style(p, STYLE_BOLD);
	fprintf(p->out, "  [%s] %s", l->mark == PATH_DONE ? "x" : " ", line->title);
	page_style(p, STYLE_PLAIN);
	fprintf(p->out, "   %zu of %zu\n", l->done, l->of);
	for (const struct path_item *u = NULL;
	     line->n_needs && (u = path_next(s->path, PATH_UNIT, u));)
		if (u->phase == line->needs[0])
			unit_missing(p, s, u);
	for (const struct path_item *i = NULL;
	     !line->n_needs && (i = path_next(s->path, PATH_SUPPLEMENTARY, i));)
		fprintf(p->out, "      %s %s%s\n", mark_of(s, i), i->title,
			path_state_of(s, i)->read ? "" : ": not read");
}

int path_checklist(FILE *out, const struct path_state *s, struct err *e)
{
	size_t done = 0, of = 0;
	char right[64];
	struct page p;

	for (const struct path_item *l = NULL; (l = path_next(s->path, PATH_CHECKLIST, l)); of++)
		done += path_state_of(s, l)->mark == PATH_DONE;
	page_open(&p, out);
	snprintf(right, sizeof(right), done == of ? "complete" : "%zu of %zu", done, of);
	heading(&p, "Completion checklist", STYLE_BOLD, right);
	for (const struct path_item *l = NULL; (l = path_next(s->path, PATH_CHECKLIST, l));) {
		fputc('\n', out);
		line_rows(&p, s, l);
	}
	fputc('\n', out);
	next_step(&p, s);
	return printed(out, e);
}

/* ---- an article */

int path_print_article(FILE *out, const struct path_state *s, const struct path_item *item,
		       int columns, bool colour, struct err *e)
{
	const struct path_item_state *state = path_state_of(s, item);
	char *text = path_article(s->path, item, e), *filled = NULL, called[80];
	int err = -ENOENT;

	if (text)
		filled = path_fill(text, s->labs, s->progress, NULL, e);
	if (state->mark == PATH_LOCKED)
		fprintf(out,
			"(This unit is locked: it builds on %s, which is not done. Reading it "
			"is free.)\n\n",
			path_item_called(called, sizeof(called), state->locked_by));
	if (filled)
		err = markdown_print(out, filled, columns, colour, e);
	free(text);
	free(filled);
	return err;
}
