// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>

#include "base/units.h"
#include "report/compare_words.h"
#include "report/html.h"
#include "report/html_chart.h"
#include "report/html_compare_parts.h"

enum { MOST_BARS = 8 };

static bool known(const struct compare_anatomy *a)
{
	return !isnan(a->before_ns) && !isnan(a->after_ns);
}

/* To the right of the middle what grew, to the left what shrank; `most` takes all of a side. */
static void bar(FILE *out, const char *name, const char *class, double ns, double most)
{
	double part = most > 0 ? 50 * fmin(1, fabs(ns) / most) : 0;
	char change[UNIT_LEN + 2];

	fprintf(out,
		"<span class=\"track\" title=\"%s: %s\"><i class=\"one\" style=\"left:50%%\"></i>",
		name, fmt_change(change, sizeof(change), ns));
	if (part > 0)
		fprintf(out, "<i class=\"delta %s\" style=\"left:%.2f%%;width:%.2f%%\"></i>", class,
			ns > 0 ? 50 : 50 - part, part);
	fprintf(out, "</span><span class=\"n\">%s</span>\n", change);
}

static void chart(FILE *out, const struct compare_anatomy *a)
{
	double change = a->after_ns - a->before_ns, most = fabs(change);
	char class[STAGE_CLASS_LEN], before[UNIT_LEN], after[UNIT_LEN];
	int shown = 0;

	for (int i = 0; i < NR_STAGES; i++)
		most = fmax(most, fabs(a->stages[i].change_ns));
	fprintf(out, "<figure><figcaption><b>Near %s</b> %s before, %s after</figcaption>\n", a->at,
		fmt_ns(before, sizeof(before), a->before_ns),
		fmt_ns(after, sizeof(after), a->after_ns));
	fputs("<div class=\"moved\"><b>latency</b>", out);
	bar(out, "latency", "total", change, most);
	for (int i = 0; i < NR_STAGES && shown < MOST_BARS; i++) {
		const struct compare_stage *st = &a->stages[i];

		if (!compare_stage_moved(a, st))
			continue;
		chart_stage(out, st->stage);
		bar(out, stage_name(st->stage), chart_stage_class(class, st->stage), st->change_ns,
		    most);
		shown++;
	}
	fputs("</div>\n", out);
	if (!shown)
		fputs("<p class=\"note\">No stage moved by 1 % of it.</p>\n", out);
	fputs("</figure>\n", out);
}

/* All stages that were seen on either side. */
static void table(FILE *out, const struct compare_anatomy *a)
{
	static const struct html_column columns[] = {
		{ .name = "stage" },
		{ .name = "before", .number = true },
		{ .name = "after", .number = true },
		{ .name = "change", .number = true },
		{ .name = "of change", .number = true, .wide = true },
	};
	char text[UNIT_LEN + 2], caption[32];
	struct html_table t;

	snprintf(caption, sizeof(caption), "Stages near %s", a->at);
	html_table_open(&t, out, caption, columns, 5);
	for (int i = 0; i < NR_STAGES; i++) {
		const struct compare_stage *st = &a->stages[i];

		if (!(st->before_ns > 0) && !(st->after_ns > 0))
			continue;
		html_cell_stage(&t, st->stage);
		html_cell_ns(&t, st->before_ns);
		html_cell_ns(&t, st->after_ns);
		html_cell(&t, fmt_change(text, sizeof(text), st->change_ns));
		html_cell(&t, compare_has_shares(a) && !isnan(st->share) ?
				      fmt_share(text, sizeof(text), st->share) :
				      "-");
	}
	html_cell(&t, "= latency");
	html_cell_ns(&t, a->before_ns);
	html_cell_ns(&t, a->after_ns);
	html_cell(&t, fmt_change(text, sizeof(text), a->after_ns - a->before_ns));
	html_cell(&t, "");
	html_table_close(&t);
}

void html_compare_moved(FILE *out, const struct comparison *c, const struct compare_service *s)
{
	if (s->client)
		return;
	fputs("<h3>Where it moved</h3>\n", out);
	if (!compare_stages_known(s)) {
		fputs("<p class=\"note\">Not known: no stages in the runs.</p>\n", out);
		return;
	}
	fprintf(out,
		"<p class=\"note\">The mean requests near p50 and p99%s: to the right what takes "
		"longer after, to the left what takes less; each picture has a scale of its "
		"own.</p>\n<div class=\"pair\">\n",
		c->method == COMPARE_RANKS ? ", means over the runs" : "");
	for (int i = 0; i < COMPARE_ANATOMIES; i++)
		if (known(&s->anatomy[i]))
			chart(out, &s->anatomy[i]);
	fputs("</div>\n", out);
	html_details(out, "All stages as a table");
	for (int i = 0; i < COMPARE_ANATOMIES; i++)
		if (known(&s->anatomy[i]))
			table(out, &s->anatomy[i]);
	fputs("</details>\n", out);
}
