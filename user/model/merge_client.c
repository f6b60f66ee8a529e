// SPDX-License-Identifier: BSD-2-Clause
/* Two clients that are the same as one. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/client.h"
#include "model/merge.h"

static int no_memory(struct err *e)
{
	return err_set(e, -ENOMEM, "no memory to add up runs");
}

static int too_much(const char *file, struct err *e)
{
	return err_set(e, -EINVAL, "cannot add %s: more requests than can be counted", file);
}

static bool same_client(const struct run_client *a, const struct run_client *b)
{
	return a->open == b->open && !strcmp(a->target, b->target) &&
	       !strcmp(a->protocol, b->protocol) && !strcmp(a->request, b->request);
}

static bool times_fit(const struct run_client *a, const struct run_client *b)
{
	for (int t = 0; t < NR_CLIENT_TIMES; t++) {
		__u64 sum;

		if (__builtin_add_overflow(a->times[t].sum, b->times[t].sum, &sum))
			return false;
		for (__u32 i = 0; i < HIST_BUCKETS; i++)
			if ((a->times[t].cells[i] + b->times[t].cells[i]) >> 62)
				return false;
	}
	return true;
}

static void known_if_same(double *to, double from)
{
	if (*to != from)
		*to = NAN;
}

/* What the loads were; before their windows are added up. */
static void merge_load(struct run_client *to, const struct run_client *from)
{
	double a = to->view.window_s, b = from->view.window_s;

	to->rate_intended =
		a + b > 0 ? (to->rate_intended * a + from->rate_intended * b) / (a + b) : NAN;
	known_if_same(&to->think_s, from->think_s);
	known_if_same(&to->timeout_s, from->timeout_s);
	known_if_same(&to->warm_up_s, from->warm_up_s);
	if (strcmp(to->arrivals, from->arrivals))
		*to->arrivals = '\0';
	if (strcmp(to->profile, from->profile))
		strcpy(to->profile, RUN_DIFFERS);
	if (to->seed != from->seed)
		to->seed = 0;
	if (to->connections != from->connections)
		to->connections = 0;
	if (to->threads != from->threads)
		to->threads = 0;
	if (to->closed_connections != from->closed_connections)
		to->closed_connections = 0;
}

static int client_merge(struct run_client *to, struct run_client *from, const char *file,
			struct err *e)
{
	if (!times_fit(to, from))
		return too_much(file, e);
	merge_load(to, from);
	client_add_load(to, from);
	return service_merge(&to->view, &from->view, file, e);
}

int clients_merge(struct run *to, struct run *from, const char *file, struct err *e)
{
	bool merged[RUN_MAX_CLIENTS] = {
		false
	}; /* of several alike, the first one with the first */
	size_t before = to->n_clients, k;
	struct run_client *all;
	int err = 0;

	if (!from->n_clients)
		return 0;
	all = realloc(to->clients, (before + from->n_clients) * sizeof(*all));
	if (!all)
		return no_memory(e);
	to->clients = all;
	for (size_t i = 0; i < from->n_clients && !err; i++) {
		struct run_client *c = &from->clients[i];

		for (k = 0; k < before && (merged[k] || !same_client(&all[k], c)); k++)
			;
		if (k < before) {
			merged[k] = true;
			err = client_merge(&all[k], c, file, e);
		} else if (to->n_clients == RUN_MAX_CLIENTS) {
			err = err_set(e, -EINVAL, "cannot add %s: more than %d clients", file,
				      RUN_MAX_CLIENTS);
		} else {
			all[to->n_clients++] = *c;
			c->view.sum = NULL;
			c->times = NULL;
		}
	}
	return err;
}
