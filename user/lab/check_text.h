/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LAB_CHECK_TEXT_H
#define LVT_LAB_CHECK_TEXT_H

#include <stdio.h>

#include "lab/judged.h"

/* All that is told about a check. */
struct check_report {
	const struct lab_manifest *lab;
	const struct fill *fill; /* of the arm after */
	const struct measured *measured;
	const struct judged *judged;
	bool untouched; /* the learner's service is still what was shipped */
};

/*
 * For people: the verdict, the legs by kind, where the time moved, what to do next. What an answer was asked
 * for is not told: neither what it was measured to be. Returns 0 or -errno with *e filled.
 */
int check_text(FILE *out, const struct check_report *r, struct err *e);

/* "p50 40.1 ms -> 0.5 ms, ratio 0.012 (0.011 to 0.014)", of the headline's leg, or "3 answers are right". */
void check_effect(const struct check_report *r, char *text, size_t size);

/* Which legs do not hold: "p50 FAILS, work undecided". */
void check_failing(const struct check_report *r, char *text, size_t size);

#endif
