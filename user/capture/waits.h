/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_WAITS_H
#define LVT_WAITS_H

#include <linux/types.h>
#include <stddef.h>

/* What each syscall waits for, by its number on this architecture: the table cfg_wait of the programs. */
void waits_fill(__u8 *table, size_t n);

#endif
