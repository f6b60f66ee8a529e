/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture/blocks.h"
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

void blocks_raise_limit(void)
{
	const rlim_t least = 64 + 2 * LVT_MAX_SERVICES;
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) || r.rlim_cur >= least)
		return;
	r.rlim_cur = least;
	if (r.rlim_max < least)
		r.rlim_max = least;
	if (!setrlimit(RLIMIT_NOFILE, &r) || getrlimit(RLIMIT_NOFILE, &r))
		return;
	r.rlim_cur = r.rlim_max; /* the rest needs CAP_SYS_RESOURCE */
	setrlimit(RLIMIT_NOFILE, &r);
}

int block_make(const struct tracer *t)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);

	return bpf_map_create(BPF_MAP_TYPE_ARRAY, "lvt_block", sizeof(__u32),
			      sizeof(struct lvt_shard), t->shards, &opts);
}

static int no_block(const struct tracer *t, __u32 id, int err, struct err *e)
{
	err_set(e, err, "cannot make the histograms of service %u (%zu kB): %s", id + 1,
		t->shards * sizeof(struct lvt_shard) / 1024, strerror(-err));
	if (err == -EMFILE)
		return err_hint(e, "raise the limit of open files: ulimit -n 256");
	return err_hint(e, "trace fewer services with -p PORT, or raise the memory limit");
}

int blocks_make(struct tracer *t, __u32 services, int map, struct err *e)
{
	/* a filter by port says how many can come */
	size_t ports = t->filter.n_ports ? t->filter.n_ports + 1 : TRACER_SPARE;
	__u32 want = services + (ports < TRACER_SPARE ? ports : TRACER_SPARE), id;
	int fd;

	if (want > LVT_MAX_SERVICES)
		want = LVT_MAX_SERVICES;
	while (t->n_blocks < want) {
		id = t->n_blocks;
		fd = block_make(t);
		if (fd < 0)
			return no_block(t, id, fd, e);
		t->block_fd[id] = fd;
		t->n_blocks++;
		if (bpf_map_update_elem(map, &id, &fd, BPF_ANY))
			return err_set(e, -errno, "cannot add a service's histograms: %s",
				       strerror(errno));
	}
	return 0;
}
