// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <math.h>

#include "base/units.h"
#include "report/json_parts.h"
#include "report/sweep_words.h"

/* A whole number that is known, as such. */
static json_t *whole(double v)
{
	return isfinite(v) ? json_count(v) : json_null();
}

static json_t *bounded(const struct bounded *b)
{
	return json_pack("{s:o, s:o, s:o}", "value", json_number(b->value), "low",
			 json_number(b->low), "high", json_number(b->high));
}

static json_t *about(const struct sweep *s)
{
	return json_pack("{s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "target", json_name(s->target), "protocol", json_name(s->protocol),
			 "request", json_name(s->request), "mode", sweep_mode_name(s->mode), "from",
			 json_number(s->from), "to", json_number(s->to), "steps_planned",
			 json_count(s->planned), "arrivals", json_known_name(s->arrivals),
			 "service", json_known_name(s->service), "host", json_known_name(s->host),
			 "kernel", json_known_name(s->kernel), "cpus",
			 json_known(s->cpus, s->cpus > 0), "started", json_known_name(s->started),
			 "label", json_name(s->label));
}

static json_t *objective(const struct slo *slo)
{
	char name[SLO_NAME_LEN];

	return json_pack("{s:s, s:o, s:o}", "metric", slo_name(name, slo), "quantile",
			 slo->metric == SLO_QUANTILE ? json_real(slo->millionths / 1e6) :
						       json_null(),
			 "bound_ns", json_number(slo->bound_ns));
}

static json_t *latency(const struct sweep_step *p)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "mean", json_number(p->mean), "p50",
			 whole(p->p50), "p90", whole(p->p90), "p99", whole(p->p99), "p99_9",
			 whole(p->p99_9), "max", whole(p->max));
}

static json_t *stages(const struct sweep_kernel *k)
{
	json_t *all = json_object();
	int bad = 0;

	for (int st = 0; st < NR_STAGES && !bad; st++)
		bad = json_put(all, stage_name(st), json_number(k->stage[st]));
	return json_unless(bad, all);
}

static json_t *of_kernel(const struct sweep_kernel *k)
{
	if (isnan(k->requests))
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "requests",
			 whole(k->requests), "latency_ns",
			 json_pack("{s:o, s:o, s:o}", "mean", json_number(k->mean), "p50",
				   whole(k->p50), "p99", whole(k->p99)),
			 "in_flight", json_number(k->in_flight), "stages_ns", stages(k),
			 "service_ns", json_number(k->service.mean_ns), "service_square_ns2",
			 json_number(k->service.square_ns2), "service_variation",
			 json_number(service_variation(&k->service)), "threads", whole(k->threads),
			 "cpu_share", json_number(k->cpu_share));
}

static json_t *prediction(const struct queue_point *at)
{
	if (isnan(at->rho))
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "rho", json_number(at->rho),
			 "wait_ns", json_number(at->wait), "wakeup_ns", json_number(at->wakeup),
			 "latency_mean_ns", json_number(at->latency), "latency_p99_ns",
			 json_number(at->p99), "in_flight", json_number(at->in_flight),
			 "measured_apart", json_number(at->apart));
}

static json_t *step(const struct sweep_report *r, size_t i)
{
	const struct sweep_step *p = &r->sweep->steps[i];

	return json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
		"s:o, s:b, s:b, s:b, s:o, s:o, s:b}",
		"rate_intended", json_number(p->rate_intended), "connections",
		json_count(p->connections), "seconds", json_number(p->seconds), "warm_up_s",
		json_number(p->warm_up_s), "due", json_count(p->due), "sent", json_count(p->sent),
		"ok", json_count(p->answered), "failed", json_count(p->failed), "rate_achieved",
		json_number(p->rate), "lateness_p99_ns", whole(p->late_p99), "latency_ns",
		latency(p), "objective_ns", bounded(&p->objective), "mean_ns",
		bounded(&p->mean_between), "in_flight", json_number(p->in_flight),
		"closed_latency_p99_ns", whole(p->closed_p99), "utilisation",
		json_number(sweep_utilisation(r, i)), "kernel", of_kernel(&p->kernel), "prediction",
		prediction(&r->analysis->at[i]), "saturated", p->saturated, "late", p->late,
		"dropped", p->dropped, "foreign_cpus", json_number(p->foreign), "steal_cpus",
		json_number(p->steal), "disturbed", p->disturbed);
}

