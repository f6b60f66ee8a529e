/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_ARRIVALS_H
#define LVT_ARRIVALS_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * When requests are due: a rate over time, and arrivals drawn from it. The rate is piecewise linear, so
 * the expected number of arrivals up to a time, L(t), is piecewise quadratic and can be inverted. With
 * constant arrivals the n-th is due when L(t) = n + 1/2; with poisson ones the steps of L between two are
 * exponential with mean 1, which makes it a Poisson process of just that rate (time-rescaling; Cinlar,
 * "Introduction to Stochastic Processes", 1975, 4.7).
 */
enum { PROFILE_MAX = 4096, RATE_MAX = 10000000 };

struct profile_piece {
	double start, length; /* s */
	double from, to;      /* requests/s at its start, its end */
	double before;	      /* L(start) */
};

struct profile {
	struct profile_piece *pieces; /* owned */
	size_t n;
	double length; /* s */
	double total;  /* L(length) */
};

/* An even rate. 0 or -ENOMEM. */
int profile_even(struct profile *p, double rate, double seconds);

/*
 * 'step FROM TO BY SECS': each rate for SECS, up or down. 'ramp FROM TO SECS': evenly from one to the
 * other. 'burst BASE PEAK EVERY LENGTH': PEAK for the first LENGTH of every EVERY seconds, BASE
 * otherwise; it goes on for `seconds`, the others say how long they are. SECS may end in "s". Returns 0,
 * or -errno with *e filled (EXIT_USAGE).
 */
int profile_parse(struct profile *p, const char *text, double seconds, struct err *e);

/* Put `seconds` at its first rate before all else. 0 or -ENOMEM. */
int profile_warm_up(struct profile *p, double seconds);

void profile_free(struct profile *p);

/* L(t), and the time at which it reaches n; INFINITY if it never does. */
double profile_expected(const struct profile *p, double t);
double profile_time(const struct profile *p, double n);

/* Of one of several threads that share a profile: each takes its part of the arrivals. */
struct arrivals {
	const struct profile *profile;
	bool poisson;
	unsigned threads;
	double reached; /* L of the next arrival */
	__u64 random;
	size_t piece; /* in which the last one was */
};

void arrivals_start(struct arrivals *a, const struct profile *p, bool poisson, __u64 seed,
		    unsigned thread, unsigned threads);

/* The next arrival, ns from the start; UINT64_MAX: there is none any more. */
__u64 arrivals_next(struct arrivals *a);

/* Exponential with mean 1. */
double arrivals_gap(__u64 *random);

#endif
