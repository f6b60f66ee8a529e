/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_ANATOMY_H
#define LVT_ANATOMY_H

#include "model/run.h"
#include "report/page.h"

/*
 * Print where the time of the requests near each quantile went: a row a stage, a column a quantile,
 * a stacked bar under each column. Stages that are zero everywhere are left out; those under 0.5 %
 * and 1 µs everywhere share the row "other stages", so that a column still adds up. When the page
 * is too narrow, the columns p90, p99.9 and p99 go first. The service must have requests.
 */
void anatomy_print(const struct page *p, const struct run_service *s);

/*
 * The same at a glance for two services, of which one may be NULL (or without requests): a bar for each
 * quantile, those of the second beside those of the first, and what the bars are made of. Both must
 * be wider than ANATOMY_BARS_LEAST columns.
 */
void anatomy_bars_print(const struct page *p, const struct run_service *a, const char *a_title,
			const struct run_service *b, const char *b_title);

enum { ANATOMY_BARS_LEAST = 50 };

/* A stage's colour, for page_style(): contention red, waiting yellow, work green, unknown grey. */
int stage_style(const struct page *p, enum lvt_stage st);

#endif
