// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "report/client_view.h"

const char *client_name(const struct run_client *c, char buf[CLIENT_NAME_LEN])
{
	char target[ESCAPE_FACTOR * sizeof(c->target) + 1];

	snprintf(buf, CLIENT_NAME_LEN, "client of %s",
		 escape_name(target, sizeof(target), c->target[0] ? c->target : "(unknown)"));
	return buf;
}

const char *client_request(const struct run_client *c, char buf[CLIENT_REQUEST_LEN])
{
	char name[sizeof(c->protocol) + sizeof(c->request) + 1];

	snprintf(name, sizeof(name), "%s%s%s", c->protocol,
		 c->protocol[0] && c->request[0] ? " " : "", c->request);
	return escape_name(buf, CLIENT_REQUEST_LEN, name);
}

const char *fmt_quantile(char *buf, size_t size, __u64 ns)
{
	if (ns != CLIENT_FAILED)
		return fmt_ns(buf, size, ns);
	snprintf(buf, size, "failed");
	return buf;
}

/* Rates of loads are held against each other: to the last request. */
static const char *fmt_load(char *buf, size_t size, double per_second)
{
	char count[UNIT_LEN];

	if (!(per_second >= 100 && per_second < 1e15))
		return fmt_rate(buf, size, per_second);
	snprintf(buf, size, "%s /s", fmt_count(count, sizeof(count), llround(per_second)));
	return buf;
}

static void made_of(struct facts *f, const struct run_client *c)
{
	char late[UNIT_LEN], connection[UNIT_LEN], answer[UNIT_LEN], sum[UNIT_LEN], text[256];
	struct dist d[NR_CLIENT_TIMES], latency;

	for (int t = 0; t < NR_CLIENT_TIMES; t++)
		client_time(c, t, &d[t]);
	client_latency(c, &latency);
	snprintf(text, sizeof(text),
		 "late %s + no free connection %s + answer %s = %s a request, from when it was due",
		 fmt_ns(late, sizeof(late), d[CLIENT_LATE].mean),
		 fmt_ns(connection, sizeof(connection), d[CLIENT_CONNECTION].mean),
		 fmt_ns(answer, sizeof(answer), d[CLIENT_ANSWER].mean),
		 fmt_ns(sum, sizeof(sum), latency.mean));
	facts_say(f, "made of", text);
}

/* How much of the answer passed where; nothing if the run does not have the service. */
static void answer(struct facts *f, const struct run *r, const struct run_client *c)
{
	const struct run_service *s = client_service(r, c);
	double between = client_between_ns(r, c);
	char in[UNIT_LEN], out[UNIT_LEN], mean[UNIT_LEN], text[256];
	struct dist kernel;

	if (!s || !service_requests(s))
		return;
	service_latency(s, &kernel);
	if (!isnan(between)) {
		snprintf(text, sizeof(text),
			 "%s in the service (kernel) + %s between: network, sockets, the client's "
			 "own wake-up",
			 fmt_ns(in, sizeof(in), kernel.mean), fmt_ns(out, sizeof(out), between));
	} else {
		snprintf(
			text, sizeof(text),
			"how much of it is in the service is not known: the kernel saw %s requests "
			"of %s in the mean, of which the client's %s are not all",
			fmt_count(in, sizeof(in), kernel.count),
			fmt_ns(mean, sizeof(mean), kernel.mean),
			fmt_count(out, sizeof(out), client_answered(c)));
	}
	facts_say(f, "answer", text);
}

static void load(struct facts *f, const struct run_client *c)
{
	char text[UNIT_LEN], name[ESCAPE_FACTOR * sizeof(c->profile) + 1];
	struct items *l = facts_add(f, "load");

	items_add(l, c->open ? "open loop" : "closed loop");
	if (c->arrivals[0])
		items_add(l, c->open ? "%s" : "think time %s",
			  escape_name(name, sizeof(name), c->arrivals));
	if (!c->open && c->think_s > 0)
		items_add(l, "thinks %s", fmt_ns(text, sizeof(text), c->think_s * 1e9));
	if (c->profile[0])
		items_add(l, "%s", escape_name(name, sizeof(name), c->profile));
	if (c->seed)
		items_add(l, "seed %llu", c->seed);
	if (!isnan(c->rate_intended))
		items_add(l, "%s intended", fmt_load(text, sizeof(text), c->rate_intended));
	items_add(l, "%s sent", fmt_load(text, sizeof(text), client_sent_rps(c)));
	items_add(l, "%s answered", fmt_load(text, sizeof(text), client_rps(c)));
	if (c->connections)
		items_add(l, "%u connection%s", c->connections, c->connections == 1 ? "" : "s");
	if (c->threads)
		items_add(l, "%u thread%s", c->threads, c->threads == 1 ? "" : "s");
}

static void work(struct facts *f, const struct run_client *c)
{
	const struct lvt_shard *sum = c->view.sum;
	struct items *l = facts_add(f, "client");
	char text[UNIT_LEN];

	if (!isnan(c->view.in_flight))
		items_add(l, "%s in flight", fmt_quantity(text, sizeof(text), c->view.in_flight));
	if (c->sent && c->cpu_s > 0)
		items_add(l, "CPU %s a request",
			  fmt_ns(text, sizeof(text), c->cpu_s * 1e9 / c->sent));
	if (c->view.window_s > 0 && (sum->bytes_in || sum->bytes_out)) {
		items_add(l, "out %s",
			  fmt_byte_rate(text, sizeof(text), sum->bytes_in / c->view.window_s));
		items_add(l, "in %s",
			  fmt_byte_rate(text, sizeof(text), sum->bytes_out / c->view.window_s));
	}
	if (c->reconnects)
		items_add(l, "%s reconnect%s", fmt_count(text, sizeof(text), c->reconnects),
			  c->reconnects == 1 ? "" : "s");
	if (c->timeout_s > 0)
		items_add(l, "time-out %s", fmt_ns(text, sizeof(text), c->timeout_s * 1e9));
	if (c->warm_up_s > 0)
		items_add(l, "after %s of warm-up", fmt_ns(text, sizeof(text), c->warm_up_s * 1e9));
}

void client_facts(const struct run *r, const struct run_client *c, struct facts *f)
{
	f->n = 0;
	made_of(f, c);
	answer(f, r, c);
	load(f, c);
	work(f, c);
}
