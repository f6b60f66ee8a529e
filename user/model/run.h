/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_RUN_H
#define LVT_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include "../../include/abi.h"

/*
 * A run: what one trace measured, with everything needed to understand it. It is the one noun of
 * the tool: every renderer, comparison and lab takes a run. Times are ns unless the name says
 * otherwise. Unknown numbers are NAN or flagged, never zero.
 */
#define RUN_MAX_PIDS 64
#define RUN_MAX_HOOKS 20

struct run_hook {
	const char *role; /* "send", "arrive", ... ; static strings, or in the run's hook_names */
	const char *hook; /* "tp_btf/tcp_sendmsg_locked", ... */
};

/*
 * Request time by what was waited for: of blocked stages, and (stages *.runq) by who ran instead. The
 * rows of a stage add up to the stage's sum: what has no row of its own is one row with `other` set.
 */
struct run_wait {
	enum lvt_stage stage;
	bool other;	  /* the rest: no names */
	char syscall[32]; /* the kernel's name, "page fault", "stopped", or "" = none */
	struct lvt_peer peer;
	char peer_comm[LVT_COMM_LEN +
		       1]; /* who listens there, if it is on this host; "" = not known */
	__u32 peer_pid;
	char who[LVT_COMM_LEN +
		 1];	  /* what ended the wait, or ran instead ("idle": nobody); "" = not known */
	__u32 pid;	  /* the process that ran instead; 0 = none or not known */
	char cgroup[256]; /* its cgroup; "" = not known */
	__u64 waits, ns;
};

/* One wait of an exemplar; times are ns from arrive. */
struct run_moment {
	enum lvt_stage stage;
	__u64 start, end;
	char syscall[32];
	struct lvt_peer peer;
	char who[LVT_COMM_LEN + 1];
	__u32 pid;
};

/* One of the slowest requests. Marks are ns from arrive; UINT64_MAX = not known. */
struct run_exemplar {
	double at_s; /* when it arrived, from the run's start */
	__u64 latency, read, reply, done, sent, acked;
	__u64 stage[NR_STAGES]; /* add up to the latency */
	struct lvt_peer client;
	__u32 reader, tid;
	char comm[LVT_COMM_LEN + 1], reader_comm[LVT_COMM_LEN + 1];
	struct run_moment wait[LVT_EXEMPLAR_WAITS]; /* in order of time */
	__u32 n_waits, waits_lost;
};

/* Requests that a service's processes send to one peer. */
struct run_outbound {
	struct lvt_peer peer;
	char comm[LVT_COMM_LEN + 1]; /* who listens there; "" = not on this host */
	__u32 pid;
	__u64 *first, *last; /* histograms (HIST_BUCKETS) of send to first, to last byte; owned */
	__u64 first_sum, first_max, last_sum, last_max;
};

enum { RUN_MAX_SLOWEST = 100 };

struct run_service {
	__u32 netns;	    /* inode number of its network namespace */
	bool foreign_netns; /* not the namespace that lvt was started in */
	__u16 port;
	char comm[LVT_COMM_LEN + 1];
	__u32 pids[RUN_MAX_PIDS]; /* sorted; the first RUN_MAX_PIDS of n_pids */
	__u32 n_pids;
	double window_s;       /* how long it was traced: less than the run's if it came later */
	struct lvt_shard *sum; /* all shards added up; owned */
	__u64 arrivals;	       /* requests that arrived in the window, answered or not */
	__u64 occupancies;     /* requests that are in the sums of sum->occupied; 0 = not known */
	/* sampled evenly over the window, from the counts of arrivals and answers; NAN = unknown */
	double in_flight;
	__u64 in_flight_samples;
	struct run_wait *waits; /* by ns, most first, `other` rows last; owned */
	size_t n_waits;
	struct run_exemplar *slowest; /* by latency, most first; owned */
	size_t n_slowest;
	struct run_outbound *outbound; /* owned */
	size_t n_outbound;
	/* its threads: how many at the end, their time on CPU and ready without one in CPUs; NAN = unknown */
	__u32 threads;
	double cpu_share, runq_share;
	__u64 accept_drops;
	__u32 accept_max, accept_limit; /* limit 0 = not seen listening */
	const struct series_view
		*series; /* its course (model/series.h); NULL = not kept; not owned */
};

/* A run that went into a merged one (model/merge.h). */
struct run_part {
	char file[256];	  /* as it was read */
	char host[65];	  /* "" = not known */
	char started[32]; /* as struct run's */
	double duration_s;
	__u64 requests;
	__u64 loss; /* UINT64_MAX = not known */
};

