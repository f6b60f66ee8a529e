// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "report/client_view.h"

#define LATE_MANY 0.1	     /* p99 of lateness by p99 of latency */
#define KEPT_UP 0.99	     /* of the intended rate */
#define CONNECTION_LARGE 0.5 /* share of the latency */
#define CLOSED_DIFFERS 1.1   /* a quantile by that of a closed loop */

static size_t warn_no_requests(const struct run_client *c, struct finding *found)
{
	if (client_answered(c) + client_failed(c))
		return 0;
	finding_set(found, 1, "no_requests",
		    "no requests to report: none of those that were due has ended.");
	finding_number(found, "scheduled", c->view.arrivals);
	return 1;
}

/* "timeout 10 (no whole answer ...), reset 2": the most frequent one is explained. */
static void say_errors(struct finding *f, const struct run_client *c)
{
	char count[UNIT_LEN];
	const char *comma = ":";
	int most = 0;

	for (int k = 1; k < NR_CLIENT_ERRORS; k++)
		if (c->errors[k] > c->errors[most])
			most = k;
	for (int k = 0; k < NR_CLIENT_ERRORS; k++) {
		if (!c->errors[k])
			continue;
		finding_say(f, "%s %s %s", comma, client_error_name(k),
			    fmt_count(count, sizeof(count), c->errors[k]));
		if (k == most)
			finding_say(f, " (%s)", client_error_meaning(k));
		comma = ",";
	}
}

static size_t warn_failed(const struct run_client *c, struct finding *found)
{
	__u64 failed = client_failed(c), all = client_answered(c) + failed;
	char few[UNIT_LEN], of[UNIT_LEN], share[UNIT_LEN];

	if (!failed)
		return 0;
	finding_set(found, 1, "failed", "failed: %s of %s request%s, %s",
		    fmt_count(few, sizeof(few), failed), fmt_count(of, sizeof(of), all),
		    all == 1 ? "" : "s", fmt_share(share, sizeof(share), (double)failed / all));
	say_errors(found, c);
	finding_say(found, failed == all ? ". None was answered rightly." :
					   ". In quantiles they are the slowest; means are of the "
					   "answered ones.");
	finding_number(found, "failed", failed);
	finding_number(found, "share", (double)failed / all);
	for (int k = 0; k < NR_CLIENT_ERRORS && found->n_evidence < MAX_EVIDENCE; k++)
		if (c->errors[k])
			finding_number(found, client_error_name(k), c->errors[k]);
	return 1;
}

static size_t warn_late(const struct run_client *c, const struct dist *latency,
			struct finding *found)
{
	char late[UNIT_LEN], p99[UNIT_LEN], share[UNIT_LEN];
	struct dist d;
	double part;

	client_time(c, CLIENT_LATE, &d);
	part = (double)d.p99 / latency->p99;
	if (!d.count || latency->p99 == CLIENT_FAILED || !(part > LATE_MANY))
		return 0;
	finding_set(
		found, part, "late",
		"late: the load itself was late, at p99 by %s, which is %s of the latency's %s: "
		"these latencies are partly its own fault. A lower rate, more threads (-t) or "
		"CPUs of its own (--cpus) help.",
		fmt_ns(late, sizeof(late), d.p99), fmt_share(share, sizeof(share), part),
		fmt_ns(p99, sizeof(p99), latency->p99));
	finding_number(found, "lateness_p99_ns", d.p99);
	finding_number(found, "latency_p99_ns", latency->p99);
	return 1;
}

static size_t warn_unfinished(const struct run_client *c, struct finding *found)
{
	char n[UNIT_LEN];

	if (!c->unfinished)
		return 0;
	finding_set(found, 0.5, "unfinished",
		    "unfinished: %s requests had no answer yet when the load was ended early: they "
		    "are in no quantile, which are too low by that.",
		    fmt_count(n, sizeof(n), c->unfinished));
	finding_number(found, "unfinished", c->unfinished);
	return 1;
}

/* What came in the window. Whoever refuses, or says that it cannot, has kept up, too. */
static double kept_up(const struct run_client *c)
{
	return (double)c->completed + client_failed(c) - c->errors[CLIENT_ERROR_TIMEOUT];
}

/* Fewer than intended, and fewer than were due: arrivals by chance may be fewer themselves. */
static size_t warn_saturated(const struct run_client *c, struct finding *found)
{
	char answered[UNIT_LEN], intended[UNIT_LEN], share[UNIT_LEN];
	double rate = kept_up(c) / c->view.window_s, part = rate / c->rate_intended;

	if (!c->open || !(part < KEPT_UP) || !(kept_up(c) < KEPT_UP * c->view.arrivals))
		return 0;
	finding_set(found, 1 - part, "saturated",
		    "saturated: %s of the intended %s were answered (%s): the service did not keep "
		    "up. Then more requests wait the longer it lasts: the latencies tell how long "
		    "the load was, only the rate is the service's.",
		    fmt_rate(answered, sizeof(answered), rate),
		    fmt_rate(intended, sizeof(intended), c->rate_intended),
		    fmt_share(share, sizeof(share), part));
	finding_number(found, "rate_answered", rate);
	finding_number(found, "rate_intended", c->rate_intended);
	finding_number(found, "share", part);
	return 1;
}

