/* SPDX-License-Identifier: BSD-2-Clause */
#include "trial/port.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "capture/listeners.h"
#include "capture/process_tree.h"

/* Fills *l if the port is listened on in this network namespace. */
static int listener_on(__u32 port, struct listener *l)
{
	struct listener *all = calloc(MAX_LISTENERS, sizeof(*all));
	size_t n = all ? listeners_read(all) : 0, i;

	for (i = 0; i < n && all[i].port != port; i++)
		;
	if (i < n)
		*l = all[i];
	free(all);
	return i < n;
}

int port_is_free(__u32 port, struct err *e)
{
	/* what was stopped a moment ago may take another to go */
	const struct timespec moment = { 0, 20000000 };
	struct listener l;
	int tries = 50;

	if (!port)
		return 0;
	while (listener_on(port, &l))
		if (!tries--) {
			err_set(e, -EADDRINUSE, "port %u is in use by %s (pid %u)", port,
				*l.comm ? l.comm : "another process", l.pid);
			return err_hint(e, "stop it: each run starts the service anew");
		} else {
			nanosleep(&moment, NULL);
		}
	return 0;
}

int port_find(pid_t keeper, __u32 named, __u32 *port, struct err *e)
{
	enum { MAX = 16 };
	/* one that opens several does so at once */
	const struct timespec moment = { 0, 30000000 };
	unsigned int ports[MAX];
	size_t n = tree_ports(keeper, ports, MAX);
	struct listener l;

	*port = named;
	if (named) {
		for (size_t i = 0; i < n; i++)
			if (ports[i] == named)
				return 1;
		return listener_on(named, &l);
	}
	if (!n)
		return 0;
	nanosleep(&moment, NULL);
	n = tree_ports(keeper, ports, MAX);
	*port = ports[0];
	if (n < 2)
		return n;
	err_set(e, -EINVAL, "the service listens on several ports, %u and %u among them", ports[0],
		ports[1]);
	return err_hint(e, "-p PORT says which one to measure");
}
