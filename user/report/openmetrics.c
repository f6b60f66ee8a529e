// SPDX-License-Identifier: BSD-2-Clause
#include "report/openmetrics.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/escape.h"
#include "model/hist.h"
#include "report/openmetrics_parts.h"

enum { FIRST_BOUND = 10, LAST_BOUND = 36 }; /* log2 of ns */
enum { LABELS_LEN = 400 };

const char *label_value(char buf[LABEL_LEN], const char *name)
{
	char safe[ESCAPE_FACTOR * 256 + 1], *to = buf;

	escape_name(safe, sizeof(safe), name);
	for (const char *p = safe; *p && to < buf + LABEL_LEN - 2; p++) {
		if (*p == '\\' || *p == '"')
			*to++ = '\\';
		*to++ = *p;
	}
	*to = 0;
	return buf;
}

/* What tells a service from all others; what is not known of it is left out. */
static const char *service_labels(char buf[LABELS_LEN], const struct run_service *s)
{
	char comm[LABEL_LEN];

	if (!s->port)
		snprintf(buf, LABELS_LEN, "service=\"%s\"", label_value(comm, s->comm));
	else if (!s->netns)
		snprintf(buf, LABELS_LEN, "service=\"%s\",port=\"%u\"", label_value(comm, s->comm),
			 s->port);
	else
		snprintf(buf, LABELS_LEN, "service=\"%s\",port=\"%u\",netns=\"%u\"",
			 label_value(comm, s->comm), s->port, s->netns);
	return buf;
}

void family(FILE *out, const char *name, const char *type, const char *unit, const char *help)
{
	fprintf(out, "# TYPE %s %s\n", name, type);
	if (unit)
		fprintf(out, "# UNIT %s %s\n", name, unit);
	fprintf(out, "# HELP %s %s\n", name, help);
}

/* Values under a bound, which lies between two buckets. */
static __u64 count_under(const __u64 cells[HIST_BUCKETS], __u32 *next, __u64 bound)
{
	__u64 n = 0;

	for (; *next < HIST_BUCKETS && hist_low(*next) < bound; ++*next)
		n += cells[*next];
	return n;
}

void print_histogram(FILE *out, const struct series *h)
{
	__u64 n = h->zeros;
	__u32 next = 0;

	for (int e = FIRST_BOUND; e <= LAST_BOUND; e++) {
		n += count_under(h->cells, &next, 1ull << e);
		fprintf(out, "%s_bucket{%s,le=\"%.10g\"} %llu\n", h->name, h->labels,
			ldexp(1e-9, e), n);
		if (!h->halves || e == LAST_BOUND)
			continue;
		n += count_under(h->cells, &next, 3ull << (e - 1));
		fprintf(out, "%s_bucket{%s,le=\"%.10g\"} %llu\n", h->name, h->labels,
			ldexp(1.5e-9, e), n);
	}
	n += count_under(h->cells, &next, ~0ull);
	fprintf(out, "%s_bucket{%s,le=\"+Inf\"} %llu\n", h->name, h->labels, n);
	fprintf(out, "%s_count{%s} %llu\n", h->name, h->labels, n);
	fprintf(out, "%s_sum{%s} %.9f\n", h->name, h->labels, h->sum_s);
}

static void print_latency(FILE *out, const struct run *r)
{
	static const char name[] = "lvt_request_latency_seconds";
	char labels[LABELS_LEN];
	struct dist d;

	family(out, name, "histogram", "seconds",
	       "From a request's arrival to the last send of its answer.");
	for (size_t i = 0; i < r->n_services; i++) {
		const struct run_service *s = &r->services[i];

		service_latency(s, &d);
		print_histogram(out,
				&(struct series){ .name = name,
						  .labels = service_labels(labels, s),
						  .cells = s->sum->latency,
						  .sum_s = d.count ? d.mean * d.count / 1e9 : 0,
						  .halves = true });
	}
}

