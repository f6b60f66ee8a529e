// SPDX-License-Identifier: BSD-2-Clause
#include "model/past.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A shard is an array of numbers: those that are not zero. */
struct cell {
	__u32 at;
	__u64 value;
} __attribute__((packed));

struct past_sum {
	struct cell *cells;
	size_t n;
};

enum { SHARD_CELLS = sizeof(struct lvt_shard) / sizeof(__u64) };

static int pack(struct past_sum *p, const __u64 *cells)
{
	size_t n = 0;

	for (size_t i = 0; i < SHARD_CELLS; i++)
		n += cells[i] != 0;
	p->cells = malloc((n ?: 1) * sizeof(*p->cells));
	if (!p->cells)
		return -ENOMEM;
	for (size_t i = 0; i < SHARD_CELLS; i++)
		if (cells[i])
			p->cells[p->n++] = (struct cell){ i, cells[i] };
	return 0;
}

static int take_service(struct run_service *to, struct past_sum *sum, const struct run_service *s)
{
	*to = *s;
	to->sum = NULL;
	to->slowest = NULL;
	to->outbound = NULL;
	to->series = NULL;
	to->n_slowest = to->n_outbound = to->n_waits = 0;
	to->waits = malloc((s->n_waits ?: 1) * sizeof(*to->waits));
	if (!to->waits)
		return -ENOMEM;
	if (s->n_waits)
		memcpy(to->waits, s->waits, s->n_waits * sizeof(*to->waits));
	to->n_waits = s->n_waits;
	return pack(sum, (const __u64 *)s->sum);
}

int past_take(struct past *p, const struct run *r)
{
	struct run *to = &p->run;
	int err = 0;

	*p = (struct past){ .run = { .duration_s = r->duration_s,
				     .loader_cpu_s = r->loader_cpu_s } };
	memcpy(to->counters, r->counters, sizeof(to->counters));
	to->services = calloc(r->n_services ?: 1, sizeof(*to->services));
	p->sums = calloc(r->n_services ?: 1, sizeof(*p->sums));
	if (!to->services || !p->sums)
		return -ENOMEM;
	for (; to->n_services < r->n_services && !err; to->n_services++) {
		const struct run_service *s = &r->services[to->n_services];

		p->connections += s->sum->connections;
		err = take_service(&to->services[to->n_services], &p->sums[to->n_services], s);
	}
	return err;
}

struct lvt_shard *past_sum(const struct past *p, size_t at)
{
	struct lvt_shard *sum = calloc(1, sizeof(*sum));
	const struct past_sum *packed = &p->sums[at];

	for (size_t i = 0; sum && i < packed->n; i++)
		((__u64 *)sum)[packed->cells[i].at] = packed->cells[i].value;
	return sum;
}

void past_free(struct past *p)
{
	for (size_t i = 0; i < p->run.n_services; i++)
		free(p->sums[i].cells);
	free(p->sums);
	run_free(&p->run);
	p->sums = NULL;
}
