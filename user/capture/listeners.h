/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LISTENERS_H
#define LVT_LISTENERS_H

#include <stddef.h>
#include <sys/types.h>

enum { MAX_LISTENERS = 256 };

struct listener {
	unsigned int port;
	unsigned long inode; /* of its socket */
	unsigned int pid;    /* a process that holds it; 0 = cannot be seen */
	char comm[32];
};

/* What listens on TCP in this network namespace, by port, one entry each. Returns how many. */
size_t listeners_read(struct listener l[MAX_LISTENERS]);

/*
 * Add the ports that a process listens on, in whatever network namespace it is, to the n that there
 * are, each once. Returns how many there are then, at most max.
 */
size_t listeners_of(pid_t process, unsigned int *ports, size_t n, size_t max);

/*
 * What listens on TCP in this network namespace, for a message: "6379 redis-server, 80 nginx", or
 * "nothing". Cut with "..." if it does not fit.
 */
void listeners_describe(char *buf, size_t size);

#endif
