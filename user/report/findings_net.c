// SPDX-License-Identifier: BSD-2-Clause
/* Findings about the network's side of a service. */
#include <math.h>
#include <stdio.h>

#include "base/units.h"
#include "report/findings_view.h"

#define RESENT_SHARE 0.005 /* retransmits per request */
#define RESENT_LEAST 10

/* A delayed ACK comes after 40 ms on Linux, and by whole ticks later. */
#define DELAYED_FROM 30000000ull
#define DELAYED_TO 60000000ull
#define AT_ONCE 10000000ull  /* a path that is shorter than this is no reason for such a delay */
#define DELAYED_SHARE 0.05   /* of the answers */
#define DELAYED_LEAST 10     /* answers */
#define DELAYED_STANDS_OUT 4 /* times what lies around it */

static void accept_overflow(struct view *v)
{
	char drops[UNIT_LEN], limit[UNIT_LEN];
	struct finding *f;

	if (!v->s->accept_drops)
		return;
	fmt_count(drops, sizeof(drops), v->s->accept_drops);
	fmt_count(limit, sizeof(limit), v->s->accept_limit);
	f = view_next(v);
	finding_set(
		f, 1.3, "accept_overflow",
		"The accept queue overflowed: %s packet%s dropped at the listening socket (its limit "
		"is %s). The wait until such a client tries again is in no latency here.",
		drops, v->s->accept_drops == 1 ? " was" : "s were",
		v->s->accept_limit ? limit : "not known");
	finding_number(f, "accept_drops", v->s->accept_drops);
	finding_number(f, "accept_queue_max", v->s->accept_max);
	finding_number(f, "accept_queue_limit", v->s->accept_limit);
}

static void resent(struct view *v)
{
	double n = v->s->sum->retransmits, part = n / v->latency.count;
	char segments[UNIT_LEN], per[UNIT_LEN];
	struct finding *f;

	if (n < RESENT_LEAST || part < RESENT_SHARE)
		return;
	f = view_next(v);
	finding_set(
		f, 0.4 + fmin(part, 0.6), "retransmits",
		"TCP sent %s segments again, %s for every 100 requests: the path to the clients "
		"loses or delays some.",
		fmt_count(segments, sizeof(segments), n),
		fmt_quantity(per, sizeof(per), 100 * part));
	finding_number(f, "retransmits", n);
	finding_number(f, "per_request", part);
}

/* How many values are within [from, to), to the bucket. */
static double within(const __u64 cells[HIST_BUCKETS], __u64 from, __u64 to)
{
	__u64 n = 0;

	for (__u32 i = hist_index(from); i < hist_index(to); i++)
		n += cells[i];
	return n;
}

/* The share of delays of about 40 ms, if they stand out from those around; otherwise 0. */
static double delayed_share(const __u64 cells[HIST_BUCKETS], const struct dist *d)
{
	double there = within(cells, DELAYED_FROM, DELAYED_TO);
	double around =
		within(cells, AT_ONCE, DELAYED_FROM) + within(cells, DELAYED_TO, 2 * DELAYED_TO);

	if (there < DELAYED_LEAST || there < DELAYED_SHARE * d->count ||
	    there < DELAYED_STANDS_OUT * around)
		return 0;
	return there / d->count;
}

/* Whether not a few answers are acknowledged at once: the path to their clients is short. */
static bool some_at_once(struct view *v, const struct dist *ack)
{
	return within(v->s->sum->net[NET_ACK], 0, AT_ONCE) >= DELAYED_SHARE * ack->count;
}

/*
 * An answer that leaves about 40 ms late has waited for the peer's delayed ACK of its first part. A
 * long path can look alike, as a window's worth waits for a round trip: so the path must be known
 * to be short, from answers that are acknowledged at once, or soon after they have left.
 */
static bool nagle(struct view *v, const struct dist *tx, const struct dist *ack)
{
	double share = delayed_share(v->s->sum->net[NET_TX], tx);
	bool short_path = ack->count && (some_at_once(v, ack) || ack->mean - tx->mean < AT_ONCE);
	char part[UNIT_LEN], p99[UNIT_LEN];
	struct finding *f;

	if (!(share > 0) || !short_path)
		return false;
	f = view_next(v);
	finding_set(
		f, 0.6 + share, "nagle",
		"%s of the answers leave about 40 ms after their last send (p99 %s), which is in "
		"no latency here: Nagle's algorithm holds the last segment until the peer's "
		"delayed ACK. One send an answer, or TCP_NODELAY, mends it.",
		fmt_share(part, sizeof(part), share), fmt_ns(p99, sizeof(p99), tx->p99));
	finding_number(f, "share", share);
	finding_number(f, "tx_p50_ns", tx->p50);
	finding_number(f, "tx_p99_ns", tx->p99);
	finding_number(f, "ack_p50_ns", ack->p50);
	return true;
}

/* ACKs of about 40 ms while others come at once: the peer's delay, not the path's. */
static void delayed_ack(struct view *v, const struct dist *ack)
{
	double share = delayed_share(v->s->sum->net[NET_ACK], ack);
	char part[UNIT_LEN];
	struct finding *f;

	if (!(share > 0) || !some_at_once(v, ack))
		return;
	f = view_next(v);
	finding_set(
		f, 0.2, "delayed_ack",
		"%s of the answers are acknowledged about 40 ms late, others at once: peers delay "
		"their ACKs. It is in no latency here, but a send that waits for one would be.",
		fmt_share(part, sizeof(part), share));
	finding_number(f, "share", share);
	finding_number(f, "ack_p50_ns", ack->p50);
	finding_number(f, "ack_p99_ns", ack->p99);
}

void findings_of_net(struct view *v)
{
	struct dist tx, ack;

	service_net(v->s, NET_TX, &tx);
	service_net(v->s, NET_ACK, &ack);
	accept_overflow(v);
	resent(v);
	if (!nagle(v, &tx, &ack))
		delayed_ack(v, &ack);
}
