/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/figure.h"
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "model/client.h"
#include "model/hist.h"

enum { NOT_MEASURED = -1 };

/* What a figure is of, and what of that. */
enum whose { CLIENT, CLIENT_PART, KERNEL, STAGE, RUNQ, NETWORK, RAN, SINGLE, CLAIM, NOBODY };

enum what {
	QUANTILE,
	MEAN,
	MAX,
	THROUGHPUT,
	REQUESTS,
	FAILED,
	FAILED_SHARE,
	ABORTED_SHARE,
	SHARE,
	AT,
	CPU_PER_REQUEST,
	IN_FLIGHT,
	LITTLE_ERROR,
	OCCUPANCY,
	UTILISATION,
};

struct name {
	enum whose whose;
	enum what what;
	int which;	   /* stage, network time, or the client's */
	int row;	   /* AT */
	__u32 millionths;  /* QUANTILE */
	const char *claim; /* CLAIM: the rest; RAN: the comm */
};

/* ---- names ---- */

static const char *after(const char *name, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(name, prefix, n) || name[n] != '.' ? NULL : name + n + 1;
}

/* "p99.5" in millionths; 0 = it is none. */
static __u32 quantile_of(const char *text)
{
	__u32 value = 0, unit = 10000;

	if (*text++ != 'p' || !isdigit((unsigned char)text[0]) || !isdigit((unsigned char)text[1]))
		return 0;
	value = (text[0] - '0') * 100000 + (text[1] - '0') * 10000;
	text += 2;
	if (*text == '.' && !text[1])
		return 0;
	if (*text == '.')
		for (text++; isdigit((unsigned char)*text) && unit > 1; text++)
			value += (*text - '0') * (unit /= 10);
	return *text || value >= Q_MAX ? 0 : value;
}

static int row_of(const char *text)
{
	static const char *const rows[ANATOMY_ROWS] = { "p50", "p90", "p99", "p99.9", "max" };

	for (int i = 0; i < ANATOMY_ROWS; i++)
		if (!strcmp(text, rows[i]))
			return i;
	return NOT_MEASURED;
}

struct word {
	const char *name;
	enum what what;
};

static bool word_of(const struct word *words, const char *text, struct name *n)
{
	for (; words->name; words++)
		if (!strcmp(words->name, text)) {
			n->what = words->what;
			return true;
		}
	return false;
}

/* What is the same for every distribution. */
static bool dist_of(const char *text, struct name *n)
{
	static const struct word words[] = { { "mean", MEAN }, { "max", MAX }, { 0 } };

	n->what = QUANTILE;
	n->millionths = quantile_of(text);
	return n->millionths || word_of(words, text, n);
}

static bool client_of(const char *text, struct name *n)
{
	static const struct word words[] = { { "throughput", THROUGHPUT },
					     { "failed", FAILED },
					     { "failed_share", FAILED_SHARE },
					     { "requests", REQUESTS },
					     { 0 } };
	const char *part = NULL;

	for (int i = 0; i < NR_CLIENT_TIMES && !part; i++) {
		part = after(text, client_time_name(i));
		n->which = i;
	}
	n->whose = part ? CLIENT_PART : CLIENT;
	return dist_of(part ?: text, n) || (!part && word_of(words, text, n));
}

static bool kernel_of(const char *text, struct name *n)
{
	static const struct word words[] = { { "throughput", THROUGHPUT },
					     { "requests", REQUESTS },
					     { "aborted_share", ABORTED_SHARE },
					     { 0 } };

	n->whose = KERNEL;
	return dist_of(text, n) || word_of(words, text, n);
}

static bool part_of(const char *text, struct name *n)
{
	n->row = strncmp(text, "at_", 3) ? NOT_MEASURED : row_of(text + 3);
	if (n->row >= 0)
		n->what = AT;
	else if (!strcmp(text, "share"))
		n->what = SHARE;
	else if (n->whose == RUNQ && !strcmp(text, "mean"))
		n->what = MEAN;
	else
		return n->whose == STAGE && dist_of(text, n);
	return true;
}

static bool stage_of(const char *text, struct name *n)
{
	const char *rest = after(text, "runq");

	n->whose = rest ? RUNQ : STAGE;
	for (int i = 0; i < NR_STAGES && !rest; i++) {
		rest = after(text, stage_name(i));
		n->which = i;
	}
	return rest && part_of(rest, n);
}

