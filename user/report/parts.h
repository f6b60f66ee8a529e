/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_REPORT_PARTS_H
#define LVT_REPORT_PARTS_H

#include <jansson.h>
#include <stdio.h>

#include "model/run.h"
#include "report/page.h"

/* The parts of a merged run, in each kind of report; of one that was not merged nothing. */

/* "2 runs of 2 hosts, 10 s in all" for the first line. */
void parts_head(struct items *l, const struct run *r);

/* A line for each in the foot of the text. */
void parts_print(const struct page *p, const struct run *r);

/* The array "parts"; it is empty for a run that was not merged. */
json_t *json_run_parts(const struct run *r);

#endif
