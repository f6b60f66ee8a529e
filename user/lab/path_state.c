// SPDX-License-Identifier: BSD-2-Clause
#include "lab/path_state.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lab/require.h"

const struct path_item_state *path_state_of(const struct path_state *s,
					    const struct path_item *item)
{
	return &s->items[item - s->path->items];
}

static struct path_item_state *state_of(struct path_state *s, const struct path_item *item)
{
	return &s->items[item - s->path->items];
}

static void find_lab(struct path_lab_state *l, const struct lab_manifest *lab,
		     const struct progress *progress)
{
	const json_t *state = progress_lab(progress, lab->id, false);
	const json_t *checks = json_object_get(state, "checks");
	struct err e = { 0 };

	l->passed = progress_passed(progress, lab->id);
	l->started = json_object_get(state, "started");
	l->predicted = json_object_size(json_object_get(state, "predictions")) > 0;
	l->measured = json_object_get(state, "baseline");
	l->checks = json_array_size(checks);
	if (l->checks)
		l->verdict = json_string_value(
			json_object_get(json_array_get(checks, l->checks - 1), "verdict"));
	l->unfit = require_check(lab, false, &e) != 0;
	if (l->unfit)
		snprintf(l->why, sizeof(l->why), "%.300s", e.message);
}

/* ---- units, phases, what is read, the checklist */

static const struct path_item *locked_by(const struct path_state *s, const struct path_item *item)
{
	for (size_t i = 0; i < item->n_needs; i++)
		if (path_state_of(s, item->needs[i])->mark != PATH_DONE)
			return item->needs[i];
	return item->phase ? locked_by(s, item->phase) : NULL;
}

static void find_unit(struct path_state *s, const struct path_item *unit)
{
	struct path_item_state *u = state_of(s, unit);

	u->read = progress_read(s->progress, unit->name);
	for (size_t i = 0; i < s->labs->n; i++) {
		const struct lab_manifest *lab = &s->labs->labs[i];
		const struct path_lab_state *l = &s->lab[i];

		if (!lab->core || strcmp(lab->unit, unit->name) != 0)
			continue;
		u->core++;
		u->core_unfit += l->unfit && !l->passed;
		u->core_left += !l->unfit && !l->passed;
		s->core++;
		s->core_passed += l->passed;
		if (!l->unfit && !l->passed)
			s->minutes_labs += lab->minutes;
	}
	u->locked_by = locked_by(s, unit);
	if (u->read && !u->core_left)
		u->mark = PATH_DONE;
	else if (u->locked_by)
		u->mark = PATH_LOCKED;
	s->units++;
	s->units_done += u->mark == PATH_DONE;
	if (!u->read)
		s->minutes_read += unit->minutes;
}

static void find_phase(struct path_state *s, const struct path_item *phase)
{
	struct path_item_state *p = state_of(s, phase);

	for (const struct path_item *u = NULL; (u = path_next(s->path, PATH_UNIT, u));) {
		if (u->phase != phase)
			continue;
		p->of++;
		find_unit(s, u);
		p->done += path_state_of(s, u)->mark == PATH_DONE;
	}
	p->locked_by = locked_by(s, phase);
	p->mark = p->done == p->of ? PATH_DONE : p->locked_by ? PATH_LOCKED : PATH_OPEN;
}

static void find_line(struct path_state *s, const struct path_item *line)
{
	struct path_item_state *l = state_of(s, line);

	if (line->n_needs) {
		l->done = path_state_of(s, line->needs[0])->done;
		l->of = path_state_of(s, line->needs[0])->of;
	}
	for (const struct path_item *i = NULL;
	     !line->n_needs && (i = path_next(s->path, PATH_SUPPLEMENTARY, i));) {
		l->of++;
		l->done += progress_read(s->progress, i->name);
	}
	l->mark = l->done == l->of ? PATH_DONE : PATH_OPEN;
}

/* ---- what is next */

static const char *lab_command(const struct lab_manifest *lab, const struct path_lab_state *l)
{
	if (!l->started)
		return "lvt lab start";
	if (lab->n_questions && !l->predicted && !l->measured)
		return "lvt lab predict";
	return l->measured ? "sudo lvt lab check" : "sudo lvt lab run";
}

