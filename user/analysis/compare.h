/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_COMPARE_H
#define LVT_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "model/run.h"

/*
 * Two sets of saved runs side by side. The unit is the run, never the request: requests of a run
 * are alike for reasons of their own.
 *
 * Several runs a side: exact rank statistics on the runs' quantiles (stats.h). That is not a
 * trial's verdict: the runs were not interleaved by chance, so what else changed meanwhile is in
 * the difference, too. One run a side: how well each run fixes its own quantiles, and no more; the
 * noise between runs, often the larger, is not in it.
 */
enum compare_metric {
	COMPARE_P50,
	COMPARE_P90,
	COMPARE_P99,
	COMPARE_P99_9,
	COMPARE_QUANTILES,
	COMPARE_MEAN = COMPARE_QUANTILES,
	COMPARE_THROUGHPUT, /* the one of which more is better */
	NR_COMPARE_METRICS
};

const char *compare_metric_name(enum compare_metric m); /* "p50" .. "p99.9" "mean" "throughput" */
extern const char *const compare_metric_names[];	/* all of them; NULL ends them */

/* The metric whose name is the first len bytes; NR_COMPARE_METRICS if there is none. */
enum compare_metric compare_metric_find(const char *name, size_t len);

enum compare_method {
	COMPARE_RANKS,	    /* Mann-Whitney, Hodges-Lehmann over runs */
	COMPARE_WITHIN_RUN, /* 1 against 1: binomial intervals of each run's quantiles */
};

enum compare_saying {
	COMPARE_LOWER, /* after is: the interval excludes 1 (RANKS: and Holm's p is small enough) */
	COMPARE_HIGHER,
	COMPARE_ALIKE,	       /* RANKS: the whole interval is within delta of 1 */
	COMPARE_NO_DIFFERENCE, /* none seen */
	COMPARE_UNDECIDED,     /* could not be: see the gap */
};

/* Why it could not be decided. */
enum compare_gap {
	COMPARE_NO_GAP,
	COMPARE_NO_REQUESTS,  /* a run has none */
	COMPARE_UNRESOLVED,   /* a quantile: fewer than 10 requests of a side lie beyond it */
	COMPARE_FEW_RUNS,     /* no difference, however large, would reach the level */
	COMPARE_NO_INTERVALS, /* within a run: its noise is not known, as it has no interval data */
	COMPARE_NO_SPREAD,    /* within a run: only quantiles have an interval */
};

struct compare_value {
	double before, after; /* medians over the runs; ns, or requests a second; NAN = not known */
	double ratio;	      /* after / before: Hodges and Lehmann's estimate, or the plain one */
	/* of the ratio, a histogram's resolution included; NAN = none, 0 and INFINITY = no bound */
	double low, high;
	double level;	      /* that the interval attains; under the wanted one for FEW_RUNS */
	double p, p_adjusted; /* RANKS; by Holm among all but the primary metric */
	double detectable; /* RANKS: the smallest ratio over 1 to be seen 8 times in 10 (power.h) */
	double beyond[2];  /* quantiles: requests beyond it, a side; effective ones if known */
	enum compare_saying saying;
	enum compare_gap gap;
};

/* How a stage's part in the requests near a quantile changed; means over the runs. */
struct compare_stage {
	enum lvt_stage stage;
	double before_ns, after_ns;
	double change_ns;
	double share; /* of the change in latency: negative if against it; NAN if that is zero */
};

struct compare_anatomy {
	const char *at;				/* "p50", "p99" */
	double before_ns, after_ns;		/* mean latency of these requests */
	double requests[2];			/* how many, in all runs of a side */
	struct compare_stage stages[NR_STAGES]; /* the largest changes first */
};

enum { COMPARE_ANATOMIES = 2 };

/*
 * The latency by percentile of a side: at each point the median over its runs of what all but one in
 * `per` of a run's requests take at most.
 */
struct compare_point {
	double per;
	double ns; /* INFINITY: these failed */
	/* RANKS: the lowest and highest of the runs; WITHIN_RUN: the interval, of both sides together at
	 * the level, at p50 .. p99.9; NAN = not known */
	double low, high;
};

enum { COMPARE_MAX_POINTS = 160 };

struct compare_curve {
	/* by per: 1 (the minimum) and on in 10 steps a decade, 2, 4, 10, 20 among them; then the maximum,
	 * at twice the requests of the shortest run */
	struct compare_point points[COMPARE_MAX_POINTS];
	size_t n; /* 0: a run has no requests */
};

enum compare_match {
	COMPARE_SAME,	   /* port and name; of a client target and request */
	COMPARE_SAME_PORT, /* another program on it; another request to it */
	COMPARE_SAME_NAME, /* on another port; the same request */
};

