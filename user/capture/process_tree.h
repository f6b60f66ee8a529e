/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_PROCESS_TREE_H
#define LVT_PROCESS_TREE_H

#include <sched.h>
#include <stddef.h>
#include <sys/types.h>

enum { TREE_MAX = 4096 };

/* All processes below one, without itself, as /proc has them now. Returns how many, at most max. */
size_t tree_below(pid_t root, pid_t *pids, size_t max);

/* CPU time that a process and all below it have used, those that have ended and were waited for too. */
double tree_cpu_s(pid_t root);

/*
 * CPU time of the kernel's threads for network work on some CPUs (NULL = all), which does not say for
 * whom it is.
 */
double softirqd_cpu_s(const cpu_set_t *cpus);

/* The TCP ports that the processes below one listen on, each once. Returns how many, at most max. */
size_t tree_ports(pid_t root, unsigned int *ports, size_t max);

#endif
