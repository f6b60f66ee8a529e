/* SPDX-License-Identifier: BSD-2-Clause */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "capture/probe.h"

#define BTF_FILE "/sys/kernel/btf/vmlinux"

const char *probe_tracepoint_name(enum probe_tracepoint t)
{
	static const char *const names[] = {
#define X(id, name) name,
		PROBE_TRACEPOINTS(X)
#undef X
	};

	return names[t];
}

const char *probe_type_name(enum probe_type t)
{
	static const char *const names[] = {
#define X(id, name) name,
		PROBE_TYPES(X)
#undef X
	};

	return names[t];
}

static int probe_kernel(struct probe *p, struct err *e)
{
	struct utsname u;

	if (uname(&u))
		return err_set(e, -errno, "cannot read the kernel's name: %s", strerror(errno));
	snprintf(p->release, sizeof(p->release), "%s", u.release);
	snprintf(p->version, sizeof(p->version), "%s", u.version);
	snprintf(p->machine, sizeof(p->machine), "%s", u.machine);
	if (sscanf(p->release, "%u.%u", &p->major, &p->minor) != 2)
		return err_set(e, -EPROTO, "cannot read the kernel's version '%s'", p->release);
	p->memlock_matters = p->major < 5 || (p->major == 5 && p->minor < 11);
	return 0;
}

static enum probe_answer has(const struct btf *btf, const char *name, __u32 kind)
{
	return btf__find_by_name_kind(btf, name, kind) > 0 ? PROBE_YES : PROBE_NO;
}

/* A tracepoint that tp_btf programs can use has a typedef of its handler in the kernel's BTF. */
static struct btf *probe_btf(struct probe *p)
{
	struct btf *btf = btf__load_vmlinux_btf();
	struct stat st;
	char name[64];

	p->btf_bytes = stat(BTF_FILE, &st) ? 0 : (uint64_t)st.st_size;
	if (!btf) {
		p->btf_error = errno ? -errno : -ENOENT;
		return NULL;
	}
	p->btf = true;
	for (int i = 0; i < NR_TRACEPOINTS; i++) {
		snprintf(name, sizeof(name), "btf_trace_%s", probe_tracepoint_name(i));
		p->tracepoint[i] = has(btf, name, BTF_KIND_TYPEDEF);
	}
	for (int i = 0; i < NR_TYPES; i++)
		p->type[i] = has(btf, probe_type_name(i), BTF_KIND_STRUCT);
	return btf;
}

/* The whole number in a one-line file of /proc or /sys, or `otherwise`. */
static int read_int(const char *path, int otherwise)
{
	FILE *f = fopen(path, "re");
	int n;

	if (!f)
		return otherwise;
	if (fscanf(f, "%d", &n) != 1)
		n = otherwise;
	fclose(f);
	return n;
}

/* "none [integrity] confidentiality": the brackets mark the level in force. */
static enum probe_lockdown read_lockdown(void)
{
	FILE *f = fopen("/sys/kernel/security/lockdown", "re");
	char line[128] = "";
	bool got;

	if (!f)
		return LOCKDOWN_UNKNOWN;
	got = fgets(line, sizeof(line), f);
	fclose(f);
	if (!got)
		return LOCKDOWN_UNKNOWN;
	if (strstr(line, "[confidentiality]"))
		return LOCKDOWN_CONFIDENTIALITY;
	return strstr(line, "[integrity]") ? LOCKDOWN_INTEGRITY : LOCKDOWN_NONE;
}

static void probe_rights(struct probe *p)
{
	static const cap_value_t values[] = {
#define X(id, name) CAP_##id,
		PROBE_CAPS(X)
#undef X
	};
	cap_t caps = cap_get_proc();
	cap_flag_value_t set;
	struct rlimit limit;

	for (int i = 0; caps && i < NR_PROBE_CAPS; i++)
		p->cap[i] = !cap_get_flag(caps, values[i], CAP_EFFECTIVE, &set) && set == CAP_SET;
	cap_free(caps);
	p->memlock = PROBE_NO_LIMIT;
	if (!getrlimit(RLIMIT_MEMLOCK, &limit) && limit.rlim_cur != RLIM_INFINITY)
		p->memlock = limit.rlim_cur;
}

static void probe_settings(struct probe *p)
{
	p->jit = read_int("/proc/sys/net/core/bpf_jit_enable", -1);
	p->unprivileged_disabled = read_int("/proc/sys/kernel/unprivileged_bpf_disabled", -1);
	p->perf_paranoid = read_int("/proc/sys/kernel/perf_event_paranoid", INT_MIN);
	p->lockdown = read_lockdown();
}

