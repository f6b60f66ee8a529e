/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LAB_SYSTEM_H
#define LVT_LAB_SYSTEM_H

#include "lab/fill.h"
#include "lab/journal.h"

/*
 * What a lab needs changed on this host, its [system]: sysctls, and a cgroup with a quota of CPU time
 * that its service runs in. See lab/journal.h for how it is undone, whatever happens.
 */
struct system_state {
	struct journal journal;
	char procs[256]; /* what the service joins; "" = none */
};

/*
 * Change it. A lab that changes nothing opens nothing. Returns 0 or -errno with *e filled; to be
 * restored either way.
 */
int system_change(struct system_state *s, const struct fill *f, journal_tell tell, void *arg,
		  struct err *e);

/* Set all back. Returns 0 or -errno with *e filled. Idempotent. */
int system_restore(struct system_state *s, journal_tell tell, void *arg, struct err *e);

/* Whether a CPU controller for cgroups is there; v2 says which. NULL-safe. For the requirement. */
bool system_cgroup_cpu(bool *v2);

/* The cgroup that a lab's service runs in, if it has one and it can be here. */
bool system_group(const struct lab_manifest *lab, char *path, size_t size);

#endif
