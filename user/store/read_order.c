// SPDX-License-Identifier: BSD-2-Clause
/* A run that is read: what is left of the last interval, and the order. */
#include <stdlib.h>
#include <string.h>

#include "model/client.h"
#include "store/reader.h"

/* Services in the order that the last closing line has; those of no whole interval go. */
static int order_services(struct reader *rd)
{
	struct run *r = rd->run, kept = { 0 };
	bool used[LVT_MAX_SERVICES] = { false };

	kept.services = calloc(rd->n_order ? rd->n_order : 1, sizeof(*kept.services));
	if (!kept.services)
		return read_no_memory(rd);
	for (int i = 0; i < rd->n_order; i++) {
		kept.services[kept.n_services++] = r->services[rd->order[i]];
		used[rd->order[i]] = true;
	}
	for (size_t i = 0; i < r->n_services; i++) {
		struct run left = { .services = &r->services[i], .n_services = 1 };

		if (used[i])
			continue;
		left.services = malloc(sizeof(*left.services));
		if (left.services)
			*left.services = r->services[i];
		run_free(&left);
	}
	free(r->services);
	r->services = kept.services;
	r->n_services = kept.n_services;
	return 0;
}

/* Rows of waits that have become nothing go; so do peers of the interval that is not whole. */
static void tidy(struct reader *rd, int id)
{
	struct run_service *s = &rd->run->services[id];
	size_t n = 0;

	for (size_t i = 0; i < s->n_waits; i++)
		if (s->waits[i].ns || s->waits[i].waits)
			s->waits[n++] = s->waits[i];
	s->n_waits = n;
	if (n)
		qsort(s->waits, n, sizeof(*s->waits), run_wait_order);
	while (s->n_outbound > rd->declared[id].n_outbound) {
		s->n_outbound--;
		free(s->outbound[s->n_outbound].first);
		free(s->outbound[s->n_outbound].last);
	}
}

static int order_clients(struct reader *rd)
{
	struct run *r = rd->run;
	struct run_client *all;

	if (!r->n_clients)
		return 0;
	all = calloc(rd->n_client_order ? rd->n_client_order : 1, sizeof(*all));
	if (!all)
		return read_no_memory(rd);
	for (size_t i = 0; i < rd->n_client_order; i++) {
		struct run_client *c = &r->clients[rd->client_order[i]];

		all[i] = *c;
		c->view.sum = NULL;
		c->times = NULL;
	}
	for (size_t i = 0; i < r->n_clients; i++)
		client_free(&r->clients[i]); /* those of no whole interval */
	free(r->clients);
	r->clients = all;
	r->n_clients = rd->n_client_order;
	return 0;
}

int read_put_in_order(struct reader *rd)
{
	int err;

	for (size_t i = 0; i < rd->run->n_services; i++)
		tidy(rd, i);
	err = order_services(rd);
	return err ? err : order_clients(rd);
}
