/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_REPORT_SWEEP_H
#define LVT_REPORT_SWEEP_H

#include <stdio.h>

#include "analysis/sweep.h"

/* All that is told about a sweep. */
struct sweep_report {
	const struct sweep *sweep;
	const struct sweep_analysis *analysis;
};

/* Each returns 0, or -errno with *e filled; out is flushed. */

/* For people: what it says, the curve, the steps, the stages at every rate, the law beside it. */
int sweep_text(FILE *out, const struct sweep_report *r, struct err *e);

/*
 * The same as one JSON object, schema "lvt.sweep/1". Times are ns, rates requests/s. null: not known,
 * not applicable, or infinite: a quantile that falls on failed requests, a bound that is none.
 */
int sweep_json(FILE *out, const struct sweep_report *r, struct err *e);

/*
 * One SVG image that needs nothing else: latencies by throughput, requests in flight, and stages. It
 * follows the reader's preference of light or dark; titles tell values under the pointer.
 */
int sweep_svg(FILE *out, const struct sweep_report *r, struct err *e);

/*
 * One page of HTML5 that needs nothing else: the sentences, the image in two sizes, and its tables; of
 * less than 500 KB, as a sweep has at most SWEEP_MAX_STEPS steps.
 */
int sweep_html(FILE *out, const struct sweep_report *r, struct err *e);

#endif
