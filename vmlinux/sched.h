/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* include/linux/sched.h, arch/x86/include/asm/ptrace.h and its siblings */
#ifndef VMLINUX_SCHED_H
#define VMLINUX_SCHED_H

#include "types.h"

typedef int pid_t;
struct css_set;

KERNEL_TYPES

struct sched_info { /* CONFIG_SCHED_INFO */
	unsigned long long last_arrival;
};

struct task_struct {
	unsigned int __state; /* `state` before 5.14, below our floor */
	unsigned int flags;
	int on_cpu;
	unsigned in_iowait:1;
	pid_t pid;
	pid_t tgid;
	struct task_struct *group_leader;
	char comm[16];
	struct css_set *cgroups;
	struct sched_info sched_info;
};

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long si;
	unsigned long di;
	unsigned long orig_ax;
};
#elif defined(__TARGET_ARCH_arm64)
struct user_pt_regs {
	__u64 regs[31];
};
struct pt_regs {
	u64 regs[31];
	u64 orig_x0;
	s32 syscallno;
};
#elif defined(__TARGET_ARCH_riscv)
struct pt_regs {
	unsigned long a1;
	unsigned long a7;
	unsigned long orig_a0;
};
#else
#error "no register layout for this architecture: see bpf/arch.bpf.h"
#endif

KERNEL_TYPES_END

/* include/linux/sched.h */
#define TASK_STOPPED 0x0004 /* by a signal */
#define TASK_TRACED 0x0008  /* by a tracer (ptrace) */
#define TASK_DEAD 0x0080
#define PF_IO_WORKER 0x00000010
#define PF_USER_WORKER 0x00004000 /* 6.4+: vhost and io_uring threads */
#define PF_KTHREAD 0x00200000

#endif
