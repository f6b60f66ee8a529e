// SPDX-License-Identifier: BSD-2-Clause
#include "lab/path_check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/nearest.h"
#include "base/words.h"
#include "lab/ini_file.h"

enum { ARTICLE_MAX = 1 << 20 };

/* "phase-1" or a unit's name; only what comes before, so that nothing can need itself. */
static const struct path_item *resolve(const struct path *p, const struct path_item *item,
				       const char *word)
{
	for (const struct path_item *i = p->items; i < item; i++) {
		if (i->kind == PATH_UNIT && !strcmp(i->name, word))
			return i;
		if (i->kind == PATH_PHASE && !strncmp(word, "phase-", 6) &&
		    !strcmp(i->name, word + 6))
			return i;
	}
	return NULL;
}

static int check_needs(const struct path *p, struct path_item *item, const struct ini_at *at)
{
	char copy[512], *words[PATH_MAX_NEEDS];
	int n;

	snprintf(copy, sizeof(copy), "%s", item->asked);
	n = words_split(copy, words, PATH_MAX_NEEDS);
	if (n < 0)
		return ini_error(at, "needs: '%s' is not understood", item->asked);
	for (int i = 0; i < n; i++) {
		const struct path_item *need = resolve(p, item, words[i]);

		if (!need || need == item->phase) {
			ini_error(at, "needs: '%s' is no unit or phase before this", words[i]);
			return err_hint(at->e, "write phase-1, or the name of a unit");
		}
		item->needs[item->n_needs++] = need;
	}
	return 0;
}

static int check_line(const struct path *p, struct path_item *item, const struct ini_at *at)
{
	const struct path_item *of = resolve(p, item, item->asked);

	if (!strcmp(item->asked, "supplementary"))
		return 0;
	if (!of || of->kind != PATH_PHASE) {
		ini_error(at, "wants: '%s'", item->asked);
		return err_hint(at->e, "write phase-1, phase-2, ... or supplementary");
	}
	item->needs[item->n_needs++] = of;
	return 0;
}

static int number_units(struct path *p, const char *file, struct err *e)
{
	bool any = false;

	for (struct path_item *phase = p->items; phase < p->items + p->n; phase++) {
		int unit = 0;

		if (phase->kind != PATH_PHASE)
			continue;
		snprintf(phase->number, sizeof(phase->number), "%s", phase->name);
		for (struct path_item *i = phase; i < p->items + p->n; i++)
			if (i->kind == PATH_UNIT && i->phase == phase)
				snprintf(i->number, sizeof(i->number), "%s.%d", phase->name,
					 ++unit);
		if (!unit)
			return ini_error(&(struct ini_at){ file, phase->line, e },
					 "[phase %s] has no unit", phase->name);
		any = true;
	}
	return any ? 0 : ini_error(&(struct ini_at){ file, 0, e }, "there is no [phase 1]");
}

int path_check(struct path *p, const char *file, struct err *e)
{
	int err = 0;

	if (!*p->title)
		return ini_error(&(struct ini_at){ file, 0, e }, "there is no section [path]");
	for (struct path_item *i = p->items; i < p->items + p->n && !err; i++) {
		struct ini_at at = { file, i->line, e };

		if (i->kind == PATH_CHECKLIST)
			err = check_line(p, i, &at);
		else
			err = check_needs(p, i, &at);
	}
	return err ? err : number_units(p, file, e);
}

static void article_file(const struct path *p, const struct path_item *item, char *buf, size_t size)
{
	snprintf(buf, size, "%s/articles/%s.md", p->folder, item->name);
}

int path_check_articles(const struct path *p, const char *file, struct err *e)
{
	char article[4300];
	struct stat st;

	for (const struct path_item *i = p->items; i < p->items + p->n; i++) {
		struct ini_at at = { file, i->line, e };

		if (!path_is_read(i))
			continue;
		article_file(p, i, article, sizeof(article));
		if (!stat(article, &st) && S_ISREG(st.st_mode))
			continue;
		ini_error(&at, "articles/%s.md is not there", i->name);
		return err_hint(e, "an article has the name of its section");
	}
	return 0;
}

char *path_article(const struct path *p, const struct path_item *item, struct err *e)
{
	char file[4300], *text;
	struct stat st;
	ssize_t n = -1;
	int fd;

	article_file(p, item, file, sizeof(file));
	fd = open(file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	text = malloc(ARTICLE_MAX + 1);
	if (fd >= 0 && !fstat(fd, &st) && !S_ISREG(st.st_mode))
		errno = EINVAL;
	else if (fd >= 0 && text)
		n = read(fd, text, ARTICLE_MAX);
	if (n < 0)
		err_set(e, -errno, "cannot read %s: %s", file, strerror(errno));
	else
		text[n] = '\0';
	if (n >= 0 && strlen(text) != (size_t)n) {
		err_set(e, -EINVAL, "%s: a zero byte: this is not text", file);
		n = -1;
	}
	if (fd >= 0)
		close(fd);
	if (n >= 0)
		return text;
	free(text);
	return NULL;
}

/* ---- by name */

static bool is_begin(const char *name, const char *word)
{
	return !strncmp(name, word, strlen(word));
}

/* The begin of only one name; in *two whether it is of several. */
static const struct path_item *by_begin(const struct path *p, const char *word,
					const struct path_item **two)
{
	const struct path_item *found = NULL;

	*two = NULL;
	for (const struct path_item *i = p->items; i < p->items + p->n; i++) {
		if (!path_is_read(i) || !is_begin(i->name, word))
			continue;
		if (found) {
			*two = i;
			return found;
		}
		found = i;
	}
	return found;
}

/* Of names that are mistyped and cut short. */
static const char *nearest_begin(const struct path *p, const char *word)
{
	size_t len = strlen(word);
	unsigned int least = len < 5 ? 2 : 3; /* fewer errors than this */
	const char *best = NULL;

	for (const struct path_item *i = p->items; i < p->items + p->n; i++) {
		char begin[NEAREST_MAX_LEN + 1];
		unsigned int distance;

		if (!path_is_read(i) || len < 4 || len > NEAREST_MAX_LEN)
			continue;
		snprintf(begin, sizeof(begin), "%.*s", (int)len, i->name);
		distance = edit_distance(word, begin);
		if (distance < least) {
			least = distance;
			best = i->name;
		}
	}
	return best;
}

const struct path_item *path_find(const struct path *p, const char *name, struct err *e)
{
	const struct path_item *found, *two;
	struct nearest near;

	nearest_start(&near, name);
	for (const struct path_item *i = p->items; i < p->items + p->n; i++) {
		if (!path_is_read(i))
			continue;
		if (!strcmp(i->name, name) || (*name && !strcmp(i->number, name)))
			return i;
		nearest_try(&near, i->name);
		if (*i->number)
			nearest_try(&near, i->number);
	}
	found = *name ? by_begin(p, name, &two) : NULL;
	if (found && !two)
		return found;
	if (found) {
		err_usage(e, "'%s' begins more than one name", name);
		err_hint(e, "did you mean '%s' or '%s'?", found->name, two->name);
		return NULL;
	}
	err_usage(e, "unknown unit or resource '%s'", name);
	if (!near.best)
		near.best = nearest_begin(p, name);
	if (near.best)
		err_hint(e, "did you mean '%s'?", near.best);
	else
		err_hint(e, "'lvt path' shows the names");
	return NULL;
}
