/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LAB_LEG_H
#define LVT_LAB_LEG_H

#include <stdbool.h>

#include "lab/figure.h"
#include "model/trial.h"

/*
 * The legs that a check stands on. Each is judged for itself, by an exact interval of 95 % (stats.h): a leg
 * holds when the whole of it is on the right side of the bound, fails when the whole is on the wrong one,
 * and is undecided otherwise. A check is passed when all of its legs hold: that one of them does by chance
 * does not make it pass, so none is adjusted for being several.
 */
enum leg_state { LEG_HOLDS, LEG_FAILS, LEG_UNDECIDED, LEG_UNKNOWN };

const char *leg_state_name(enum leg_state s); /* "holds", "FAILS", "undecided", "unknown" */

/* What is asked for, with everything filled in. Bounds that are not given are NAN. */
struct leg_rule {
	const char *figure;
	double ratio_min, ratio_max, min, max, within; /* within: a share, 0.1 */
	bool before;				       /* min, max, within: of that arm */
	const char *answer, *is; /* what the learner says; the word. NULL = none */
	double number;		 /* the answer in the figure's unit; NAN = it is none */
};

/* The figure in the kept runs; NAN = not known there. */
struct leg_values {
	size_t n;
	double value[TRIAL_ARMS][2 * TRIAL_MAX_PAIRS];
	double beyond[TRIAL_ARMS]; /* independent requests beyond it, if it is a quantile; else INFINITY */
};

enum { LEG_WORDS_LEN = 128 };

struct leg_result {
	enum leg_state state;
	double before, after; /* medians */
	bool ratio;	      /* the interval is of the ratio after / before, else of the value */
	double estimate, low, high, level;
	char required[LEG_WORDS_LEN]; /* "at most 0.1", "at least 450 /s", "within 10 % of 3.9" */
	char why[LEG_WORDS_LEN];      /* of one that is unknown, or undecided by nature; or "" */
};

/* Judge one. A time below 1 us counts as 1 us in a ratio, a share below 0.0001 as that. */
void leg_judge(const struct leg_rule *rule, const struct leg_values *v, struct leg_result *r);

/* The median; NAN if there are none or one is not known. */
double leg_median(const double *values, size_t n);

#endif
