/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_PROCESS_TREE_H
#define LVT_PROCESS_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { TREE_MAX = 4096 };

/* All processes below one, without itself, as /proc has them now. Returns how many, at most max. */
size_t tree_below(pid_t root, pid_t *pids, size_t max);

/* CPU time that a process has used so far, s. */
struct process_time {
	pid_t pid;
	bool below;	 /* the one that was asked for, or below it */
	double own;	 /* all its threads, to the nanosecond */
	double children; /* of those that have ended and were waited for: in ticks */
};

/*
 * All processes, by pid. Threads of the kernel count as below: they work for network and disk, and do
 * not say for whom. *all is the caller's to free, NULL without memory. Returns how many there are.
 */
size_t tree_times(pid_t root, struct process_time **all);

/* The TCP ports that the processes below one listen on, each once. Returns how many, at most max. */
size_t tree_ports(pid_t root, unsigned int *ports, size_t max);

#endif
