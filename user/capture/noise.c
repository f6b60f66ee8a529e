/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include "capture/noise.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

/*
 * With CONFIG_IRQ_TIME_ACCOUNTING the time of interrupts is not in that of processes. Where the kernel's
 * configuration cannot be read it is taken for set, as distributions do: then the foreign time is
 * rather too small.
 */
static bool irq_time_apart(void)
{
	static int known = -1;
	struct utsname u;
	char path[128], line[256];
	gzFile in;

	if (known >= 0)
		return known;
	known = 1;
	in = gzopen("/proc/config.gz", "re");
	if (!in && !uname(&u)) {
		snprintf(path, sizeof(path), "/boot/config-%.90s", u.release);
		in = gzopen(path, "re");
	}
	if (!in)
		return known;
	for (known = 0; gzgets(in, line, sizeof(line));)
		known |= !strncmp(line, "CONFIG_IRQ_TIME_ACCOUNTING=y", 28);
	gzclose(in);
	return known;
}

bool noise_read(struct noise *n, const cpu_set_t *cpus, pid_t root)
{
	unsigned long long user, nice, system, idle, iowait, irq, softirq, steal, spare = 0;
	unsigned long long stolen = 0;
	FILE *in = fopen("/proc/stat", "re");
	struct timespec t;
	char line[512];
	int cpu;

	*n = (struct noise){};
	if (!in)
		return false;
	n->n = tree_times(root, &n->processes);
	clock_gettime(CLOCK_MONOTONIC, &t);
	n->at = t.tv_sec + t.tv_nsec / 1e9;
	while (fgets(line, sizeof(line), in)) {
		if (strncmp(line, "cpu", 3) || line[3] == ' ')
			continue; /* the sum of all */
		if (sscanf(line, "cpu%d %llu %llu %llu %llu %llu %llu %llu %llu", &cpu, &user,
			   &nice, &system, &idle, &iowait, &irq, &softirq, &steal) != 9)
			continue;
		if (cpus && (cpu >= CPU_SETSIZE || !CPU_ISSET(cpu, cpus)))
			continue;
		spare += idle + iowait + steal;
		if (irq_time_apart())
			spare += irq + softirq;
		stolen += steal;
		n->cpus++;
	}
	fclose(in);
	n->spare = (double)spare / sysconf(_SC_CLK_TCK);
	n->steal = (double)stolen / sysconf(_SC_CLK_TCK);
	return n->cpus > 0 && n->n;
}

/* CPU time between, of the run's own processes or of the others. */
static double processes_s(const struct noise *from, const struct noise *to, bool own)
{
	double sum = 0, reaped = 0;
	size_t i = 0, k = 0;

	while (i < from->n || k < to->n) {
		const struct process_time *a = i < from->n ? &from->processes[i] : NULL;
		const struct process_time *b = k < to->n ? &to->processes[k] : NULL;
		bool gone = a && (!b || a->pid < b->pid), new = b && (!a || b->pid < a->pid);

		i += !new;
		k += !gone;
		if (gone) {
			/* all of it is in what its parent was told, if that was told */
			reaped -= a->below == own ? a->own + a->children : 0;
			continue;
		}
		if (b->below != own)
			continue;
		sum += fmax(b->own - (new ? 0 : a->own), 0);
		reaped += fmax(b->children - (new ? 0 : a->children), 0);
	}
	return sum + fmax(reaped, 0);
}

struct trial_noise noise_between(const struct noise *from, const struct noise *to)
{
	double wall = to->at - from->at, busy, others;

	if (!(wall > 0) || !to->cpus || from->cpus != to->cpus || !from->n || !to->n)
		return (struct trial_noise){ NAN, NAN };
	busy = wall * to->cpus - (to->spare - from->spare) - processes_s(from, to, true);
	/* less what the ticks can be off */
	busy -= (double)to->cpus / sysconf(_SC_CLK_TCK);
	others = processes_s(from, to, false);
	return (struct trial_noise){ .foreign = fmax(fmin(busy, others) / wall, 0),
				     .steal = (to->steal - from->steal) / wall };
}

void noise_free(struct noise *n)
{
	free(n->processes);
	n->processes = NULL;
	n->n = 0;
}
