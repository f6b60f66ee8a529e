// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "report/compare.h"
#include "report/compare_words.h"
#include "report/html.h"
#include "report/html_compare_parts.h"
#include "report/html_part.h"
#include "report/html_parts.h"

static const char style_sheet[] =
#include "compare.css.inc"
	;

enum { LINK_BYTES = 40 }; /* more in the head for a service that has a section */

static void warning(FILE *out, const struct compare_condition *n)
{
	fputs("<p class=\"warning\">", out);
	if (strcmp(n->before, n->after))
		html_say(out, "%s: before %s, after %s: %s", n->name,
			 n->before[0] ? n->before : "none", n->after[0] ? n->after : "none",
			 n->why);
	else
		html_say(out, "%s: %s: %s", n->name, n->before, n->why);
	fputs("</p>\n", out);
}

static void warnings(FILE *out, const struct comparison *c)
{
	for (size_t i = 0; i < c->n_conditions; i++)
		if (c->conditions[i].warns)
			warning(out, &c->conditions[i]);
	for (int side = 0; side < 2; side++)
		for (size_t i = 0; i < c->n_unmatched[side]; i++) {
			fputs("<p class=\"warning\">", out);
			html_say(out, "%s is only in runs %s", c->unmatched[side][i],
				 side ? "after" : "before");
			fputs("</p>\n", out);
		}
}

static void verdict(FILE *out, const struct comparison *c, const struct compare_service *s)
{
	char words[COMPARE_WORDS_LEN];

	compare_sentence(c, s, c->options.primary, words);
	html_text(out, words);
	if (!compare_others(c, s, words))
		return;
	fputs("<span class=\"more\">", out);
	html_text(out, words);
	fputs("</span>", out);
}

static void head(FILE *out, const struct comparison *c, const struct fail_check *checks,
		 size_t n_checks, size_t shown)
{
	char text[COMPARE_WORDS_LEN];

	fputs("<header>\n<p class=\"brand\">lvt</p>\n<h1>Before and after</h1>\n", out);
	for (size_t i = 0; i < c->n_services; i++) {
		compare_service_name(&c->services[i], text);
		fputs("<p class=\"finding\">", out);
		if (i < shown)
			fprintf(out, "<a href=\"#service-%zu\"><b>", i + 1);
		html_text(out, text);
		fputs(i < shown ? "</b></a>: " : ": ", out);
		verdict(out, c, &c->services[i]);
		fputs("</p>\n", out);
	}
	for (size_t i = 0; i < n_checks; i++) {
		fprintf(out, "<p class=\"%s\">",
			checks[i].answer == COMPARE_HOLDS_NOT ? "finding" : "warning");
		html_say(out, "fail if %s: %s", checks[i].text,
			 compare_answer_text(checks[i].answer));
		fputs("</p>\n", out);
	}
	compare_method_text(c, text);
	fputs("<p class=\"note\">", out);
	html_text(out, text);
	fputs(".</p>\n", out);
	warnings(out, c);
	if (shown < c->n_services)
		fprintf(out,
			"<p class=\"warning\">The page would be too large with all: the last %zu "
			"services stand above only. <code>lvt compare --format json</code> has them "
			"whole.</p>\n",
			c->n_services - shown);
	fputs("</header>\n", out);
}

static void section(FILE *out, const struct comparison *c, size_t number)
{
	const struct compare_service *s = &c->services[number];
	char name[COMPARE_WORDS_LEN], count[2][UNIT_LEN];

	compare_service_name(s, name);
	fprintf(out, "<section id=\"service-%zu\">\n<h2>", number + 1);
	html_text(out, name);
	fprintf(out, " <small>%s requests before, %s after</small></h2>\n",
		fmt_count(count[0], sizeof(count[0]), s->requests[0]),
		fmt_count(count[1], sizeof(count[1]), s->requests[1]));
	if (s->runs[0] < c->runs[0] || s->runs[1] < c->runs[1])
		fprintf(out,
			"<p class=\"warning\">in %zu of %zu runs before, %zu of %zu after</p>\n",
			s->runs[0], c->runs[0], s->runs[1], c->runs[1]);
	fputs("<div class=\"pair\">\n", out);
	html_compare_curves(out, c, s);
	fputs("<div class=\"stacked\">\n", out);
	html_compare_ratios(out, c, s);
	html_compare_beside(out, s);
	fputs("</div>\n</div>\n", out);
	html_compare_values(out, c, s);
	html_compare_moved(out, c, s);
	fputs("</section>\n", out);
}

