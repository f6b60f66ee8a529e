/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_REPORT_LOAD_H
#define LVT_REPORT_LOAD_H

#include <stdio.h>

#include "base/err.h"
#include "load/tally.h"
#include "model/run.h"

/* What a load came to. */
struct load_report {
	const struct run *run; /* with one client */
	const struct load_plan *plan;
	struct tally tally; /* for its kinds of requests */
	__u32 connected;    /* connections that could be made before the start */
};

/* Each returns 0, or -errno with *e filled; out is flushed. JSON has the schema "lvt.load/1". */
int load_report_text(FILE *out, const struct load_report *l, struct err *e);
int load_report_json(FILE *out, const struct load_report *l, struct err *e);

#endif
