// SPDX-License-Identifier: BSD-2-Clause
#include "report/text_service.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "report/anatomy.h"
#include "report/client_view.h"
#include "report/facts.h"
#include "report/findings.h"
#include "report/text_waits.h"
#include "report/waterfall.h"

enum { TABLE_WIDTH = 80, NAME_WIDTH = 16, PIDS_SHOWN = 8 };

const char *service_name(const struct run_service *s, char buf[SERVICE_NAME_LEN])
{
	char comm[ESCAPE_FACTOR * LVT_COMM_LEN + 1];

	escape_name(comm, sizeof(comm), s->comm[0] ? s->comm : "(unknown)");
	if (s->port)
		snprintf(buf, SERVICE_NAME_LEN, ":%u %s", s->port, comm);
	else
		snprintf(buf, SERVICE_NAME_LEN, "%s", comm);
	return buf;
}

double service_queue_share(const struct run_service *s)
{
	double sum[NR_STAGES], queue = 0, all = 0;

	service_stage_sums(s, sum);
	for (int st = 0; st < NR_STAGES; st++) {
		all += sum[st];
		if (!strncmp(stage_name(st), "queue.", strlen("queue.")))
			queue += sum[st];
	}
	return all > 0 ? queue / all : NAN;
}

static void print_cell(const struct page *p, const char *text, int width)
{
	char buf[64];

	fputs(pad_left(buf, sizeof(buf), text, width), p->out);
}

static void print_row(const struct page *p, const struct run *r, const struct run_service *s,
		      int name_width)
{
	char buf[UNIT_LEN], comm[64], cell[128];
	struct dist d;

	service_latency(s, &d);
	snprintf(buf, sizeof(buf), ":%u", s->port);
	print_cell(p, s->port ? buf : "-", 6);
	escape_name(comm, name_width + 1, s->comm[0] ? s->comm : "(unknown)");
	fprintf(p->out, "  %s", pad_right(cell, sizeof(cell), comm, name_width));
	if (s->n_pids > 1)
		snprintf(buf, sizeof(buf), "%u+%u", s->pids[0], s->n_pids - 1);
	else if (s->n_pids)
		snprintf(buf, sizeof(buf), "%u", s->pids[0]);
	print_cell(p, s->n_pids ? buf : "-", 11);
	print_cell(p, fmt_count(buf, sizeof(buf), d.count), 13);
	if (d.count) {
		print_cell(p, fmt_rate(buf, sizeof(buf), service_rps(s)), 10);
		print_cell(p, fmt_ns(buf, sizeof(buf), d.p50), 8);
		print_cell(p, fmt_ns(buf, sizeof(buf), d.p99), 8);
		fmt_share(buf, sizeof(buf), service_queue_share(s));
		print_cell(p, r->latency_only ? "-" : buf, 6);
	}
	fputc('\n', p->out);
}

void services_print(const struct page *p, const struct run *r)
{
	int name_width = NAME_WIDTH + (p->columns > TABLE_WIDTH ? p->columns - TABLE_WIDTH : 0);

	if (name_width > 2 * NAME_WIDTH)
		name_width = 2 * NAME_WIDTH;
	page_style(p, STYLE_DIM);
	fprintf(p->out, "%6s  %-*s%11s%13s%10s%8s%8s%6s\n", "port", name_width, "service", "pid",
		"requests", "rate", "p50", "p99", "queue");
	page_style(p, STYLE_PLAIN);
	for (size_t i = 0; i < r->n_services; i++)
		print_row(p, r, &r->services[i], name_width);
}

const char *service_processes(const struct run_service *s, char buf[PROCESSES_LEN])
{
	size_t size = PROCESSES_LEN, len;

	if (!s->n_pids) {
		buf[0] = '\0';
		if (s->foreign_netns)
			snprintf(buf, size, "(netns %u)", s->netns);
		return buf;
	}
	if (s->n_pids == 1) {
		snprintf(buf, size, "(pid %u", s->pids[0]);
	} else {
		len = snprintf(buf, size, "(%u processes:", s->n_pids);
		for (__u32 i = 0; i < s->n_pids && i < PIDS_SHOWN && len < size; i++)
			len += snprintf(buf + len, size - len, " %u", s->pids[i]);
		if (s->n_pids > PIDS_SHOWN && len < size)
			snprintf(buf + len, size - len, " ...");
	}
	len = strlen(buf);
	if (s->foreign_netns)
		snprintf(buf + len, size - len, ", netns %u", s->netns);
	len = strlen(buf);
	snprintf(buf + len, size - len, ")");
	return buf;
}

