// SPDX-License-Identifier: BSD-2-Clause
/*
 * A thread for each connection; the answer or the request comes in pieces.
 *   sends     the answer in --sends parts, --work US before each and then --sleep US asleep
 *   whole     the answer in one send, which needs no room in the client
 *   nagle     the answer in two small sends, without TCP_NODELAY
 *   push      no requests: --sends times --answer bytes, --sleep US before each; fact: pushed
 *   sendfile  a small head, then a file of --answer bytes less the head
 *   segments  the rest of the request is waited for in read()
 *   mux       the rest of the request is waited for in epoll_wait()
 *   slow      the client does not take the answer: the sends wait for its window
 */
#define _GNU_SOURCE
#include <sys/epoll.h>
#include <sys/sendfile.h>

#include "truth_waits.h"

#define HEAD 8
#define PIECE 32768

enum { CPU, OFF };

static int file;

/* Account for a request read at got whose last send began between lo and hi. */
static void account(const struct truth_request *q, struct mark got, struct mark lo, struct mark hi)
{
	uint64_t inside = clear_inside();

	truth_count(q, got.wall, lo.wall, hi.wall);
	truth_add_range(CPU, less(lo.cpu - got.cpu, inside), hi.cpu - got.cpu);
	truth_add_range(OFF, off_cpu(got, lo), off_cpu(got, hi) + inside);
}

static int answer_sends(int fd, const struct truth_request *q, struct mark got)
{
	size_t part = truth.answer / truth.sends;
	struct mark m = got;

	for (int i = 0; i < truth.sends; i++) {
		spin(truth.work_ns);
		if (truth.sleep_ns)
			wait_nap(0, truth.sleep_ns);
		m = mark_before();
		if (send_bytes(fd, i < truth.sends - 1 ? part : truth.answer - part * i))
			return -1;
	}
	account(q, got, m, m);
	return 0;
}

/* Which chunk of the file is the last is the kernel's affair: it is within the call. */
static int answer_sendfile(int fd, const struct truth_request *q, struct mark got)
{
	off_t at = 0;
	size_t n = truth.answer - HEAD;
	struct mark lo;

	spin(truth.work_ns);
	if (send_bytes(fd, HEAD))
		return -1;
	do {
		lo = mark_before();
		if (sendfile(fd, file, &at, n - at) <= 0)
			return -1;
	} while ((size_t)at < n);
	account(q, got, lo, mark_after());
	return 0;
}

/* A send that waits for the window may begin its last chunk after that wait. */
static int answer_slow(int fd, const struct truth_request *q, struct mark got)
{
	struct mark lo = got, hi = got;

	spin(truth.work_ns);
	for (size_t left = truth.answer, n; left; left -= n) {
		n = left < PIECE ? left : PIECE;
		lo = mark_before();
		if (send_bytes(fd, n))
			return -1;
		hi = mark_after();
		if (off_cpu(lo, hi) > 3000) /* it slept */
			inside_ns += hi.cpu - lo.cpu;
	}
	account(q, got, lo, hi);
	return 0;
}

static int answer(int fd, const struct truth_request *q, struct mark got)
{
	struct mark lo, hi;

	if (mode_is("sends") || mode_is("nagle"))
		return answer_sends(fd, q, got);
	if (mode_is("sendfile"))
		return answer_sendfile(fd, q, got);
	if (mode_is("slow"))
		return answer_slow(fd, q, got);
	spin(truth.work_ns);
	lo = hi = mark_before();
	if (send_answer(fd))
		return -1;
	if (mode_is("whole")) /* it may go in several chunks */
		hi = mark_after();
	account(q, got, lo, hi);
	return 0;
}

/* Read one request, whose first bytes came at *got. ep < 0: wait in read(). */
static bool read_pieces(int fd, int ep, struct truth_request *q, struct mark *got)
{
	struct epoll_event ev;
	uint64_t cpu = 0;
	size_t have = 0;
	ssize_t k;

	while (have < sizeof(*q)) {
		if (have)
			cpu = cpu_ns();
		if (ep >= 0 && epoll_wait(ep, &ev, 1, -1) != 1)
			return false;
		k = read(fd, (char *)q + have, sizeof(*q) - have);
		if (k <= 0)
			return false;
		if (!have)
			*got = mark_after();
		else
			inside_ns += cpu_ns() - cpu;
		have += k;
	}
	return true;
}

/* Until the client goes, or we have said all. */
static void push(int fd)
{
	for (int i = 0; i < truth.sends; i++) {
		nap(truth.sleep_ns);
		if (send_answer(fd))
			return;
		sum_add(&truth_sums->fact[0], 1);
	}
}

static void *serve_stream(void *arg)
{
	int fd = (intptr_t)arg, ep = -1, small = PIECE, large = 4 << 20, no = 0;
	struct epoll_event e = { .events = EPOLLIN, .data.fd = fd };
	struct truth_request q;
	struct mark got;

	if (mode_is("mux")) {
		ep = epoll_create1(0);
		epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
	}
	if (mode_is("slow"))
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	if (mode_is("whole"))
		setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &large, sizeof(large));
	if (mode_is("nagle"))
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no, sizeof(no));
	if (mode_is("push"))
		push(fd);
	exact_timers();
	while (read_pieces(fd, ep, &q, &got))
		if (answer(fd, &q, got))
			break;
	close(fd);
	if (ep >= 0)
		close(ep);
	return NULL;
}

static void *serve(void *arg)
{
	for (;;)
		start_thread(serve_stream, (void *)(intptr_t)truth_accept((intptr_t)arg));
	return NULL;
}

/* The file that sendfile sends: nameless, in memory. */
static int make_file(void)
{
	int fd = memfd_create("truth", 0);

	if (fd < 0 || write(fd, truth_answer, truth.answer) != (ssize_t)truth.answer)
		die("memfd_create");
	return fd;
}

int main(int argc, char **argv)
{
	static const char *names[] = { "service.cpu", OFF_READY, NULL };

	truth_init(argc, argv);
	file = make_file();
	if (mode_is("segments") || mode_is("mux") || mode_is("slow"))
		names[OFF] = OFF_CLIENT;
	if (truth.sleep_ns) {
		names[OFF] = OFF_SLEEP;
		truth_waits[0] =
			(struct truth_wait){ "service.sleep", .syscall = "clock_nanosleep" };
	}
	if (mode_is("push"))
		truth_facts[0] = "pushed";
	return truth_serve(serve, names);
}
