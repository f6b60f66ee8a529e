/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_SWEEP_H
#define LVT_SWEEP_H

#include <stdbool.h>
#include <stddef.h>

#include "model/run.h"

/*
 * A sweep: how a service behaves over a range of rates (open loop) or of connections (closed loop),
 * a run a step. Times are ns unless the name says otherwise; NAN is not known, and a quantile that
 * falls on failed requests is INFINITY.
 */
enum sweep_mode { SWEEP_RATES, SWEEP_CONNECTIONS };

const char *sweep_mode_name(enum sweep_mode m); /* "rates", "connections" */

/* What the latency has to be below: of all requests, from when they were due. */
enum slo_metric { SLO_QUANTILE, SLO_MEAN, SLO_MAX };

struct slo {
	enum slo_metric metric;
	__u32 millionths; /* of a quantile: 990000 = p99; 1000000 of the maximum */
	double bound_ns;  /* NAN: no objective is set, but quantities are of this metric */
};

enum { SLO_NAME_LEN = 16 };

/* "p99", "p99.9", "mean", "max". Returns buf. */
const char *slo_name(char buf[SLO_NAME_LEN], const struct slo *s);

/* An estimate and what it lies between at SWEEP_LEVEL; low and high are NAN if that is not known. */
struct bounded {
	double value, low, high;
};

#define SWEEP_LEVEL 0.95

/* The time that a request occupies its server, over requests: E[S] and E[S^2]. */
struct occupancy {
	double mean_ns, square_ns2;
};

/* The service as the kernel saw it; all NAN if it was not traced. */
struct sweep_kernel {
	double requests, mean, p50, p99, in_flight;
	double stage[NR_STAGES]; /* mean per request; they add up to the mean */
	struct occupancy service;
	double threads, cpu_share;
};

struct sweep_step {
	double rate_intended; /* requests/s; NAN in a closed loop */
	__u32 connections;
	double seconds, warm_up_s;	   /* measured, and before that */
	__u64 due, sent, answered, failed; /* requests of the window */
	double rate;			   /* right answers a second, in the window */
	double late_p99;		   /* how late the generator was */
	double mean, p50, p90, p99, p99_9, max;
	struct bounded objective; /* the metric of the sweep's slo */
	struct bounded mean_between;
	double in_flight;  /* at the client */
	double closed_p99; /* what a closed loop would have reported */
	struct sweep_kernel kernel;
	bool saturated; /* it got more than it could answer: what waits grows, whatever the latency */
	bool late;	/* the generator is at fault for a part of the latency */
	double foreign,
		steal;	/* CPUs that others took meanwhile, and the hypervisor; NAN = not known */
	bool disturbed; /* by them, more than SWEEP_FOREIGN or SWEEP_STEAL */
	bool dropped;	/* not to be used: it was cut short, or nothing came of it */
};

#define SWEEP_FOREIGN 0.05 /* of a CPU */
#define SWEEP_STEAL 0.01

enum { SWEEP_MAX_STEPS = 128 };

struct sweep {
	char target[256], protocol[16], request[160];
	enum sweep_mode mode;
	double from, to; /* of what is swept, as asked for */
	__u32 planned;	 /* steps from the one to the other; those that refine come on top */
	struct slo slo;
	char arrivals[16]; /* of an open loop; "" */
	char host[65], kernel[128], started[32], label[64];
	char service[LVT_COMM_LEN + 1]; /* "" = not traced */
	int cpus;
	__u32 servers; /* that work in parallel, if the user said so; 0 = found out */
	struct sweep_step steps[SWEEP_MAX_STEPS]; /* in the order in which they were measured */
	size_t n;
	__u32 repeated; /* steps that were measured again, as the first time was disturbed */
};

/* Everything unknown; slo p99 without a bound. */
void sweep_init(struct sweep *s);
void sweep_step_init(struct sweep_step *p);

/* What a step was asked for: requests/s or connections. */
double sweep_asked(const struct sweep *s, const struct sweep_step *p);

/* Requests a second that arrived in the window. */
double sweep_offered_rps(const struct sweep_step *p);

/* The steps that are not dropped, by what they were asked for. Returns how many. */
size_t sweep_sorted(const struct sweep *s, const struct sweep_step *sorted[SWEEP_MAX_STEPS]);

#endif