enum { COMPARE_TARGET_LEN = 256 };

/*
 * A service, or the view of a load of one: its quantiles are INFINITY where requests failed, its mean
 * and throughput are of those that were answered, and it has no stages.
 */
struct compare_service {
	enum compare_match match;
	bool client;
	char target[2][COMPARE_TARGET_LEN]; /* of a client */
	__u16 port[2];			    /* before, after */
	char comm[2][LVT_COMM_LEN + 1];
	size_t runs[2]; /* in how many runs of the side it is */
	__u64 requests[2];
	struct compare_value values[NR_COMPARE_METRICS];
	struct compare_curve curves[2];
	struct compare_anatomy anatomy[COMPARE_ANATOMIES];
};

/*
 * Under what the runs were made, one line each. Texts are as in the runs: escape before printing.
 */
#define COMPARE_NOT_KNOWN "not known"

struct compare_condition {
	const char *name; /* "kernel" ... */
	char before[128],
		after[128]; /* runs of a side that differ: "6.1, 6.8"; hooks: the odd ones */
	bool differs;	    /* by more than the condition's tolerance */
	bool warns;	    /* the comparison may be of this and not of the change */
	const char *why;    /* what it does to a comparison */
};

enum { COMPARE_MAX_CONDITIONS = 16 };

struct compare_options {
	double level; /* 0.95 */
	double delta; /* 0.02: what ALIKE is within */
	enum compare_metric primary;
};

struct compare_options compare_options_default(void);			   /* 95 %, 2 %, p99 */
int compare_options_check(const struct compare_options *o, struct err *e); /* 0 or -EINVAL */

struct compare_side {
	const struct run *const *runs; /* 1..STATS_MAX_N; complete */
	size_t n;
	/*
	 * Of the only run: for each of its services, in its order, and then its clients, how many
	 * independent requests its requests are worth for each quantile (effective_requests()); NAN = not known. NULL:
	 * the run has no interval data. Not used with several runs.
	 */
	const double (*effective)[COMPARE_QUANTILES];
	size_t intervals; /* into how many it is divided; 0 = not known */
};

struct comparison {
	struct compare_options options;
	enum compare_method method;
	size_t runs[2];
	size_t intervals[2]; /* WITHIN_RUN: of each run; 0 = not known */
	double least_p;	     /* RANKS: the smallest p that so many runs can give */
	struct compare_condition conditions[COMPARE_MAX_CONDITIONS];
	size_t n_conditions;
	struct compare_service *services; /* most requests first; then clients */
	size_t n_services;
	/* "redis:6379", "client of redis:6379": on one side only */
	char (*unmatched[2])[COMPARE_TARGET_LEN + 16];
	size_t n_unmatched[2];
};

/*
 * Compare. Services are matched by port and name (several alike in a run, as in several network
 * namespaces, in their order); what is left over by port alone, then by name alone; clients in the same
 * way by target and request. Borrows from
 * the runs until it returns, and nothing after. Returns 0, or -errno with *e filled: no runs, too
 * many, no service on both sides, options out of range, no memory. comparison_free() it when it is
 * 0.
 */
int compare_runs(const struct compare_side *before, const struct compare_side *after,
		 const struct compare_options *o, struct comparison *c, struct err *e);
void comparison_free(struct comparison *c);

/* ---- conditions to fail on: 'p99>+5%', 'throughput<-10%', 'p99.9>=20ms' */

enum compare_answer { COMPARE_HOLDS_NOT, COMPARE_UNKNOWN, COMPARE_HOLDS };

struct fail_if {
	enum compare_metric metric;
	bool less;     /* "<", else ">" */
	bool or_equal; /* "<=" or ">=" */
	bool absolute; /* of the value after, in ns or requests a second; else of the ratio */
	double bound;
};

/*
 * METRIC, one of > >= < <=, then a change in percent with its sign, or a value of after: a time
 * with its unit (ns us µs ms s), or for throughput requests a second. Spaces do not matter. Returns
 * 0 or -EINVAL with *e filled.
 */
int fail_if_parse(const char *text, struct fail_if *f, struct err *e);

/*
 * A change HOLDS when the whole interval of the ratio is beyond the bound, HOLDS_NOT when none of
 * it is, else it is UNKNOWN; so is all that is UNDECIDED. Several metrics are not adjusted for. A
 * value of after is as it was measured: it is UNKNOWN only if it is not known or not resolved.
 */
enum compare_answer fail_if_answer(const struct fail_if *f, const struct compare_service *s);

/* Of all services: HOLDS if it does for any, else UNKNOWN if it is for any. */
enum compare_answer fail_if_comparison(const struct fail_if *f, const struct comparison *c);

#endif
