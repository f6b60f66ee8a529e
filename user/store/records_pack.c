// SPDX-License-Identifier: BSD-2-Clause
/* The records' lists: hooks, processes, untraced services, an exemplar's waits. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/records.h"

static json_t *hooks_pack(const struct run *r)
{
	json_t *all = json_array();

	for (size_t i = 0; i < r->n_hooks && all; i++) {
		json_t *hook = json_pack("[s, s]", r->hooks[i].role, r->hooks[i].hook);

		if (json_array_append_new(all, hook)) {
			json_decref(all);
			return NULL;
		}
	}
	return all;
}

/* Put a list into an object, NULL-safe: returns the object or NULL. */
static json_t *with(json_t *o, const char *name, json_t *list)
{
	if (!json_object_set_new(o, name, list))
		return o;
	json_decref(o);
	return NULL;
}

static json_t *parts_pack(const struct run *r)
{
	json_t *all = json_array();

	for (size_t i = 0; i < r->n_parts && all; i++) {
		if (json_array_append_new(all, fields_pack(part_fields, &r->parts[i]))) {
			json_decref(all);
			return NULL;
		}
	}
	return all;
}

json_t *run_pack(const struct run *r)
{
	json_t *o = json_pack("{s:s}", "schema", RUN_SCHEMA), *fields = fields_pack(run_fields, r);

	if (json_object_update(o, fields)) {
		json_decref(o);
		o = NULL;
	}
	json_decref(fields);
	o = with(o, "hooks", hooks_pack(r));
	return r->n_parts ? with(o, "parts", parts_pack(r)) : o;
}

static const char *hook_text(const json_t *list, size_t i, size_t k)
{
	return json_string_value(json_array_get(json_array_get(list, i), k));
}

static const char *hooks_unpack(const json_t *list, struct run *r)
{
	size_t n = json_array_size(list), size = 0, i, k;
	char *p;

	if (n > RUN_MAX_HOOKS)
		return "hooks";
	for (i = 0; i < n; i++)
		for (k = 0; k < 2; k++) {
			if (!hook_text(list, i, k))
				return "hooks";
			size += strlen(hook_text(list, i, k)) + 1;
		}
	r->hook_names = p = malloc(size + 1);
	if (!p)
		return "hooks";
	for (i = 0; i < n; i++) {
		r->hooks[i].role = p;
		p = stpcpy(p, hook_text(list, i, 0)) + 1;
		r->hooks[i].hook = p;
		p = stpcpy(p, hook_text(list, i, 1)) + 1;
	}
	r->n_hooks = n;
	return NULL;
}

static const char *parts_unpack(const json_t *list, struct run *r)
{
	size_t n = json_array_size(list);

	if (n > RUN_MAX_PARTS)
		return "parts";
	if (!n)
		return NULL;
	r->parts = calloc(n, sizeof(*r->parts));
	if (!r->parts)
		return "parts";
	for (; r->n_parts < n; r->n_parts++)
		if (fields_unpack(part_fields, json_array_get(list, r->n_parts),
				  &r->parts[r->n_parts]))
			return "parts";
	return NULL;
}

const char *run_unpack(const json_t *o, struct run *r)
{
	const char *bad = fields_unpack(run_fields, o, r);

	if (!bad)
		bad = hooks_unpack(json_object_get(o, "hooks"), r);
	return bad ? bad : parts_unpack(json_object_get(o, "parts"), r);
}

json_t *progress_pack(const struct run *r)
{
	json_t *o = fields_pack(progress_fields, r), *all;

	if (!r->n_untraced)
		return o;
	all = json_array();
	for (size_t i = 0; i < r->n_untraced && all; i++) {
		if (json_array_append_new(all, text_pack(r->untraced[i]))) {
			json_decref(all);
			all = NULL;
		}
	}
	return with(o, "untraced", all);
}

enum { UNTRACED_LEN = 64, UNTRACED_MAX = RUN_MAX_UNTRACED };

const char *progress_unpack(const json_t *o, struct run *r)
{
	const json_t *list = json_object_get(o, "untraced");
	const char *bad = fields_unpack(progress_fields, o, r);
	size_t n = json_array_size(list);

	if (bad)
		return bad;
	if (n > UNTRACED_MAX || n < r->n_untraced)
		return "untraced";
	if (!r->untraced && n)
		r->untraced = calloc(UNTRACED_MAX, sizeof(*r->untraced));
	for (size_t i = 0; i < n; i++) {
		char name[UNTRACED_LEN];

		if (!r->untraced || !text_unpack(json_array_get(list, i), name, sizeof(name)))
			return "untraced";
		if (i < r->n_untraced)
			continue; /* the list only grows */
		r->untraced[i] = strdup(name);
		if (!r->untraced[i])
			return "untraced";
		r->n_untraced++;
	}
	return NULL;
}

json_t *state_pack(const struct run_service *s)
{
	json_t *o = fields_pack(state_fields, s), *sum = fields_pack(sum_fields, s->sum);
	json_t *pids = json_array();

	for (__u32 i = 0; i < s->n_pids && i < RUN_MAX_PIDS && pids; i++) {
		if (json_array_append_new(pids, json_integer(s->pids[i]))) {
			json_decref(pids);
			pids = NULL;
		}
	}
	if (json_object_update(o, sum)) {
		json_decref(o);
		o = NULL;
	}
	json_decref(sum);
	return with(o, "pids", pids);
}

const char *state_unpack(const json_t *o, struct run_service *s)
{
	const json_t *pids = json_object_get(o, "pids");
	size_t n = json_array_size(pids), i;
	const char *bad = fields_unpack(state_fields, o, s);

	if (!bad)
		bad = fields_unpack(sum_fields, o, s->sum);
	if (bad)
		return bad;
	if (n != (s->n_pids < RUN_MAX_PIDS ? s->n_pids : RUN_MAX_PIDS))
		return "pids";
	for (i = 0; i < n; i++) {
		json_int_t pid = json_integer_value(json_array_get(pids, i));

		if (pid < 0 || pid > UINT32_MAX)
			return "pids";
		s->pids[i] = pid;
	}
	return NULL;
}

json_t *exemplar_pack(const struct run_exemplar *x)
{
	json_t *o = fields_pack(exemplar_fields, x), *waits = json_array();

	for (__u32 i = 0; i < x->n_waits && waits; i++) {
		if (json_array_append_new(waits, fields_pack(moment_fields, &x->wait[i]))) {
			json_decref(waits);
			waits = NULL;
		}
	}
	return with(o, "waits", waits);
}

const char *exemplar_unpack(const json_t *o, struct run_exemplar *x)
{
	const json_t *waits = json_object_get(o, "waits");
	const char *bad = fields_unpack(exemplar_fields, o, x);
	size_t n = json_array_size(waits), i;

	if (!bad && n > LVT_EXEMPLAR_WAITS)
		bad = "waits";
	for (i = 0; i < n && !bad; i++)
		bad = fields_unpack(moment_fields, json_array_get(waits, i), &x->wait[i]);
	x->n_waits = bad ? 0 : n;
	return bad;
}
