/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_ANALYSIS_SWEEP_H
#define LVT_ANALYSIS_SWEEP_H

#include "analysis/queueing.h"
#include "base/err.h"
#include "model/client.h"
#include "model/sweep.h"

/*
 * Sweeping, and what a sweep says.
 *
 *	sweep_init(s);		and what was asked for: mode, from, to, planned, slo
 *	while (sweep_next_rate(s, &rate)) {
 *		struct sweep_watch *w = sweep_watch_new();
 *		run a load at `rate`; sweep_watch_add(w, &client->view) at each of its intervals
 *		sweep_about(s, run, client);
 *		sweep_step_init(p = &s->steps[s->n++]);
 *		sweep_step_fill(p, &s->slo, run, client, w, &occupancy);
 *	}
 *	sweep_analyse(s, &a);
 *
 * and then sweep_text(), sweep_json() or sweep_svg() of report/sweep.h.
 */

/* ---- slo.c */

/*
 * "p99<5ms", "p99.95 <= 800us", "mean<2ms", "max<1s". 0 or -EINVAL with *e filled, for a usage error. A
 * latency meets an objective if it is below the bound.
 */
int slo_parse(const char *text, struct slo *slo, struct err *e);

/* ---- sweep_step.c: a step from a run */

/*
 * The view of a client by its intervals, from which it is known how independent its requests are: at
 * least 4 intervals are needed, and 50 are good. Bounded memory.
 */
struct sweep_watch;

struct sweep_watch *sweep_watch_new(void);    /* NULL without memory */
void sweep_watch_free(struct sweep_watch *w); /* NULL-safe */

/*
 * An interval more is in the sums of a client's view, which need not be kept. `w` is a struct sweep_watch.
 * 0 or -ENOMEM.
 */
int sweep_watch_add(void *w, const struct run_service *view);

/*
 * Fill a step, which was set up with sweep_step_init(), from a run and the client in it. `w` (NULL: the
 * intervals within the run are not known) has seen the same view; `o` is the occupancy of the client's
 * service (NULL = not known).
 *
 * Saturated: fewer than 99 % of the requests that were due in the window were answered rightly in it,
 * and by more than chance (2 standard deviations of a Poisson count). Late: a tenth of the p99, and at
 * least 100 us of it, may be the generator's own.
 */
void sweep_step_fill(struct sweep_step *p, const struct slo *slo, const struct run *r,
		     const struct run_client *c, struct sweep_watch *w, const struct occupancy *o);

/* What the steps have in common: target, host and the like, from a step's run. */
void sweep_about(struct sweep *s, const struct run *r, const struct run_client *c);

/* ---- sweep_next.c */

/*
 * What to measure next: a rate or, if connections are swept, their number. First `planned` steps from
 * `from` to `to`, evenly or, over more than a factor of 10, by equal factors, which end early after two
 * saturated steps on end. Then, within rates, up to 5 that halve the gap between the highest good rate
 * and the lowest saturated one until it is 5 %, up to 3 around where the objective is first missed,
 * and up to 3 around the knee. false: done. It depends on the steps alone, so an interrupted sweep
 * can go on.
 */
bool sweep_next_rate(const struct sweep *s, double *rate);

/* How many steps there are at most. */
size_t sweep_most_steps(const struct sweep *s);

/* ---- sweep_curve.c: latencies by what was asked for */

/*
 * One metric of the steps below saturation, made monotone: a latency does not fall as the rate rises,
 * but what is measured does now and then. Least squares in log latency by pooling adjacent violators
 * (Ayer et al., Ann. Math. Statist. 26 (1955) 641-647). Steps of one rate are one point. Between points
 * log-linear.
 */
struct sweep_curve {
	double x[SWEEP_MAX_STEPS], y[SWEEP_MAX_STEPS]; /* asked; ns, INFINITY possible */
	size_t n;
	double saturated; /* the lowest x beyond, at which the service was saturated; INFINITY = none */
};

typedef double sweep_metric(const struct sweep_step *p);

void sweep_curve(const struct sweep *s, sweep_metric *of, struct sweep_curve *c);

