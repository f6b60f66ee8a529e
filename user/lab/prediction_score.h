/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LAB_PREDICTION_SCORE_H
#define LVT_LAB_PREDICTION_SCORE_H

#include <jansson.h>
#include <stddef.h>

/* How well a learner predicts, over all that was predicted and then measured. */
struct prediction_score {
	size_t made;	 /* predictions */
	size_t scored;	 /* of them those whose truth is known */
	size_t compared; /* of them those that have a log error: neither they nor the truth are 0 */
	double log_error; /* the median of |ln(predicted / measured)|; NAN = none */
	size_t intervals; /* predicted as LOW..HIGH, and scored */
	size_t held;	  /* of them those that hold the truth: 9 of 10 should */
};

/* labs: the object "labs" of the progress, or NULL. An interval stands for its geometric middle. */
struct prediction_score prediction_score(const json_t *labs);

/* |ln(predicted / measured)|; NAN if it has none. */
double prediction_log_error(double low, double high, double truth);

/*
 * "12 scored: median error a factor of 1.8 · 7 of 10 intervals held, of which 9 should"; "none yet" or so
 * otherwise. Returns buf.
 */
const char *prediction_score_text(char *buf, size_t size, const struct prediction_score *s);

#endif
