// SPDX-License-Identifier: BSD-2-Clause
#include "model/merge.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/client.h"

static int no_memory(struct err *e)
{
	return err_set(e, -ENOMEM, "no memory to add up runs");
}

static __u64 requests_of(const struct run *r)
{
	__u64 n = 0;

	for (size_t i = 0; i < r->n_services; i++)
		n += service_requests(&r->services[i]);
	return n;
}

int run_become_part(struct run *r, const char *file, struct err *e)
{
	struct run_part *p;
	size_t len = strlen(file);

	if (r->n_parts)
		return 0;
	p = r->parts = calloc(1, sizeof(*p));
	if (!p)
		return no_memory(e);
	r->n_parts = 1;
	/* of a path that is too long its end is what tells it from others */
	snprintf(p->file, sizeof(p->file), "%s",
		 len < sizeof(p->file) ? file : file + len - sizeof(p->file) + 1);
	strcpy(p->host, r->host);
	strcpy(p->started, r->started);
	p->duration_s = r->duration_s;
	p->requests = r->n_services ? requests_of(r) : clients_requests(r);
	p->loss = r->latency_only ? UINT64_MAX : run_loss(r);
	return 0;
}

/* ---- what may not be added ---- */

static bool same_run(const struct run_part *a, const struct run_part *b)
{
	return a->duration_s == b->duration_s && a->requests == b->requests && a->requests &&
	       !strcmp(a->host, b->host) && !strcmp(a->started, b->started);
}

static const char *hook_of(const struct run *r, const char *role)
{
	for (size_t i = 0; i < r->n_hooks; i++)
		if (!strcmp(r->hooks[i].role, role))
			return r->hooks[i].hook;
	return NULL;
}

static bool has_hook(const struct run *r, const struct run_hook *h)
{
	for (size_t i = 0; i < r->n_hooks; i++)
		if (!strcmp(r->hooks[i].role, h->role) && !strcmp(r->hooks[i].hook, h->hook))
			return true;
	return false;
}

static int check(const struct run *to, const struct run *from, const char *file, struct err *e)
{
	if (to->latency_only != from->latency_only)
		return err_set(
			e, -EINVAL,
			"cannot add %s: a run of lvt and a log of another tool do not add up: "
			"in one of them only latencies are known",
			file);
	for (size_t i = 0; i < from->n_hooks; i++) {
		const char *other = hook_of(to, from->hooks[i].role);

		if (other && !has_hook(to, &from->hooks[i]))
			return err_set(
				e, -EINVAL,
				"cannot add %s: its hook for '%s' is %s, not %s: they see other "
				"moments of a request",
				file, from->hooks[i].role, from->hooks[i].hook, other);
	}
	for (size_t i = 0; i < from->n_parts; i++)
		for (size_t k = 0; k < to->n_parts; k++)
			if (same_run(&from->parts[i], &to->parts[k]))
				return err_set(e, -EINVAL, "cannot add %s: it is in already, as %s",
					       file, to->parts[k].file);
	if (to->n_parts + from->n_parts > RUN_MAX_PARTS)
		return err_set(e, -EINVAL, "cannot add %s: more than %d parts", file,
			       RUN_MAX_PARTS);
	return 0;
}

/* ---- what a run has beside its services ---- */

static int merge_parts(struct run *to, const struct run *from)
{
	struct run_part *all =
		realloc(to->parts, (to->n_parts + from->n_parts) * sizeof(*to->parts));

	if (!all)
		return -ENOMEM;
	memcpy(all + to->n_parts, from->parts, from->n_parts * sizeof(*all));
	to->parts = all;
	to->n_parts += from->n_parts;
	qsort(all, to->n_parts, sizeof(*all), run_part_order);
	return 0;
}

/* The hooks of both, in a text of its own. */
static int merge_hooks(struct run *to, const struct run *from)
{
	struct run_hook all[RUN_MAX_HOOKS];
	size_t n = to->n_hooks, size = 0;
	char *names, *p;

	memcpy(all, to->hooks, sizeof(all));
	for (size_t i = 0; i < from->n_hooks && n < RUN_MAX_HOOKS; i++)
		if (!has_hook(to, &from->hooks[i]))
			all[n++] = from->hooks[i];
	for (size_t i = 0; i < n; i++)
		size += strlen(all[i].role) + strlen(all[i].hook) + 2;
	names = p = malloc(size + 1);
	if (!names)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		to->hooks[i].role = p;
		p = stpcpy(p, all[i].role) + 1;
		to->hooks[i].hook = p;
		p = stpcpy(p, all[i].hook) + 1;
	}
	to->n_hooks = n;
	free(to->hook_names);
	to->hook_names = names;
	return 0;
}

