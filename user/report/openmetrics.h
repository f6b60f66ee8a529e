/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_OPENMETRICS_H
#define LVT_OPENMETRICS_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"
#include "model/past.h"

/*
 * Print a run in the OpenMetrics 1.0 text format, which Prometheus reads too, with "# EOF" at the end.
 * Times are in seconds and say so in their names.
 *
 * Histograms are classic ones. Their bounds lie between our buckets, so their counts are exact: from
 * 2^10 ns (1.024 us) to 2^36 ns (69 s), of the latency at 2^k and 1.5 * 2^k ns, of stages and the network
 * at 2^k. A count is of what is less than its bound; whole ns can tell that from `le` by 1 ns. A stage's
 * histogram is over all requests, those without it included, so sum / count is its mean; a stage that no
 * request has is left out. Quantiles stand beside them, as exact as in the other reports.
 *
 * `_created` says since when a service was traced, if that is known. Where one of the slowest requests
 * that are kept lies in a bucket of the latency, the latest such is its exemplar: labels client, thread
 * (the one that answered) and stage (the one that took most of it).
 * Returns 0, or -errno with *e filled when out cannot be written; out is flushed.
 */
int report_openmetrics(FILE *out, const struct run *r, struct err *e);

/*
 * The same of a run that goes on, for who asks again and again: without the quantiles, which would be
 * those since the start; requests in flight are those since `recent` (NULL: since the start).
 *
 * A counter that goes back would be taken for a restart. What is counted grows, but a snapshot reads one
 * count after the other: a difference of two could be smaller than before. `memory` (zeroed at first)
 * keeps what was said.
 */
enum { OPENMETRICS_SERVICES = LVT_MAX_SERVICES };

struct openmetrics_memory {
	struct {
		__u32 netns;
		__u16 port;
		__u64 zeros[NR_STAGES];
	} service[OPENMETRICS_SERVICES];
	size_t n;
};

struct openmetrics_live {
	bool text; /* in the older text format of Prometheus (0.0.4): no units, exemplars, _created */
	const struct past *recent;
	struct openmetrics_memory *memory;
};

int report_openmetrics_live(FILE *out, const struct run *r, const struct openmetrics_live *live,
			    struct err *e);

#endif