static size_t warn_connections(const struct run_client *c, const struct dist *latency,
			       struct finding *found)
{
	char wait[UNIT_LEN], whole[UNIT_LEN], in_use[64] = "";
	double waits, of;
	bool tail = false;
	struct dist d;

	client_time(c, CLIENT_CONNECTION, &d);
	waits = d.mean;
	of = latency->mean;
	if (!(waits > CONNECTION_LARGE * of)) {
		tail = true;
		waits = d.p99;
		of = latency->p99 == CLIENT_FAILED ? INFINITY : latency->p99;
	}
	if (!(waits > CONNECTION_LARGE * of))
		return 0;
	if (c->connections)
		snprintf(in_use, sizeof(in_use), ", of which there are %u", c->connections);
	finding_set(
		found, waits / of, "connections",
		"connections: requests wait for a free one%s, %s%s of %s: there the service does "
		"not see them. With more (-c) they would wait in the service, or no more.",
		in_use, tail ? "at p99 " : "in the mean ", fmt_ns(wait, sizeof(wait), waits),
		fmt_ns(whole, sizeof(whole), of));
	finding_number(found, tail ? "connection_p99_ns" : "connection_mean_ns", waits);
	finding_number(found, tail ? "latency_p99_ns" : "latency_mean_ns", of);
	finding_number(found, "connections", c->connections ? c->connections : NAN);
	return 1;
}

size_t client_warnings(const struct run_client *c, struct finding found[MAX_WARNINGS])
{
	struct dist latency;
	size_t n = warn_no_requests(c, found);

	if (n)
		return n;
	client_latency(c, &latency);
	n = warn_failed(c, found);
	n += warn_saturated(c, found + n);
	n += warn_unfinished(c, found + n);
	if (!client_answered(c))
		return n;
	n += warn_connections(c, &latency, found + n);
	return n + warn_late(c, &latency, found + n);
}

struct closed_quantile {
	const char *name;
	__u64 open, closed, needed; /* needed: so many requests for it not to be the maximum */
};

static bool differs(const struct closed_quantile *q)
{
	return q->open == CLIENT_FAILED || q->open > CLOSED_DIFFERS * q->closed;
}

/* Is the difference from a closed loop's view something else than what it leaves out? */
static bool other_reason(const struct run_client *c, const struct dist *latency)
{
	struct finding ignored;

	if (latency->p99 != CLIENT_FAILED)
		return warn_late(c, latency, &ignored);
	return 2 * c->errors[CLIENT_ERROR_TIMEOUT] < client_failed(c);
}

/* What a closed loop would have reported, if that is materially another thing. */
static size_t closed_loop(const struct run_client *c, struct finding *found)
{
	char open[UNIT_LEN], closed[UNIT_LEN], who[64] = "a closed loop";
	struct dist latency, d;
	bool material = false;

	client_latency(c, &latency);
	client_time(c, CLIENT_CLOSED, &d);
	const struct closed_quantile q[] = { { "p99", latency.p99, d.p99, 100 },
					     { "p99.9", latency.p99_9, d.p99_9, 1000 } };

	for (int i = 0; i < 2; i++)
		material |= d.count >= q[i].needed && differs(&q[i]);
	if (!material || other_reason(c, &latency))
		return 0;
	if (c->closed_connections)
		snprintf(who, sizeof(who), "a closed loop of %u connection%s",
			 c->closed_connections, c->closed_connections == 1 ? "" : "s");
	finding_set(found, 1, "coordinated_omission", "%s would have reported", who);
	for (int i = 0; i < 2 && d.count >= q[i].needed; i++)
		finding_say(found, "%s%s %s instead of %s", i ? ", " : " ", q[i].name,
			    fmt_ns(closed, sizeof(closed), q[i].closed),
			    fmt_quantile(open, sizeof(open), q[i].open));
	finding_say(found,
		    ": while it waits it does not send what was due (coordinated omission).");
	finding_number(found, "closed_p99_ns", d.p99);
	finding_number(found, "p99_ns", latency.p99 == CLIENT_FAILED ? NAN : latency.p99);
	finding_number(found, "closed_p99_9_ns", d.count < 1000 ? NAN : d.p99_9);
	finding_number(found, "p99_9_ns", latency.p99_9 == CLIENT_FAILED ? NAN : latency.p99_9);
	finding_number(found, "closed_requests", d.count);
	finding_number(found, "closed_connections",
		       c->closed_connections ? c->closed_connections : NAN);
	return 1;
}

size_t client_findings(const struct run_client *c, struct finding found[MAX_FINDINGS])
{
	return client_answered(c) ? closed_loop(c, found) : 0;
}
