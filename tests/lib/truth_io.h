/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TRUTH_IO_H
#define TRUTH_IO_H

/* What the truth services and their client share: clocks, the request, sockets. Times are ns. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* The request: fixed size, the client's clock in front. */
struct truth_request {
	uint64_t before; /* CLOCK_MONOTONIC ns just before the client's first send of it */
	uint32_t conn, seq;
	char pad[48];
};

/* An instant on both clocks, in ns: monotonic, and the CPU time of this thread. */
struct mark {
	uint64_t wall, cpu;
};

static inline uint64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static inline uint64_t now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

static inline uint64_t cpu_ns(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

/* After a read (or a wake-up): the wall clock first, as near to the event as can be. */
static inline struct mark mark_after(void)
{
	struct mark m;

	m.wall = now_ns();
	m.cpu = cpu_ns();
	return m;
}

/* Before a send: the wall clock last. */
static inline struct mark mark_before(void)
{
	struct mark m;

	m.cpu = cpu_ns();
	m.wall = now_ns();
	return m;
}

/* a - b, but not below zero: the two clocks tick apart by a little. */
static inline uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static inline uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static inline uint64_t off_cpu(struct mark from, struct mark to)
{
	return less(to.wall - from.wall, to.cpu - from.cpu);
}

/* Use ns of CPU time. */
static inline void spin(uint64_t ns)
{
	uint64_t end = cpu_ns() + ns;

	if (!ns)
		return;
	while (cpu_ns() < end)
		;
}

/* CPU time that this thread spent in calls that slept, since the last clear_inside(). */
static __thread uint64_t inside_ns;

/* Returns it, and begins anew. */
static inline uint64_t clear_inside(void)
{
	uint64_t ns = inside_ns;

	inside_ns = 0;
	return ns;
}

static inline void nap(uint64_t ns)
{
	uint64_t cpu = cpu_ns();
	struct timespec t = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };

	if (!ns)
		return;
	while (nanosleep(&t, &t) && errno == EINTR)
		;
	inside_ns += cpu_ns() - cpu;
}

static inline void die(const char *what)
{
	perror(what);
	exit(1);
}

static inline void sum_add(uint64_t *sum, uint64_t ns)
{
	__atomic_fetch_add(sum, ns, __ATOMIC_RELAXED);
}

/* Read exactly n bytes: n, 0 at the end of the stream, -1 on error. */
static inline ssize_t read_all(int fd, void *buf, size_t n)
{
	size_t have = 0;
	ssize_t k;

	while (have < n) {
		k = read(fd, (char *)buf + have, n - have);
		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return k;
		have += k;
	}
	return have;
}

static inline void pin(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("sched_setaffinity");
}

/* Run before all of a lower real-time priority, and before all who have none. */
static inline bool be_fifo(int priority)
{
	struct sched_param p = { .sched_priority = priority };

	return !sched_setscheduler(0, SCHED_FIFO, &p);
}

/* As many descriptors as we may have, up to 16,384. */
static inline void raise_nofile(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r))
		return;
	r.rlim_cur = r.rlim_max < 16384 ? r.rlim_max : 16384;
	setrlimit(RLIMIT_NOFILE, &r);
}

/* "4", "6" or "mapped" -> 4, 6, 46. */
static inline int parse_family(const char *s)
{
	return !strcmp(s, "6") ? 6 : !strcmp(s, "mapped") ? 46 : 4;
}

static inline void nodelay(int fd)
{
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

/* Loopback address of a family; "mapped" serves on :: and is called at 127.0.0.1. */
static inline socklen_t loopback(int family, bool server, int port, struct sockaddr_storage *a)
{
	struct sockaddr_in *a4 = (void *)a;
	struct sockaddr_in6 *a6 = (void *)a;

	memset(a, 0, sizeof(*a));
	if (family == 4 || (family == 46 && !server)) {
		a4->sin_family = AF_INET;
		a4->sin_port = htons(port);
		a4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return sizeof(*a4);
	}
	a6->sin6_family = AF_INET6;
	a6->sin6_port = htons(port);
	a6->sin6_addr = family == 6 ? in6addr_loopback : in6addr_any;
	return sizeof(*a6);
}

#endif
