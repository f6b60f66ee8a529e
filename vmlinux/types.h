/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Kernel types that the BPF programs use, written by hand and split by subsystem: only the members
 * that are read, relocated at load time (CO-RE), so that one object fits every kernel from 6.1 on.
 *
 * To see where a member comes from on a given kernel:
 *   bpftool btf dump file /sys/kernel/btf/vmlinux format c | less +/'struct NAME {'
 */
#ifndef VMLINUX_TYPES_H
#define VMLINUX_TYPES_H

#include <linux/bpf.h>
#include <linux/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
typedef __s64 s64;
typedef _Bool bool;
enum { false = 0, true = 1 };

#define KERNEL_TYPES \
	_Pragma("clang attribute push(__attribute__((preserve_access_index)), apply_to = record)")
#define KERNEL_TYPES_END _Pragma("clang attribute pop")

#endif
