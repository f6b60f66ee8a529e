/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LAB_BASELINE_TEXT_H
#define LVT_LAB_BASELINE_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "lab/manifest.h"

/*
 * What the learner predicted, and what came: how far off each is, as a factor and as |ln(predicted /
 * measured)|, of the middle of what was said (the geometric mean), and whether the range holds it. `state` is the
 * lab's in the progress. Returns 0 or -errno with *e filled.
 */
int baseline_text(FILE *out, const struct lab_manifest *lab, const json_t *state, struct err *e);

/* |ln(predicted / truth)| of a prediction in the progress; NAN: not predicted, not known, or 0. */
double prediction_error(const json_t *prediction);

/* Whether its range holds the truth, by a hundredth at each end for what is rounded. */
bool prediction_holds(const json_t *prediction);

#endif
