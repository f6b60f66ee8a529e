/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_FINDINGS_VIEW_H
#define LVT_FINDINGS_VIEW_H

#include "report/findings.h"

/* What the rules of findings.c, findings_waits.c and findings_net.c share. */
enum { MAX_CANDIDATES = 32 }; /* more than there are rules */

#define LARGE_SHARE 0.2 /* a cause is worth a sentence from here */

struct view {
	const struct run_service *s;
	struct dist latency;
	double share[NR_STAGES]; /* of the sum of all latencies */
	struct finding *found;
	size_t n;
	bool told[NR_STAGES];  /* stages that a sentence over all requests was already made of */
	bool named[NR_STAGES]; /* stages of whose waits it was said who or what they are for */
	bool throttled;	       /* that was said of some */
};

/* A finding more. */
struct finding *view_next(struct view *v);

/* "queue.runq: its reader is ready ...": the queue's meanings begin with the same clause. */
const char *stage_clause(enum lvt_stage st);

/*
 * Add to a finding about a stage (or two: a == b for one) what most of its waits are for, if that
 * is one thing: who ran instead, who held the lock, which peer, which call.
 */
void finding_name_waits(struct view *v, struct finding *f, enum lvt_stage a, enum lvt_stage b);

/* The rules about what is waited for; about the network. */
void findings_of_waits(struct view *v);
void findings_of_net(struct view *v);

#endif
