/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LAB_MANIFEST_H
#define LVT_LAB_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * A lab as its lab.ini has it. Every key stands in one table, in manifest.c, and labs/README.md explains
 * it. Texts are as they are written: what stands in braces is filled in when they are used (lab/fill.h).
 * Texts are never NULL: "" is not given. Numbers are NAN if not given.
 */
enum { LAB_NAME_LEN = 48, LAB_MAX_ITEMS = 16, LAB_MAX_WORDS = 16, LAB_MAX_SOURCES = 4 };

struct lab_words {
	char *items[LAB_MAX_WORDS]; /* owned by the manifest */
	size_t n;
};

/* Drawn once per attempt: one of the words. */
struct lab_var {
	char *name;
	struct lab_words pick;
	bool hidden; /* the learner is to find it: it is not shown */
};

/* What the learner may set. */
struct lab_knob {
	char *name, *about, *otherwise; /* the default; "" = an answer that is to be given */
	struct lab_words choices;	/* none = any */
	double min, max;		/* of a number */
};

/* Asked before anything runs. */
struct lab_question {
	char *name, *ask, *unit, *figure; /* unit: ms us /s % requests ratio */
};

enum lab_leg_kind {
	LAB_LEG_CLIENT,
	LAB_LEG_MECHANISM,
	LAB_LEG_GUARD,
	LAB_LEG_ANSWER,
	LAB_LEG_KINDS
};

/* What has to hold for a check to be passed. */
struct lab_leg {
	char *name, *about;
	enum lab_leg_kind kind;
	char *figure;				 /* lab/figure.h; braces may stand in it */
	bool before;				 /* min, max, within: of the arm before */
	char *ratio_min, *ratio_max, *min, *max; /* numbers, with a unit or braces */
	char *answer, *is, *within;		 /* a knob; the word, or the tolerance in % */
};

struct lab_sysctl {
	char *name, *value;
};

struct lab_manifest {
	char *folder; /* absolute */
	char *id, *title, *unit, *serves, *pays;
	double minutes;
	bool core, throughput; /* throughput: that is the side it favours, not latency */
	struct lab_words needs, requires;
	int needs_line;
	struct lab_var vars[LAB_MAX_ITEMS];
	struct lab_knob knobs[LAB_MAX_ITEMS];
	struct lab_question questions[LAB_MAX_ITEMS];
	struct lab_leg legs[LAB_MAX_ITEMS];
	struct lab_sysctl sysctls[LAB_MAX_ITEMS];
	size_t n_vars, n_knobs, n_questions, n_legs, n_sysctls;

	struct lab_words sources; /* "service.c" ...: each a program of its name without ".c" */
	char *edit, *invariant;
	/* [1] is the learner's arm ("after"), [0] the one before: "" = as [1] with what is shipped */
	char *service[2], *beside[2], *load[2], *load_command[2];

	int arms; /* 1 or 2 */
	double pairs, seconds, warm_up_s;
	char *cpus, *primary;
	double cgroup_quota_us, cgroup_period_us;
};

/*
 * Read folder/lab.ini. Returns 0 or -errno with *e filled: FILE:LINE, what is wrong and what would be
 * right. *m is to be freed with lab_manifest_free() either way.
 */
int lab_manifest_read(struct lab_manifest *m, const char *folder, struct err *e);
void lab_manifest_free(struct lab_manifest *m);

#endif
