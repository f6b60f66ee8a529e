/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_CMD_LAB_PLAN_H
#define LVT_CMD_LAB_PLAN_H

#include <stdint.h>
#include "lab/fill.h"
#include "model/trial.h"

/* What the arms of a lab's trial are. */
struct lab_arms {
	const char *programs[TRIAL_ARMS];		 /* folders */
	const struct lab_settings *settings[TRIAL_ARMS]; /* NULL = defaults */
	bool alike; /* before has the command and load of after, too: an A/A trial */
	bool alone; /* after alone */
};

/* What differs from the lab's own plan: 0, NAN or NULL when it does not. */
struct lab_wish {
	uint32_t pairs, seed;
	double seconds, warm_up;
	double max_foreign, max_steal; /* in percent of a CPU */
};

/* Others may take of a CPU in a lab: its effects are large, and its machine is not idle. */
#define LAB_MAX_FOREIGN 20.0
#define LAB_MAX_STEAL 5.0

/*
 * The plan of a lab's trial with these arms, on a port that is free; `cgroup` is what the service joins,
 * "" = none. Returns 0 or -errno with *e filled.
 */
int lab_plan_make(struct trial_plan *p, const struct lab_manifest *lab, const json_t *vars,
		  const struct lab_arms *arms, const struct lab_wish *w, const char *cgroup,
		  struct err *e);

/* What an arm is filled with; {port}, {seconds} and {seed} stay, for each run. */
struct fill lab_arm_fill(const struct lab_manifest *lab, const json_t *vars,
			 const struct lab_arms *arms, int arm);

#endif
