/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_CONFINE_H
#define LVT_CONFINE_H

#include <stdbool.h>

#include "base/err.h"

/*
 * Give up for good what a process that answers requests does not need once its trace is attached:
 *
 * - root: it becomes the user nobody (65534), without groups; with other accounts nothing changes;
 * - capabilities: all but CAP_BPF, for the histograms of services that appear later, and, where
 *   RLIMIT_NICE cannot be raised instead, CAP_SYS_NICE. `enter`: also CAP_SYS_ADMIN and CAP_SYS_PTRACE, to
 *   look through the connections of services in other network namespaces;
 * - new privileges by exec;
 * - system calls (seccomp): what is left can read files, answer on the sockets that there are, and use
 *   bpf(); it cannot open a file for writing, connect, start a program or look into another one.
 *
 * Returns 0, or -errno with *e filled.
 */
int confine(bool enter, struct err *e);

#endif
