/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_TRACE_H
#define LVT_TRACE_H

#include <stdio.h>

#include "base/err.h"
#include "model/run.h"

/*
 * Print the slowest requests of a run as a trace for Perfetto and chrome://tracing: one JSON object
 * in the trace-event format, times in µs from the run's start. A service is a process, a request a
 * track with the event "request" on it; within that are its phases (queue, service), in these its
 * waits and what lies between them, each inside the one around it; its marks are instant events.
 *
 * Only a wait has a known place in time. A gap between waits is called "on CPU" (in the queue:
 * "queue (not waiting)") when the gaps of that phase add up to what the stages say was spent so;
 * otherwise it is "running or unknown". The exact sums of the stages are the request's arguments.
 * Returns 0, or -errno with *e filled: no memory, or out cannot be written; out is flushed.
 */
int report_trace(FILE *out, const struct run *r, struct err *e);

#endif
