/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* kernel/bpf/task_iter.c, net/ipv4/tcp_ipv4.c, kernel/bpf/bpf_iter.c: contexts of the iterators */
#ifndef VMLINUX_ITER_H
#define VMLINUX_ITER_H

#include "types.h"

struct task_struct;
struct sock_common;

KERNEL_TYPES

struct seq_file {
	unsigned long count;
};

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct file {
	unsigned int f_flags;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	u32 fd;
	struct file *file;
};

struct bpf_iter__tcp {
	struct bpf_iter_meta *meta;
	struct sock_common *sk_common;
};

struct bpf_iter__bpf_sk_storage_map {
	struct bpf_iter_meta *meta;
	struct sock *sk;
	void *value;
};

KERNEL_TYPES_END

#endif