static void print_quantiles(FILE *out, const struct run *r)
{
	static const char name[] = "lvt_request_latency_quantiles_seconds";
	char labels[LABELS_LEN];
	struct dist d;

	family(out, name, "summary", "seconds", "The same, as quantiles within 0.8 %.");
	for (size_t i = 0; i < r->n_services; i++) {
		const struct run_service *s = &r->services[i];

		service_latency(s, &d);
		if (!d.count)
			continue;
		service_labels(labels, s);
		fprintf(out, "%s{%s,quantile=\"0.5\"} %.10g\n", name, labels, d.p50 / 1e9);
		fprintf(out, "%s{%s,quantile=\"0.9\"} %.10g\n", name, labels, d.p90 / 1e9);
		fprintf(out, "%s{%s,quantile=\"0.99\"} %.10g\n", name, labels, d.p99 / 1e9);
		fprintf(out, "%s{%s,quantile=\"0.999\"} %.10g\n", name, labels, d.p99_9 / 1e9);
		fprintf(out, "%s{%s,quantile=\"1\"} %.10g\n", name, labels, d.max / 1e9);
		fprintf(out, "%s_count{%s} %llu\n", name, labels, d.count);
		fprintf(out, "%s_sum{%s} %.9f\n", name, labels, d.mean * d.count / 1e9);
	}
}

static void print_stages(FILE *out, const struct run *r)
{
	static const char name[] = "lvt_request_stage_seconds";
	char of_service[LABELS_LEN], labels[LABELS_LEN + 64];

	family(out, name, "histogram", "seconds",
	       "The part of each request's latency in a stage; the parts add up to it.");
	for (size_t i = 0; i < r->n_services; i++) {
		const struct run_service *s = &r->services[i];

		service_labels(of_service, s);
		for (int st = 0; st < NR_STAGES; st++) {
			__u64 n = hist_count(s->sum->stage[st]);

			if (!n)
				continue;
			snprintf(labels, sizeof(labels), "%s,stage=\"%s\"", of_service,
				 stage_name(st));
			print_histogram(
				out, &(struct series){ .name = name,
						       .labels = labels,
						       .cells = s->sum->stage[st],
						       .zeros = service_requests(s) - n,
						       .sum_s = service_stage_sum(s, st) / 1e9 });
		}
	}
}

static void print_net(FILE *out, const struct run *r)
{
	static const char name[] = "lvt_net_seconds";
	char of_service[LABELS_LEN], labels[LABELS_LEN + 64];

	family(out, name, "histogram", "seconds", "Times in the network stack beside the latency.");
	for (size_t i = 0; i < r->n_services; i++) {
		const struct run_service *s = &r->services[i];

		service_labels(of_service, s);
		for (int n = 0; n < NR_NET; n++) {
			if (!hist_count(s->sum->net[n]))
				continue;
			snprintf(labels, sizeof(labels), "%s,part=\"%s\"", of_service, net_name(n));
			print_histogram(out, &(struct series){ .name = name,
							       .labels = labels,
							       .cells = s->sum->net[n],
							       .sum_s = s->sum->net_sum[n] / 1e9 });
		}
	}
}

/* ---- counters ---- */

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

static void print_exchanges(FILE *out, const struct run *r)
{
	static const char *const kinds[NR_EXCHANGES] = { "request_response", "pipelined",
							 "unsolicited", "aborted" };
	char labels[LABELS_LEN];

	family(out, "lvt_exchanges", "counter", NULL,
	       "By kind; request_response and pipelined ones are the requests.");
	for (size_t i = 0; i < r->n_services; i++)
		for (int k = 0; k < NR_EXCHANGES; k++)
			fprintf(out, "lvt_exchanges_total{%s,kind=\"%s\"} %llu\n",
				service_labels(labels, &r->services[i]), kinds[k],
				r->services[i].sum->exchanges[k]);
}

static void print_counted(FILE *out, const struct run *r)
{
	char labels[LABELS_LEN];

	for (size_t c = 0; c < sizeof(counted) / sizeof(counted[0]); c++) {
		family(out, counted[c].name, "counter", counted[c].unit, counted[c].help);
		for (size_t i = 0; i < r->n_services; i++) {
			const char *sum = (const char *)r->services[i].sum;

			fprintf(out, "%s_total{%s} %llu\n", counted[c].name,
				service_labels(labels, &r->services[i]),
				*(const __u64 *)(sum + counted[c].offset));
		}
	}
}

static void print_gauges(FILE *out, const struct run *r)
{
	char labels[LABELS_LEN];

	family(out, "lvt_in_flight", "gauge", NULL, "Requests in flight, mean of samples.");
	for (size_t i = 0; i < r->n_services; i++)
		if (!isnan(r->services[i].in_flight))
			fprintf(out, "lvt_in_flight{%s} %.10g\n",
				service_labels(labels, &r->services[i]), r->services[i].in_flight);
	family(out, "lvt_window_seconds", "gauge", "seconds", "How long the service was traced.");
	for (size_t i = 0; i < r->n_services; i++)
		fprintf(out, "lvt_window_seconds{%s} %.9g\n",
			service_labels(labels, &r->services[i]), r->services[i].window_s);
}