static void find_next_lab(struct path_state *s)
{
	for (size_t i = 0; i < s->labs->n && !s->next_lab; i++) {
		const struct lab_manifest *lab = &s->labs->labs[i];

		if (!lab->core || s->lab[i].passed || s->lab[i].unfit ||
		    strcmp(lab->unit, s->next->name) != 0)
			continue;
		s->next_lab = lab;
		snprintf(s->command, sizeof(s->command), "%s %.3s", lab_command(lab, &s->lab[i]),
			 lab->id);
	}
}

static void find_next(struct path_state *s)
{
	for (const struct path_item *u = NULL; (u = path_next(s->path, PATH_UNIT, u)) && !s->next;)
		if (path_state_of(s, u)->mark == PATH_OPEN)
			s->next = u;
	for (const struct path_item *i = NULL;
	     !s->next && (i = path_next(s->path, PATH_SUPPLEMENTARY, i));)
		if (path_state_of(s, i)->mark == PATH_OPEN)
			s->next = i;
	if (!s->next)
		return;
	if (!path_state_of(s, s->next)->read)
		snprintf(s->command, sizeof(s->command), "lvt path %s",
			 *s->next->number ? s->next->number : s->next->name);
	else
		find_next_lab(s);
}

int path_state_find(struct path_state *s, const struct path *path, const struct catalogue *labs,
		    const struct progress *progress, struct err *e)
{
	*s = (struct path_state){ .path = path, .labs = labs, .progress = progress };
	s->lab = calloc(labs->n + 1, sizeof(*s->lab));
	if (!s->lab)
		return err_set(e, -ENOMEM, "no memory");
	for (size_t i = 0; i < labs->n; i++)
		find_lab(&s->lab[i], &labs->labs[i], progress);
	for (const struct path_item *p = NULL; (p = path_next(path, PATH_PHASE, p));)
		find_phase(s, p);
	for (size_t i = 0; i < path->n; i++) {
		const struct path_item *item = &path->items[i];

		if (item->kind == PATH_CHECKLIST) {
			find_line(s, item);
		} else if (item->kind == PATH_RESOURCE || item->kind == PATH_SUPPLEMENTARY) {
			s->items[i].read = progress_read(progress, item->name);
			s->items[i].mark = s->items[i].read ? PATH_DONE : PATH_OPEN;
		}
	}
	s->score = prediction_score(json_object_get(progress->root, "labs"));
	find_next(s);
	return 0;
}

void path_state_free(struct path_state *s)
{
	free(s->lab);
	*s = (struct path_state){ 0 };
}

/* ---- in words */

const char *path_lab_words(char *buf, size_t size, const struct path_lab_state *l)
{
	if (l->passed)
		snprintf(buf, size, "passed");
	else if (l->unfit)
		snprintf(buf, size, "not possible here");
	else if (l->verdict)
		snprintf(buf, size, "%s, %zu check%s", l->verdict, l->checks,
			 l->checks == 1 ? "" : "s");
	else if (l->started)
		snprintf(buf, size, "%s",
			 l->measured  ? "measured" :
			 l->predicted ? "predicted" :
					"started");
	else
		snprintf(buf, size, "not started");
	return buf;
}

const char *path_item_called(char *buf, size_t size, const struct path_item *item)
{
	snprintf(buf, size, "%s%s", item->kind == PATH_PHASE ? "phase " : "",
		 *item->number ? item->number : item->name);
	return buf;
}

const char *path_item_words(char *buf, size_t size, const struct path_state *s,
			    const struct path_item *item)
{
	const struct path_item_state *i = path_state_of(s, item);
	char called[80];

	if (i->mark == PATH_DONE)
		snprintf(buf, size, "%s", item->kind == PATH_RESOURCE ? "read" : "done");
	else if (i->mark == PATH_LOCKED)
		snprintf(buf, size, "locked: %s first",
			 path_item_called(called, sizeof(called), i->locked_by));
	else if (i->of)
		snprintf(buf, size, "%zu of %zu", i->done, i->of);
	else if (item == s->next)
		snprintf(buf, size, "next");
	else
		snprintf(buf, size, "%s", i->read ? "open" : "not read");
	return buf;
}

const char *path_minutes(char *buf, size_t size, double minutes)
{
	int whole = (int)lround(minutes);

	if (whole < 60)
		snprintf(buf, size, "%d min", whole);
	else if (whole % 60)
		snprintf(buf, size, "%d h %d min", whole / 60, whole % 60);
	else
		snprintf(buf, size, "%d h", whole / 60);
	return buf;
}