static void definitions(FILE *out, const struct comparison *c)
{
	fputs("<h3>How to read it</h3>\n<dl class=\"terms\">\n", out);
	html_fact(out, "before, after", "Medians over the runs of a side.");
	html_fact(out, "ratio", "After by before: 1 is no change.");
	html_fact(out, "interval",
		  c->method == COMPARE_RANKS ?
			  "What the ratio lies between, from exact ranks of the runs and what "
			  "their histograms cannot tell apart." :
			  "What the ratio lies between, from how well each run fixes its own "
			  "quantiles. The noise between runs, often the larger, is not in it.");
	html_fact(out, "not resolvable",
		  "Fewer than 10 requests of a side lie beyond the quantile.");
	html_fact(out, "stage",
		  "Each nanosecond of a request’s latency is in exactly one. What cannot be "
		  "established is unattributed.");
	fputs("</dl>\n", out);
}

static void foot(FILE *out, const struct comparison *c)
{
	char firmer[COMPARE_MAX_FIRMER][COMPARE_WORDS_LEN];
	size_t n = compare_firmer(c, firmer);

	fputs("<footer>\n<h2>Conditions</h2>\n", out);
	html_compare_conditions(out, c);
	fputs("<h3>What would make it firmer</h3>\n<ul class=\"firmer\">\n", out);
	for (size_t i = 0; i < n; i++) {
		fputs("<li>", out);
		html_text(out, firmer[i]);
		fputs("</li>\n", out);
	}
	fputs("</ul>\n", out);
	definitions(out, c);
	fputs("</footer>\n", out);
}

void html_compare_conditions(FILE *out, const struct comparison *c)
{
	static const struct html_column columns[] = {
		{ .name = "condition" },
		{ .name = "before" },
		{ .name = "after" },
		{ .name = "" },
	};
	struct html_table t;

	html_table_open(&t, out, "Under what the runs were made", columns, 4);
	for (size_t i = 0; i < c->n_conditions; i++) {
		const struct compare_condition *n = &c->conditions[i];

		if (!compare_condition_told(n))
			continue;
		html_cell(&t, n->name);
		html_cell(&t, n->before[0] ? n->before : "none");
		html_cell(&t, n->after[0] ? n->after : "none");
		html_cell_begin(&t);
		if (n->warns) {
			fprintf(out, "<span class=\"warns\"><b>%s</b>: ",
				n->differs ? "differs" : "doubtful");
			html_text(out, n->why);
			fputs("</span>", out);
		} else {
			fputs(n->differs ? "<b>differs</b>" :
			      strcmp(n->before, n->after) ?
					   "<span class=\"dim\">about the same</span>" :
					   "<span class=\"dim\">same</span>",
			      out);
		}
		html_cell_end(&t);
	}
	html_table_close(&t);
}

static int fill_head(struct html_part *p, const struct comparison *c,
		     const struct fail_check *checks, size_t n_checks, size_t shown)
{
	char name[COMPARE_WORDS_LEN], title[COMPARE_WORDS_LEN + 32];
	int err = html_part_open(p);

	if (err)
		return err;
	compare_service_name(&c->services[0], name);
	snprintf(title, sizeof(title), "%s, before and after – lvt", name);
	html_open_styled(p->out, title, style_sheet);
	head(p->out, c, checks, n_checks, shown);
	return html_part_close(p);
}

static int fill_foot(struct html_part *p, const struct comparison *c)
{
	int err = html_part_open(p);

	if (err)
		return err;
	foot(p->out, c);
	html_close(p->out);
	return html_part_close(p);
}

/* Sections, as many as there is room for. */
static int fill_sections(struct html_part *p, const struct comparison *c, size_t room,
			 size_t *shown)
{
	int err = html_part_open(p);
	long from = 0;

	if (err)
		return err;
	for (*shown = 0; *shown < c->n_services; ++*shown) {
		section(p->out, c, *shown);
		if (ftell(p->out) > (long)room) {
			fseek(p->out, from, SEEK_SET);
			break;
		}
		from = ftell(p->out);
	}
	err = html_part_close(p);
	p->size = from;
	return err;
}

int compare_html(FILE *out, const struct comparison *c, const struct fail_check *checks,
		 size_t n_checks, struct err *e)
{
	struct html_part top = { 0 }, end = { 0 }, body = { 0 };
	size_t shown = 0, used;
	int err = fill_head(&top, c, checks, n_checks, 0);

	if (!err)
		err = fill_foot(&end, c);
	used = top.size + end.size + LINK_BYTES * c->n_services + 256;
	if (!err)
		err = fill_sections(&body, c,
				    used < COMPARE_HTML_BYTES ? COMPARE_HTML_BYTES - used : 0,
				    &shown);
	html_part_drop(&top);
	if (!err)
		err = fill_head(&top, c, checks, n_checks, shown);
	errno = 0;
	if (!err) {
		fwrite(top.text, 1, top.size, out);
		fwrite(body.text, 1, body.size, out);
		fwrite(end.text, 1, end.size, out);
	}
	html_part_drop(&top);
	html_part_drop(&body);
	html_part_drop(&end);
	if (err)
		return err_set(e, err, "no memory for the comparison");
	if (fflush(out) || ferror(out))
		return err_set(e, errno ? -errno : -EIO, "cannot write the comparison: %s",
			       strerror(errno ? errno : EIO));
	return 0;
}
