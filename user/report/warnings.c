// SPDX-License-Identifier: BSD-2-Clause
/* What must be known before a number is read: see findings.h. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "report/findings.h"

#define PLAIN_ENOUGH 0.95 /* share of plain request-response exchanges */
#define BATCHES_MANY 0.05 /* share of sampled requests that hold several messages */
#define FRAMES_MANY 0.05  /* ... that are HTTP/2 frames */
#define STREAMS_MANY 0.05 /* share of answers that are transfers */

static const struct {
	const char *id, *text; /* text: with the share before it */
} unlike[NR_EXCHANGES] = {
	[EXCHANGE_PIPELINED] = { "pipelined",
				 "of exchanges hold several requests: their latency is "
				 "of the whole batch." },
	[EXCHANGE_UNSOLICITED] = { "unsolicited", "of exchanges are sends that answer no request: "
						  "they have no latency and are not in it." },
	[EXCHANGE_ABORTED] = { "aborted",
			       "of exchanges ended before an answer: they have no latency "
			       "and are not in it." },
};

/* When exchanges are not plain: each kind that is a tenth of what may differ, or more. */
static size_t warn_kinds(const struct run_service *s, struct finding *found)
{
	double plain = service_plain_share(s), all;
	char share[UNIT_LEN];
	size_t n = 0;

	if (!(plain < PLAIN_ENOUGH))
		return 0;
	all = 0;
	for (int k = 0; k < NR_EXCHANGES; k++)
		all += s->sum->exchanges[k];
	for (int k = 0; k < NR_EXCHANGES; k++) {
		double part = s->sum->exchanges[k] / all;

		if (!unlike[k].id || part < (1 - PLAIN_ENOUGH) / 10)
			continue;
		finding_set(&found[n], part, unlike[k].id, "%s: %s %s", unlike[k].id,
			    fmt_share(share, sizeof(share), part), unlike[k].text);
		finding_number(&found[n], "share", part);
		finding_number(&found[n], "plain_share", plain);
		n++;
	}
	return n;
}

static size_t warn_batches(const struct run_service *s, struct finding *found)
{
	const struct lvt_shard *sum = s->sum;
	double part = sum->batch_sampled ? (double)sum->batch_found / sum->batch_sampled : 0;
	double size = sum->batch_found ? (double)sum->batch_messages / sum->batch_found : 0;
	char hits[UNIT_LEN], sampled[UNIT_LEN];

	if (part <= BATCHES_MANY)
		return 0;
	fmt_count(hits, sizeof(hits), sum->batch_found);
	fmt_count(sampled, sizeof(sampled), sum->batch_sampled);
	finding_set(found, part, "batches",
		    "pipelining: %s of %s sampled exchanges are batches of about %.0f requests: "
		    "latency is of the whole batch, and a batch counts as one request.",
		    hits, sampled, size);
	finding_number(found, "sampled", sum->batch_sampled);
	finding_number(found, "found", sum->batch_found);
	finding_number(found, "mean_messages", size);
	return 1;
}

static size_t warn_multiplexed(const struct run_service *s, struct finding *found)
{
	const struct lvt_shard *sum = s->sum;
	double part = sum->batch_sampled ? (double)sum->h2_found / sum->batch_sampled : 0;
	char hits[UNIT_LEN], sampled[UNIT_LEN];

	if (part <= FRAMES_MANY)
		return 0;
	fmt_count(hits, sizeof(hits), sum->h2_found);
	fmt_count(sampled, sizeof(sampled), sum->batch_sampled);
	finding_set(
		found, part, "multiplexed",
		"multiplexed: %s of %s sampled payloads are HTTP/2 frames: requests share a "
		"connection at the same time, so latency is of a turn of the connection, not of "
		"one request.",
		hits, sampled);
	finding_number(found, "sampled", sum->batch_sampled);
	finding_number(found, "found", sum->h2_found);
	return 1;
}

static size_t warn_streaming(const struct run_service *s, struct finding *found)
{
	double part = (double)s->sum->streaming / service_requests(s);
	char share[UNIT_LEN];

	if (part <= STREAMS_MANY)
		return 0;
	finding_set(found, part, "streaming",
		    "stream: %s of the answers are transfers: their latency is the time that the "
		    "transfer took.",
		    fmt_share(share, sizeof(share), part));
	finding_number(found, "share", part);
	finding_number(found, "streaming", s->sum->streaming);
	return 1;
}

static size_t warn_no_requests(const struct run *r, const struct run_service *s,
			       struct finding *found)
{
	const struct lvt_shard *sum = s->sum;
	char arrived[UNIT_LEN], sends[UNIT_LEN], connections[UNIT_LEN];

