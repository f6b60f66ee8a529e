/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LAB_SERVICE_H
#define LAB_SERVICE_H

/*
 * What the services of the labs share, so that each service.c is about its phenomenon alone: options,
 * a listening socket, requests and answers, work that costs a known time of CPU, and clocks. Everything
 * is here to be read; nothing in it is slow on purpose.
 *
 * A request is a length (4 bytes, big endian) and a payload of as many bytes; so is an answer. That is
 * what `lvt load --protocol raw --framing length` speaks. An answer begins with the CRC-32 of its
 * request's payload, and `--verify crc32` checks it: who has not read the request cannot answer it.
 *
 * A service prints "listening on PORT" when it listens, and ends at SIGTERM.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
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
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PAYLOAD_MAX = 64 << 10, PREFIX = 4 };

__attribute__((noreturn, unused)) static void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- options: --name VALUE */

__attribute__((unused)) static const char *option(int argc, char **argv, const char *name,
						  const char *otherwise)
{
	for (int i = 1; i + 1 < argc; i++)
		if (!strcmp(argv[i], name))
			return argv[i + 1];
	return otherwise;
}

__attribute__((unused)) static double option_number(int argc, char **argv, const char *name,
						    double otherwise)
{
	const char *text = option(argc, argv, name, NULL);
	char *end;
	double value;

	if (!text)
		return otherwise;
	value = strtod(text, &end);
	if (end != text && !*end)
		return value;
	fprintf(stderr, "%s wants a number, not '%s'\n", name, text);
	exit(2);
}

/* ---- clocks */

/* ns; for intervals and for times to wake up at */
__attribute__((unused)) static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

__attribute__((unused)) static void sleep_us(double us)
{
	struct timespec t = { us / 1e6, fmod(us, 1e6) * 1e3 };

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t) == EINTR)
		;
}

/* Sleeps until a time of now_ns(); returns at once if it has passed. */
__attribute__((unused)) static void sleep_until(uint64_t at)
{
	struct timespec t = { at / 1000000000, at % 1000000000 };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

/*
 * Works until this thread has used that much CPU time. Time in which another task has the CPU does not
 * count, as it does not for real work.
 */
__attribute__((unused)) static void work_us(double us)
{
	struct timespec t;
	double end, now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	now = t.tv_sec * 1e6 + t.tv_nsec / 1e3;
	for (end = now + us; now < end; now = t.tv_sec * 1e6 + t.tv_nsec / 1e3) {
		for (volatile int i = 0; i < 500; i++)
			;
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	}
}

/* ---- chance: the same seed gives the same numbers (splitmix64, Steele, Lea and Flood 2014) */

__attribute__((unused)) static uint64_t draw(uint64_t *seed)
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* Uniform in (0, 1]. */
__attribute__((unused)) static double draw_uniform(uint64_t *seed)
{
	return ((draw(seed) >> 11) + 1) / 9007199254740992.0;
}

/* Exponential with this mean. */
__attribute__((unused)) static double draw_exponential(uint64_t *seed, double mean)
{
	return -mean * log(draw_uniform(seed));
}

/* ---- sockets */

/* A socket that listens on the loopback, on a port of its own if port is 0. Tells which. */
__attribute__((unused)) static int listen_on(int port, int backlog)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	signal(SIGPIPE, SIG_IGN);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(fd, (struct sockaddr *)&a, len) || listen(fd, backlog) ||
	    getsockname(fd, (struct sockaddr *)&a, &len))
		die("listen");
	printf("listening on %d\n", ntohs(a.sin_port));
	fflush(stdout);
	return fd;
}

/* The next connection. */
__attribute__((unused)) static int accept_on(int listener)
{
	int fd;

	do
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
	if (fd < 0)
		die("accept");
	return fd;
}

__attribute__((unused)) static int connect_to(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	signal(SIGPIPE, SIG_IGN);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)))
		die("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

/* All of it. Returns false if the peer has gone. */
__attribute__((unused)) static bool read_all(int fd, void *to, size_t size)
{
	for (ssize_t n; size; to = (char *)to + n, size -= n) {
		n = read(fd, to, size);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n <= 0)
			return false;
	}
	return true;
}

__attribute__((unused)) static bool write_all(int fd, const void *from, size_t size)
{
	for (ssize_t n; size; from = (const char *)from + n, size -= n) {
		n = write(fd, from, size);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n <= 0)
			return false;
	}
	return true;
}

/* ---- requests and answers */

/* The bytes of the next request, at most PAYLOAD_MAX; blocks. Returns -1 if there is none any more. */
__attribute__((unused)) static int read_request(int fd, void *payload)
{
	uint32_t length;

	if (!read_all(fd, &length, PREFIX))
		return -1;
	length = ntohl(length);
	if (length > PAYLOAD_MAX || !read_all(fd, payload, length))
		return -1;
	return length;
}

/* The CRC-32 of zlib and Ethernet, a bit at a time: slow, small, and fine for a few bytes. */
__attribute__((unused)) static uint32_t crc32_of(const void *data, size_t size)
{
	const unsigned char *p = data;
	uint32_t crc = ~0u;

	while (size--) {
		crc ^= *p++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

/*
 * Puts an answer of `size` payload bytes into `answer`, which has room for PREFIX more: its length, the
 * request's CRC-32, and zeros. Returns how many bytes to send.
 */
__attribute__((unused)) static size_t make_answer(void *answer, const void *request, int length,
						  size_t size)
{
	uint32_t head[2] = { htonl(size), htonl(crc32_of(request, length)) };

	memset(answer, 0, PREFIX + size);
	memcpy(answer, head, size < PREFIX ? PREFIX + size : sizeof(head));
	return PREFIX + size;
}

/* Reads an answer's payload and forgets it. Returns its bytes, or -1 if the connection has ended. */
__attribute__((unused)) static int read_answer(int fd)
{
	char payload[PAYLOAD_MAX];

	return read_request(fd, payload);
}

/* ---- one thread, many connections */

/*
 * Serves all connections from this thread: waits until one has a request (epoll), reads it, and calls
 * answer(), which returns false to have the connection closed. A request is read whole, so a client that
 * sends half of one holds up all others: good enough for a lab, not for the internet.
 */
__attribute__((unused, noreturn)) static void
serve(int listener, bool (*answer)(int fd, const void *payload, int length))
{
	static char payload[PAYLOAD_MAX];
	int epoll = epoll_create1(EPOLL_CLOEXEC), length, n;
	struct epoll_event watch = { .events = EPOLLIN, .data.fd = listener }, ready[64];

	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &watch))
		die("epoll");
	for (;;) {
		n = epoll_wait(epoll, ready, 64, -1);
		if (n < 0 && errno != EINTR)
			die("epoll_wait");
		for (int i = 0; i < n; i++) {
			int fd = ready[i].data.fd;

			if (fd == listener) {
				watch.data.fd = accept_on(listener);
				epoll_ctl(epoll, EPOLL_CTL_ADD, watch.data.fd, &watch);
				continue;
			}
			length = read_request(fd, payload);
			if (length < 0 || !answer(fd, payload, length))
				close(fd);
		}
	}
}

/* ---- a thread for each connection, or a few for all */

/* Starts a thread, detached; its name is what lvt shows. */
__attribute__((unused)) static void thread_start(const char *name, void *(*run)(void *), void *arg)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, arg))
		die("pthread_create");
	pthread_setname_np(thread, name);
	pthread_detach(thread);
}

#endif
