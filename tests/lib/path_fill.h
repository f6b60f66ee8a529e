/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_PATH_FILL_TEST_H
#define LVT_PATH_FILL_TEST_H

/* A small path in a folder of its own, three labs, and a progress. To be included after cmocka's headers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lab/path_state.h"

#define SMALL_PATH                                                                           \
	"[path]\ntitle = T\nabout = A path.\nnote = Both <sides>.\n"                         \
	"[phase 1]\ntitle = First\n"                                                         \
	"[unit alpha]\nphase = 1\ntitle = Alpha\nminutes = 20\nfocus = what\n"               \
	"[unit alpine]\nphase = 1\ntitle = Alpine\nminutes = 25\nfocus = how\n    and why\n" \
	"needs = alpha\n"                                                                    \
	"[phase 2]\ntitle = Second\nneeds = phase-1\n"                                       \
	"[unit beta]\nphase = 2\ntitle = Beta\nminutes = 30\nfocus = where\n"                \
	"[resource guide-one]\ntitle = Guide\nabout = more\n"                                \
	"[walk walk-one]\ntitle = Walk\n"                                                    \
	"[checklist phase-1]\ntitle = Phase 1\nwants = phase-1\n"                            \
	"[checklist phase-2]\ntitle = Phase 2\nwants = phase-2\n"                            \
	"[checklist supplementary]\ntitle = Walks\nwants = supplementary\n"

struct small {
	char folder[64];
	struct path path;
	struct catalogue labs;
	struct lab_manifest lab[3];
	struct progress progress;
	struct path_state state;
};

static inline void write_text(const char *folder, const char *name, const char *text)
{
	char path[256];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	out = fopen(path, "w");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static inline void small_folder(char folder[64], const char *ini)
{
	static const char *const names[] = { "alpha", "alpine", "beta", "guide-one", "walk-one" };
	char path[128];

	strcpy(folder, "/tmp/lvt-path-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/articles", folder);
	assert_int_equal(mkdir(path, 0755), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char file[64], text[160];

		snprintf(file, sizeof(file), "articles/%s.md", names[i]);
		snprintf(text, sizeof(text),
			 "# %s\n\np50 {run:010.client.p50|not measured}, see [b](beta.md).\n",
			 names[i]);
		write_text(folder, file, text);
	}
	write_text(folder, "path.ini", ini);
}

static inline void small_remove(const char *folder)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r '%s'", folder);
	assert_int_equal(system(command), 0);
}

/* Labs 010 and 020 of alpha, 030 of beta, which is not possible here; 020 is not of the core path. */
static inline void small_labs(struct small *s)
{
	static char *ids[] = { "010-one", "020-two", "030-three" };
	static char *units[] = { "alpha", "alpha", "beta" };
	static char cpus[] = "cpus:9999";

	for (size_t i = 0; i < 3; i++)
		s->lab[i] = (struct lab_manifest){ .id = ids[i],
						   .title = ids[i] + 4,
						   .unit = units[i],
						   .serves = "clients",
						   .pays = "the <rest>",
						   .minutes = 10,
						   .core = i != 1,
						   .n_questions = 1 };
	s->lab[2].requires = (struct lab_words){ .items = { cpus }, .n = 1 };
	s->labs = (struct catalogue){ .labs = s->lab, .n = 3 };
}

/* With a progress as JSON; ' stands for ". */
static inline struct small *small_open(const char *progress)
{
	struct small *s = calloc(1, sizeof(*s));
	char *text = strdup(progress);
	struct err e = { 0 };

	for (char *c = text; *c; c++)
		if (*c == '\'')
			*c = '"';
	small_folder(s->folder, SMALL_PATH);
	small_labs(s);
	assert_int_equal(path_read(&s->path, s->folder, &e), 0);
	s->progress.root = json_loads(text, 0, NULL);
	assert_non_null(s->progress.root);
	free(text);
	assert_int_equal(path_state_find(&s->state, &s->path, &s->labs, &s->progress, &e), 0);
	return s;
}

static inline void small_close(struct small *s)
{
	path_state_free(&s->state);
	json_decref(s->progress.root);
	path_free(&s->path);
	small_remove(s->folder);
	free(s);
}

#endif
