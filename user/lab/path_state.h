/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LAB_PATH_STATE_H
#define LVT_LAB_PATH_STATE_H

#include "lab/catalogue.h"
#include "lab/path.h"
#include "lab/prediction_score.h"
#include "lab/progress.h"

/* Where the learner stands on the path. */
enum path_mark { PATH_OPEN, PATH_LOCKED, PATH_DONE };

struct path_item_state {
	enum path_mark mark; /* of a phase, a unit, a line of the checklist, what is read */
	bool read;	     /* its article was opened */
	const struct path_item *locked_by; /* the first that has to be done before */
	size_t done, of; /* of a phase or a line: how many of its units, or texts */
	size_t core, core_left,
		core_unfit; /* of a unit: its core labs, those that keep it open, and those
					      * that this machine cannot run and that are not passed */
};

struct path_lab_state {
	bool passed, started, predicted, measured;
	size_t checks;
	const char *verdict; /* of the last check, or NULL */
	bool unfit;	     /* this machine cannot run it */
	char why[320];
};

struct path_state {
	const struct path *path;
	const struct catalogue *labs;
	const struct progress *progress;
	struct path_item_state items[PATH_MAX_ITEMS]; /* as the path's */
	struct path_lab_state *lab;		      /* as the catalogue's */
	size_t units, units_done, core, core_passed;
	double minutes_read, minutes_labs; /* left: articles of units, and core labs */
	struct prediction_score score;

	const struct path_item *next;	     /* NULL: all is done */
	const struct lab_manifest *next_lab; /* NULL: its article is next */
	char command[160];		     /* what to type next */
};

/* All is borrowed. Returns 0 or -errno with *e filled; to be freed either way. */
int path_state_find(struct path_state *s, const struct path *path, const struct catalogue *labs,
		    const struct progress *progress, struct err *e);
void path_state_free(struct path_state *s);

const struct path_item_state *path_state_of(const struct path_state *s,
					    const struct path_item *item);

/* "passed", "not met, 2 checks", "not possible here", "not started", ... Returns buf. */
const char *path_lab_words(char *buf, size_t size, const struct path_lab_state *l);

/* "done", "next", "locked: phase 1 first", "article not read", ... Returns buf. */
const char *path_item_words(char *buf, size_t size, const struct path_state *s,
			    const struct path_item *item);

/* "phase 1", "1.2": how another item is called. Returns buf. */
const char *path_item_called(char *buf, size_t size, const struct path_item *item);

/* "2 h 5 min", "45 min". Returns buf. */
const char *path_minutes(char *buf, size_t size, double minutes);

#endif
