// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>

#include "base/units.h"
#include "report/facts.h"
#include "report/html.h"
#include "report/html_parts.h"

struct term {
	const char *name, *meaning;
};

static void terms_of_clients(FILE *out)
{
	static const struct term terms[] = {
		{ "client",
		  "The view of a load: its latency runs from when a request was due, which "
		  "does not depend on the service (open loop), to the last byte of its "
		  "answer." },
		{ "late", "From when a request was due until the load noticed: its own fault." },
		{ "no free connection",
		  "From then until it was sent: all connections were in use, or one was made." },
		{ "answer", "From sent to the last byte of the answer." },
		{ "failed",
		  "A request that failed never has its answer: in quantiles it takes for ever, and "
		  "it has no part in means." },
		{ "closed loop",
		  "One that sends the next request when it has the answer to the last: what it does "
		  "not send meanwhile it does not see (coordinated omission)." },
	};

	for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++)
		html_fact(out, terms[i].name, terms[i].meaning);
}

static void definitions(FILE *out, const struct run *r)
{
	static const struct term terms[] = {
		{ "request", "A turn on one connection: from the first byte in after the previous "
			     "answer to the last send before the next byte in." },
		{ "latency",
		  "From the moment TCP accepts its first byte (arrive) to the start of the "
		  "last send of its answer (done). The time on the wire and in the client is "
		  "not in it." },
		{ "p50, p90, ...",
		  "Nearest-rank percentiles over all requests, none sampled, within "
		  "0.8 %. Minimum and maximum are exact, means are exact." },
		{ "stage",
		  "Each nanosecond of a request’s latency is in exactly one. What cannot be "
		  "established is unattributed, never spread over the others." },
		{ "near a percentile",
		  "The requests within 3 % of that latency: their mean. Its stages "
		  "add up to its latency." },
		{ "in flight",
		  "Requests that have arrived and are not answered, sampled apart from any "
		  "latency. Little’s law, throughput × mean latency, predicts it: a large "
		  "difference in a steady load means that something is wrong." },
		{ "CPUs busy",
		  "The CPU time of the service’s threads by the time traced: 1.00 is one "
		  "CPU all the time." },
		{ "loss",
		  "Requests that were lost or mistimed as a whole. Gaps are parts of requests "
		  "that went to unattributed." },
	};

	bool traced = run_traced(r) || r->latency_only;

	fputs("<h3>How the numbers are defined</h3>\n<dl class=\"terms\">\n", out);
	if (r->n_clients)
		terms_of_clients(out);
	for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]) && traced; i++)
		html_fact(out, terms[i].name, terms[i].meaning);
	for (int n = 0; n < NR_NET && traced; n++)
		html_fact(out, net_name(n), net_meaning(n));
	fputs("</dl>\n", out);
}

static void stages(FILE *out)
{
	static const struct html_column columns[] = { { .name = "stage" },
						      { .name = "the request’s time while" } };
	struct html_table t;

	html_table_open(&t, out, "Stages", columns, 2);
	for (int st = 0; st < NR_STAGES; st++) {
		html_cell_stage(&t, st);
		html_cell(&t, stage_meaning(st));
	}
	html_table_close(&t);
}

static void cost(FILE *out, const struct run *r)
{
	char text[UNIT_LEN], calls[UNIT_LEN], line[160];

	fputs("<dl class=\"facts\">\n", out);
	if (isnan(r->bpf_ns_per_request))
		snprintf(line, sizeof(line), "not measured (--measure-overhead)");
	else if (isnan(r->events))
		snprintf(line, sizeof(line), "%s a request",
			 fmt_ns(text, sizeof(text), r->bpf_ns_per_request));
	else
		snprintf(line, sizeof(line), "%s a request, %s calls; measuring itself included",
			 fmt_ns(text, sizeof(text), r->bpf_ns_per_request),
			 fmt_count(calls, sizeof(calls), llround(r->events)));
	html_fact(out, "Kernel CPU", line);
	html_fact(out, "lvt itself", fmt_ns(text, sizeof(text), r->loader_cpu_s * 1e9));
	html_fact(out, "Memory",
		  r->loader_rss_bytes ? fmt_bytes(text, sizeof(text), r->loader_rss_bytes) :
					"unknown");
	fputs("</dl>\n", out);
}

