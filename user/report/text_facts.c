// SPDX-License-Identifier: BSD-2-Clause
#include "report/text_facts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "report/findings.h"
#include "report/text_service.h"
#include "report/why.h"

static void print_throughput(const struct page *p, const struct run_service *s)
{
	const struct lvt_shard *sum = s->sum;
	char text[UNIT_LEN];
	struct items l = { 0 };

	items_add(&l, "%s", fmt_rate(text, sizeof(text), service_rps(s)));
	items_add(&l, "in %s", fmt_byte_rate(text, sizeof(text), sum->bytes_in / s->window_s));
	items_add(&l, "out %s", fmt_byte_rate(text, sizeof(text), sum->bytes_out / s->window_s));
	items_add(&l, "%s connection%s", fmt_count(text, sizeof(text), sum->connections),
		  sum->connections == 1 ? "" : "s");
	page_text(p, LABEL_INDENT, "  throughput", STYLE_DIM, l.text);
}

static void print_in_flight(const struct page *p, const struct run_service *s)
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
	page_text(p, LABEL_INDENT, "  in flight", STYLE_DIM, text);
}

static void print_exchanges(const struct page *p, const struct run_service *s)
{
	static const char *const kinds[NR_EXCHANGES] = {
		[EXCHANGE_REQUEST_RESPONSE] = "request-response",
		[EXCHANGE_PIPELINED] = "pipelined",
		[EXCHANGE_UNSOLICITED] = "unsolicited",
		[EXCHANGE_ABORTED] = "aborted",
	};
	const struct lvt_shard *sum = s->sum;
	char text[UNIT_LEN], of[UNIT_LEN], batches[192];
	struct items l = { 0 };
	size_t len;

	for (int k = 0; k < NR_EXCHANGES; k++)
		items_add(&l, "%s %s", fmt_count(text, sizeof(text), sum->exchanges[k]), kinds[k]);
	if (sum->multi_thread)
		items_add(&l, "%s by several threads",
			  fmt_count(text, sizeof(text), sum->multi_thread));
	if (sum->streaming)
		items_add(&l, "%s streaming", fmt_count(text, sizeof(text), sum->streaming));
	page_text(p, LABEL_INDENT, "  exchanges", STYLE_DIM, l.text);
	if (!sum->batch_sampled)
		return;
	snprintf(batches, sizeof(batches), "%s in %s exchanges whose payload was sampled",
		 sum->batch_found ? fmt_count(text, sizeof(text), sum->batch_found) : "none",
		 fmt_count(of, sizeof(of), sum->batch_sampled));
	len = strlen(batches);
	if (sum->h2_found)
		snprintf(batches + len, sizeof(batches) - len, "; %s are HTTP/2 frames",
			 fmt_count(text, sizeof(text), sum->h2_found));
	page_text(p, LABEL_INDENT, "  batches", STYLE_DIM, batches);
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
static void print_net(const struct page *p, const struct run *r, const struct run_service *s)
{
	double made = service_connection_rate(r, s);
	char text[UNIT_LEN];
	struct items l = { 0 };

	if (r->rx_timestamps)
		add_net(&l, s, NET_RX);
	add_net(&l, s, NET_TX);
	add_net(&l, s, NET_ACK);
	add_count(&l, s->sum->retransmits, "retransmit", "retransmits");
	add_count(&l, s->sum->receive_drops, "segment dropped on receipt",
		  "segments dropped on receipt");
	add_accept_queue(&l, s);
	if (made > 0)
		items_add(&l, "new connections %s", fmt_rate(text, sizeof(text), made));
	if (l.len)
		page_text(p, LABEL_INDENT, "  net", STYLE_DIM, l.text);
}

static void print_threads(const struct page *p, const struct run_service *s)
{
	char text[160], threads[UNIT_LEN];

	if (!s->threads || isnan(s->cpu_share))
		return;
	snprintf(text, sizeof(text), "%s: %.2f CPUs busy, %.2f waiting for one",
		 fmt_count(threads, sizeof(threads), s->threads), s->cpu_share, s->runq_share);
	page_text(p, LABEL_INDENT, "  threads", STYLE_DIM, text);
}

void facts_print(const struct page *p, const struct run *r, const struct run_service *s)
{
	print_throughput(p, s);
	print_in_flight(p, s);
	print_threads(p, s);
	print_net(p, r, s);
	print_exchanges(p, s);
}
