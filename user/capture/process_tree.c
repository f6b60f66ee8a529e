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

struct process {
	pid_t pid, parent;
	bool below;
};

struct times {
	pid_t parent;
	unsigned long children; /* ticks of children that were waited for */
};

static bool read_stat(const char *pid, struct times *t)
{
	unsigned long user, system;
	char path[64], line[1024], *at;
	bool good = false;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	in = fopen(path, "re");
	if (!in)
		return false;
	/* the name, in brackets, may hold anything */
	if (fgets(line, sizeof(line), in) && (at = strrchr(line, ')')))
		good = sscanf(at, ") %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %lu %lu",
			      &t->parent, &user, &system) == 3;
	fclose(in);
	t->children = good ? user + system : 0;
	return good;
}

static size_t read_all(struct process *all, size_t max)
{
	struct times t;
	struct dirent *d;
	DIR *proc = opendir("/proc");
	size_t n = 0;

	while (proc && n < max && (d = readdir(proc)))
		if (isdigit((unsigned char)d->d_name[0]) && read_stat(d->d_name, &t))
			all[n++] = (struct process){ .pid = atoi(d->d_name), .parent = t.parent };
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

size_t tree_below(pid_t root, pid_t *pids, size_t max)
{
	enum { ALL = 65536 };
	struct process *all = calloc(ALL, sizeof(*all));
	size_t n, found = 0;
	bool more = true;

	if (!all)
		return 0;
	n = read_all(all, ALL);
	while (more) {
		more = false;
		for (size_t i = 0; i < n && found < max; i++) {
			if (all[i].below || !is_below(all, n, root, all[i].parent))
				continue;
			all[i].below = more = true;
			pids[found++] = all[i].pid;
		}
	}
	free(all);
	return found;
}

static double cpu_s(pid_t pid)
{
	struct times t = {};
	struct timespec used = {};
	clockid_t clock;
	char name[16];

	snprintf(name, sizeof(name), "%d", pid);
	read_stat(name, &t);
	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &used))
		used = (struct timespec){};
	return used.tv_sec + used.tv_nsec / 1e9 + (double)t.children / sysconf(_SC_CLK_TCK);
}

double tree_cpu_s(pid_t root)
{
	pid_t *pids = malloc(TREE_MAX * sizeof(*pids));
	size_t n = pids ? tree_below(root, pids, TREE_MAX) : 0;
	double sum = cpu_s(root);

	for (size_t i = 0; i < n; i++)
		sum += cpu_s(pids[i]);
	free(pids);
	return sum;
}

double softirqd_cpu_s(const cpu_set_t *cpus)
{
	char path[64], name[32];
	DIR *proc = opendir("/proc");
	struct dirent *d;
	double sum = 0;
	int cpu;

	while (proc && (d = readdir(proc))) {
		FILE *in;

		if (!isdigit((unsigned char)d->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%.20s/comm", d->d_name);
		in = fopen(path, "re");
		if (!in)
			continue;
		if (fgets(name, sizeof(name), in) && sscanf(name, "ksoftirqd/%d", &cpu) == 1 &&
		    cpu >= 0 && cpu < CPU_SETSIZE && (!cpus || CPU_ISSET(cpu, cpus)))
			sum += cpu_s(atoi(d->d_name));
		fclose(in);
	}
	if (proc)
		closedir(proc);
	return sum;
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
