/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture/loader.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
#include "lvt.skel.h"

#include "capture/netns.h"
#include "capture/probe.h"
#include "capture/scan.h"
#include "capture/waits.h"

static char last_warning[256]; /* of libbpf, for the error that follows */

static int keep_warning(enum libbpf_print_level level, const char *fmt, va_list args)
{
	char line[sizeof(last_warning)];

	if (getenv("LVT_DEBUG"))
		return vfprintf(stderr, fmt, args);
	if (level != LIBBPF_WARN)
		return 0;
	vsnprintf(line, sizeof(line), fmt, args);
	line[strcspn(line, "\n")] = 0;
	if (*line && !*last_warning)
		memcpy(last_warning, line, sizeof(line));
	return 0;
}

static __u64 clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

/*
 * A descriptor for each program, link, map and service. Raising the limit may fail: then opening says
 * so. The command of record was forked before, with the limit that it had.
 */
static void raise_open_files(void)
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

/* ---- opening ---- */

static int choose_hooks(struct tracer *t, struct err *e)
{
	const char *wanted = getenv("LVT_SEND_HOOK");
	struct probe p;
	int err = probe_hooks(&p, e);

	if (!err)
		err = probe_require(&p, e);
	if (err)
		return err;
	t->send_hook = probe_send_hook(&p);
	/* so that the tests reach the fallback on kernels that do not need it */
	if (wanted && !strcmp(wanted, "sock_send_length") &&
	    p.tracepoint[TRACEPOINT_SOCK_SEND_LENGTH] == PROBE_YES)
		t->send_hook = "tp_btf/sock_send_length";
	t->ready_hook = p.tracepoint[TRACEPOINT_SK_DATA_READY] == PROBE_YES;
	return 0;
}

static void select_programs(struct tracer *t)
{
	struct lvt_bpf *s = t->skel;
	bool fentry = !strncmp(t->send_hook, "fentry/", 7);

	bpf_program__set_autoload(s->progs.lvt_ready, t->ready_hook);
	bpf_program__set_autoload(s->progs.lvt_send,
				  !strcmp(t->send_hook, "tp_btf/tcp_sendmsg_locked"));
	bpf_program__set_autoload(s->progs.lvt_send_end,
				  !strcmp(t->send_hook, "tp_btf/sock_send_length"));
	bpf_program__set_autoload(s->progs.lvt_send_fentry, fentry);
	bpf_program__set_autoload(s->progs.lvt_sendpage_fentry,
				  fentry && libbpf_find_vmlinux_btf_id("tcp_sendpage_locked",
								       BPF_TRACE_FENTRY) > 0);
}

static void configure(struct tracer *t, double idle_s)
{
	struct lvt_bpf *s = t->skel;
	const struct filter *f = &t->filter;
	int cpus = libbpf_num_possible_cpus();

	t->shards = 1;
	while (t->shards < LVT_MAX_SHARDS && (int)t->shards < cpus)
		t->shards *= 2;
	s->rodata->cfg_shards = t->shards;
	s->rodata->cfg_n_ports = f->n_ports;
	memcpy(s->rodata->cfg_ports, f->ports, sizeof(f->ports));
	s->rodata->cfg_tgid = f->pid;
	memcpy(s->rodata->cfg_comm, f->comm, sizeof(f->comm));
	s->rodata->cfg_cgroup = f->cgroup;
	s->rodata->cfg_cgroup_subsys = f->cgroup_subsys;
	waits_fill(s->rodata->cfg_wait, s->rodata->cfg_buffer, sizeof(s->rodata->cfg_wait));
	s->bss->sweep_idle_ns = idle_s * 1e9;
}

static int make_block(const struct tracer *t)
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

/* A block for each of the services, and a few to spare. */
static int make_blocks(struct tracer *t, struct err *e)
{
	/* a filter by port says how many can come */
	size_t ports = t->filter.n_ports ? t->filter.n_ports + 1 : TRACER_SPARE;
	__u32 want = t->skel->bss->n_services + (ports < TRACER_SPARE ? ports : TRACER_SPARE), id;
	int fd;

	if (want > LVT_MAX_SERVICES)
		want = LVT_MAX_SERVICES;
	while (t->n_blocks < want) {
		id = t->n_blocks;
		fd = make_block(t);
		if (fd < 0)
			return no_block(t, id, fd, e);
		t->block_fd[id] = fd;
		t->n_blocks++;
		if (bpf_map_update_elem(bpf_map__fd(t->skel->maps.lvt_blocks), &id, &fd, BPF_ANY))
			return err_set(e, -errno, "cannot add a service's histograms: %s",
				       strerror(errno));
	}
	return 0;
}

