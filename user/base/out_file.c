// SPDX-License-Identifier: BSD-2-Clause
#define _GNU_SOURCE
#include "base/out_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* The user who called sudo, or -1: then the file is whose the process is. */
static uid_t invoker(gid_t *gid)
{
	const char *uid = getenv("SUDO_UID"), *group = getenv("SUDO_GID");

	*gid = group ? strtoul(group, NULL, 10) : (gid_t)-1;
	return geteuid() == 0 && uid ? strtoul(uid, NULL, 10) : (uid_t)-1;
}

static bool is_ours(uid_t uid)
{
	gid_t gid;

	return uid == 0 || uid == geteuid() || uid == invoker(&gid);
}

static bool everybody_writes(int folder)
{
	struct stat st;

	return fstat(folder, &st) || (st.st_mode & S_IWOTH);
}

/* One step down the path; takes `from` over. */
static int step(int from, const char *name)
{
	int next = openat(from, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), followed;
	struct stat st;

	if (next < 0 || fstat(next, &st)) {
		next = -errno;
	} else if (S_ISLNK(st.st_mode)) {
		close(next);
		followed = everybody_writes(from) && !is_ours(st.st_uid) ?
				   -ELOOP :
				   openat(from, name, O_PATH | O_CLOEXEC);
		next = followed == -1 ? -errno : followed;
	} else if (!S_ISDIR(st.st_mode)) {
		close(next);
		next = -ENOTDIR;
	}
	close(from);
	return next;
}

/* The folder of a path, by no link that somebody else could have put there; or -errno. */
static int open_folder(const char *path)
{
	const char *rest = path, *slash;
	char name[NAME_MAX + 1];
	int folder = open(*path == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (folder < 0)
		return -errno;
	while (folder >= 0 && (slash = strchr(rest, '/'))) {
		size_t n = slash - rest;

		if (n >= sizeof(name)) {
			close(folder);
			return -ENAMETOOLONG;
		}
		memcpy(name, rest, n);
		name[n] = 0;
		rest = slash + 1;
		if (n)
			folder = step(folder, name);
	}
	return folder;
}

static const char *last_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* What has the name now: may it be replaced? */
static int check_target(const struct out_file *o, struct err *e)
{
	struct stat st;

	if (fstatat(o->folder, last_name(o->path), &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ?
			       0 :
			       err_set(e, -errno, "cannot write %s: %s", o->path, strerror(errno));
	if (S_ISLNK(st.st_mode))
		return err_set(e, -ELOOP, "will not write %s: it is a symbolic link", o->path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, -EEXIST, "will not write %s: it is not a regular file", o->path);
	if (everybody_writes(o->folder) && !is_ours(st.st_uid))
		return err_set(e, -EPERM, "will not replace %s: it belongs to another user",
			       o->path);
	return 0;
}

static int create(struct out_file *o, struct err *e)
{
	unsigned char random[6];
	gid_t gid;
	uid_t uid = invoker(&gid);

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return err_set(e, -EIO, "no random numbers for the name of a file");
	for (size_t i = 0; i < sizeof(random); i++)
		random[i] = "abcdefghijklmnopqrstuvwxyz234567"[random[i] & 31];
	if (asprintf(&o->part, "%s.%.6s.part", o->path, (char *)random) < 0) {
		o->part = NULL;
		return err_set(e, -ENOMEM, "no memory");
	}
	o->fd = openat(o->folder, last_name(o->part),
		       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (o->fd < 0)
		return err_set(e, -errno, "cannot write %s: %s", o->path, strerror(errno));
	if (uid != (uid_t)-1 && fchown(o->fd, uid, gid))
		return err_set(e, -errno, "cannot give %s to its user: %s", o->path,
			       strerror(errno));
	return 0;
}

int out_file_open(struct out_file *o, const char *path, struct err *e)
{
	int err;

	*o = (struct out_file){ .fd = -1, .folder = -1, .path = strdup(path) };
	if (!o->path)
		return err_set(e, -ENOMEM, "no memory");
	if (!*last_name(path))
		return err_set(e, -EISDIR, "cannot write %s: it is a folder", path);
	o->folder = open_folder(path);
	if (o->folder == -ELOOP)
		return err_set(e, -ELOOP,
			       "will not write %s: its path has a link that anybody may have made",
			       path);
	if (o->folder < 0)
		return err_set(e, o->folder, "cannot write %s: %s", path, strerror(-o->folder));
	err = check_target(o, e);
	return err ? err : create(o, e);
}

void out_file_use(struct out_file *o, int fd)
{
	*o = (struct out_file){ .fd = fd, .folder = -1 };
}

int out_file_write(struct out_file *o, const void *data, size_t n, struct err *e)
{
	off_t start = lseek(o->fd, 0, SEEK_CUR);
	const char *p = data;
	ssize_t done;
	int err;

	for (; n; n -= done, p += done) {
		done = write(o->fd, p, n);
		if (done > 0)
			continue;
		if (done < 0 && errno == EINTR) {
			done = 0;
			continue;
		}
		err = done < 0 ? -errno : -EIO;
		/* a line cut in the middle would make what came before unreadable */
		if (start < 0 || ftruncate(o->fd, start) || lseek(o->fd, start, SEEK_SET) < 0)
			err_set(e, err, "cannot write %s: %s", o->path ?: "to a descriptor",
				strerror(-err));
		else if (!o->path)
			err_set(e, err, "cannot write to a descriptor: %s", strerror(-err));
		else
			err_set(e, err, "cannot write %s: %s (what came before is in %s)", o->path,
				strerror(-err), o->part);
		return err;
	}
	return 0;
}

static void release(struct out_file *o)
{
	if (o->fd >= 0 && o->path)
		close(o->fd);
	if (o->folder >= 0)
		close(o->folder);
	free(o->path);
	free(o->part);
	*o = (struct out_file){ .fd = -1, .folder = -1 };
}

int out_file_finish(struct out_file *o, struct err *e)
{
	int fd = o->fd, err;

	if (!o->path) {
		release(o);
		return 0;
	}
	err = check_target(o, e);
	o->fd = -1;
	if (close(fd) && !err)
		err = err_set(e, -errno, "cannot write %s: %s", o->path, strerror(errno));
	if (!err && renameat(o->folder, last_name(o->part), o->folder, last_name(o->path)))
		err = err_set(e, -errno, "cannot rename %s to %s: %s", o->part, o->path,
			      strerror(errno));
	release(o);
	return err;
}

void out_file_drop(struct out_file *o)
{
	if (o->fd >= 0 && o->path)
		unlinkat(o->folder, last_name(o->part), 0);
	release(o);
}

void out_file_keep(struct out_file *o)
{
	release(o);
}

int out_file_print(const char *path, int (*print)(FILE *out, const void *arg, struct err *e),
		   const void *arg, struct err *e)
{
	struct out_file file;
	FILE *out = NULL;
	int err, fd;

	if (!path)
		return print(stdout, arg, e);
	err = out_file_open(&file, path, e);
	if (!err) {
		fd = dup(file.fd);
		out = fd < 0 ? NULL : fdopen(fd, "w");
		if (!out)
			err = err_set(e, -errno, "cannot write %s: %s", path, strerror(errno));
	}
	if (!err)
		err = print(out, arg, e);
	if (out && fclose(out) && !err)
		err = err_set(e, -errno, "cannot write %s: %s", path, strerror(errno));
	if (err)
		out_file_drop(&file);
	else
		err = out_file_finish(&file, e);
	return err;
}
