/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TRUTH_H
#define TRUTH_H

/*
 * What the truth services share: options, a listening socket, clocks, sums, the report.
 *
 * A truth service measures its own stages and prints, on SIGTERM, one line of JSON:
 *   {"requests":N,"latency_from_read":[lo,hi],"queue":ns,"occupied":[ns,ns^2],"stages":{"NAME":[lo,hi],...},
 *    "facts":{"NAME":n,...},"waits":[...]}
 * All figures are sums in ns over the answered requests. NAME is a stage, or stages joined by "+"
 * whose sum is known but not its parts. lo < hi where the service knows only between which two of
 * its own instants a kernel mark lies. Sums of queue.* count from the instant before the client's
 * send (it is in the request), so they are upper bounds; the client knows by how much. Facts are
 * other counts and sums. "occupied" is how long a request kept its thread, 0 if that is not asked. For "waits" see truth_waits.h.
 *
 * A service that cannot do its work on this host says "skip: why" instead of "listening".
 */
#include "truth_io.h"

#define TRUTH_MAX_STAGES 8
#define TRUTH_MAX_FACTS 4
#define TRUTH_MAX_WAITS 2
#define TRUTH_MAX_ANSWER (1 << 20)

/* Groups of stages that a service sees as one: time off the CPU in its hands. */
#define OFF_READY "service.runq+service.wakeup"
#define OFF_SLEEP "service.sleep+" OFF_READY
#define OFF_CLIENT "service.client+" OFF_READY

struct truth_opts {
	const char *mode;
	int port, family; /* family 4, 6, or 46 for IPv4-mapped */
	int cpu;	  /* -1 = anywhere */
	uint64_t work_ns, sleep_ns;
	size_t answer, bytes;			  /* bytes: of one input or output of a file */
	int workers, sends, times, backlog, fifo; /* fifo: real-time priority */
	const char *dir;			  /* for files */
	cpu_set_t all;				  /* the CPUs that we had before we were pinned */
};

/* Sums live in shared memory, so that forked children can add to them. */
struct truth_sums {
	uint64_t requests, from_read[2], queue, occupied, occupied_square;
	uint64_t stage[TRUTH_MAX_STAGES][2];
	uint64_t fact[TRUTH_MAX_FACTS];
	struct {
		uint64_t count, again, ns[2];
	} wait[TRUTH_MAX_WAITS];
};

/* How a report names a kind of wait; what is NULL or 0 is not compared. */
struct truth_wait {
	const char *stage, *syscall, *peer, *peer_comm, *waker;
	int peer_pid;
	bool wake_unknown; /* we cannot tell when the wait ended and the thread was ready */
};

static struct truth_opts truth = { .family = 4,
				   .cpu = -1,
				   .answer = 8,
				   .bytes = 4096,
				   .workers = 4,
				   .sends = 4,
				   .times = 1,
				   .backlog = 4096,
				   .dir = "/var/tmp" };
static struct truth_sums *truth_sums;
static struct truth_wait truth_waits[TRUTH_MAX_WAITS];
static const char *truth_facts[TRUTH_MAX_FACTS + 1]; /* names */
static char truth_answer[TRUTH_MAX_ANSWER];

/* Add to a stage (an index into the names given to truth_serve). */
static inline void truth_add_range(int stage, uint64_t lo, uint64_t hi)
{
	sum_add(&truth_sums->stage[stage][0], lo);
	sum_add(&truth_sums->stage[stage][1], hi);
}

static inline void truth_add(int stage, uint64_t ns)
{
	truth_add_range(stage, ns, ns);
}

/*
 * Add a request's time on the CPU and off it. `inside` is how much of the CPU time was spent in the
 * calls that slept: where in there the thread left the CPU and came back, we see only from outside,
 * and the kernel's CPU clock starts some us before sched_switch when the CPU was idle and cold.
 */
