// SPDX-License-Identifier: BSD-2-Clause
/*
 * What learners and authors of labs write by hand, fed by libFuzzer: lab.ini (the files that it names are
 * those of a lab of the tests), path.ini, settings.ini, progress.json, and texts with braces and in Markdown.
 * All of them get each input.
 */
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab/learner.h"
#include "lab/manifest_internal.h"
#include "lab/markdown.h"
#include "lab/path_check.h"
#include "lab/progress_shape.h"
#include "lab/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* LVT_FUZZ_LAB, as the fuzzer runs elsewhere. */
static const char *folder(void)
{
	return getenv("LVT_FUZZ_LAB") ?: "tests/data/labs/010-slow";
}

static void fuzz_manifest(const uint8_t *data, size_t size)
{
	FILE *in = fmemopen((void *)data, size, "r");
	struct lab_manifest m;
	struct err e = { 0 };

	manifest_read_from(&m, folder(), in, &e);
	lab_manifest_free(&m);
	fclose(in);
}

static void fuzz_settings(const struct lab_manifest *m, const char *text)
{
	struct lab_settings s;
	struct err e = { 0 };
	char path[64];
	FILE *out;

	snprintf(path, sizeof(path), "/tmp/lvt-fuzz-%d.ini", getpid());
	out = fopen(path, "w");
	fputs(text, out);
	fclose(out);
	settings_read(&s, m, path, &e);
	settings_free(&s);
	unlink(path);
}

static void fuzz_texts(const struct lab_manifest *m, const char *text)
{
	struct fill f = learner_fill(m, NULL);
	double low, high;
	json_t *figures = json_object();
	struct err e = { 0 };

	free(fill(&f, text, &e));
	fill_figures(text, false, figures);
	json_decref(figures);
	lab_number(text);
	for (size_t i = 0; i < m->n_questions; i++)
		prediction_parse(&m->questions[i], text, &low, &high, &e);
}

static void fuzz_progress(const struct lab_manifest *m, const uint8_t *data, size_t size)
{
	json_t *root = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL), *lab;
	struct progress p = { .lock = -1, .root = root };
	struct err e = { 0 };
	const char *id;

	if (root && progress_shape_ok(root)) {
		json_object_foreach(json_object_get(root, "labs"), id, lab) {
			struct fill f = learner_fill(m, lab);

			progress_passed(&p, id);
			learner_failures(lab);
			free(fill(&f, "{rate} {run:client.p50} {check:client.p50}", &e));
		}
		learner_locked_by(&p, m);
	}
	json_decref(root);
}

static void fuzz_path(const uint8_t *data, size_t size, const char *text)
{
	FILE *in = fmemopen((void *)data, size, "r");
	struct path p = { 0 };
	struct err e = { 0 };

	if (!path_read_stream(&p, in, "x", &e))
		path_find(&p, text, &e);
	path_free(&p);
	fclose(in);
}

/* Whatever stands in it, a terminal gets text and styles. */
static void fuzz_markdown(const char *text)
{
	char *printed = NULL;
	size_t size;
	struct err e = { 0 };
	FILE *out = open_memstream(&printed, &size);

	markdown_print(out, text, 10 + strlen(text) % 90, true, &e);
	fflush(out);
	for (const char *c = printed; *c; c++)
		if (((unsigned char)*c < ' ' && *c != '\n' && strncmp(c, "\033[0", 3) != 0) ||
		    *c == 127)
			abort();
	markdown_html_part(out, text, &(struct markdown_part){ "p", 1, true }, &e);
	fclose(out);
	free(printed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lab_manifest m;
	struct err e = { 0 };
	char *text;

	if (!size)
		return 0;
	fuzz_manifest(data, size);
	if (lab_manifest_read(&m, folder(), &e))
		abort();
	text = strndup((const char *)data, size);
	fuzz_texts(&m, text);
	fuzz_settings(&m, text);
	fuzz_progress(&m, data, size);
	fuzz_path(data, size, text);
	fuzz_markdown(text);
	free(text);
	lab_manifest_free(&m);
	return 0;
}
