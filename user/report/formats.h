/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_FORMATS_H
#define LVT_FORMATS_H

#include <stdio.h>

#include "report/text.h"

/* The kinds of report of a whole run, by name for an option --format (NULL ends them). */
enum report_format { FORMAT_TEXT, FORMAT_JSON, FORMAT_HTML, FORMAT_OPENMETRICS, FORMAT_TRACE };
extern const char *const report_formats[];

/*
 * Print a run in one of them; `text` is for FORMAT_TEXT and FORMAT_HTML, NULL = as they are by default.
 * Returns 0, or -errno with *e filled: no memory, or out cannot be written; out is flushed.
 */
int report_print(FILE *out, enum report_format format, const struct run *r,
		 const struct text_options *text, struct err *e);

#endif
