// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/queueing.h"

#include <math.h>
#include <string.h>

#include "analysis/stats_internal.h"
#include "analysis/sweep.h"

/* How far the work in progress at saturation may be from a whole number of servers. */
#define SERVERS_APART 0.15

/* Work in progress beyond the servers that is no chance any more. */
#define OVER 1.05

/* C^2 of what is taken to be exponential, whose C^2 is 1. */
#define EXPONENTIAL_LOW 0.8
#define EXPONENTIAL_HIGH 1.25

double queue_rho(double rate, double service_ns, double servers)
{
	return rate * service_ns / 1e9 / servers;
}

double erlang_c(double a, unsigned int servers)
{
	double b = 1, rho = a / servers;

	if (!(rho < 1))
		return isnan(rho) ? NAN : 1;
	for (unsigned int k = 1; k <= servers; k++)
		b = a * b / (k + a * b);
	return b / (1 - rho * (1 - b));
}

double queue_wait(double rate, double service_ns, double square_ns2, unsigned int servers)
{
	const struct occupancy s = { service_ns, square_ns2 };
	double a = queue_rho(rate, service_ns, 1);

	if (isnan(a) || isnan(square_ns2))
		return NAN;
	if (a >= servers)
		return INFINITY;
	return erlang_c(a, servers) * service_ns / (servers - a) * (1 + service_variation(&s)) / 2;
}

double mm1_latency(double rate, double service_ns)
{
	double rho = queue_rho(rate, service_ns, 1);

	return rho >= 1 ? INFINITY : service_ns / (1 - rho);
}

double mm1_quantile(double rate, double service_ns, double q)
{
	return -log1p(-q) * mm1_latency(rate, service_ns);
}

double service_variation(const struct occupancy *s)
{
	return s->square_ns2 / (s->mean_ns * s->mean_ns) - 1;
}

const char *law_gap_meaning(enum law_gap g)
{
	switch (g) {
	case LAW_APPLIES:
		return "it applies";
	case LAW_UNTRACED:
		return "how long a request occupies its server is not known: the service was not traced";
	case LAW_SATURATED:
		return "every step is saturated, where latency is as long as the step";
	case LAW_CLOSED:
		return "in a closed loop arrivals wait for answers, which the law does not have";
	case LAW_ARRIVALS:
		return "it is about Poisson arrivals, and these were not";
	case LAW_SERVERS:
		return "the service has several threads, and no saturated step tells how many serve at "
		       "once";
	case LAW_OVERLAP:
		return "requests occupy their servers for longer than there is time: they overlap, as "
		       "where several are answered at once";
	}
	return "";
}

/* ---- of a sweep */

/* The servers that were occupied in a step; more than there are if requests overlap. */
static double occupied(const struct sweep_step *p)
{
	return p->seconds > 0 ?
		       queue_rho(p->kernel.requests / p->seconds, p->kernel.service.mean_ns, 1) :
		       NAN;
}

/* The same in the steps that got more than they could answer: their median. */
static double occupied_at_most(const struct sweep *s)
{
	double busy[SWEEP_MAX_STEPS];
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct sweep_step *p = &s->steps[i];

		if (p->saturated && !p->dropped && isfinite(occupied(p)))
			busy[n++] = occupied(p);
	}
	sort_doubles(busy, n);
	return n ? sorted_median(busy, n) : NAN;
}

/* It kept up with what would have needed more servers than it has, in more than a quarter of the steps. */
static bool overlapping(const struct sweep *s, unsigned int servers)
{
	size_t over = 0, n = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct sweep_step *p = &s->steps[i];

		if (p->saturated || p->dropped || isnan(occupied(p)))
			continue;
		over += occupied(p) > servers * OVER;
		n++;
	}
	return 4 * over > n;
}

static double most_threads(const struct sweep *s)
{
	double most = NAN;

	for (size_t i = 0; i < s->n; i++)
		most = fmax(most, s->steps[i].kernel.threads);
	return most;
}

static void find_servers(const struct sweep *s, struct queue_law *law)
{
	double threads = most_threads(s), busy = occupied_at_most(s), whole = round(busy);

	law->servers = s->servers ? s->servers : threads == 1;
	if (law->servers)
		return;
	if (whole >= 1 && whole <= threads && fabs(busy - whole) <= SERVERS_APART * whole) {
		law->servers = whole;
		law->servers_found = true;
	}
}

double queue_wakeup(double rho, double wake_ns, unsigned int servers)
{
	if (servers > 1)
		return wake_ns;
	return rho < 1 ? wake_ns / (1 - rho) : INFINITY;
}

/* How long a mean request waited for a thread that was ready for it, but not running yet. */
static double waking(const struct sweep_kernel *k)
{
	return k->stage[STAGE_QUEUE_WAKEUP] + k->stage[STAGE_QUEUE_RUNQ];
}

