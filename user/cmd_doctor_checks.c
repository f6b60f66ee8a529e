/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/escape.h"
#include "base/units.h"
#include "cmd_doctor_checks.h"

#define OLDEST_MAJOR 6 /* 6.1: the oldest kernel with all that the programs use */
#define OLDEST_MINOR 1
#define MEMORY_NEEDED 64000000 /* maps for one service, the loader, and room to spare */

#define NEWER_KERNEL "use a kernel from 6.1 on"
#define USE_SUDO "run lvt as root (sudo)"
#define LESS_LOCKDOWN "boot with lockdown=integrity or without"
#define NOT_ASKED(p) ((p)->btf ? "see rights" : "see BTF")

static struct check *add(struct doctor *d, const char *group, const char *name,
			 enum check_status status, bool required, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));

static struct check *add(struct doctor *d, const char *group, const char *name,
			 enum check_status status, bool required, const char *fmt, ...)
{
	/* a table that is too short shows in the last row, and never writes past it */
	struct check *c = &d->checks[d->n < DOCTOR_MAX_CHECKS ? d->n++ : DOCTOR_MAX_CHECKS - 1];
	char text[sizeof(c->detail) / 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	*c = (struct check){ group, name, status, required, "", "" };
	escape_name(c->detail, sizeof(c->detail), text);
	return c;
}

static void remedy(struct check *c, const char *text)
{
	if (c->status != CHECK_YES)
		snprintf(c->remedy, sizeof(c->remedy), "%s", text);
}

static enum check_status status_of(enum probe_answer a)
{
	return a == PROBE_YES ? CHECK_YES : a == PROBE_NO ? CHECK_NO : CHECK_UNKNOWN;
}

static void check_release(struct doctor *d, const struct probe *p)
{
	bool old = p->major < OLDEST_MAJOR || (p->major == OLDEST_MAJOR && p->minor < OLDEST_MINOR);

	remedy(add(d, "kernel", "release", old ? CHECK_FALLBACK : CHECK_YES, false, "%s %s%s",
		   p->release, p->machine, old ? ", older than lvt is made for" : ""),
	       NEWER_KERNEL);
}

static void check_btf(struct doctor *d, const struct probe *p)
{
	char size[UNIT_LEN];

	if (p->btf) {
		add(d, "kernel", "BTF", CHECK_YES, true, "types of this kernel, %s",
		    fmt_bytes(size, sizeof(size), (double)p->btf_bytes));
		return;
	}
	remedy(add(d, "kernel", "BTF", CHECK_NO, true, "the kernel's types: %s",
		   strerror(-p->btf_error)),
	       "boot a kernel built with CONFIG_DEBUG_INFO_BTF=y");
}

static void check_loads(struct doctor *d, const struct probe *p)
{
	static const struct {
		const char *name, *what;
	} rows[] = {
#define X(id, name, what) [LOAD_##id] = { name, what },
		PROBE_LOADS(X)
#undef X
	};

	for (int i = 0; i < NR_LOADS; i++) {
		int error = p->load_error[i];
		struct check *c;

		if (i == LOAD_FENTRY) /* a send hook */
			continue;
		c = add(d, "kernel", rows[i].name, status_of(p->load[i]), i != LOAD_RINGBUF,
			"%s%s%s", rows[i].what, error ? ": " : "", error ? strerror(-error) : "");
		if (c->status == CHECK_UNKNOWN)
			remedy(c, NOT_ASKED(p));
		else if (i == LOAD_READ_KERNEL)
			remedy(c, LESS_LOCKDOWN);
		else
			remedy(c, error == -EPERM ? "run it on the host, outside of containers" :
						    NEWER_KERNEL);
	}
}

static void check_jit(struct doctor *d, const struct probe *p)
{
	if (p->jit > 0)
		add(d, "kernel", "JIT", CHECK_YES, false, "programs run as machine code");
	else if (p->jit < 0)
		add(d, "kernel", "JIT", CHECK_UNKNOWN, false, "net.core.bpf_jit_enable: no access");
	else
		remedy(add(d, "kernel", "JIT", CHECK_FALLBACK, false,
			   "off: every event costs several times more"),
		       "sysctl -w net.core.bpf_jit_enable=1");
}

static void check_lockdown(struct doctor *d, const struct probe *p)
{
	static const char *const levels[] = { "", "none", "integrity", "confidentiality" };

	if (p->lockdown == LOCKDOWN_CONFIDENTIALITY)
		remedy(add(d, "kernel", "lockdown", CHECK_NO, true,
			   "confidentiality: no program may read kernel memory"),
		       LESS_LOCKDOWN);
	else if (p->lockdown != LOCKDOWN_UNKNOWN)
		add(d, "kernel", "lockdown", CHECK_YES, true, "%s: does not bar tracing",
		    levels[p->lockdown]);
	else if (p->load[LOAD_READ_KERNEL] == PROBE_YES)
		add(d, "kernel", "lockdown", CHECK_YES, true,
		    "level not readable, but it does not bar tracing");
	else
		add(d, "kernel", "lockdown", CHECK_UNKNOWN, false, "level not readable");
}

static void check_tracepoints(struct doctor *d, const struct probe *p)
{
	static const struct {
		enum probe_tracepoint id;
		const char *what;
	} rows[] = {
		{ TRACEPOINT_TCP_PROBE, "a request arrives, an answer is acknowledged" },
		{ TRACEPOINT_TCP_RCV_SPACE_ADJUST, "the service reads" },
		{ TRACEPOINT_INET_SOCK_SET_STATE, "connections open and close" },
		{ TRACEPOINT_SCHED_SWITCH, "threads get and leave a CPU" },
		{ TRACEPOINT_SCHED_WAKING, "threads become ready" },
		{ TRACEPOINT_SCHED_PROCESS_FORK, "threads begin" },
		{ TRACEPOINT_SCHED_PROCESS_EXEC, "processes become other programs" },
		{ TRACEPOINT_SCHED_PROCESS_EXIT, "threads end" },
		{ TRACEPOINT_SCHED_MIGRATE_TASK, "threads go to another CPU" },
		{ TRACEPOINT_HRTIMER_EXPIRE_ENTRY, "a timer wakes threads" },
		{ TRACEPOINT_HRTIMER_EXPIRE_EXIT, "and has done so" },
		{ TRACEPOINT_TCP_DESTROY_SOCK, "connections are gone" },
		{ TRACEPOINT_TCP_RETRANSMIT_SKB, "segments are sent again" },
		{ TRACEPOINT_NET_DEV_START_XMIT, "an answer is handed to the device" },
	};
	const char *todo = p->btf ? NEWER_KERNEL : "see BTF";

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		remedy(add(d, "hooks", probe_tracepoint_name(rows[i].id),
			   status_of(p->tracepoint[rows[i].id]), true, "%s", rows[i].what),
		       todo);
	if (p->tracepoint[TRACEPOINT_SK_DATA_READY] == PROBE_NO)
		remedy(add(d, "hooks", "sk_data_ready", CHECK_FALLBACK, true,
			   "without it, requests that come with the handshake are not seen"),
		       "use a kernel from 6.3 on");
	else
		remedy(add(d, "hooks", "sk_data_ready",
			   status_of(p->tracepoint[TRACEPOINT_SK_DATA_READY]), true,
			   "a socket wakes a thread; a request comes with the handshake"),
		       todo);
}

static void check_iterators(struct doctor *d, const struct probe *p)
{
	const char *todo = p->btf ? NEWER_KERNEL : "see BTF";

	remedy(add(d, "hooks", "iter/tcp", status_of(p->type[TYPE_ITER_TCP]), true,
		   "connections that are open at the start"),
	       todo);
	remedy(add(d, "hooks", "iter/task", status_of(p->type[TYPE_ITER_TASK]), true,
		   "threads that are there at the start"),
	       todo);
	remedy(add(d, "hooks", "iter/task_file", status_of(p->type[TYPE_ITER_TASK_FILE]), true,
		   "which processes listen"),
	       todo);
	remedy(add(d, "hooks", "iter/sk_storage", status_of(p->type[TYPE_ITER_SK_STORAGE]), true,
		   "which connections have been idle"),
	       todo);
}

/* In the order of preference; the first that is there is used, the others are spare. */
static void check_send(struct doctor *d, const struct probe *p)
{
	const struct {
		const char *hook, *name;
		enum probe_answer there;
		const char *what;
	} rows[] = {
		{ "tp_btf/tcp_sendmsg_locked", "tcp_sendmsg_locked",
		  p->tracepoint[TRACEPOINT_TCP_SENDMSG_LOCKED], "a send starts" },
		{ "fentry/tcp_sendmsg_locked", "fentry", p->load[LOAD_FENTRY],
		  "a send starts, by function entry" },
		{ "tp_btf/sock_send_length", "sock_send_length",
		  p->tracepoint[TRACEPOINT_SOCK_SEND_LENGTH], "a send has ended" },
	};
	const char *chosen = probe_send_hook(p);
	bool later = false; /* than the chosen one */

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool used = chosen && !strcmp(chosen, rows[i].hook);
		enum check_status status = status_of(rows[i].there);

		add(d, "send hook", rows[i].name, used && i ? CHECK_FALLBACK : status, used, "%s%s",
		    rows[i].what,
		    used		? ": in use" :
		    !later		? "" :
		    status == CHECK_YES ? ": spare" :
					  ": not needed");
		later |= used;
	}
	if (!chosen)
		remedy(add(d, "send hook", "send hook", p->btf ? CHECK_NO : CHECK_UNKNOWN, true,
			   "none of these is there"),
		       p->btf ? "use a kernel from 6.3 on" : "see BTF");
}

