// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>
#include <string.h>

#include "base/peer.h"
#include "base/units.h"
#include "report/facts.h"
#include "report/html.h"
#include "report/html_chart.h"
#include "report/html_parts.h"
#include "report/text_service.h"
#include "report/wait_text.h"

static void tile(FILE *out, const char *name, const char *value)
{
	fprintf(out, "<div><dt>%s</dt><dd>%s</dd></div>", name, value);
}

static void tiles(FILE *out, const struct run_service *s)
{
	char text[UNIT_LEN];
	struct dist d;

	service_latency(s, &d);
	fputs("<dl class=\"tiles\">", out);
	tile(out, "p50", fmt_ns(text, sizeof(text), d.p50));
	tile(out, "p90", fmt_ns(text, sizeof(text), d.p90));
	tile(out, "p99", fmt_ns(text, sizeof(text), d.p99));
	tile(out, "p99.9", fmt_ns(text, sizeof(text), d.p99_9));
	tile(out, "max", fmt_ns(text, sizeof(text), d.max));
	tile(out, "mean", fmt_ns(text, sizeof(text), d.mean));
	tile(out, "min", fmt_ns(text, sizeof(text), d.min));
	tile(out, "throughput", fmt_rate(text, sizeof(text), service_rps(s)));
	fputs("</dl>\n", out);
}

/* A bar for each row: all of one length, or as long as its latency is. */
static void bars(FILE *out, const struct anatomy_row *rows, bool absolute)
{
	double longest = 0;
	char text[UNIT_LEN];

	for (int i = 0; i < ANATOMY_ROWS; i++)
		longest = fmax(longest, rows[i].latency_ns);
	fprintf(out, "<div class=\"bars%s\">\n", absolute ? " thin" : "");
	for (int i = 0; i < ANATOMY_ROWS; i++) {
		fprintf(out, "<span class=\"at\">%s</span><span class=\"room\">", rows[i].at);
		chart_stages(out, rows[i].stage_ns, rows[i].latency_ns,
			     absolute ? rows[i].latency_ns / longest : 1);
		fprintf(out, "</span><span class=\"n\">%s</span>\n",
			fmt_ns(text, sizeof(text), rows[i].latency_ns));
	}
	fputs("</div>\n", out);
}

static void anatomy_cell(struct html_table *t, double ns, double latency)
{
	char time[UNIT_LEN], share[UNIT_LEN];

	if (!(ns > 0)) {
		html_cell_ns(t, ns);
		return;
	}
	html_cell_begin(t);
	html_text(t->out, fmt_ns(time, sizeof(time), ns));
	fputs(" <span class=\"dim share\">", t->out);
	html_text(t->out, fmt_share(share, sizeof(share), ns / latency));
	fputs("</span>", t->out);
	html_cell_end(t);
}

static void anatomy_table(FILE *out, const struct anatomy_row *rows)
{
	static const struct html_column columns[] = {
		{ .name = "stage" },
		{ .name = "p50", .number = true },
		{ .name = "p90", .number = true },
		{ .name = "p99", .number = true },
		{ .name = "p99.9", .number = true },
		{ .name = "max", .number = true },
	};
	struct html_table t;

	html_details(out, "The same as a table");
	html_table_open(&t, out, "Where the time went, by percentile", columns, 1 + ANATOMY_ROWS);
	for (int st = 0; st < NR_STAGES; st++) {
		double most = 0;

		for (int i = 0; i < ANATOMY_ROWS; i++)
			most = fmax(most, rows[i].stage_ns[st]);
		if (most <= 0)
			continue;
		html_cell_stage(&t, st);
		for (int i = 0; i < ANATOMY_ROWS; i++)
			anatomy_cell(&t, rows[i].stage_ns[st], rows[i].latency_ns);
	}
	html_cell(&t, "= latency");
	for (int i = 0; i < ANATOMY_ROWS; i++)
		html_cell_ns(&t, rows[i].latency_ns);
	html_cell(&t, "requests");
	for (int i = 0; i < ANATOMY_ROWS; i++)
		html_cell_count(&t, rows[i].requests);
	html_table_close(&t);
	fputs("</details>\n", out);
}

static void anatomy(FILE *out, const struct run_service *s)
{
	struct anatomy_row rows[ANATOMY_ROWS];

	service_anatomy(s, rows);
	fputs("<figure class=\"anatomy\"><figcaption><b>Where the time went</b> the mean request "
	      "near each percentile, by stage; hatched: before it is read</figcaption>\n",
	      out);
	chart_legend(out, rows, ANATOMY_ROWS);
	bars(out, rows, false);
	fputs("<p class=\"axis\">the same on one scale of time</p>\n", out);
	bars(out, rows, true);
	anatomy_table(out, rows);
	fputs("</figure>\n", out);
}

static void stages(FILE *out, const struct run_service *s)
{
	static const struct html_column columns[] = {
		{ .name = "stage" },
		{ .name = "mean", .number = true },
		{ .name = "share", .number = true },
		{ .name = "p50", .number = true },
		{ .name = "p90", .number = true, .wide = true },
		{ .name = "p99", .number = true },
		{ .name = "p99.9", .number = true, .wide = true },
		{ .name = "max", .number = true },
		{ .name = "requests", .number = true, .wide = true },
	};
	struct html_table t;

	html_table_open(&t, out, "Stages, over all requests", columns, 9);
	for (int st = 0; st < NR_STAGES; st++) {
		struct dist d;

		service_stage(s, st, &d);
		if (!d.count)
			continue;
		html_cell_stage(&t, st);
		html_cell_ns(&t, d.mean);
		html_cell_share(&t, d.share);
		html_cell_ns(&t, d.p50);
		html_cell_ns(&t, d.p90);
		html_cell_ns(&t, d.p99);
		html_cell_ns(&t, d.p99_9);
		html_cell_ns(&t, d.max);
		html_cell_count(&t, d.count);
	}
	html_table_close(&t);
	fputs("<p class=\"note\">The means add up to the mean latency. <span class=\"wide\">Requests: "
	      "those in which the stage was not zero. </span>Stages that are not listed were zero in "
	      "all.</p>\n",
	      out);
}

