/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/work_folder.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/folder.h"
#include "base/out_file.h"
#include "lab/settings.h"

#define MARK ".lvt-lab"
enum { PATH_LEN = 4400 };

int work_folder_default(char *buf, size_t size, const struct lab_manifest *lab, struct err *e)
{
	struct invoker who;
	int err = invoker_find(&who, e);

	if (err)
		return err;
	if (snprintf(buf, size, "%s/lvt-labs/%s", who.home, lab->id) < (int)size)
		return 0;
	return err_set(e, -ENAMETOOLONG, "the path of the work folder is too long");
}

bool work_folder_is(const char *folder, const struct lab_manifest *lab)
{
	char path[PATH_LEN], id[LAB_NAME_LEN + 2] = "";
	FILE *in;

	snprintf(path, sizeof(path), "%s/" MARK, folder);
	in = fopen(path, "re");
	if (!in)
		return false;
	if (!fgets(id, sizeof(id), in))
		*id = '\0';
	fclose(in);
	id[strcspn(id, "\n")] = '\0';
	return !strcmp(id, lab->id);
}

static bool is_empty(const char *folder)
{
	DIR *d = opendir(folder);
	const struct dirent *entry;
	int n = 0;

	if (!d)
		return errno == ENOENT;
	while ((entry = readdir(d)))
		n += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
	closedir(d);
	return !n;
}

struct copying {
	const char *from, *text; /* a file, or a text */
};

static int print(FILE *out, const void *arg, struct err *e)
{
	const struct copying *c = arg;
	char buf[4096];
	size_t n;
	FILE *in;

	if (c->text) {
		fputs(c->text, out);
		return 0;
	}
	in = fopen(c->from, "re");
	if (!in)
		return err_set(e, -errno, "cannot read %s: %s", c->from, strerror(errno));
	while ((n = fread(buf, 1, sizeof(buf), in)))
		fwrite(buf, 1, n, out);
	n = ferror(in);
	fclose(in);
	return n ? err_set(e, -EIO, "cannot read %s", c->from) : 0;
}

/* One file, if it is not there. */
static int put(const char *folder, const char *name, const struct copying *c, int *kept,
	       struct err *e)
{
	char path[PATH_LEN];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (!lstat(path, &st)) {
		++*kept;
		return 0;
	}
	return out_file_print(path, print, c, e);
}

static int put_settings(const char *folder, const struct fill *f, int *kept, struct err *e)
{
	char path[PATH_LEN];
	struct lab_settings s;
	struct stat st;
	int err;

	if (!f->lab->n_knobs)
		return 0;
	snprintf(path, sizeof(path), "%s/settings.ini", folder);
	if (!lstat(path, &st)) {
		++*kept;
		return 0;
	}
	err = settings_defaults(&s, f->lab, e);
	if (!err)
		err = settings_write(&s, f, path, e);
	settings_free(&s);
	return err;
}

int work_folder_fill(const char *folder, const struct catalogue *c, const struct fill *f, int *kept,
		     struct err *e)
{
	static const char *const common[] = { "service.h", "Makefile" };
	char from[PATH_LEN], id[LAB_NAME_LEN + 2];
	struct invoker who;
	int err = invoker_find(&who, e), marks = 0;

	*kept = 0;
	if (err)
		return err;
	if (!is_empty(folder) && !work_folder_is(folder, f->lab)) {
		err_set(e, -ENOTEMPTY, "%s is there, and is no folder of lab %s", folder,
			f->lab->id);
		return err_hint(e, "give a new folder: --dir DIR");
	}
	err = invoker_make_folder(&who, folder, e);
	snprintf(id, sizeof(id), "%s\n", f->lab->id);
	if (!err)
		err = put(folder, MARK, &(struct copying){ .text = id }, &marks, e);
	for (size_t i = 0; i < f->lab->sources.n && !err; i++) {
		snprintf(from, sizeof(from), "%s/%s", f->lab->folder, f->lab->sources.items[i]);
		err = put(folder, f->lab->sources.items[i], &(struct copying){ .from = from }, kept,
			  e);
	}
	for (size_t i = 0; i < 2 && !err; i++) {
		snprintf(from, sizeof(from), "%s/common/%s", c->folder, common[i]);
		err = put(folder, common[i], &(struct copying){ .from = from }, kept, e);
	}
	return err ? err : put_settings(folder, f, kept, e);
}

int work_folder_set_aside(const char *folder, char *aside, size_t size, struct err *e)
{
	int err = -EEXIST;

	for (int i = 1; i < 1000; i++) {
		if (snprintf(aside, size, "%s.%d", folder, i) >= (int)size)
			return err_set(e, -ENAMETOOLONG, "the path %s is too long", folder);
		err = folder_rename_new(folder, aside);
		if (!err)
			return 0;
		if (err != -EEXIST && err != -ENOTEMPTY)
			break;
	}
	return err_set(e, err, "cannot rename %s: %s", folder, strerror(-err));
}
