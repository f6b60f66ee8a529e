// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>
#include <stdio.h>

#include "base/units.h"
#include "report/client_view.h"
#include "report/html.h"
#include "report/html_chart.h"
#include "report/html_parts.h"

static void tile(FILE *out, const char *name, const char *value)
{
	fprintf(out, "<div><dt>%s</dt><dd>%s</dd></div>", name, value);
}

static void tiles(FILE *out, const struct run_client *c)
{
	char text[UNIT_LEN];
	struct dist d;

	client_latency(c, &d);
	fputs("<dl class=\"tiles\">", out);
	tile(out, "p50", fmt_quantile(text, sizeof(text), d.p50));
	tile(out, "p90", fmt_quantile(text, sizeof(text), d.p90));
	tile(out, "p99", fmt_quantile(text, sizeof(text), d.p99));
	tile(out, "p99.9", fmt_quantile(text, sizeof(text), d.p99_9));
	tile(out, "max", fmt_quantile(text, sizeof(text), d.max));
	tile(out, "mean", fmt_ns(text, sizeof(text), d.mean));
	tile(out, "min", fmt_ns(text, sizeof(text), d.min));
	tile(out, "answered", fmt_rate(text, sizeof(text), client_rps(c)));
	fputs("</dl>\n", out);
}

static void cell_quantile(struct html_table *t, const struct dist *d, __u64 ns)
{
	if (!d->count)
		html_cell_unknown(t);
	else if (ns == CLIENT_FAILED)
		html_cell(t, "failed");
	else
		html_cell_ns(t, ns);
}

static void row(struct html_table *t, const char *name, const struct dist *d)
{
	html_cell(t, name);
	html_cell_ns(t, d->count ? d->mean : NAN);
	cell_quantile(t, d, d->p50);
	cell_quantile(t, d, d->p90);
	cell_quantile(t, d, d->p99);
	cell_quantile(t, d, d->p99_9);
	cell_quantile(t, d, d->max);
}

static void times(FILE *out, const struct run_client *c)
{
	static const struct html_column columns[] = {
		{ .name = "time" },
		{ .name = "mean", .number = true },
		{ .name = "p50", .number = true },
		{ .name = "p90", .number = true, .wide = true },
		{ .name = "p99", .number = true },
		{ .name = "p99.9", .number = true, .wide = true },
		{ .name = "max", .number = true },
	};
	static const char *const names[] = { [CLIENT_LATE] = "late: the load itself",
					     [CLIENT_CONNECTION] = "no free connection",
					     [CLIENT_ANSWER] = "answer: sent to last byte" };
	struct html_table t;
	struct dist d;

	html_table_open(&t, out, "What the latency is made of", columns, 7);
	for (int i = CLIENT_LATE; i <= CLIENT_ANSWER; i++) {
		client_time(c, i, &d);
		row(&t, names[i], &d);
	}
	client_latency(c, &d);
	row(&t, "= latency, from when it was due", &d);
	client_time(c, CLIENT_CLOSED, &d);
	if (d.count)
		row(&t, "as a closed loop would have seen it", &d);
	html_table_close(&t);
	fputs("<p class=\"note\">The means of the three add up to that of the latency: of the answered "
	      "requests. One that failed takes for ever in its quantiles.</p>\n",
	      out);
}

static void facts(FILE *out, const struct run *r, const struct run_client *c)
{
	struct facts f;

	client_facts(r, c, &f);
	fputs("<dl class=\"facts lines\">\n", out);
	for (size_t i = 0; i < f.n; i++) {
		fprintf(out, "<div><dt>%s</dt><dd>", f.fact[i].label);
		html_items(out, &f.fact[i].line);
		fputs("</dd></div>\n", out);
	}
	fputs("</dl>\n", out);
}

void html_client(FILE *out, const struct run *r, size_t number, bool over_time)
{
	struct finding found[MAX_WARNINGS > MAX_FINDINGS ? MAX_WARNINGS : MAX_FINDINGS];
	char name[CLIENT_NAME_LEN], request[CLIENT_REQUEST_LEN], count[UNIT_LEN];
	const struct run_client *c = &r->clients[number];
	struct dist d;

	client_latency(c, &d);
	fprintf(out, "<section id=\"client-%zu\">\n<h2>", number + 1);
	html_text(out, client_name(c, name));
	fputs(" <small>", out);
	html_say(out, "%s · %s request%s", client_request(c, request),
		 fmt_count(count, sizeof(count), d.count), d.count == 1 ? "" : "s");
	fputs("</small></h2>\n", out);
	html_sentences(out, "warning", found, client_warnings(c, found));
	if (client_answered(c)) {
		tiles(out, c);
		html_sentences(out, "finding", found, client_findings(c, found));
		chart_client(out, c);
		html_over_time(out, &c->view, true, over_time);
		fputs("<h3>The load</h3>\n", out);
		facts(out, r, c);
		times(out, c);
	}
	fputs("</section>\n", out);
}
