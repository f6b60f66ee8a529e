/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture/loader.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/net_tstamp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
#include "lvt.skel.h"

#include "capture/blocks.h"
#include "capture/exemplars.h"
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

static void configure(struct tracer *t, const struct tracer_options *o)
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
	waits_fill(s->rodata->cfg_wait, s->rodata->cfg_wakes, s->rodata->cfg_buffer,
		   sizeof(s->rodata->cfg_wait));
	s->rodata->cfg_rx = o->rx_timestamps;
	s->rodata->cfg_client = o->client;
	if (!o->client)
		bpf_map__set_max_entries(s->maps.lvt_outbound, 1);
	s->bss->sweep_idle_ns = o->idle_s * 1e9;
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

static int load(struct tracer *t, const struct tracer_options *o, struct err *e)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	int err, inner;

	/* matters before 5.11 only; without the right to raise it, loading says so */
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	t->skel = lvt_bpf__open();
	if (!t->skel)
		return load_failed(-errno, e);
	select_programs(t);
	configure(t, o);
	inner = block_make(t);
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
	t->fd_wait_rows = bpf_map__fd(t->skel->maps.lvt_wait_rows);
	t->fd_outbound = bpf_map__fd(t->skel->maps.lvt_outbound);
	return exemplars_open(&t->exemplars, bpf_map__fd(t->skel->maps.lvt_exemplars), o->slowest,
			      o->recent_s * 1e9, e);
}

/* ---- what is there already: see capture/scan.h ---- */

static int attach_iterators(struct tracer *t, struct err *e)
{
	union bpf_iter_link_info map = {};
	LIBBPF_OPTS(bpf_iter_attach_opts, of_map, .link_info = &map, .link_info_len = sizeof(map));
	struct lvt_bpf *s = t->skel;

	s->links.lvt_scan_files = bpf_program__attach_iter(s->progs.lvt_scan_files, NULL);
	s->links.lvt_scan_threads = bpf_program__attach_iter(s->progs.lvt_scan_threads, NULL);
	s->links.lvt_sweep = bpf_program__attach_iter(s->progs.lvt_sweep, NULL);
	map.map.map_fd = bpf_map__fd(s->maps.lvt_conns);
	s->links.lvt_due = bpf_program__attach_iter(s->progs.lvt_due, &of_map);
	s->links.lvt_collect = bpf_program__attach_iter(s->progs.lvt_collect, NULL);
	if (!s->links.lvt_scan_files || !s->links.lvt_scan_threads || !s->links.lvt_sweep ||
	    !s->links.lvt_due || !s->links.lvt_collect)
		return err_set(e, -errno, "cannot attach the kernel's iterators: %s",
			       strerror(errno));
	return 0;
}

static int more_blocks(struct tracer *t, struct err *e)
{
	return blocks_make(t, t->skel->bss->n_services, bpf_map__fd(t->skel->maps.lvt_blocks), e);
}

static int scan_files(struct tracer *t, struct err *e)
{
	int err = scan_run(t->skel->links.lvt_scan_files, "open files", e);

	return err ? err : more_blocks(t, e);
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
	t->swept_services = t->skel->bss->n_services;
	return scan_connections(t, t->skel->links.lvt_sweep, e);
}

/*
 * A sweep walks the kernel's whole table of connections: 262,144 entries on a host of 24 GB, 2 ms, in
 * which redis on the same CPU waited. A look at those that are known is free, and says if one is due.
 */
static int sweep_if_due(struct tracer *t, struct err *e)
{
	int err;

	t->skel->bss->sweep_due = 0;
	err = scan_run(t->skel->links.lvt_due, "known connections", e);
	if (err)
		return err;
	if (!t->skel->bss->sweep_due && !t->options.client &&
	    t->swept_services == t->skel->bss->n_services && ++t->unswept < TRACER_UNSWEPT)
		return 0;
	t->unswept = 0;
	return sweep(t, e);
}

/* ---- life ---- */

int tracer_open(struct tracer **out, const struct filter *f, const struct tracer_options *o,
		struct err *e)
{
	struct tracer *t = calloc(1, sizeof(*t));
	int err;

	*out = NULL;
	if (!t)
		return err_set(e, -ENOMEM, "no memory");
	t->filter = *f;
	t->options = *o;
	t->rx_socket = t->stats_fd = -1;
	t->netns = netns_self();
	libbpf_set_print(keep_warning);
	blocks_raise_limit();
	err = probe_memory(e);
	if (!err)
		err = choose_hooks(t, e);
	if (!err)
		err = load(t, o, e);
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

/* Receive time stamps are of the real-time clock, which may be set. */
static void tell_time(struct tracer *t)
{
	t->skel->bss->real_offset = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC);
}

/*
 * While any socket wants receive time stamps, the kernel stamps every packet of the host: so holding one
 * is the switch, and it is off when we are gone, however we go.
 */
static int stamps_on(struct tracer *t, struct err *e)
{
	int flags = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;

	t->rx_socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (t->rx_socket < 0 ||
	    setsockopt(t->rx_socket, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof(flags)))
		return err_set(e, -errno, "cannot switch receive time stamps on: %s",
			       strerror(errno));
	return 0;
}