void title_print(const struct page *p, const char *name, const char *what, __u64 n)
{
	char count[UNIT_LEN], right[64];
	int fill;

	snprintf(right, sizeof(right), "%s request%s", fmt_count(count, sizeof(count), n),
		 n == 1 ? "" : "s");
	fill = p->columns -
	       (int)(utf8_width(name) + (*what ? 1 : 0) + utf8_width(what) + 2 + utf8_width(right));
	page_style(p, STYLE_BOLD);
	fputs(name, p->out);
	page_style(p, STYLE_PLAIN);
	if (fill < 1) { /* many processes, or a name of \xNN: two lines */
		fputc('\n', p->out);
		page_text(p, 2, "", STYLE_PLAIN, what);
		fill = p->columns - (int)utf8_width(right) - 1;
	} else {
		fprintf(p->out, *what ? " %s " : "%s ", what);
	}
	page_style(p, STYLE_DIM);
	page_repeat(p, "─", fill);
	page_style(p, STYLE_BOLD);
	fprintf(p->out, " %s\n", right);
	page_style(p, STYLE_PLAIN);
}

/* Quantiles are spread out when there is room, so that the eye finds them. */
void quantiles_print(const struct page *p, const struct dist *d)
{
	int gap = p->columns >= 90 ? 5 : 2, at = 0, width;
	char buf[UNIT_LEN];
	const struct {
		const char *name;
		__u64 ns;
	} q[] = { { "p50", d->p50 },	 { "p90", d->p90 }, { "p99", d->p99 },
		  { "p99.9", d->p99_9 }, { "max", d->max }, { "mean", 0 } };

	for (size_t i = 0; i < sizeof(q) / sizeof(q[0]); i++) {
		if (strcmp(q[i].name, "mean"))
			fmt_quantile(buf, sizeof(buf), q[i].ns);
		else
			fmt_ns(buf, sizeof(buf), d->mean);
		width = utf8_width(q[i].name) + 1 + utf8_width(buf);
		if (i && at + gap + width > p->columns) {
			fputc('\n', p->out);
			at = 0;
		}
		at += fprintf(p->out, "%*s", at ? gap : 2, "") + width;
		page_style(p, STYLE_DIM);
		fprintf(p->out, "%s ", q[i].name);
		page_style(p, STYLE_PLAIN);
		page_style(p, STYLE_BOLD);
		fputs(buf, p->out);
		page_style(p, STYLE_PLAIN);
	}
	fputc('\n', p->out);
}

bool warning_is_urgent(const struct run *r, const struct finding *f)
{
	return r->n_services == 1 ||
	       (strcmp(f->id, "no_requests") != 0 && strcmp(f->id, "came_later") != 0);
}

static void print_notes(const struct page *p, const struct run *r, const struct run_service *s)
{
	struct finding found[MAX_WARNINGS > MAX_FINDINGS ? MAX_WARNINGS : MAX_FINDINGS];
	size_t n = service_warnings(r, s, found);

	for (size_t i = 0; i < n; i++)
		if (r->n_services > 1) /* a single one's stand in the first lines */
			page_text(p, 4, "  !", STYLE_WARNING, found[i].text);
	n = service_findings(s, found);
	if (n)
		fputc('\n', p->out);
	for (size_t i = 0; i < n; i++)
		page_text(p, 4, "  →", STYLE_BOLD, found[i].text);
}

void facts_print(const struct page *p, const struct facts *f)
{
	char label[32];

	for (size_t i = 0; i < f->n; i++) {
		snprintf(label, sizeof(label), "  %s", f->fact[i].label);
		page_text(p, LABEL_INDENT, label, STYLE_DIM, f->fact[i].line.text);
	}
}

void service_print(const struct page *p, const struct run *r, const struct run_service *s,
		   size_t slowest)
{
	char name[SERVICE_NAME_LEN], processes[PROCESSES_LEN];
	struct facts facts;
	struct dist d;

	service_latency(s, &d);
	title_print(p, service_name(s, name), service_processes(s, processes), d.count);
	if (d.count) {
		quantiles_print(p, &d);
		fputc('\n', p->out);
		anatomy_print(p, s);
		waits_print(p, s);
		outbound_print(p, s);
		fputc('\n', p->out);
		service_facts(r, s, true, &facts);
		facts_print(p, &facts);
	}
	print_notes(p, r, s);
	if (service_requests(s) && slowest)
		waterfall_print(p, r, s, slowest);
}
