// SPDX-License-Identifier: BSD-2-Clause
/*
 * A run file as of an event loop under load: an hour at 100 ms intervals, for what reading it costs.
 *	run_hour FILE [INTERVALS]
 */
#include "../lib/why_fill.h"
#include "store/run_write.h"

enum { HOUR = 36000, INTERVAL_REQUESTS = 80 };

/* The requests of one interval: ten stages that occur. */
static void more_requests(struct run_service *s, __u64 *seed)
{
	for (int i = 0; i < INTERVAL_REQUESTS; i++) {
		__u64 st[NR_STAGES] = { 0 };

		st[STAGE_QUEUE_BUSY] = fill_below(seed, 3) ? fill_exponential(seed, 20000) : 0;
		st[STAGE_QUEUE_PICKUP] = 900 + fill_exponential(seed, 2500);
		st[STAGE_SERVICE_CPU] = 1500 + fill_exponential(seed, 900);
		st[STAGE_SERVICE_OTHER] = fill_below(seed, 4) ? 0 : fill_exponential(seed, 26000);
		st[STAGE_QUEUE_WAKEUP] = fill_below(seed, 3) ? 0 : fill_exponential(seed, 9000);
		if (fill_below(seed, 20) == 0)
			st[STAGE_QUEUE_RUNQ] = fill_exponential(seed, 3e5);
		if (fill_below(seed, 40) == 0)
			st[STAGE_QUEUE_BLOCKED] = fill_exponential(seed, 800);
		if (fill_below(seed, 80) == 0)
			st[STAGE_SERVICE_RUNQ] = fill_exponential(seed, 2e5);
		if (fill_below(seed, 100) == 0)
			st[STAGE_SERVICE_CLIENT] = fill_exponential(seed, 5e4);
		if (fill_below(seed, 200) == 0)
			st[STAGE_QUEUE_ACCEPT] = fill_exponential(seed, 3e4);
		fill_request(s->sum, st);
	}
	fill_net(s, NET_TX, INTERVAL_REQUESTS, 1300, false);
	fill_net(s, NET_ACK, INTERVAL_REQUESTS / 4, 480000, false);
	s->sum->bytes_in += 39ull * INTERVAL_REQUESTS;
	s->sum->bytes_out += 5ull * INTERVAL_REQUESTS;
	s->arrivals += INTERVAL_REQUESTS;
}

static void more_waits(struct run_service *s, __u64 *seed)
{
	for (size_t i = 0; i < s->n_waits; i++) {
		if (i && fill_below(seed, 4))
			continue;
		s->waits[i].waits += 1 + fill_below(seed, 20);
		s->waits[i].ns += fill_below(seed, 3000000);
	}
}

static void more_slowest(struct run_service *s, __u64 *seed, int interval)
{
	struct run_exemplar *x;

	if (s->n_slowest == 10) /* as record keeps ten of each interval: the least gives way */
		s->n_slowest--;
	x = fill_exemplar(s, 4000000 + fill_below(seed, 1 << 20), 3000000, 3990000);
	x->at_s = interval / 10.0;
	x->stage[STAGE_QUEUE_RUNQ] = x->latency;
	for (int i = 0; i < 4; i++)
		fill_moment(x, STAGE_QUEUE_RUNQ, 100000 * i, 100000 * i + 90000, "",
			    "redis-benchmark")
			->pid = 2317;
}

static void start(struct run *r)
{
	struct run_service *s;

	fill_run(r, 1);
	r->duration_s = 0;
	r->slowest_kept = true;
	s = &r->services[0];
	s->sum->connections = 50;
	s->threads = 5;
	s->cpu_share = 0.78;
	s->runq_share = 0.02;
	fill_ran(s, STAGE_QUEUE_RUNQ, 1, 1, "redis-benchmark", 2317);
	fill_ran(s, STAGE_QUEUE_RUNQ, 1, 1, "kworker/u8:1", 9270);
	fill_ran(s, STAGE_SERVICE_RUNQ, 1, 1, "redis-benchmark", 2317);
	fill_blocked(s, STAGE_SERVICE_CLIENT, 1, 1, "epoll_wait", NULL);
}

/* run_file_interval() takes over what it gets. */
static struct run copy_of(const struct run *r)
{
	const struct run_service *s = &r->services[0];
	struct run c = *r;

	c.services = malloc(sizeof(*s));
	if (!c.services)
		abort();
	*c.services = *s;
	c.services->sum = memcpy(fill_shard(), s->sum, sizeof(*s->sum));
	c.services->waits = malloc(s->n_waits * sizeof(*s->waits));
	c.services->slowest = malloc((s->n_slowest + 1) * sizeof(*s->slowest));
	if (!c.services->waits || !c.services->slowest)
		abort();
	memcpy(c.services->waits, s->waits, s->n_waits * sizeof(*s->waits));
	if (s->n_slowest)
		memcpy(c.services->slowest, s->slowest, s->n_slowest * sizeof(*s->slowest));
	return c;
}

static int write_hour(struct run_file *f, struct run *r, int intervals, struct err *e)
{
	struct run_service *s = &r->services[0];
	__u64 seed = 5;
	int err = 0;

	for (int i = 0; i < intervals && !err; i++) {
		struct run copy;

		more_requests(s, &seed);
		more_waits(s, &seed);
		if (i % 10 == 0)
			more_slowest(s, &seed, i);
		r->duration_s = s->window_s = (i + 1) / 10.0;
		r->loader_cpu_s += 0.0004;
		s->in_flight = 2 + fill_below(&seed, 1000) / 1000.0;
		s->in_flight_samples += 427;
		copy = copy_of(r);
		err = run_file_interval(f, &copy, e);
	}
	return err ? err : run_file_finish(f, r, e);
}

int main(int argc, char **argv)
{
	struct run_file *f;
	struct err e = { 0 };
	struct run r;
	int err;

	if (argc < 2) {
		fprintf(stderr, "usage: run_hour FILE [INTERVALS]\n");
		return 2;
	}
	start(&r);
	err = run_file_create(&f, argv[1], &e);
	if (!err)
		err = write_hour(f, &r, argc > 2 ? atoi(argv[2]) : HOUR, &e);
	if (err)
		fprintf(stderr, "run_hour: %s\n", e.message);
	run_file_free(f);
	run_free(&r);
	return err ? 1 : 0;
}
