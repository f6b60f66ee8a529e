/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_JSON_PARTS_H
#define LVT_JSON_PARTS_H

#include <jansson.h>
#include <stdio.h>

#include "base/err.h"
#include "model/run.h"

/*
 * Parts of the JSON report. Each returns a new reference, or NULL without memory; json_pack() hands
 * a NULL part on as its own failure, so that only the root has to be checked.
 */
json_t *json_service(const struct run *r, const struct run_service *s);

/* json_why.c: blocked_on (runq = false) or preempted_by; queue_blocked */
json_t *json_waits(const struct run_service *s, bool runq);
json_t *json_queue_blocked(const struct run_service *s);

/* json_net.c */
json_t *json_net(const struct run *r, const struct run_service *s);
json_t *json_tcp(const struct run *r, const struct run_service *s);
json_t *json_outbound(const struct run *r, const struct run_service *s);

/* json_slowest.c: all of them; the stages of one that are not zero; a thread of one */
json_t *json_slowest(const struct run *r, const struct run_service *s);
json_t *json_stages_of(const struct run_exemplar *x);
json_t *json_thread(__u32 tid, const char *comm);

/* A finite number as a real, any other as null; an unsigned number; a name from outside. */
json_t *json_number(double v);
json_t *json_count(__u64 n);
json_t *json_name(const char *name);

/* null for what is not known: a name if it is not "", a number or a value if `known`. */
json_t *json_known_name(const char *name);
json_t *json_known(__u64 n, bool known);
json_t *json_peer(const struct lvt_peer *peer);

/* Add key to an object, taking over the value: as json_object_set_new(), NULL-safe throughout. */
int json_put(json_t *object, const char *key, json_t *value);

/* Hand on an object or array that is being built, or, when something failed, NULL. */
json_t *json_unless(int failed, json_t *v);

/*
 * Print a document, indented and with a newline at the end, and drop it. `what` names it in the
 * error. Returns 0 or -errno with *e filled; out is flushed.
 */
int json_print(json_t *root, FILE *out, const char *what, struct err *e);

struct finding;
json_t *json_findings(const struct finding *found, size_t n);

#endif
