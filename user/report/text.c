// SPDX-License-Identifier: BSD-2-Clause
#include "report/text.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/escape.h"
#include "base/units.h"
#include "report/client_text.h"
#include "report/facts.h"
#include "report/findings.h"
#include "report/page.h"
#include "report/parts.h"
#include "report/text_service.h"

static void print_warnings(const struct page *p, const struct run *r)
{
	struct finding found[MAX_WARNINGS];
	char name[SERVICE_NAME_LEN], text[sizeof(found[0].text) + SERVICE_NAME_LEN + 2];
	size_t n = run_warnings(r, found);

	for (size_t i = 0; i < n; i++)
		page_text(p, 2, "!", STYLE_WARNING, found[i].text);
	for (size_t i = 0; i < r->n_services; i++) {
		const struct run_service *s = &r->services[i];

		n = service_warnings(r, s, found);
		for (size_t k = 0; k < n; k++) {
			if (!warning_is_urgent(r, &found[k]))
				continue;
			service_name(s, name);
			snprintf(text, sizeof(text), "%s: %s", name, found[k].text);
			page_text(p, 2, "!", STYLE_WARNING,
				  r->n_services > 1 ? text : found[k].text);
		}
	}
}

static void print_head(const struct page *p, const struct run *r)
{
	char text[UNIT_LEN], name[ESCAPE_FACTOR * sizeof(r->kernel) + 1];
	char filter[ESCAPE_FACTOR * sizeof(r->filter) + 1];
	struct items head = { 0 }, more = { 0 };

	if (r->host[0] || (!r->latency_only && !r->n_parts))
		items_add(&head, "%s",
			  escape_name(name, sizeof(name), r->host[0] ? r->host : "host?"));
	if (r->kernel[0] || (!r->latency_only && !r->n_parts))
		items_add(&head, "%s",
			  escape_name(name, sizeof(name), r->kernel[0] ? r->kernel : "kernel?"));
	if (r->cpus > 0)
		items_add(&head, "%d CPU%s", r->cpus, r->cpus == 1 ? "" : "s");
	parts_head(&head, r);
	if (r->latency_only)
		items_add(&head, "loss not known");
	else if (run_traced(r))
		items_add(&head, "loss %s", fmt_count(text, sizeof(text), run_loss(r)));
	if (isnan(r->bpf_ns_per_request) && run_traced(r))
		items_add(&head, "lvt's cost not measured");
	else if (run_traced(r))
		items_add(&head, "lvt's cost %s a request",
			  fmt_ns(text, sizeof(text), r->bpf_ns_per_request));
	page_text(p, 0, "", STYLE_PLAIN, head.text);

	if (r->label[0])
		items_add(&more, "%s", escape_name(name, sizeof(name), r->label));
	if (run_traced(r))
		items_add(&more, "filter: %s",
			  r->filter[0] ? escape_name(filter, sizeof(filter), r->filter) :
					 "none, every listening TCP service");
	if (r->started[0])
		items_add(&more, "started %s", escape_name(name, sizeof(name), r->started));
	if (more.len)
		page_text(p, 0, "", STYLE_PLAIN, more.text);
}

/* The counters of one kind that are not zero, one a line; says "none" when all are. */
static void print_counters(const struct page *p, const struct run *r, enum counter_kind kind,
			   const char *label, const char *none)
{
	char value[UNIT_LEN], text[256];
	bool any = false;

	for (int c = 0; c < NR_COUNTERS; c++) {
		if (counter_kind(c) != kind || !r->counters[c])
			continue;
		snprintf(text, sizeof(text), "%s %s: %s", counter_name(c),
			 fmt_counter(value, sizeof(value), r, c), counter_meaning(c));
		page_text(p, LABEL_INDENT, any ? "" : label, STYLE_DIM, text);
		any = true;
	}
	if (!any && none)
		page_text(p, LABEL_INDENT, label, STYLE_DIM, none);
}

