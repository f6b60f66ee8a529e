// SPDX-License-Identifier: BSD-2-Clause
#include "store/records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *stage_at(int i)
{
	return stage_name(i);
}

static const char *net_at(int i)
{
	return net_name(i);
}

static const char *cause_at(int i)
{
	return cause_name(i);
}

static const char *counter_at(int i)
{
	return counter_name(i);
}

static const char *exchange_at(int i)
{
	static const char *const names[NR_EXCHANGES] = {
		[EXCHANGE_REQUEST_RESPONSE] = "request_response",
		[EXCHANGE_PIPELINED] = "pipelined",
		[EXCHANGE_UNSOLICITED] = "unsolicited",
		[EXCHANGE_ABORTED] = "aborted",
	};

	return names[i];
}

#define BY_STAGE .of = stage_at, .count = NR_STAGES

/* clang-format off */
const struct field run_fields[] = {
	FIELD(TEXT, run, started),
	FIELD(TEXT, run, host),
	FIELD(TEXT, run, kernel),
	FIELD(TEXT, run, filter),
	FIELD(TEXT, run, label),
	FIELD(INT, run, cpus),
	FIELD(BOOL, run, rx_timestamps),
	FIELD(BOOL, run, outbound),
	FIELD(BOOL, run, slowest_kept),
	FIELD(BOOL, run, latency_only),
	{ 0 },
};

const struct field part_fields[] = {
	FIELD(TEXT, run_part, file),
	FIELD(TEXT, run_part, host),
	FIELD(TEXT, run_part, started),
	FIELD(DOUBLE, run_part, duration_s),
	FIELD(U64, run_part, requests),
	FIELD(MARK, run_part, loss),
	{ 0 },
};

const struct field progress_fields[] = {
	FIELD(DOUBLE, run, duration_s),
	FIELD(TABLE, run, counters, .of = counter_at, .count = NR_COUNTERS),
	FIELD(DOUBLE, run, loader_cpu_s),
	FIELD(U64, run, loader_rss_bytes),
	FIELD(DOUBLE, run, bpf_ns_per_request),
	FIELD(DOUBLE, run, events),
	{ 0 },
};

const struct field service_fields[] = {
	FIELD(U16, run_service, port),
	FIELD(TEXT, run_service, comm),
	FIELD(U32, run_service, netns),
	FIELD(BOOL, run_service, foreign_netns),
	{ 0 },
};

const struct field state_fields[] = {
	FIELD(U32, run_service, n_pids),
	FIELD(DOUBLE, run_service, window_s),
	FIELD(U64, run_service, arrivals),
	FIELD(U64, run_service, occupancies),
	FIELD(DOUBLE, run_service, in_flight),
	FIELD(U64, run_service, in_flight_samples),
	FIELD(U32, run_service, threads),
	FIELD(DOUBLE, run_service, cpu_share),
	FIELD(DOUBLE, run_service, runq_share),
	FIELD(U64, run_service, accept_drops),
	FIELD(U32, run_service, accept_max),
	FIELD(U32, run_service, accept_limit),
	{ 0 },
};

const struct field sum_fields[] = {
	FIELD(TABLE, lvt_shard, stage_max, BY_STAGE),
	FIELD(U64, lvt_shard, latency_max),
	{ .name = "latency_min", .type = FIELD_INVERSE,
	  .offset = offsetof(struct lvt_shard, latency_min_inv), .size = sizeof(__u64) },
	FIELD(TABLE, lvt_shard, net_sum, .of = net_at, .count = NR_NET),
	FIELD(TABLE, lvt_shard, net_max, .of = net_at, .count = NR_NET),
	FIELD(TABLE, lvt_shard, queue_blocked, .of = cause_at, .count = NR_CAUSES),
	FIELD(TABLE, lvt_shard, exchanges, .of = exchange_at, .count = NR_EXCHANGES),
	FIELD(U64, lvt_shard, multi_thread),
	FIELD(U64, lvt_shard, streaming),
	FIELD(U64, lvt_shard, batch_sampled),
	FIELD(U64, lvt_shard, batch_found),
	FIELD(U64, lvt_shard, batch_messages),
	FIELD(U64, lvt_shard, h2_found),
	FIELD(U64, lvt_shard, retransmits),
	FIELD(U64, lvt_shard, receive_drops),
	FIELD(U64, lvt_shard, bytes_in),
	FIELD(U64, lvt_shard, bytes_out),
	FIELD(U64, lvt_shard, connections),
	FIELD(U64, lvt_shard, occupied),
	FIELD(U64, lvt_shard, occupied_square),
	FIELD(U64, lvt_shard, occupied_square_hi),
	FIELD(U64, lvt_shard, occupied_unknown),
	{ 0 },
};

const struct field wait_fields[] = {
	FIELD(NAME, run_wait, stage, BY_STAGE),
	FIELD(BOOL, run_wait, other),
	FIELD(TEXT, run_wait, syscall),
	FIELD(PEER, run_wait, peer),
	FIELD(TEXT, run_wait, peer_comm),
	FIELD(U32, run_wait, peer_pid),
	FIELD(TEXT, run_wait, who),
	FIELD(U32, run_wait, pid),
	FIELD(TEXT, run_wait, cgroup),
	FIELD(S64, run_wait, waits),
	FIELD(S64, run_wait, ns),
	{ 0 },
};

const struct field exemplar_fields[] = {
	FIELD(DOUBLE, run_exemplar, at_s),
	FIELD(U64, run_exemplar, latency),
	FIELD(MARK, run_exemplar, read),
	FIELD(MARK, run_exemplar, reply),
	FIELD(MARK, run_exemplar, done),
	FIELD(MARK, run_exemplar, sent),
	FIELD(MARK, run_exemplar, acked),
	FIELD(TABLE, run_exemplar, stage, BY_STAGE),
	FIELD(PEER, run_exemplar, client),
	FIELD(U32, run_exemplar, reader),
	FIELD(U32, run_exemplar, tid),
	FIELD(TEXT, run_exemplar, comm),
	FIELD(TEXT, run_exemplar, reader_comm),
	FIELD(U32, run_exemplar, waits_lost),
	{ 0 },
};

const struct field moment_fields[] = {
	FIELD(NAME, run_moment, stage, BY_STAGE),
	FIELD(U64, run_moment, start),
	FIELD(U64, run_moment, end),
	FIELD(TEXT, run_moment, syscall),
	FIELD(PEER, run_moment, peer),
	FIELD(TEXT, run_moment, who),
	FIELD(U32, run_moment, pid),
	{ 0 },
};

const struct field outbound_fields[] = {
	FIELD(PEER, run_outbound, peer),
	FIELD(TEXT, run_outbound, comm),
	FIELD(U32, run_outbound, pid),
	FIELD(U64, run_outbound, first_sum),
	FIELD(U64, run_outbound, first_max),
	FIELD(U64, run_outbound, last_sum),
	FIELD(U64, run_outbound, last_max),
	{ 0 },
};
/* clang-format on */

const char *tag_name(int tag, char buf[TAG_LEN])
{
	if (!tag)
		return "latency";
	if (tag <= NR_STAGES)
		return stage_name(tag - 1);
	snprintf(buf, TAG_LEN, "net.%s", net_name(tag - 1 - NR_STAGES));
	return buf;
}

__u64 *tag_cells(struct lvt_shard *sum, int tag)
{
	if (!tag)
		return sum->latency;
	return tag <= NR_STAGES ? sum->stage[tag - 1] : sum->net[tag - 1 - NR_STAGES];
}
