/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_FINDINGS_LOOK_H
#define LVT_FINDINGS_LOOK_H

/* The findings of a service, to look at. To be included after cmocka's headers. */
#include <math.h>
#include <string.h>

#include "report/findings.h"

static struct finding found[MAX_FINDINGS > MAX_WARNINGS ? MAX_FINDINGS : MAX_WARNINGS];
static size_t n_found;

static inline const struct finding *find(const char *id)
{
	for (size_t i = 0; i < n_found; i++)
		if (!strcmp(found[i].id, id))
			return &found[i];
	return NULL;
}

static inline double number(const struct finding *f, const char *name)
{
	for (size_t i = 0; i < f->n_evidence; i++)
		if (!strcmp(f->evidence[i].name, name))
			return f->evidence[i].number;
	return NAN;
}

static inline void look(const struct run_service *s)
{
	n_found = service_findings(s, found);
	for (size_t i = 0; i < n_found; i++) {
		assert_true(found[i].n_evidence > 0);
		assert_true(found[i].text[strlen(found[i].text) - 1] == '.');
		assert_true(i == 0 || found[i - 1].weight >= found[i].weight);
	}
}

/* A finding that must be there, with this text. */
static inline const struct finding *assert_found(const char *id, const char *text)
{
	const struct finding *f = find(id);

	if (!f)
		print_error("no %s\n", id);
	assert_non_null(f);
	assert_string_equal(f->text, text);
	return f;
}

static inline const char *evidence_word(const struct finding *f, const char *name)
{
	for (size_t i = 0; i < f->n_evidence; i++)
		if (!strcmp(f->evidence[i].name, name))
			return f->evidence[i].word;
	return "";
}

#endif
