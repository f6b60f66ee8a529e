/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/progress_shape.h"
#include <string.h>

enum kind { TEXT = 1, COUNT = 2, NUMBER = 4, OBJECT = 8, ARRAY = 16, NOTHING = 32 };

struct member {
	const char *name;
	int kinds;
};

static const struct member lab_members[] = {
	{ "started", TEXT },
	{ "folder", TEXT },
	{ "attempt", COUNT },
	{ "vars", OBJECT },
	{ "predictions", OBJECT },
	{ "hints", COUNT },
	{ "baseline", OBJECT },
	{ "checks", ARRAY },
	{ "passed", TEXT },
	{ "solution_seen", TEXT },
	{ 0 },
};
static const struct member prediction_members[] = {
	{ "low", NUMBER }, { "high", NUMBER }, { "at", TEXT }, { "truth", NUMBER | NOTHING }, { 0 },
};
static const struct member baseline_members[] = {
	{ "at", TEXT },
	{ "file", TEXT | NOTHING },
	{ "figures", OBJECT },
	{ 0 },
};
static const struct member check_members[] = {
	{ "at", TEXT }, { "verdict", TEXT }, { "folder", TEXT | NOTHING }, { "figures", OBJECT },
	{ 0 },
};

static int kind_of(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		return TEXT;
	case JSON_INTEGER:
		return json_integer_value(value) >= 0 ? COUNT | NUMBER : NUMBER;
	case JSON_REAL:
		return NUMBER;
	case JSON_OBJECT:
		return OBJECT;
	case JSON_ARRAY:
		return ARRAY;
	case JSON_NULL:
		return NOTHING;
	default:
		return 0;
	}
}

/* Members that are missing are none that are wrong. */
static bool members_ok(const json_t *object, const struct member *members)
{
	if (!json_is_object(object))
		return false;
	for (; members->name; members++) {
		const json_t *value = json_object_get(object, members->name);

		if (value && !(kind_of(value) & members->kinds))
			return false;
	}
	return true;
}

static bool all_of(const json_t *object, int kinds)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value)
		if (!(kind_of(value) & kinds))
			return false;
	return true;
}

static bool lab_ok(const json_t *lab)
{
	const json_t *baseline = json_object_get(lab, "baseline"), *prediction;
	const char *key;
	json_t *check;
	size_t i;

	if (!members_ok(lab, lab_members) || !all_of(json_object_get(lab, "vars"), TEXT))
		return false;
	json_object_foreach(json_object_get(lab, "predictions"), key, prediction)
		if (!members_ok(prediction, prediction_members))
			return false;
	if (baseline && (!members_ok(baseline, baseline_members) ||
			 !all_of(json_object_get(baseline, "figures"), NUMBER | NOTHING)))
		return false;
	json_array_foreach(json_object_get(lab, "checks"), i, check)
		if (!members_ok(check, check_members) ||
		    !all_of(json_object_get(check, "figures"), NUMBER | NOTHING))
			return false;
	return true;
}

bool progress_shape_ok(const json_t *root)
{
	static const struct member members[] = {
		{ "schema", TEXT },
		{ "read", OBJECT },
		{ "last", TEXT | NOTHING },
		{ "labs", OBJECT },
		{ 0 },
	};
	const char *key;
	json_t *lab;

	if (!members_ok(root, members) || !all_of(json_object_get(root, "read"), TEXT))
		return false;
	json_object_foreach(json_object_get(root, "labs"), key, lab)
		if (!lab_ok(lab))
			return false;
	return true;
}
