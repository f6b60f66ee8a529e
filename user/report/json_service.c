// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/escape.h"
#include "base/peer.h"
#include "report/findings.h"
#include "report/json_parts.h"

json_t *json_number(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

json_t *json_count(__u64 n)
{
	return n <= INT64_MAX ? json_integer((json_int_t)n) : json_real((double)n);
}

json_t *json_name(const char *name)
{
	char escaped[2048];
	json_t *as_it_is = json_string(name);

	return as_it_is ? as_it_is : json_string(escape_name(escaped, sizeof(escaped), name));
}

int json_put(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value);
}

json_t *json_unless(int failed, json_t *v)
{
	if (!failed)
		return v;
	json_decref(v);
	return NULL;
}

json_t *json_known_name(const char *name)
{
	return name[0] ? json_name(name) : json_null();
}

json_t *json_known(__u64 n, bool known)
{
	return known ? json_count(n) : json_null();
}

json_t *json_peer(const struct lvt_peer *peer)
{
	char text[PEER_LEN];

	return json_known_name(fmt_peer(text, sizeof(text), peer));
}

static json_t *latency(const struct run_service *s)
{
	struct dist d;
	bool k;

	service_latency(s, &d);
	k = d.count > 0;
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "count", json_count(d.count),
			 "mean", json_number(d.mean), "min", json_known(d.min, k), "p50",
			 json_known(d.p50, k), "p90", json_known(d.p90, k), "p99",
			 json_known(d.p99, k), "p99_9", json_known(d.p99_9, k), "max",
			 json_known(d.max, k));
}

static json_t *stage(const struct run_service *s, enum lvt_stage st, bool known)
{
	struct dist d;

	service_stage(s, st, &d);
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "count", json_count(d.count),
			 "mean", json_number(d.mean), "p50", json_known(d.p50, known), "p90",
			 json_known(d.p90, known), "p99", json_known(d.p99, known), "p99_9",
			 json_known(d.p99_9, known), "max", json_known(d.max, known), "share",
			 json_number(d.share));
}

static json_t *stages(const struct run_service *s)
{
	bool known = service_requests(s) > 0;
	json_t *all = json_object();
	int bad = 0;

	for (int st = 0; st < NR_STAGES && !bad; st++)
		bad = json_put(all, stage_name(st), stage(s, st, known));
	return json_unless(bad, all);
}

static json_t *anatomy_row(const struct anatomy_row *row)
{
	const char *at = strcmp(row->at, "p99.9") ? row->at : "p99_9";
	json_t *ns = json_object();
	int bad = 0;

	for (int st = 0; st < NR_STAGES && !bad; st++)
		bad = json_put(ns, stage_name(st), json_number(row->stage_ns[st]));
	return json_pack("{s:s, s:o, s:o, s:o}", "at", at, "latency_ns",
			 json_number(row->latency_ns), "requests", json_count(row->requests),
			 "stages_ns", json_unless(bad, ns));
}

static json_t *anatomy(const struct run_service *s)
{
	struct anatomy_row rows[ANATOMY_ROWS];
	json_t *all = json_array();
	int bad = 0;

	service_anatomy(s, rows);
	for (int i = 0; i < ANATOMY_ROWS && !bad; i++)
		bad = json_array_append_new(all, anatomy_row(&rows[i]));
	return json_unless(bad, all);
}

static json_t *exchanges(const struct lvt_shard *sum)
{
	const __u64 *n = sum->exchanges;

	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "request_response",
			 json_count(n[EXCHANGE_REQUEST_RESPONSE]), "pipelined",
			 json_count(n[EXCHANGE_PIPELINED]), "unsolicited",
			 json_count(n[EXCHANGE_UNSOLICITED]), "aborted",
			 json_count(n[EXCHANGE_ABORTED]), "streaming", json_count(sum->streaming));
}

static json_t *littles_law(const struct run_service *s)
{
	struct littles_law l;

	service_littles_law(s, &l);
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "lambda_rps", json_number(l.lambda_rps),
			 "latency_mean_s", json_number(l.latency_mean_s), "in_flight_predicted",
			 json_number(l.predicted), "in_flight_sampled", json_number(l.sampled),
			 "relative_error", json_number(l.relative_error), "samples",
			 json_count(s->in_flight_samples));
}

static json_t *batches(const struct lvt_shard *sum)
{
	return json_pack("{s:o, s:o, s:o}", "sampled", json_count(sum->batch_sampled), "found",
			 json_count(sum->batch_found), "messages", json_count(sum->batch_messages));
}

static json_t *pids(const struct run_service *s)
{
	json_t *all = s->n_pids ? json_array() : json_null();
	int bad = 0;

	for (__u32 i = 0; i < s->n_pids && i < RUN_MAX_PIDS && !bad; i++)
		bad = json_array_append_new(all, json_integer(s->pids[i]));
	return json_unless(bad, all);
}

