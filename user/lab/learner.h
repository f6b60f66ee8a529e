/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LAB_LEARNER_H
#define LVT_LAB_LEARNER_H

#include <linux/types.h>

#include "lab/catalogue.h"
#include "lab/fill.h"
#include "lab/progress.h"

/* What a learner's progress means for a lab. */

/* The id of the first lab that has to be passed before this one; NULL: it is not locked. */
const char *learner_locked_by(const struct progress *p, const struct lab_manifest *lab);

/*
 * What to do next: a lab that is started and not passed, else the first of the core path that is not
 * passed and not locked, else the first of all. NULL: all are passed.
 */
const struct lab_manifest *learner_next(const struct catalogue *c, const struct progress *p);

/* Checks that were not met, of a service that was not the shipped one. */
int learner_failures(const json_t *state);

/* After so many the solution opens. */
enum { LEARNER_FAILURES = 3 };

/* A word for each variable, {NAME: WORD}; NULL without memory. seed 0: by chance. */
json_t *learner_draw(const struct lab_manifest *lab, __u64 seed);

/* "rate = 200, size = 64": what was drawn, without what is hidden; "" if there is nothing. Returns buf. */
const char *learner_drawn(char *buf, size_t size, const struct lab_manifest *lab,
			  const json_t *state);

/* What the texts and commands of a lab are filled with; all is borrowed. state NULL: it is not started. */
struct fill learner_fill(const struct lab_manifest *lab, json_t *state);

/*
 * A prediction as it is typed: a number, or LOW..HIGH, in the question's unit or with one of its own. Comes
 * out in the figure's unit (ns, per second, 0..1). Returns 0 or -EINVAL with *e filled (EXIT_USAGE).
 */
int prediction_parse(const struct lab_question *q, const char *text, double *low, double *high,
		     struct err *e);

/* "1.9 ms", or "1.5 ms .. 3.0 ms"; "" if there is none. Returns buf. */
const char *prediction_format(char *buf, size_t size, const struct lab_question *q,
			      const json_t *prediction);

#endif
