// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "report/html.h"
#include "report/html_parts.h"
#include "report/text_service.h"

void html_sentences(FILE *out, const char *class, const struct finding *found, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		fprintf(out, "<p class=\"%s\">", class);
		html_text(out, found[i].text);
		fputs("</p>\n", out);
	}
}

void html_fact(FILE *out, const char *name, const char *value)
{
	fprintf(out, "<div><dt>%s</dt><dd>", name);
	html_text(out, value);
	fputs("</dd></div>\n", out);
}

static void warnings(FILE *out, const struct run *r)
{
	struct finding found[MAX_WARNINGS];
	size_t n = run_warnings(r, found);
	char name[SERVICE_NAME_LEN];

	html_sentences(out, "warning", found, n);
	for (size_t i = 0; i < r->n_services; i++) {
		const struct run_service *s = &r->services[i];

		n = service_warnings(r, s, found);
		for (size_t k = 0; k < n; k++) {
			if (!warning_is_urgent(r, &found[k]))
				continue;
			fputs("<p class=\"warning\">", out);
			if (r->n_services > 1)
				html_say(out, "%s: ", service_name(s, name));
			html_text(out, found[k].text);
			fputs("</p>\n", out);
		}
	}
}

/* The share of exchanges that are one request and one answer, over all services. */
static double plain_share(const struct run *r)
{
	double plain = 0, all = 0;

	for (size_t i = 0; i < r->n_services; i++) {
		const __u64 *n = r->services[i].sum->exchanges;

		plain += n[EXCHANGE_REQUEST_RESPONSE];
		for (int k = 0; k < NR_EXCHANGES; k++)
			all += n[k];
	}
	return all > 0 ? plain / all : NAN;
}

static void validity(FILE *out, const struct run *r)
{
	char text[UNIT_LEN], line[128];
	double plain = plain_share(r);

	if (isnan(plain))
		snprintf(line, sizeof(line), "unknown: no exchanges");
	else if (plain < 1 && plain >= 0.995)
		snprintf(line, sizeof(line), "over 99 %% are one request, one answer");
	else
		snprintf(line, sizeof(line), "%s are one request, one answer",
			 fmt_share(text, sizeof(text), plain));
	html_fact(out, "Exchanges", line);
}

static void conditions(FILE *out, const struct run *r)
{
	char text[UNIT_LEN], line[sizeof(r->kernel) + 32];

	html_fact(out, "Host", r->host[0] ? r->host : "unknown");
	if (r->cpus > 0)
		snprintf(line, sizeof(line), "%s, %d CPU%s", r->kernel[0] ? r->kernel : "unknown",
			 r->cpus, r->cpus == 1 ? "" : "s");
	else
		snprintf(line, sizeof(line), "%s", r->kernel[0] ? r->kernel : "unknown");
	html_fact(out, "Kernel", line);
	html_fact(out, "Started", r->started[0] ? r->started : "unknown");
	html_fact(out, "Duration", fmt_ns(text, sizeof(text), r->duration_s * 1e9));
	if (!run_traced(r) && !r->latency_only)
		return;
	html_fact(out, "Filter",
		  !run_traced(r) ? "unknown" :
		  r->filter[0]	 ? r->filter :
				   "none, every listening TCP service");
	html_fact(out, "Loss",
		  run_traced(r) ? fmt_count(text, sizeof(text), run_loss(r)) : "unknown");
	validity(out, r);
	snprintf(line, sizeof(line), "%s of kernel CPU a request",
		 fmt_ns(text, sizeof(text), r->bpf_ns_per_request));
	html_fact(out, "lvt’s cost", isnan(r->bpf_ns_per_request) ? "not measured" : line);
}

void html_head(FILE *out, const struct run *r)
{
	fputs("<header>\n<p class=\"brand\">lvt</p>\n<h1>", out);
	html_text(out, r->label[0] ? r->label : "Latency report");
	fputs("</h1>\n<dl class=\"facts\">\n", out);
	conditions(out, r);
	fputs("</dl>\n", out);
	warnings(out, r);
	fputs("</header>\n", out);
}

static void row(struct html_table *t, const struct run_service *s, size_t number, bool linked)
{
	char text[SERVICE_NAME_LEN];
	struct dist d;

	service_latency(s, &d);
	html_cell_begin(t);
	if (linked)
		fprintf(t->out, "<a href=\"#service-%zu\">", number + 1);
	html_text(t->out, service_name(s, text));
	fputs(linked ? "</a>" : "", t->out);
	html_cell_end(t);
	html_cell_count(t, d.count);
	html_cell(t, d.count ? fmt_rate(text, sizeof(text), service_rps(s)) : "");
	for (int i = 0; i < 4; i++) {
		const __u64 ns[] = { d.p50, d.p99, d.p99_9, d.max };

		if (d.count)
			html_cell_ns(t, ns[i]);
		else
			html_cell(t, "");
	}
	if (d.count)
		html_cell_share(t, service_queue_share(s));
	else
		html_cell(t, "");
}

void html_services(FILE *out, const struct run *r, size_t shown)
{
	static const struct html_column columns[] = {
		{ .name = "service" },
		{ .name = "requests", .number = true },
		{ .name = "rate", .number = true },
		{ .name = "p50", .number = true },
		{ .name = "p99", .number = true },
		{ .name = "p99.9", .number = true, .wide = true },
		{ .name = "max", .number = true, .wide = true },
		{ .name = "queue", .number = true, .wide = true },
	};
	struct html_table t;

	if (r->n_services < 2)
		return;
	fputs("<nav aria-label=\"Services\">\n", out);
	html_table_open(&t, out, "Services, by requests", columns, 8);
	for (size_t i = 0; i < r->n_services; i++)
		row(&t, &r->services[i], i, i < shown);
	html_table_close(&t);
	fputs("<p class=\"note\">queue: the share of the latency that passes before requests are "
	      "read.</p>\n",
	      out);
	if (shown < r->n_services)
		fprintf(out,
			"<p class=\"warning\">The page would be too large with all: the last %zu "
			"services stand in this table only. <code>lvt report --format json</code> "
			"has them whole.</p>\n",
			r->n_services - shown);
	fputs("</nav>\n", out);
}
