/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LAB_WORK_FOLDER_H
#define LVT_LAB_WORK_FOLDER_H

#include "base/invoker.h"
#include "lab/catalogue.h"
#include "lab/fill.h"

/*
 * Where the learner works on a lab: its sources, service.h, Makefile and settings.ini, which belong to the
 * user who called. A file ".lvt-lab" in it has the lab's id: a folder without it is nobody's to fill.
 */

/* ~/lvt-labs/ID of the user who called. Returns 0 or -errno with *e filled. */
int work_folder_default(char *buf, size_t size, const struct lab_manifest *lab, struct err *e);

/*
 * Make it, and put into it what is not there yet: a file that is there is kept. *kept: how many were. The
 * folder is new or empty, or the lab's already. Returns 0 or -errno with *e filled.
 */
int work_folder_fill(const char *folder, const struct catalogue *c, const struct fill *f, int *kept,
		     struct err *e);

/* Whether it is there, and this lab's. */
bool work_folder_is(const char *folder, const struct lab_manifest *lab);

/* Rename it to FOLDER.1 or the next number that is free, which goes to aside. 0 or -errno with *e filled. */
int work_folder_set_aside(const char *folder, char *aside, size_t size, struct err *e);

#endif
