/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_CMD_TRIAL_PLAN_H
#define LVT_CMD_TRIAL_PLAN_H

#include "base/err.h"
#include "base/options.h"
#include "model/trial.h"

/* The options of lvt trial, and the plan that they make. */
struct trial_options {
	/* what makes the plan: 0, NULL or -1 when not given; percentages as given or by default */
	struct trial_wish {
		const char *command[TRIAL_ARMS], *load, *load_cmd, *cpus, *dir;
		uint32_t port, pairs, looks, rate, seed;
		double seconds, warm_up, start, delta, max_foreign, max_steal;
		int primary;
	} wish;
	const char *resume, *out;
	int format; /* 1 = JSON */
};

/*
 * Returns 0, OPTIONS_HELP, or -EINVAL with *e filled: also for what is missing, or does not go
 * together.
 */
int trial_options_parse(struct trial_options *o, int argc, char **argv, struct err *e);

/* The plan of a new trial, from now on. */
int trial_plan_make(struct trial_plan *p, const struct trial_wish *w, struct err *e);

/* Parts of it: where and when it is begun, with a seed if it has none; --cpus (NULL = auto). */
void trial_plan_here(struct trial_plan *p);
int trial_plan_pin(struct trial_plan *p, const char *cpus, struct err *e);

/* Can a trial with this plan go on here? The host, its kernel and its CPUs have to be the same. */
int trial_plan_check(const struct trial_plan *p, struct err *e);

#endif
