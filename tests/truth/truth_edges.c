// SPDX-License-Identifier: BSD-2-Clause
/*
 * Readers that never send: each accepts a connection, reads it to its end and hands its requests over a
 * pipe to --workers, who work --work US and answer. With --sleep US a worker also asks a database of its
 * own, which takes so long. All sleep in read(), and all their descriptors are small neighbours.
 */
#define _GNU_SOURCE
#include "truth.h"

enum { CPU, OFF, HANDOFF, BLOCKED };
enum { READERS = 8 };

struct item {
	int fd;
	struct truth_request q;
	struct mark got, passed; /* by the reader */
};

/* Where a worker's share of an item begins; `inside`: how much more CPU time it may hold. */
struct share {
	struct mark at;
	uint64_t inside;
};

static int work_pipe[2];

static void read_whole(int fd, void *buf, size_t n)
{
	if (read_all(fd, buf, n) != (ssize_t)n)
		die("read");
}

static void write_whole(int fd, const void *buf, size_t n)
{
	if (write(fd, buf, n) != (ssize_t)n)
		die("write");
}

/* Answers a byte with how long that took. */
static void *database(void *arg)
{
	int fd = (intptr_t)arg;
	uint64_t got;
	char c;

	for (;;) {
		read_whole(fd, &c, 1);
		got = now_ns();
		nap(truth.sleep_ns);
		got = now_ns() - got;
		write_whole(fd, &got, sizeof(got));
	}
	return NULL;
}

/* We are blocked at least as long as the database works, and at most as long as we have no CPU. */
static void ask_database(int fd)
{
	struct mark before = mark_before(), after;
	uint64_t took;

	write_whole(fd, "?", 1);
	read_whole(fd, &took, sizeof(took));
	after = mark_after();
	inside_ns += after.cpu - before.cpu;
	truth_add_range(BLOCKED, took, later(took, off_cpu(before, after)));
}

/*
 * Take an item. Our share begins when it was passed to us if we slept for it (it was passed after we
 * began to wait), else at our previous send or when it was passed, the later.
 */
static struct share take(struct item *it, struct mark sent)
{
	struct mark before = mark_before();
	struct share s = { .at = sent };

	read_whole(work_pipe[0], it, sizeof(*it));
	if (it->passed.wall > before.wall) {
		s.at = mark_after();
		s.inside = s.at.cpu - before.cpu;
		s.at.wall = it->passed.wall;
	}
	s.at.wall = later(s.at.wall, it->passed.wall);
	return s;
}

static void answer(const struct item *it, struct share start, struct mark *sent)
{
	uint64_t cpu, off, reader_off, handoff, inside = clear_inside();

	*sent = mark_before();
	cpu = it->passed.cpu - it->got.cpu + sent->cpu - start.at.cpu;
	off = off_cpu(start.at, *sent);
	/* a reader without a CPU before it let go: hand-off or the reader's, as one likes */
	reader_off = off_cpu(it->got, it->passed);
	handoff = start.at.wall - it->passed.wall;
	if (send_answer(it->fd))
		return;
	truth_count(&it->q, it->got.wall, sent->wall, sent->wall);
	truth_add_range(CPU, less(cpu, inside), cpu + start.inside);
	truth_add_range(OFF, less(off, start.inside), off + reader_off + inside);
	truth_add_range(HANDOFF, handoff, handoff + reader_off);
}

static void *worker(void *arg)
{
	struct mark sent = mark_before();
	struct share start;
	struct item it;
	int pair[2];

	(void)arg;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		die("socketpair");
	start_thread(database, (void *)(intptr_t)pair[1]);
	for (;;) {
		start = take(&it, sent);
		spin(truth.work_ns);
		if (truth.sleep_ns)
			ask_database(pair[0]);
		answer(&it, start, &sent);
	}
	return NULL;
}

/*
 * What the reader still does after it let go (the worker that it woke may take its CPU) looks from outside
 * like its own work: it is that, or hand-off.
 */
static void count_tail(struct mark passed)
{
	struct mark m = mark_after();

	sum_add(&truth_sums->stage[CPU][1], m.cpu - passed.cpu);
	sum_add(&truth_sums->stage[OFF][1], off_cpu(passed, m));
	sum_add(&truth_sums->stage[HANDOFF][0], passed.wall - m.wall);
}

static void *reader(void *arg)
{
	struct item it = {};

	for (;;) {
		it.fd = truth_accept((intptr_t)arg);
		while (read_all(it.fd, &it.q, sizeof(it.q)) == sizeof(it.q)) {
			it.got = mark_after();
			it.passed = mark_before();
			write_whole(work_pipe[1], &it, sizeof(it));
			count_tail(it.passed);
		}
		close(it.fd);
	}
	return NULL;
}

static void *serve(void *arg)
{
	for (int i = 0; i < truth.workers; i++)
		start_thread(worker, NULL);
	for (int i = 1; i < READERS; i++)
		start_thread(reader, arg);
	return reader(arg);
}

int main(int argc, char **argv)
{
	static const char *names[] = { "service.cpu", OFF_READY, "service.handoff", NULL, NULL };

	truth_init(argc, argv);
	if (truth.sleep_ns) {
		names[OFF] = "service.net+" OFF_READY;
		names[BLOCKED] = "service.net";
	}
	if (pipe(work_pipe))
		die("pipe");
	return truth_serve(serve, names);
}
