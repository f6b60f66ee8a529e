// SPDX-License-Identifier: BSD-2-Clause
#include "lab/prediction_score.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_SCORED = 1024 };

double prediction_log_error(double low, double high, double truth)
{
	if (!(low > 0) || !(high > 0) || !(truth > 0) || isinf(truth))
		return NAN;
	return fabs((log(low) + log(high)) / 2 - log(truth));
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double number(const json_t *of, const char *name)
{
	const json_t *value = json_object_get(of, name);

	return json_is_number(value) ? json_number_value(value) : NAN;
}

static void add(struct prediction_score *s, double *errors, const json_t *prediction)
{
	double low = number(prediction, "low"), high = number(prediction, "high");
	double truth = number(prediction, "truth");
	double error = prediction_log_error(low, high, truth);

	if (isnan(low) || isnan(high))
		return;
	s->made++;
	if (isnan(truth))
		return;
	s->scored++;
	if (!isnan(error) && s->compared < MAX_SCORED)
		errors[s->compared++] = error;
	if (low < high) {
		s->intervals++;
		s->held += truth >= low && truth <= high;
	}
}

struct prediction_score prediction_score(const json_t *labs)
{
	struct prediction_score s = { .log_error = NAN };
	double errors[MAX_SCORED];
	const char *id, *name;
	json_t *lab, *prediction;
	size_t half;

	json_object_foreach((json_t *)labs, id, lab)
		json_object_foreach(json_object_get(lab, "predictions"), name, prediction)
			add(&s, errors, prediction);
	if (!s.compared)
		return s;
	qsort(errors, s.compared, sizeof(errors[0]), by_value);
	half = s.compared / 2;
	s.log_error = s.compared % 2 ? errors[half] : (errors[half - 1] + errors[half]) / 2;
	return s;
}

const char *prediction_score_text(char *buf, size_t size, const struct prediction_score *s)
{
	size_t len;

	if (!s->scored) {
		snprintf(buf, size, s->made ? "%zu made, none scored yet" : "none yet", s->made);
		return buf;
	}
	len = snprintf(buf, size, "%zu scored", s->scored);
	if (s->compared && len < size)
		len += snprintf(buf + len, size - len, ", half of them within a factor of %.3g",
				exp(s->log_error));
	if (s->intervals && len < size)
		snprintf(buf + len, size - len, "; %zu of %zu intervals held (90 %% should)",
			 s->held, s->intervals);
	return buf;
}
