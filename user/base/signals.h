/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_SIGNALS_H
#define LVT_SIGNALS_H

#include "base/err.h"

/*
 * SIGINT, SIGTERM and SIGHUP, and one more (SIGCHLD, SIGWINCH; 0 = none), to be read from a descriptor
 * (signalfd, non-blocking) instead of interrupting. Returns it, or -errno with *e filled.
 */
int signals_open(int more, struct err *e);

#endif
