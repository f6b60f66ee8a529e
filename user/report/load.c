// SPDX-License-Identifier: BSD-2-Clause
#include "report/load.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/escape.h"
#include "base/units.h"
#include "load/plan.h"
#include "model/client.h"
#include "model/hist.h"
#include "report/client_json.h"
#include "report/json_parts.h"
#include "report/page.h"
#include "report/text.h"

/* A quantile of one kind of request; CLIENT_FAILED if it falls on those that failed. */
static __u64 kind_quantile(const struct tally_kind *k, __u32 millionths)
{
	__u64 rank = hist_rank(k->answered + k->failed, millionths);

	return rank > k->answered ? CLIENT_FAILED : hist_value_at(k->cells, 0, rank, 0, k->max);
}

static double kind_mean(const struct tally_kind *k)
{
	return k->answered ? (double)k->sum / k->answered : NAN;
}

/* ---- text ---- */

static void print_time(const struct page *p, __u64 ns)
{
	char text[UNIT_LEN], cell[UNIT_LEN];

	fputs(pad_left(cell, sizeof(cell),
		       ns == CLIENT_FAILED ? "failed" : fmt_ns(text, sizeof(text), ns), 9),
	      p->out);
}

static void print_kind(const struct page *p, const struct request *r, const struct tally_kind *k)
{
	char name[ESCAPE_FACTOR * sizeof(r->name) + 1], text[UNIT_LEN], cell[UNIT_LEN];
	__u64 n = k->answered + k->failed;
	int room = p->columns - 52;

	escape_name(name, sizeof(name), r->name);
	fprintf(p->out, "  %-*.*s", room, room, name);
	fputs(pad_left(cell, sizeof(cell), fmt_count(text, sizeof(text), k->due), 12), p->out);
	if (n) {
		print_time(p, kind_quantile(k, Q_P50));
		print_time(p, kind_quantile(k, Q_P99));
		print_time(p, kind_quantile(k, Q_P99_9));
	} else {
		fprintf(p->out, "%9s%9s%9s", "-", "-", "-");
	}
	fputs(pad_left(cell, sizeof(cell), fmt_count(text, sizeof(text), k->failed), 9), p->out);
	fputc('\n', p->out);
}

static void print_mix(FILE *out, const struct load_report *l)
{
	const struct request_mix *m = &l->plan->mix;
	struct page p;

	page_open(&p, out);
	fputc('\n', out);
	page_style(&p, STYLE_BOLD);
	fprintf(out, "  %-*s%12s%9s%9s%9s%9s", p.columns - 52, "kind", "requests", "p50", "p99",
		"p99.9", "failed");
	page_style(&p, STYLE_PLAIN);
	fputc('\n', out);
	for (size_t i = 0; i < m->n; i++)
		print_kind(&p, &m->requests[i], &l->tally.kinds[i]);
}

int load_report_text(FILE *out, const struct load_report *l, struct err *e)
{
	int err = report_text(out, l->run, NULL, e);

	if (err || l->plan->mix.n < 2)
		return err;
	print_mix(out, l);
	errno = 0;
	if (fflush(out) || ferror(out))
		return err_set(e, errno ? -errno : -EIO, "cannot write the report: %s",
			       strerror(errno ? errno : EIO));
	return 0;
}

/* ---- JSON ---- */

static json_t *time_or_null(__u64 ns, bool known)
{
	return known && ns != CLIENT_FAILED ? json_count(ns) : json_null();
}

static json_t *kind_json(const struct request *r, const struct tally_kind *k)
{
	bool any = k->answered + k->failed;

	return json_pack("{s:o, s:f, s:o, s:o, s:o, s:{s:o, s:o, s:o, s:o, s:o, s:o}}", "request",
			 json_name(r->name), "weight", r->weight, "scheduled", json_count(k->due),
			 "ok", json_count(k->answered), "failed", json_count(k->failed),
			 "latency_ns", "count", json_count(k->answered + k->failed), "mean",
			 json_number(kind_mean(k)), "p50",
			 time_or_null(kind_quantile(k, Q_P50), any), "p99",
			 time_or_null(kind_quantile(k, Q_P99), any), "p99_9",
			 time_or_null(kind_quantile(k, Q_P99_9), any), "max",
			 time_or_null(kind_quantile(k, Q_MAX), any));
}

static json_t *mix_json(const struct load_report *l)
{
	json_t *all = json_array();

	for (size_t i = 0; i < l->plan->mix.n; i++)
		if (json_array_append_new(all, kind_json(&l->plan->mix.requests[i],
							 &l->tally.kinds[i]))) {
			json_decref(all);
			return NULL;
		}
	return all;
}

int load_report_json(FILE *out, const struct load_report *l, struct err *e)
{
	const struct run *r = l->run;
	json_t *root = json_pack("{s:s, s:s, s:o, s:o, s:o, s:i}", "schema", "lvt.load/1",
				 "started", r->started, "host", json_known_name(r->host), "kernel",
				 json_known_name(r->kernel), "label", json_name(r->label),
				 "connected", (int)l->connected);
	json_t *client = client_json(r, &r->clients[0]), *mix = mix_json(l);
	int err = 0;

	if (!root || !client || !mix || json_object_update_new(root, client) ||
	    json_object_set_new(root, "mix", mix))
		err = err_set(e, -ENOMEM, "no memory for the report");
	errno = 0;
	if (!err && (json_dumpf(root, out, JSON_INDENT(2) | JSON_REAL_PRECISION(15)) ||
		     fputc('\n', out) == EOF || fflush(out)))
		err = err_set(e, errno ? -errno : -EIO, "cannot write the report: %s",
			      strerror(errno ? errno : EIO));
	json_decref(root);
	return err;
}
