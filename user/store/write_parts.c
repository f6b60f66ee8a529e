// SPDX-License-Identifier: BSD-2-Clause
#include "store/write_parts.h"

#include <stdlib.h>
#include <string.h>

#include "model/window.h"
#include "store/sums.h"

char *record_text(const char *what, json_t *o)
{
	json_t *root = json_pack("{s:o}", what, o);
	char *text = NULL;

	if (root)
		text = json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(17));
	json_decref(root);
	return text;
}

void put_record(struct interval_out *to, const char *what, json_t *o)
{
	char *text = record_text(what, o);

	if (text)
		fprintf(to->text, RECORD_START "%s" RECORD_END, text);
	else
		to->failed = true;
	free(text);
}

/* A record of the service at hand. */
static void put_of_service(struct interval_out *to, const char *what, json_t *o)
{
	json_object_set_new(o, "service", json_integer(to->id));
	put_record(to, what, o);
}

/* now - before into to->cells, as cells_growth(). */
static int differ(struct interval_out *to, const __u64 *now, const __u64 *before)
{
	return cells_growth(to->cells, now, before, HIST_BUCKETS);
}

int put_histogram(struct interval_out *to, const char *name, const __u64 *now, const __u64 *before,
		  bool always)
{
	int any = differ(to, now, before);
	const char *text;

	if (any < 0)
		return -1;
	if (!any && !always)
		return 0;
	text = hdr_encode(to->hdr, to->cells);
	if (!text)
		return -1;
	fprintf(to->text, "Tag=%s%s,%.3f,%.3f,%.6f,%s\n", to->prefix, name, to->from, to->length,
		hdr_highest(to->cells) / 1e6, text);
	return 0;
}

static int put_histograms(struct interval_out *to, const struct run_service *s,
			  const struct run_service *last)
{
	char buf[TAG_LEN];
	int err = 0;

	/* a line for the latency there is always */
	for (int tag = 0; tag < NR_TAGS && !err; tag++)
		err = put_histogram(to, tag_name(tag, buf), tag_cells(s->sum, tag),
				    last ? tag_cells(last->sum, tag) : NULL, !tag);
	return err;
}

int put_anatomy(struct interval_out *to, const char *what, const struct run_service *s,
		const struct run_service *last)
{
	json_t *o = json_object();

	for (int st = 0; st < NR_STAGES; st++) {
		const __u64 *now = &s->sum->anatomy[0][st];
		const __u64 *before = last ? &last->sum->anatomy[0][st] : NULL;
		const char *text;

		for (__u32 b = 0; before && b < ANATOMY_BUCKETS; b++) {
			if (now[b * NR_STAGES] < before[b * NR_STAGES]) {
				json_decref(o);
				return -1;
			}
		}
		text = sums_encode(to->hdr, now, before, NR_STAGES);
		if (text && json_object_set_new(o, stage_name(st), json_string(text)))
			to->failed = true;
	}
	if (!json_object_size(o)) {
		json_decref(o);
		return 0;
	}
	json_object_set_new(o, what, json_integer(to->id));
	put_record(to, "anatomy", o);
	return 0;
}

/* Whether a service has the wait among its first n rows. */
static bool has_wait(const struct run_service *s, size_t n, const struct run_wait *like)
{
	for (size_t i = 0; s && i < n; i++)
		if (run_wait_same(&s->waits[i], like))
			return true;
	return false;
}

static void put_wait(struct interval_out *to, const struct run_service *s,
		     const struct run_service *last, const struct run_wait *w)
{
	struct run_wait more = wait_growth(s, last, w);

	if (more.waits || more.ns)
		put_of_service(to, "wait", fields_pack(wait_fields, &more));
}

/*
 * Rows change in both directions: what is left over for `other` does, and a peer's name may come to be
 * known, which is then another row.
 */
static void put_waits(struct interval_out *to, const struct run_service *s,
		      const struct run_service *last)
{
	for (size_t i = 0; i < s->n_waits; i++)
		if (!has_wait(s, i, &s->waits[i]))
			put_wait(to, s, last, &s->waits[i]);
	for (size_t i = 0; last && i < last->n_waits; i++)
		if (!has_wait(last, i, &last->waits[i]) &&
		    !has_wait(s, s->n_waits, &last->waits[i]))
			put_wait(to, s, last, &last->waits[i]);
}

static void put_slowest(struct interval_out *to, const struct run_service *s,
			const struct run_service *last)
{
	size_t n = last ? last->n_slowest : 0, k;

	for (size_t i = 0; i < s->n_slowest; i++) {
		for (k = 0; k < n && !run_exemplar_same(&s->slowest[i], &last->slowest[k]); k++)
			;
		if (k == n)
			put_of_service(to, "slowest", exemplar_pack(&s->slowest[i]));
	}
}

/* One of the two histograms of an outbound row, if it has more. */
static int put_cells(struct interval_out *to, json_t *o, const char *name, const __u64 *now,
		     const __u64 *before)
{
	int any = differ(to, now, before);

	if (any > 0)
		json_object_set_new(o, name, json_string(hdr_encode(to->hdr, to->cells)));
	return any;
}

/* Whether a row tells anything new but for its counts. */
static bool row_changed(const struct run_outbound *a, const struct run_outbound *b)
{
	return a->pid != b->pid || strcmp(a->comm, b->comm) || a->first_sum != b->first_sum ||
	       a->first_max != b->first_max || a->last_sum != b->last_sum ||
	       a->last_max != b->last_max;
}

static int put_outbound(struct interval_out *to, const struct run_service *s,
			const struct run_service *last)
{
	for (size_t i = 0; i < s->n_outbound; i++) {
		const struct run_outbound *now = &s->outbound[i], *was = NULL;
		json_t *o = fields_pack(outbound_fields, now);
		int first, second;

		for (size_t k = 0; last && k < last->n_outbound; k++)
			if (run_peer_same(&last->outbound[k].peer, &now->peer))
				was = &last->outbound[k];
		first = put_cells(to, o, "first", now->first, was ? was->first : NULL);
		second = put_cells(to, o, "last", now->last, was ? was->last : NULL);
		if (first < 0 || second < 0) {
			json_decref(o);
			return -1;
		}
		if (!was || first || second || row_changed(was, now))
			put_of_service(to, "outbound", o);
		else
			json_decref(o);
	}
	return 0;
}

int put_service(struct interval_out *to, const struct run_service *s,
		const struct run_service *last)
{
	if (put_histograms(to, s, last) || put_anatomy(to, "service", s, last))
		return -1;
	put_waits(to, s, last);
	put_slowest(to, s, last);
	return put_outbound(to, s, last);
}
