/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/measured.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "model/hist.h"

/* What the load claims counts before what the service does, which may be the learner's. */
static void read_claims(const struct measured *m, int arm, size_t i)
{
	static const char *const logs[] = { "service", "load", "beside" };
	char name[TRIAL_FILE_LEN], path[4300];

	for (int k = 0; k < 3; k++) {
		snprintf(path, sizeof(path), "%s/%s.%s.log", m->session->path,
			 trial_file(name, m->runs.pairs[i], arm), logs[k]);
		claims_read(k == 2 ? &m->beside[arm][i] : &m->claims[arm][i], path);
	}
}

int measured_read(struct measured *m, const struct session *s, struct err *e)
{
	int err;

	*m = (struct measured){ .session = s };
	err = session_read_runs(s, &m->runs, e);
	for (int arm = trial_first_arm(&s->trial.plan); arm < TRIAL_ARMS && !err; arm++) {
		m->claims[arm] = calloc(m->runs.n ?: 1, sizeof(*m->claims[arm]));
		m->beside[arm] = calloc(m->runs.n ?: 1, sizeof(*m->beside[arm]));
		if (!m->claims[arm] || !m->beside[arm])
			return err_set(e, -ENOMEM, "no memory for the runs of a check");
		for (size_t i = 0; i < m->runs.n; i++)
			read_claims(m, arm, i);
	}
	return err;
}

void measured_free(struct measured *m)
{
	session_free_runs(&m->runs);
	for (int arm = 0; arm < TRIAL_ARMS; arm++) {
		free(m->claims[arm]);
		free(m->beside[arm]);
		m->claims[arm] = m->beside[arm] = NULL;
	}
}

double measured_value(const struct measured *m, int arm, size_t i, const char *figure)
{
	if (!m->claims[arm])
		return NAN; /* this arm did not run */
	if (!strncmp(figure, "claim.", 6))
		return claims_value(&m->claims[arm][i], figure + 6);
	if (!strncmp(figure, "beside.", 7))
		return claims_value(&m->beside[arm][i], figure + 7);
	return figure_of(figure, m->runs.list[arm][i], m->runs.pairs[i]->arm[arm].port);
}

double measured_median(const struct measured *m, int arm, const char *figure)
{
	double values[2 * TRIAL_MAX_PAIRS];

	for (size_t i = 0; i < m->runs.n; i++)
		values[i] = measured_value(m, arm, i, figure);
	return leg_median(values, m->runs.n);
}

/* How many independent requests lie beyond a quantile, from those beyond the nearest one that is counted. */
static double beyond(const struct trial_arm *a, __u32 millionths)
{
	static const __u32 counted[TRIAL_QUANTILES] = { Q_P50, Q_P90, Q_P99, Q_P99_9 };
	int q = TRIAL_QUANTILES - 1;

	while (q && counted[q] > millionths)
		q--;
	return a->beyond[q] * fmin((1e6 - millionths) / (1e6 - counted[q]), 1);
}

void measured_values(const struct measured *m, const char *figure, struct leg_values *v)
{
	__u32 quantile = figure_quantile(figure);

	*v = (struct leg_values){ .n = m->runs.n, .beyond = { INFINITY, INFINITY } };
	for (int arm = 0; arm < TRIAL_ARMS; arm++) {
		if (quantile)
			v->beyond[arm] = 0;
		for (size_t i = 0; i < v->n; i++) {
			v->value[arm][i] = measured_value(m, arm, i, figure);
			if (quantile)
				v->beyond[arm] += beyond(&m->runs.pairs[i]->arm[arm], quantile);
		}
	}
}
