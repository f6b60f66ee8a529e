// SPDX-License-Identifier: BSD-2-Clause
#include "report/json.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "report/client_json.h"
#include "report/findings.h"
#include "report/json_parts.h"
#include "report/parts.h"

static json_t *hooks(const struct run *r)
{
	json_t *all = json_object();
	int bad = 0;

	for (size_t i = 0; i < r->n_hooks && !bad; i++) {
		const char *other = json_string_value(json_object_get(all, r->hooks[i].role));
		json_t *hook = other ? json_sprintf("%s, %s", other, r->hooks[i].hook) :
				       json_string(r->hooks[i].hook);

		bad = json_put(all, r->hooks[i].role, hook);
	}
	return json_unless(bad, all);
}

static json_t *filter(const struct run *r)
{
	bool known = run_traced(r) && strcmp(r->filter, RUN_DIFFERS) != 0;

	return known ? json_name(r->filter) : json_null();
}

static json_t *the_run(const struct run *r)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "started",
			 json_known_name(r->started), "duration_s", json_number(r->duration_s),
			 "covered_s", json_number(run_covered_s(r)), "host",
			 json_known_name(r->host), "kernel", json_known_name(r->kernel), "cpus",
			 json_known(r->cpus, r->cpus > 0), "filter", filter(r), "hooks",
			 run_traced(r) ? hooks(r) : json_null(), "label", json_name(r->label));
}

/* The counters of a kind by name, zeros too, null if unknown; with their sum first for losses. */
static json_t *counters(const struct run *r, enum counter_kind kind)
{
	bool known = run_traced(r);
	json_t *all = json_object();
	int bad = 0;

	if (kind == COUNTER_KIND_LOSS)
		bad = json_put(all, "total", json_known(run_loss(r), known));
	for (int c = 0; c < NR_COUNTERS && !bad; c++)
		if (counter_kind(c) == kind)
			bad = json_put(all, counter_name(c), json_known(r->counters[c], known));
	return json_unless(bad, all);
}

static json_t *overhead(const struct run *r)
{
	json_t *events = isfinite(r->events) && r->events >= 0 ? json_count(r->events) :
								 json_null();

	return json_pack("{s:o, s:o, s:o, s:o}", "events", events, "bpf_ns_per_request",
			 json_number(r->bpf_ns_per_request), "loader_cpu_s",
			 json_number(r->loader_cpu_s), "loader_rss_bytes",
			 json_known(r->loader_rss_bytes, r->loader_rss_bytes));
}

static json_t *services(const struct run *r)
{
	json_t *all = json_array();
	int bad = 0;

	for (size_t i = 0; i < r->n_services && !bad; i++)
		bad = json_array_append_new(all, json_service(r, &r->services[i]));
	return json_unless(bad, all);
}

static json_t *clients(const struct run *r)
{
	json_t *all = json_array();
	int bad = 0;

	for (size_t i = 0; i < r->n_clients && !bad; i++)
		bad = json_array_append_new(all, client_json(r, &r->clients[i]));
	return json_unless(bad, all);
}

static json_t *untraced(const struct run *r)
{
	json_t *all = json_array();
	int bad = 0;

	for (size_t i = 0; i < r->n_untraced && !bad; i++)
		bad = json_array_append_new(all, json_name(r->untraced[i]));
	return json_unless(bad, all);
}

int json_print(json_t *root, FILE *out, const char *what, struct err *e)
{
	int err = 0;

	errno = 0;
	if (json_dumpf(root, out, JSON_INDENT(2) | JSON_REAL_PRECISION(15)) ||
	    fputc('\n', out) == EOF || fflush(out)) {
		err = errno ? -errno : -EIO;
		err_set(e, err, "cannot write the %s: %s", what, strerror(-err));
	}
	json_decref(root);
	return err;
}

int report_json(FILE *out, const struct run *r, struct err *e)
{
	struct finding warned[MAX_WARNINGS];
	size_t n_warned = run_warnings(r, warned);
	json_t *root;

	root = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "schema",
			 "lvt.report/1", "run", the_run(r), "loss", counters(r, COUNTER_KIND_LOSS),
			 "gaps", counters(r, COUNTER_KIND_GAP), "notes",
			 counters(r, COUNTER_KIND_NOTE), "overhead", overhead(r), "warnings",
			 json_findings(warned, n_warned), "untraced", untraced(r), "parts",
			 json_run_parts(r), "services", services(r), "clients", clients(r));
	if (!root)
		return err_set(e, -ENOMEM, "no memory for the JSON report");
	return json_print(root, out, "report", e);
}
