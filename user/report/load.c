// SPDX-License-Identifier: BSD-2-Clause
#include "report/load.h"

#include <errno.h>
#include <string.h>

#include "model/client.h"

static void line(FILE *out, const char *name, const struct dist *d)
{
	fprintf(out, "%-12s n %llu mean %.1f p50 %.1f p90 %.1f p99 %.1f p99.9 %.1f max %.1f us\n",
		name, d->count, d->mean / 1e3, d->p50 / 1e3, d->p90 / 1e3, d->p99 / 1e3,
		d->p99_9 / 1e3, d->max / 1e3);
}

int load_report_text(FILE *out, const struct load_report *l, struct err *e)
{
	const struct run_client *c = &l->run->clients[0];
	struct dist d;

	(void)e;
	client_latency(c, &d);
	line(out, "latency", &d);
	for (int t = 0; t < NR_CLIENT_TIMES; t++) {
		client_time(c, t, &d);
		line(out, client_time_name(t), &d);
	}
	fprintf(out,
		"due %llu sent %llu ok %llu failed %llu rate %.1f in flight %.2f cpu/req %.2f us connected %u\n",
		c->view.arrivals, c->sent, client_answered(c), client_failed(c), client_rps(c),
		c->view.in_flight, c->cpu_s * 1e6 / c->sent, l->connected);
	for (int k = 0; k < NR_CLIENT_ERRORS; k++)
		if (c->errors[k])
			fprintf(out, "failed %s %llu\n", client_error_name(k), c->errors[k]);
	return 0;
}

int load_report_json(FILE *out, const struct load_report *l, struct err *e)
{
	return load_report_text(out, l, e);
}
