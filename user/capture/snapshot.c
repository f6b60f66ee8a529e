/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include "capture/snapshot.h"
#include "capture/why.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static struct lvt_flow flow_of(const struct tracer *t, __u32 id)
{
	struct lvt_flow sum = {}, f;
	__u32 i, key;

	for (i = 0; i < t->shards; i++) {
		key = id * LVT_MAX_SHARDS + i;
		if (bpf_map_lookup_elem(t->fd_flows, &key, &f))
			continue;
		sum.arrived += f.arrived;
		sum.answered += f.answered;
		sum.dropped += f.dropped;
	}
	return sum;
}

__u64 snapshot_answered(const struct tracer *t)
{
	__u64 sum = 0;
	__u32 id;

	for (id = 0; id < tracer_services(t); id++)
		sum += flow_of(t, id).answered;
	return sum;
}

/* The shards of a service, added up. */
static int read_block(const struct tracer *t, __u32 id, struct run_service *s, struct err *e)
{
	size_t size = t->shards * sizeof(struct lvt_shard), page = sysconf(_SC_PAGESIZE);
	struct lvt_shard *shards;
	__u32 i;

	s->sum = calloc(1, sizeof(*s->sum));
	if (!s->sum)
		return err_set(e, -ENOMEM, "no memory for a report");
	if (id >= t->n_blocks)
		return 0;
	size = (size + page - 1) / page * page;
	shards = mmap(NULL, size, PROT_READ, MAP_SHARED, t->block_fd[id], 0);
	if (shards == MAP_FAILED)
		return err_set(e, -errno, "cannot read the histograms: %s", strerror(errno));
	for (i = 0; i < t->shards; i++)
		shard_add(s->sum, &shards[i]);
	munmap(shards, size);
	return 0;
}

/* The mean of the samples, with those due since the last arrival or answer. */
static void read_flight(const struct tracer *t, __u32 id, __u64 from, __u64 end,
			const struct lvt_flow *flow, struct run_service *s)
{
	__u64 gone = flow->answered + flow->dropped, due;
	/* one is read after the other: while the trace runs, more may be gone by then than had come */
	__u64 open = flow->arrived > gone ? flow->arrived - gone : 0;
	struct lvt_flight f;

	s->in_flight = NAN;
	if (bpf_map_lookup_elem(t->fd_flights, &id, &f))
		return;
	if (!f.next)
		f.next = from;
	if (end >= f.next) {
		due = (end - f.next) / LVT_FLIGHT_NS + 1;
		f.samples += due;
		f.sum += due * open;
	}
	s->in_flight_samples = f.samples;
	if (f.samples)
		s->in_flight = (double)f.sum / f.samples;
}

static int by_number(const void *a, const void *b)
{
	__u32 x = *(const __u32 *)a, y = *(const __u32 *)b;

	return x < y ? -1 : x > y;
}

static void read_pids(const struct tracer *t, __u32 id, struct run_service *s)
{
	struct lvt_proc_key key, *prev = NULL, next;

	while (!bpf_map_get_next_key(t->fd_procs, prev, &next)) {
		key = next;
		prev = &key;
		if (key.service != id)
			continue;
		if (s->n_pids < RUN_MAX_PIDS)
			s->pids[s->n_pids] = key.tgid;
		s->n_pids++;
	}
	qsort(s->pids, s->n_pids < RUN_MAX_PIDS ? s->n_pids : RUN_MAX_PIDS, sizeof(*s->pids),
	      by_number);
}

/* What its threads did, as far as they have handed it out: all of it once the trace has stopped. */
static void read_threads(const struct tracer *t, const struct lvt_service *info,
			 struct run_service *s)
{
	bool known = t->stopped_ns && s->window_s > 0;

	s->threads = info->threads;
	s->cpu_share = known ? info->run_ns / 1e9 / s->window_s : NAN;
	s->runq_share = known ? info->runq_ns / 1e9 / s->window_s : NAN;
	s->accept_drops = info->accept_drops;
	s->accept_max = info->accept_max;
	s->accept_limit = info->accept_limit;
}

/* While it runs, a request may be in one of the two and not yet in the other. */
static __u64 known_occupancies(const struct run_service *s)
{
	__u64 n = service_requests(s), unknown = s->sum->occupied_unknown;

	return n > unknown ? n - unknown : 0;
}

static int read_service(const struct tracer *t, __u32 id, __u64 end, struct run_service *s,
			struct err *e)
{
	struct lvt_flow flow = flow_of(t, id);
	struct lvt_service info;
	__u64 from = t->started_ns, window;
	int err = tracer_service(t, id, &info);