static void counters(FILE *out, const struct run *r)
{
	static const char *const kinds[] = {
		[COUNTER_KIND_LOSS] = "loss", [COUNTER_KIND_GAP] = "gap", [COUNTER_KIND_NOTE] = "note"
	};
	static const struct html_column columns[] = {
		{ .name = "counter" },
		{ .name = "kind" },
		{ .name = "value", .number = true },
		{ .name = "what it counts" },
	};
	struct html_table t;
	char text[UNIT_LEN];

	html_details(out, "All counters, zeros too");
	html_table_open(&t, out, "Counters", columns, 4);
	for (int c = 0; c < NR_COUNTERS; c++) {
		html_cell(&t, counter_name(c));
		html_cell(&t, kinds[counter_kind(c)]);
		html_cell(&t, fmt_counter(text, sizeof(text), r, c));
		html_cell(&t, counter_meaning(c));
	}
	html_table_close(&t);
	fputs("</details>\n", out);
}

/* The counters of one kind that are not zero. */
static void told(FILE *out, const struct run *r, enum counter_kind kind, const char *name)
{
	char text[UNIT_LEN];
	bool any = false;

	fprintf(out, "<div><dt>%s</dt><dd>", name);
	for (int c = 0; c < NR_COUNTERS; c++) {
		if (counter_kind(c) != kind || !r->counters[c])
			continue;
		html_say(out, "%s%s %s (%s)", any ? "; " : "", counter_name(c),
			 fmt_counter(text, sizeof(text), r, c), counter_meaning(c));
		any = true;
	}
	fprintf(out, "%s</dd></div>\n", any ? "" : "0");
}

static void hooks(FILE *out, const struct run *r)
{
	static const struct html_column columns[] = { { .name = "event" }, { .name = "hook" } };
	struct html_table t;

	if (!r->n_hooks)
		return;
	html_details(out, "Hooks: do not compare runs with different ones");
	html_table_open(&t, out, "Hooks", columns, 2);
	for (size_t i = 0; i < r->n_hooks; i++) {
		html_cell(&t, r->hooks[i].role);
		html_cell(&t, r->hooks[i].hook);
	}
	html_table_close(&t);
	fputs("</details>\n", out);
}

static void untraced(FILE *out, const struct run *r)
{
	enum { MOST = 100 };

	if (!r->n_untraced)
		return;
	fputs("<div><dt>not traced</dt><dd>", out);
	for (size_t i = 0; i < r->n_untraced && i < MOST; i++)
		html_say(out, "%s%s", i ? ", " : "", r->untraced[i]);
	if (r->n_untraced > MOST)
		html_say(out, " and %zu more", r->n_untraced - MOST);
	fputs("</dd></div>\n", out);
}

/* What a merged run is made of. */
static void parts(FILE *out, const struct run *r)
{
	enum { MOST = 100 };
	char requests[UNIT_LEN], loss[UNIT_LEN], duration[UNIT_LEN];

	if (!r->n_parts)
		return;
	fputs("<div><dt>parts</dt><dd>", out);
	for (size_t i = 0; i < r->n_parts && i < MOST; i++) {
		const struct run_part *p = &r->parts[i];

		html_say(out, "%s%s: %s, %s, %s, %s requests, loss %s", i ? "; " : "", p->file,
			 p->host[0] ? p->host : "host unknown", p->started,
			 fmt_ns(duration, sizeof(duration), p->duration_s * 1e9),
			 fmt_count(requests, sizeof(requests), p->requests),
			 p->loss == UINT64_MAX ? "unknown" :
						 fmt_count(loss, sizeof(loss), p->loss));
	}
	if (r->n_parts > MOST)
		html_say(out, " and %zu more", r->n_parts - MOST);
	fputs("</dd></div>\n", out);
}

/* Of a load's own run: nothing was traced. */
static void foot_of_load(FILE *out, const struct run *r)
{
	fputs("<footer>\n<h2>The load</h2>\n", out);
	if (r->n_parts) {
		fputs("<dl class=\"facts lines\">\n", out);
		parts(out, r);
		fputs("</dl>\n", out);
	}
	definitions(out, r);
	fputs("</footer>\n", out);
}

void html_foot(FILE *out, const struct run *r)
{
	if (!run_traced(r) && !r->latency_only) {
		foot_of_load(out, r);
		return;
	}
	fputs("<footer>\n<h2>The trace</h2>\n<dl class=\"facts lines\">\n", out);
	if (r->latency_only) {
		fputs("<div><dt>loss</dt><dd>unknown</dd></div>\n", out);
	} else {
		told(out, r, COUNTER_KIND_LOSS, "loss");
		told(out, r, COUNTER_KIND_GAP, "gaps");
		told(out, r, COUNTER_KIND_NOTE, "notes");
		untraced(out, r);
	}
	parts(out, r);
	fputs("</dl>\n", out);
	if (run_traced(r)) {
		fputs("<h3>What it cost</h3>\n", out);
		cost(out, r);
		counters(out, r);
	}
	hooks(out, r);
	definitions(out, r);
	stages(out);
	fputs("</footer>\n", out);
}
