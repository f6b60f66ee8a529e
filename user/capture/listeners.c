/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture/listeners.h"
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TCP_STATE_LISTEN = 10 };

static size_t read_table(const char *path, struct listener *l, size_t n)
{
	unsigned int port, state;
	unsigned long inode;
	char line[512];
	FILE *in = fopen(path, "re");
	size_t i;

	if (!in)
		return n;
	while (n < MAX_LISTENERS && fgets(line, sizeof(line), in)) {
		if (sscanf(line, " %*d: %*[0-9A-Fa-f]:%x %*s %x %*s %*s %*s %*u %*u %lu", &port,
			   &state, &inode) != 3 ||
		    state != TCP_STATE_LISTEN)
			continue;
		for (i = 0; i < n && l[i].port != port; i++)
			;
		if (i < n)
			continue;
		l[n++] = (struct listener){ .port = port, .inode = inode };
	}
	fclose(in);
	return n;
}

static void read_comm(const char *pid, char *comm, size_t size)
{
	char path[300];
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	in = fopen(path, "re");
	if (!in)
		return;
	if (fgets(comm, size, in))
		comm[strcspn(comm, "\n")] = 0;
	fclose(in);
}

/* Which of the listeners does a process hold? */
static void name_by(const char *pid, struct listener *l, size_t n)
{
	char path[600], target[64];
	unsigned long inode;
	struct dirent *d;
	ssize_t len;
	size_t i;
	DIR *fds;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	fds = opendir(path);
	if (!fds)
		return;
	while ((d = readdir(fds))) {
		snprintf(path, sizeof(path), "/proc/%s/fd/%s", pid, d->d_name);
		len = readlink(path, target, sizeof(target) - 1);
		if (len < 0)
			continue;
		target[len] = 0;
		if (sscanf(target, "socket:[%lu]", &inode) != 1)
			continue;
		for (i = 0; i < n; i++)
			if (l[i].inode == inode && !*l[i].comm) {
				read_comm(pid, l[i].comm, sizeof(l[i].comm));
				l[i].pid = strtoul(pid, NULL, 10);
			}
	}
	closedir(fds);
}

static int by_port(const void *a, const void *b)
{
	const struct listener *x = a, *y = b;

	return (int)x->port - (int)y->port;
}

size_t listeners_read(struct listener l[MAX_LISTENERS])
{
	struct dirent *d;
	size_t n = 0;
	DIR *proc;

	n = read_table("/proc/net/tcp", l, n);
	n = read_table("/proc/net/tcp6", l, n);
	proc = opendir("/proc");
	while (n && proc && (d = readdir(proc)))
		if (isdigit((unsigned char)d->d_name[0]))
			name_by(d->d_name, l, n);
	if (proc)
		closedir(proc);
	qsort(l, n, sizeof(*l), by_port);
	return n;
}

size_t listeners_of(pid_t process, unsigned int *ports, size_t n, size_t max)
{
	struct listener *l = calloc(MAX_LISTENERS, sizeof(*l));
	char pid[16], path[64];
	size_t listening, i, k;

	if (!l)
		return n;
	snprintf(pid, sizeof(pid), "%d", process);
	snprintf(path, sizeof(path), "/proc/%s/net/tcp", pid);
	listening = read_table(path, l, 0);
	snprintf(path, sizeof(path), "/proc/%s/net/tcp6", pid);
	listening = read_table(path, l, listening);
	if (listening)
		name_by(pid, l, listening);
	for (i = 0; i < listening; i++) {
		for (k = 0; k < n && ports[k] != l[i].port; k++)
			;
		if (l[i].pid && k == n && n < max)
			ports[n++] = l[i].port;
	}
	free(l);
	return n;
}

void listeners_describe(char *buf, size_t size)
{
	struct listener l[MAX_LISTENERS];
	size_t n = listeners_read(l), used = 0, i;

	snprintf(buf, size, "nothing");
	for (i = 0; i < n; i++) {
		if (used + sizeof(l[i].comm) + 16 > size) {
			snprintf(buf + used, size - used, ", ...");
			break;
		}
		used += snprintf(buf + used, size - used, "%s%u%s%s", i ? ", " : "", l[i].port,
				 *l[i].comm ? " " : "", l[i].comm);
	}
}
