/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_ANALYSIS_TRIAL_H
#define LVT_ANALYSIS_TRIAL_H

#include "analysis/compare.h"
#include "analysis/verdict.h"
#include "model/trial.h"

/* What the pairs of a trial say, so far: see verdict.h. */
enum trial_next {
	TRIAL_NEXT_PAIR, /* more pairs are to come: the outcome is not the trial's yet */
	TRIAL_DONE,
	TRIAL_TOO_NOISY, /* more pairs were discarded than may be: it ends here, INVALID */
};

struct trial_value {
	double before, after; /* medians over the kept runs */
	double beyond[2];     /* quantiles: independent requests beyond it, an arm */
	bool resolved;	      /* a quantile: at least 10 of these an arm; others: always */
	struct effect effect; /* verdict INVALID, and NAN, if it is not resolved */
};

struct trial_outcome {
	enum verdict verdict;
	enum trial_next next;
	struct trial_design design;
	size_t planned, kept, discarded; /* pairs; planned with the extension once it has begun */
	struct trial_value values[TRIAL_METRICS];
	double detectable;	 /* of the primary metric: trial_detectable(); NAN = not known */
	__u32 failed, unchecked; /* gates */
	double level;		 /* that each interval had to attain */
};

/* "p99", and of what the client saw "client.p99". */
const char *trial_metric_name(int metric);

/*
 * Judge what there is. Without a kept pair all is not known, and the verdict is INVALID; it always is of
 * one arm alone, whose medians and gates are what there is. Returns 0 or -errno with *e filled.
 */
int trial_judge_all(const struct trial *t, struct trial_outcome *o, struct err *e);

/* The number of the pair to run next, if there is one. */
__u32 trial_next_pair(const struct trial *t);

#endif
