/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include "capture/netns.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

__u32 netns_self(void)
{
	struct stat st;

	return stat("/proc/self/ns/net", &st) ? 0 : st.st_ino;
}

/* The namespace of a process, if it is the one wanted. Returns a descriptor or -1. */
static int open_of(const char *pid, __u32 inum)
{
	char path[64];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/ns/net", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) || st.st_ino != inum) {
		close(fd);
		return -1;
	}
	return fd;
}

static int open_any(__u32 inum)
{
	struct dirent *d;
	DIR *proc = opendir("/proc");
	int fd = -1;

	if (!proc)
		return -1;
	while (fd < 0 && (d = readdir(proc)))
		if (isdigit((unsigned char)d->d_name[0]))
			fd = open_of(d->d_name, inum);
	closedir(proc);
	return fd;
}

int netns_call(__u32 inum, __u32 tgid, int (*fn)(void *), void *arg)
{
	char pid[16];
	int there, back, err;

	if (inum == netns_self())
		return fn(arg);
	snprintf(pid, sizeof(pid), "%u", tgid);
	there = open_of(pid, inum);
	if (there < 0)
		there = open_any(inum);
	if (there < 0)
		return -ENOENT;
	back = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (back < 0 || setns(there, CLONE_NEWNET)) {
		err = -errno;
		goto out;
	}
	err = fn(arg);
	/* nothing else may run in a foreign namespace */
	if (setns(back, CLONE_NEWNET))
		abort();
out:
	if (back >= 0)
		close(back);
	close(there);
	return err;
}
