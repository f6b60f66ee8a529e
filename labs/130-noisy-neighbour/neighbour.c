/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The noisy neighbour: a batch job, such as a build or a video encoder. Its --threads take all the CPU time
 * that they get, and count the units of work (1 ms of CPU each) that they have done. It has a right to
 * that: at its end it says how many they were a second, and the lab holds you to it.
 */
#include "service.h"
#include <sys/resource.h>

enum { UNIT_US = 1000 };

static uint64_t units;

static void *toil(void *arg)
{
	for (;;) {
		work_us(UNIT_US);
		__atomic_add_fetch(&units, 1, __ATOMIC_RELAXED);
	}
	return arg;
}

/* For the threads that are started after this. */
static void be_scheduled_as(const char *policy, int nice)
{
	static const struct sched_param none;
	int number = SCHED_OTHER;

	if (!strcmp(policy, "batch"))
		number = SCHED_BATCH;
	if (!strcmp(policy, "idle"))
		number = SCHED_IDLE;
	if (sched_setscheduler(0, number, &none) || setpriority(PRIO_PROCESS, 0, nice))
		die("scheduling policy");
}

int main(int argc, char **argv)
{
	int threads = option_number(argc, argv, "--threads", 4), end;
	uint64_t start = now_ns();
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	be_scheduled_as(option(argc, argv, "--policy", "other"),
			option_number(argc, argv, "--nice", 0));
	for (int i = 0; i < threads; i++)
		thread_start("noisy", toil, NULL);
	sigwait(&ends, &end);
	printf("claim work=%.1f\n", units * 1e9 / (now_ns() - start));
	fflush(stdout);
	_exit(0);
}
