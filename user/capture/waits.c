/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture/waits.h"
#include "abi.h"
#include <sys/syscall.h>

static const struct {
	int sysno;
	__u8 wait;   /* enum wait_class */
	__u8 buffer; /* enum buffer_class */
} waits[] = {
#ifdef SYS_epoll_wait
	{ SYS_epoll_wait, WAIT_MUX, BUFFER_NONE },
#endif
	{ SYS_epoll_pwait, WAIT_MUX, BUFFER_NONE },
#ifdef SYS_epoll_pwait2
	{ SYS_epoll_pwait2, WAIT_MUX, BUFFER_NONE },
#endif
#ifdef SYS_poll
	{ SYS_poll, WAIT_MUX, BUFFER_NONE },
#endif
	{ SYS_ppoll, WAIT_MUX, BUFFER_NONE },
#ifdef SYS_select
	{ SYS_select, WAIT_MUX, BUFFER_NONE },
#endif
	{ SYS_pselect6, WAIT_MUX, BUFFER_NONE },
#ifdef SYS_io_uring_enter
	{ SYS_io_uring_enter, WAIT_MUX, BUFFER_NONE },
#endif
	{ SYS_io_getevents, WAIT_MUX, BUFFER_NONE },
	{ SYS_read, WAIT_READ, BUFFER_PLAIN },
	{ SYS_readv, WAIT_READ, BUFFER_IOVEC },
	{ SYS_recvfrom, WAIT_READ, BUFFER_PLAIN },
	{ SYS_recvmsg, WAIT_READ, BUFFER_MESSAGE },
	{ SYS_recvmmsg, WAIT_READ, BUFFER_NONE },
	{ SYS_nanosleep, WAIT_WORK, BUFFER_NONE },
	{ SYS_clock_nanosleep, WAIT_WORK, BUFFER_NONE },
	{ SYS_fsync, WAIT_WORK, BUFFER_NONE },
	{ SYS_fdatasync, WAIT_WORK, BUFFER_NONE },
	{ SYS_msync, WAIT_WORK, BUFFER_NONE },
	{ SYS_sync, WAIT_WORK, BUFFER_NONE },
	{ SYS_syncfs, WAIT_WORK, BUFFER_NONE },
	{ SYS_sync_file_range, WAIT_WORK, BUFFER_NONE },
	{ SYS_splice, WAIT_READ, BUFFER_NONE },
};

void waits_fill(__u8 *wait, __u8 *buffer, size_t n)
{
	size_t i;

	for (i = 0; i < sizeof(waits) / sizeof(*waits); i++) {
		if ((size_t)waits[i].sysno >= n)
			continue;
		wait[waits[i].sysno] = waits[i].wait;
		buffer[waits[i].sysno] = waits[i].buffer;
	}
}
