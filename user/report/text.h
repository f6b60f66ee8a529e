/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_TEXT_H
#define LVT_TEXT_H

#include <stddef.h>
#include <stdio.h>

#include "base/err.h"
#include "model/run.h"

struct text_options {
	size_t slowest; /* so many of the slowest requests of each service, as waterfalls */
};

/*
 * Print the report of a run for a reader, as wide as out's terminal (80 columns if it is none, at
 * most 120), in colour only on a terminal without NO_COLOR. Names from outside are escaped.
 * Without options (NULL) no single request is shown.
 * Returns 0, or -errno with *e filled when out cannot be written; out is flushed.
 */
int report_text(FILE *out, const struct run *r, const struct text_options *o, struct err *e);

#endif
