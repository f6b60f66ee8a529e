/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/baseline_text.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lab/fill.h"
#include "lab/learner.h"
#include "report/page.h"

enum { NAME = 14, TEXT = 512 };

static double member(const json_t *o, const char *name)
{
	const json_t *v = json_object_get(o, name);

	return json_is_number(v) ? json_number_value(v) : NAN;
}

double prediction_error(const json_t *prediction)
{
	double low = member(prediction, "low"), high = member(prediction, "high");
	double truth = member(prediction, "truth"), middle = low > 0 ? sqrt(low * high) : high / 2;

	return middle > 0 && truth > 0 ? fabs(log(middle / truth)) : NAN;
}

bool prediction_holds(const json_t *prediction)
{
	double truth = member(prediction, "truth");

	return truth >= member(prediction, "low") * 0.99 &&
	       truth <= member(prediction, "high") * 1.01;
}

static void say(const struct lab_question *q, const json_t *p, char text[TEXT])
{
	char said[128], came[128];
	double error = prediction_error(p);
	bool range = member(p, "low") < member(p, "high");
	json_t *truth =
		json_pack("{s:f, s:f}", "low", member(p, "truth"), "high", member(p, "truth"));

	if (!p) {
		snprintf(text, TEXT, "not predicted");
	} else if (isnan(member(p, "truth")) || !truth) {
		snprintf(text, TEXT, "you said %s; it could not be measured",
			 prediction_format(said, sizeof(said), q, p));
	} else {
		size_t n = snprintf(text, TEXT, "you said %s, measured %s",
				    prediction_format(said, sizeof(said), q, p),
				    prediction_format(came, sizeof(came), q, truth));

		if (!isnan(error))
			n += snprintf(text + n, TEXT - n, "; off by a factor of %.*f (|ln| %.2f)",
				      exp(error) < 10 ? 2 : 0, exp(error), error);
		if (range || isnan(error))
			snprintf(text + n, TEXT - n, "; %s",
				 prediction_holds(p) ? "within what you said" :
						       "not within what you said");
	}
	json_decref(truth);
}

int baseline_text(FILE *out, const struct lab_manifest *lab, const json_t *state, struct err *e)
{
	const json_t *predictions = json_object_get(state, "predictions");
	struct fill f = learner_fill(lab, (json_t *)state);
	double sum = 0;
	size_t n = 0, ranges = 0, hold = 0;
	char text[TEXT];
	struct page p;

	page_open(&p, out);
	fputs("\nyour predictions\n", out);
	for (size_t i = 0; i < lab->n_questions; i++) {
		const struct lab_question *q = &lab->questions[i];
		const json_t *one = json_object_get(predictions, q->name);
		char *ask = fill(&f, q->ask, NULL), label[64];
		double error = one ? prediction_error(one) : NAN;

		snprintf(label, sizeof(label), "  %.40s", q->name);
		page_text(&p, NAME, label, STYLE_BOLD, ask ?: q->ask);
		say(q, one, text);
		page_text(&p, NAME, "", STYLE_PLAIN, text);
		free(ask);
		sum += isnan(error) ? 0 : error;
		n += !isnan(error);
		if (one && member(one, "low") < member(one, "high") &&
		    !isnan(member(one, "truth"))) {
			ranges++;
			hold += prediction_holds(one);
		}
	}
	if (n) {
		snprintf(text, sizeof(text), "off by a factor of %.2f in the geometric mean",
			 exp(sum / n));
		if (ranges)
			snprintf(text + strlen(text), sizeof(text) - strlen(text),
				 "; %zu of %zu ranges hold what came, and 9 of 10 should", hold,
				 ranges);
		page_text(&p, 2, "", STYLE_DIM, text);
	}
	errno = 0;
	if (fflush(out) || ferror(out))
		return err_set(e, errno ? -errno : -EIO, "cannot write the result: %s",
			       strerror(errno ? errno : EIO));
	return 0;
}
