// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <math.h>
#include <string.h>

#include "lab/path_print.h"
#include "report/json_parts.h"

static const char *mark_name(enum path_mark mark)
{
	static const char *const names[] = {
		[PATH_OPEN] = "open", [PATH_LOCKED] = "locked", [PATH_DONE] = "done"
	};

	return names[mark];
}

static json_t *called(const struct path_item *item)
{
	char name[80];

	return item ? json_name(path_item_called(name, sizeof(name), item)) : json_null();
}

static json_t *lab_of(const struct path_state *s, size_t i)
{
	const struct lab_manifest *lab = &s->labs->labs[i];
	const struct path_lab_state *l = &s->lab[i];

	return json_pack("{s:o, s:o, s:o, s:b, s:s, s:o, s:o, s:b, s:b, s:o, s:o, s:o}", "id",
			 json_name(lab->id), "title", json_name(lab->title), "minutes",
			 json_number(lab->minutes), "core", lab->core, "favours",
			 lab->throughput ? "throughput" : "latency", "serves",
			 json_name(lab->serves), "pays", json_name(lab->pays), "passed", l->passed,
			 "started", l->started, "checks", json_count(l->checks), "verdict",
			 l->verdict ? json_name(l->verdict) : json_null(), "missing_here",
			 l->unfit ? json_name(l->why) : json_null());
}

static json_t *labs_of(const struct path_state *s, const struct path_item *unit)
{
	json_t *all = json_array();
	int bad = 0;

	for (size_t i = 0; i < s->labs->n && !bad; i++)
		if (!strcmp(s->labs->labs[i].unit, unit->name))
			bad = json_array_append_new(all, lab_of(s, i));
	return json_unless(bad, all);
}

static json_t *units_of(const struct path_state *s, const struct path_item *phase)
{
	json_t *all = json_array();
	int bad = 0;

	for (const struct path_item *u = NULL; (u = path_next(s->path, PATH_UNIT, u)) && !bad;) {
		const struct path_item_state *state = path_state_of(s, u);

		if (u->phase != phase)
			continue;
		bad = json_array_append_new(
			all, json_pack("{s:o, s:s, s:o, s:o, s:o, s:s, s:b, s:o, s:o}", "id",
				       json_name(u->name), "number", u->number, "title",
				       json_name(u->title), "focus", json_name(u->about), "minutes",
				       json_number(u->minutes), "state", mark_name(state->mark),
				       "read", state->read, "locked_by", called(state->locked_by),
				       "labs", labs_of(s, u)));
	}
	return json_unless(bad, all);
}

static json_t *phases(const struct path_state *s)
{
	json_t *all = json_array();
	int bad = 0;

	for (const struct path_item *f = NULL; (f = path_next(s->path, PATH_PHASE, f)) && !bad;) {
		const struct path_item_state *state = path_state_of(s, f);

		bad = json_array_append_new(all, json_pack("{s:s, s:o, s:s, s:o, s:o}", "number",
							   f->number, "title", json_name(f->title),
							   "state", mark_name(state->mark),
							   "locked_by", called(state->locked_by),
							   "units", units_of(s, f)));
	}
	return json_unless(bad, all);
}

static json_t *readings(const struct path_state *s, enum path_kind kind)
{
	json_t *all = json_array();
	int bad = 0;

	for (const struct path_item *i = NULL; (i = path_next(s->path, kind, i)) && !bad;)
		bad = json_array_append_new(
			all, json_pack("{s:o, s:o, s:o, s:b}", "id", json_name(i->name), "title",
				       json_name(i->title), "about", json_name(i->about), "read",
				       path_state_of(s, i)->read));
	return json_unless(bad, all);
}

static json_t *checklist(const struct path_state *s)
{
	json_t *all = json_array();
	int bad = 0;

	for (const struct path_item *l = NULL;
	     (l = path_next(s->path, PATH_CHECKLIST, l)) && !bad;) {
		const struct path_item_state *state = path_state_of(s, l);

		bad = json_array_append_new(
			all, json_pack("{s:o, s:o, s:b, s:o, s:o}", "id", json_name(l->name),
				       "title", json_name(l->title), "done",
				       state->mark == PATH_DONE, "units_done",
				       json_count(state->done), "units", json_count(state->of)));
	}
	return json_unless(bad, all);
}

static json_t *predictions(const struct prediction_score *p)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "made", json_count(p->made), "scored",
			 json_count(p->scored), "median_log_error", json_number(p->log_error),
			 "intervals", json_count(p->intervals), "intervals_held",
			 json_count(p->held));
}

static json_t *next(const struct path_state *s)
{
	if (!s->next)
		return json_null();
	return json_pack("{s:o, s:o, s:s}", "id", json_name(s->next->name), "lab",
			 s->next_lab ? json_name(s->next_lab->id) : json_null(), "command",
			 s->command);
}

int path_json(FILE *out, const struct path_state *s, struct err *e)
{
	json_t *root = json_pack(
		"{s:s, s:o, s:o, s:o, s:o, s:{s:o, s:o}, s:{s:o, s:o}, s:{s:o, s:o}, s:o, s:o, "
		"s:o, s:o, s:o, s:o}",
		"schema", "lvt.path/1", "title", json_name(s->path->title), "about",
		json_name(s->path->about), "prerequisites", json_name(s->path->prerequisites),
		"note", json_name(s->path->note), "units", "done", json_count(s->units_done), "of",
		json_count(s->units), "labs", "passed", json_count(s->core_passed), "of",
		json_count(s->core), "minutes_left", "articles", json_number(s->minutes_read),
		"labs", json_number(s->minutes_labs), "phases", phases(s), "resources",
		readings(s, PATH_RESOURCE), "supplementary", readings(s, PATH_SUPPLEMENTARY),
		"checklist", checklist(s), "predictions", predictions(&s->score), "next", next(s));

	if (!root)
		return err_set(e, -ENOMEM, "no memory for the JSON report");
	return json_print(root, out, "path", e);
}