/* As kernel.bpf_stats_enabled, but only while the descriptor is open. */
static int stats_on(struct tracer *t, struct err *e)
{
	t->stats_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (t->stats_fd < 0)
		return err_set(e, -errno, "cannot measure the programs' run time: %s",
			       strerror(errno));
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
	if (t->options.rx_timestamps)
		err = stamps_on(t, e);
	if (!err && t->options.measure)
		err = stats_on(t, e);
	if (err)
		return err;
	tell_time(t);
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

	tracer_give_way(true);
	tell_time(t);
	exemplars_read(&t->exemplars);
	/* a process may come to match later: it inherits a listener, changes its name or its cgroup */
	if (t->skel->bss->rescan || (by_process && ++t->ticks % TRACER_RESCAN == 0)) {
		t->skel->bss->rescan = 0;
		err = scan_files(t, e);
	} else {
		err = more_blocks(t, e);
	}
	if (!err)
		err = scan_threads(t, e);
	if (!err)
		err = sweep_if_due(t, e);
	tracer_give_way(false);
	/* at most 2 % of a CPU */
	*wait_ms = (clock_ns(CLOCK_PROCESS_CPUTIME_ID) - begin) / 1000000 * 50;
	if (*wait_ms < TRACER_TICK_MS)
		*wait_ms = TRACER_TICK_MS;
	if (*wait_ms > TRACER_TICK_MAX_MS)
		*wait_ms = TRACER_TICK_MAX_MS;
	return err;
}

static void read_run_time(struct tracer *t)
{
	struct bpf_program *p;

	bpf_object__for_each_program(p, t->skel->obj) {
		struct bpf_prog_info info = {};
		__u32 len = sizeof(info);

		if (bpf_program__fd(p) < 0 ||
		    bpf_obj_get_info_by_fd(bpf_program__fd(p), &info, &len))
			continue;
		t->run_ns += info.run_time_ns;
		t->run_count += info.run_cnt;
	}
}

int tracer_stop(struct tracer *t, struct err *e)
{
	int err;

	t->skel->bss->enabled = 0;
	t->stopped_ns = clock_ns(CLOCK_MONOTONIC);
	t->skel->bss->sweep_final = 1;
	/* with the hook on closing in place, so that no connection slips away before the sweep */
	err = sweep(t, e);
	if (!err)
		err = scan_run(t->skel->links.lvt_collect, "threads", e);
	exemplars_read(&t->exemplars);
	if (t->stats_fd >= 0)
		read_run_time(t);
	return err;
}

void tracer_free(struct tracer *t)
{
	__u32 i;

	if (!t)
		return;
	for (i = 0; i < t->n_blocks; i++)
		close(t->block_fd[i]);
	if (t->rx_socket >= 0)
		close(t->rx_socket);
	if (t->stats_fd >= 0)
		close(t->stats_fd);
	exemplars_close(&t->exemplars);
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

/* Each read once, so that neither sum ever goes back. */
void tracer_recursion(const struct tracer *t, __u64 *mended, __u64 *other)
{
	const struct lvt_bpf *s = t->skel;
	const struct bpf_program *const by_next[] = {
		s->progs.lvt_arrive,	 s->progs.lvt_ready,	 s->progs.lvt_state,
		s->progs.lvt_destroy,	 s->progs.lvt_waking,	 s->progs.lvt_timer,
		s->progs.lvt_migrate,	 s->progs.lvt_timer_end, s->progs.lvt_xmit,
		s->progs.lvt_retransmit,
	};
	struct bpf_program *p;
	size_t i;

	*mended = *other = 0;
	bpf_object__for_each_program(p, s->obj) {
		for (i = 0; i < sizeof(by_next) / sizeof(*by_next) && by_next[i] != p; i++)
			;
		*(i < sizeof(by_next) / sizeof(*by_next) ? mended : other) += misses(p);
	}
}

void tracer_hooks(const struct tracer *t, struct run *r)
{
	const struct run_hook hooks[] = {
		{ "arrive", "tp_btf/tcp_probe" },
		{ "ready", t->ready_hook ? "tp_btf/sk_data_ready" : "none" },
		{ "read", "tp_btf/tcp_rcv_space_adjust" },
		{ "send", t->send_hook },
		{ "xmit", "tp_btf/net_dev_start_xmit" },
		{ "retransmit", "tp_btf/tcp_retransmit_skb" },
		{ "state", "tp_btf/inet_sock_set_state" },
		{ "destroy", "tp_btf/tcp_destroy_sock" },
		{ "switch", "tp_btf/sched_switch" },
		{ "waking", "tp_btf/sched_waking" },
		{ "migrate", "tp_btf/sched_migrate_task" },
		{ "timer", "tp_btf/hrtimer_expire_entry" },
		{ "timer", "tp_btf/hrtimer_expire_exit" },
		{ "fork", "tp_btf/sched_process_fork" },
		{ "exec", "tp_btf/sched_process_exec" },
		{ "exit", "tp_btf/sched_process_exit" },
	};

	r->n_hooks = sizeof(hooks) / sizeof(*hooks);
	memcpy(r->hooks, hooks, sizeof(hooks));
}
