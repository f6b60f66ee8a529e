/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture/syscalls.h"
#include <stdio.h>
#include <sys/syscall.h>
#include "abi.h"

/* Made from the system's headers: one line a syscall. */
static const char *const names[] = {
#define SYSCALL(name) [__NR_##name] = #name,
#include "syscalls.inc"
#undef SYSCALL
};

const char *syscall_name(char *buf, size_t size, int number)
{
	if (number == LVT_SYSNO_STOPPED)
		snprintf(buf, size, "stopped");
	else if (number < 0)
		snprintf(buf, size, "page fault");
	else if ((size_t)number < sizeof(names) / sizeof(*names) && names[number])
		snprintf(buf, size, "%s", names[number]);
	else
		snprintf(buf, size, "syscall %d", number);
	return buf;
}
