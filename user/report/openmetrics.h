/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_OPENMETRICS_H
#define LVT_OPENMETRICS_H

#include <stdio.h>

#include "base/err.h"
#include "model/run.h"

/*
 * Print a run in the OpenMetrics 1.0 text format, which Prometheus reads too, with "# EOF" at the end.
 * Times are in seconds and say so in their names.
 *
 * Histograms are classic ones. Their bounds lie between our buckets, so their counts are exact: from
 * 2^10 ns (1.024 us) to 2^36 ns (69 s), of the latency at 2^k and 1.5 * 2^k ns, of stages and the network
 * at 2^k. A count is of what is less than its bound; whole ns can tell that from `le` by 1 ns. A stage's
 * histogram is over all requests, those without it included, so sum / count is its mean; a stage that no
 * request has is left out. Quantiles stand beside them, as exact as in the other reports.
 * Returns 0, or -errno with *e filled when out cannot be written; out is flushed.
 */
int report_openmetrics(FILE *out, const struct run *r, struct err *e);

#endif
