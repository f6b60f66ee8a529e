// SPDX-License-Identifier: BSD-2-Clause
/* What happens on the network side: times outside the latency, TCP's own counts, other services. */
#include "report/json_parts.h"
#include "report/why.h"

/* null when it was not measured; the mean is over what was. */
static json_t *dist(const struct dist *d)
{
	if (!d->count)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "count", json_count(d->count),
			 "mean", json_number(d->mean), "p50", json_count(d->p50), "p90",
			 json_count(d->p90), "p99", json_count(d->p99), "p99_9",
			 json_count(d->p99_9), "max", json_count(d->max));
}

json_t *json_net(const struct run *r, const struct run_service *s)
{
	json_t *all = json_object();
	int bad = 0;

	for (int n = 0; n < NR_NET && !bad; n++) {
		struct dist d;

		service_net(s, n, &d);
		if (n == NET_RX && !r->rx_timestamps)
			d.count = 0;
		bad = json_put(all, net_name(n), dist(&d));
	}
	return json_unless(bad, all);
}

json_t *json_tcp(const struct run *r, const struct run_service *s)
{
	const struct lvt_shard *sum = s->sum;
	bool seen = s->accept_limit || s->accept_max;

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "retransmits",
			 json_count(sum->retransmits), "receive_drops",
			 json_count(sum->receive_drops), "accept_drops",
			 json_count(s->accept_drops), "accept_queue_max",
			 json_known(s->accept_max, seen), "accept_queue_limit",
			 json_known(s->accept_limit, seen), "connections_per_s",
			 json_number(service_connection_rate(r, s)));
}

static json_t *outbound(const struct run_outbound *o)
{
	struct dist first, last;

	hist_dist(o->first, o->first_sum, o->first_max, &first);
	hist_dist(o->last, o->last_sum, o->last_max, &last);
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "peer", json_peer(&o->peer), "comm",
			 json_known_name(o->comm), "pid", json_known(o->pid, o->pid), "requests",
			 json_count(last.count), "first_byte_ns", dist(&first), "last_byte_ns",
			 dist(&last));
}

json_t *json_outbound(const struct run *r, const struct run_service *s)
{
	json_t *all;
	int bad = 0;

	if (!r->outbound && !s->n_outbound)
		return json_null();
	all = json_array();
	for (size_t i = 0; i < s->n_outbound && !bad; i++)
		bad = json_array_append_new(all, outbound(&s->outbound[i]));
	return json_unless(bad, all);
}