static inline void truth_add_cpu(int cpu_stage, int off_stage, uint64_t cpu, uint64_t off,
				 uint64_t inside)
{
	truth_add_range(cpu_stage, less(cpu, inside), cpu);
	truth_add_range(off_stage, off, off + inside);
}

/* Count an answered request: when its first read returned; when its last send began. */
static inline void truth_count(const struct truth_request *q, uint64_t read, uint64_t lo,
			       uint64_t hi)
{
	sum_add(&truth_sums->requests, 1);
	sum_add(&truth_sums->queue, less(read, q->before));
	sum_add(&truth_sums->from_read[0], lo - read);
	sum_add(&truth_sums->from_read[1], hi - read);
}

/* Add a request's time with its thread, to the sum and to that of the squares. */
static inline void truth_occupied(uint64_t ns)
{
	sum_add(&truth_sums->occupied, ns);
	sum_add(&truth_sums->occupied_square, ns * ns);
}

/* Send n bytes of the answer; 0 or -1. A blocking socket takes them in one call. */
static inline int send_bytes(int fd, size_t n)
{
	ssize_t k;

	while (n) {
		k = send(fd, truth_answer, n, MSG_NOSIGNAL);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -1;
		n -= k;
	}
	return 0;
}

static inline int send_answer(int fd)
{
	return send_bytes(fd, truth.answer);
}

static inline void truth_skip(const char *why)
{
	printf("skip: %s\n", why);
	exit(0);
}

/* Memory that forked children write too. */
static inline void *share(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

/* Parse the options, pin the process, make the sums. First word: the mode. */
static inline void truth_init(int argc, char **argv)
{
	static const struct option opts[] = {
		{ "port", 1, 0, 'p' },	  { "family", 1, 0, 'f' }, { "cpu", 1, 0, 'c' },
		{ "work", 1, 0, 'w' },	  { "sleep", 1, 0, 's' },  { "answer", 1, 0, 'a' },
		{ "workers", 1, 0, 'k' }, { "sends", 1, 0, 'n' },  { "times", 1, 0, 't' },
		{ "bytes", 1, 0, 'b' },	  { "dir", 1, 0, 'd' },	   { "backlog", 1, 0, 'l' },
		{ "fifo", 1, 0, 'r' },	  { 0, 0, 0, 0 },
	};
	int o;

	while ((o = getopt_long(argc, argv, "", opts, NULL)) != -1) {
		switch (o) {
		case 'p':
			truth.port = atoi(optarg);
			break;
		case 'f':
			truth.family = parse_family(optarg);
			break;
		case 'c':
			truth.cpu = atoi(optarg);
			break;
		case 'w':
			truth.work_ns = strtoull(optarg, NULL, 10) * 1000;
			break;
		case 's':
			truth.sleep_ns = strtoull(optarg, NULL, 10) * 1000;
			break;
		case 'a':
			truth.answer = strtoull(optarg, NULL, 10);
			break;
		case 'k':
			truth.workers = atoi(optarg);
			break;
		case 'n':
			truth.sends = atoi(optarg);
			break;
		case 't':
			truth.times = atoi(optarg);
			break;
		case 'b':
			truth.bytes = strtoull(optarg, NULL, 10);
			break;
		case 'd':
			truth.dir = optarg;
			break;
		case 'l':
			truth.backlog = atoi(optarg);
			break;
		case 'r':
			truth.fifo = atoi(optarg);
			break;
		default:
			exit(2);
		}
	}
	truth.mode = optind < argc ? argv[optind] : "";
	if (truth.answer < 1 || truth.answer > TRUTH_MAX_ANSWER)
		exit(2);
	memset(truth_answer, 'x', sizeof(truth_answer));
	sched_getaffinity(0, sizeof(truth.all), &truth.all);
	pin(truth.cpu);
	if (truth.fifo && !be_fifo(truth.fifo))
		truth_skip("no real-time priority");
	raise_nofile();
	truth_sums = share(sizeof(*truth_sums));
}

static inline bool mode_is(const char *name)
{
	return !strcmp(truth.mode, name);
}

/* Listen on truth.port (0 = any), say which on stdout. Returns the socket. */
static inline int truth_listen(void)
{
	int fd = socket(truth.family == 4 ? AF_INET : AF_INET6, SOCK_STREAM, 0), one = 1;
	struct sockaddr_storage a;
	socklen_t len = loopback(truth.family, true, truth.port, &a);

	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (void *)&a, len) || listen(fd, truth.backlog))
		die("bind");
	getsockname(fd, (void *)&a, &len); /* sin_port and sin6_port are at the same place */
	printf("listening %d\n", ntohs(((struct sockaddr_in *)&a)->sin_port));
	fflush(stdout);
	return fd;
}

