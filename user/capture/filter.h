/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_FILTER_H
#define LVT_FILTER_H

#include <stddef.h>
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

/* The rows that fill them, in the table of a command whose `config` has them as `member`. */
#define FILTER_OPTION_ROWS(config, member)                                            \
	FILTER_ROW("port", 'p', OPT_PORTS, "PORT[,PORT]", 0, config, member.ports,    \
		   "services on these ports"),                                        \
		FILTER_ROW("pid", 0, OPT_U32, "PID", 4194304, config, member.pid,     \
			   "services on which process PID listens"),                  \
		FILTER_ROW("comm", 0, OPT_STRING, "NAME", 0, config, member.comm,     \
			   "services on which a process called NAME listens"),        \
		FILTER_ROW("cgroup", 0, OPT_STRING, "PATH", 0, config, member.cgroup, \
			   "services on which a process in this cgroup, or below it, listens")

#define FILTER_ROW(name_, letter_, type_, arg_, max_, config, member, help_)            \
	{                                                                               \
		.name = name_, .letter = letter_, .type = type_, .arg = arg_, .min = 1, \
		.max = max_, .offset = offsetof(config, member), .help = help_          \
	}

/*
 * Resolve the options. Fails (EXIT_USAGE) if there is no such process or cgroup, or a name is longer
 * than the kernel keeps.
 */
int filter_resolve(struct filter *f, const struct filter_options *o, struct err *e);

#endif