static int merge_untraced(struct run *to, struct run *from)
{
	char **all;
	size_t k;

	if (!from->n_untraced)
		return 0;
	all = realloc(to->untraced, (to->n_untraced + from->n_untraced) * sizeof(*all));
	if (!all)
		return -ENOMEM;
	to->untraced = all;
	for (size_t i = 0; i < from->n_untraced; i++) {
		for (k = 0; k < to->n_untraced && strcmp(all[k], from->untraced[i]); k++)
			;
		if (k < to->n_untraced || k == RUN_MAX_UNTRACED)
			continue;
		all[to->n_untraced++] = from->untraced[i];
		from->untraced[i] = NULL;
	}
	return 0;
}

static void keep_if_same(char *to, const char *from)
{
	if (strcmp(to, from))
		*to = '\0';
}

/* Their own time from the earlier start. */
static void shift_slowest(struct run *r, double seconds)
{
	for (size_t i = 0; i < r->n_services; i++)
		for (size_t k = 0; k < r->services[i].n_slowest; k++)
			r->services[i].slowest[k].at_s += seconds;
}

/* Process ids are of one host. */
static void forget_pids(struct run *r)
{
	for (size_t i = 0; i < r->n_services; i++) {
		r->services[i].n_pids = 0;
		memset(r->services[i].pids, 0, sizeof(r->services[i].pids));
	}
}

static void merge_starts(struct run *to, struct run *from)
{
	double a = run_time(to->started), b = run_time(from->started);

	if (isnan(a) || isnan(b)) {
		shift_slowest(to, NAN);
		shift_slowest(from, NAN);
		*to->started = '\0';
	} else if (b < a) {
		shift_slowest(to, a - b);
		strcpy(to->started, from->started);
	} else {
		shift_slowest(from, b - a);
	}
}

static void merge_metadata(struct run *to, struct run *from)
{
	double a = requests_of(to), b = requests_of(from);

	merge_starts(to, from);
	if (!*to->host || strcmp(to->host, from->host)) {
		forget_pids(to);
		forget_pids(from);
	}
	keep_if_same(to->host, from->host);
	keep_if_same(to->kernel, from->kernel);
	keep_if_same(to->label, from->label);
	if (strcmp(to->filter, from->filter))
		strcpy(to->filter, RUN_DIFFERS);
	if (to->cpus != from->cpus)
		to->cpus = 0;
	to->duration_s += from->duration_s;
	for (int c = 0; c < NR_COUNTERS; c++)
		to->counters[c] += from->counters[c];
	to->loader_cpu_s += from->loader_cpu_s;
	if (from->loader_rss_bytes > to->loader_rss_bytes)
		to->loader_rss_bytes = from->loader_rss_bytes;
	if (a + b > 0)
		to->bpf_ns_per_request =
			(to->bpf_ns_per_request * a + from->bpf_ns_per_request * b) / (a + b);
	to->events += from->events;
	to->rx_timestamps |= from->rx_timestamps;
	to->outbound |= from->outbound;
	to->slowest_kept |= from->slowest_kept;
}

/* ---- services ---- */

static bool same_service(const struct run_service *a, const struct run_service *b)
{
	return a->port == b->port && a->foreign_netns == b->foreign_netns &&
	       (!a->foreign_netns || a->netns == b->netns) && !strcmp(a->comm, b->comm);
}

static int merge_services(struct run *to, struct run *from, const char *file, struct err *e)
{
	size_t before = to->n_services, k;
	struct run_service *all;
	int err = 0;

	all = realloc(to->services, (before + from->n_services + 1) * sizeof(*all));
	if (!all)
		return no_memory(e);
	to->services = all;
	for (size_t i = 0; i < from->n_services && !err; i++) {
		struct run_service *s = &from->services[i];

		for (k = 0; k < before && !same_service(&all[k], s); k++)
			;
		if (k < before) {
			err = service_merge(&all[k], s, file, e);
		} else if (to->n_services == LVT_MAX_SERVICES) {
			err = err_set(e, -EINVAL, "cannot add %s: more than %d services", file,
				      LVT_MAX_SERVICES);
		} else {
			all[to->n_services++] = *s;
			*s = (struct run_service){ 0 };
		}
	}
	qsort(all, to->n_services, sizeof(*all), run_service_order);
	return err;
}

int run_merge(struct run *to, struct run *from, const char *file, struct err *e)
{
	int err = check(to, from, file, e);

	if (err)
		return err;
	merge_metadata(to, from);
	err = merge_parts(to, from);
	if (!err)
		err = merge_hooks(to, from);
	if (!err)
		err = merge_untraced(to, from);
	if (err)
		return no_memory(e);
	err = merge_services(to, from, file, e);
	return err ? err : clients_merge(to, from, file, e);
}
