/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_HTML_SWEEP_PARTS_H
#define LVT_HTML_SWEEP_PARTS_H

#include "report/sweep.h"

/* The tables behind the image of a sweep: which rate to run at, steps, stages, the laws. */
void html_sweep_tables(FILE *out, const struct sweep_report *r);

#endif
