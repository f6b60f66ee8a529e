// SPDX-License-Identifier: BSD-2-Clause
/* Logs that other HdrHistogram tools wrote: latencies alone. */
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/hist.h"
#include "store/reader.h"
#include "store/run_read.h"

static int service_of(struct reader *rd, const char *tag)
{
	struct run *r = rd->run;
	size_t len = strlen(tag);
	int id;

	if (len >= sizeof(rd->declared[0].prefix))
		return read_bad(rd, "a tag of more than %zu bytes",
				sizeof(rd->declared[0].prefix) - 1);
	for (size_t i = 0; i < r->n_services; i++)
		if (!strcmp(rd->declared[i].prefix, tag))
			return i;
	id = read_new_service(rd);
	if (id < 0)
		return id;
	strcpy(rd->declared[id].prefix, tag);
	memcpy(r->services[id].comm, tag, len < LVT_COMM_LEN ? len : LVT_COMM_LEN);
	return id;
}

int foreign_histogram(struct reader *rd, const struct histogram_line *h)
{
	int id = service_of(rd, h->tag ? h->tag : "untagged"), err;
	struct lvt_shard *sum;

	if (id < 0)
		return id;
	if (rd->histograms == 1 || h->start < rd->first_s)
		rd->first_s = h->start;
	if (rd->histograms == 1 || h->start + h->length > rd->last_s)
		rd->last_s = h->start + h->length;
	rd->run->duration_s = rd->run->services[id].window_s = h->start + h->length - rd->first_s;
	err = read_histogram(rd, h);
	if (err)
		return err;
	sum = rd->run->services[id].sum;
	if (!rd->cells->n)
		return read_watched(rd, &rd->run->services[id]);
	if (h->max > rd->highest_shown)
		rd->highest_shown = h->max;
	if (rd->cells->highest > rd->highest)
		rd->highest = rd->cells->highest;
	if (rd->cells->highest > sum->latency_max)
		sum->latency_max = rd->cells->highest;
	if (~rd->cells->lowest > sum->latency_min_inv)
		sum->latency_min_inv = ~rd->cells->lowest;
	err = pending_cells(rd, sum->latency);
	if (!err)
		err = pending_apply(rd);
	return err ? err : read_watched(rd, &rd->run->services[id]);
}

void foreign_comment(struct reader *rd)
{
	static const char start[] = "#[StartTime: ";

	if (!strncmp(rd->line, start, sizeof(start) - 1))
		rd->started_s = strtod(rd->line + sizeof(start) - 1, NULL);
}

/* All of the latency is of unknown stages. */
static int fill_unattributed(struct reader *rd, struct run_service *s)
{
	struct lvt_shard *sum = s->sum;
	__u64 all = 0;

	for (__u32 b = 0; b < HIST_BUCKETS; b++) {
		__u64 *cell = &sum->anatomy[b / 2][STAGE_UNATTRIBUTED], ns;

		if (__builtin_mul_overflow(sum->latency[b], hist_middle(b), &ns) ||
		    __builtin_add_overflow(*cell, ns, cell) ||
		    __builtin_add_overflow(all, sum->latency[b], &all))
			return read_bad(rd, "the counts add up to more than can be");
		if (b) /* a stage's histogram has no zeros */
			sum->stage[STAGE_UNATTRIBUTED][b] = sum->latency[b];
	}
	sum->stage_max[STAGE_UNATTRIBUTED] = sum->latency_max;
	s->arrivals = all;
	s->window_s = rd->run->duration_s;
	return 0;
}

int foreign_finish(struct reader *rd, char *warning)
{
	struct run *r = rd->run;
	double started = rd->started_s;
	struct tm tm;
	time_t t;
	int err = 0;

	if (!rd->histograms)
		return read_bad(rd, "the file ends without a histogram");
	r->duration_s = rd->last_s - rd->first_s;
	r->latency_only = true;
	r->value_ratio = rd->highest_shown > 0 ? rd->highest / rd->highest_shown : NAN;
	r->loader_cpu_s = r->bpf_ns_per_request = r->events = NAN;
	/* time stamps from before the start are relative to it, as the reference has it */
	if (rd->first_s > started - 365 * 86400.0)
		started = rd->first_s;
	if (started > 0 && started < 4e9) {
		t = started;
		gmtime_r(&t, &tm);
		strftime(r->started, sizeof(r->started), "%Y-%m-%dT%H:%M:%SZ", &tm);
	}
	for (size_t i = 0; i < r->n_services && !err; i++)
		err = fill_unattributed(rd, &r->services[i]);
	qsort(r->services, r->n_services, sizeof(*r->services), run_service_order);
	snprintf(
		warning, RUN_WARNING_LEN,
		"%s is not a run of lvt: its values are taken for ns, and where the time goes is not "
		"known",
		rd->name);
	return err;
}