static bool net_of(const char *text, struct name *n)
{
	const char *rest = NULL;

	n->whose = NETWORK;
	for (int i = 0; i < NR_NET && !rest; i++) {
		rest = after(text, net_name(i));
		n->which = i;
	}
	return rest && dist_of(rest, n);
}

static bool parse(const char *name, struct name *n)
{
	static const struct word words[] = {
		{ "cpu_per_request", CPU_PER_REQUEST }, { "in_flight", IN_FLIGHT },
		{ "little.error", LITTLE_ERROR },	{ "occupancy.mean", OCCUPANCY },
		{ "utilisation", UTILISATION },		{ 0 }
	};
	const char *rest;

	*n = (struct name){ .whose = SINGLE };
	if (word_of(words, name, n))
		return true;
	if ((rest = after(name, "client")))
		return client_of(rest, n);
	if ((rest = after(name, "kernel")))
		return kernel_of(rest, n);
	if ((rest = after(name, "net")))
		return net_of(rest, n);
	if ((n->claim = after(name, "ran"))) {
		n->whose = RAN;
		return *n->claim && strlen(n->claim) < LVT_COMM_LEN;
	}
	n->whose = CLAIM;
	n->claim = after(name, "claim") ?: after(name, "beside");
	if (n->claim)
		return *n->claim && strlen(n->claim) < CLAIM_NAME_LEN;
	return stage_of(name, n);
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), len = strlen(end);

	return n >= len && !strcmp(text + n - len, end);
}

static enum figure_kind claim_kind(const char *name)
{
	if (quantile_of(name) || !strcmp(name, "mean") || !strcmp(name, "max") ||
	    ends_with(name, "_ns"))
		return FIGURE_TIME_NS;
	if (ends_with(name, "throughput") || ends_with(name, "_rate"))
		return FIGURE_RATE;
	return ends_with(name, "_share") ? FIGURE_SHARE : FIGURE_PLAIN;
}

enum figure_kind figure_kind(const char *name)
{
	struct name n;

	if (!parse(name, &n))
		return FIGURE_UNKNOWN;
	if (n.whose == CLAIM)
		return claim_kind(n.claim);
	if (n.whose == RAN)
		return FIGURE_TIME_NS;
	switch (n.what) {
	case THROUGHPUT:
		return FIGURE_RATE;
	case REQUESTS:
	case FAILED:
		return FIGURE_COUNT;
	case FAILED_SHARE:
	case ABORTED_SHARE:
	case SHARE:
	case LITTLE_ERROR:
		return FIGURE_SHARE;
	case IN_FLIGHT:
	case UTILISATION:
		return FIGURE_PLAIN;
	default:
		return FIGURE_TIME_NS;
	}
}

__u32 figure_quantile(const char *name)
{
	struct name n;

	return parse(name, &n) && n.whose != CLAIM && n.what == QUANTILE ? n.millionths : 0;
}

bool figure_of_client(const char *name)
{
	struct name n;

	return parse(name, &n) && (n.whose == CLIENT || n.whose == CLIENT_PART);
}

double figure_error(const char *name, double value)
{
	struct name n;

	if (!parse(name, &n) || n.whose == CLAIM || !isfinite(value))
		return 0;
	return n.what == QUANTILE || n.what == AT ? hist_error(value) : 0;
}

const char *figure_lateness(char *buf, size_t size, const char *name)
{
	struct name n;

	*buf = '\0';
	if (!parse(name, &n) || n.whose == CLAIM)
		return buf;
	if (n.what == MEAN)
		snprintf(buf, size, "client.late.mean");
	else if (n.what == QUANTILE)
		snprintf(buf, size, "client.late.p%.6g", n.millionths / 1e4);
	return buf;
}

/* ---- values ---- */

static double dist_value(const struct name *n, const struct dist *d,
			 const __u64 cells[HIST_BUCKETS], __u64 of)
{
	__u64 zeros = of > d->count ? of - d->count : 0;

	if (!of)
		return NAN;
	if (n->what == MEAN)
		return d->mean;
	if (n->what == MAX)
		return d->max;
	return hist_quantile(cells, zeros, n->millionths, zeros ? 0 : d->min, d->max);
}

