/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_TRIAL_STEP_H
#define LVT_TRIAL_STEP_H

#include "base/err.h"
#include "load/plan.h"
#include "model/run.h"

/*
 * One load with the kernel's view of its service: connect, warm up, measure both in the same window. The
 * programs are attached shortly before the window opens, and stopped when it closes.
 */
struct step_job {
	const struct load_plan *plan;
	bool trace;
	double interval; /* s, between two looks */
	/* what the client has measured so far, at each of them; NULL = nobody looks. 0 or -errno */
	int (*look)(void *arg, const struct run_service *view);
	void *arg;
	int signals; /* signalfd: what comes from it ends the step */
};

/*
 * What others took of this host's CPUs meanwhile, in CPUs: steal, of the hypervisor; foreign, of processes
 * that are neither this one nor the service (unknown, NAN, if that was not traced).
 */
struct step_noise {
	double foreign, steal;
};

/*
 * Run it: *out (zero before) has the client, and the services on its port that the kernel saw. Returns 0,
 * -EINTR with *e filled when a signal came (read from the signalfd), or -errno with *e filled.
 */
int step_run(const struct step_job *job, struct run *out, struct step_noise *noise, struct err *e);

#endif
