// SPDX-License-Identifier: BSD-2-Clause
#include "model/since.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/hist.h"

/* A shard is an array of u64: those that are not zero. */
struct word {
	__u32 at;
	__u64 value;
} __attribute__((packed));

struct past_service {
	__u32 netns;
	__u16 port;
	double window_s;
	double flight_sum;
	__u64 flight_samples, arrivals, accept_drops, occupancies;
	unsigned __int128 square;
	struct word *words;
	size_t n_words;
	struct run_wait *waits;
	size_t n_waits;
};

enum { SHARD_WORDS = sizeof(struct lvt_shard) / sizeof(__u64) };
_Static_assert(sizeof(struct lvt_shard) % sizeof(__u64) == 0, "all of a shard are u64");

static double flight_sum(const struct run_service *s)
{
	return s->in_flight_samples && isfinite(s->in_flight) ?
		       s->in_flight * (double)s->in_flight_samples :
		       0;
}

/* A number of two words, which are not to be subtracted one by one. */
static unsigned __int128 square_of(const struct lvt_shard *sum)
{
	return (unsigned __int128)sum->occupied_square_hi << 64 | sum->occupied_square;
}

static int take_words(struct past_service *p, const __u64 *cells)
{
	size_t n = 0;

	for (size_t i = 0; i < SHARD_WORDS; i++)
		n += cells[i] != 0;
	p->words = malloc((n ? n : 1) * sizeof(*p->words));
	if (!p->words)
		return -ENOMEM;
	for (size_t i = 0; i < SHARD_WORDS; i++)
		if (cells[i])
			p->words[p->n_words++] = (struct word){ i, cells[i] };
	return 0;
}

static int take_service(struct past_service *p, const struct run_service *s)
{
	p->netns = s->netns;
	p->port = s->port;
	p->window_s = s->window_s;
	p->flight_sum = flight_sum(s);
	p->flight_samples = s->in_flight_samples;
	p->arrivals = s->arrivals;
	p->accept_drops = s->accept_drops;
	p->occupancies = s->occupancies;
	p->square = square_of(s->sum);
	p->waits = malloc((s->n_waits ? s->n_waits : 1) * sizeof(*p->waits));
	if (!p->waits)
		return -ENOMEM;
	if (s->n_waits)
		memcpy(p->waits, s->waits, s->n_waits * sizeof(*p->waits));
	p->n_waits = s->n_waits;
	return take_words(p, (const __u64 *)s->sum);
}

int past_take(struct past *p, const struct run *r)
{
	int err = 0;

	*p = (struct past){ .duration_s = r->duration_s, .loader_cpu_s = r->loader_cpu_s };
	memcpy(p->counters, r->counters, sizeof(p->counters));
	p->services = calloc(r->n_services ? r->n_services : 1, sizeof(*p->services));
	if (!p->services)
		return -ENOMEM;
	for (; p->n_services < r->n_services && !err; p->n_services++)
		err = take_service(&p->services[p->n_services], &r->services[p->n_services]);
	return err;
}

void past_free(struct past *p)
{
	for (size_t i = 0; i < p->n_services; i++) {
		free(p->services[i].words);
		free(p->services[i].waits);
	}
	free(p->services);
	*p = (struct past){ 0 };
}

/* What of a count came since; snapshots of a running service may be a step apart. */
static __u64 less(__u64 now, __u64 then)
{
	return now > then ? now - then : 0;
}

/* The maximum is in the highest bucket that is not empty. */
static __u64 max_of(const __u64 cells[HIST_BUCKETS], __u64 whole)
{
	for (__u32 b = HIST_BUCKETS; b--;)
		if (cells[b])
			return whole && hist_index(whole) <= b ? whole :
								 hist_low(b) + hist_width(b) - 1;
	return 0;
}

static __u64 min_of(const __u64 cells[HIST_BUCKETS], __u64 whole)
{
	for (__u32 b = 0; b < HIST_BUCKETS; b++)
		if (cells[b])
			return hist_index(whole) >= b ? whole : hist_low(b);
	return 0;
}

static void extremes(struct lvt_shard *sum, const struct lvt_shard *whole)
{
	bool any = hist_count(sum->latency) > 0;

	sum->latency_max = max_of(sum->latency, whole->latency_max);
	sum->latency_min_inv = any ? ~min_of(sum->latency, ~whole->latency_min_inv) : 0;
	for (int st = 0; st < NR_STAGES; st++)
		sum->stage_max[st] = max_of(sum->stage[st], whole->stage_max[st]);
	for (int n = 0; n < NR_NET; n++)
		sum->net_max[n] = max_of(sum->net[n], whole->net_max[n]);
}