#define RUN_DIFFERS "differs from part to part" /* the filter of a merged run, if it does */

struct run_client; /* model/client.h */

enum { RUN_MAX_CLIENTS = 16 };

enum { RUN_MAX_PARTS = 1024, RUN_MAX_WAITS = 16 << 10, RUN_MAX_UNTRACED = 4096 };

struct run {
	char started[32];  /* RFC 3339, UTC; of a merged run the earliest one */
	double duration_s; /* attach to stop; of a merged run the sum of its parts' */
	char host[65];
	char kernel[128]; /* "Linux 6.18.44" */
	char filter[256]; /* as the user gave it, "" = all services */
	char label[64];
	int cpus; /* online */
	struct run_hook hooks[RUN_MAX_HOOKS];
	size_t n_hooks;
	char *hook_names; /* of a run that was read from a file: what its hooks point to; owned */
	__u64 counters[NR_COUNTERS];
	double loader_cpu_s;
	__u64 loader_rss_bytes;	   /* peak */
	double bpf_ns_per_request; /* NAN = not measured */
	double events;		   /* calls of lvt's programs; NAN = not counted */
	bool rx_timestamps;	   /* net.rx was measured */
	bool outbound;		   /* what the services send was traced, too */
	bool slowest_kept;	   /* exemplars were collected */
	/* A log of another tool: nothing else but latencies, intervals and names (ports 0) is known, nor
	 * the unit: taken to be ns. How many times its own column of maxima they are; 1e6 for ns and
	 * ms; NAN = not known. */
	bool latency_only;
	double value_ratio;
	struct run_service *services; /* by requests, most first; owned */
	size_t n_services;
	struct run_client *clients; /* views of loads; owned */
	size_t n_clients;
	char **untraced; /* names of services beyond the table, "comm:port"; owned */
	size_t n_untraced;
	struct run_part *parts; /* of a merged run, by start; owned */
	size_t n_parts;		/* 0 = not merged */
};

void run_free(struct run *r);

/* Forget one of its services. */
void run_drop_service(struct run *r, size_t at);

/* ---- reading a run; definitions are in the design's model and in the man page lvt-report ---- */

/* Of the latency, or of one stage, over all requests of a service */
struct dist {
	__u64 count; /* latency: requests; stage: requests in which it was not zero */
	double mean; /* over all requests, zeros included: stage means add up to the latency mean */
	/* Over all requests: quantiles within 0.8 %; max exact; min exact for the latency, for a
	 * stage that was never zero the low end of its lowest bucket. Meaningless without requests. */
	__u64 min, p50, p90, p99, p99_9, max;
	double share; /* of the sum of all latencies, 0..1 */
};

/* The requests whose latency is near a quantile */
struct anatomy_row {
	const char *at;		    /* "p50", ... "max" */
	double latency_ns;	    /* mean latency of these requests; its stages add up to it */
	__u64 requests;		    /* how many there are */
	double stage_ns[NR_STAGES]; /* mean per request */
};

enum { ANATOMY_ROWS = 5 }; /* p50 p90 p99 p99.9 max */

struct littles_law {
	double lambda_rps, latency_mean_s;
	double predicted;      /* lambda * mean latency */
	double sampled;	       /* apart from latency; NAN = unknown */
	double relative_error; /* |sampled - predicted| / predicted; NAN = unknown */
};

__u64 service_requests(const struct run_service *s);
double service_rps(const struct run_service *s);
void service_latency(const struct run_service *s, struct dist *d);
void service_stage(const struct run_service *s, enum lvt_stage stage, struct dist *d);
void service_anatomy(const struct run_service *s, struct anatomy_row rows[ANATOMY_ROWS]);

/*
 * The mean request of the slowest ones: of all from the anatomy bucket of a quantile (in
 * millionths: 990000 = p99) up to the maximum. Many more requests than a row of the anatomy rests
 * on, so it is what statements about a tail are made of. at = "tail".
 */
void service_tail(const struct run_service *s, __u32 millionths, struct anatomy_row *row);

/* The exact sum of a stage over all requests, ns. */
__u64 service_stage_sum(const struct run_service *s, enum lvt_stage stage);

/* Of all stages in one pass, rounded: for shares. */
void service_stage_sums(const struct run_service *s, double sum[NR_STAGES]);

