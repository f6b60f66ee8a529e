// SPDX-License-Identifier: BSD-2-Clause
#include "report/facts.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "report/findings.h"
#include "report/why.h"

struct items *facts_add(struct facts *f, const char *label)
{
	struct fact *fact = &f->fact[f->n++];

	*fact = (struct fact){ .label = label };
	return &fact->line;
}

void facts_say(struct facts *f, const char *label, const char *text)
{
	struct items *l = facts_add(f, label);

	l->len = snprintf(l->text, sizeof(l->text), "%s", text);
}

static void throughput(struct facts *f, const struct run *r, const struct run_service *s)
{
	const struct lvt_shard *sum = s->sum;
	double together = service_together_rps(r, s);
	/* parts one after the other have one rate; of parts at the same time there are two */
	bool apart = r->n_parts > 1 && !(run_covered_s(r) > 0.995 * r->duration_s);
	char text[UNIT_LEN];
	struct items *l = facts_add(f, "throughput");

	items_add(l, "%s%s", fmt_rate(text, sizeof(text), service_rps(s)), apart ? " each" : "");
	if (apart && !isnan(together))
		items_add(l, "%s together", fmt_rate(text, sizeof(text), together));
	if (r->latency_only)
		return;
	items_add(l, "in %s", fmt_byte_rate(text, sizeof(text), sum->bytes_in / s->window_s));
	items_add(l, "out %s", fmt_byte_rate(text, sizeof(text), sum->bytes_out / s->window_s));
	items_add(l, "%s connection%s", fmt_count(text, sizeof(text), sum->connections),
		  sum->connections == 1 ? "" : "s");
}

static void in_flight(struct facts *f, const struct run_service *s)
{
	char rate[UNIT_LEN], mean[UNIT_LEN], sampled[UNIT_LEN], law[UNIT_LEN], text[256];
	struct littles_law l;
	int len;

	service_littles_law(s, &l);
	fmt_rate(rate, sizeof(rate), l.lambda_rps);
	fmt_ns(mean, sizeof(mean), l.latency_mean_s * 1e9);
	fmt_quantity(sampled, sizeof(sampled), l.sampled);
	len = snprintf(text, sizeof(text), "%s sampled; Little's law: %s × %s = %s",
		       isnan(l.sampled) ? "not" : sampled, rate, mean,
		       fmt_quantity(law, sizeof(law), l.predicted));
	if (!isnan(l.relative_error))
		snprintf(text + len, sizeof(text) - len, " (%.*f %% apart)",
			 l.relative_error < 0.0995, 100 * l.relative_error);
	facts_say(f, "in flight", text);
}

static void exchanges(struct facts *f, const struct run_service *s)
{
	static const char *const kinds[NR_EXCHANGES] = {
		[EXCHANGE_REQUEST_RESPONSE] = "request-response",
		[EXCHANGE_PIPELINED] = "pipelined",
		[EXCHANGE_UNSOLICITED] = "unsolicited",
		[EXCHANGE_ABORTED] = "aborted",
	};
	const struct lvt_shard *sum = s->sum;
	char text[UNIT_LEN], of[UNIT_LEN], batches[192];
	struct items *l = facts_add(f, "exchanges");
	size_t len;

	for (int k = 0; k < NR_EXCHANGES; k++)
		items_add(l, "%s %s", fmt_count(text, sizeof(text), sum->exchanges[k]), kinds[k]);
	if (sum->multi_thread)
		items_add(l, "%s by several threads",
			  fmt_count(text, sizeof(text), sum->multi_thread));
	if (sum->streaming)
		items_add(l, "%s streaming", fmt_count(text, sizeof(text), sum->streaming));
	if (!sum->batch_sampled)
		return;
	snprintf(batches, sizeof(batches), "%s in %s exchanges whose payload was sampled",
		 sum->batch_found ? fmt_count(text, sizeof(text), sum->batch_found) : "none",
		 fmt_count(of, sizeof(of), sum->batch_sampled));
	len = strlen(batches);
	if (sum->h2_found)
		snprintf(batches + len, sizeof(batches) - len, "; %s are HTTP/2 frames",
			 fmt_count(text, sizeof(text), sum->h2_found));
	facts_say(f, "batches", batches);
}

static void add_net(struct items *l, const struct run_service *s, enum lvt_net n)
{
	char p50[UNIT_LEN], p99[UNIT_LEN], mean[UNIT_LEN];
	struct dist d;

	service_net(s, n, &d);
	if (d.count)
		items_add(l, "%s p50 %s, p99 %s, mean %s", net_name(n),
			  fmt_ns(p50, sizeof(p50), d.p50), fmt_ns(p99, sizeof(p99), d.p99),
			  fmt_ns(mean, sizeof(mean), d.mean));
}

static void add_count(struct items *l, __u64 n, const char *one, const char *many)
{
	char text[UNIT_LEN];

	if (n)
		items_add(l, "%s %s", fmt_count(text, sizeof(text), n), n == 1 ? one : many);
}

static void add_accept_queue(struct items *l, const struct run_service *s)
{
	char most[UNIT_LEN], limit[UNIT_LEN], drops[UNIT_LEN], dropped[80] = "";

	if (!s->accept_max && !s->accept_drops)
		return;
	if (s->accept_drops)
		snprintf(dropped, sizeof(dropped), ", %s packet%s dropped",
			 fmt_count(drops, sizeof(drops), s->accept_drops),
			 s->accept_drops == 1 ? "" : "s");
	items_add(l, "accept queue up to %s of %s%s", fmt_count(most, sizeof(most), s->accept_max),
		  s->accept_limit ? fmt_count(limit, sizeof(limit), s->accept_limit) : "?",
		  dropped);
}

/* Outside the latency: times on the way out, and what TCP lost, refused and began. */
static void net(struct facts *f, const struct run *r, const struct run_service *s, bool times)
{
	double made = service_connection_rate(r, s);
	char text[UNIT_LEN];
	struct items l = { 0 };

	if (times && r->rx_timestamps)
		add_net(&l, s, NET_RX);
	if (times) {
		add_net(&l, s, NET_TX);
		add_net(&l, s, NET_ACK);
	}
	add_count(&l, s->sum->retransmits, "retransmit", "retransmits");
	add_count(&l, s->sum->receive_drops, "segment dropped on receipt",
		  "segments dropped on receipt");
	add_accept_queue(&l, s);
	if (made > 0)
		items_add(&l, "new connections %s", fmt_rate(text, sizeof(text), made));
	if (l.len)
		*facts_add(f, "net") = l;
}

static void threads(struct facts *f, const struct run_service *s)
{
	char count[UNIT_LEN], text[160];

	if (!s->threads || isnan(s->cpu_share))
		return;
	snprintf(text, sizeof(text), "%s: %.2f CPUs busy, %.2f waiting for one",
		 fmt_count(count, sizeof(count), s->threads), s->cpu_share, s->runq_share);
	facts_say(f, "threads", text);
}

void service_facts(const struct run *r, const struct run_service *s, bool net_times,
		   struct facts *f)
{
	f->n = 0;
	throughput(f, r, s);
	in_flight(f, s);
	threads(f, s);
	net(f, r, s, net_times);
	if (!r->latency_only)
		exchanges(f, s);
}

const char *fmt_counter(char *buf, size_t size, const struct run *r, enum lvt_counter c)
{
	const char *name = counter_name(c);
	size_t len = strlen(name);

	if (len > 3 && !strcmp(name + len - 3, "_ns"))
		return fmt_ns(buf, size, r->counters[c]);
	return fmt_count(buf, size, r->counters[c]);
}
