/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_SCAN_H
#define LVT_SCAN_H

#include "capture/loader.h"

/* The iterators of bpf/scan.bpf.c, which look at what is in the kernel already. */
struct bpf_link;

/* Run one to its end over `what` (for the message); its program does all the work. */
int scan_run(struct bpf_link *link, const char *what, struct err *e);

/*
 * Run the iterator over connections in each network namespace that has a service. One that has gone, or
 * that may not be entered (without CAP_SYS_ADMIN), is passed over.
 */
int scan_connections(struct tracer *t, struct bpf_link *link, struct err *e);

#endif
