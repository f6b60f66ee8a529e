/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_FINDINGS_H
#define LVT_FINDINGS_H

#include "base/peer.h"
#include "model/run.h"

/*
 * What a report says in words, as data, so that every renderer says the same: plain sentences,
 * each chosen by a rule and resting on numbers that stand beside it. What the data does not prove
 * is not said. Names from outside (of processes, peers) stand in the text escaped, in the evidence
 * as they are.
 */
enum { MAX_FINDINGS = 5, MAX_WARNINGS = 7, MAX_EVIDENCE = 10 };

struct evidence {
	const char *name;
	char word[PEER_LEN]; /* if not "", the value is this word: a stage, a process, a peer */
	double number;	     /* otherwise this one; shares are 0..1, times ns; NAN = unknown */
};

struct finding {
	char id[32];	/* stable: "tail_is_runq", "head_of_line", ... */
	char text[600]; /* one or two sentences, UTF-8 */
	struct evidence evidence[MAX_EVIDENCE];
	size_t n_evidence;
	double weight; /* more important findings have more; for sorting only */
};

/* What stands out in a service, most important first. Returns how many, at most MAX_FINDINGS. */
size_t service_findings(const struct run_service *s, struct finding found[MAX_FINDINGS]);

/*
 * What a reader must know before reading a number of this service: exchanges that are not plain
 * request-response, batches, requests multiplexed on a connection, answers that are transfers, a
 * service without requests, a service traced for a part of the run.
 * Returns how many, at most MAX_WARNINGS.
 */
size_t service_warnings(const struct run *r, const struct run_service *s,
			struct finding found[MAX_WARNINGS]);

/* The same for the run as a whole: a log of another tool, loss, services beyond the table, no services. */
size_t run_warnings(const struct run *r, struct finding found[MAX_WARNINGS]);

/*
 * A mean count, such as requests in flight, with three digits: "0.141" "2.50" "10.5" "1,240"; "-"
 * if unknown. buf of UNIT_LEN (base/units.h). Returns buf.
 */
const char *fmt_quantity(char *buf, size_t size, double value);

/*
 * Start a finding: id and text by format; add a sentence to it; add its evidence. What does not fit
 * is cut before a whole character. Shared by all sources.
 */
void finding_set(struct finding *f, double weight, const char *id, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void finding_say(struct finding *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void finding_number(struct finding *f, const char *name, double number);
void finding_word(struct finding *f, const char *name, const char *word);

#endif