static json_t *evidence(const struct finding *f)
{
	json_t *all = json_object();
	int bad = 0;

	for (size_t i = 0; i < f->n_evidence && !bad; i++) {
		const struct evidence *e = &f->evidence[i];

		bad = json_put(all, e->name,
			       e->word[0] ? json_name(e->word) : json_number(e->number));
	}
	return json_unless(bad, all);
}

json_t *json_findings(const struct finding *found, size_t n)
{
	json_t *all = json_array();
	int bad = 0;

	for (size_t i = 0; i < n && !bad; i++) {
		json_t *f = json_pack("{s:s, s:o, s:o}", "id", found[i].id, "text",
				      json_name(found[i].text), "evidence", evidence(&found[i]));

		bad = json_array_append_new(all, f);
	}
	return json_unless(bad, all);
}

static json_t *multiplexed(const struct lvt_shard *sum)
{
	return json_pack("{s:o, s:o}", "sampled", json_count(sum->batch_sampled), "found",
			 json_count(sum->h2_found));
}

static json_t *utilisation(const struct run_service *s)
{
	if (isnan(s->cpu_share) && isnan(s->runq_share))
		return json_null();
	return json_pack("{s:o, s:o, s:o}", "threads", json_count(s->threads), "cpu_share",
			 json_number(s->cpu_share), "runq_share", json_number(s->runq_share));
}

static json_t *occupancy(const struct run_service *s)
{
	double mean, square;

	if (!service_occupancy(s, &mean, &square))
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o}", "mean_ns", json_number(mean), "square_ns2",
			 json_number(square), "cv2", json_number(square / (mean * mean) - 1),
			 "busy_ns", json_number(service_busy_ns(s)));
}

/* What it is and what went through it. */
static json_t *counts(const struct run_service *s)
{
	const struct lvt_shard *sum = s->sum;

	return json_pack("{s:i, s:s, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "port", s->port, "family", "tcp", "comm", json_name(s->comm), "pids",
			 pids(s), "processes", json_known(s->n_pids, s->n_pids), "netns",
			 json_known(s->netns, s->netns), "foreign_netns", (int)s->foreign_netns,
			 "window_s", json_number(s->window_s), "requests",
			 json_count(service_requests(s)), "throughput_rps",
			 json_number(service_rps(s)), "bytes_in", json_count(sum->bytes_in),
			 "bytes_out", json_count(sum->bytes_out), "connections",
			 json_count(sum->connections));
}

static json_t *exchanged(const struct run_service *s)
{
	const struct lvt_shard *sum = s->sum;

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "exchanges", exchanges(sum),
			 "multi_thread", json_count(sum->multi_thread), "batches", batches(sum),
			 "multiplexed", multiplexed(sum), "plain_share",
			 json_number(service_plain_share(s)), "latency_ns", latency(s), "stages",
			 stages(s), "anatomy", anatomy(s));
}

static json_t *causes(const struct run *r, const struct run_service *s)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "blocked_on",
			 json_waits(s, false), "preempted_by", json_waits(s, true), "queue_blocked",
			 json_queue_blocked(s), "net", json_net(r, s), "tcp", json_tcp(r, s),
			 "littles_law", littles_law(s), "utilisation", utilisation(s), "occupancy",
			 occupancy(s), "slowest", json_slowest(r, s), "outbound",
			 json_outbound(r, s));
}

static json_t *sentences(const struct run *r, const struct run_service *s)
{
	struct finding found[MAX_FINDINGS], warned[MAX_WARNINGS];
	size_t n_found = service_findings(s, found), n_warned = service_warnings(r, s, warned);

	return json_pack("{s:o, s:o}", "warnings", json_findings(warned, n_warned), "findings",
			 json_findings(found, n_found));
}

/* Of a log of another tool: what it does not tell. */
static int put_unknown(json_t *all)
{
	static const char *const names[] = {
		"port",		 "family",	  "pids",	  "processes",	 "netns",
		"foreign_netns", "bytes_in",	  "bytes_out",	  "connections", "exchanges",
		"batches",	 "multiplexed",	  "multi_thread", "blocked_on",	 "preempted_by",
		"tcp",		 "queue_blocked",
	};
	int bad = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !bad; i++)
		bad = json_put(all, names[i], json_null());
	return bad;
}

json_t *json_service(const struct run *r, const struct run_service *s)
{
	json_t *all = counts(s);
	json_t *parts[] = { exchanged(s), causes(r, s), sentences(r, s) };
	int bad = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		bad |= json_object_update(all, parts[i]);
		json_decref(parts[i]);
	}
	bad |= json_put(all, "together_rps", json_number(service_together_rps(r, s)));
	if (r->latency_only)
		bad |= put_unknown(all);
	return json_unless(bad, all);
}
