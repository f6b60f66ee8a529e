/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_FACTS_H
#define LVT_FACTS_H

#include "model/run.h"
#include "report/page.h"

/* A line about a service: "throughput", and "61.2 k/s · in 2.4 MB/s · ...". */
struct fact {
	const char *label;
	struct items line;
};

enum { MAX_FACTS = 6 };

struct facts {
	struct fact fact[MAX_FACTS];
	size_t n;
};

/*
 * What is known of a service beside its latency: throughput, requests in flight, its threads, the
 * network's side (its times only if `net_times`), the kinds of exchanges. What is not known is left
 * out. The service must have requests.
 */
void service_facts(const struct run *r, const struct run_service *s, bool net_times,
		   struct facts *f);

/* A line more: of items, to be added; of a sentence, which unlike an item may be wrapped. */
struct items *facts_add(struct facts *f, const char *label);
void facts_say(struct facts *f, const char *label, const char *text);

/* A counter's value, as a time if its name ends in _ns. Returns buf. */
const char *fmt_counter(char *buf, size_t size, const struct run *r, enum lvt_counter c);

#endif
