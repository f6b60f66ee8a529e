// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lab/markdown.h"
#include "lab/path_fill.h"
#include "lab/path_print.h"
#include "report/html.h"

static const char style_sheet[] =
#include "course.css.inc"
	;

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

/* ---- contents */

static void contents_line(FILE *out, const struct path_state *s, const struct path_item *item)
{
	fprintf(out, "<li><b>%s</b> <a href=\"#%s\">", mark_of(s, item), item->name);
	html_say(out, "%s%s%s", item->number, *item->number ? " " : "", item->title);
	fputs("</a></li>\n", out);
}

static void contents_part(FILE *out, const struct path_state *s, enum path_kind kind,
			  const char *name)
{
	if (!path_next(s->path, kind, NULL))
		return;
	fputs("<p class=\"part\">", out);
	html_text(out, name);
	fputs("</p>\n<ul>\n", out);
	for (const struct path_item *i = NULL; (i = path_next(s->path, kind, i));)
		contents_line(out, s, i);
	fputs("</ul>\n", out);
}

static void contents(FILE *out, const struct path_state *s)
{
	fputs("<nav class=\"contents\" aria-label=\"Contents\">\n", out);
	for (const struct path_item *f = NULL; (f = path_next(s->path, PATH_PHASE, f));) {
		fputs("<p class=\"part\">", out);
		html_say(out, "Phase %s, %s", f->number, f->title);
		fputs("</p>\n<ul>\n", out);
		for (const struct path_item *u = NULL; (u = path_next(s->path, PATH_UNIT, u));)
			if (u->phase == f)
				contents_line(out, s, u);
		fputs("</ul>\n", out);
	}
	contents_part(out, s, PATH_RESOURCE, "Additional resources");
	contents_part(out, s, PATH_SUPPLEMENTARY, "Supplementary walk-throughs");
	fputs("<p class=\"part\"><a href=\"#checklist\">Completion checklist</a></p>\n</nav>\n",
	      out);
}

/* ---- where the reader stands */

static void tile(FILE *out, const char *name, const char *value)
{
	fputs("<div><dt>", out);
	html_text(out, name);
	fputs("</dt><dd>", out);
	html_text(out, value);
	fputs("</dd></div>\n", out);
}

static void tiles(FILE *out, const struct path_state *s)
{
	char text[64];

	fputs("<dl class=\"tiles\">\n", out);
	snprintf(text, sizeof(text), "%zu of %zu", s->units_done, s->units);
	tile(out, "units done", text);
	snprintf(text, sizeof(text), "%zu of %zu", s->core_passed, s->core);
	tile(out, "labs passed", text);
	tile(out, "articles left", path_minutes(text, sizeof(text), s->minutes_read));
	tile(out, "labs left", path_minutes(text, sizeof(text), s->minutes_labs));
	if (s->score.compared) {
		snprintf(text, sizeof(text), "× %.3g", exp(s->score.log_error));
		tile(out, "median error of predictions", text);
	}
	if (s->score.intervals) {
		snprintf(text, sizeof(text), "%zu of %zu", s->score.held, s->score.intervals);
		tile(out, "90 % intervals that held", text);
	}
	fputs("</dl>\n", out);
}

static void overview_row(FILE *out, const struct path_state *s, const struct path_item *u)
{
	char words[96];

	fprintf(out, "<tr><th scope=\"row\">%s <a href=\"#%s\">", mark_of(s, u), u->name);
	html_say(out, "%s %s", u->number, u->title);
	fputs("</a></th><td class=\"wide\">", out);
	html_text(out, u->about);
	fprintf(out, "</td><td class=\"n\">%.0f min</td><td>", u->minutes);
	html_text(out, path_item_words(words, sizeof(words), s, u));
	fputs("</td></tr>\n", out);
}

static void overview(FILE *out, const struct path_state *s)
{
	char words[96];

	fputs("<div class=\"scroll overview\">\n<table>\n<caption>The path</caption>\n"
	      "<thead><tr><th scope=\"col\">unit</th><th scope=\"col\" class=\"wide\">focus</th>"
	      "<th scope=\"col\" class=\"n\">article</th><th scope=\"col\">state</th></tr>"
	      "</thead>\n<tbody>\n",
	      out);
	for (const struct path_item *f = NULL; (f = path_next(s->path, PATH_PHASE, f));) {
		fputs("<tr class=\"phase\"><th scope=\"row\">", out);
		html_say(out, "Phase %s, %s", f->number, f->title);
		fputs("</th><td class=\"wide\"></td><td></td><td>", out);
		html_text(out, path_item_words(words, sizeof(words), s, f));
		fputs("</td></tr>\n", out);
		for (const struct path_item *u = NULL; (u = path_next(s->path, PATH_UNIT, u));)
			if (u->phase == f)
				overview_row(out, s, u);
	}
	fputs("</tbody>\n</table>\n</div>\n", out);
}