static int load_failed(int err, struct err *e)
{
	err_set(e, err, "the kernel refused the programs: %s%s%s", strerror(-err),
		*last_warning ? "; " : "", last_warning);
	if (err == -EPERM)
		return err_hint(e, "run it with sudo; 'lvt doctor' says what is missing");
	if (err == -ENOMEM)
		return err_hint(e, "the memory limit of this cgroup or RLIMIT_MEMLOCK is too low");
	return err_hint(e, "'lvt doctor' says what this kernel lacks");
}

static int load(struct tracer *t, double idle_s, struct err *e)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	int err, inner;

	/* matters before 5.11 only; without the right to raise it, loading says so */
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	t->skel = lvt_bpf__open();
	if (!t->skel)
		return load_failed(-errno, e);
	select_programs(t);
	configure(t, idle_s);
	inner = make_block(t);
	if (inner < 0)
		return load_failed(inner, e);
	bpf_map__set_inner_map_fd(t->skel->maps.lvt_blocks, inner);
	err = lvt_bpf__load(t->skel);
	/* the template has done its part */
	close(inner);
	if (err)
		return load_failed(err, e);
	t->fd_services = bpf_map__fd(t->skel->maps.lvt_services);
	t->fd_procs = bpf_map__fd(t->skel->maps.lvt_procs);
	t->fd_counters = bpf_map__fd(t->skel->maps.lvt_counters);
	t->fd_flows = bpf_map__fd(t->skel->maps.lvt_flows);
	t->fd_flights = bpf_map__fd(t->skel->maps.lvt_flights);
	return 0;
}

/* ---- what is there already: see capture/scan.h ---- */

static int attach_iterators(struct tracer *t, struct err *e)
{
	struct lvt_bpf *s = t->skel;

	s->links.lvt_scan_files = bpf_program__attach_iter(s->progs.lvt_scan_files, NULL);
	s->links.lvt_scan_threads = bpf_program__attach_iter(s->progs.lvt_scan_threads, NULL);
	s->links.lvt_sweep = bpf_program__attach_iter(s->progs.lvt_sweep, NULL);
	if (!s->links.lvt_scan_files || !s->links.lvt_scan_threads || !s->links.lvt_sweep)
		return err_set(e, -errno, "cannot attach the kernel's iterators: %s",
			       strerror(errno));
	return 0;
}

static int scan_files(struct tracer *t, struct err *e)
{
	int err = scan_run(t->skel->links.lvt_scan_files, "open files", e);

	return err ? err : make_blocks(t, e);
}

static int scan_threads(struct tracer *t, struct err *e)
{
	if (t->procs_seen == t->skel->bss->n_procs)
		return 0;
	t->procs_seen = t->skel->bss->n_procs;
	return scan_run(t->skel->links.lvt_scan_threads, "threads", e);
}

static int sweep(struct tracer *t, struct err *e)
{
	return scan_connections(t, t->skel->links.lvt_sweep, e);
}

/* ---- life ---- */

int tracer_open(struct tracer **out, const struct filter *f, double idle_s, struct err *e)
{
	struct tracer *t = calloc(1, sizeof(*t));
	int err;

	*out = NULL;
	if (!t)
		return err_set(e, -ENOMEM, "no memory");
	t->filter = *f;
	t->netns = netns_self();
	libbpf_set_print(keep_warning);
	raise_open_files();
	err = probe_memory(e);
	if (!err)
		err = choose_hooks(t, e);
	if (!err)
		err = load(t, idle_s, e);
	if (!err)
		err = attach_iterators(t, e);
	if (!err)
		err = scan_files(t, e);
	if (err) {
		tracer_free(t);
		return err;
	}
	*out = t;
	return 0;
}

