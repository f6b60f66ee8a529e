/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_QUEUEING_H
#define LVT_QUEUEING_H

#include <stdbool.h>
#include <stddef.h>

#include "model/sweep.h"

/*
 * What queueing theory predicts. Rates are per second, times ns, E[S^2] ns^2. A queue that is not stable
 * (rho >= 1) has INFINITY for its times; NAN in, NAN out.
 *
 * Sources: Kleinrock, "Queueing Systems I", 1975 (3.2 M/M/1, 3.5 M/M/c, 5.6 M/G/1); Allen, "Probability,
 * Statistics, and Queueing Theory", 2nd ed. 1990, 5.4 (M/G/c); Gunther, "Guerrilla Capacity Planning", 2007
 * (universal scalability law).
 */

/* rho = lambda E[S] / c */
double queue_rho(double rate, double service_ns, double servers);

/* The chance to wait in M/M/c, Erlang's C, by the recurrence of Erlang's B: a = lambda E[S], a < c. */
double erlang_c(double a, unsigned int servers);

/*
 * The mean wait in an M/G/c queue: Erlang's C times E[S] / (c - a), times (1 + C^2) / 2, C^2 the squared
 * coefficient of variation of S. For one server this is Pollaczek and Khinchine's lambda E[S^2] /
 * (2 (1 - rho)), exact; for exponential service exact as well; else the approximation of Allen and Cunneen.
 */
double queue_wait(double rate, double service_ns, double square_ns2, unsigned int servers);

/*
 * One server that has to wake up when a request finds it idle: by how much that lengthens the mean wait of
 * all, if `wake_ns` is how long a mean request waits for a server that is waking up. Welch, "On a
 * generalized M/G/1 queuing process in which the first customer of each busy period receives exceptional
 * service", Operations Research 12 (1964) 736-752: a wake-up D adds (2 E[D] + l E[D^2]) / (2 (1 + l E[D]))
 * to the wait, and (1 - rho) of that is spent while the server wakes up. With several servers it is wake_ns.
 */
double queue_wakeup(double rho, double wake_ns, unsigned int servers);

/* M/M/1: mean latency E[S] / (1 - rho), and its quantile, as the latency is exponential. */
double mm1_latency(double rate, double service_ns);
double mm1_quantile(double rate, double service_ns, double q);

/* Var(S) / E[S]^2 */
double service_variation(const struct occupancy *s);

/* ---- whether a sweep is of such a queue */

enum law_gap {
	LAW_APPLIES,
	LAW_UNTRACED,  /* the service's time is not known */
	LAW_SATURATED, /* every step is */
	LAW_CLOSED,    /* a closed loop: what arrives depends on what is answered */
	LAW_ARRIVALS,  /* arrivals are not poisson */
	LAW_SERVERS,   /* several threads, and nothing tells how many serve at once */
	LAW_OVERLAP,   /* requests overlap in their servers: it kept up with a rho above 1 */
};

const char *law_gap_meaning(enum law_gap g);

struct queue_law {
	enum law_gap gap;
	unsigned int servers;
	bool servers_found; /* from the work in progress at saturation, not from the number of threads */
	double variation; /* median over the steps */
	double wakeup_ns; /* what a wake-up of an idle server adds to the mean wait: the least of any step */
};

/*
 * Servers: as the user says; else one for a service of one thread; else as many as were occupied at
 * saturation, lambda E[S], the median of these steps, if that is within 15 % of a whole number up to the
 * number of threads.
 */
void sweep_law(const struct sweep *s, struct queue_law *law);

/* What the law predicts for a step, from the service time measured in it. */
struct queue_point {
	double rho, wait, wakeup; /* wait: for others */
	double latency;		  /* wait + wakeup + what was measured in no queue */
	double in_flight;
	double p99;   /* if the service time is about exponential, and there is one server */
	double apart; /* measured mean latency / predicted - 1 */
};

void sweep_law_at(const struct sweep_step *p, const struct queue_law *law, struct queue_point *at);

/* ---- the universal scalability law: X(N) = l N / (1 + s (N - 1) + k N (N - 1)) */

struct usl {
	bool known;		  /* at least 4 different numbers of connections */
	double l, s, k;		  /* requests/s of one; contention; coherency, both at least 0 */
	double r2;		  /* of the throughput */
	double worst;		  /* the largest relative residual */
	double peak_n, peak_rate; /* sqrt((1 - s) / k); INFINITY and the limit l / s if k = 0 */
};

double usl_at(const struct usl *u, double n);

/* Least squares in X: from the linear form N / X by Gauss-Newton steps that are halved as needed. */
void usl_fit(const double *n, const double *x, size_t count, struct usl *u);

void sweep_usl(const struct sweep *s, struct usl *u);

#endif
