/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LAB_JUDGED_H
#define LVT_LAB_JUDGED_H

#include "lab/fill.h"
#include "lab/measured.h"

/*
 * What a check came to. PASSED: every leg holds, in runs that are valid. That one leg fails is enough for
 * NOT_MET; else it is INCONCLUSIVE. NOT_VALID, whatever the legs say: too many pairs were disturbed, the
 * trace lost requests, the load was late, or the client and the kernel did not see the same.
 */
enum judged_verdict { JUDGED_PASSED, JUDGED_NOT_MET, JUDGED_INCONCLUSIVE, JUDGED_NOT_VALID };

/* "passed", "not met", ... as they stand in the progress; "PASSED" ... as they are shown. */
const char *judged_name(enum judged_verdict v);
const char *judged_title(enum judged_verdict v);

enum { JUDGED_FIGURE_LEN = 96, JUDGED_WORDS_LEN = 384 };

struct judged {
	enum judged_verdict verdict;
	struct leg_result legs[LAB_MAX_ITEMS]; /* in the lab's order */
	char figures[LAB_MAX_ITEMS][JUDGED_FIGURE_LEN];
	char answers[LAB_MAX_ITEMS][LEG_WORDS_LEN];	      /* what the learner said */
	char why[JUDGED_WORDS_LEN], advice[JUDGED_WORDS_LEN]; /* NOT_VALID */
};

/* f is of the arm after. Returns 0 or -errno with *e filled: the lab's own text is wrong. */
int judged_make(struct judged *j, const struct fill *f, const struct measured *m, struct err *e);

/* The leg that the headline is about: of the primary figure, else the first of the client, else the first. */
size_t judged_headline(const struct judged *j, const struct lab_manifest *lab);

#endif