int tracer_start(struct tracer *t, struct err *e)
{
	int err = lvt_bpf__attach(t->skel);

	if (err)
		return err_set(e, err, "cannot attach: %s%s%s", strerror(-err),
			       *last_warning ? "; " : "", last_warning);
	/* again: what came between the first look and the hooks */
	err = scan_files(t, e);
	if (!err)
		err = scan_threads(t, e);
	if (!err)
		err = sweep(t, e);
	if (err)
		return err;
	t->started = time(NULL);
	t->started_ns = clock_ns(CLOCK_MONOTONIC);
	t->skel->bss->window_start = t->started_ns;
	__atomic_store_n(&t->skel->bss->enabled, 1, __ATOMIC_RELEASE);
	return 0;
}

int tracer_tick(struct tracer *t, int *wait_ms, struct err *e)
{
	const struct filter *f = &t->filter;
	bool by_process = f->pid || *f->comm || f->cgroup;
	__u64 begin = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	int err;

	/* a process may come to match later: it inherits a listener, changes its name or its cgroup */
	if (t->skel->bss->rescan || (by_process && ++t->ticks % TRACER_RESCAN == 0)) {
		t->skel->bss->rescan = 0;
		err = scan_files(t, e);
	} else {
		err = make_blocks(t, e);
	}
	if (!err)
		err = scan_threads(t, e);
	if (!err)
		err = sweep(t, e);
	/* at most 2 % of a CPU */
	*wait_ms = (clock_ns(CLOCK_PROCESS_CPUTIME_ID) - begin) / 1000000 * 50;
	if (*wait_ms < TRACER_TICK_MS)
		*wait_ms = TRACER_TICK_MS;
	if (*wait_ms > TRACER_TICK_MAX_MS)
		*wait_ms = TRACER_TICK_MAX_MS;
	return err;
}

int tracer_stop(struct tracer *t, struct err *e)
{
	t->skel->bss->enabled = 0;
	t->stopped_ns = clock_ns(CLOCK_MONOTONIC);
	t->skel->bss->sweep_final = 1;
	/* with the hook on closing in place, so that no connection slips away before the sweep */
	return sweep(t, e);
}

void tracer_free(struct tracer *t)
{
	__u32 i;

	if (!t)
		return;
	for (i = 0; i < t->n_blocks; i++)
		close(t->block_fd[i]);
	lvt_bpf__destroy(t->skel);
	free(t);
}

/* ---- reading ---- */

__u32 tracer_services(const struct tracer *t)
{
	__u32 n = t->skel->bss->n_services;

	return n < LVT_MAX_SERVICES ? n : LVT_MAX_SERVICES;
}

__u32 tracer_untraced(const struct tracer *t)
{
	__u32 n = t->skel->bss->n_services;

	if (n > 2 * LVT_MAX_SERVICES)
		n = 2 * LVT_MAX_SERVICES;
	return n > LVT_MAX_SERVICES ? n - LVT_MAX_SERVICES : 0;
}

int tracer_service(const struct tracer *t, __u32 id, struct lvt_service *s)
{
	return bpf_map_lookup_elem(t->fd_services, &id, s) ? -errno : 0;
}

static __u64 misses(const struct bpf_program *p)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);

	if (bpf_program__fd(p) < 0 || bpf_obj_get_info_by_fd(bpf_program__fd(p), &info, &len))
		return 0;
	return info.recursion_misses;
}

void tracer_recursion(const struct tracer *t, __u64 *arrival, __u64 *other)
{
	const struct lvt_bpf *s = t->skel;
	struct bpf_program *p;

	*arrival = misses(s->progs.lvt_arrive) + misses(s->progs.lvt_ready);
	*other = 0;
	bpf_object__for_each_program(p, s->obj)
		*other += misses(p);
	*other -= *arrival;
}

void tracer_hooks(const struct tracer *t, struct run *r)
{
	const struct run_hook hooks[] = {
		{ "arrive", "tp_btf/tcp_probe" },
		{ "ready", t->ready_hook ? "tp_btf/sk_data_ready" : "none" },
		{ "read", "tp_btf/tcp_rcv_space_adjust" },
		{ "send", t->send_hook },
		{ "state", "tp_btf/inet_sock_set_state" },
		{ "switch", "tp_btf/sched_switch" },
		{ "waking", "tp_btf/sched_waking" },
		{ "fork", "tp_btf/sched_process_fork" },
		{ "exec", "tp_btf/sched_process_exec" },
	};

	r->n_hooks = sizeof(hooks) / sizeof(*hooks);
	memcpy(r->hooks, hooks, sizeof(hooks));
}
