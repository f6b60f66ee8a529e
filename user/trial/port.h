/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_TRIAL_PORT_H
#define LVT_TRIAL_PORT_H

#include <linux/types.h>
#include <sys/types.h>
#include "base/err.h"

/* 0, or -EADDRINUSE with *e filled: something listens there already. Port 0: 0. */
int port_is_free(__u32 port, struct err *e);

/*
 * Does an arm listen? 1: yes, on *port; 0: not yet; -errno with *e filled: on several ports, and none
 * was named. A port that is named counts also if it is somebody else's, in this network namespace: it
 * was free before.
 */
int port_find(pid_t keeper, __u32 named, __u32 *port, struct err *e);

#endif