static void print_cost(const struct page *p, const struct run *r)
{
	char text[UNIT_LEN];
	struct items l = { 0 };

	if (isnan(r->bpf_ns_per_request))
		items_add(&l, "kernel CPU not measured");
	else
		items_add(&l, "kernel CPU %s a request",
			  fmt_ns(text, sizeof(text), r->bpf_ns_per_request));
	if (!isnan(r->bpf_ns_per_request) && !isnan(r->events))
		items_add(&l, "%s calls; measuring itself included",
			  fmt_count(text, sizeof(text), llround(r->events)));
	if (!isnan(r->loader_cpu_s))
		items_add(&l, "lvt itself %s CPU",
			  fmt_ns(text, sizeof(text), r->loader_cpu_s * 1e9));
	if (r->loader_rss_bytes)
		items_add(&l, "%s memory", fmt_bytes(text, sizeof(text), r->loader_rss_bytes));
	page_text(p, LABEL_INDENT, "  cost", STYLE_DIM, l.text);
}

static void print_foot(const struct page *p, const struct run *r)
{
	char name[64];
	struct items hooks = { 0 }, untraced = { 0 };

	page_style(p, STYLE_BOLD);
	fputs("the trace ", p->out);
	page_style(p, STYLE_PLAIN);
	page_style(p, STYLE_DIM);
	page_repeat(p, "─", p->columns - (int)strlen("the trace "));
	page_style(p, STYLE_PLAIN);
	fputc('\n', p->out);
	for (size_t i = 0; i < r->n_untraced; i++)
		items_add(&untraced, "%s", escape_name(name, sizeof(name), r->untraced[i]));
	if (r->n_untraced)
		page_text(p, LABEL_INDENT, "  untraced", STYLE_DIM, untraced.text);
	if (r->latency_only) {
		page_text(p, LABEL_INDENT, "  loss", STYLE_DIM, "not known");
	} else if (run_traced(r)) {
		print_counters(p, r, COUNTER_KIND_LOSS, "  loss", "0");
		print_counters(p, r, COUNTER_KIND_GAP, "  gaps", "0");
		print_counters(p, r, COUNTER_KIND_NOTE, "  notes", NULL);
		print_cost(p, r);
	}
	parts_print(p, r);
	for (size_t i = 0; i < r->n_hooks; i++)
		items_add(&hooks, "%s %s", r->hooks[i].role, r->hooks[i].hook);
	if (r->n_services)
		page_text(p, LABEL_INDENT, "  reading", STYLE_DIM,
			  "a column is the mean of the requests within 3 % of that quantile; its "
			  "stages add up to its latency");
	if (r->n_hooks)
		page_text(p, LABEL_INDENT, "  hooks", STYLE_DIM, hooks.text);
}

/* Those of a service, after it; of none, at the end. */
static void print_clients(const struct page *p, const struct run *r, const struct run_service *s)
{
	for (size_t i = 0; i < r->n_clients; i++) {
		if (client_service(r, &r->clients[i]) != s)
			continue;
		fputc('\n', p->out);
		client_print(p, r, &r->clients[i]);
	}
}

int report_text(FILE *out, const struct run *r, const struct text_options *o, struct err *e)
{
	static const struct text_options defaults;
	struct page p;

	page_open(&p, out);
	print_head(&p, r);
	print_warnings(&p, r);
	if (r->n_services > 1) {
		fputc('\n', out);
		services_print(&p, r);
	}
	for (size_t i = 0; i < r->n_services; i++) {
		fputc('\n', out);
		service_print(&p, r, &r->services[i], (o ?: &defaults)->slowest);
		print_clients(&p, r, &r->services[i]);
	}
	print_clients(&p, r, NULL);
	if (run_traced(r) || r->latency_only || r->n_parts) {
		fputc('\n', out);
		print_foot(&p, r);
	}
	errno = 0;
	if (fflush(out) || ferror(out))
		return err_set(e, errno ? -errno : -EIO, "cannot write the report: %s",
			       strerror(errno ? errno : EIO));
	return 0;
}