	if (service_requests(s))
		return 0;
	fmt_count(arrived, sizeof(arrived), s->arrivals);
	fmt_count(sends, sizeof(sends), sum->exchanges[EXCHANGE_UNSOLICITED]);
	fmt_count(connections, sizeof(connections), sum->connections);
	if (r->latency_only) {
		finding_set(found, 1, "no_requests", "no requests to report.");
		return 1;
	}
	if (s->arrivals)
		finding_set(
			found, 1, "no_requests",
			"no requests to report: %s arrived, but none was answered in the window.",
			arrived);
	else if (sum->exchanges[EXCHANGE_UNSOLICITED])
		finding_set(found, 1, "no_requests",
			    "no requests: the service sent %s times, but nothing was sent to it.",
			    sends);
	else if (sum->connections)
		finding_set(found, 1, "no_requests",
			    "no requests: nothing arrived in the window on its %s connection%s.",
			    connections, sum->connections == 1 ? "" : "s");
	else
		finding_set(found, 1, "no_requests",
			    "no requests: nobody was connected to it in the window.");
	finding_number(found, "arrivals", s->arrivals);
	finding_number(found, "connections", sum->connections);
	return 1;
}

static size_t warn_window(const struct run *r, const struct run_service *s, struct finding *found)
{
	char window[UNIT_LEN], whole[UNIT_LEN];

	/* Services that exist at the start are registered some ms after the clock starts. */
	if (!(s->window_s < r->duration_s * 0.98 - 0.01))
		return 0;
	finding_set(found, 0, "came_later",
		    r->n_parts > 1 ? "it is not in all parts, or came later: traced for %s of %s." :
				     "it came later: traced for %s of the run's %s.",
		    fmt_ns(window, sizeof(window), s->window_s * 1e9),
		    fmt_ns(whole, sizeof(whole), r->duration_s * 1e9));
	finding_number(found, "window_s", s->window_s);
	return 1;
}

size_t service_warnings(const struct run *r, const struct run_service *s,
			struct finding found[MAX_WARNINGS])
{
	size_t n = warn_no_requests(r, s, found);

	if (!n) {
		n = warn_batches(s, found);
		n += warn_multiplexed(s, found + n);
		n += warn_streaming(s, found + n);
		n += warn_kinds(s, found + n);
	}
	return n + warn_window(r, s, found + n);
}

static size_t warn_loss(const struct run *r, struct finding *found)
{
	__u64 loss = run_loss(r), requests = 0;
	char lost[UNIT_LEN], share[UNIT_LEN];
	double part;

	if (!loss)
		return 0;
	for (size_t i = 0; i < r->n_services; i++)
		requests += service_requests(&r->services[i]);
	part = (double)loss / ((double)loss + requests);
	finding_set(found, part, "loss",
		    "loss: %s events were lost or mistimed (%s of what there was to count). The "
		    "counts may be too small, and what is missing may have been slow.",
		    fmt_count(lost, sizeof(lost), loss), fmt_share(share, sizeof(share), part));
	if (loss == 1)
		finding_set(found, part, "loss", "loss: 1 event was lost or mistimed.");
	finding_number(found, "loss", loss);
	finding_number(found, "share", part);
	return 1;
}

size_t run_warnings(const struct run *r, struct finding found[MAX_WARNINGS])
{
	size_t n = warn_loss(r, found);
	char count[UNIT_LEN];

	if (r->latency_only)
		finding_set(&found[n++], 0, "latency_only",
			    "a log of another HdrHistogram tool: its values are taken for ns; only "
			    "latencies are known, not where the time went, nor what was lost.");
	if (run_overlap(r))
		finding_set(&found[n++], 0, "overlap",
			    "%s and another part of its host overlap in time: what both traced is "
			    "counted twice.",
			    run_overlap(r)->file);
	if (r->n_untraced) {
		finding_set(&found[n], 0, "untraced",
			    "not traced: %s more listening socket%s than the table of %d services "
			    "holds; narrow the filter.",
			    fmt_count(count, sizeof(count), r->n_untraced),
			    r->n_untraced == 1 ? "" : "s", LVT_MAX_SERVICES);
		finding_number(&found[n++], "untraced", r->n_untraced);
	}
	if (!r->n_services && run_traced(r))
		finding_set(&found[n++], 0, "no_services",
			    "no listening TCP service was found%s: nothing was traced.",
			    r->filter[0] ? " that the filter lets pass" : "");
	return n;
}
