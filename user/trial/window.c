/* SPDX-License-Identifier: BSD-2-Clause */
#include "trial/window.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/stats.h"
#include "model/client.h"
#include "model/hist.h"

static void look(void *arg, struct run *r)
{
	struct window *w = arg;

	/* the service is the one with the most requests: the port is its filter */
	if (!w->cells || w->n == WINDOW_MAX)
		return;
	memset(w->cells[w->n], 0, sizeof(w->cells[0]));
	if (r->n_services)
		memcpy(w->cells[w->n], r->services[0].sum->latency, sizeof(w->cells[0]));
	w->n++;
}

void window_open(struct window *w, struct recording *r, double seconds)
{
	w->cells = calloc(WINDOW_MAX, sizeof(*w->cells));
	r->interval = fmax(seconds / WINDOW_INTERVALS, 0.03);
	r->look = look;
	r->arg = w;
}

/* How many independent requests lie beyond a quantile; all that do, if it cannot be known. */
static double beyond(const struct window *w, __u32 millionths)
{
	double count[WINDOW_MAX], above[WINDOW_MAX], worth;
	const __u64 *last = w->cells[w->n - 1];
	__u64 all = hist_count(last);
	__u32 at = hist_bucket_at(last, hist_rank(all, millionths));
	double share = 1 - millionths / 1e6, total = 0;

	for (size_t i = 0; i < w->n; i++) {
		count[i] = above[i] = 0;
		for (__u32 b = 0; b < HIST_BUCKETS; b++) {
			double here = w->cells[i][b] - (i ? w->cells[i - 1][b] : 0);

			count[i] += here;
			above[i] += b > at ? here : 0;
		}
		total += above[i];
	}
	worth = effective_requests(count, above, w->n, millionths);
	return isnan(worth) ? total : fmin(worth * share, all * share);
}

/* The service of the port, most requests first. */
static const struct run_service *find(const struct run *r, __u32 port)
{
	for (size_t i = 0; i < r->n_services; i++)
		if (r->services[i].port == port)
			return &r->services[i];
	return NULL;
}

static double quantile(__u64 ns)
{
	return ns == CLIENT_FAILED ? INFINITY : ns;
}

/* What the load saw, NAN if it is not lvt's own. The windows' ends are edges_s apart. */
static void client_result(const struct run *r, const struct run_service *s, double edges_s,
			  struct trial_arm *out)
{
	const struct run_client *c = r->n_clients ? &r->clients[0] : NULL;
	struct dist d, late;

	out->client = (struct trial_client){ NAN, NAN, NAN, NAN, NAN };
	for (int m = TRIAL_KINDS; m < TRIAL_METRICS; m++)
		out->value[m] = NAN;
	if (!c)
		return;
	client_latency(c, &d);
	client_time(c, CLIENT_LATE, &late);
	memcpy(out->value + TRIAL_KINDS,
	       (double[TRIAL_KINDS]){ quantile(d.p50), quantile(d.p90), quantile(d.p99),
				      quantile(d.p99_9), d.mean, client_rps(c) },
	       TRIAL_KINDS * sizeof(*out->value));
	out->client.requests = c->completed;
	out->client.failed = client_failed(c);
	if (c->open && c->view.window_s > 0)
		out->client.due_rps = c->view.arrivals / c->view.window_s;
	if (late.count)
		out->client.late_p99_ns = late.p99;
	/* what was under way at either end: some times its mean */
	out->client.edges = edges_s * client_rps(c) + 4 * (fmax(s->in_flight, 0) + 1);
}

int window_result(struct window *w, const struct run *r, double edges_s, struct trial_arm *out,
		  struct err *e)
{
	static const __u32 quantiles[TRIAL_QUANTILES] = { Q_P50, Q_P90, Q_P99, Q_P99_9 };
	const struct run_service *s = find(r, out->port);
	struct dist d;

	if (!s || !service_requests(s)) {
		err_set(e, -ENODATA, "no request reached port %u within the window", out->port);
		return err_hint(e, "does the load go there ({port}), and does it last?");
	}
	if (!w->cells)
		return err_set(e, -ENOMEM, "no memory for a run");
	service_latency(s, &d);
	out->requests = d.count;
	out->arrivals = s->arrivals;
	out->loss = run_loss(r);
	out->window_s = s->window_s;
	memcpy(out->comm, s->comm, sizeof(out->comm));
	memcpy(out->value,
	       (double[TRIAL_KINDS]){ d.p50, d.p90, d.p99, d.p99_9, d.mean, service_rps(s) },
	       TRIAL_KINDS * sizeof(*out->value));
	client_result(r, s, edges_s, out);
	for (int q = 0; q < TRIAL_QUANTILES; q++)
		out->beyond[q] = beyond(w, quantiles[q]);
	return 0;
}

void window_close(struct window *w)
{
	free(w->cells);
	w->cells = NULL;
}
