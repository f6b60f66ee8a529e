/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_JSON_LOOK_H
#define LVT_JSON_LOOK_H

/* What a JSON renderer printed, taken apart. To be included after cmocka's headers. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "model/run.h"

/* What a renderer prints of a run, parsed with duplicate keys refused; json_decref() it. */
static inline json_t *parse(int (*render)(FILE *, const struct run *, struct err *),
			    const struct run *r)
{
	struct err e = { 0 };
	json_error_t error;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	json_t *root;

	assert_int_equal(render(out, r, &e), 0);
	fclose(out);
	assert_true(size > 0 && text[size - 1] == '\n');
	root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		print_error("%s at line %d\n%s\n", error.text, error.line, text);
	assert_non_null(root);
	free(text);
	return root;
}

/* A value by a path of keys and indices: "services.0.latency_ns.mean". */
static inline json_t *at(json_t *v, const char *path)
{
	char *copy = strdup(path), *save = NULL;

	for (char *key = strtok_r(copy, "/", &save); key && v; key = strtok_r(NULL, "/", &save))
		v = json_is_array(v) ? json_array_get(v, atoi(key)) : json_object_get(v, key);
	free(copy);
	if (!v)
		print_error("no %s\n", path);
	assert_non_null(v);
	return v;
}

static inline double number(json_t *root, const char *path)
{
	assert_true(json_is_number(at(root, path)));
	return json_number_value(at(root, path));
}

static inline const char *word(json_t *root, const char *path)
{
	assert_true(json_is_string(at(root, path)));
	return json_string_value(at(root, path));
}

#endif
