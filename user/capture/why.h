/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_WHY_H
#define LVT_WHY_H

#include "capture/loader.h"

/*
 * What the requests of the run's services waited for, who ran instead, and what they sent to others: fill
 * .waits and .outbound of each, after its numbers. The kernel side's id of r->services[i] is i. Names of peers, processes and cgroups are
 * looked up now: of what has gone they are unknown. Returns 0, or -errno with *e set.
 */
int why_read(const struct tracer *t, struct run *r, struct err *e);

#endif
