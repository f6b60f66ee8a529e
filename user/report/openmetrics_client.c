// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/client.h"
#include "report/openmetrics_parts.h"

enum { CLIENT_LABELS_LEN = 3 * LABEL_LEN + 64 };

/* What tells a client from all others: its number, too, as loads can be alike. */
static const char *labels_of(char buf[CLIENT_LABELS_LEN], const struct run *r, size_t i)
{
	char target[LABEL_LEN], protocol[LABEL_LEN], request[LABEL_LEN];
	const struct run_client *c = &r->clients[i];

	snprintf(buf, CLIENT_LABELS_LEN,
		 "client=\"%zu\",target=\"%s\",protocol=\"%s\",request=\"%s\"", i + 1,
		 om_label(target, c->target), om_label(protocol, c->protocol),
		 om_label(request, c->request));
	return buf;
}

static void print_latency(const struct output *o)
{
	static const char name[] = "lvt_client_latency_seconds";
	const struct run *r = o->r;
	char labels[CLIENT_LABELS_LEN];
	struct dist d;

	om_family(
		o, name, "histogram", "seconds",
		"From when a request was due to the last byte of its answer; failed ones are in +Inf "
		"and not in the sum.");
	for (size_t i = 0; i < r->n_clients; i++) {
		const struct run_client *c = &r->clients[i];
		__u64 answered = client_answered(c);

		client_latency(c, &d);
		om_histogram(o,
			     &(struct series){ .name = name,
					       .labels = labels_of(labels, r, i),
					       .cells = c->view.sum->latency,
					       .sum_ns = answered ? llround(d.mean * answered) : 0,
					       .halves = true,
					       .created = NAN });
	}
}

static void quantile(FILE *out, const char *labels, const char *q, __u64 ns)
{
	static const char name[] = "lvt_client_latency_quantiles_seconds";

	if (ns == CLIENT_FAILED)
		fprintf(out, "%s{%s,quantile=\"%s\"} +Inf\n", name, labels, q);
	else
		fprintf(out, "%s{%s,quantile=\"%s\"} %.10g\n", name, labels, q, ns / 1e9);
}

static void print_quantiles(const struct output *o)
{
	const struct run *r = o->r;
	FILE *out = o->out;
	char labels[CLIENT_LABELS_LEN];
	struct dist d;

	om_family(o, "lvt_client_latency_quantiles_seconds", "summary", "seconds",
		  "The same, as quantiles within 0.8 %; +Inf among the failed ones.");
	for (size_t i = 0; i < r->n_clients; i++) {
		client_latency(&r->clients[i], &d);
		if (!d.count)
			continue;
		labels_of(labels, r, i);
		quantile(out, labels, "0.5", d.p50);
		quantile(out, labels, "0.9", d.p90);
		quantile(out, labels, "0.99", d.p99);
		quantile(out, labels, "0.999", d.p99_9);
		quantile(out, labels, "1", d.max);
	}
}

static void print_times(const struct output *o)
{
	static const char name[] = "lvt_client_time_seconds";
	const struct run *r = o->r;
	char of_client[CLIENT_LABELS_LEN], labels[CLIENT_LABELS_LEN + 64];

	om_family(
		o, name, "histogram", "seconds",
		"Of answered requests: late, connection, answer add up to the latency; closed is what a "
		"closed loop would have reported.");
	for (size_t i = 0; i < r->n_clients; i++) {
		labels_of(of_client, r, i);
		for (int t = 0; t < NR_CLIENT_TIMES; t++) {
			const struct client_hist *h = &r->clients[i].times[t];
			struct dist d;

			client_time(&r->clients[i], t, &d);
			if (!d.count)
				continue;
			snprintf(labels, sizeof(labels), "%s,time=\"%s\"", of_client,
				 client_time_name(t));
			om_histogram(o, &(struct series){ .name = name,
							  .labels = labels,
							  .created = NAN,
							  .cells = h->cells,
							  .sum_ns = h->sum });
		}
	}
}

static void print_failed(const struct output *o)
{
	const struct run *r = o->r;
	FILE *out = o->out;
	char labels[CLIENT_LABELS_LEN];

	om_family(o, "lvt_client_failed", "counter", NULL, "Requests that failed, by error.");
	for (size_t i = 0; i < r->n_clients; i++)
		for (int k = 0; k < NR_CLIENT_ERRORS; k++)
			fprintf(out, "lvt_client_failed_total{%s,error=\"%s\"} %llu\n",
				labels_of(labels, r, i), client_error_name(k),
				r->clients[i].errors[k]);
}

static double scheduled(const struct run_client *c)
{
	return c->view.arrivals;
}

static double sent(const struct run_client *c)
{
	return c->sent;
}

static double answered(const struct run_client *c)
{
	return client_answered(c);
}

static double reconnects(const struct run_client *c)
{
	return c->reconnects;
}

static double bytes_sent(const struct run_client *c)
{
	return c->view.sum->bytes_in;
}

static double bytes_received(const struct run_client *c)
{
	return c->view.sum->bytes_out;
}

static double cpu(const struct run_client *c)
{
	return c->cpu_s;
}

static double intended(const struct run_client *c)
{
	return c->rate_intended;
}

static double in_flight(const struct run_client *c)
{
	return c->view.in_flight;
}

static double connections(const struct run_client *c)
{
	return c->connections ? c->connections : NAN;
}

static double window(const struct run_client *c)
{
	return c->view.window_s;
}

static const struct {
	const char *name, *type, *unit, *help;
	double (*of)(const struct run_client *c);
} numbers[] = {
	{ "lvt_client_scheduled", "counter", NULL, "Requests that were due.", scheduled },
	{ "lvt_client_sent", "counter", NULL, "Requests that were sent.", sent },
	{ "lvt_client_answered", "counter", NULL, "Requests that were answered rightly.",
	  answered },
	{ "lvt_client_reconnects", "counter", NULL, "Connections made after the first ones.",
	  reconnects },
	{ "lvt_client_sent_bytes", "counter", "bytes", "Payload that the client sent.",
	  bytes_sent },
	{ "lvt_client_received_bytes", "counter", "bytes", "Payload that it received.",
	  bytes_received },
	{ "lvt_client_cpu_seconds", "counter", "seconds", "CPU time of the load itself.", cpu },
	{ "lvt_client_rate_intended", "gauge", NULL, "Requests per second of an open loop.",
	  intended },
	{ "lvt_client_in_flight", "gauge", NULL, "Requests in flight, mean.", in_flight },
	{ "lvt_client_connections", "gauge", NULL, "Connections of the load.", connections },
	{ "lvt_client_window_seconds", "gauge", "seconds", "How long it was measured.", window },
};

static void print_numbers(const struct output *o)
{
	const struct run *r = o->r;
	FILE *out = o->out;
	char labels[CLIENT_LABELS_LEN];

	for (size_t k = 0; k < sizeof(numbers) / sizeof(numbers[0]); k++) {
		bool counter = !strcmp(numbers[k].type, "counter");

		om_family(o, numbers[k].name, numbers[k].type, numbers[k].unit, numbers[k].help);
		for (size_t i = 0; i < r->n_clients; i++) {
			double v = numbers[k].of(&r->clients[i]);

			if (isfinite(v))
				fprintf(out, "%s%s{%s} %.15g\n", numbers[k].name,
					counter ? "_total" : "", labels_of(labels, r, i), v);
		}
	}
}

void om_clients(const struct output *o)
{
	if (!o->r->n_clients)
		return;
	print_latency(o);
	print_quantiles(o);
	print_times(o);
	print_failed(o);
	print_numbers(o);
}
