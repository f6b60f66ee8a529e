/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LAB_JOURNAL_H
#define LVT_LAB_JOURNAL_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

/*
 * What labs have changed on this host, written down before it is changed: journal.json, schema
 * "lvt.journal/1", in a folder of root's that does not outlive a boot, as the changes do not. Whoever holds
 * its lock is at work; without, what is in it was left by an lvt that was killed.
 *
 * Kinds of changes: {"sysctl": NAME, "old", "new"}, {"file": PATH, "old", "new"} (a cgroup's
 * controllers), {"cgroup": PATH} (a folder that was made).
 */
#define JOURNAL_FOLDER "/run/lvt"

struct journal {
	char folder[256];
	int lock;	 /* -1 = not held */
	json_t *changes; /* an array; NULL = not open */
};

/* Is told what was left and is undone now, or left alone: one line each. NULL = nobody. */
typedef void (*journal_tell)(void *arg, const char *line);

/*
 * Take the lock (-EBUSY with *e: another lvt is at work in a lab that changes the system), and undo what was
 * left there. To be closed either way. Returns 0 or -errno with *e filled.
 */
int journal_open(struct journal *j, const char *folder, journal_tell tell, void *arg,
		 struct err *e);

/* The same if something was left there and nobody is at work; nothing without that. */
int journal_repair(const char *folder, journal_tell tell, void *arg, struct err *e);

/* Whether an lvt that is at work holds it now: what it has changed is not left behind. */
bool journal_in_use(const char *folder);

/* The value of a sysctl, on one line with single blanks. Returns 0 or -errno. */
int journal_sysctl_value(const char *name, char *value, size_t size);

/*
 * Each writes the change down and then makes it. Returns 0, or -errno with *e filled: then nothing was
 * changed, or what was is in the journal.
 */
int journal_sysctl(struct journal *j, const char *name, const char *value, struct err *e);
int journal_file(struct journal *j, const char *path, const char *value, const char *undo,
		 struct err *e);
int journal_cgroup(struct journal *j, const char *path, struct err *e);

/*
 * Undo all, the last first. What is no longer as it was made is left alone, and told. Returns 0 or -errno with
 * *e filled: what could not be undone stays in the journal.
 */
int journal_undo(struct journal *j, journal_tell tell, void *arg, struct err *e);

void journal_close(struct journal *j); /* idempotent; undoes nothing */

#endif
