/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_NETNS_H
#define LVT_NETNS_H

#include <linux/types.h>
#include "base/err.h"

/* The inode number of this process's network namespace; 0 if it cannot be read. */
__u32 netns_self(void);

/*
 * Call fn in the network namespace `inum`, entered through a process that is in it (tgid, or any if
 * that one has gone), and come back. Returns what fn returns, or -ENOENT if the namespace has no
 * process any more: then its sockets are gone, too.
 */
int netns_call(__u32 inum, __u32 tgid, int (*fn)(void *), void *arg);

#endif
