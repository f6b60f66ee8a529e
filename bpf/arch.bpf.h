/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What differs between architectures: where a task's registers keep its syscall and arguments. */
#ifndef LVT_ARCH_BPF_H
#define LVT_ARCH_BPF_H

#include "sched.h"

#if defined(__TARGET_ARCH_x86)
#define regs_syscall(regs) ((s32)(regs)->orig_ax) /* -1: an exception or interrupt, no syscall */
#define regs_arg0(regs) ((u64)(regs)->di)
#define regs_arg1(regs) ((u64)(regs)->si)
#elif defined(__TARGET_ARCH_arm64)
#define regs_syscall(regs) ((regs)->syscallno)
#define regs_arg0(regs) ((regs)->orig_x0)
#define regs_arg1(regs) ((regs)->regs[1])
#elif defined(__TARGET_ARCH_riscv)
#define regs_syscall(regs) ((s32)(regs)->a7)
#define regs_arg0(regs) ((u64)(regs)->orig_a0)
#define regs_arg1(regs) ((u64)(regs)->a1)
#endif

#endif
