/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include "base/cpus.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

bool cpus_parse(cpu_set_t *set, const char *list)
{
	unsigned long from, to;
	char *end;

	CPU_ZERO(set);
	for (;;) {
		if (*list < '0' || *list > '9')
			return false;
		from = to = strtoul(list, &end, 10);
		if (*end == '-') {
			if (end[1] < '0' || end[1] > '9')
				return false;
			to = strtoul(end + 1, &end, 10);
		}
		if (from > to || to >= CPU_SETSIZE)
			return false;
		for (; from <= to; from++)
			CPU_SET(from, set);
		if (!*end)
			return true;
		if (*end != ',')
			return false;
		list = end + 1;
	}
}

/* Those that share a core with this one, itself included. */
static void siblings(int cpu, cpu_set_t *set)
{
	char path[96], line[256];
	FILE *in;

	CPU_ZERO(set);
	CPU_SET(cpu, set);
	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list",
		 cpu);
	in = fopen(path, "re");
	if (!in)
		return;
	if (fscanf(in, "%255s", line) == 1 && !cpus_parse(set, line))
		CPU_SET(cpu, set);
	fclose(in);
}

/* What this process was given, before cpus_stay_off() changed it. */
static const cpu_set_t *given(void)
{
	static cpu_set_t set;
	static bool known;

	if (!known && sched_getaffinity(0, sizeof(set), &set))
		CPU_ZERO(&set);
	known = true;
	return &set;
}

int cpus_given(void)
{
	return CPU_COUNT(given());
}

void cpus_take_back(void)
{
	if (cpus_given())
		sched_setaffinity(0, sizeof(*given()), given());
}

bool cpus_choose(char *service, char *load, size_t size)
{
	const cpu_set_t *may = given();
	int high = -1, low = -1, any = -1;
	cpu_set_t core;

	*service = *load = '\0';
	if (CPU_COUNT(may) < 2)
		return false;
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, may))
			high = i;
	siblings(high, &core);
	for (int i = high - 1; i >= 0; i--) {
		if (!CPU_ISSET(i, may))
			continue;
		any = i;
		if (!CPU_ISSET(i, &core))
			low = i;
	}
	snprintf(service, size, "%d", high);
	snprintf(load, size, "%d", low >= 0 ? low : any);
	return true;
}

bool cpus_allowed(const cpu_set_t *set)
{
	cpu_set_t both;

	CPU_AND(&both, set, given());
	return CPU_EQUAL(&both, set);
}

void cpus_stay_off(const cpu_set_t *service, const cpu_set_t *load)
{
	cpu_set_t rest = *given();

	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, service) || CPU_ISSET(i, load))
			CPU_CLR(i, &rest);
	if (!CPU_COUNT(&rest))
		for (int i = 0; i < CPU_SETSIZE; i++)
			if (CPU_ISSET(i, load) && !CPU_ISSET(i, service))
				CPU_SET(i, &rest);
	if (CPU_COUNT(&rest))
		sched_setaffinity(0, sizeof(rest), &rest);
}
