/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LOAD_SERVICE_H
#define LOAD_SERVICE_H

/*
 * What the services of the load tests share: a listening socket, times drawn from a distribution, an
 * account of each request. A service says "port N" when it listens. On SIGTERM it writes its account
 * (--log FILE) and says {"requests":N,"connections":N}.
 *
 * The account is of records of five 64-bit words in the order of the answers: when the request was read,
 * ns from there to the send of its answer (CLOCK_MONOTONIC), ns that were drawn for it, its bytes, and the
 * first 8 bytes of what it carried.
 */
#include <sys/epoll.h>

#include "truth_io.h"

enum { LOAD_MAX = 65536, LOAD_EVENTS = 256, LOAD_FDS = 16384 };

/* A time to take: constant A, exp MEAN, shifted A MEAN (A + exp), uniform A B, two A B SHARE; µs. */
struct draw {
	enum { DRAW_NONE, DRAW_CONSTANT, DRAW_EXP, DRAW_SHIFTED, DRAW_UNIFORM, DRAW_TWO } kind;
	double a, b, share;
	uint64_t state; /* never 0 */
};

struct load_record {
	uint64_t read, took, drawn, size, first;
};

static struct {
	int port, cpu;
	uint32_t size, answer; /* bytes of a request and of an answer; answer 0 = as the request */
	bool length, crc, http, sleep;
	struct draw draw;
	const char *log, *mode;
} load = { .cpu = -1, .size = 64 };

static struct {
	struct load_record *records;
	size_t count, room;
	uint64_t requests, connections;
} account;

static volatile sig_atomic_t load_ended;

/* xorshift64*; uniform in (0, 1]. */
static inline double draw_uniform(struct draw *d)
{
	d->state ^= d->state >> 12;
	d->state ^= d->state << 25;
	d->state ^= d->state >> 27;
	return ((d->state * 0x2545f4914f6cdd1dull >> 11) + 1) / 9007199254740992.0;
}

static inline uint64_t draw_ns(struct draw *d)
{
	double us = d->a;

	if (d->kind == DRAW_NONE)
		return 0;
	if (d->kind == DRAW_EXP)
		us = -log(draw_uniform(d)) * d->a;
	else if (d->kind == DRAW_SHIFTED)
		us = d->a - log(draw_uniform(d)) * d->b;
	else if (d->kind == DRAW_UNIFORM)
		us = d->a + draw_uniform(d) * (d->b - d->a);
	else if (d->kind == DRAW_TWO && draw_uniform(d) <= d->share)
		us = d->b;
	return us * 1000;
}

/* "exp:500", "two:100,20000,0.01" */
static inline bool draw_parse(struct draw *d, const char *text)
{
	static const struct {
		const char *form;
		int kind, numbers;
	} kinds[] = {
		{ "constant:%lf,%lf,%lf", DRAW_CONSTANT, 1 },
		{ "exp:%lf,%lf,%lf", DRAW_EXP, 1 },
		{ "shifted:%lf,%lf,%lf", DRAW_SHIFTED, 2 },
		{ "uniform:%lf,%lf,%lf", DRAW_UNIFORM, 2 },
		{ "two:%lf,%lf,%lf", DRAW_TWO, 3 },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (sscanf(text, kinds[i].form, &d->a, &d->b, &d->share) == kinds[i].numbers) {
			d->kind = kinds[i].kind;
			return true;
		}
	return false;
}

static inline void load_usage(void)
{
	fprintf(stderr,
		"usage: SERVICE [--port N] [--cpu N] [--size N] [--answer N] [--framing length]\n"
		"  [--verify crc32] [--http] [--time KIND:US[,US[,SHARE]]]\n"
		"  [--sleep] [--seed N] [--log FILE] [--mode NAME]\n");
	exit(2);
}

static inline void load_option(int c)
{
	switch (c) {
	case 'p':
		load.port = atoi(optarg);
		break;
	case 'c':
		load.cpu = atoi(optarg);
		break;
	case 's':
		load.size = atoi(optarg);
		break;
	case 'a':
		load.answer = atoi(optarg);
		break;
	case 'f':
		load.length = !strcmp(optarg, "length");
		break;
	case 'v':
		load.crc = !strcmp(optarg, "crc32");
		break;
	case 'h':
		load.http = true;
		break;
	case 'n':
		load.sleep = true;
		break;
	case 'S':
		load.draw.state ^= strtoull(optarg, NULL, 0) * 0x9e3779b97f4a7c15ull;
		break;
	case 'l':
		load.log = optarg;
		break;
	case 'm':
		load.mode = optarg;
		break;
	case 't':
		if (draw_parse(&load.draw, optarg))
			break;
		/* fallthrough */
	default:
		load_usage();
	}
}

static inline void load_end(int signal)
{
	(void)signal;
	load_ended = 1;
}

static inline void load_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "port", 1, NULL, 'p' },   { "cpu", 1, NULL, 'c' },	 { "size", 1, NULL, 's' },
		{ "answer", 1, NULL, 'a' }, { "framing", 1, NULL, 'f' }, { "verify", 1, NULL, 'v' },
		{ "http", 0, NULL, 'h' },   { "time", 1, NULL, 't' },	 { "sleep", 0, NULL, 'n' },
		{ "seed", 1, NULL, 'S' },   { "log", 1, NULL, 'l' },	 { "mode", 1, NULL, 'm' },
		{ NULL, 0, NULL, 0 },
	};
	struct sigaction end = { .sa_handler = load_end };
	int c;

	load.draw.state = 0x123456789abcdefull;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		load_option(c);
	if (optind != argc || load.size < 1 || load.size > LOAD_MAX || load.answer > LOAD_MAX)
		load_usage();
	load.draw.state += !load.draw.state;
	if (!load.answer)
		load.answer = load.size;
	sigaction(SIGTERM, &end, NULL);
	sigaction(SIGINT, &end, NULL);
	signal(SIGPIPE, SIG_IGN);
	raise_nofile();
	pin(load.cpu);
}