static double client_value(const struct name *n, const struct run_client *c)
{
	__u64 answered = client_answered(c), failed = client_failed(c), all = answered + failed;
	struct dist d;

	switch (n->what) {
	case THROUGHPUT:
		return client_rps(c);
	case REQUESTS:
		return all;
	case FAILED:
		return failed;
	case FAILED_SHARE:
		return all ? (double)failed / all : NAN;
	case QUANTILE:
	case MAX:
		if (all && hist_rank(all, n->what == MAX ? Q_MAX : n->millionths) > answered)
			return INFINITY;
		break;
	default:
		break;
	}
	client_latency(c, &d);
	return dist_value(n, &d, c->view.sum->latency, all);
}

static double part_value(const struct name *n, const struct run_client *c)
{
	const struct client_hist *h = &c->times[n->which];
	struct dist d;

	client_time(c, n->which, &d);
	return dist_value(n, &d, h->cells, d.count);
}

static double kernel_value(const struct name *n, const struct run_service *s)
{
	__u64 requests = service_requests(s), aborted = s->sum->exchanges[EXCHANGE_ABORTED];
	struct dist d;

	if (n->what == THROUGHPUT)
		return service_rps(s);
	if (n->what == REQUESTS)
		return requests;
	if (n->what == ABORTED_SHARE)
		return requests + aborted ? (double)aborted / (requests + aborted) : NAN;
	service_latency(s, &d);
	return dist_value(n, &d, s->sum->latency, requests);
}

static double stage_value(const struct name *n, const struct run_service *s, int stage)
{
	struct anatomy_row rows[ANATOMY_ROWS];
	struct dist d;

	if (n->what == AT) {
		service_anatomy(s, rows);
		return rows[n->row].stage_ns[stage];
	}
	service_stage(s, stage, &d);
	if (n->what == SHARE)
		return d.share;
	return dist_value(n, &d, s->sum->stage[stage], service_requests(s));
}

static double net_value(const struct name *n, const struct run_service *s)
{
	struct dist d;

	service_net(s, n->which, &d);
	return dist_value(n, &d, s->sum->net[n->which], d.count);
}

/* Nobody is "idle" without a process: see struct lvt_wait. */
static double ran_value(const char *comm, const struct run_service *s)
{
	bool nobody = !strcmp(comm, "nobody");
	__u64 requests = service_requests(s), ns = 0;

	for (size_t i = 0; i < s->n_waits; i++) {
		const struct run_wait *w = &s->waits[i];

		if (w->other || (w->stage != STAGE_QUEUE_RUNQ && w->stage != STAGE_SERVICE_RUNQ))
			continue;
		if (nobody ? !w->pid && !strcmp(w->who, "idle") : !strcmp(w->who, comm))
			ns += w->ns;
	}
	return requests ? (double)ns / requests : NAN;
}

static double single_value(const struct name *n, const struct run_service *s)
{
	__u64 requests = service_requests(s);
	double mean, square;
	struct littles_law l;

	switch (n->what) {
	case CPU_PER_REQUEST:
		return requests ? s->cpu_share * s->window_s * 1e9 / requests : NAN;
	case IN_FLIGHT:
		return s->in_flight;
	case LITTLE_ERROR:
		service_littles_law(s, &l);
		return l.relative_error;
	case OCCUPANCY:
		return service_occupancy(s, &mean, &square) ? mean : NAN;
	default:
		return s->cpu_share;
	}
}

static const struct run_service *find(const struct run *r, __u16 port)
{
	for (size_t i = 0; i < r->n_services; i++)
		if (!port || r->services[i].port == port)
			return &r->services[i];
	return NULL;
}

double figure_of(const char *name, const struct run *r, __u16 port)
{
	const struct run_service *s = find(r, port);
	struct name n;

	if (!parse(name, &n) || n.whose == CLAIM)
		return NAN;
	if (n.whose == CLIENT || n.whose == CLIENT_PART)
		return !r->n_clients	 ? NAN :
		       n.whose == CLIENT ? client_value(&n, &r->clients[0]) :
					   part_value(&n, &r->clients[0]);
	if (!s)
		return NAN;
	switch (n.whose) {
	case KERNEL:
		return kernel_value(&n, s);
	case STAGE:
		return stage_value(&n, s, n.which);
	case RUNQ:
		return stage_value(&n, s, STAGE_QUEUE_RUNQ) +
		       stage_value(&n, s, STAGE_SERVICE_RUNQ);
	case NETWORK:
		return net_value(&n, s);
	case RAN:
		return ran_value(n.claim, s);
	default:
		return single_value(&n, s);
	}
}
