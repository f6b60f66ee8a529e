/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LAB_FIGURE_H
#define LVT_LAB_FIGURE_H

#include "model/run.h"

/*
 * One number of a run by its name, as labs and articles refer to it:
 *
 *	client.p50 .pNN[.N] .mean .max .throughput .failed .failed_share .requests
 *	kernel.p50 .pNN[.N] .mean .max .throughput .requests .aborted_share
 *	STAGE.mean .pNN[.N] .share .at_p50 .at_p90 .at_p99 .at_p99.9 .at_max	(queue.runq.mean); runq = both runqs
 *	net.tx.mean .pNN, net.ack. ..
 *	ran.COMM	ns a request that COMM had the CPU while the service was ready; ran.nobody: throttled
 *	cpu_per_request	ns of CPU of the service's threads per request
 *	in_flight, little.error, occupancy.mean, utilisation (CPUs busy)
 *	claim.NAME, beside.NAME	what the load or service, or the process beside it, printed as "claim NAME=NUMBER"
 */
enum figure_kind {
	FIGURE_TIME_NS,
	FIGURE_RATE,
	FIGURE_SHARE,
	FIGURE_COUNT,
	FIGURE_PLAIN,
	FIGURE_UNKNOWN
};

/* What a name means; FIGURE_UNKNOWN: there is no such figure. */
enum figure_kind figure_kind(const char *name);

/* Its value in a run, of the service on this port: ns, per second, 0..1, plain. NAN = not known there;
 * INFINITY = a quantile among requests that failed. claim. and beside. are not in a run: NAN. */
double figure_of(const char *name, const struct run *r, __u16 port);

/* "1.2 ms", "510 /s", "3.1 %"; "unknown" for NAN. Returns buf. */
const char *figure_format(char *buf, size_t size, const char *name, double value);

#endif
