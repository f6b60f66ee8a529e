/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/catalogue.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/nearest.h"

static bool is_folder(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

int catalogue_folder(char *buf, size_t size, struct err *e)
{
	/* of a build, of one with sanitizers, installed */
	static const char *const beside[] = { "../labs", "../../labs", "../share/lvt/labs" };
	const char *given = getenv("LVT_LABS");
	char exe[PATH_MAX], path[PATH_MAX + 32], real[PATH_MAX], *slash;
	ssize_t n;

	if (given && *given) {
		if (is_folder(given) && snprintf(buf, size, "%s", given) < (int)size)
			return 0;
		err_set(e, -ENOENT, "there is no folder %s", given);
		return err_hint(e, "LVT_LABS names it");
	}
	n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	exe[n > 0 ? n : 0] = '\0';
	slash = strrchr(exe, '/');
	if (slash)
		*slash = '\0';
	for (size_t i = 0; i < 3 && slash; i++) {
		snprintf(path, sizeof(path), "%s/%s", exe, beside[i]);
		if (!is_folder(path) || !realpath(path, real))
			continue;
		if (snprintf(buf, size, "%s", real) < (int)size)
			return 0;
	}
	err_set(e, -ENOENT, "the labs are not there");
	return err_hint(e, "'make install' puts them to share/lvt/labs; LVT_LABS may name the "
			   "folder");
}

static int is_lab(const struct dirent *d)
{
	return isdigit((unsigned char)d->d_name[0]) && isdigit((unsigned char)d->d_name[1]) &&
	       isdigit((unsigned char)d->d_name[2]) && d->d_name[3] == '-';
}

static bool has_id(const struct catalogue *c, const char *id)
{
	for (size_t i = 0; i < c->n; i++)
		if (!strcmp(c->labs[i].id, id))
			return true;
	return false;
}

/* Labs that are needed are there, and none needs itself or a later one: so none can need each other. */
static int check_needs(const struct catalogue *c, struct err *e)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct lab_manifest *m = &c->labs[i];

		for (size_t k = 0; k < m->needs.n; k++) {
			const char *id = m->needs.items[k];

			if (has_id(c, id) && strcmp(id, m->id) < 0)
				continue;
			err_set(e, -EINVAL, "%s/lab.ini:%d: needs '%s'", m->folder, m->needs_line,
				id);
			return err_hint(e, "give the id of a lab before this one, such as %s",
					c->labs[0].id);
		}
	}
	return 0;
}

int catalogue_open(struct catalogue *c, struct err *e)
{
	char path[sizeof(c->folder) + NAME_MAX + 2];
	struct dirent **names = NULL;
	int err, n = 0;

	*c = (struct catalogue){ 0 };
	err = catalogue_folder(c->folder, sizeof(c->folder), e);
	if (err)
		return err;
	n = scandir(c->folder, &names, is_lab, alphasort);
	if (n < 0)
		return err_set(e, -errno, "cannot read %s: %s", c->folder, strerror(errno));
	c->labs = calloc(n + 1, sizeof(*c->labs));
	if (!c->labs)
		err = err_set(e, -ENOMEM, "no memory");
	for (int i = 0; i < n; i++) {
		if (!err) {
			snprintf(path, sizeof(path), "%s/%s", c->folder, names[i]->d_name);
			err = lab_manifest_read(&c->labs[c->n++], path, e);
		}
		free(names[i]);
	}
	free(names);
	if (!err && !c->n)
		err = err_set(e, -ENOENT, "there is no lab in %s", c->folder);
	return err ? err : check_needs(c, e);
}

void catalogue_close(struct catalogue *c)
{
	for (size_t i = 0; i < c->n; i++)
		lab_manifest_free(&c->labs[i]);
	free(c->labs);
	*c = (struct catalogue){ 0 };
}

/* By its whole id, its number with or without zeros before it, or its name. */
static bool is_named(const struct lab_manifest *m, const char *name)
{
	size_t digits = strspn(name, "0123456789");

	if (!strcmp(m->id, name) || !strcmp(m->id + 4, name))
		return true;
	return digits && !name[digits] && digits <= 3 && atoi(name) == atoi(m->id);
}

const struct lab_manifest *catalogue_find(const struct catalogue *c, const char *name,
					  struct err *e)
{
	struct nearest near;

	nearest_start(&near, name);
	for (size_t i = 0; i < c->n; i++) {
		if (is_named(&c->labs[i], name))
			return &c->labs[i];
		nearest_try(&near, c->labs[i].id + 4);
		nearest_try(&near, c->labs[i].id);
	}
	err_usage(e, "unknown lab '%s'", name);
	if (near.best)
		err_hint(e, "did you mean '%s'?", near.best);
	else
		err_hint(e, "'lvt lab list' shows the labs");
	return NULL;
}
