/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/journal.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SCHEMA "lvt.journal/1"
enum { VALUE_LEN = 256, PATH_LEN = 512 };

/* A keeper has 5 s to end what was in a cgroup. */
#define PATIENCE_S 7

/* ---- values of the kernel ---- */

/* One line, each run of blanks as one: tabs and spaces are the same to the kernel. */
static void normalise(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++)
		if (!isspace((unsigned char)*from))
			*to++ = *from;
		else if (to > text && to[-1] != ' ')
			*to++ = ' ';
	while (to > text && to[-1] == ' ')
		to--;
	*to = '\0';
}

static int read_value(const char *path, char value[VALUE_LEN])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, value, VALUE_LEN - 1);
	close(fd);
	if (n < 0)
		return -errno;
	value[n] = '\0';
	normalise(value);
	return 0;
}

static int write_value(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, value, strlen(value)) != (ssize_t)strlen(value))
		err = errno ? -errno : -EIO;
	close(fd);
	return err;
}

static bool sysctl_path(const char *name, char path[PATH_LEN])
{
	size_t n = snprintf(path, PATH_LEN, "/proc/sys/%s", name);

	if (!*name || n >= PATH_LEN || strchr(name, '/') || strstr(name, "..") || *name == '.')
		return false;
	for (char *at = path + strlen("/proc/sys/"); *at; at++)
		if (*at == '.')
			*at = '/';
	return true;
}

int journal_sysctl_value(const char *name, char *value, size_t size)
{
	char path[PATH_LEN], text[VALUE_LEN];
	int err = sysctl_path(name, path) ? read_value(path, text) : -EINVAL;

	if (!err)
		snprintf(value, size, "%s", text);
	return err;
}

/* ---- the file ---- */

/* Which boot this is; "" = not known. */
static void boot_id(char id[64])
{
	char value[VALUE_LEN];

	if (read_value("/proc/sys/kernel/random/boot_id", value))
		*value = '\0';
	snprintf(id, 64, "%.63s", value);
}

static int sync_folder(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = fsync(fd) ? -errno : 0;
	close(fd);
	return err;
}

static int write_whole(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644), err = 0;
	size_t len = strlen(text), done = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	while (!err && done < len) {
		n = write(fd, text + done, len - done);
		if (n < 0)
			err = -errno;
		else
			done += n;
	}
	if (!err && fsync(fd))
		err = -errno;
	close(fd);
	return err;
}

static int save(struct journal *j, struct err *e)
{
	char path[PATH_LEN], part[PATH_LEN], id[64];
	char *text = NULL;
	json_t *root;
	int err = -ENOMEM;

	boot_id(id);
	snprintf(path, sizeof(path), "%s/journal.json", j->folder);
	snprintf(part, sizeof(part), "%s/journal.json.part", j->folder);
	root = json_pack("{s:s, s:s, s:O}", "schema", SCHEMA, "boot", id, "changes", j->changes);
	if (root)
		text = json_dumps(root, JSON_INDENT(1));
	json_decref(root);
	if (text && !json_array_size(j->changes)) {
		err = unlink(path) && errno != ENOENT ? -errno : 0;
	} else if (text) {
		err = write_whole(part, text);
		if (!err && rename(part, path))
			err = -errno;
		if (err)
			unlink(part);
	}
	free(text);
	if (!err)
		err = sync_folder(j->folder);
	return err ? err_set(e, err, "cannot write down in %s what is to be changed: %s", path,
			     strerror(-err)) :
		     0;
}

/* What was left; none of another boot, as the kernel forgot it, too. */
static int load(struct journal *j, struct err *e)
{
	char path[PATH_LEN], id[64];
	const char *boot;
	json_t *root;

	boot_id(id);
	snprintf(path, sizeof(path), "%s/journal.json", j->folder);
	errno = 0;
	root = json_load_file(path, 0, NULL);
	if (!root && access(path, F_OK)) {
		j->changes = json_array();
		return j->changes ? 0 : err_set(e, -ENOMEM, "no memory");
	}
	boot = json_string_value(json_object_get(root, "boot"));
	if (boot && strcmp(boot, id))
		j->changes = json_array();
	else if (boot && json_is_array(json_object_get(root, "changes")))
		j->changes = json_incref(json_object_get(root, "changes"));
	json_decref(root);
	if (j->changes)
		return 0;
	err_set(e, -EBADMSG, "%s is damaged: what a lab has changed on this host is not known",
		path);
	return err_hint(e, "look at it, and remove it");
}

