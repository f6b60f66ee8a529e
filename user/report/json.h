/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_REPORT_JSON_H
#define LVT_REPORT_JSON_H

#include <stdio.h>

#include "base/err.h"
#include "model/run.h"

/*
 * Print the report of a run as one JSON object, schema "lvt.report/1" (lvt-report(1)),
 * indented, with a newline at the end. What was not measured is null, never zero. Reals have 15
 * significant digits, so a mean in ns is exact to well under 0.001 ns, and the stage means add up
 * to the latency mean within that. Names that are not UTF-8 have \xNN for their bytes. Two hooks of
 * one role share a string: "a, b".
 * Returns 0, or -errno with *e filled: no memory, or out cannot be written; out is flushed.
 */
int report_json(FILE *out, const struct run *r, struct err *e);

#endif
