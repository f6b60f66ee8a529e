// SPDX-License-Identifier: BSD-2-Clause
#include "report/openmetrics.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/peer.h"
#include "model/hist.h"
#include "report/openmetrics_parts.h"

enum { FIRST_BOUND = 10, LAST_BOUND = 36 }; /* log2 of ns */

const char *om_label(char buf[LABEL_LEN], const char *name)
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

const char *om_labels(char buf[LABELS_LEN], const struct run_service *s)
{
	char comm[LABEL_LEN];

	if (!s->port)
		snprintf(buf, LABELS_LEN, "service=\"%s\"", om_label(comm, s->comm));
	else if (!s->netns)
		snprintf(buf, LABELS_LEN, "service=\"%s\",port=\"%u\"", om_label(comm, s->comm),
			 s->port);
	else
		snprintf(buf, LABELS_LEN, "service=\"%s\",port=\"%u\",netns=\"%u\"",
			 om_label(comm, s->comm), s->port, s->netns);
	return buf;
}

/* The older format has a counter's family called as its samples are, and no type for infos. */
void om_family(const struct output *o, const char *name, const char *type, const char *unit,
	       const char *help)
{
	bool counter = !strcmp(type, "counter"), info = !strcmp(type, "info");
	const char *end = o->text && counter ? "_total" : o->text && info ? "_info" : "";

	fprintf(o->out, "# TYPE %s%s %s\n", name, end, o->text && info ? "gauge" : type);
	if (unit && !o->text)
		fprintf(o->out, "# UNIT %s %s\n", name, unit);
	fprintf(o->out, "# HELP %s%s %s\n", name, end, help);
}

/* Values under a bound, which lies between two buckets. */
static __u64 count_under(const __u64 cells[HIST_BUCKETS], __u32 *next, __u64 bound)
{
	__u64 n = 0;

	for (; *next < HIST_BUCKETS && hist_low(*next) < bound; ++*next)
		n += cells[*next];
	return n;
}

/* Since when a service is traced, s since the epoch; of a merged run it is not one moment. */
static double created(const struct run *r, const struct run_service *s)
{
	return r->n_parts || r->latency_only ?
		       NAN :
		       run_time(r->started) + fmax(r->duration_s - s->window_s, 0);
}

static enum lvt_stage largest_stage(const struct run_exemplar *x)
{
	int most = 0;

	for (int st = 1; st < NR_STAGES; st++)
		if (x->stage[st] > x->stage[most])
			most = st;
	return most;
}

/* The latest exemplar in [from, to): at most 100 characters of labels, of 128 that there may be. */
static void print_exemplar(const struct output *o, const struct series *h, __u64 from, __u64 to)
{
	const struct run_exemplar *latest = NULL;
	double start = run_time(o->r->started);
	char client[PEER_LEN];

	for (size_t i = 0; !o->text && h->slowest && i < h->slowest->n_slowest; i++) {
		const struct run_exemplar *x = &h->slowest->slowest[i];

		if (x->latency >= from && x->latency < to && (!latest || x->at_s > latest->at_s))
			latest = x;
	}
	if (!latest)
		return;
	fprintf(o->out, " # {client=\"%s\",thread=\"%u\",stage=\"%s\"} %.9f",
		fmt_peer(client, sizeof(client), &latest->client), latest->tid,
		stage_name(largest_stage(latest)), latest->latency / 1e9);
	if (!isnan(start) && !o->r->n_parts)
		fprintf(o->out, " %.3f", start + latest->at_s + latest->latency / 1e9);
}

static void print_bucket(const struct output *o, const struct series *h, const char *le, __u64 n,
			 __u64 from, __u64 to)
{
	fprintf(o->out, "%s_bucket{%s,le=\"%s\"} %llu", h->name, h->labels, le, n);
	print_exemplar(o, h, from, to);
	fputc('\n', o->out);
}

void om_histogram(const struct output *o, const struct series *h)
{
	__u64 n = h->zeros, from = 0;
	__u32 next = 0;
	char le[32];

	for (int k = 2 * FIRST_BOUND; k <= 2 * LAST_BOUND; k++) {
		__u64 bound = (k % 2 ? 3ull : 2ull) << (k / 2 - 1);

		if (k % 2 && !h->halves)
			continue;
		n += count_under(h->cells, &next, bound);
		snprintf(le, sizeof(le), "%.10g", bound / 1e9);
		print_bucket(o, h, le, n, from, bound);
		from = bound;
	}
	n += count_under(h->cells, &next, ~0ull);
	print_bucket(o, h, "+Inf", n, from, ~0ull);
	fprintf(o->out, "%s_count{%s} %llu\n", h->name, h->labels, n);
	fprintf(o->out, "%s_sum{%s} %llu.%09llu\n", h->name, h->labels, h->sum_ns / 1000000000,
		h->sum_ns % 1000000000);
	if (!o->text && !isnan(h->created))
		fprintf(o->out, "%s_created{%s} %.3f\n", h->name, h->labels, h->created);
}

