/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_TEXT_WAITS_H
#define LVT_TEXT_WAITS_H

#include "model/run.h"
#include "report/page.h"

/*
 * Print what the requests of a service waited for, and who ran while they waited for a CPU: a small
 * table each, most first, the small rows as one; each with a blank line before it, and nothing
 * where there is nothing to say. The service must have requests.
 */
void waits_print(const struct page *p, const struct run_service *s);

/* The same for the requests that the service sends to others, if those were traced. */
void outbound_print(const struct page *p, const struct run_service *s);

#endif
