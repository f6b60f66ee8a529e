/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LAB_PATH_FILL_H
#define LVT_LAB_PATH_FILL_H

#include "lab/catalogue.h"
#include "lab/progress.h"

/*
 * An article with the reader's own figures, to be freed: {run:LAB.FIGURE|TEXT} is a figure of the last
 * baseline run of a lab, {check:LAB.FIGURE|TEXT} one of its last check, with its unit; TEXT where it is not
 * measured. Anything else in braces is text. own, if not NULL, is how many were filled in. NULL with *e
 * filled.
 */
char *path_fill(const char *text, const struct catalogue *labs, const struct progress *progress,
		size_t *own, struct err *e);

#endif
