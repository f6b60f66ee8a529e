/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_COMPARE_WORDS_H
#define LVT_COMPARE_WORDS_H

#include "analysis/compare.h"

/* What a comparison says in words, the same in every format. Names in it are escaped. */
enum { COMPARE_WORDS_LEN = 512, COMPARE_MAX_FIRMER = 8 };

/* "redis-server:6379", or "redis-server:6379 before, valkey-server:6379 after". */
void compare_service_name(const struct compare_service *s, char text[COMPARE_WORDS_LEN]);

/* The verdict on a metric of a service: one sentence without a full stop. */
void compare_sentence(const struct comparison *c, const struct compare_service *s,
		      enum compare_metric m, char text[COMPARE_WORDS_LEN]);

/* The other metrics that differ: one sentence, or false if none does. */
bool compare_others(const struct comparison *c, const struct compare_service *s,
		    char text[COMPARE_WORDS_LEN]);

/* What would make it firmer, most important first; returns how many, at most COMPARE_MAX_FIRMER. */
size_t compare_firmer(const struct comparison *c, char text[COMPARE_MAX_FIRMER][COMPARE_WORDS_LEN]);

/* How it was compared. */
void compare_method_text(const struct comparison *c, char text[COMPARE_WORDS_LEN]);

/* "95.2 % interval", of the level that the intervals of a service attain; "interval" without any. */
enum { COMPARE_INTERVAL_LEN = 32 };
void compare_interval_name(const struct compare_service *s, char text[COMPARE_INTERVAL_LEN]);

/*
 * What is said of a value, in a word or two. One run a side: not which way it went, as for a verdict, but
 * only that it is not its own noise.
 */
const char *compare_saying_text(const struct compare_value *v, enum compare_method method);
const char *compare_answer_text(enum compare_answer a);

/* Of another tool's log, or of a client, nothing is known but the latency. */
bool compare_stages_known(const struct compare_service *s);

/* By at least 1 % of the latency. */
bool compare_stage_moved(const struct compare_anatomy *a, const struct compare_stage *st);

/* A change so small, or made of larger ones that cancel out, has no parts worth a percentage. */
bool compare_has_shares(const struct compare_anatomy *a);

/* "+20 us"; UNIT_LEN + 2 is enough. */
const char *fmt_change(char *buf, size_t size, double ns);

/* Not one of which nothing is known on either side. */
bool compare_condition_told(const struct compare_condition *n);

/* The points of a curve that stand in tables: 50, 75, 90, 95, 97.5, 99 ..., and the maximum. */
bool compare_point_told(const struct compare_curve *curve, size_t i);

/* One word each: "higher", "few_runs" (NULL for COMPARE_NO_GAP), "holds", "port". */
const char *compare_saying_word(enum compare_saying s);
const char *compare_gap_word(enum compare_gap g);
const char *compare_answer_word(enum compare_answer a);
const char *compare_match_word(enum compare_match m);

/* A value of a metric: a time or a rate; a ratio: "1.58", "0.997", "23.1"; UNIT_LEN is enough. */
const char *fmt_metric(char *buf, size_t size, enum compare_metric m, double v);
const char *fmt_ratio(char *buf, size_t size, double ratio);

#endif
