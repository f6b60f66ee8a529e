/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_SYSCALLS_H
#define LVT_SYSCALLS_H

#include <stddef.h>

/*
 * The kernel's name of a syscall of this architecture ("recvfrom"), "page fault" for -1, "stopped" for
 * LVT_SYSNO_STOPPED, "syscall 999" for one that the headers at build time did not know. Returns buf.
 */
const char *syscall_name(char *buf, size_t size, int number);

#endif