static void print_latency(const struct output *o)
{
	static const char name[] = "lvt_request_latency_seconds";
	char labels[LABELS_LEN];

	om_family(o, name, "histogram", "seconds",
		  "From a request's arrival to the last send of its answer.");
	for (size_t i = 0; i < o->r->n_services; i++) {
		const struct run_service *s = &o->r->services[i];
		struct series h = { .name = name,
				    .labels = om_labels(labels, s),
				    .cells = s->sum->latency,
				    .halves = true,
				    .slowest = s,
				    .created = created(o->r, s) };

		for (int st = 0; st < NR_STAGES; st++)
			h.sum_ns += service_stage_sum(s, st);
		om_histogram(o, &h);
	}
}

static void print_quantiles(const struct output *o)
{
	static const char name[] = "lvt_request_latency_quantiles_seconds";
	char labels[LABELS_LEN];
	FILE *out = o->out;
	struct dist d;

	om_family(o, name, "summary", "seconds", "The same, as quantiles within 0.8 %.");
	for (size_t i = 0; i < o->r->n_services; i++) {
		const struct run_service *s = &o->r->services[i];

		service_latency(s, &d);
		if (!d.count)
			continue;
		om_labels(labels, s);
		fprintf(out, "%s{%s,quantile=\"0.5\"} %.10g\n", name, labels, d.p50 / 1e9);
		fprintf(out, "%s{%s,quantile=\"0.9\"} %.10g\n", name, labels, d.p90 / 1e9);
		fprintf(out, "%s{%s,quantile=\"0.99\"} %.10g\n", name, labels, d.p99 / 1e9);
		fprintf(out, "%s{%s,quantile=\"0.999\"} %.10g\n", name, labels, d.p99_9 / 1e9);
		fprintf(out, "%s{%s,quantile=\"1\"} %.10g\n", name, labels, d.max / 1e9);
		fprintf(out, "%s_count{%s} %llu\n", name, labels, d.count);
		fprintf(out, "%s_sum{%s} %.9f\n", name, labels, d.mean * d.count / 1e9);
	}
}

/* The requests without a stage: never fewer than were said before. */
static __u64 zeros_of(const struct output *o, const struct run_service *s, enum lvt_stage st,
		      __u64 with)
{
	struct openmetrics_memory *m = o->live ? o->live->memory : NULL;
	__u64 all = service_requests(s), zeros = all > with ? all - with : 0;
	size_t i = 0;

	if (!m)
		return zeros;
	while (i < m->n && (m->service[i].port != s->port || m->service[i].netns != s->netns))
		i++;
	if (i == OPENMETRICS_SERVICES)
		return zeros;
	if (i == m->n) {
		m->service[i].port = s->port;
		m->service[i].netns = s->netns;
		m->n++;
	}
	if (zeros > m->service[i].zeros[st])
		m->service[i].zeros[st] = zeros;
	return m->service[i].zeros[st];
}

static void print_stages(const struct output *o)
{
	static const char name[] = "lvt_request_stage_seconds";
	char of_service[LABELS_LEN], labels[LABELS_LEN + 64];

	om_family(o, name, "histogram", "seconds",
		  "The part of each request's latency in a stage; the parts add up to it.");
	for (size_t i = 0; i < o->r->n_services; i++) {
		const struct run_service *s = &o->r->services[i];

		om_labels(of_service, s);
		for (int st = 0; st < NR_STAGES; st++) {
			__u64 n = hist_count(s->sum->stage[st]);

			if (!n)
				continue;
			snprintf(labels, sizeof(labels), "%s,stage=\"%s\"", of_service,
				 stage_name(st));
			om_histogram(o, &(struct series){ .name = name,
							  .labels = labels,
							  .cells = s->sum->stage[st],
							  .zeros = zeros_of(o, s, st, n),
							  .sum_ns = service_stage_sum(s, st),
							  .created = created(o->r, s) });
		}
	}
}

static void print_net(const struct output *o)
{
	static const char name[] = "lvt_net_seconds";
	char of_service[LABELS_LEN], labels[LABELS_LEN + 64];

	om_family(o, name, "histogram", "seconds",
		  "Times in the network stack beside the latency.");
	for (size_t i = 0; i < o->r->n_services; i++) {
		const struct run_service *s = &o->r->services[i];

		om_labels(of_service, s);
		for (int n = 0; n < NR_NET; n++) {
			if (!hist_count(s->sum->net[n]))
				continue;
			snprintf(labels, sizeof(labels), "%s,part=\"%s\"", of_service, net_name(n));
			om_histogram(o, &(struct series){ .name = name,
							  .labels = labels,
							  .cells = s->sum->net[n],
							  .sum_ns = s->sum->net_sum[n],
							  .created = created(o->r, s) });
		}
	}
}

/* Returns 0, or -errno with *e filled. */
static int print_all(const struct output *o, struct err *e)
{
	int err;

	errno = 0;
	print_latency(o);
	if (!o->live)
		print_quantiles(o);
	print_stages(o);
	print_net(o);
	om_counts(o);
	if (!o->text)
		fprintf(o->out, "# EOF\n");
	if (!fflush(o->out) && !ferror(o->out))
		return 0;
	err = errno ? -errno : -EIO;
	return err_set(e, err, "cannot write the report: %s", strerror(-err));
}

int report_openmetrics(FILE *out, const struct run *r, struct err *e)
{
	return print_all(&(struct output){ .out = out, .r = r }, e);
}

int report_openmetrics_live(FILE *out, const struct run *r, const struct openmetrics_live *live,
			    struct err *e)
{
	return print_all(&(struct output){ .out = out, .r = r, .live = live, .text = live->text },
			 e);
}
