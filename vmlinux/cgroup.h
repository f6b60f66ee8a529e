/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* include/linux/cgroup-defs.h, include/linux/kernfs.h */
#ifndef VMLINUX_CGROUP_H
#define VMLINUX_CGROUP_H

#include "types.h"

KERNEL_TYPES

struct kernfs_node {
	u64 id; /* the inode number of the directory */
};

struct cgroup;

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};

struct cgroup {
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
};

struct css_set {
	struct cgroup_subsys_state *subsys[1]; /* really CGROUP_SUBSYS_COUNT */
	struct cgroup *dfl_cgrp;
};

KERNEL_TYPES_END

#endif
