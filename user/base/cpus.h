/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_CPUS_H
#define LVT_CPUS_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>

/* Which CPUs the parts of a trial run on. */

/* "0,2-3" into a set. Returns false if that is no list, or has none. */
bool cpus_parse(cpu_set_t *set, const char *list);

/*
 * One CPU for the service and another for its load, of those that this process may use, as lists: the
 * highest, and the lowest that is not the same core's, if there is one. Returns false, with both "", if
 * there is but one CPU.
 */
bool cpus_choose(char *service, char *load, size_t size);

/* Whether this process may use all CPUs of a set. */
bool cpus_allowed(const cpu_set_t *set);

/* How many this process was given, whatever cpus_stay_off() has made of it since. */
int cpus_given(void);

/* Give it all of these back. */
void cpus_take_back(void);

/* Keep this process off the service's CPUs, and off the load's if there are others. */
void cpus_stay_off(const cpu_set_t *service, const cpu_set_t *load);

#endif