static void net_row(struct html_table *t, const char *name, const struct dist *d)
{
	html_cell(t, name);
	html_cell_count(t, d->count);
	for (int i = 0; i < 5; i++) {
		const double ns[] = { d->mean, d->p50, d->p90, d->p99, d->max };

		html_cell_ns(t, d->count ? ns[i] : NAN);
	}
}

static const struct html_column net_columns[] = {
	{ .name = "time" },
	{ .name = "measured", .number = true, .wide = true },
	{ .name = "mean", .number = true },
	{ .name = "p50", .number = true },
	{ .name = "p90", .number = true, .wide = true },
	{ .name = "p99", .number = true },
	{ .name = "max", .number = true },
};

static void net(FILE *out, const struct run *r, const struct run_service *s)
{
	struct html_table t;

	html_table_open(&t, out, "Network, outside the latency", net_columns, 7);
	for (int n = 0; n < NR_NET; n++) {
		struct dist d;

		service_net(s, n, &d);
		if (n == NET_RX && !r->rx_timestamps)
			d.count = 0;
		net_row(&t, net_name(n), &d);
	}
	html_table_close(&t);
}

static void outbound(FILE *out, const struct run *r, const struct run_service *s)
{
	enum { MOST = 20 };
	struct html_table t;

	if (!s->n_outbound) {
		if (r->outbound)
			fputs("<p class=\"note\">It sent no requests to others.</p>\n", out);
		return;
	}
	html_table_open(&t, out, "Asked others: from its send to the answer’s first and last byte",
			net_columns, 7);
	for (size_t i = 0; i < s->n_outbound && i < MOST; i++) {
		const struct run_outbound *o = &s->outbound[i];
		char peer[PEER_LEN], task[TASK_LEN], name[PEER_LEN + TASK_LEN + 32];
		struct dist d;

		fmt_peer(peer, sizeof(peer), &o->peer);
		task_text(task, o->comm, o->pid);
		hist_dist(o->first, o->first_sum, o->first_max, &d);
		snprintf(name, sizeof(name), "%s %s, first byte", peer, task);
		net_row(&t, name, &d);
		hist_dist(o->last, o->last_sum, o->last_max, &d);
		snprintf(name, sizeof(name), "%s %s, last byte", peer, task);
		net_row(&t, name, &d);
	}
	html_table_close(&t);
	if (s->n_outbound > MOST)
		fprintf(out, "<p class=\"note\">and %zu more</p>\n", s->n_outbound - MOST);
}

static void line(FILE *out, const struct fact *f)
{
	fprintf(out, "<div><dt>%s</dt><dd>", f->label);
	html_items(out, &f->line);
	fputs("</dd></div>\n", out);
}

static void facts(FILE *out, const struct run *r, const struct run_service *s)
{
	struct facts f;

	service_facts(r, s, false, &f);
	fputs("<dl class=\"facts lines\">\n", out);
	for (size_t i = 0; i < f.n; i++)
		line(out, &f.fact[i]);
	if (!s->threads || isnan(s->cpu_share))
		html_fact(out, "threads", "unknown how busy they were");
	fputs("</dl>\n", out);
}

static void body(FILE *out, const struct run *r, const struct run_service *s,
		 const struct html_extras *extras)
{
	struct finding found[MAX_FINDINGS];
	size_t n = service_findings(s, found);

	tiles(out, s);
	html_sentences(out, "finding", found, n);
	fputs("<div class=\"pair\">\n", out);
	anatomy(out, s);
	chart_percentiles(out, s);
	fputs("</div>\n", out);
	html_over_time(out, s, false, extras->over_time);
	fputs("<h3>Throughput and load</h3>\n", out);
	facts(out, r, s);
	fputs("<h3>Causes</h3>\n", out);
	stages(out, s);
	html_waits(out, s);
	fputs("<h3>Network</h3>\n", out);
	net(out, r, s);
	outbound(out, r, s);
	html_slowest(out, r, s, extras->slowest);
}

void html_service(FILE *out, const struct run *r, const struct run_service *s, size_t number,
		  const struct html_extras *extras)
{
	char name[SERVICE_NAME_LEN], processes[PROCESSES_LEN], count[UNIT_LEN];
	struct finding found[MAX_WARNINGS];
	__u64 n = service_requests(s);

	fprintf(out, "<section id=\"service-%zu\">\n<h2>", number + 1);
	html_text(out, service_name(s, name));
	fputs(" <small>", out);
	html_say(out, "%s · %s request%s", service_processes(s, processes),
		 fmt_count(count, sizeof(count), n), n == 1 ? "" : "s");
	fputs("</small></h2>\n", out);
	if (r->n_services > 1) /* a single one's stand in the head */
		html_sentences(out, "warning", found, service_warnings(r, s, found));
	if (n)
		body(out, r, s, extras);
	fputs("</section>\n", out);
}
