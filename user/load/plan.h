/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LOAD_PLAN_H
#define LVT_LOAD_PLAN_H

#include <sched.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "base/options.h"
#include "load/arrivals.h"
#include "load/protocol.h"

/* What a load is asked for, as options give it; shared by the commands that make load. */
struct load_options {
	double rate;	     /* 0 = none given */
	const char *profile; /* NULL = none */
	bool closed;
	double think_s;
	int arrivals; /* index into load_arrivals */
	const char *seed;
	uint32_t connections, threads;
	double duration_s, warm_up_s, timeout_s;
	int protocol; /* index into load_protocols; -1: as the target says */
	struct request_options request;
	const char *cpus;
	uint32_t spin_us; /* LOAD_SPIN_AUTO: as the host allows */
};

enum { LOAD_SPIN_AUTO = 1000001, LOAD_SPIN_US = 60 };

extern const char *const load_arrivals[]; /* "poisson", "constant" */
extern const char *const load_protocols[];

void load_options_default(struct load_options *o);

/*
 * The rows of a command's option table that say what is asked, and how; the options are at `at` in its
 * config.
 */
#define LOAD_ROWS(config, at)                                                             \
	{ .name = "arrivals",                                                             \
	  .type = OPT_CHOICE,                                                             \
	  .choices = load_arrivals,                                                       \
	  .offset = offsetof(config, at.arrivals),                                        \
	  .help = "how the requests are spaced (poisson)" },                              \
		{ .name = "seed",                                                         \
		  .type = OPT_STRING,                                                     \
		  .arg = "N",                                                             \
		  .offset = offsetof(config, at.seed),                                    \
		  .help = "of the arrivals and keys: the same N makes the same load" },   \
		{ .name = "threads",                                                      \
		  .letter = 't',                                                          \
		  .type = OPT_U32,                                                        \
		  .arg = "N",                                                             \
		  .min = 1,                                                               \
		  .max = LOAD_MAX_THREADS,                                                \
		  .offset = offsetof(config, at.threads),                                 \
		  .help = "threads that make the load (1)" },                             \
		{ .name = "timeout",                                                      \
		  .type = OPT_SECONDS,                                                    \
		  .arg = "SECS",                                                          \
		  .offset = offsetof(config, at.timeout_s),                               \
		  .help = "a request has failed SECS after it was due (5)" },             \
		{ .name = "cpus",                                                         \
		  .type = OPT_STRING,                                                     \
		  .arg = "LIST",                                                          \
		  .offset = offsetof(config, at.cpus),                                    \
		  .help = "keep the load on these CPUs: 0,2-3" },                         \
		{ .name = "spin",                                                         \
		  .type = OPT_U32,                                                        \
		  .arg = "US",                                                            \
		  .max = 1000000,                                                         \
		  .offset = offsetof(config, at.spin_us),                                 \
		  .help = "wait awake for the last US microseconds (60; 0 on one CPU)" }, \
		{ .name = "protocol",                                                     \
		  .type = OPT_CHOICE,                                                     \
		  .choices = load_protocols,                                              \
		  .offset = offsetof(config, at.protocol),                                \
		  .help = "what is spoken (as the URL says, else http)" },                \
		REQUEST_ROWS(config, at.request)

enum {
	LOAD_MAX_THREADS = 64,
	LOAD_MAX_CONNECTIONS = 60000,
	LOAD_MAX_WAITING = 32 << 20, /* requests due and not sent, at most rate x time-out */
};

/* A load ready to run. */
struct load_plan {
	char target[256]; /* "127.0.0.1:6379", as it is shown */
	char host[256];	  /* "example.org:8080", as it is called */
	char request[160];
	struct sockaddr_storage address;
	socklen_t address_len;
	__u16 port;
	bool local; /* an address of this host */
	bool open, poisson;
	struct profile profile; /* warm-up included; of a closed loop: only its length */
	char profile_text[96];
	double rate; /* mean over the window; NAN = closed */
	double think_s, timeout_s, warm_up_s, duration_s;
	__u64 seed;
	__u32 connections, threads;
	__u32 spin_us; /* before a request is due, wait awake */
	bool pinned;
	cpu_set_t cpus;
	struct request_mix mix;
};

/*
 * Resolve a target ("host:port", "http://host/path", "redis://host") and all else. Returns 0 or -errno
 * with *e filled: EXIT_USAGE for what can never work, EXIT_FAILED for a name that is not known now.
 */
int load_plan_make(struct load_plan *p, const char *target, const struct load_options *o,
		   struct err *e);

void load_plan_free(struct load_plan *p);

#endif
