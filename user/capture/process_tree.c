/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture/process_tree.h"
#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "capture/listeners.h"

enum { ALL = 65536, KERNEL_THREAD = 0x00200000 /* PF_KTHREAD */ };

struct process {
	pid_t pid, parent;
	unsigned long children; /* ticks of children that were waited for */
	bool below, kernel;
};

static bool read_stat(const char *pid, struct process *p)
{
	unsigned long user, system;
	unsigned int flags;
	char path[64], line[1024], *at;
	bool good = false;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	in = fopen(path, "re");
	if (!in)
		return false;
	/* the name, in brackets, may hold anything */
	if (fgets(line, sizeof(line), in) && (at = strrchr(line, ')')))
		good = sscanf(at, ") %*c %d %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %lu %lu",
			      &p->parent, &flags, &user, &system) == 4;
	fclose(in);
	if (!good)
		return false;
	p->pid = atoi(pid);
	p->children = user + system;
	p->kernel = flags & KERNEL_THREAD;
	return true;
}

static size_t read_all(struct process *all, size_t max)
{
	DIR *proc = opendir("/proc");
	struct dirent *d;
	size_t n = 0;

	while (proc && n < max && (d = readdir(proc)))
		n += isdigit((unsigned char)d->d_name[0]) && read_stat(d->d_name, &all[n]);
	if (proc)
		closedir(proc);
	return n;
}

static bool is_below(const struct process *all, size_t n, pid_t root, pid_t parent)
{
	if (parent == root)
		return true;
	for (size_t i = 0; i < n; i++)
		if (all[i].pid == parent)
			return all[i].below;
	return false;
}

static void mark_below(struct process *all, size_t n, pid_t root)
{
	bool more = true;

	while (more) {
		more = false;
		for (size_t i = 0; i < n; i++)
			if (!all[i].below && is_below(all, n, root, all[i].parent))
				all[i].below = more = true;
	}
}

size_t tree_below(pid_t root, pid_t *pids, size_t max)
{
	struct process *all = calloc(ALL, sizeof(*all));
	size_t n = all ? read_all(all, ALL) : 0, found = 0;

	if (all)
		mark_below(all, n, root);
	for (size_t i = 0; i < n && found < max; i++)
		if (all[i].below)
			pids[found++] = all[i].pid;
	free(all);
	return found;
}

static double own_s(pid_t pid)
{
	struct timespec used;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &used))
		return 0; /* it has gone meanwhile */
	return used.tv_sec + used.tv_nsec / 1e9;
}

static int by_pid(const void *a, const void *b)
{
	const struct process_time *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

size_t tree_times(pid_t root, struct process_time **out)
{
	struct process *all = calloc(ALL, sizeof(*all));
	double tick = 1.0 / sysconf(_SC_CLK_TCK);
	size_t n = all ? read_all(all, ALL) : 0;

	*out = all ? calloc(n ?: 1, sizeof(**out)) : NULL;
	if (*out)
		mark_below(all, n, root);
	for (size_t i = 0; *out && i < n; i++)
		(*out)[i] = (struct process_time){
			.pid = all[i].pid,
			.below = all[i].below || all[i].pid == root || all[i].kernel,
			.own = own_s(all[i].pid),
			.children = all[i].children * tick,
		};
	if (*out)
		qsort(*out, n, sizeof(**out), by_pid);
	free(all);
	return *out ? n : 0;
}

size_t tree_ports(pid_t root, unsigned int *ports, size_t max)
{
	pid_t *pids = malloc(TREE_MAX * sizeof(*pids));
	size_t n = pids ? tree_below(root, pids, TREE_MAX) : 0, found = 0;

	for (size_t i = 0; i < n; i++)
		found = listeners_of(pids[i], ports, found, max);
	free(pids);
	return found;
}