static json_t *steps(const struct sweep_report *r)
{
	json_t *all = json_array();
	int bad = 0;

	for (size_t i = 0; i < r->sweep->n && !bad; i++)
		bad = json_array_append_new(all, step(r, i));
	return json_unless(bad, all);
}

static json_t *saturation(const struct saturation *x)
{
	return json_pack("{s:b, s:o, s:o, s:o}", "found", x->found, "kept_up", json_number(x->good),
			 "not_kept_up", json_number(x->bad), "highest_rate", json_number(x->rate));
}

static json_t *knee(const struct knee *k)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "found", sweep_found_name(k->found),
			 "method", KNEE_METHOD, "at", json_number(k->at), "low",
			 json_number(k->low), "high", json_number(k->high), "rate",
			 json_number(k->rate), "latency_mean_ns", json_number(k->mean));
}

static json_t *capacity(const struct sweep_report *r)
{
	const struct capacity *c = &r->analysis->capacity;

	if (isnan(r->sweep->slo.bound_ns))
		return json_null();
	return json_pack("{s:s, s:o, s:o, s:o, s:f, s:b, s:b}", "found", sweep_found_name(c->found),
			 "at", json_number(c->at), "low", json_number(c->low), "high",
			 json_number(c->high), "level", SWEEP_LEVEL, "intervals_known", c->bounded,
			 "by_saturation", c->by_saturation);
}

static json_t *law(const struct queue_law *l)
{
	char name[UNIT_LEN];

	return json_pack("{s:b, s:o, s:o, s:o, s:b, s:o}", "applies", !l->gap, "name",
			 l->gap ? json_null() : json_string(sweep_law_name(name, l)), "why_not",
			 l->gap ? json_string(law_gap_meaning(l->gap)) : json_null(), "servers",
			 json_known(l->servers, l->servers), "servers_found", l->servers_found,
			 "service_variation", json_number(l->variation));
}

static json_t *usl(const struct usl *u)
{
	if (!u->known)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "rate_of_one", json_number(u->l),
			 "contention", json_number(u->s), "coherency", json_number(u->k), "r2",
			 json_number(u->r2), "worst_residual", json_number(u->worst),
			 "peak_connections", json_number(u->peak_n), "peak_rate",
			 json_number(u->peak_rate));
}

static json_t *point(const struct balance_point *p)
{
	if (!p->known)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "at", json_number(p->at),
			 "rate", json_number(p->rate), "latency_mean_ns", json_number(p->mean),
			 "p50_ns", json_number(p->p50), "p99_ns", json_number(p->p99),
			 "share_of_highest_rate", json_number(p->rate_share), "times_lowest_p99",
			 json_number(p->times), "at_highest_step", p->at_end);
}

static json_t *balance(const struct balance *b)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "lowest_p99_ns", json_number(b->unloaded_p99),
			 "lowest_at", json_number(b->unloaded_at), "latency_first",
			 point(&b->latency), "throughput_first", point(&b->throughput));
}

static json_t *sentences(const struct sweep_report *r)
{
	struct sweep_sentence said[SWEEP_MAX_SENTENCES];
	size_t n = sweep_sentences(r, said);
	json_t *all = json_array();
	int bad = 0;

	for (size_t i = 0; i < n && !bad; i++)
		bad = json_array_append_new(all, json_pack("{s:s, s:s}", "id", said[i].id, "text",
							   said[i].text));
	return json_unless(bad, all);
}

int sweep_json(FILE *out, const struct sweep_report *r, struct err *e)
{
	const struct sweep_analysis *a = r->analysis;
	json_t *root = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
				 "schema", "lvt.sweep/1", "sweep", about(r->sweep), "objective",
				 objective(&r->sweep->slo), "steps", steps(r), "saturation",
				 saturation(&a->saturation), "knee", knee(&a->knee), "capacity",
				 capacity(r), "law", law(&a->law), "usl", usl(&a->usl), "balance",
				 balance(&a->balance), "findings", sentences(r));

	if (!root)
		return err_set(e, -ENOMEM, "no memory for the JSON report");
	return json_print(root, out, "report", e);
}
