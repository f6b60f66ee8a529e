/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LAB_REQUIRE_H
#define LVT_LAB_REQUIRE_H

#include "lab/manifest.h"

/*
 * Whether this machine, and with `root` also this process, has what the lab requires. Returns 0, or
 * -ENOTSUP with *e filled (EXIT_UNFIT): the first thing that is missing, and what to do.
 */
int require_check(const struct lab_manifest *lab, bool root, struct err *e);

#endif