/* ---- undo ---- */

struct teller {
	journal_tell tell;
	void *arg;
};

static void say(const struct teller *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say(const struct teller *t, const char *fmt, ...)
{
	char line[PATH_LEN + 3 * VALUE_LEN];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (t && t->tell)
		t->tell(t->arg, line);
}

static int undo_value(const char *name, const char *path, const json_t *change,
		      const struct teller *t)
{
	const char *old = json_string_value(json_object_get(change, "old"));
	const char *new = json_string_value(json_object_get(change, "new"));
	char now[VALUE_LEN];
	int err = read_value(path, now);

	if (!old || !new)
		return -EBADMSG;
	if (err == -ENOENT || (!err && !strcmp(now, old)))
		return 0; /* it has gone, or was never changed */
	if (!err && strcmp(now, new)) {
		say(t,
		    "%s is %s now, neither what it was (%s) nor what the lab made it (%s): it is "
		    "left alone",
		    name, now, old, new);
		return 0;
	}
	if (!err)
		err = write_value(path, old);
	return err;
}

static int undo_file(const json_t *change)
{
	const char *path = json_string_value(json_object_get(change, "file"));
	const char *undo = json_string_value(json_object_get(change, "old"));
	int err = path && undo ? write_value(path, undo) : -EBADMSG;

	return err == -ENOENT ? 0 : err;
}

/* Its processes are ended by who started them; that takes a moment. */
static int undo_cgroup(const char *path)
{
	const struct timespec moment = { 0, 50000000 };

	for (int i = 0; i < PATIENCE_S * 20; i++) {
		if (!rmdir(path) || errno == ENOENT)
			return 0;
		if (errno != EBUSY)
			break;
		nanosleep(&moment, NULL);
	}
	return -errno;
}

static int undo_one(const json_t *change, const struct teller *t, const char **what)
{
	const char *sysctl = json_string_value(json_object_get(change, "sysctl"));
	const char *cgroup = json_string_value(json_object_get(change, "cgroup"));
	char path[PATH_LEN];

	*what = sysctl ?: cgroup ?: json_string_value(json_object_get(change, "file")) ?: "?";
	if (sysctl)
		return sysctl_path(sysctl, path) ? undo_value(sysctl, path, change, t) : -EBADMSG;
	return cgroup ? undo_cgroup(cgroup) : undo_file(change);
}

int journal_undo(struct journal *j, journal_tell tell, void *arg, struct err *e)
{
	const struct teller t = { tell, arg };
	int failed = 0, err;

	for (size_t i = json_array_size(j->changes); i-- > 0;) {
		const char *what;

		err = undo_one(json_array_get(j->changes, i), &t, &what);
		if (err) {
			failed = err_set(e, err, "%s could not be set back: %s", what,
					 strerror(-err));
			err_hint(e, "the next lvt lab, as root, tries again");
			continue;
		}
		json_array_remove(j->changes, i);
	}
	err = save(j, failed ? NULL : e);
	return failed ? failed : err;
}

/* ---- changes ---- */

static int write_down(struct journal *j, json_t *change, struct err *e)
{
	int err = json_array_append_new(j->changes, change) ?
			  err_set(e, -ENOMEM, "no memory for the journal") :
			  save(j, e);

	if (err && json_array_size(j->changes))
		json_array_remove(j->changes, json_array_size(j->changes) - 1);
	return err;
}

int journal_sysctl(struct journal *j, const char *name, const char *value, struct err *e)
{
	char path[PATH_LEN], old[VALUE_LEN], new[VALUE_LEN];
	int err = sysctl_path(name, path) ? read_value(path, old) : -EINVAL;

	snprintf(new, sizeof(new), "%s", value);
	normalise(new);
	if (err)
		return err_set(e, err, "the sysctl %s cannot be read: %s", name, strerror(-err));
	if (!strcmp(old, new))
		return 0;
	err = write_down(j, json_pack("{s:s, s:s, s:s}", "sysctl", name, "old", old, "new", new),
			 e);
	if (err)
		return err;
	err = write_value(path, new);
	if (!err)
		err = read_value(path, old);
	if (err)
		return err_set(e, err, "the sysctl %s cannot be set to '%s': %s", name, new,
			       strerror(-err));
	if (strcmp(old, new))
		return err_set(e, -EINVAL, "the kernel made %s of '%s' for the sysctl %s", old, new,
			       name);
	return 0;
}

int journal_file(struct journal *j, const char *path, const char *value, const char *undo,
		 struct err *e)
{
	int err = write_down(
		j, json_pack("{s:s, s:s, s:s}", "file", path, "old", undo, "new", value), e);

	if (err)
		return err;
	err = write_value(path, value);
	return err ? err_set(e, err, "cannot write '%s' to %s: %s", value, path, strerror(-err)) :
		     0;
}

int journal_cgroup(struct journal *j, const char *path, struct err *e)
{
	int err = write_down(j, json_pack("{s:s}", "cgroup", path), e);

	if (err)
		return err;
	if (mkdir(path, 0755) && errno != EEXIST)
		return err_set(e, -errno, "cannot make the cgroup %s: %s", path, strerror(errno));
	return 0;
}

/* ---- open, repair, close ---- */

static int take_lock(struct journal *j, struct err *e)
{
	char path[PATH_LEN];
	struct stat st;

	if (mkdir(j->folder, 0755) && errno != EEXIST)
		return err_set(e, -errno, "cannot make %s: %s", j->folder, strerror(errno));
	if (lstat(j->folder, &st) || !S_ISDIR(st.st_mode) || st.st_uid != geteuid())
		return err_set(e, -EPERM, "%s is not a folder of this user's own", j->folder);
	snprintf(path, sizeof(path), "%s/lock", j->folder);
	j->lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (j->lock < 0)
		return err_set(e, -errno, "cannot open %s: %s", path, strerror(errno));
	if (!flock(j->lock, LOCK_EX | LOCK_NB))
		return 0;
	if (errno != EWOULDBLOCK)
		return err_set(e, -errno, "cannot lock %s: %s", path, strerror(errno));
	err_set(e, -EBUSY, "another lvt has changed this host for a lab, and is at work");
	return err_hint(e, "wait until it ends");
}

int journal_open(struct journal *j, const char *folder, journal_tell tell, void *arg, struct err *e)
{
	const struct teller t = { tell, arg };
	size_t left;
	int err;

	*j = (struct journal){ .lock = -1 };
	snprintf(j->folder, sizeof(j->folder), "%s", folder);
	err = take_lock(j, e);
	if (!err)
		err = load(j, e);
	if (err)
		return err;
	left = json_array_size(j->changes);
	if (!left)
		return save(j, e); /* what another boot has left goes */
	err = journal_undo(j, tell, arg, e);
	if (!err)
		say(&t, "an lvt that was killed had left %zu change%s to this host: set back", left,
		    left == 1 ? "" : "s");
	return err;
}

int journal_repair(const char *folder, journal_tell tell, void *arg, struct err *e)
{
	char path[PATH_LEN];
	struct journal j;
	int err;

	snprintf(path, sizeof(path), "%s/journal.json", folder);
	if (access(path, F_OK))
		return 0;
	err = journal_open(&j, folder, tell, arg, e);
	journal_close(&j);
	return err == -EBUSY ? 0 : err;
}

bool journal_in_use(const char *folder)
{
	char path[PATH_LEN];
	bool used;
	int fd;

	snprintf(path, sizeof(path), "%s/lock", folder);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return false;
	used = flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
	close(fd);
	return used;
}

void journal_close(struct journal *j)
{
	json_decref(j->changes);
	j->changes = NULL;
	if (j->lock >= 0)
		close(j->lock);
	j->lock = -1;
}
