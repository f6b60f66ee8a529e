/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_CLIENT_JSON_H
#define LVT_CLIENT_JSON_H

#include <jansson.h>

#include "model/client.h"

/*
 * A client as a JSON object: the fields of lvt.load/1 (lvt-load(1)), with what the run's kernel side tells
 * about it, its warnings and findings. null: failed or not known. NULL without memory.
 */
json_t *client_json(const struct run *r, const struct run_client *c);

#endif
