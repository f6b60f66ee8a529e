/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asks a service RATE times a second and tells how long its answers take. This is yours to edit.
 *
 *	meter --port P --rate R --seconds S
 *
 * It ends after S seconds, or at SIGTERM. Its last line is what it claims to have measured, in ns:
 *
 *	claim requests=N p50=NS p99=NS max=NS
 */
#include "service.h"

enum { SAMPLES = 1 << 20, SIZE = 64 };

static int port;
static double rate;
static uint64_t latencies[SAMPLES], n_latencies, counted_from;

/* What ends within the first half second, a warm-up, is not counted. May be called from several threads. */
static void record(uint64_t latency_ns)
{
	uint64_t i;

	if (now_ns() < counted_from)
		return;
	i = __atomic_fetch_add(&n_latencies, 1, __ATOMIC_RELAXED);
	if (i < SAMPLES)
		latencies[i] = latency_ns;
}

/* Asks once, and waits for the answer. */
static void ask(int fd)
{
	char request[PREFIX + SIZE] = { 0, 0, 0, SIZE };

	if (!write_all(fd, request, sizeof(request)) || read_answer(fd) < 0)
		die("no answer");
}

/* One of `rate` requests a second: the next is sent 1/rate after this one. */
static void *sender(void *unused)
{
	int fd = connect_to(port);

	for (;;) {
		uint64_t sent = now_ns();

		ask(fd);
		record(now_ns() - sent);
		sleep_until(sent + 1e9 / rate);
	}
	return unused;
}

/* ---- what follows can stay as it is */

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static unsigned long long quantile(uint64_t n, double q)
{
	return n ? latencies[(uint64_t)(q * (n - 1))] : 0;
}

static void claim(void)
{
	uint64_t n = __atomic_load_n(&n_latencies, __ATOMIC_RELAXED);

	n = n < SAMPLES ? n : SAMPLES;
	qsort(latencies, n, sizeof(latencies[0]), by_size);
	printf("claim requests=%llu p50=%llu p99=%llu max=%llu\n", (unsigned long long)n,
	       quantile(n, 0.5), quantile(n, 0.99), quantile(n, 1));
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct timespec whole = { .tv_sec = option_number(argc, argv, "--seconds", 4) };
	sigset_t end;

	port = option_number(argc, argv, "--port", 7000);
	rate = option_number(argc, argv, "--rate", 1000);
	counted_from = now_ns() + 500000000;
	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	sigaddset(&end, SIGINT);
	pthread_sigmask(SIG_BLOCK, &end, NULL);
	thread_start("sender", sender, NULL);
	sigtimedwait(&end, NULL, &whole);
	claim();
	_exit(0); /* the senders are still at it */
}
