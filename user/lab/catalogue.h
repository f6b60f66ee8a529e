/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LAB_CATALOGUE_H
#define LVT_LAB_CATALOGUE_H

#include "lab/manifest.h"

/* All labs, by id; and where they are. */
struct catalogue {
	char folder[4096]; /* labs/ */
	struct lab_manifest *labs;
	size_t n;
};

/*
 * Where labs/ is: $LVT_LABS, ../labs from lvt's own folder (the build tree), or ../share/lvt/labs
 * (installed). Returns 0 or -ENOENT with *e filled.
 */
int catalogue_folder(char *buf, size_t size, struct err *e);

/* Read them all. Returns 0 or -errno with *e filled; to be closed either way. */
int catalogue_open(struct catalogue *c, struct err *e);
void catalogue_close(struct catalogue *c);

/* By "070", "70", "nagle" or "070-nagle". Returns NULL with *e filled (EXIT_USAGE), with the nearest. */
const struct lab_manifest *catalogue_find(const struct catalogue *c, const char *name,
					  struct err *e);

#endif
