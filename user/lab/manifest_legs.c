/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/decimal.h"
#include "lab/figure.h"
#include "lab/fill.h"
#include "lab/manifest_internal.h"

/* What is asked and what has to hold: figures, bounds and answers. */

static int check_figure(const struct manifest_reading *r, const char *section, const char *key,
			size_t i, const char *figure)
{
	struct ini_at at = manifest_at(r, section, key, i);

	if (strchr(figure, '{') || figure_kind(figure) != FIGURE_UNKNOWN)
		return 0;
	ini_error(&at, "there is no figure '%s'", figure);
	return err_hint(at.e, "labs/README.md lists the figures");
}

static bool unit_fits(const char *unit, enum figure_kind kind)
{
	static const struct {
		const char *unit;
		unsigned int kinds;
	} fits[] = {
		{ "ms", 1 << FIGURE_TIME_NS | 1 << FIGURE_PLAIN },
		{ "us", 1 << FIGURE_TIME_NS | 1 << FIGURE_PLAIN },
		{ "/s", 1 << FIGURE_RATE | 1 << FIGURE_PLAIN },
		{ "%", 1 << FIGURE_SHARE | 1 << FIGURE_PLAIN },
		{ "requests", 1 << FIGURE_COUNT | 1 << FIGURE_PLAIN },
		{ "ratio", 1 << FIGURE_SHARE | 1 << FIGURE_PLAIN },
	};

	for (size_t i = 0; i < sizeof(fits) / sizeof(fits[0]); i++)
		if (!strcmp(fits[i].unit, unit))
			return kind == FIGURE_UNKNOWN || fits[i].kinds & 1u << kind;
	return false;
}

static int check_questions(const struct manifest_reading *r)
{
	const struct lab_manifest *m = r->m;

	for (size_t i = 0; i < m->n_questions; i++) {
		const struct lab_question *q = &m->questions[i];
		int err = check_figure(r, "predict", "figure", i, q->figure);
		struct ini_at at = manifest_at(r, "predict", "unit", i);

		if (err)
			return err;
		if (unit_fits(q->unit, FIGURE_UNKNOWN) &&
		    unit_fits(q->unit, figure_kind(q->figure)))
			continue;
		ini_error(&at, "unit = '%s' is none of %s", q->unit, q->figure);
		return err_hint(at.e, "give ms or us for times, /s for rates, %% for shares, "
				      "requests for counts, ratio");
	}
	return 0;
}

/* A bound of a leg, by its key; "" is none. Without braces it can be read now. */
static int check_bound(const struct manifest_reading *r, size_t i, const char *key,
		       const char *text)
{
	struct ini_at at = manifest_at(r, "leg", key, i);
	const char *figure = r->m->legs[i].figure;
	enum figure_kind kind = strchr(figure, '{') ? FIGURE_UNKNOWN : figure_kind(figure);
	bool ratio = !strncmp(key, "ratio", 5);
	char *filled;
	double value;
	bool unit;

	if (!*text)
		return 0;
	filled = manifest_fill(r, &at, text);
	if (!filled)
		return -EINVAL;
	value = ratio ? read_decimal(filled, "") : lab_number(filled);
	unit = lab_number_is_time(filled);
	free(filled);
	if (isnan(value)) {
		ini_error(&at, "%s = '%s'", key, text);
		return err_hint(at.e, ratio ? "give a number, such as 0.5" :
					      "give a number, with us, ms, s, %% or k if need be");
	}
	if (ratio && r->m->arms != 2)
		return ini_error(&at, "%s in a lab with one arm", key);
	if (!ratio && kind == FIGURE_TIME_NS && value != 0 && !unit) {
		ini_error(&at, "%s = '%s': %s is a time", key, text, figure);
		return err_hint(at.e, "give it with us, ms or s");
	}
	if (!ratio && unit && (kind == FIGURE_RATE || kind == FIGURE_SHARE || kind == FIGURE_COUNT))
		return ini_error(&at, "%s = '%s': %s is no time", key, text, figure);
	if (!ratio && kind == FIGURE_SHARE && value > 1) {
		ini_error(&at, "%s = '%s': %s is a share", key, text, figure);
		return err_hint(at.e, "give at most 100%%");
	}
	return 0;
}

