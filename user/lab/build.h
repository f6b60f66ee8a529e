/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LAB_BUILD_H
#define LVT_LAB_BUILD_H

#include "lab/manifest.h"

/*
 * Programs of labs, built with make as the user who called. What the compiler says goes to stderr as it is.
 * Functions return 0, -EINTR: a signal came, or -errno with *e filled.
 */

/*
 * What is shipped: the lab's sources and those of the labs' folder common, copied into a folder that is made
 * anew. overlay: NULL, or a folder whose sources replace them (solution/).
 */
int build_shipped(const struct lab_manifest *lab, const char *common, const char *overlay,
		  const char *to, int signals, struct err *e);

/* The learner's, where it is. */
int build_learner(const struct lab_manifest *lab, const char *folder, int signals, struct err *e);

/* Remove a folder of programs or runs, with what is in it, as the user who called. */
int build_remove(const char *folder, struct err *e);

#endif
