// SPDX-License-Identifier: BSD-2-Clause
#include "report/client_json.h"

#include <math.h>

#include "report/client_view.h"
#include "report/json_parts.h"

static json_t *quantile(const struct dist *d, __u64 ns)
{
	return json_known(ns, d->count && ns != CLIENT_FAILED);
}

/* `measured` of them have a time: the others have none for a minimum. */
static json_t *dist(const struct dist *d, __u64 measured)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "count", json_count(d->count),
			 "mean", json_number(d->mean), "min", json_known(d->min, measured), "p50",
			 quantile(d, d->p50), "p90", quantile(d, d->p90), "p99",
			 quantile(d, d->p99), "p99_9", quantile(d, d->p99_9), "max",
			 quantile(d, d->max));
}

/* null if nothing was measured. */
static json_t *of_time(const struct run_client *c, enum client_time t)
{
	struct dist d;

	client_time(c, t, &d);
	return d.count ? dist(&d, d.count) : json_null();
}

static json_t *latency(const struct run_client *c)
{
	struct dist d;

	client_latency(c, &d);
	return dist(&d, client_answered(c));
}

static json_t *errors(const struct run_client *c)
{
	json_t *all = json_object();
	int bad = 0;

	for (int k = 0; k < NR_CLIENT_ERRORS && !bad; k++)
		if (c->errors[k])
			bad = json_put(all, client_error_name(k), json_count(c->errors[k]));
	return json_unless(bad, all);
}

/* What it asked for, and how. */
static json_t *load(const struct run *r, const struct run_client *c)
{
	return json_pack("{s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "target", json_name(c->target), "protocol", json_known_name(c->protocol),
			 "request", json_known_name(c->request), "open", (int)c->open, "arrivals",
			 json_known_name(c->arrivals), "profile", json_known_name(c->profile),
			 "seed", json_known(c->seed, c->seed || r->n_parts < 2), "connections",
			 json_known(c->connections, c->connections), "threads",
			 json_known(c->threads, c->threads), "duration_s",
			 json_number(c->view.window_s), "warm_up_s", json_number(c->warm_up_s),
			 "think_s", json_number(c->think_s), "timeout_s",
			 json_number(c->timeout_s));
}

static json_t *counts(const struct run_client *c)
{
	double cpu = c->sent ? c->cpu_s * 1e9 / c->sent : NAN;

	return json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
		"scheduled", json_count(c->view.arrivals), "sent", json_count(c->sent), "ok",
		json_count(client_answered(c)), "failed", json_count(client_failed(c)), "errors",
		errors(c), "unfinished", json_count(c->unfinished), "rate_intended",
		json_number(c->rate_intended), "rate_sent", json_number(client_sent_rps(c)),
		"rate_achieved", json_number(client_rps(c)), "in_flight",
		json_number(c->view.in_flight), "reconnects", json_count(c->reconnects), "cpu_s",
		json_number(c->cpu_s), "cpu_per_request_ns", json_number(cpu), "bytes_sent",
		json_count(c->view.sum->bytes_in), "bytes_received",
		json_count(c->view.sum->bytes_out), "closed_connections",
		json_known(c->closed_connections, c->closed_connections));
}

static json_t *times(const struct run *r, const struct run_client *c)
{
	double between = client_between_ns(r, c), kernel = NAN;
	struct dist d;

	if (!isnan(between)) {
		service_latency(client_service(r, c), &d);
		kernel = d.mean;
	}
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "latency_ns", latency(c),
			 "answer_ns", of_time(c, CLIENT_ANSWER), "send_latency_ns",
			 of_time(c, CLIENT_ANSWER), "connection_ns", of_time(c, CLIENT_CONNECTION),
			 "lateness_ns", of_time(c, CLIENT_LATE), "closed_latency_ns",
			 of_time(c, CLIENT_CLOSED), "kernel_latency_mean_ns", json_number(kernel),
			 "between_mean_ns", json_number(between));
}

static json_t *sentences(const struct run_client *c)
{
	struct finding found[MAX_FINDINGS], warned[MAX_WARNINGS];
	size_t n_warned = client_warnings(c, warned), n_found = client_findings(c, found);

	return json_pack("{s:o, s:o}", "warnings", json_findings(warned, n_warned), "findings",
			 json_findings(found, n_found));
}

json_t *client_json(const struct run *r, const struct run_client *c)
{
	json_t *all = load(r, c);
	json_t *parts[] = { counts(c), times(r, c), sentences(c) };
	int bad = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		bad |= json_object_update(all, parts[i]);
		json_decref(parts[i]);
	}
	return json_unless(bad, all);
}
