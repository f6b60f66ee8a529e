/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_REPORT_TRIAL_H
#define LVT_REPORT_TRIAL_H

#include <stdio.h>

#include "analysis/compare.h"
#include "analysis/trial.h"

/* All that is told about a trial. */
struct trial_report {
	const struct trial *trial;
	const struct trial_outcome *outcome;
	const struct comparison *comparison; /* of the kept runs; NULL = none */
	const char *folder;
};

/* For people: the verdict first, then the metrics, gates, where the time moved, and the runs. */
int trial_text(FILE *out, const struct trial_report *r, struct err *e);

/*
 * The same as one JSON object, schema "lvt.trial/1": see lvt-trial(1). Times are ns where the name says
 * so, ratios after / before; null: not known, not applicable, or, for an upper bound, none.
 */
int trial_json(FILE *out, const struct trial_report *r, struct err *e);

/* ---- words, the same in both */

enum { TRIAL_WORDS_LEN = 768, TRIAL_MAX_FIRMER = 6 };

/* The verdict with its effect and interval: sentences. */
void trial_sentence(const struct trial_report *r, char text[TRIAL_WORDS_LEN]);

/* What to do about a gate that failed. */
const char *trial_gate_advice(enum gate g);

/* What would make it firmer; returns how many. */
size_t trial_firmer(const struct trial_report *r, char text[TRIAL_MAX_FIRMER][TRIAL_WORDS_LEN]);

#endif
