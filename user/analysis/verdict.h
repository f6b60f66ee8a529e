/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_VERDICT_H
#define LVT_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "abi.h"

/*
 * The verdict on a trial: K pairs of runs, one of each arm, in an order decided by a coin. A pair
 * gives d = ln(after / before) of each metric; the first metric is the primary one, named
 * beforehand. Effects are Hodges and Lehmann's estimates with exact signed-rank intervals
 * (stats.h), told as ratios.
 *
 *   IMPROVED, REGRESSED  the interval excludes 1, and the effect is at least delta
 *   EQUIVALENT           the whole interval lies within delta of 1
 *   INCONCLUSIVE         neither
 *   INVALID              a gate failed, or the metric is not known in every pair
 *
 * An interval is wider to both sides by the resolution of the values: what is in one bucket of a
 * histogram cannot be told apart, in however many pairs.
 *
 * "delta" counts the same both ways: 2 % means 1.02 and 1 / 1.02. A metric other than the primary
 * one is IMPROVED or REGRESSED only if Holm's adjustment over these others leaves it significant,
 * too; its interval is its own, not adjusted.
 *
 * A trial may look at its data twice: after the planned pairs and, if these are inconclusive, after
 * as many again. Each look then has half the error (Bonferroni), also one that turns out to be the
 * last: the chance of any false verdict stays below 1 - level.
 */
enum verdict {
	VERDICT_IMPROVED,
	VERDICT_REGRESSED,
	VERDICT_EQUIVALENT,
	VERDICT_INCONCLUSIVE,
	VERDICT_INVALID,
};

const char *verdict_name(enum verdict v); /* "IMPROVED" ... */

struct trial_design {
	double level;	    /* of the whole trial, e.g. 0.95 */
	double delta;	    /* the least effect that matters, e.g. 0.02 */
	unsigned int looks; /* how many are planned: 1 or 2 */
	unsigned int look;  /* which one this is: 1..looks */
};

/* 95 %, 2 %, one extension. */
struct trial_design trial_design_default(void);

enum { TRIAL_MAX_METRICS = 16 };

struct trial_metric {
	const char *name;
	bool throughput;	 /* more is better, and it means something when saturated */
	const double *log_ratio; /* one a pair: log_ratio() */
	double resolution;	 /* how far each can be off, as its values are: 0 = exact */
};

/*
 * ln(after / before); INFINITY, -INFINITY when only one of them is a timeout (INFINITY). NAN when
 * one is not known (NAN), not positive, or both are timeouts.
 */
double log_ratio(double before, double after);

struct effect {
	const char *name;
	double ratio;	   /* after / before; below 1 is better unless it is a throughput */
	double low, high;  /* 0 and INFINITY when there are too few pairs, or timeouts */
	double level;	   /* that the interval attains */
	double p;	   /* two-sided */
	double p_adjusted; /* by Holm among the metrics that are not primary; the primary's own p */
	enum verdict verdict;
};

struct trial_result {
	enum verdict verdict; /* the primary metric's */
	bool extend;	      /* inconclusive, and another look is planned */
	size_t pairs;
	double look_level; /* what each interval had to attain */
	size_t n_effects;
	struct effect effects[TRIAL_MAX_METRICS]; /* in the order given */
};

/*
 * Judge the metrics of 1..STATS_MAX_N pairs. failed is a set of gates, (1 << GATE_...): see below.
 * Returns 0, -EINVAL for a design, number of metrics or pairs out of range, or -ENOMEM.
 */
int trial_judge(const struct trial_design *d, const struct trial_metric *metrics, size_t n_metrics,
		size_t pairs, __u32 failed, struct trial_result *r);

/*
 * The smallest ratio over 1 that these pairs would have shown as an effect 8 times in 10: of the
 * noise (power.h) and delta the larger. INFINITY: none, however large. NAN: NANs in the metric.
 */
double trial_detectable(const struct trial_design *d, const struct trial_metric *m, size_t pairs);

/* ---- gates: what makes a trial INVALID whatever it shows */

enum gate {
	GATE_SATURATED,	 /* the load was not the intended one: throughput alone is compared */
	GATE_LATE,	 /* the generator was late */
	GATE_LOSS,	 /* the trace lost requests */
	GATE_VIEWS,	 /* client and kernel do not agree */
	GATE_DISCARDED,	 /* too many pairs were disturbed */
	GATE_UNRESOLVED, /* too few requests beyond the quantile */
	NR_GATES
};

const char *gate_name(enum gate g);    /* "saturated" ... */
const char *gate_meaning(enum gate g); /* the rule, and what its failure means */

/* What one run of a trial is checked for. NAN: not measured. */
struct trial_run {
	bool after;	      /* which arm */
	double rate_intended; /* requests a second; NAN for a closed loop */
	double rate_achieved;
	double lateness_p99_ns; /* of the generator's sends, against the schedule */
	double client_ns;	/* the primary quantile as the client saw it */
	double kernel_ns;	/* and the kernel */
	double client_requests, kernel_requests;
	double edges;	    /* requests that may be in one of the two alone; 0 = none */
	double exceedances; /* requests beyond the quantile, as many as are independent */
	__u64 loss;
};

/*
 * Check the runs of the pairs that were kept. A gate fails when any run breaks its rule:
 *   saturated    achieved within 1 % of intended, and the edges
 *   late         the generator's lateness p99 under 10 % of the quantile
 *   loss         none
 *   views        requests within 1 %, and the edges; the kernel's quantile not over the client's by more
 *                than 2 % (a bucket of each; the client's time includes the kernel's), unless the edges
 *                are more than 1 %: then they are not of the same requests
 *   discarded    at most a quarter of all pairs
 *   unresolved   10 exceedances an arm (all its runs together)
 * Returns the set of failed gates; *unchecked, if not NULL, those that not all runs had numbers
 * for.
 */
__u32 trial_gates(const struct trial_run *runs, size_t n, size_t pairs, size_t discarded,
		  __u32 *unchecked);

#endif
