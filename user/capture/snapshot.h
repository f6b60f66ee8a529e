/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_SNAPSHOT_H
#define LVT_SNAPSHOT_H

#include "capture/loader.h"

/*
 * Read everything that the tracer has counted since its start into *r, which must be zeroed and is to
 * be freed with run_free(), also on failure. Works while tracing and after tracer_stop().
 */
int snapshot_take(const struct tracer *t, struct run *r, struct err *e);

/* Answers begun since the start, over all services: cheap, for a progress line. */
__u64 snapshot_answered(const struct tracer *t);

#endif
