// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>

#include "report/compare_parts.h"
#include "report/json_parts.h"
#include "report/trial.h"

static json_t *metric(const struct trial_report *r, int m)
{
	const struct trial_value *v = &r->outcome->values[m];
	const struct effect *f = &v->effect;
	bool judged = v->resolved || m == (int)r->trial->plan.primary;

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o}", "before",
			 json_number(v->before), "after", json_number(v->after), "ratio",
			 json_number(f->ratio), "low", json_number(f->low), "high",
			 json_number(f->high), "level", json_number(f->level), "p",
			 json_number(f->p), "p_adjusted", json_number(f->p_adjusted), "beyond",
			 json_pack("{s:o, s:o}", "before", json_number(v->beyond[0]), "after",
				   json_number(v->beyond[1])),
			 "resolved", v->resolved, "verdict",
			 judged ? json_string(verdict_name(f->verdict)) : json_null());
}

static json_t *metrics(const struct trial_report *r)
{
	json_t *all = json_object();
	int bad = 0;

	for (int m = 0; m < trial_metrics(&r->trial->plan) && !bad; m++)
		bad = json_put(all, trial_metric_name(m), metric(r, m));
	return json_unless(bad, all);
}

static json_t *gates(const struct trial_outcome *o)
{
	json_t *all = json_object();
	int bad = 0;

	for (int g = 0; g < NR_GATES && !bad; g++) {
		bool failed = o->failed & 1u << g;
		const char *state = failed			       ? "failed" :
				    o->unchecked & 1u << g || !o->kept ? "not_checked" :
									 "passed";

		bad = json_put(all, gate_name(g),
			       json_pack("{s:s, s:o}", "state", state, "why",
					 failed ? json_string(gate_meaning(g)) : json_null()));
	}
	return json_unless(bad, all);
}

static json_t *design(const struct trial_report *r)
{
	const struct trial_plan *p = &r->trial->plan;

	return json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b}",
		"before", json_name(p->command[TRIAL_BEFORE]), "after",
		json_name(p->command[TRIAL_AFTER]), "load", json_name(p->load[TRIAL_AFTER]), "port",
		json_known(p->port, p->port), "pairs", json_count(p->pairs), "looks",
		json_count(p->looks), "seconds", json_number(p->seconds), "warm_up_s",
		json_number(p->warm_up_s), "rate_rps", json_number(p->rate), "delta",
		json_number(p->delta), "max_foreign_cpus", json_number(p->max_foreign),
		"max_steal_cpus", json_number(p->max_steal), "service_cpus",
		json_known_name(p->cpus[0]), "load_cpus", json_known_name(p->cpus[1]), "own_load",
		(int)p->own_load);
}

/* What lvt's own load saw; null with another one. */
static json_t *client(const struct trial_plan *p, const struct trial_arm *a)
{
	const struct trial_client *c = &a->client;
	const double *v = a->value + TRIAL_KINDS;

	if (!p->own_load)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "requests",
			 json_number(c->requests), "failed", json_number(c->failed), "due_rps",
			 json_number(c->due_rps), "late_p99_ns", json_number(c->late_p99_ns),
			 "edges", json_number(c->edges), "p50", json_number(v[0]), "p90",
			 json_number(v[1]), "p99", json_number(v[2]), "p99.9", json_number(v[3]),
			 "mean", json_number(v[4]), "throughput", json_number(v[5]));
}

static json_t *arm(const struct trial_plan *plan, const struct trial_pair *p, int which)
{
	const struct trial_arm *a = &p->arm[which];
	char name[TRIAL_FILE_LEN], file[TRIAL_FILE_LEN + 8];

	snprintf(file, sizeof(file), "%s.hlog", trial_file(name, p, which));
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o, "
			 "s:o, s:o, s:o}",
			 "run", file, "port", json_count(a->port), "comm", json_name(a->comm),
			 "requests", json_count(a->requests), "arrivals", json_count(a->arrivals),
			 "p50", json_number(a->value[0]), "p90", json_number(a->value[1]), "p99",
			 json_number(a->value[2]), "p99.9", json_number(a->value[3]), "mean",
			 json_number(a->value[4]), "throughput", json_number(a->value[5]),
			 "window_s", json_number(a->window_s), "cut", a->cut, "loss",
			 json_count(a->loss), "foreign_cpus", json_number(a->noise.foreign),
			 "steal_cpus", json_number(a->noise.steal), "client", client(plan, a));
}

static json_t *pairs(const struct trial *t)
{
	json_t *all = json_array();
	int bad = 0;

	for (size_t i = 0; i < t->n && !bad; i++) {
		const struct trial_pair *p = &t->pairs[i];

		bad = json_array_append_new(
			all, json_pack("{s:o, s:o, s:s, s:b, s:o, s:o}", "pair",
				       json_count(p->number), "attempt", json_count(p->attempt),
				       "first", trial_arm_name(p->after_first), "discarded",
				       p->discarded, "before", arm(&t->plan, p, TRIAL_BEFORE),
				       "after", arm(&t->plan, p, TRIAL_AFTER)));
	}
	return json_unless(bad, all);
}

static json_t *firmer(const struct trial_report *r)
{
	char text[TRIAL_MAX_FIRMER][TRIAL_WORDS_LEN];
	size_t n = trial_firmer(r, text);
	json_t *all = json_array();
	int bad = 0;

	for (size_t i = 0; i < n && !bad; i++)
		bad = json_array_append_new(all, json_name(text[i]));
	return json_unless(bad, all);
}

static json_t *anatomy(const struct trial_report *r)
{
	if (!r->comparison || !r->comparison->n_services)
		return json_null();
	return compare_anatomy_json(&r->comparison->services[0]);
}

int trial_json(FILE *out, const struct trial_report *r, struct err *e)
{
	const struct trial_plan *p = &r->trial->plan;
	const struct trial_outcome *o = r->outcome;
	char text[TRIAL_WORDS_LEN];
	json_t *root;

	trial_sentence(r, text);
	root = json_pack(
		"{s:s, s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
		"s:o, s:o, s:o, s:o}",
		"schema", "lvt.trial/1", "verdict", verdict_name(o->verdict), "text",
		json_name(text), "primary", trial_metric_name(p->primary), "level",
		json_number(o->design.level), "look_level", json_number(o->level), "look",
		json_count(o->design.look), "planned", json_count(o->planned), "kept",
		json_count(o->kept), "discarded", json_count(o->discarded), "detectable",
		json_number(o->detectable), "seed", json_count(p->seed), "resumed",
		json_count(r->trial->resumed), "started", json_name(p->started), "host",
		json_name(p->host), "kernel", json_name(p->kernel), "design", design(r), "metrics",
		metrics(r), "gates", gates(o), "anatomy", anatomy(r));
	if (root &&
	    (json_put(root, "pairs", pairs(r->trial)) || json_put(root, "firmer", firmer(r)) ||
	     json_put(root, "folder", json_name(r->folder)))) {
		json_decref(root);
		root = NULL;
	}
	if (!root)
		return err_set(e, -ENOMEM, "no memory for the JSON result");
	return json_print(root, out, "result", e);
}
