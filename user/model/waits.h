/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_MODEL_WAITS_H
#define LVT_MODEL_WAITS_H

#include "model/run.h"

/*
 * Make the rows of each stage add up to it, and put them in their order. What they do not account for
 * is a row `other`; what they have too much, of requests that were read but not answered in the window,
 * is taken from the largest ones. s->waits must be in order, with room for NR_STAGES rows more.
 */
void waits_balance(struct run_service *s);

#endif
