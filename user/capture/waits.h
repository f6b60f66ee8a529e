/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_WAITS_H
#define LVT_WAITS_H

#include <linux/types.h>
#include <stddef.h>

/*
 * The programs' tables of syscalls, by their number on this architecture, n entries each: what a
 * syscall waits for (cfg_wait), whom it may wake (cfg_wakes), and where it puts what it reads
 * (cfg_buffer).
 */
void waits_fill(__u8 *wait, __u8 *wakes, __u8 *buffer, size_t n);

#endif
