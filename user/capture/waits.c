/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture/waits.h"
#include <sys/syscall.h>

/* enum wait_class of bpf/thread.bpf.h */
enum { WAIT_MUX = 1, WAIT_READ = 2 };

static const struct {
	int sysno;
	__u8 wait;
} waits[] = {
#ifdef SYS_epoll_wait
	{ SYS_epoll_wait, WAIT_MUX },
#endif
	{ SYS_epoll_pwait, WAIT_MUX },
#ifdef SYS_epoll_pwait2
	{ SYS_epoll_pwait2, WAIT_MUX },
#endif
#ifdef SYS_poll
	{ SYS_poll, WAIT_MUX },
#endif
	{ SYS_ppoll, WAIT_MUX },
#ifdef SYS_select
	{ SYS_select, WAIT_MUX },
#endif
	{ SYS_pselect6, WAIT_MUX },
#ifdef SYS_io_uring_enter
	{ SYS_io_uring_enter, WAIT_MUX },
#endif
	{ SYS_io_getevents, WAIT_MUX },
	{ SYS_read, WAIT_READ },
	{ SYS_readv, WAIT_READ },
	{ SYS_recvfrom, WAIT_READ },
	{ SYS_recvmsg, WAIT_READ },
	{ SYS_recvmmsg, WAIT_READ },
	{ SYS_splice, WAIT_READ },
};

void waits_fill(__u8 *table, size_t n)
{
	size_t i;

	for (i = 0; i < sizeof(waits) / sizeof(*waits); i++)
		if ((size_t)waits[i].sysno < n)
			table[waits[i].sysno] = waits[i].wait;
}
