/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_CMD_DOCTOR_CHECKS_H
#define LVT_CMD_DOCTOR_CHECKS_H

#include <stdbool.h>
#include <stddef.h>
#include "capture/probe.h"

enum check_status {
	CHECK_YES,	/* there */
	CHECK_FALLBACK, /* there in a lesser way, which the detail tells */
	CHECK_NO,	/* not there */
	CHECK_UNKNOWN,	/* cannot be asked without rights */
	NR_CHECK_STATUS
};

struct check {
	const char *group; /* static */
	const char *name;  /* static */
	enum check_status status;
	bool required;	  /* lvt record needs it: yes or fallback */
	char detail[512]; /* what was found or what it is for; safe for a terminal */
	char remedy[128]; /* what to do about it; may be empty */
};

#define DOCTOR_MAX_CHECKS 64

struct doctor {
	struct check checks[DOCTOR_MAX_CHECKS];
	size_t n;
};

/* Turn what was probed into checks, in the order of the groups. */
void doctor_checks(struct doctor *d, const struct probe *p);

/* The first required check that bars lvt record, or NULL if it will work. */
const struct check *doctor_bar(const struct doctor *d);

#endif