static inline int truth_accept(int lfd)
{
	int fd;

	do
		fd = accept(lfd, NULL, NULL);
	while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
	if (fd < 0)
		die("accept");
	nodelay(fd);
	return fd;
}

static inline pthread_t start_thread(void *(*fn)(void *), void *arg)
{
	pthread_attr_t attr;
	pthread_t t;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 128 * 1024);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&t, &attr, fn, arg))
		die("pthread_create");
	pthread_attr_destroy(&attr);
	return t;
}

static inline void truth_report_wait(int i)
{
	const struct truth_wait *w = &truth_waits[i];
	const char *const name[] = { "stage", w->stage,	   "syscall",	 w->syscall, "peer",
				     w->peer, "peer_comm", w->peer_comm, "waker",    w->waker };

	printf("%s{\"count\":%lu,\"again\":%lu,\"ns\":[%ld,%ld],\"wake_unknown\":%s", i ? "," : "",
	       truth_sums->wait[i].count, truth_sums->wait[i].again,
	       (long)truth_sums->wait[i].ns[0], (long)truth_sums->wait[i].ns[1],
	       w->wake_unknown ? "true" : "false");
	for (size_t k = 0; k < sizeof(name) / sizeof(*name); k += 2)
		if (name[k + 1])
			printf(",\"%s\":\"%s\"", name[k], name[k + 1]);
	if (w->peer_pid)
		printf(",\"peer_pid\":%d", w->peer_pid);
	printf("}");
}

static inline void truth_report(const char *const *names)
{
	const struct truth_sums *s = truth_sums;

	printf("{\"requests\":%lu,\"latency_from_read\":[%lu,%lu],\"queue\":%lu,"
	       "\"occupied\":[%lu,%lu],\"stages\":{",
	       s->requests, s->from_read[0], s->from_read[1], s->queue, s->occupied,
	       s->occupied_square);
	for (int i = 0; names[i]; i++)
		printf("%s\"%s\":[%ld,%ld]", i ? "," : "", names[i], (long)s->stage[i][0],
		       (long)s->stage[i][1]);
	printf("},\"facts\":{");
	for (int i = 0; truth_facts[i]; i++)
		printf("%s\"%s\":%lu", i ? "," : "", truth_facts[i], s->fact[i]);
	printf("},\"waits\":[");
	for (int i = 0; i < TRUTH_MAX_WAITS && truth_waits[i].stage; i++)
		truth_report_wait(i);
	printf("]}\n");
	fflush(stdout);
}

/*
 * Run fn(listening socket) in a thread of its own until SIGTERM, then print the sums and exit.
 * names: of the stages, NULL at the end. Waiting for the signal in the main thread keeps the
 * service's own threads free of handlers.
 */
static inline int truth_serve(void *(*fn)(void *), const char *const *names)
{
	sigset_t set;
	int sig, fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	fd = truth_listen();
	start_thread(fn, (void *)(intptr_t)fd);
	sigwait(&set, &sig);
	truth_report(names);
	_exit(0);
}

#endif
