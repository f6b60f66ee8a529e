// SPDX-License-Identifier: BSD-2-Clause
#include "capture/gone.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>

/* PROC_PID_INIT_INO in the kernel's include/linux/proc_ns.h */
#define FIRST_PID_NAMESPACE 0xEFFFFFFCu

bool service_gone(const struct run_service *s)
{
	struct stat st;

	if (!s->n_pids || s->n_pids > RUN_MAX_PIDS || stat("/proc/self/ns/pid", &st) ||
	    st.st_ino != FIRST_PID_NAMESPACE)
		return false;
	for (__u32 i = 0; i < s->n_pids; i++)
		if (!kill((pid_t)s->pids[i], 0) || errno != ESRCH)
			return false;
	return true;
}
