/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture/scan.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "capture/netns.h"

/* The iterator prints nothing, but is read to its end. */
static int iterate(void *arg)
{
	char none[64];
	int fd = bpf_iter_create(bpf_link__fd(arg)), err = 0;

	if (fd < 0)
		return -errno;
	while ((err = read(fd, none, sizeof(none))) > 0 || (err < 0 && errno == EAGAIN))
		;
	err = err < 0 ? -errno : 0;
	close(fd);
	return err;
}

int scan_run(struct bpf_link *link, const char *what, struct err *e)
{
	int err = iterate(link);

	return err ? err_set(e, err, "cannot look through %s: %s", what, strerror(-err)) : 0;
}

int scan_connections(struct tracer *t, struct bpf_link *link, struct err *e)
{
	__u32 done[LVT_MAX_SERVICES], tgid[LVT_MAX_SERVICES], n = 0, id, i;
	struct lvt_service s;
	int err;

	for (id = 0; id < tracer_services(t); id++) {
		if (tracer_service(t, id, &s) || !s.used)
			continue;
		for (i = 0; i < n && done[i] != s.netns; i++)
			;
		if (i < n)
			continue;
		done[n] = s.netns;
		tgid[n++] = s.tgid;
	}
	for (i = 0; i < n; i++) {
		err = netns_call(done[i], tgid[i], iterate, link);
		/* gone with its sockets; or another one, and no right to enter it */
		if (err == -ENOENT || (err == -EPERM && done[i] != t->netns))
			continue;
		if (err)
			return err_set(e, err, "cannot look through connections: %s",
				       strerror(-err));
	}
	return 0;
}