/* Network time: `count` and the mean are of those that were measured. share is NAN. */
void service_net(const struct run_service *s, enum lvt_net net, struct dist *d);

/* A histogram with its exact sum and maximum: of its own count, as service_net(). */
void hist_dist(const __u64 cells[HIST_BUCKETS], __u64 sum, __u64 max, struct dist *d);

/*
 * The occupancy of a request's threads, S: how long a request kept the thread that served it from all
 * others (of one that is handed over, both threads'). For Pollaczek-Khinchine: mean and mean square, over
 * the requests of which it is known. It is
 *
 *	service.cpu + service.runq + service.wakeup + service.disk + service.lock + service.net +
 *	service.sleep + service.fault + service.blocked
 *
 * but for waits in an event loop (for a downstream socket, a pool, a timer), in which the thread serves
 * others. Not in it: queue.*, service.other, service.client, service.handoff, service.pool; and what the
 * thread does for no request: the rest of the send after its beginning and the way to the next read, for
 * which see service_busy_ns(). If a loop reads several requests before it answers the first, what it
 * waits for meanwhile is in the S of each.
 *
 * false: not known (a run of an older version, no requests, or more than 1 % of them unknown).
 */
bool service_occupancy(const struct run_service *s, double *mean_ns, double *square_ns2);

/*
 * What one request costs the service's threads: all their CPU time, also what is for no request, and
 * what occupancies have beside CPU time, per request, ns. At saturation one thread can answer no more than
 * one request in that time; its mean is the one to reckon utilisation with. The threads' work for
 * nobody (timers, background threads) is in it, too. NAN = not known.
 */
double service_busy_ns(const struct run_service *s);

void service_littles_law(const struct run_service *s, struct littles_law *l);

/*
 * Whether lvt's programs were in the kernel, so that its counters, cost and filter mean something: not
 * in a log of another tool, nor in a load's own run, which has clients alone.
 */
bool run_traced(const struct run *r);

/* The sum of the counters that mean a lost or mistimed request. */
__u64 run_loss(const struct run *r);

const char *stage_name(enum lvt_stage s);
const char *net_name(enum lvt_net n);
const char *net_meaning(enum lvt_net n);
const char *cause_name(enum lvt_cause c);
/* the stage of a request in hand while its thread is in this state */
enum lvt_stage cause_service_stage(enum lvt_cause c);
const char *stage_meaning(enum lvt_stage s);
const char *counter_name(enum lvt_counter c);
const char *counter_meaning(enum lvt_counter c);
enum counter_kind { COUNTER_KIND_LOSS, COUNTER_KIND_GAP, COUNTER_KIND_NOTE };
enum counter_kind counter_kind(enum lvt_counter c);

/* Whether two rows are of the same peer, wait or request, whatever they count. */
bool run_peer_same(const struct lvt_peer *a, const struct lvt_peer *b);
bool run_wait_same(const struct run_wait *a, const struct run_wait *b);
bool run_exemplar_same(const struct run_exemplar *a, const struct run_exemplar *b);

/* For qsort(): the orders of a run, with ties settled, so that they are always the same. */
int run_service_order(const void *a, const void *b);
int run_wait_order(const void *a, const void *b);
int run_exemplar_order(const void *a, const void *b);

/* Add src to dst, cell by cell; maxima and minima are merged. */
void shard_add(struct lvt_shard *dst, const struct lvt_shard *src);

/* ---- parts.c: the parts of a merged run ---- */

/* Seconds since the epoch of a run's start; NAN = not known. */
double run_time(const char *started);

/* For qsort(): by start, ties settled. */
int run_part_order(const void *a, const void *b);

/*
 * How long at least one part was traced, s: hosts at the same time count once. NAN if a start is not
 * known, or the parts are too short for starts in whole seconds. Of a run of its own its duration.
 */
double run_covered_s(const struct run *r);

/*
 * Requests of all parts together per second of that time: for hosts at the same time the sum of their
 * rates, for moments of one host the mean. service_rps() is the mean rate of a part.
 */
double service_together_rps(const struct run *r, const struct run_service *s);

/* How many hosts the parts are of; 0 = not known. */
size_t run_hosts(const struct run *r);

/* A part that another part of its host overlaps in time by more than a second; NULL = none. */
const struct run_part *run_overlap(const struct run *r);

/* The share of exchanges that are plain request-response, 0..1; NAN without exchanges. */
double service_plain_share(const struct run_service *s);

#endif