/* NAN outside of its points. */
double sweep_curve_at(const struct sweep_curve *c, double x);

/*
 * Up to which x the curve is below a bound: where it crosses it or, if what comes next is saturation or
 * failure, the last point below it. `at` is the first or last point for SWEEP_BELOW or SWEEP_ABOVE.
 */
enum sweep_found sweep_curve_crossing(const struct sweep_curve *c, double bound, double *at,
				      bool *by_saturation);

/* Non-decreasing with the least squared changes, in place. */
void isotonic(double *y, size_t n);

/* ---- what it says */

enum sweep_found {
	SWEEP_NOT_KNOWN, /* too few steps */
	SWEEP_BELOW,	 /* below all that was measured */
	SWEEP_FOUND,
	SWEEP_ABOVE, /* not reached */
};

const char *sweep_found_name(enum sweep_found f); /* "unknown", "below", "found", "above" */

/*
 * The knee: where power, throughput / mean latency, is greatest (Kleinrock, "Power and deterministic
 * rules of thumb for probabilistic problems in computer communications", ICC 1979, 43.1). For M/M/1 at
 * half of the capacity, with one request in the system. The top of the parabola through the best step and
 * its neighbours (for M/M/1 power is one). It lies between these, low and high, or further out as far as
 * steps may be as good by the intervals of their means.
 */
struct knee {
	enum sweep_found found;
	double at, low, high;	  /* asked */
	double rate, mean, power; /* throughput and mean latency there; 1/s, ns, 1/s^2 */
};

#define KNEE_METHOD "greatest power, throughput / mean latency (Kleinrock 1979)"

void sweep_knee(const struct sweep *s, struct knee *k);

/*
 * The highest rate that meets an objective. `at` is where the monotone curve crosses the bound, and if
 * the next step is saturated, which meets none, the last rate that meets it. low: up to there the upper
 * bound of every step meets it (0 = not even the first one's does). high: from there on the lower bound
 * of every step misses it (INFINITY = not even the last one's does).
 */
struct capacity {
	enum sweep_found found;
	double at, low, high;
	bool bounded;	    /* the intervals within the runs are in low and high */
	bool by_saturation; /* what ends it is saturation, not the bound */
};

void sweep_capacity(const struct sweep *s, double bound_ns, struct capacity *c);

/* Where it saturates: between the highest rate that it kept up with and the lowest that it did not. */
struct saturation {
	bool found;
	double good, bad; /* asked; NAN = none */
	double rate;	  /* the highest throughput of any step */
};

void sweep_saturation(const struct sweep *s, struct saturation *x);

/*
 * Which rate to run at. Latency first: the highest rate at which the p99 is at most twice that at the
 * lowest rate. Throughput first: 90 % of the highest throughput, or the last step that is not saturated. `rate_share` is of the highest
 * throughput, `times` the p99 as a multiple of the lowest rate's.
 */
struct balance_point {
	bool known;
	bool at_end; /* no step was beyond it: it may be higher */
	double at, rate, p50, p99, mean;
	double rate_share, times;
};

struct balance {
	double unloaded_p99, unloaded_at, most; /* ns, asked, requests/s */
	struct balance_point latency, throughput;
};

#define BALANCE_TIMES 2.0
#define BALANCE_SHARE 0.9

/* The throughput at what was asked for: within rates itself, else between the steps. NAN = not known. */
double sweep_throughput(const struct sweep *s, double at);

void sweep_balance(const struct sweep *s, struct balance *b);

struct sweep_analysis {
	struct saturation saturation;
	struct knee knee;
	struct capacity capacity; /* SWEEP_NOT_KNOWN without an objective */
	struct queue_law law;
	struct queue_point at[SWEEP_MAX_STEPS]; /* of each step, as struct sweep has them */
	struct usl usl;
	struct balance balance;
};

void sweep_analyse(const struct sweep *s, struct sweep_analysis *a);

/* The law at any rate between the steps; the service time is interpolated. NAN where it says nothing. */
double sweep_law_mean(const struct sweep *s, const struct queue_law *law, double rate);

#endif
