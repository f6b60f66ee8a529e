/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_SWEEP_WORDS_H
#define LVT_SWEEP_WORDS_H

#include "report/sweep.h"

/* What a sweep says, in words, the same in all formats. */
enum { SWEEP_MAX_SENTENCES = 12, SWEEP_SENTENCE_LEN = 512 };

struct sweep_sentence {
	const char *id, *label; /* "capacity" */
	bool warns;
	char text[SWEEP_SENTENCE_LEN];
};

/* The most important first. Returns how many. */
size_t sweep_sentences(const struct sweep_report *r,
		       struct sweep_sentence out[SWEEP_MAX_SENTENCES]);

/* What was swept, as a number with its unit: "4.13 k/s", "64 connections", whole ones. buf of UNIT_LEN. */
const char *sweep_asked_text(char *buf, const struct sweep *s, double at);

/* "p99 < 5.0 ms"; "p99" without an objective. */
enum { OBJECTIVE_LEN = 64 };
const char *sweep_objective_text(char buf[OBJECTIVE_LEN], const struct slo *slo);

/* How the law is called: "M/G/1", "M/G/4". */
const char *sweep_law_name(char *buf, const struct queue_law *law);

/* How much of the servers was in use, 0..1: by the law, else the CPU of its threads; NAN = not known. */
double sweep_utilisation(const struct sweep_report *r, size_t step);

/* The service's stages were measured in a step. */
bool sweep_has_stages(const struct sweep *s);

/* The objective is another figure than the p50 and the p99. */
bool sweep_objective_apart(const struct sweep *s);

/* Each into a buf of UNIT_LEN, which they return: a latency, "failed" among the failed ones; requests in
 * flight, in three digits; how far off a prediction was, in percent. */
const char *sweep_time_text(char *buf, double ns);
const char *sweep_flight_text(char *buf, double n);
const char *sweep_apart_text(char *buf, double apart);

#endif
