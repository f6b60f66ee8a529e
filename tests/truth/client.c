// SPDX-License-Identifier: BSD-2-Clause
/*
 * The client of the truth tests: a closed loop on each of N connections. It counts what it sent
 * and what came back whole, and prints one line of JSON:
 *   requests, answers, failed (sent, no whole answer), resets (by us, on purpose),
 *   latency_sum: before the first send to the last byte of the answer, of the answers
 *   send_span: how long the first send() calls took: the kernel's arrival lies within
 */
#define _GNU_SOURCE
#include "truth_io.h"

static struct {
	int port, family, cpu, conns, requests, segments, idle, reset_every, answer, listen_only;
	const char *host;
	uint64_t think_ns, pause_ns, slow_ns, stagger_ns;
	bool fresh, half_close, wait, linger, retry, delay_ack;
} opt = { .family = 4, .cpu = -1, .conns = 1, .requests = 1, .segments = 1, .answer = 8 };

static struct {
	uint64_t requests, answers, failed, resets, latency, send_span;
} sum;

static pthread_barrier_t connected, go;

static int dial(void)
{
	struct sockaddr_storage a;
	socklen_t len = loopback(opt.family, false, opt.port, &a);
	int fd = socket(a.ss_family, SOCK_STREAM, 0), small = 32768;

	if (fd < 0)
		die("client: socket");
	if (opt.host && inet_pton(AF_INET, opt.host, &((struct sockaddr_in *)&a)->sin_addr) != 1)
		exit(2);
	if (opt.slow_ns) /* so that the answer cannot hide in our buffer */
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	if (connect(fd, (void *)&a, len)) {
		close(fd);
		return -1;
	}
	nodelay(fd);
	return fd;
}

/* Dial; with --retry for up to 5 s, else it must succeed. */
static int dial_on(void)
{
	int fd = dial();

	for (int i = 0; fd < 0 && opt.retry && i < 250; i++) {
		nap(20000000);
		fd = dial();
	}
	if (fd < 0)
		die("client: connect");
	return fd;
}

/* Send the request in its segments; *span = how long the first send took. 0 or -1. */
static int send_request(int fd, struct truth_request *q, uint64_t *span)
{
	size_t part = sizeof(*q) / opt.segments, at = 0, n;

	for (int i = 0; i < opt.segments; i++) {
		n = i == opt.segments - 1 ? sizeof(*q) - at : part;
		if (i)
			nap(opt.pause_ns);
		else
			q->before = now_ns();
		if (send(fd, (char *)q + at, n, MSG_NOSIGNAL) != (ssize_t)n)
			return -1;
		if (!i)
			*span = now_ns() - q->before;
		at += n;
	}
	if (opt.half_close)
		shutdown(fd, SHUT_WR);
	return 0;
}

/* Leave with a reset instead of a FIN. */
static void reset(int fd)
{
	struct linger l = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	close(fd);
}

static int read_answer(int fd, char *buf)
{
	size_t left = opt.answer;
	ssize_t k;

	nap(opt.slow_ns);
	for (; left; left -= k) {
		k = read(fd, buf, left < 65536 ? left : 65536);
		if (k <= 0)
			return -1;
	}
	return 0;
}

enum outcome { ANSWERED, FAILED, WAS_RESET };

static enum outcome exchange(int fd, int conn, int seq, char *buf)
{
	struct truth_request q = { .conn = conn, .seq = seq };
	uint64_t span = 0;
	int no = 0;

	if (opt.delay_ack) /* the kernel forgets it, now and then */
		setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &no, sizeof(no));

	sum_add(&sum.requests, 1);
	if (send_request(fd, &q, &span)) {
		sum_add(&sum.failed, 1);
		return FAILED;
	}
	if (opt.reset_every && seq % opt.reset_every == opt.reset_every - 1) {
		nap(opt.pause_ns);
		reset(fd);
		sum_add(&sum.resets, 1);
		return WAS_RESET;
	}
	if (read_answer(fd, buf)) {
		sum_add(&sum.failed, 1);
		return FAILED;
	}
	sum_add(&sum.latency, now_ns() - q.before);
	sum_add(&sum.send_span, span);
	sum_add(&sum.answers, 1);
	return ANSWERED;
}

/* Take --answer bytes that nobody asked for, so many times. */
static void listen_only(int fd, char *buf)
{
	for (int i = 0; i < opt.listen_only; i++)
		if (read_answer(fd, buf))
			sum_add(&sum.failed, 1);
}

