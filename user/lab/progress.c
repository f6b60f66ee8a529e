/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/progress.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/folder.h"
#include "base/invoker.h"
#include "base/out_file.h"
#include "lab/progress_shape.h"

#define SCHEMA "lvt.progress/1"
enum { PROGRESS_MAX = 16 << 20 };

static int find_folder(struct progress *p, struct invoker *who, struct err *e)
{
	const char *state = getenv("XDG_STATE_HOME");
	int err = invoker_find(who, e), n;

	if (err)
		return err;
	/* the XDG base directory specification: a path that is not absolute is ignored */
	if (state && *state == '/')
		n = snprintf(p->folder, sizeof(p->folder), "%s/lvt", state);
	else
		n = snprintf(p->folder, sizeof(p->folder), "%s/.local/state/lvt", who->home);
	return n < (int)sizeof(p->folder) - 64 ?
		       0 :
		       err_set(e, -ENAMETOOLONG, "the path of the state is too long");
}

static int lock(struct progress *p, const struct invoker *who, struct err *e)
{
	char path[sizeof(p->folder) + 8];

	snprintf(path, sizeof(path), "%s/lock", p->folder);
	p->lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (p->lock < 0)
		return err_set(e, -errno, "cannot open %s: %s", path, strerror(errno));
	if (who->sudo && fchown(p->lock, who->uid, who->gid))
		return err_set(e, -errno, "cannot give %s to its user: %s", path, strerror(errno));
	if (!flock(p->lock, LOCK_EX | LOCK_NB))
		return 0;
	if (errno != EWOULDBLOCK)
		return err_set(e, -errno, "cannot lock %s: %s", path, strerror(errno));
	err_set(e, -EBUSY, "another lvt is at work on the labs");
	return err_hint(e, "wait until it ends");
}

/* Its bytes; -ENOENT without an error if there is none. */
static int read_all(const char *path, char **text, size_t *size, struct err *e)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), err = 0;
	struct stat st;
	ssize_t n;

	*text = NULL;
	*size = 0;
	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0 || fstat(fd, &st))
		err = -errno;
	else if (!S_ISREG(st.st_mode))
		err = -EINVAL;
	else if (st.st_size > PROGRESS_MAX)
		err = -EFBIG;
	if (!err) {
		*text = malloc(st.st_size + 1);
		err = *text ? 0 : -ENOMEM;
	}
	while (!err && *size < (size_t)st.st_size) {
		n = read(fd, *text + *size, st.st_size - *size);
		if (n <= 0) {
			err = n < 0 ? -errno : 0;
			break;
		}
		*size += n;
	}
	if (fd >= 0)
		close(fd);
	return err ? err_set(e, err, "cannot read %s: %s", path, strerror(-err)) : 0;
}

/* Under another name, which no file has. */
static int keep_aside(struct progress *p, const char *path, struct err *e)
{
	time_t now = time(NULL);
	char stamp[32];
	struct tm tm;
	int err = -EEXIST;

	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
	for (int i = 0; i < 100; i++) {
		snprintf(p->damaged, sizeof(p->damaged), "%s.damaged-%s%.0d", path, stamp, i);
		err = folder_rename_new(path, p->damaged);
		if (!err)
			return 0;
		if (err != -EEXIST)
			break;
	}
	*p->damaged = '\0';
	err_set(e, err, "%s is damaged and cannot be kept aside: %s", path, strerror(-err));
	return err_hint(e, "move it away");
}

static int load(struct progress *p, struct err *e)
{
	char path[sizeof(p->folder) + 16], *text;
	const char *schema;
	size_t size;
	int err;

	snprintf(path, sizeof(path), "%s/progress.json", p->folder);
	err = read_all(path, &text, &size, e);
	if (!err) {
		p->root = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
		free(text);
		schema = json_string_value(json_object_get(p->root, "schema"));
		if (schema && !strncmp(schema, "lvt.progress/", 13) && strcmp(schema, SCHEMA)) {
			err_set(e, -EPROTO, "%s was written by another lvt (%.40s, not %s)", path,
				schema, SCHEMA);
			return err_hint(e, "use that lvt, or move the file away");
		}
		if (!schema || strcmp(schema, SCHEMA) || !progress_shape_ok(p->root)) {
			json_decref(p->root);
			p->root = NULL;
			err = keep_aside(p, path, e);
		}
	}
	if (err && err != -ENOENT)
		return err;
	if (!p->root)
		p->root = json_pack("{s:s, s:{}, s:{}}", "schema", SCHEMA, "read", "labs");
	return p->root ? 0 : err_set(e, -ENOMEM, "no memory");
}

int progress_open(struct progress *p, bool change, struct err *e)
{
	struct invoker who;
	int err;

	*p = (struct progress){ .lock = -1 };
	err = find_folder(p, &who, e);
	if (!err && change) {
		err = invoker_make_folder(&who, p->folder, e);
		if (!err)
			err = lock(p, &who, e);
	}
	if (!err)
		err = load(p, e);
	if (err)
		progress_close(p);
	return err;
}

int progress_save(struct progress *p, struct err *e)
{
	char path[sizeof(p->folder) + 16], *text = json_dumps(p->root, JSON_INDENT(1));
	struct out_file file;
	int err;

	if (!text)
		return err_set(e, -ENOMEM, "no memory");
	snprintf(path, sizeof(path), "%s/progress.json", p->folder);
	err = out_file_open(&file, path, e);
	if (!err)
		err = out_file_write(&file, text, strlen(text), e);
	if (!err)
		err = out_file_write(&file, "\n", 1, e);
	/* not to have an empty file after a crash of the machine */
	if (!err && fsync(file.fd))
		err = err_set(e, -errno, "cannot write %s: %s", path, strerror(errno));
	free(text);
	if (!err)
		return out_file_finish(&file, e);
	out_file_drop(&file);
	/* what the lower layer says of a part that is kept does not hold here */
	return err_set(e, err, "cannot write %s: %s (what it had before is still there)", path,
		       strerror(-err));
}

void progress_close(struct progress *p)
{
	if (p->root)
		json_decref(p->root);
	if (p->lock >= 0)
		close(p->lock);
	p->root = NULL;
	p->lock = -1;
}

json_t *progress_lab(const struct progress *p, const char *id, bool make)
{
	json_t *labs = json_object_get(p->root, "labs"), *lab;

	if (!labs && make && !json_object_set_new(p->root, "labs", json_object()))
		labs = json_object_get(p->root, "labs");
	lab = json_object_get(labs, id);
	if (!lab && make && labs && !json_object_set_new(labs, id, json_object()))
		lab = json_object_get(labs, id);
	return lab;
}

bool progress_passed(const struct progress *p, const char *id)
{
	return json_is_string(json_object_get(progress_lab(p, id, false), "passed"));
}

bool progress_read(const struct progress *p, const char *unit)
{
	return json_is_string(json_object_get(json_object_get(p->root, "read"), unit));
}

json_t *progress_now(void)
{
	time_t now = time(NULL);
	char stamp[32];
	struct tm tm;

	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	return json_string(stamp);
}

int progress_mark_read(struct progress *p, const char *unit)
{
	json_t *read = json_object_get(p->root, "read");

	if (!read && !json_object_set_new(p->root, "read", json_object()))
		read = json_object_get(p->root, "read");
	return json_object_set_new(read, unit, progress_now()) ? -ENOMEM : 0;
}