static int check_bounds(const struct manifest_reading *r, size_t i)
{
	const struct lab_leg *leg = &r->m->legs[i];
	const struct {
		const char *key, *text;
	} bounds[] = { { "ratio_min", leg->ratio_min },
		       { "ratio_max", leg->ratio_max },
		       { "min", leg->min },
		       { "max", leg->max } };
	struct ini_at at = manifest_at(r, "leg", "", i);
	size_t n = 0;
	int err = 0;

	for (size_t b = 0; b < 4 && !err; b++) {
		n += *bounds[b].text != '\0';
		err = check_bound(r, i, bounds[b].key, bounds[b].text);
	}
	if (err || leg->kind == LAB_LEG_ANSWER)
		return n && !err ? ini_error(&at, "[leg %s]: an answer has no bounds", leg->name) :
				   err;
	if (!*leg->figure) {
		ini_error(&at, "[leg %s] has no figure", leg->name);
		return err_hint(at.e, "write such as figure = client.p99");
	}
	if (n)
		return 0;
	ini_error(&at, "[leg %s] has no bound", leg->name);
	return err_hint(at.e, "give ratio_min, ratio_max, min or max");
}

static int check_answer(const struct manifest_reading *r, size_t i)
{
	const struct lab_leg *leg = &r->m->legs[i];
	struct ini_at at = manifest_at(r, "leg", "answer", i);
	bool known = false;
	double within;

	if (leg->kind != LAB_LEG_ANSWER) {
		if (!*leg->answer && !*leg->is && !*leg->within)
			return 0;
		ini_error(&at, "[leg %s] has an answer", leg->name);
		return err_hint(at.e, "write kind = answer");
	}
	for (size_t k = 0; k < r->m->n_knobs; k++)
		known = known || !strcmp(r->m->knobs[k].name, leg->answer);
	if (!known) {
		ini_error(&at, "[leg %s]: '%s' is no knob of the lab", leg->name, leg->answer);
		return err_hint(at.e, "write answer = NAME of a section [knob NAME]");
	}
	if (*leg->is && !*leg->within && !*leg->figure)
		return 0;
	within = read_decimal(leg->within, "%");
	if (!*leg->is && *leg->figure && within > 0 && within <= 1000)
		return 0;
	at = manifest_at(r, "leg", *leg->within ? "within" : "is", i);
	ini_error(&at, "[leg %s] does not say what the right answer is", leg->name);
	return err_hint(at.e, "give is = WORD, or a figure and within = 20%%");
}

static bool has_leg(const struct lab_manifest *m, enum lab_leg_kind kind, const char *name,
		    const char *figure)
{
	for (size_t i = 0; i < m->n_legs; i++)
		if (m->legs[i].kind == kind && (!name || !strcmp(m->legs[i].name, name)) &&
		    (!figure || !strcmp(m->legs[i].figure, figure)))
			return true;
	return false;
}

/* A check with two arms passes only if client, kernel and guards agree. */
static int check_triangle(const struct manifest_reading *r)
{
	static const struct {
		enum lab_leg_kind kind;
		const char *name, *figure, *what;
		int of; /* 1: of lvt load alone, 2: of a load that does not tell, else of both */
	} legs[] = {
		{ LAB_LEG_CLIENT, NULL, NULL, "kind = client: what the client sees", 0 },
		{ LAB_LEG_MECHANISM, NULL, NULL, "kind = mechanism: what the kernel sees", 0 },
		{ LAB_LEG_GUARD, NULL, "client.throughput", "kind = guard on client.throughput",
		  1 },
		{ LAB_LEG_GUARD, NULL, "client.failed_share", "kind = guard on client.failed_share",
		  1 },
		{ LAB_LEG_GUARD, NULL, "kernel.throughput", "kind = guard on kernel.throughput",
		  2 },
		{ LAB_LEG_GUARD, NULL, "kernel.aborted_share",
		  "kind = guard on kernel.aborted_share", 2 },
		{ LAB_LEG_GUARD, "work", NULL, "name work and kind = guard: the same work", 0 },
	};
	struct ini_at at = { r->file, 0, r->e };
	int other = *r->m->load_command[1] ? 1 : 2; /* whose legs are not asked for */

	for (size_t i = 0; r->m->arms == 2 && i < sizeof(legs) / sizeof(legs[0]); i++)
		if (legs[i].of != other &&
		    !has_leg(r->m, legs[i].kind, legs[i].name, legs[i].figure))
			return ini_error(&at, "there is no leg with %s", legs[i].what);
	return 0;
}

int manifest_check_legs(const struct manifest_reading *r)
{
	int err = check_figure(r, "trial", "primary", 0, r->m->primary);

	if (!err)
		err = check_questions(r);
	for (size_t i = 0; i < r->m->n_legs && !err; i++) {
		if (*r->m->legs[i].figure)
			err = check_figure(r, "leg", "figure", i, r->m->legs[i].figure);
		if (!err)
			err = check_bounds(r, i);
		if (!err)
			err = check_answer(r, i);
	}
	return err ? err : check_triangle(r);
}
