/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_NOISE_H
#define LVT_NOISE_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include "capture/process_tree.h"
#include "model/trial.h"

/*
 * What others took of some CPUs between two moments: steal, of the hypervisor, and foreign time, of
 * processes that are not part of the run. Foreign time is taken in two ways, of which the smaller
 * counts:
 *
 * - what the CPUs were busy (all time but idle, waiting for a disk and stolen), less the CPU time of
 *   the run's own processes. It is of these CPUs alone, but has what no process does, too: going idle
 *   and waking up cost 4 % of a CPU at 100,000 requests a second. Idle time is in ticks (10 ms), of
 *   which one a CPU is taken off. Interrupts count as busy only where they are in the processes' time,
 *   too (no CONFIG_IRQ_TIME_ACCOUNTING).
 * - the CPU time of all other processes but the kernel's threads, which write the run's data, too, on
 *   whatever CPU. Of those that came and went between, it has what their parents were told.
 */
struct noise {
	double at;    /* s */
	double spare; /* idle, waiting for a disk, stolen, and interrupts: s of all the CPUs */
	double steal;
	int cpus;
	struct process_time *processes; /* owned */
	size_t n;
};

/*
 * The state now; noise_free() it. cpus: NULL = all. root: it and all below it belong to the run. Returns
 * false if /proc cannot be read.
 */
bool noise_read(struct noise *n, const cpu_set_t *cpus, pid_t root);

/* Between two states; NAN if either is not known. */
struct trial_noise noise_between(const struct noise *from, const struct noise *to);

void noise_free(struct noise *n);

#endif