/* The extremes of the whole run, which cannot be subtracted. */
static void keep_extremes(const struct lvt_shard *sum, struct lvt_shard *whole)
{
	whole->latency_max = sum->latency_max;
	whole->latency_min_inv = sum->latency_min_inv;
	memcpy(whole->stage_max, sum->stage_max, sizeof(whole->stage_max));
	memcpy(whole->net_max, sum->net_max, sizeof(whole->net_max));
}

static void cells_since(struct run_service *s, const struct past_service *p)
{
	__u64 *cells = (__u64 *)s->sum, connections = s->sum->connections;
	unsigned __int128 square = square_of(s->sum);
	static struct lvt_shard whole; /* of it only the extremes; too large for the stack */

	keep_extremes(s->sum, &whole);
	for (size_t i = 0; i < p->n_words; i++)
		cells[p->words[i].at] = less(cells[p->words[i].at], p->words[i].value);
	extremes(s->sum, &whole);
	square = square > p->square ? square - p->square : 0;
	s->sum->occupied_square = square;
	s->sum->occupied_square_hi = square >> 64;
	/* those that were open before are part of it, as at a start */
	s->sum->connections = connections;
}

/* Without what is looked up by name, as it is no longer known of a process that has ended. */
static bool same_wait(const struct run_wait *a, const struct run_wait *b)
{
	return a->stage == b->stage && a->other == b->other && a->pid == b->pid &&
	       run_peer_same(&a->peer, &b->peer) && !strcmp(a->who, b->who) &&
	       !strcmp(a->syscall, b->syscall);
}

static void waits_since(struct run_service *s, const struct past_service *p)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_waits; i++) {
		struct run_wait w = s->waits[i];

		for (size_t k = 0; k < p->n_waits; k++) {
			if (!same_wait(&w, &p->waits[k]))
				continue;
			w.ns = less(w.ns, p->waits[k].ns);
			w.waits = less(w.waits, p->waits[k].waits);
			break;
		}
		if (w.ns)
			s->waits[n++] = w;
	}
	s->n_waits = n;
	if (n)
		qsort(s->waits, n, sizeof(*s->waits), run_wait_order);
}

static void slowest_since(struct run_service *s, double from)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_slowest; i++) {
		if (s->slowest[i].at_s < from)
			continue;
		s->slowest[n] = s->slowest[i];
		s->slowest[n++].at_s -= from;
	}
	s->n_slowest = n;
}

static const struct past_service *find(const struct past *p, const struct run_service *s)
{
	for (size_t i = 0; i < p->n_services; i++)
		if (p->services[i].port == s->port && p->services[i].netns == s->netns)
			return &p->services[i];
	return NULL;
}

double since_in_flight(const struct run_service *s, const struct past *p)
{
	const struct past_service *then = p ? find(p, s) : NULL;
	__u64 samples = less(s->in_flight_samples, then ? then->flight_samples : 0);
	double sum = flight_sum(s) - (then ? then->flight_sum : 0);

	return samples ? fmax(sum, 0) / (double)samples : NAN;
}

static void service_since(struct run_service *s, const struct past_service *p)
{
	s->in_flight_samples = less(s->in_flight_samples, p->flight_samples);
	s->window_s = fmax(s->window_s - p->window_s, 0);
	s->arrivals = less(s->arrivals, p->arrivals);
	s->accept_drops = less(s->accept_drops, p->accept_drops);
	s->occupancies = less(s->occupancies, p->occupancies);
	cells_since(s, p);
	waits_since(s, p);
}

static int by_requests(const void *a, const void *b)
{
	__u64 x = service_requests(a), y = service_requests(b);

	return x > y ? -1 : x < y;
}

static void start_later(struct run *r, double by)
{
	double at = run_time(r->started);
	time_t seconds = at + by;
	struct tm tm;

	if (isnan(at) || !gmtime_r(&seconds, &tm))
		return;
	strftime(r->started, sizeof(r->started), "%Y-%m-%dT%H:%M:%SZ", &tm);
}

void run_since(struct run *r, const struct past *p)
{
	for (size_t i = 0; i < r->n_services; i++) {
		struct run_service *s = &r->services[i];

		const struct past_service *then = find(p, s);

		s->in_flight = since_in_flight(s, p);
		if (then)
			service_since(s, then);
		slowest_since(s, p->duration_s);
	}
	if (r->n_services)
		qsort(r->services, r->n_services, sizeof(*r->services), by_requests);
	for (int c = 0; c < NR_COUNTERS; c++)
		r->counters[c] = less(r->counters[c], p->counters[c]);
	r->loader_cpu_s = fmax(r->loader_cpu_s - p->loader_cpu_s, 0);
	start_later(r, p->duration_s);
	r->duration_s = fmax(r->duration_s - p->duration_s, 0);
}