/* Under sudo and for plain users PATH may lack the sbin folders, where bpftool lives. */
static void find_helper(char *path, size_t size, const char *name)
{
	const char *env = getenv("PATH");
	char folders[4096];
	char *save = NULL;

	snprintf(folders, sizeof(folders), "%s:/usr/local/sbin:/usr/sbin:/sbin", env ? env : "");
	for (char *dir = strtok_r(folders, ":", &save); dir; dir = strtok_r(NULL, ":", &save)) {
		int len = snprintf(path, size, "%s/%s", dir, name);

		if (len > 0 && (size_t)len < size && !access(path, X_OK))
			return;
	}
	path[0] = '\0';
}

static void probe_helpers(struct probe *p)
{
	static const char *const names[] = {
#define X(id, name) name,
		PROBE_HELPERS(X)
#undef X
	};

	for (int i = 0; i < NR_HELPERS; i++)
		find_helper(p->helper[i], sizeof(p->helper[i]), names[i]);
}

bool probe_may_load(const struct probe *p)
{
	return p->cap[PROBE_CAP_SYS_ADMIN] || (p->cap[PROBE_CAP_BPF] && p->cap[PROBE_CAP_PERFMON]);
}

const char *probe_send_hook(const struct probe *p)
{
	if (p->tracepoint[TRACEPOINT_TCP_SENDMSG_LOCKED] == PROBE_YES)
		return "tp_btf/tcp_sendmsg_locked";
	if (p->load[LOAD_FENTRY] == PROBE_YES)
		return "fentry/tcp_sendmsg_locked";
	return p->tracepoint[TRACEPOINT_SOCK_SEND_LENGTH] == PROBE_YES ? "tp_btf/sock_send_length" :
									 NULL;
}

static int require_cap(const struct probe *p, enum probe_cap cap, const char *name, struct err *e)
{
	if (p->cap[cap] || p->cap[PROBE_CAP_SYS_ADMIN])
		return 0;
	err_set(e, -EPERM, "tracing needs the capability %s", name);
	return err_hint(e, "run it as root, with sudo");
}

int probe_require(const struct probe *p, struct err *e)
{
	/* sk_data_ready (6.3) and the send hooks have substitutes */
	static const enum probe_tracepoint needed[] = {
		TRACEPOINT_TCP_PROBE,		TRACEPOINT_TCP_RCV_SPACE_ADJUST,
		TRACEPOINT_INET_SOCK_SET_STATE, TRACEPOINT_SCHED_SWITCH,
		TRACEPOINT_SCHED_WAKING,	TRACEPOINT_SCHED_PROCESS_FORK,
		TRACEPOINT_SCHED_PROCESS_EXEC,	TRACEPOINT_SCHED_PROCESS_EXIT,
		TRACEPOINT_TCP_DESTROY_SOCK,	TRACEPOINT_TCP_RETRANSMIT_SKB,
		TRACEPOINT_NET_DEV_START_XMIT,	TRACEPOINT_HRTIMER_EXPIRE_ENTRY,
		TRACEPOINT_HRTIMER_EXPIRE_EXIT, TRACEPOINT_SCHED_MIGRATE_TASK,
	};
	int ret = require_cap(p, PROBE_CAP_BPF, "cap_bpf", e);

	if (!ret)
		ret = require_cap(p, PROBE_CAP_PERFMON, "cap_perfmon", e);
	if (ret)
		return ret;
	if (!p->btf) {
		err_set(e, p->btf_error, "cannot read this kernel's types from " BTF_FILE ": %s",
			strerror(-p->btf_error));
		return err_hint(e, "boot a kernel built with CONFIG_DEBUG_INFO_BTF=y");
	}
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (p->tracepoint[needed[i]] != PROBE_YES) {
			err_set(e, -ENOTSUP, "this kernel has no tracepoint %s",
				probe_tracepoint_name(needed[i]));
			return err_hint(e, "use a kernel from 6.1 on; 'lvt doctor' tells more");
		}
	if (probe_send_hook(p))
		return 0;
	err_set(e, -ENOTSUP, "this kernel has none of the hooks that mark a send");
	return err_hint(e, "use a kernel from 6.3 on; 'lvt doctor' tells more");
}

static int probe_common(struct probe *p, struct err *e, bool whole)
{
	libbpf_print_fn_t print = libbpf_set_print(NULL); /* what fails here is an answer */
	struct btf *btf = NULL;
	int ret;

	memset(p, 0, sizeof(*p));
	ret = probe_kernel(p, e);
	if (ret)
		goto out;
	probe_rights(p);
	btf = probe_btf(p);
	if (btf && probe_may_load(p) && (whole || !probe_send_hook(p)))
		probe_loads(p, btf);
	if (!whole)
		goto out;
	probe_settings(p);
	probe_cgroups(p);
	probe_helpers(p);
out:
	btf__free(btf);
	libbpf_set_print(print);
	return ret;
}

int probe_host(struct probe *p, struct err *e)
{
	return probe_common(p, e, true);
}

int probe_hooks(struct probe *p, struct err *e)
{
	return probe_common(p, e, false);
}
