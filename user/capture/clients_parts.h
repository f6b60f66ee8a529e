/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of clients.h share. */
#ifndef LVT_CLIENTS_PARTS_H
#define LVT_CLIENTS_PARTS_H

#include <unistd.h>
#include "capture/clients.h"

/* A message has no more descriptors than SCM_MAX_FD, which is 253. */
enum { FDS_A_MESSAGE = 253, MAX_KEPT = 64 };

struct sender {
	pid_t pid;
	int file;   /* its last message's, not yet looked into; -1 = none */
	bool final; /* that was its last message */
	bool known; /* view is there */
	struct run_client view;
	bool begun; /* base is there: views are what came since */
	struct run_client base;
};

struct clients {
	int own, pass; /* -1 = closed */
	char environment[32];
	struct sender senders[RUN_MAX_CLIENTS];
	size_t n;
	/*
	 * Files that are no memfd stay open until the end: to close one can take as long as its owner likes
	 * (a socket that lingers, a file system of his). Once there are MAX_KEPT, nothing is taken any more.
	 */
	int kept[MAX_KEPT + FDS_A_MESSAGE];
	size_t n_kept;
	__u64 taken, refused;
	char why[256];
};

static inline void clients_close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Count a message that is not taken; of the first one it is told why. */
__attribute__((format(printf, 3, 4))) void clients_refuse(struct clients *c, pid_t pid,
							  const char *fmt, ...);

#endif
