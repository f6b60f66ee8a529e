// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/compare.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/compare_internal.h"

const char *const compare_metric_names[] = { "p50",  "p90",	   "p99", "p99.9",
					     "mean", "throughput", NULL };

const char *compare_metric_name(enum compare_metric m)
{
	return compare_metric_names[m];
}

enum compare_metric compare_metric_find(const char *name, size_t len)
{
	for (int m = 0; m < NR_COMPARE_METRICS; m++)
		if (strlen(compare_metric_names[m]) == len &&
		    !strncmp(compare_metric_names[m], name, len))
			return m;
	return NR_COMPARE_METRICS;
}

struct compare_options compare_options_default(void)
{
	return (struct compare_options){ .level = 0.95, .delta = 0.02, .primary = COMPARE_P99 };
}

struct groups {
	struct service_group *all;
	size_t n;
};

static bool same_request(const struct run_client *a, const struct run_client *b)
{
	return !strcmp(a->protocol, b->protocol) && !strcmp(a->request, b->request);
}

static bool same_client(const struct run_client *a, const struct run_client *b)
{
	return !strcmp(a->target, b->target) && same_request(a, b);
}

static struct service_group *client_group_find(struct groups *g, const struct run_client *c,
					       size_t nth)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->all[i].client[0] && g->all[i].nth == nth &&
		    same_client(g->all[i].client[0], c))
			return &g->all[i];
	return NULL;
}

static void group_clients(const struct compare_side *side, const struct run *r, struct groups *g)
{
	for (size_t k = 0; k < r->n_clients; k++) {
		const struct run_client *c = &r->clients[k];
		struct service_group *found;
		size_t nth = 0;

		for (size_t i = 0; i < k; i++)
			nth += same_client(&r->clients[i], c);
		found = client_group_find(g, c, nth);
		if (!found) {
			found = &g->all[g->n++];
			found->port = c->view.port;
			found->nth = nth;
		}
		found->client[found->n] = c;
		found->in[found->n++] = &c->view;
		if (side->n == 1 && side->effective)
			found->effective = side->effective[r->n_services + k];
	}
}

static struct service_group *group_find(struct groups *g, const struct run_service *s, size_t nth)
{
	for (size_t i = 0; i < g->n; i++)
		if (!g->all[i].client[0] && g->all[i].port == s->port && g->all[i].nth == nth &&
		    !strcmp(g->all[i].comm, s->comm))
			return &g->all[i];
	return NULL;
}

/* How many services before this one of its run have its port and name. */
static size_t nth_alike(const struct run *r, size_t index)
{
	size_t nth = 0;

	for (size_t i = 0; i < index; i++)
		nth += r->services[i].port == r->services[index].port &&
		       !strcmp(r->services[i].comm, r->services[index].comm);
	return nth;
}

static int group_services(const struct compare_side *side, struct groups *g)
{
	size_t most = 0;

	for (size_t i = 0; i < side->n; i++)
		most += side->runs[i]->n_services + side->runs[i]->n_clients;
	*g = (struct groups){ .all = calloc(most ?: 1, sizeof(*g->all)) };
	if (!g->all)
		return -ENOMEM;
	for (size_t i = 0; i < side->n; i++) {
		for (size_t k = 0; k < side->runs[i]->n_services; k++) {
			const struct run_service *s = &side->runs[i]->services[k];
			size_t nth = nth_alike(side->runs[i], k);
			struct service_group *found = group_find(g, s, nth);

			if (!found) {
				found = &g->all[g->n++];
				found->port = s->port;
				memcpy(found->comm, s->comm, sizeof(found->comm));
				found->nth = nth;
			}
			found->in[found->n++] = s;
			if (side->n == 1 && side->effective)
				found->effective = side->effective[k];
		}
		group_clients(side, side->runs[i], g);
	}
	return 0;
}

static bool matches(const struct service_group *a, const struct service_group *b,
		    enum compare_match match)
{
	bool port = a->port == b->port, comm = !strcmp(a->comm, b->comm);

	if (a->matched || b->matched || !a->client[0] != !b->client[0])
		return false;
	if (a->client[0]) {
		comm = same_request(a->client[0], b->client[0]);
		if (match == COMPARE_SAME)
			return same_client(a->client[0], b->client[0]);
	}
	switch (match) {
	case COMPARE_SAME:
		return port && comm; /* the groups are in the order of nth */
	case COMPARE_SAME_PORT:
		return port;
	default:
		return comm;
	}
}

static void service_fill(struct comparison *c, struct service_group *a, struct service_group *b,
			 enum compare_match match)
{
	struct compare_service *s = &c->services[c->n_services++];
	const struct service_group *both[2] = { a, b };

	a->matched = b->matched = true;
	s->match = match;
	s->client = a->client[0];
	for (int side = 0; side < 2; side++) {
		s->port[side] = both[side]->port;
		memcpy(s->comm[side], both[side]->comm, sizeof(s->comm[side]));
		if (s->client)
			strcpy(s->target[side], both[side]->client[0]->target);
		s->runs[side] = both[side]->n;
		for (size_t i = 0; i < both[side]->n; i++)
			s->requests[side] += service_requests(both[side]->in[i]);
	}
	compare_values(a, b, c->method, &c->options, s);
	for (int side = 0; side < 2; side++)
		compare_curve(both[side], c->method, c->options.level, &s->curves[side]);
	if (!s->client)
		compare_anatomies(a, b, s->anatomy);
}

