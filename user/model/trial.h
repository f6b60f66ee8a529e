/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_MODEL_TRIAL_H
#define LVT_MODEL_TRIAL_H

#include <stdbool.h>
#include <stddef.h>

#include "model/run.h"

/*
 * A trial: pairs of runs, one of each arm, in an order that a coin decides. What was planned is fixed
 * before the first run; what came of it are attempts, of which some are discarded. Times are seconds
 * where the name says so, else ns; NAN is not known.
 */
enum { TRIAL_BEFORE, TRIAL_AFTER, TRIAL_ARMS };

const char *trial_arm_name(int arm); /* "before", "after" */

/*
 * As enum compare_metric: p50 p90 p99 p99.9 mean throughput; the first ones are quantiles. First as the kernel
 * saw them, then the same as lvt's own load did, from when a request was due.
 */
enum {
	TRIAL_KINDS = 6,
	TRIAL_METRICS = 2 * TRIAL_KINDS,
	TRIAL_QUANTILES = 4,
	TRIAL_COMMAND_LEN = 4096
};

struct trial_plan {
	char command[TRIAL_ARMS][TRIAL_COMMAND_LEN];
	char load[TRIAL_ARMS][TRIAL_COMMAND_LEN]; /* before: "" = as after */
	char beside[TRIAL_ARMS]
		   [TRIAL_COMMAND_LEN]; /* runs beside the service, on its CPUs; "" = nothing */
	char cgroup[TRIAL_ARMS][256];	/* the cgroup.procs that the service joins; "" = none */
	bool alone;			/* only the arm `after` runs: runs of one arm, not pairs */
	bool own_load;			/* the load is lvt load, and tells what it sees */
	__u32 port;			/* 0: what the arm listens on */
	__u32 pairs;
	__u32 looks; /* 1, or 2: as many pairs again if the first are inconclusive */
	double seconds, warm_up_s, start_s;
	__u32 primary;
	double delta; /* the least effect that matters: 0.02 */
	double rate;  /* that the load is meant to send, a second; NAN = not known */
	double max_foreign, max_steal; /* CPUs: 0.05 is 5 % of one */
	__u64 seed;
	/* lists as taskset has them, "" = not pinned, so that a resumed trial has the same */
	char cpus[TRIAL_ARMS][64]; /* of the service, of the load */
	char host[65], kernel[128];
	char started[32];
};

/* What disturbed a run, over its window and the CPUs that count. */
struct trial_noise {
	double foreign, steal; /* CPUs */
};

/* What lvt's own load saw of a run, in its window; NAN = not known. */
struct trial_client {
	double requests; /* answered rightly */
	double failed;
	double due_rps; /* as the schedule had it; NAN for a closed loop */
	double late_p99_ns;
	/* requests that may be in the kernel's view alone or in this one, as the windows' ends are apart */
	double edges;
};

/* One run of an arm. */
struct trial_arm {
	double value[TRIAL_METRICS];
	double beyond[TRIAL_QUANTILES]; /* independent requests beyond the quantile */
	double window_s;
	__u64 requests, arrivals, loss;
	__u32 port;
	bool cut; /* the load ended before the window */
	struct trial_noise noise;
	struct trial_client client;
	char comm[LVT_COMM_LEN + 1];
};

struct trial_pair {
	__u32 number;	  /* of the plan, from 1 */
	__u32 attempt;	  /* from 1 */
	bool after_first; /* the order */
	bool discarded;
	struct trial_arm arm[TRIAL_ARMS];
};

enum { TRIAL_MAX_PAIRS = 50, TRIAL_MAX_ATTEMPTS = 2 * TRIAL_MAX_PAIRS + TRIAL_MAX_PAIRS / 2 + 1 };

struct trial {
	struct trial_plan plan;
	__u32 resumed; /* how often it was interrupted and went on */
	struct trial_pair pairs[TRIAL_MAX_ATTEMPTS];
	size_t n;
};

/* The arms of a plan: both, or after alone. */
int trial_first_arm(const struct trial_plan *p);
int trial_arms(const struct trial_plan *p);

/* An arm's load. */
const char *trial_load_of(const struct trial_plan *p, int arm);

/* How many of the metrics there are: half of them with another load than lvt's own. */
int trial_metrics(const struct trial_plan *p);

/* Which of TRIAL_KINDS a metric is, and whether it is the client's. */
int trial_kind(int metric);
bool trial_of_client(int metric);

/* The coin of a pair, and what its load is given as LVT_SEED, in both arms: of the seed alone. */
bool trial_after_first(__u64 seed, __u32 number, __u32 attempt);
__u32 trial_load_seed(__u64 seed, __u32 number, __u32 attempt);

/* The rule on disturbed runs: more than the plan's threshold of either. What is not known is. */
bool trial_disturbed(const struct trial_plan *p, const struct trial_noise *n);

size_t trial_kept(const struct trial *t);
size_t trial_discarded(const struct trial *t);

/* How many pairs may be discarded: a quarter of those planned. */
size_t trial_may_discard(size_t planned);

/* How often this pair of the plan has been tried. */
__u32 trial_attempts(const struct trial *t, __u32 number);

enum { TRIAL_FILE_LEN = 64 };

/*
 * The name of a run's file in the trial's folder, without its ending: "pair-03-before", and of a
 * discarded pair "discarded-03-1-before", so that a pattern finds the kept ones alone.
 */
const char *trial_file(char buf[TRIAL_FILE_LEN], const struct trial_pair *p, int arm);

#endif