static void *connection(void *arg)
{
	int conn = (intptr_t)arg, fd = opt.fresh ? -1 : dial_on();
	char *buf = malloc(65536);
	enum outcome how;

	if (!buf)
		die("client: malloc");
	pthread_barrier_wait(&connected);
	pthread_barrier_wait(&go);
	nap(opt.stagger_ns * conn);
	listen_only(fd, buf);
	for (int done = 0, seq = 0; done < opt.requests; seq++) {
		if (fd < 0)
			fd = dial_on();
		how = exchange(fd, conn, seq, buf);
		done += how != FAILED || !opt.retry;
		if (how == FAILED || (how == ANSWERED && (opt.fresh || opt.half_close)))
			close(fd);
		if (how != ANSWERED || opt.fresh || opt.half_close)
			fd = -1;
		nap(opt.think_ns);
	}
	free(buf);
	pthread_barrier_wait(&go); /* the counts are final, the connections still open */
	pthread_barrier_wait(&go);
	if (fd >= 0)
		close(fd);
	return NULL;
}

static void wait_for_line(const char *say)
{
	char line[64];

	printf("%s\n", say);
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		exit(1);
}

/* Every option is a number in its place; times are given in us. */
static const struct {
	const char *name;
	int *number;
	uint64_t *time;
	bool *flag;
} options[] = {
	{ .name = "port", .number = &opt.port },
	{ .name = "cpu", .number = &opt.cpu },
	{ .name = "conns", .number = &opt.conns },
	{ .name = "requests", .number = &opt.requests }, /* of each connection */
	{ .name = "segments", .number = &opt.segments },
	{ .name = "idle", .number = &opt.idle }, /* more connections that say nothing */
	{ .name = "reset-every", .number = &opt.reset_every },
	{ .name = "answer", .number = &opt.answer },
	{ .name = "listen-only", .number = &opt.listen_only }, /* to so many answers, before */
	{ .name = "think", .time = &opt.think_ns },
	{ .name = "pause", .time = &opt.pause_ns },
	{ .name = "slow", .time = &opt.slow_ns },
	{ .name = "stagger", .time = &opt.stagger_ns },
	{ .name = "fresh", .flag = &opt.fresh }, /* a connection for each request */
	{ .name = "half-close", .flag = &opt.half_close },
	{ .name = "wait", .flag = &opt.wait },	   /* "connected", then a line, then start */
	{ .name = "linger", .flag = &opt.linger }, /* after the JSON a line, then close */
	{ .name = "retry", .flag = &opt.retry },
	{ .name = "delay-ack", .flag = &opt.delay_ack }, /* no ACK before we must */
};

#define N_OPTIONS (sizeof(options) / sizeof(*options))

static void parse(int argc, char **argv)
{
	struct option known[N_OPTIONS + 3] = { { "family", 1, NULL, N_OPTIONS },
					       { "host", 1, NULL, N_OPTIONS + 1 } };
	int i;

	for (i = 0; i < (int)N_OPTIONS; i++)
		known[i + 2] = (struct option){ options[i].name, !options[i].flag, NULL, i };
	while ((i = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (i == '?')
			exit(2);
		else if (i == N_OPTIONS)
			opt.family = parse_family(optarg);
		else if (i == N_OPTIONS + 1)
			opt.host = optarg;
		else if (options[i].flag)
			*options[i].flag = true;
		else if (options[i].time)
			*options[i].time = strtoull(optarg, NULL, 10) * 1000;
		else
			*options[i].number = atoi(optarg);
	}
	if (opt.segments < 1 || opt.segments > 16 || !opt.port)
		exit(2);
}

int main(int argc, char **argv)
{
	pthread_t *t;

	parse(argc, argv);
	pin(opt.cpu);
	raise_nofile();
	signal(SIGPIPE, SIG_IGN);
	t = calloc(opt.conns, sizeof(*t));
	if (!t)
		die("client: calloc");
	for (int i = 0; i < opt.idle; i++)
		dial_on(); /* open until we exit */
	pthread_barrier_init(&connected, NULL, opt.conns + 1);
	pthread_barrier_init(&go, NULL, opt.conns + 1);
	for (int i = 0; i < opt.conns; i++)
		if (pthread_create(&t[i], NULL, connection, (void *)(intptr_t)i))
			die("client: pthread_create");
	pthread_barrier_wait(&connected);
	if (opt.wait)
		wait_for_line("connected");
	pthread_barrier_wait(&go);
	pthread_barrier_wait(&go); /* all have finished */
	printf("{\"requests\":%lu,\"answers\":%lu,\"failed\":%lu,\"resets\":%lu,"
	       "\"latency_sum\":%lu,\"send_span\":%lu}\n",
	       sum.requests, sum.answers, sum.failed, sum.resets, sum.latency, sum.send_span);
	fflush(stdout);
	if (opt.linger)
		wait_for_line("lingering");
	pthread_barrier_wait(&go);
	for (int i = 0; i < opt.conns; i++)
		pthread_join(t[i], NULL);
	return 0;
}
