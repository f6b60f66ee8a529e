// SPDX-License-Identifier: BSD-2-Clause
#include "serve/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef CAP_BPF
#define CAP_BPF 39
#endif

enum { NOBODY = 65534 };

static int failed(const char *what, struct err *e)
{
	return err_set(e, -errno, "cannot give up privileges: %s: %s", what, strerror(errno));
}

/* What has given way (capture/loader.h) may come back to SCHED_OTHER without a capability. */
static bool allow_nice(void)
{
	struct rlimit nice = { 20, 20 };

	return !setrlimit(RLIMIT_NICE, &nice);
}

/* Whatever is run later has none of them either; without CAP_SETPCAP no_new_privs has to do. */
static void empty_bounding_set(void)
{
	for (int c = 0; prctl(PR_CAPBSET_READ, c) >= 0; c++)
		prctl(PR_CAPBSET_DROP, c);
}

static int become_nobody(struct err *e)
{
	if (geteuid())
		return 0;
	if (prctl(PR_SET_KEEPCAPS, 1))
		return failed("PR_SET_KEEPCAPS", e);
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		return failed("become nobody", e);
	return 0;
}

static int keep_capabilities(bool nice, bool enter, struct err *e)
{
	const struct {
		cap_value_t cap;
		bool wanted;
	} caps[] = { { CAP_BPF, true },
		     { CAP_SYS_NICE, nice },
		     { CAP_SYS_ADMIN, enter },
		     { CAP_SYS_PTRACE, enter } };
	cap_t had = cap_get_proc(), keep = cap_init();
	cap_flag_value_t have;
	int err = had && keep ? 0 : -1;

	for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]) && !err; i++) {
		/* one that we were not given is none to keep */
		if (!caps[i].wanted || cap_get_flag(had, caps[i].cap, CAP_PERMITTED, &have) ||
		    !have)
			continue;
		err = cap_set_flag(keep, CAP_PERMITTED, 1, &caps[i].cap, CAP_SET) ||
		      cap_set_flag(keep, CAP_EFFECTIVE, 1, &caps[i].cap, CAP_SET);
	}
	if (!err)
		err = cap_set_proc(keep);
	err = err ? failed("capabilities", e) : 0;
	cap_free(had);
	cap_free(keep);
	return err;
}

/* What serving, snapshots and ticks do, with room for other versions of the C library. */
static const int allowed[] = {
	/* the loop, the connections */
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_ctl), SCMP_SYS(accept4), SCMP_SYS(accept), SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg), SCMP_SYS(sendto), SCMP_SYS(sendmsg), SCMP_SYS(shutdown),
	SCMP_SYS(setsockopt), SCMP_SYS(getsockopt), SCMP_SYS(getsockname), SCMP_SYS(getpeername),
	/* files */
	SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(writev),
	SCMP_SYS(close), SCMP_SYS(fcntl), SCMP_SYS(lseek), SCMP_SYS(fstat), SCMP_SYS(stat),
	SCMP_SYS(lstat), SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(getdents64),
	SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(access), SCMP_SYS(faccessat),
	/* memory */
	SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect), SCMP_SYS(madvise),
	SCMP_SYS(brk), SCMP_SYS(futex),
	/* the trace */
	SCMP_SYS(bpf), SCMP_SYS(setns), SCMP_SYS(sched_setscheduler), SCMP_SYS(sched_getaffinity),
	/* about itself and its end */
	SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(geteuid), SCMP_SYS(getuid), SCMP_SYS(uname),
	SCMP_SYS(sysinfo), SCMP_SYS(getrusage), SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep),
	SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(getrandom), SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall),
	SCMP_SYS(tgkill), SCMP_SYS(exit), SCMP_SYS(exit_group)
};

static int filter_syscalls(struct err *e)
{
	const struct scmp_arg_cmp reads =
		SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY);
	const struct scmp_arg_cmp netlink = SCMP_A0(SCMP_CMP_EQ, AF_NETLINK);
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int err = filter ? 0 : -ENOMEM;

	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]) && !err; i++)
		if (allowed[i] >= 0) /* this machine has it */
			err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1, reads);
	/* the host's addresses: getifaddrs() */
	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, netlink);
	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(bind), 0);
	if (!err)
		err = seccomp_load(filter);
	if (filter)
		seccomp_release(filter);
	if (!err)
		return 0;
	return err_set(e, err, "cannot filter system calls (seccomp): %s", strerror(-err));
}

int confine(bool enter, struct err *e)
{
	bool nice = allow_nice();
	int err;

	empty_bounding_set();
	err = become_nobody(e);
	if (!err)
		err = keep_capabilities(!nice, enter, e);
	if (!err && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		err = failed("PR_SET_NO_NEW_PRIVS", e);
	return err ? err : filter_syscalls(e);
}
