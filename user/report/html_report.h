/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_HTML_REPORT_H
#define LVT_HTML_REPORT_H

#include <stddef.h>
#include <stdio.h>

#include "base/err.h"
#include "model/run.h"

enum {
	HTML_MOST_BYTES = 500000,
	HTML_SLOWEST = 5, /* unless another number was asked for */
};

/*
 * Print the report of a run as one page of HTML5 that needs nothing else, of at most
 * HTML_MOST_BYTES: what finds no room (single requests first, then the sections of the services with
 * the fewest requests) is left out, and the page says so. `slowest` of the slowest requests of each
 * service are shown, 0 = HTML_SLOWEST.
 * Returns 0, or -errno with *e filled: no memory, or out cannot be written; out is flushed.
 */
int report_html(FILE *out, const struct run *r, size_t slowest, struct err *e);

/* The same of a run that goes on, as a page that `live` keeps up to date. */
struct html_live;
int report_html_live(FILE *out, const struct run *r, const struct html_live *live, struct err *e);

#endif
