/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/validity.h"
#include <math.h>
#include <stdio.h>
#include "analysis/trial.h"
#include "base/units.h"

#define FEW 0.01 /* of requests, as a trial's views */
#define LATE 0.5
#define BUCKETS 1.02 /* one of each view */
#define EDGES_MAX 0.25

struct words {
	char *why, *advice;
	size_t size;
};

static bool too_noisy(const struct measured *m, const struct words *w)
{
	const struct trial_outcome *o = &m->session->outcome;
	const struct trial_plan *p = &m->session->trial.plan;

	if (o->next != TRIAL_TOO_NOISY)
		return false;
	snprintf(
		w->why, w->size,
		"%zu pairs of runs were disturbed, more than a quarter: others took more than %g %% of a "
		"CPU, or the hypervisor more than %g %%",
		o->discarded, p->max_foreign * 100, p->max_steal * 100);
	snprintf(w->advice, w->size,
		 "end what else runs on this machine, and check again; --max-foreign allows more");
	return true;
}

static bool lossy(const struct measured *m, const struct words *w)
{
	for (size_t i = 0; i < m->runs.n; i++)
		for (int arm = trial_first_arm(&m->session->trial.plan); arm < TRIAL_ARMS; arm++)
			if (m->runs.pairs[i]->arm[arm].loss) {
				snprintf(w->why, w->size,
					 "the trace lost or mistimed requests in a run");
				snprintf(
					w->advice, w->size,
					"check again; if it stays so, 'lvt report' of a run in the "
					"folder names what was lost");
				return true;
			}
	return false;
}

/* At the quantile that the check is about: what is late in the tail alone moves no median. */
static bool late(const struct measured *m, const char *primary, const struct words *w)
{
	char late_text[UNIT_LEN], size_text[UNIT_LEN], lateness[64];
	double scale = NAN, worst = NAN;

	if (figure_kind(primary) != FIGURE_TIME_NS ||
	    !*figure_lateness(lateness, sizeof(lateness), primary))
		return false;
	for (int arm = trial_first_arm(&m->session->trial.plan); arm < TRIAL_ARMS; arm++) {
		scale = fmax(scale, measured_median(m, arm, primary));
		worst = fmax(worst, measured_median(m, arm, lateness));
	}
	if (!(worst >= LATE * scale))
		return false;
	snprintf(
		w->why, w->size,
		"the load was late with its requests: %s is %s, where the effect is of the size of %s",
		lateness, fmt_ns(late_text, sizeof(late_text), worst),
		fmt_ns(size_text, sizeof(size_text), scale));
	snprintf(
		w->advice, w->size,
		"end what else runs on this machine, and check again: the load's CPU has no time for it");
	return true;
}

/* Whether what the client and the kernel saw of a run does not fit together. */
static bool views_differ(const struct trial_arm *a, double failed_share)
{
	double right = a->client.requests;
	double edges = right > 0 ? fmin(a->client.edges / right, EDGES_MAX) : EDGES_MAX;
	double ratio = a->requests / right;
	double kernel = a->value[0], client = a->value[TRIAL_KINDS];

	if (isnan(right))
		return false;
	if (failed_share > FEW)
		return ratio < 1 - FEW - edges;
	return fabs(ratio - 1) > FEW + edges + 1e-9 || (edges <= FEW && kernel > BUCKETS * client);
}

static bool views(const struct measured *m, const struct words *w)
{
	for (size_t i = 0; i < m->runs.n; i++)
		for (int arm = trial_first_arm(&m->session->trial.plan); arm < TRIAL_ARMS; arm++) {
			const struct trial_arm *a = &m->runs.pairs[i]->arm[arm];

			if (!views_differ(a, measured_value(m, arm, i, "client.failed_share")))
				continue;
			snprintf(
				w->why, w->size,
				"the client and the kernel did not see the same: %.0f right answers "
				"against %llu requests in a run %s",
				a->client.requests, (unsigned long long)a->requests,
				trial_arm_name(arm));
			snprintf(
				w->advice, w->size,
				"each request is to be answered once, by the service that is traced");
			return true;
		}
	return false;
}

bool validity_check(const struct measured *m, const char *primary, char *why, char *advice,
		    size_t size)
{
	const struct words w = { why, advice, size };

	*why = *advice = '\0';
	return !too_noisy(m, &w) && !lossy(m, &w) && !late(m, primary, &w) && !views(m, &w);
}
