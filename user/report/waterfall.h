/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_WATERFALL_H
#define LVT_WATERFALL_H

#include "model/run.h"
#include "report/page.h"

/*
 * Print the n slowest requests of a service, as far as they were kept: for each a line that tells
 * which it is, a bar over its time with its marks and waits, a line for every wait, and the stages
 * that took more than 1 %. Only the waits have a known place in time; between them the thread was
 * running, or it is not known.
 */
void waterfall_print(const struct page *p, const struct run *r, const struct run_service *s,
		     size_t n);

#endif
