/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LAB_MEASURED_H
#define LVT_LAB_MEASURED_H

#include "lab/figure.h"
#include "lab/leg.h"
#include "trial/session.h"

/* The kept runs of a lab's trial, with what the load, the service and the process beside it claim. */
struct measured {
	const struct session *session;
	struct session_runs runs;
	struct claims *claims[TRIAL_ARMS], *beside[TRIAL_ARMS]; /* runs.n of each; owned */
};

/* Read them. Returns 0 or -errno with *e filled; to be freed either way. */
int measured_read(struct measured *m, const struct session *s, struct err *e);
void measured_free(struct measured *m);

/* A figure of the i-th kept run of an arm; the median over all of them. NAN = not known. */
double measured_value(const struct measured *m, int arm, size_t i, const char *figure);
double measured_median(const struct measured *m, int arm, const char *figure);

/* All of them, for a leg. */
void measured_values(const struct measured *m, const char *figure, struct leg_values *v);

#endif