static void head(FILE *out, const struct path_state *s)
{
	fputs("<header>\n<p class=\"brand\">lvt · learning path</p>\n<h1>", out);
	html_text(out, s->path->title);
	fputs("</h1>\n<p class=\"lead\">", out);
	html_text(out, s->path->about);
	fputs("</p>\n", out);
	if (*s->path->prerequisites) {
		fputs("<p>", out);
		html_say(out, "Prerequisites: %s.", s->path->prerequisites);
		fputs("</p>\n", out);
	}
	tiles(out, s);
	if (*s->path->note) {
		fputs("<p class=\"finding\">", out);
		html_text(out, s->path->note);
		fputs("</p>\n", out);
	}
	if (s->next) {
		fputs("<p>Next: <code>", out);
		html_text(out, s->command);
		fputs("</code></p>\n", out);
	}
	overview(out, s);
	fputs("</header>\n", out);
}

/* ---- the articles */

static void lab_row(FILE *out, const struct lab_manifest *lab, const struct path_lab_state *l)
{
	char words[96];

	fputs("<tr><th scope=\"row\">", out);
	html_say(out, "%s %.3s %s%s", l->passed ? "✓" : "·", lab->id, lab->title,
		 lab->core ? "" : " (extra)");
	fputs("</th><td>", out);
	html_text(out, path_lab_words(words, sizeof(words), l));
	fprintf(out, "</td><td class=\"n\">%.0f min</td><td>", lab->minutes);
	html_text(out, lab->serves);
	fputs("</td><td>", out);
	html_text(out, lab->pays);
	fputs("</td></tr>\n", out);
}

static void labs_of(FILE *out, const struct path_state *s, const struct path_item *unit)
{
	bool any = false;

	for (size_t i = 0; i < s->labs->n; i++) {
		if (strcmp(s->labs->labs[i].unit, unit->name) != 0)
			continue;
		if (!any)
			fputs("<div class=\"scroll labs\">\n<table>\n<caption>Labs of this unit"
			      "</caption>\n<thead><tr><th scope=\"col\">lab</th><th scope=\"col\">"
			      "state</th><th scope=\"col\" class=\"n\">time</th><th scope=\"col\">"
			      "serves</th><th scope=\"col\">who pays</th></tr></thead>\n<tbody>\n",
			      out);
		any = true;
		lab_row(out, &s->labs->labs[i], &s->lab[i]);
	}
	if (any)
		fputs("</tbody>\n</table>\n</div>\n", out);
}

static int section(FILE *out, const struct path_state *s, const struct path_item *item,
		   struct err *e)
{
	const struct markdown_part part = { item->name, 1, true };
	char *text = path_article(s->path, item, e), *filled = NULL, words[96];
	size_t own = 0;
	int err = -ENOENT;

	if (text)
		filled = path_fill(text, s->labs, s->progress, &own, e);
	fprintf(out, "<section id=\"%s\">\n<h2>", item->name);
	html_say(out, "%s%s%s", item->number, *item->number ? " " : "", item->title);
	fputs("</h2>\n<p class=\"where\">", out);
	html_text(out, path_item_words(words, sizeof(words), s, item));
	if (own)
		html_say(out, " · %zu figure%s of your own runs", own, own == 1 ? "" : "s");
	fputs("</p>\n", out);
	if (filled)
		err = markdown_html_part(out, filled, &part, e);
	if (!err && item->kind == PATH_UNIT)
		labs_of(out, s, item);
	fputs("<p class=\"back\"><a href=\"#top\">To the top</a></p>\n</section>\n", out);
	free(text);
	free(filled);
	return err;
}

static void checklist(FILE *out, const struct path_state *s)
{
	fputs("<section id=\"checklist\">\n<h2>Completion checklist</h2>\n<div class=\"scroll\">\n"
	      "<table>\n<thead><tr><th scope=\"col\">part</th><th scope=\"col\" class=\"n\">done"
	      "</th></tr></thead>\n<tbody>\n",
	      out);
	for (const struct path_item *l = NULL; (l = path_next(s->path, PATH_CHECKLIST, l));) {
		const struct path_item_state *state = path_state_of(s, l);

		fputs("<tr><th scope=\"row\">", out);
		html_say(out, "%s %s", state->mark == PATH_DONE ? "✓" : "·", l->title);
		fprintf(out, "</th><td class=\"n\">%zu of %zu</td></tr>\n", state->done, state->of);
	}
	fputs("</tbody>\n</table>\n</div>\n</section>\n", out);
}

int path_html(FILE *out, const struct path_state *s, struct err *e)
{
	static const enum path_kind kinds[] = { PATH_UNIT, PATH_RESOURCE, PATH_SUPPLEMENTARY };
	char title[300];
	int err = 0;

	snprintf(title, sizeof(title), "%.250s – lvt", s->path->title);
	html_open_styled(out, title, style_sheet);
	fputs("<div id=\"top\" class=\"course\">\n", out);
	head(out, s);
	contents(out, s);
	fputs("<article>\n", out);
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		for (const struct path_item *i = NULL;
		     !err && (i = path_next(s->path, kinds[k], i));)
			err = section(out, s, i, e);
	checklist(out, s);
	fputs("</article>\n</div>\n", out);
	html_close(out);
	if (err)
		return err;
	errno = 0;
	if (fflush(out) || ferror(out))
		return err_set(e, errno ? -errno : -EIO, "cannot write the page: %s",
			       strerror(errno ?: EIO));
	return 0;
}
