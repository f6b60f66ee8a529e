/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_FILTER_H
#define LVT_FILTER_H

#include "abi.h"
#include "base/err.h"
#include "base/options.h"

/* Which services to trace; several conditions narrow each other, none means all. */
struct filter {
	__u16 ports[LVT_MAX_PORTS];
	size_t n_ports;
	__u32 pid;		 /* a process that listens; 0 = any */
	char comm[LVT_COMM_LEN]; /* name of a process that listens; "" = any */
	__u64 cgroup;		 /* id of the cgroup of a process that listens; 0 = any */
	int cgroup_subsys;	 /* version 1: index of the controller; -1 = version 2 */
	char text[256];		 /* as the user gave it, "" = all services */
};

/* What the command line says. */
struct filter_options {
	struct port_list ports;
	__u32 pid;
	const char *comm;
	const char *cgroup; /* a directory */
};

/*
 * Resolve the options. Fails (EXIT_USAGE) if there is no such process or cgroup, or a name is longer
 * than the kernel keeps.
 */
int filter_resolve(struct filter *f, const struct filter_options *o, struct err *e);

#endif
