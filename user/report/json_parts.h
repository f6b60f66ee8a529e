/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_JSON_PARTS_H
#define LVT_JSON_PARTS_H

#include <jansson.h>

#include "model/run.h"

/*
 * Parts of the JSON report. Each returns a new reference, or NULL without memory; json_pack() hands
 * a NULL part on as its own failure, so that only the root has to be checked.
 */
json_t *json_service(const struct run *r, const struct run_service *s);

/* A finite number as a real, any other as null; an unsigned number; a name from outside. */
json_t *json_number(double v);
json_t *json_count(__u64 n);
json_t *json_name(const char *name);

/* Add key to an object, taking over the value: as json_object_set_new(), NULL-safe throughout. */
int json_put(json_t *object, const char *key, json_t *value);

struct finding;
json_t *json_findings(const struct finding *found, size_t n);

#endif
