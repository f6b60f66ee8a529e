/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_TRACE_REQUEST_H
#define LVT_TRACE_REQUEST_H

#include <jansson.h>

#include "model/run.h"

/*
 * Append the trace events of one request to an array: see trace.h. An event comes after the one it
 * lies in. Returns 0, or -1 without memory.
 */
int trace_request(json_t *events, const struct run_exemplar *x, __u32 pid, __u32 tid);

#endif
