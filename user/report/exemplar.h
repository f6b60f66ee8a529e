/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_EXEMPLAR_H
#define LVT_EXEMPLAR_H

#include "model/run.h"
#include "report/page.h"

/* What is told of one of the slowest requests, in words. */

/* Whether a mark (read, reply, ...) is known. */
bool mark_known(__u64 mark);

/* How many waits it has a place for in x->wait. */
__u32 exemplar_waits(const struct run_exemplar *x);

/* "at 3.214 s", "client 127.0.0.1:40122", "web (thread 812)", "sent +12 µs", ... */
void exemplar_facts(const struct run_exemplar *x, struct items *l);

/* "service.net 4.1 ms 33 %": the stages that took more than 1 % of it, most first. */
void exemplar_stages(const struct run_exemplar *x, struct items *l);

/* Four digits for the whole request: all times of it have the same unit and decimals. */
struct time_scale {
	const char *unit;
	double ns;
	int decimals, width;
};

struct time_scale exemplar_scale(const struct run_exemplar *x);

#endif
