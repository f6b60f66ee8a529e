/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_DETAIL_H
#define LVT_DETAIL_H

#include "top/frame.h"

enum { SLOWEST = 6 }; /* slow requests that are shown */

/*
 * All about one service, as lines for grid_page(): its quantiles, rate and p99 over time, where the time
 * goes in the window and since the start, what was waited for, the slowest recent requests. Waits and
 * figures are of the window or, with `all`, since the start. NULL without memory; to be freed.
 */
char *detail_text(const struct frame *f, const struct row *r, bool all, int columns);

/* What the keys do and what the columns mean, in the same way. */
char *help_text(int columns);

#endif