static void check_cap(struct doctor *d, const struct probe *p, enum probe_cap cap, const char *name,
		      bool required, const char *what)
{
	bool by_admin = required && !p->cap[cap] && p->cap[PROBE_CAP_SYS_ADMIN];

	remedy(add(d, "rights", name, p->cap[cap] || by_admin ? CHECK_YES : CHECK_NO, required,
		   "%s%s", what, by_admin ? ", by cap_sys_admin" : ""),
	       USE_SUDO);
}

/* These settings are for processes without the capabilities; with them they do not matter. */
static void check_level(struct doctor *d, const struct probe *p, const char *name, bool bars,
			int level)
{
	bool may = probe_may_load(p);

	add(d, "rights", name, may || !bars ? CHECK_YES : CHECK_NO, false, "level %d %s", level,
	    !bars ? "bars nobody" :
	    may	  ? "does not bar lvt with these rights" :
		    "bars processes without these rights");
}

static void check_rights(struct doctor *d, const struct probe *p)
{
	check_cap(d, p, PROBE_CAP_BPF, "cap_bpf", true, "load programs, make maps");
	check_cap(d, p, PROBE_CAP_PERFMON, "cap_perfmon", true, "trace, read kernel memory");
	check_cap(d, p, PROBE_CAP_SYS_PTRACE, "cap_sys_ptrace", false,
		  "see the sockets of other users' processes");
	check_level(d, p, "unprivileged BPF", p->unprivileged_disabled > 0,
		    p->unprivileged_disabled);
	check_level(d, p, "perf_event_paranoid", p->perf_paranoid > -1, p->perf_paranoid);
}