static int match_services(struct comparison *c, struct groups g[2])
{
	c->services = calloc(g[0].n ?: 1, sizeof(*c->services));
	if (!c->services)
		return -ENOMEM;
	for (enum compare_match m = COMPARE_SAME; m <= COMPARE_SAME_NAME; m++)
		for (size_t i = 0; i < g[0].n; i++)
			for (size_t k = 0; k < g[1].n; k++)
				if (matches(&g[0].all[i], &g[1].all[k], m))
					service_fill(c, &g[0].all[i], &g[1].all[k], m);
	return 0;
}

/* Of another tool's log: a tag, without a port. */
static void service_text(const struct service_group *g, char *text, size_t size)
{
	if (g->client[0])
		snprintf(text, size, "client of %s", g->client[0]->target);
	else if (g->port)
		snprintf(text, size, "%s:%u", g->comm, g->port);
	else
		snprintf(text, size, "%s", g->comm);
}

static int list_unmatched(struct comparison *c, const struct groups *g, int side)
{
	c->unmatched[side] = calloc(g->n ?: 1, sizeof(*c->unmatched[side]));
	if (!c->unmatched[side])
		return -ENOMEM;
	for (size_t i = 0; i < g->n; i++)
		if (!g->all[i].matched)
			service_text(&g->all[i], c->unmatched[side][c->n_unmatched[side]++],
				     sizeof(c->unmatched[side][0]));
	return 0;
}

static int by_requests(const void *a, const void *b)
{
	const struct compare_service *x = a, *y = b;
	__u64 nx = x->requests[0] + x->requests[1], ny = y->requests[0] + y->requests[1];

	if (x->client != y->client)
		return x->client ? 1 : -1;
	return nx > ny ? -1 : nx < ny;
}

static int check_input(const struct compare_side *side, const char *name, struct err *e)
{
	if (!side->n)
		return err_usage(e, "no run %s", name);
	if (side->n > STATS_MAX_N)
		return err_usage(e, "%zu runs %s are too many: at most %d", side->n, name,
				 STATS_MAX_N);
	return 0;
}

int compare_options_check(const struct compare_options *o, struct err *e)
{
	if (!(o->level >= 0.5 && o->level <= 0.999))
		return err_usage(e, "a level of %g %% is out of range: 50 to 99.9", o->level * 100);
	if (!(o->delta >= 0 && o->delta < 1))
		return err_usage(e, "a delta of %g %% is out of range: 0 to less than 100",
				 o->delta * 100);
	if (o->primary >= NR_COMPARE_METRICS)
		return err_usage(e, "no such metric");
	return 0;
}

static int no_common_service(const struct comparison *c, struct err *e)
{
	const char *first[2];

	for (int side = 0; side < 2; side++)
		first[side] = c->n_unmatched[side] ? c->unmatched[side][0] : "none";
	err_set(e, -ENOENT,
		"the runs before and after have no service in common: %s%s before, %s%s "
		"after",
		first[0], c->n_unmatched[0] > 1 ? " ..." : "", first[1],
		c->n_unmatched[1] > 1 ? " ..." : "");
	return err_hint(e, "services are matched by port or by name, clients by target or request");
}

int compare_runs(const struct compare_side *before, const struct compare_side *after,
		 const struct compare_options *o, struct comparison *c, struct err *e)
{
	const struct compare_side *sides[2] = { before, after };
	struct groups g[2] = { 0 };
	int err;

	*c = (struct comparison){ .options = *o, .runs = { before->n, after->n } };
	err = check_input(before, "before", e)	     ?:
		      check_input(after, "after", e) ?:
						       compare_options_check(o, e);
	if (err)
		return err;
	c->method = before->n == 1 && after->n == 1 ? COMPARE_WITHIN_RUN : COMPARE_RANKS;
	for (int side = 0; side < 2 && c->method == COMPARE_WITHIN_RUN; side++)
		c->intervals[side] = sides[side]->intervals;
	c->least_p = ranksum_least_p(before->n, after->n);
	for (int side = 0; side < 2 && !err; side++)
		err = group_services(sides[side], &g[side]);
	err = err ?: match_services(c, g);
	for (int side = 0; side < 2 && !err; side++)
		err = list_unmatched(c, &g[side], side);
	if (err) {
		err_set(e, err, "no memory to compare the runs");
	} else if (!c->n_services) {
		err = no_common_service(c, e);
	} else {
		qsort(c->services, c->n_services, sizeof(*c->services), by_requests);
		compare_conditions(before, after, c);
	}
	free(g[0].all);
	free(g[1].all);
	if (err)
		comparison_free(c);
	return err;
}

void comparison_free(struct comparison *c)
{
	if (!c)
		return;
	free(c->services);
	free(c->unmatched[0]);
	free(c->unmatched[1]);
	*c = (struct comparison){ 0 };
}
