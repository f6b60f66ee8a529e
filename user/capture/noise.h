/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_NOISE_H
#define LVT_NOISE_H

#include <sched.h>
#include <stdbool.h>
#include "model/trial.h"

/*
 * What others took of some CPUs between two moments: steal, of the hypervisor, and foreign time, of
 * processes that are not part of the run. Foreign is what the CPUs were busy (all time but idle, waiting
 * for a disk and stolen) less the CPU time of the processes that belong to the run. Idle time is exact
 * to a tick of /proc/stat (10 ms; one a CPU is taken off), on kernels that stop the timer on an idle
 * CPU. Interrupts count as
 * busy only where they are in the processes' time, too (no CONFIG_IRQ_TIME_ACCOUNTING).
 */
struct noise {
	double at, own; /* s */
	double spare;	/* idle, waiting for a disk, stolen, and interrupts: s of all the CPUs */
	double steal;
	int cpus;
};

/*
 * The state now. cpus: NULL = all. own_s: CPU time of all that belongs to the run. Returns false if
 * /proc/stat cannot be read.
 */
bool noise_read(struct noise *n, const cpu_set_t *cpus, double own_s);

/* Between two states; NAN if either is not known. */
struct trial_noise noise_between(const struct noise *from, const struct noise *to);

#endif