/*
 * What a wake-up adds, by the step that shows the least of it: in others threads also wake up, or wait for
 * a CPU, within the service of those ahead, or somebody else takes their CPU.
 */
static double least_wakeup(const struct sweep *s, unsigned int servers)
{
	double least = INFINITY;

	for (size_t i = 0; i < s->n; i++) {
		const struct sweep_step *p = &s->steps[i];
		double rho = queue_rho(sweep_offered_rps(p), p->kernel.service.mean_ns, servers);

		if (!p->dropped && !p->saturated && isfinite(rho))
			least = fmin(least, queue_wakeup(rho, waking(&p->kernel), servers));
	}
	return isfinite(least) ? least : 0;
}

void sweep_law(const struct sweep *s, struct queue_law *law)
{
	double variation[SWEEP_MAX_STEPS];
	bool traced = false;
	size_t n = 0;

	*law = (struct queue_law){ .variation = NAN };
	for (size_t i = 0; i < s->n; i++) {
		double v = service_variation(&s->steps[i].kernel.service);

		traced |= isfinite(v);
		if (!s->steps[i].dropped && !s->steps[i].saturated && isfinite(v))
			variation[n++] = v;
	}
	sort_doubles(variation, n);
	if (n)
		law->variation = sorted_median(variation, n);
	find_servers(s, law);
	law->wakeup_ns = law->servers ? least_wakeup(s, law->servers) : NAN;
	law->gap = s->mode != SWEEP_RATES	  ? LAW_CLOSED :
		   !traced			  ? LAW_UNTRACED :
		   !n				  ? LAW_SATURATED :
		   strcmp(s->arrivals, "poisson") ? LAW_ARRIVALS :
		   !law->servers		  ? LAW_SERVERS :
		   overlapping(s, law->servers)	  ? LAW_OVERLAP :
						    LAW_APPLIES;
}

/* What a mean request spent in no queue. */
static double served(const struct sweep_kernel *k)
{
	return k->mean - waking(k) - k->stage[STAGE_QUEUE_BUSY] - k->stage[STAGE_QUEUE_BLOCKED] -
	       k->stage[STAGE_QUEUE_ACCEPT];
}

static void law_fill(struct queue_point *at, double rate, const struct occupancy *o,
		     double served_ns, const struct queue_law *law)
{
	at->rho = queue_rho(rate, o->mean_ns, law->servers);
	at->wait = queue_wait(rate, o->mean_ns, o->square_ns2, law->servers);
	at->wakeup = at->rho < 1 ? law->wakeup_ns : INFINITY;
	at->latency = at->wait + at->wakeup + served_ns;
	at->in_flight = rate * at->latency / 1e9;
}

void sweep_law_at(const struct sweep_step *p, const struct queue_law *law, struct queue_point *at)
{
	const struct occupancy *o = &p->kernel.service;
	double rate = sweep_offered_rps(p), variation = service_variation(o);

	*at = (struct queue_point){ NAN, NAN, NAN, NAN, NAN, NAN, NAN };
	if (law->gap)
		return;
	law_fill(at, rate, o, served(&p->kernel), law);
	at->apart = p->kernel.mean / at->latency - 1;
	if (law->servers == 1 && variation > EXPONENTIAL_LOW && variation < EXPONENTIAL_HIGH)
		at->p99 = mm1_quantile(rate, o->mean_ns, 0.99);
}

double sweep_law_mean(const struct sweep *s, const struct queue_law *law, double rate)
{
	const struct sweep_step *sorted[SWEEP_MAX_STEPS], *before = NULL, *after = NULL;
	size_t n = sweep_sorted(s, sorted);
	struct queue_point at;
	struct occupancy o;
	double part;

	for (size_t i = 0; i < n; i++) {
		if (!isfinite(sorted[i]->kernel.service.square_ns2))
			continue;
		if (sweep_asked(s, sorted[i]) <= rate)
			before = sorted[i];
		else if (!after)
			after = sorted[i];
	}
	if (law->gap || (!before && !after))
		return NAN;
	before = before ? before : after;
	after = after ? after : before;
	part = before == after ? 0 :
				 (rate - sweep_asked(s, before)) /
					 (sweep_asked(s, after) - sweep_asked(s, before));
	o.mean_ns =
		(1 - part) * before->kernel.service.mean_ns + part * after->kernel.service.mean_ns;
	o.square_ns2 = (1 - part) * before->kernel.service.square_ns2 +
		       part * after->kernel.service.square_ns2;
	law_fill(&at, rate, &o,
		 (1 - part) * served(&before->kernel) + part * served(&after->kernel), law);
	return at.latency;
}
