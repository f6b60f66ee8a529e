/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LAB_PROGRESS_H
#define LVT_LAB_PROGRESS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * What the learner has done: progress.json, schema "lvt.progress/1", in $XDG_STATE_HOME/lvt or
 * ~/.local/state/lvt of the invoking user, also under sudo. It is replaced as a whole. A file that cannot
 * be read, or that has members of other types than these, is kept aside under another name, which is told
 * once, and never overwritten. One of another schema is refused (-EPROTO).
 *
 * Members: "read": {UNIT: TIME}, articles and resources opened; "last": the lab last started;
 * "labs": {ID: {"started", "folder", "attempt", "vars": {NAME: WORD},
 *	"predictions": {NAME: {"low", "high", "at", "truth"}}, in the figure's own unit (ns, /s, share);
 *		a number alone has low = high; truth is null until the baseline,
 *	"hints": N, "baseline": {"at", "file", "figures": {FIGURE: VALUE}},
 *	"checks": [{"at", "verdict": "passed|not met|inconclusive|not valid", "folder", "legs": {...},
 *		"figures": {FIGURE: VALUE} of the learner's runs, for the texts (lab/texts.h),
 *		"untouched": true if what is measured is what was shipped: no honest failure}],
 *	"passed": TIME, "solution_seen": TIME}}
 * Times are RFC 3339 in UTC. Files are relative to the folder.
 */
struct progress {
	char folder[4096]; /* of the state; exists, unless opened to read and nothing was done yet */
	int lock;	   /* -1 = not locked */
	json_t *root;	   /* never NULL while open */
	char damaged[4200]; /* "" or where a damaged file was put */
};

/*
 * Open it: to change it, which makes the folder and keeps others out until it is closed (-EBUSY with *e:
 * another lvt is at work on it), or to read. Returns 0 or -errno with *e filled.
 */
int progress_open(struct progress *p, bool change, struct err *e);
int progress_save(struct progress *p, struct err *e);
void progress_close(struct progress *p); /* idempotent */

/* The time now, as it stands in it. NULL without memory. */
json_t *progress_now(void);

/* The lab's object, made if it is not there and make is set; else NULL. Borrowed. */
json_t *progress_lab(const struct progress *p, const char *id, bool make);

bool progress_passed(const struct progress *p, const char *id);
bool progress_read(const struct progress *p, const char *unit);
int progress_mark_read(struct progress *p, const char *unit); /* 0 or -ENOMEM */

#endif