/* Listens on 127.0.0.1 and says where. */
static inline int load_listen(int backlog)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(load.port) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(fd, (struct sockaddr *)&a, len) || listen(fd, backlog) ||
	    getsockname(fd, (struct sockaddr *)&a, &len))
		die("listen");
	printf("port %d\n", ntohs(a.sin_port));
	fflush(stdout);
	return fd;
}

/* A request at p of `size` bytes that is answered now. Does nothing without --log, but count. */
static inline void account_add(uint64_t read_at, uint64_t drawn, const unsigned char *p,
			       size_t size)
{
	struct load_record r = { .read = read_at, .drawn = drawn, .size = size };
	size_t head = load.length ? 4 : 0;

	account.requests++;
	if (!load.log)
		return;
	r.took = now_ns() - read_at;
	memcpy(&r.first, p + head, size - head < 8 ? size - head : 8);
	if (account.count == account.room) {
		account.room = account.room ? 2 * account.room : 65536;
		account.records = realloc(account.records, account.room * sizeof(r));
		if (!account.records)
			die("realloc");
	}
	account.records[account.count++] = r;
}

static inline int account_write(void)
{
	FILE *f;

	printf("{\"requests\":%llu,\"connections\":%llu}\n", (unsigned long long)account.requests,
	       (unsigned long long)account.connections);
	if (!load.log)
		return 0;
	f = fopen(load.log, "w");
	if (!f ||
	    fwrite(account.records, sizeof(*account.records), account.count, f) != account.count ||
	    fclose(f))
		die(load.log);
	return 0;
}

static inline void put_be32(unsigned char *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = v >> (24 - 8 * i);
}

static inline uint32_t get_be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

/* Of IEEE 802.3, bit by bit: slow, and not the code under test. */
static inline uint32_t crc32_of(const unsigned char *p, size_t n)
{
	uint32_t crc = ~0u;

	for (; n--; p++) {
		crc ^= *p;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

/* Of an HTTP request: its head and, unless it is a GET, its Content-Length; 0 = not all of the head. */
static inline size_t http_size(const unsigned char *p, size_t have)
{
	const char name[] = "\r\nContent-Length: ";
	const unsigned char *end = memmem(p, have, "\r\n\r\n", 4), *field;
	size_t body = 0;

	if (!end)
		return 0;
	end += 4;
	field = *p == 'G' ? NULL : memmem(p, end - p, name, sizeof(name) - 1);
	if (field)
		body = atoi((const char *)field + sizeof(name) - 1);
	return end - p + body;
}

/* Bytes of the whole request at p, of the `have` that are there; 0 = not all of it, -1 = too long. */
static inline long request_size(const unsigned char *p, size_t have)
{
	size_t size = load.size;

	if (load.http) {
		size = http_size(p, have);
		if (!size)
			return have < LOAD_MAX ? 0 : -1;
	} else if (load.length) {
		if (have < 4)
			return 0;
		size = get_be32(p) + 4ul;
	}
	return size > LOAD_MAX ? -1 : have < size ? 0 : (long)size;
}

/* Writes the answer of a request at p of `size` bytes; returns its bytes. */
static inline size_t make_answer(unsigned char *to, const unsigned char *p, size_t size)
{
	static const char ok[] =
		"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 6\r\n\r\nhello\n";
	size_t head = load.length ? 4 : 0, payload = size - head, n = payload;

	if (load.http) {
		memcpy(to, ok, sizeof(ok) - 1);
		return sizeof(ok) - 1;
	}
	if (load.answer != load.size)
		n = load.answer;
	memset(to + head, 0, n);
	memcpy(to + head, p + head, n < payload ? n : payload);
	if (load.crc && n >= 4)
		put_be32(to + head, crc32_of(p + head, payload));
	if (head)
		put_be32(to, n);
	return head + n;
}

/* Blocks until all is sent; false = the client is gone. */
static inline bool send_all(int fd, const void *data, size_t n)
{
	ssize_t k;

	for (size_t sent = 0; sent < n; sent += k) {
		k = send(fd, (const char *)data + sent, n - sent, MSG_NOSIGNAL);
		if (k < 0 && errno == EAGAIN) {
			sched_yield();
			k = 0;
		} else if (k < 0) {
			return false;
		}
	}
	return true;
}

#endif
