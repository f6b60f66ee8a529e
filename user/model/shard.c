// SPDX-License-Identifier: BSD-2-Clause
#include "model/run.h"

/*
 * Most cells are zero. Runs of them are not added: a fresh sum's pages stay untouched then, which is most of
 * the memory of a run with many services.
 */
static void add_cells(__u64 *dst, const __u64 *src, size_t n)
{
	enum { RUN = 64 };

	for (size_t from = 0; from < n; from += RUN) {
		size_t end = from + RUN < n ? from + RUN : n;
		__u64 any = 0;

		for (size_t i = from; i < end; i++)
			any |= src[i];
		for (size_t i = from; any && i < end; i++)
			dst[i] += src[i];
	}
}

static void keep_larger(__u64 *dst, __u64 src)
{
	if (src > *dst)
		*dst = src;
}

void shard_add(struct lvt_shard *dst, const struct lvt_shard *src)
{
	add_cells(dst->latency, src->latency, HIST_BUCKETS);
	for (int st = 0; st < NR_STAGES; st++) {
		add_cells(dst->stage[st], src->stage[st], HIST_BUCKETS);
		keep_larger(&dst->stage_max[st], src->stage_max[st]);
	}
	add_cells(&dst->anatomy[0][0], &src->anatomy[0][0], ANATOMY_BUCKETS * NR_STAGES);
	keep_larger(&dst->latency_max, src->latency_max);
	keep_larger(&dst->latency_min_inv,
		    src->latency_min_inv); /* inverted: the smaller minimum */
	add_cells(dst->exchanges, src->exchanges, NR_EXCHANGES);
	for (int n = 0; n < NR_NET; n++) {
		add_cells(dst->net[n], src->net[n], HIST_BUCKETS);
		keep_larger(&dst->net_max[n], src->net_max[n]);
	}
	add_cells(dst->net_sum, src->net_sum, NR_NET);
	add_cells(dst->queue_blocked, src->queue_blocked, NR_CAUSES);
	dst->multi_thread += src->multi_thread;
	dst->streaming += src->streaming;
	dst->h2_found += src->h2_found;
	dst->retransmits += src->retransmits;
	dst->receive_drops += src->receive_drops;
	dst->batch_sampled += src->batch_sampled;
	dst->batch_found += src->batch_found;
	dst->batch_messages += src->batch_messages;
	dst->bytes_in += src->bytes_in;
	dst->bytes_out += src->bytes_out;
	dst->connections += src->connections;
	dst->occupied += src->occupied;
	dst->occupied_square += src->occupied_square;
	dst->occupied_square_hi += src->occupied_square_hi;
	if (dst->occupied_square < src->occupied_square)
		dst->occupied_square_hi++;
	dst->occupied_unknown += src->occupied_unknown;
}
