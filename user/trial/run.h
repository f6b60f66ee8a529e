/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_TRIAL_RUN_H
#define LVT_TRIAL_RUN_H

#include "base/err.h"
#include "model/trial.h"

/*
 * One run of a trial: start what runs beside the arm, and the arm, wait until it listens, start the load, warm up, measure, stop both.
 * The programs are loaded during the warm-up and attached at its end: what the histograms have is the
 * window. lvt stays off the arm's CPU where it can.
 */
enum trial_phase { TRIAL_STARTING, TRIAL_WARMING, TRIAL_MEASURING, TRIAL_STOPPING };

struct trial_job {
	const struct trial_plan *plan;
	const struct trial_pair *pair;
	int arm;
	const char *path; /* the trial's folder */
	int folder;	  /* its descriptor */
	int signals;	  /* signalfd: what comes from it ends the run */
	/* Called when a phase begins, and about every second; NULL = nobody. */
	void (*progress)(void *arg, enum trial_phase phase);
	void *arg;
};

enum { TRIAL_LOG_LEN = TRIAL_FILE_LEN + 16 };

/*
 * Run it: *out is what it gave. Files: as trial_file() says, with .hlog, .service.log, .load.log and, if
 * something runs beside it, .beside.log.
 * Returns 0 or -errno with *e filled; -EINTR: a signal came. `log` is then "" or the name of the log
 * that tells more. Nothing of the run is left running.
 */
int trial_run(const struct trial_job *job, struct trial_arm *out, char log[TRIAL_LOG_LEN],
	      struct err *e);

/*
 * The command line with {port}, {seconds} and {seed} filled in. Returns 0 or -E2BIG; port 0: {port}
 * stays.
 */
int trial_command(char *to, size_t size, const char *command, __u32 port, __u32 seconds,
		  __u32 seed);

/* For how long a load is asked to run: more than its window needs, as it is ended then. Whole s. */
__u32 trial_load_seconds(const struct trial_plan *p);

#endif