	if (err)
		return err_set(e, err, "cannot read the table of services: %s", strerror(-err));
	s->netns = info.netns;
	s->foreign_netns = info.netns != t->netns;
	s->port = info.port;
	memcpy(s->comm, info.comm, LVT_COMM_LEN);
	if (info.since > from)
		from = info.since;
	window = end > from ? end - from : 0;
	s->window_s = window / 1e9;
	s->arrivals = flow.arrived;
	read_flight(t, id, from, end, &flow, s);
	read_pids(t, id, s);
	read_threads(t, &info, s);
	if (exemplars_of(&t->exemplars, id, t->started_ns, &s->slowest, &s->n_slowest))
		return err_set(e, -ENOMEM, "no memory for a report");
	err = read_block(t, id, s, e);
	if (!err)
		s->occupancies = known_occupancies(s);
	return err;
}

/* The programs' run time, over the requests of all services. */
static void read_cost(const struct tracer *t, struct run *r)
{
	__u64 requests = 0;
	size_t i;

	if (!t->options.measure || !t->stopped_ns)
		return;
	for (i = 0; i < r->n_services; i++)
		requests += service_requests(&r->services[i]);
	r->events = t->run_count;
	if (requests)
		r->bpf_ns_per_request = (double)t->run_ns / requests;
}

static int read_services(const struct tracer *t, struct run *r, __u64 end, struct err *e)
{
	__u32 n = tracer_services(t), id;
	int err;

	r->services = calloc(n ?: 1, sizeof(*r->services));
	if (!r->services)
		return err_set(e, -ENOMEM, "no memory for a report");
	for (id = 0; id < n; id++) {
		r->n_services++;
		err = read_service(t, id, end, &r->services[id], e);
		if (err)
			return err;
	}
	err = why_read(t, r, e);
	if (err)
		return err;
	qsort(r->services, n, sizeof(*r->services), run_service_order);
	return 0;
}

static int read_untraced(const struct tracer *t, struct run *r, struct err *e)
{
	__u32 n = tracer_untraced(t), i;
	struct lvt_service s;

	r->untraced = calloc(n ?: 1, sizeof(*r->untraced));
	if (!r->untraced)
		return err_set(e, -ENOMEM, "no memory for a report");
	for (i = 0; i < n; i++) {
		if (tracer_service(t, LVT_MAX_SERVICES + i, &s))
			continue;
		if (asprintf(&r->untraced[r->n_untraced], "%.*s:%u", LVT_COMM_LEN, s.comm, s.port) <
		    0)
			return err_set(e, -ENOMEM, "no memory for a report");
		r->n_untraced++;
	}
	return 0;
}

static int read_counters(const struct tracer *t, struct run *r, struct err *e)
{
	int cpus = libbpf_num_possible_cpus(), err = 0, i;
	__u64 *values = calloc(cpus, sizeof(*values));
	__u32 c;

	if (!values)
		return err_set(e, -ENOMEM, "no memory for a report");
	for (c = 0; c < NR_COUNTERS && !err; c++) {
		if (bpf_map_lookup_elem(t->fd_counters, &c, values))
			err = err_set(e, -errno, "cannot read the counters: %s", strerror(errno));
		for (i = 0; i < cpus && !err; i++)
			r->counters[c] += values[i];
	}
	tracer_recursion(t, &r->counters[COUNTER_RECURSION_MENDED],
			 &r->counters[COUNTER_RECURSION]);
	free(values);
	return err;
}

static void describe(const struct tracer *t, struct run *r, __u64 end)
{
	struct utsname u;
	struct rusage ru;
	struct tm tm;

	gmtime_r(&t->started, &tm);
	strftime(r->started, sizeof(r->started), "%Y-%m-%dT%H:%M:%SZ", &tm);
	r->duration_s = (end - t->started_ns) / 1e9;
	if (!uname(&u)) {
		snprintf(r->host, sizeof(r->host), "%s", u.nodename);
		snprintf(r->kernel, sizeof(r->kernel), "%.60s %.60s", u.sysname, u.release);
	}
	snprintf(r->filter, sizeof(r->filter), "%s", t->filter.text);
	r->cpus = sysconf(_SC_NPROCESSORS_ONLN);
	tracer_hooks(t, r);
	getrusage(RUSAGE_SELF, &ru);
	r->loader_cpu_s = ru.ru_utime.tv_sec + ru.ru_utime.tv_usec / 1e6 + ru.ru_stime.tv_sec +
			  ru.ru_stime.tv_usec / 1e6;
	r->loader_rss_bytes = ru.ru_maxrss * 1024ull;
	r->bpf_ns_per_request = r->events = NAN;
	r->rx_timestamps = t->options.rx_timestamps;
	r->slowest_kept = true;
}

int snapshot_take(const struct tracer *t, struct run *r, struct err *e)
{
	struct timespec ts;
	__u64 end = t->stopped_ns;
	int err;

	if (!end) {
		clock_gettime(CLOCK_MONOTONIC, &ts);
		end = ts.tv_sec * 1000000000ull + ts.tv_nsec;
	}
	describe(t, r, end);
	err = read_services(t, r, end, e);
	if (!err)
		err = read_untraced(t, r, e);
	read_cost(t, r);
	return err ? err : read_counters(t, r, e);
}