/* What tells a part from all others. */
static void part_sample(FILE *out, const char *name, const struct run_part *p)
{
	char file[LABEL_LEN], host[LABEL_LEN], started[LABEL_LEN];

	fprintf(out, "%s{file=\"%s\",host=\"%s\",started=\"%s\"} ", name,
		label_value(file, p->file), label_value(host, p->host),
		label_value(started, p->started));
}

static void print_parts(FILE *out, const struct run *r)
{
	if (!r->n_parts)
		return;
	family(out, "lvt_part_duration_seconds", "gauge", "seconds",
	       "The runs that were merged into this one.");
	for (size_t i = 0; i < r->n_parts; i++) {
		part_sample(out, "lvt_part_duration_seconds", &r->parts[i]);
		fprintf(out, "%.9g\n", r->parts[i].duration_s);
	}
	family(out, "lvt_part_requests", "counter", NULL, "Their requests.");
	for (size_t i = 0; i < r->n_parts; i++) {
		part_sample(out, "lvt_part_requests_total", &r->parts[i]);
		fprintf(out, "%llu\n", r->parts[i].requests);
	}
	family(out, "lvt_part_loss", "counter", NULL, "Their lost or mistimed requests.");
	for (size_t i = 0; i < r->n_parts; i++) {
		if (r->parts[i].loss == UINT64_MAX)
			continue;
		part_sample(out, "lvt_part_loss_total", &r->parts[i]);
		fprintf(out, "%llu\n", r->parts[i].loss);
	}
	if (isnan(run_covered_s(r)))
		return;
	family(out, "lvt_run_covered_seconds", "gauge", "seconds",
	       "How long at least one part was traced.");
	fprintf(out, "lvt_run_covered_seconds %.9g\n", run_covered_s(r));
}

static void print_info(FILE *out, const struct run *r)
{
	const struct {
		const char *name, *value;
	} labels[] = { { "host", r->host },
		       { "kernel", r->kernel },
		       { "filter", r->filter },
		       { "label", r->label },
		       { "started", r->started } };
	char value[LABEL_LEN];
	const char *comma = "";

	family(out, "lvt_run", "info", NULL, "What was traced, and where.");
	fputs("lvt_run_info{", out);
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		if ((r->latency_only || r->n_parts) && !labels[i].value[0])
			continue; /* not known */
		fprintf(out, "%s%s=\"%s\"", comma, labels[i].name,
			label_value(value, labels[i].value));
		comma = ",";
	}
	fputs("} 1\n", out);
}

static void print_run(FILE *out, const struct run *r)
{
	print_info(out, r);
	family(out, "lvt_run_duration_seconds", "gauge", "seconds", "From attach to stop.");
	fprintf(out, "lvt_run_duration_seconds %.9g\n", r->duration_s);
	if (!run_traced(r))
		return;
	family(out, "lvt_events", "counter", NULL,
	       "lvt's own counters; those of kind loss are lost or mistimed requests.");
	for (int c = 0; c < NR_COUNTERS; c++) {
		static const char *const kinds[] = { [COUNTER_KIND_LOSS] = "loss",
						     [COUNTER_KIND_GAP] = "gap",
						     [COUNTER_KIND_NOTE] = "note" };

		fprintf(out, "lvt_events_total{counter=\"%s\",kind=\"%s\"} %llu\n", counter_name(c),
			kinds[counter_kind(c)], r->counters[c]);
	}
}

int report_openmetrics(FILE *out, const struct run *r, struct err *e)
{
	int err;

	errno = 0;
	print_latency(out, r);
	print_quantiles(out, r);
	print_stages(out, r);
	print_net(out, r);
	if (!r->latency_only) {
		print_exchanges(out, r);
		print_counted(out, r);
	}
	print_gauges(out, r);
	print_clients(out, r);
	print_run(out, r);
	print_parts(out, r);
	fprintf(out, "# EOF\n");
	if (!fflush(out) && !ferror(out))
		return 0;
	err = errno ? -errno : -EIO;
	return err_set(e, err, "cannot write the report: %s", strerror(-err));
}
