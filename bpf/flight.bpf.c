// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What is in flight, sampled from a CPU clock's interrupt at even spacing, without a syscall per
 * sample and independently of latency, so that Little's law is a check and not an identity.
 *
 * Not a bpf_timer: that one runs in softirq, behind the network's, and so sees a loopback request
 * just after it arrived more often than is true (40 % too many in flight on redis).
 */
#include "maps.bpf.h"

static __always_inline s64 in_flight(u32 service)
{
	s64 n = 0;
	u32 i, k;

	for (i = 0; i < LVT_MAX_SHARDS; i++) {
		struct lvt_flow *f;

		k = service * LVT_MAX_SHARDS + i;
		f = bpf_map_lookup_elem(&lvt_flows, &k);
		if (f)
			n += f->arrived - f->answered - f->dropped;
	}
	return n;
}

SEC("perf_event")
int lvt_flight(void *ctx)
{
	u32 i, n = n_services;

	if (!enabled)
		return 0;
	for (i = 0; i < LVT_MAX_SERVICES; i++) {
		u32 id = i;
		struct lvt_service *s;
		s64 now;

		if (i >= n)
			break;
		s = bpf_map_lookup_elem(&lvt_services, &id);
		if (!s)
			break;
		now = in_flight(i);
		/* an answer can be seen before its arrival on another CPU */
		s->in_flight_sum += now > 0 ? now : 0;
		s->in_flight_samples++;
	}
	return 0;
}
