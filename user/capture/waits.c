/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture/waits.h"
#include "abi.h"
#include <sys/syscall.h>

static const struct {
	int sysno;
	__u8 wait;   /* enum wait_class */
	__u8 buffer; /* enum buffer_class */
} waits[] = {
	{ SYS_futex, WAIT_LOCK, BUFFER_NONE },
#ifdef SYS_futex_waitv
	{ SYS_futex_waitv, WAIT_LOCK, BUFFER_NONE },
#endif
	{ SYS_accept4, WAIT_READ, BUFFER_NONE },
#ifdef SYS_accept
	{ SYS_accept, WAIT_READ, BUFFER_NONE },
#endif
	{ SYS_connect, WAIT_READ, BUFFER_NONE },
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
	{ SYS_nanosleep, WAIT_SLEEP, BUFFER_NONE },
	{ SYS_clock_nanosleep, WAIT_SLEEP, BUFFER_NONE },
	{ SYS_fsync, WAIT_DISK, BUFFER_NONE },
	{ SYS_fdatasync, WAIT_DISK, BUFFER_NONE },
	{ SYS_msync, WAIT_DISK, BUFFER_NONE },
	{ SYS_sync, WAIT_DISK, BUFFER_NONE },
	{ SYS_syncfs, WAIT_DISK, BUFFER_NONE },
	{ SYS_sync_file_range, WAIT_DISK, BUFFER_NONE },
	{ SYS_splice, WAIT_READ, BUFFER_NONE },
	{ SYS_wait4, WAIT_WORK, BUFFER_NONE },
	{ SYS_waitid, WAIT_WORK, BUFFER_NONE },
	{ SYS_clone, WAIT_WORK, BUFFER_NONE },
	{ SYS_flock, WAIT_WORK, BUFFER_NONE },
	{ SYS_write, WAIT_WORK, BUFFER_NONE },
	{ SYS_writev, WAIT_WORK, BUFFER_NONE },
	{ SYS_sendto, WAIT_WORK, BUFFER_NONE },
	{ SYS_sendmsg, WAIT_WORK, BUFFER_NONE },
	{ SYS_sendmmsg, WAIT_WORK, BUFFER_NONE },
	{ SYS_sendfile, WAIT_WORK, BUFFER_NONE },
};

/* Whose sleep a syscall may end; any other one that is seen to was interrupted by a timer. */
static const struct {
	int sysno;
	__u8 wakes;
} wakers[] = {
	{ SYS_futex, WAKES_LOCKS },
#ifdef SYS_futex_wake
	{ SYS_futex_wake, WAKES_LOCKS },
#endif
	{ SYS_exit, WAKES_LOCKS | WAKES_LOOPS },
	{ SYS_exit_group, WAKES_LOCKS | WAKES_LOOPS },
	{ SYS_write, WAKES_LOOPS },
	{ SYS_writev, WAKES_LOOPS },
	{ SYS_pwrite64, WAKES_LOOPS },
	{ SYS_pwritev, WAKES_LOOPS },
	{ SYS_sendto, WAKES_LOOPS },
	{ SYS_sendmsg, WAKES_LOOPS },
	{ SYS_sendmmsg, WAKES_LOOPS },
	{ SYS_sendfile, WAKES_LOOPS },
	{ SYS_splice, WAKES_LOOPS },
	{ SYS_tee, WAKES_LOOPS },
	{ SYS_vmsplice, WAKES_LOOPS },
	{ SYS_close, WAKES_LOOPS },
	{ SYS_close_range, WAKES_LOOPS },
	{ SYS_shutdown, WAKES_LOOPS },
	{ SYS_connect, WAKES_LOOPS },
	{ SYS_accept4, WAKES_LOOPS },
	{ SYS_epoll_ctl, WAKES_LOOPS },
	{ SYS_io_uring_enter, WAKES_LOOPS },
	{ SYS_io_submit, WAKES_LOOPS },
	{ SYS_kill, WAKES_LOOPS | WAKES_LOCKS },
	{ SYS_tkill, WAKES_LOOPS | WAKES_LOCKS },
	{ SYS_tgkill, WAKES_LOOPS | WAKES_LOCKS },
	{ SYS_rt_sigqueueinfo, WAKES_LOOPS | WAKES_LOCKS },
	{ SYS_read, WAKES_LOOPS }, /* makes room in a pipe, or unblocks a blocked writer's poll */
	{ SYS_readv, WAKES_LOOPS },
	{ SYS_recvfrom, WAKES_LOOPS },
	{ SYS_recvmsg, WAKES_LOOPS },
	{ SYS_timerfd_settime, WAKES_LOOPS },
};

void waits_fill(__u8 *wait, __u8 *wakes, __u8 *buffer, size_t n)
{
	size_t i;

	for (i = 0; i < sizeof(waits) / sizeof(*waits); i++) {
		if ((size_t)waits[i].sysno >= n)
			continue;
		wait[waits[i].sysno] = waits[i].wait;
		buffer[waits[i].sysno] = waits[i].buffer;
	}
	for (i = 0; i < sizeof(wakers) / sizeof(*wakers); i++)
		if ((size_t)wakers[i].sysno < n)
			wakes[wakers[i].sysno] = wakers[i].wakes;
}
