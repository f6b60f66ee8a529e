// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>

#include "base/units.h"
#include "report/html.h"
#include "report/html_chart.h"

/* The attribute that tells a column's cells from plain ones. */
static const char *column_class(const struct html_column *c)
{
	if (c->number)
		return c->wide ? " class=\"n wide\"" : " class=\"n\"";
	return c->wide ? " class=\"wide\"" : "";
}

/* A table that is too wide scrolls by itself, by keyboard too. */
void html_table_open(struct html_table *t, FILE *out, const char *caption,
		     const struct html_column *column, size_t n)
{
	*t = (struct html_table){ .out = out, .column = column, .n = n };
	fputs("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"", out);
	html_text(out, caption);
	fputs("\"><table><caption>", out);
	html_text(out, caption);
	fputs("</caption>\n<thead><tr>", out);
	for (size_t i = 0; i < n; i++) {
		fprintf(out, "<th scope=\"col\"%s>", column_class(&column[i]));
		html_text(out, column[i].name);
		fputs("</th>", out);
	}
	fputs("</tr></thead>\n<tbody>\n", out);
}

void html_table_close(struct html_table *t)
{
	fputs("</tbody></table></div>\n", t->out);
}

void html_cell_begin(struct html_table *t)
{
	const struct html_column *c = &t->column[t->at];

	if (!t->at)
		fprintf(t->out, "<tr><th scope=\"row\"%s>", column_class(c));
	else
		fprintf(t->out, "<td%s>", column_class(c));
}

void html_cell_end(struct html_table *t)
{
	fputs(t->at ? "</td>" : "</th>", t->out);
	if (++t->at < t->n)
		return;
	fputs("</tr>\n", t->out);
	t->at = 0;
}

void html_cell(struct html_table *t, const char *text)
{
	html_cell_begin(t);
	html_text(t->out, text);
	html_cell_end(t);
}

void html_cell_unknown(struct html_table *t)
{
	html_cell_begin(t);
	fputs("<span class=\"dim\">unknown</span>", t->out);
	html_cell_end(t);
}

/* Zeros are pale: they are no news. */
static void figure(struct html_table *t, const char *text, double value)
{
	if (isnan(value)) {
		html_cell_unknown(t);
		return;
	}
	html_cell_begin(t);
	fputs(value == 0 ? "<span class=\"dim\">" : "", t->out);
	html_text(t->out, text);
	fputs(value == 0 ? "</span>" : "", t->out);
	html_cell_end(t);
}

void html_cell_ns(struct html_table *t, double ns)
{
	char buf[UNIT_LEN];

	figure(t, fmt_ns(buf, sizeof(buf), ns), ns);
}

void html_cell_count(struct html_table *t, __u64 n)
{
	char buf[UNIT_LEN];

	figure(t, fmt_count(buf, sizeof(buf), n), n);
}

void html_cell_share(struct html_table *t, double share)
{
	char buf[UNIT_LEN];

	figure(t, fmt_share(buf, sizeof(buf), share), share);
}

void html_cell_stage(struct html_table *t, enum lvt_stage st)
{
	html_cell_begin(t);
	chart_stage(t->out, st);
	html_cell_end(t);
}
