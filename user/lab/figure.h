/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LAB_FIGURE_H
#define LVT_LAB_FIGURE_H

#include "model/run.h"

/*
 * One number of a run by its name, as labs and articles refer to it:
 *
 *	client.p50 .pNN[.N] .mean .max .throughput .failed .failed_share .requests
 *	client.closed.pNN[.N] .mean .max	what a closed loop would have reported (coordinated omission); also
 *		client.late, client.connection, client.answer: the parts of its latency
 *	kernel.p50 .pNN[.N] .mean .max .throughput .requests .aborted_share
 *	STAGE.mean .pNN[.N] .max .share .at_p50 .at_p90 .at_p99 .at_p99.9 .at_max	(queue.runq.mean)
 *	runq.mean .share .at_p50 ..	queue.runq and service.runq together
 *	net.tx.mean .pNN .max, net.ack. .., net.rx. ..
 *	ran.COMM	ns a request that COMM had the CPU while the service was ready; ran.nobody: throttled
 *	cpu_per_request	ns of CPU of the service's threads per request
 *	in_flight, little.error, occupancy.mean, utilisation (CPUs busy)
 *	claim.NAME, beside.NAME	what the load or service, or the process beside it, printed as "claim NAME=NUMBER"
 *
 * What a claim is shows in the end of its name: a quantile, "mean", "max" and "_ns" are times in ns,
 * "throughput" and "_rate" are per second, "_share" is one; all else is a plain number.
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

/* "1.2 ms", "510 /s", "3.1 %"; "unknown" for NAN, "failed" for INFINITY. Returns buf. */
const char *figure_format(char *buf, size_t size, const char *name, double value);

/* A value by its kind alone, likewise. */
const char *figure_format_kind(char *buf, size_t size, enum figure_kind kind, double value);

/*
 * How far a value can be off, as a part of it: quantiles are middles of buckets (hist_error()); 0 for
 * all else.
 */
double figure_error(const char *name, double value);

/* The quantile in millionths that a figure is ("client.p99.5": 995000); 0 = it is none. */
__u32 figure_quantile(const char *name);

/* Whether it is what the load sees. */
bool figure_of_client(const char *name);

/* How late the load was at the same quantile as a time, or in the mean: "client.late.p99". "" = there is none. */
const char *figure_lateness(char *buf, size_t size, const char *name);

/* ---- what the load, the service or the process beside it printed */

enum { CLAIMS_MAX = 32, CLAIM_NAME_LEN = 48 };

struct claims {
	struct claim {
		char name[CLAIM_NAME_LEN];
		double value;
	} all[CLAIMS_MAX];
	size_t n;
};

/* Lines "claim NAME=NUMBER [NAME=NUMBER ...]" of a text: the last of a name counts. Adds to *c. */
void claims_parse(struct claims *c, const char *text);

/* The same of the end of a file; one that is not there has none. */
void claims_read(struct claims *c, const char *path);

/* NAN = there is none of this name. */
double claims_value(const struct claims *c, const char *name);

#endif
