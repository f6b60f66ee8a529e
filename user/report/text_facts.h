/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_TEXT_FACTS_H
#define LVT_TEXT_FACTS_H

#include "model/run.h"
#include "report/page.h"

/*
 * Print what is known of a service beside its latency, a line each: throughput, requests in flight,
 * its threads, the network's side, the kinds of exchanges. The service must have requests.
 */
void facts_print(const struct page *p, const struct run *r, const struct run_service *s);

#endif
