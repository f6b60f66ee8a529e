// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "model/window.h"
#include "report/openmetrics_parts.h"

static const struct counted {
	const char *name, *unit, *help;
	size_t offset; /* of a __u64 in struct lvt_shard */
} counted[] = {
	{ "lvt_received_bytes", "bytes", "Payload that came in.",
	  offsetof(struct lvt_shard, bytes_in) },
	{ "lvt_sent_bytes", "bytes", "Payload that was sent.",
	  offsetof(struct lvt_shard, bytes_out) },
	{ "lvt_connections", NULL, "Connections established while traced, or open at the start.",
	  offsetof(struct lvt_shard, connections) },
	{ "lvt_retransmits", NULL, "Segments sent again.",
	  offsetof(struct lvt_shard, retransmits) },
	{ "lvt_receive_drops", NULL, "Segments that TCP dropped on receipt.",
	  offsetof(struct lvt_shard, receive_drops) },
};

static void print_exchanges(const struct output *o)
{
	const struct run *r = o->r;
	FILE *out = o->out;
	static const char *const kinds[NR_EXCHANGES] = { "request_response", "pipelined",
							 "unsolicited", "aborted" };
	char labels[LABELS_LEN];

	om_family(o, "lvt_exchanges", "counter", NULL,
		  "By kind; request_response and pipelined ones are the requests.");
	for (size_t i = 0; i < r->n_services; i++)
		for (int k = 0; k < NR_EXCHANGES; k++)
			fprintf(out, "lvt_exchanges_total{%s,kind=\"%s\"} %llu\n",
				om_labels(labels, &r->services[i]), kinds[k],
				r->services[i].sum->exchanges[k]);
}

static void print_counted(const struct output *o)
{
	const struct run *r = o->r;
	FILE *out = o->out;
	char labels[LABELS_LEN];

	for (size_t c = 0; c < sizeof(counted) / sizeof(counted[0]); c++) {
		om_family(o, counted[c].name, "counter", counted[c].unit, counted[c].help);
		for (size_t i = 0; i < r->n_services; i++) {
			const char *sum = (const char *)r->services[i].sum;

			fprintf(out, "%s_total{%s} %llu\n", counted[c].name,
				om_labels(labels, &r->services[i]),
				*(const __u64 *)(sum + counted[c].offset));
		}
	}
}

static void print_in_flight(const struct output *o)
{
	char labels[LABELS_LEN];

	om_family(o, "lvt_in_flight", "gauge", NULL,
		  o->live ? "Requests in flight, mean of the last seconds." :
			    "Requests in flight, mean of samples.");
	for (size_t i = 0; i < o->r->n_services; i++) {
		const struct run_service *s = &o->r->services[i];
		const struct past *past = o->live ? o->live->recent : NULL;
		double mean =
			window_in_flight(s, past ? run_find(&past->run, s->netns, s->port) : NULL);

		if (!isnan(mean))
			fprintf(o->out, "lvt_in_flight{%s} %.10g\n", om_labels(labels, s), mean);
	}
}

static void print_windows(const struct output *o)
{
	char labels[LABELS_LEN];

	om_family(o, "lvt_window_seconds", "gauge", "seconds", "How long the service was traced.");
	for (size_t i = 0; i < o->r->n_services; i++)
		fprintf(o->out, "lvt_window_seconds{%s} %.9g\n",
			om_labels(labels, &o->r->services[i]), o->r->services[i].window_s);
}

/* What tells a part from all others. */
static void part_sample(FILE *out, const char *name, const struct run_part *p)
{
	char file[LABEL_LEN], host[LABEL_LEN], started[LABEL_LEN];

	fprintf(out, "%s{file=\"%s\",host=\"%s\",started=\"%s\"} ", name, om_label(file, p->file),
		om_label(host, p->host), om_label(started, p->started));
}

static void print_parts(const struct output *o)
{
	const struct run *r = o->r;
	FILE *out = o->out;

	if (!r->n_parts)
		return;
	om_family(o, "lvt_part_duration_seconds", "gauge", "seconds",
		  "The runs that were merged into this one.");
	for (size_t i = 0; i < r->n_parts; i++) {
		part_sample(out, "lvt_part_duration_seconds", &r->parts[i]);
		fprintf(out, "%.9g\n", r->parts[i].duration_s);
	}
	om_family(o, "lvt_part_requests", "counter", NULL, "Their requests.");
	for (size_t i = 0; i < r->n_parts; i++) {
		part_sample(out, "lvt_part_requests_total", &r->parts[i]);
		fprintf(out, "%llu\n", r->parts[i].requests);
	}
	om_family(o, "lvt_part_loss", "counter", NULL, "Their lost or mistimed requests.");
	for (size_t i = 0; i < r->n_parts; i++) {
		if (r->parts[i].loss == UINT64_MAX)
			continue;
		part_sample(out, "lvt_part_loss_total", &r->parts[i]);
		fprintf(out, "%llu\n", r->parts[i].loss);
	}
	if (isnan(run_covered_s(r)))
		return;
	om_family(o, "lvt_run_covered_seconds", "gauge", "seconds",
		  "How long at least one part was traced.");
	fprintf(out, "lvt_run_covered_seconds %.9g\n", run_covered_s(r));
}

static void print_info(const struct output *o)
{
	const struct run *r = o->r;
	FILE *out = o->out;
	const struct {
		const char *name, *value;
	} labels[] = { { "host", r->host },
		       { "kernel", r->kernel },
		       { "filter", r->filter },
		       { "label", r->label },
		       { "started", r->started } };
	char value[LABEL_LEN];
	const char *comma = "";

	om_family(o, "lvt_run", "info", NULL, "What was traced, and where.");
	fputs("lvt_run_info{", out);
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		if ((r->latency_only || r->n_parts) && !labels[i].value[0])
			continue; /* not known */
		fprintf(out, "%s%s=\"%s\"", comma, labels[i].name,
			om_label(value, labels[i].value));
		comma = ",";
	}
	fputs("} 1\n", out);
}

static void print_run(const struct output *o)
{
	const struct run *r = o->r;
	FILE *out = o->out;

	print_info(o);
	om_family(o, "lvt_run_duration_seconds", "gauge", "seconds",
		  o->live ? "Since attach." : "From attach to stop.");
	fprintf(out, "lvt_run_duration_seconds %.9g\n", r->duration_s);
	if (!run_traced(r))
		return;
	om_family(o, "lvt_events", "counter", NULL,
		  "lvt's own counters; those of kind loss are lost or mistimed requests.");
	for (int c = 0; c < NR_COUNTERS; c++) {
		static const char *const kinds[] = { [COUNTER_KIND_LOSS] = "loss",
						     [COUNTER_KIND_GAP] = "gap",
						     [COUNTER_KIND_NOTE] = "note" };

		fprintf(out, "lvt_events_total{counter=\"%s\",kind=\"%s\"} %llu\n", counter_name(c),
			kinds[counter_kind(c)], r->counters[c]);
	}
}

void om_counts(const struct output *o)
{
	if (!o->r->latency_only) {
		print_exchanges(o);
		print_counted(o);
	}
	print_in_flight(o);
	print_windows(o);
	om_clients(o);
	print_run(o);
	print_parts(o);
}
