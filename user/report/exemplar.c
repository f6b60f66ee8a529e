// SPDX-License-Identifier: BSD-2-Clause
#include "report/exemplar.h"

#include <stdint.h>
#include <stdio.h>

#include "base/escape.h"
#include "base/peer.h"
#include "base/units.h"

#define STAGE_SHARE 0.01

bool mark_known(__u64 mark)
{
	return mark != UINT64_MAX;
}

__u32 exemplar_waits(const struct run_exemplar *x)
{
	return x->n_waits < LVT_EXEMPLAR_WAITS ? x->n_waits : LVT_EXEMPLAR_WAITS;
}

/* "web (thread 812)"; a name of \xNN is cut. */
static void add_thread(struct items *l, const char *what, const char *comm, __u32 tid)
{
	char name[2 * LVT_COMM_LEN + 1];

	escape_name(name, sizeof(name), comm);
	if (name[0])
		items_add(l, "%s%s (thread %u)", what, name, tid);
	else
		items_add(l, "%sthread %u", what, tid);
}

void exemplar_facts(const struct run_exemplar *x, struct items *l)
{
	char time[UNIT_LEN], peer[PEER_LEN];

	items_add(l, "at %.3f s", x->at_s);
	if (x->client.family)
		items_add(l, "client %s", fmt_peer(peer, sizeof(peer), &x->client));
	if (x->reader != x->tid)
		add_thread(l, "read by ", x->reader_comm, x->reader);
	add_thread(l, x->reader == x->tid ? "" : "answered by ", x->comm, x->tid);
	if (mark_known(x->sent) && x->sent >= x->latency)
		items_add(l, "sent +%s", fmt_ns(time, sizeof(time), x->sent - x->latency));
	if (mark_known(x->acked) && x->acked >= x->latency)
		items_add(l, "acknowledged +%s", fmt_ns(time, sizeof(time), x->acked - x->latency));
}

struct time_scale exemplar_scale(const struct run_exemplar *x)
{
	static const struct time_scale scales[] = {
		{ "ns", 1, 0, 0 }, { "µs", 1e3, 0, 0 }, { "ms", 1e6, 0, 0 }, { "s", 1e9, 0, 0 }
	};
	struct time_scale s = scales[0];

	for (size_t i = 1; i < sizeof(scales) / sizeof(scales[0]) && x->latency >= 1e4 * s.ns; i++)
		s = scales[i];
	if (s.ns > 1)
		s.decimals = x->latency >= 1e3 * s.ns ? 0 : x->latency >= 1e2 * s.ns ? 1 : 2;
	s.width = snprintf(NULL, 0, "%.*f", s.decimals, x->latency / s.ns);
	return s;
}

void exemplar_stages(const struct run_exemplar *x, struct items *l)
{
	char time[UNIT_LEN], share[UNIT_LEN];
	bool told[NR_STAGES] = { false };

	for (;;) {
		int most = -1;

		for (int st = 0; st < NR_STAGES; st++)
			if (!told[st] && (most < 0 || x->stage[st] > x->stage[most]))
				most = st;
		if (most < 0 || x->stage[most] <= STAGE_SHARE * x->latency)
			break;
		told[most] = true;
		items_add(l, "%s %s %s", stage_name(most),
			  fmt_ns(time, sizeof(time), x->stage[most]),
			  fmt_share(share, sizeof(share), (double)x->stage[most] / x->latency));
	}
}