static void check_memory(struct doctor *d, const struct probe *p)
{
	char limit[UNIT_LEN], used[UNIT_LEN];
	bool short_lock = p->memlock_matters && p->memlock < MEMORY_NEEDED;
	bool may_raise = p->cap[PROBE_CAP_SYS_RESOURCE];

	fmt_bytes(limit, sizeof(limit), (double)p->memlock);
	remedy(add(d, "memory", "locked memory",
		   !short_lock ? CHECK_YES :
		   may_raise   ? CHECK_FALLBACK :
				 CHECK_NO,
		   true, "%s%s", p->memlock == PROBE_NO_LIMIT ? "no limit" : limit,
		   !p->memlock_matters	   ? ": not counted for maps since 5.11" :
		   short_lock && may_raise ? ": lvt raises it" :
					     ""),
	       may_raise ? "" : "ulimit -l unlimited");
	if (p->memory_limit == PROBE_NO_LIMIT) {
		add(d, "memory", "memory cgroup", CHECK_YES, true, "no limit");
		return;
	}
	fmt_bytes(limit, sizeof(limit), (double)p->memory_limit);
	fmt_bytes(used, sizeof(used), (double)p->memory_used);
	remedy(add(d, "memory", "memory cgroup",
		   p->memory_limit < p->memory_used + MEMORY_NEEDED ? CHECK_FALLBACK : CHECK_YES,
		   true, "limit %s, used %s", limit, used),
	       "leave it 64 MB, or run lvt in another cgroup");
}

static void check_cgroups(struct doctor *d, const struct probe *p)
{
	bool none = !*p->cgroup2 && !*p->cgroup1;

	remedy(add(d, "cgroups", "version 2", *p->cgroup2 ? CHECK_YES : CHECK_NO, false, "%s",
		   *p->cgroup2 ? p->cgroup2 : "not mounted"),
	       none ? "--cgroup needs one of the two" : "");
	add(d, "cgroups", "version 1", *p->cgroup1 ? CHECK_YES : CHECK_NO, false,
	    *p->cgroup1 ? "%s (one of %u)" : "not mounted", p->cgroup1, p->n_cgroup1);
}

static void check_helpers(struct doctor *d, const struct probe *p)
{
	static const struct {
		const char *name, *what;
	} rows[] = {
		[HELPER_REDIS_BENCHMARK] = { "redis-benchmark",
					     "load for redis, used by the demo" },
		[HELPER_WRK] = { "wrk", "load for HTTP" },
		[HELPER_PERF] = { "perf", "profiles of what is on CPU" },
		[HELPER_BPFTOOL] = { "bpftool", "lists loaded programs and maps" },
	};

	for (int i = 0; i < NR_HELPERS; i++) {
		bool found = *p->helper[i];

		add(d, "helpers", rows[i].name, found ? CHECK_YES : CHECK_NO, false, "%s%s",
		    found ? p->helper[i] : rows[i].what, found ? "" : " (optional)");
	}
}

void doctor_checks(struct doctor *d, const struct probe *p)
{
	memset(d, 0, sizeof(*d));
	check_release(d, p);
	check_btf(d, p);
	check_lockdown(d, p);
	check_loads(d, p);
	check_jit(d, p);
	check_tracepoints(d, p);
	check_iterators(d, p);
	check_send(d, p);
	check_rights(d, p);
	check_memory(d, p);
	check_cgroups(d, p);
	check_helpers(d, p);
}

const struct check *doctor_bar(const struct doctor *d)
{
	const struct check *bar = NULL;

	for (size_t i = 0; i < d->n; i++) {
		const struct check *c = &d->checks[i];

		if (!c->required || c->status == CHECK_YES || c->status == CHECK_FALLBACK)
			continue;
		/* what is known to be missing explains more than what could not be asked */
		if (!bar || (bar->status == CHECK_UNKNOWN && c->status == CHECK_NO))
			bar = c;
	}
	return bar;
}
