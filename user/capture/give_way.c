/* SPDX-License-Identifier: BSD-2-Clause */
#include <sched.h>
#include <sys/capability.h>
#include <sys/resource.h>
#include "capture/loader.h"

/* Without one of these SCHED_IDLE is for ever. */
static bool may_come_back(void)
{
	cap_t caps = cap_get_proc();
	cap_flag_value_t nice = CAP_CLEAR;
	struct rlimit r = {};

	if (caps)
		cap_get_flag(caps, CAP_SYS_NICE, CAP_EFFECTIVE, &nice);
	cap_free(caps);
	return nice == CAP_SET || (!getrlimit(RLIMIT_NICE, &r) && r.rlim_cur >= 20);
}

void tracer_give_way(bool on)
{
	const struct sched_param none = {};

	if (on && !may_come_back())
		return;
	sched_setscheduler(0, on ? SCHED_IDLE : SCHED_OTHER, &none);
}
