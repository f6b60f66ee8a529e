/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_CPU_CLOCK_H
#define LVT_CPU_CLOCK_H

#include <linux/types.h>

/* Open an event of this CPU's clock that fires every period_ns. A descriptor, or -errno. */
int cpu_clock_open(__u64 period_ns);

#endif
