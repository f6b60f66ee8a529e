/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/folder.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* The user behind sudo, or the own one. */
static uid_t invoker(gid_t *gid)
{
	const char *user = getenv("SUDO_UID"), *group = getenv("SUDO_GID");

	*gid = !geteuid() && user && group ? strtoul(group, NULL, 10) : getegid();
	return !geteuid() && user ? strtoul(user, NULL, 10) : geteuid();
}

static int open_own(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	gid_t gid;

	if (fd < 0 || fstat(fd, &st)) {
		int err = -errno;

		if (fd >= 0)
			close(fd);
		return err_set(e, err, "cannot open the folder %s: %s", path, strerror(-err));
	}
	if (st.st_uid != 0 && st.st_uid != geteuid() && st.st_uid != invoker(&gid)) {
		close(fd);
		return err_set(e, -EPERM, "the folder %s belongs to another user", path);
	}
	return fd;
}

static bool is_empty(int folder)
{
	int fd = dup(folder);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int n = 0;

	if (!d)
		return false;
	while (n <= 2 && (entry = readdir(d)))
		n++;
	closedir(d);
	return n <= 2;
}

int folder_make(const char *path, struct err *e)
{
	bool made = !mkdir(path, 0755);
	int fd, err = 0;
	gid_t gid;
	uid_t uid = invoker(&gid);

	if (!made && errno != EEXIST)
		return err_set(e, -errno, "cannot make the folder %s: %s", path, strerror(errno));
	fd = open_own(path, e);
	if (fd < 0)
		return fd;
	if (!made && !is_empty(fd)) {
		err_set(e, -ENOTEMPTY, "the folder %s is not empty", path);
		err = err_hint(e, "give a new one");
	} else if (made && uid != geteuid() && fchown(fd, uid, gid)) {
		err = err_set(e, -errno, "cannot give %s to its user: %s", path, strerror(errno));
	}
	close(fd);
	return err;
}

int folder_lock(const char *path, struct err *e)
{
	int fd = open_own(path, e);

	if (fd < 0)
		return fd;
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		int err = -errno;

		close(fd);
		return err_set(e, err,
			       err == -EWOULDBLOCK ? "another lvt is at work in %s%s" :
						     "cannot lock %s: %s",
			       path, err == -EWOULDBLOCK ? "" : strerror(-err));
	}
	return fd;
}

int folder_file(int folder, const char *name, struct err *e)
{
	gid_t gid;
	uid_t uid = invoker(&gid);
	int fd;

	unlinkat(folder, name, 0);
	fd = openat(folder, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_APPEND | O_CLOEXEC,
		    0644);
	if (fd < 0)
		return err_set(e, -errno, "cannot write %s: %s", name, strerror(errno));
	if (uid != geteuid() && fchown(fd, uid, gid)) {
		int err = -errno;

		close(fd);
		return err_set(e, err, "cannot give %s to its user: %s", name, strerror(-err));
	}
	return fd;
}

int folder_rename_new(const char *from, const char *to)
{
	struct stat st;

	if (!renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE))
		return 0;
	/* some file systems do not know the flag */
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	if (!lstat(to, &st))
		return -EEXIST;
	return rename(from, to) ? -errno : 0;
}

/* All in a folder, whose descriptor it takes over. */
static int empty(int fd)
{
	DIR *d = fdopendir(fd);
	const struct dirent *entry;
	int err = 0;

	if (!d) {
		err = -errno;
		close(fd);
		return err;
	}
	while (!err && (entry = readdir(d))) {
		int below;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (!unlinkat(fd, entry->d_name, 0))
			continue;
		if (errno != EISDIR && errno != EPERM) {
			err = -errno;
			break;
		}
		below = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		err = below < 0 ? -errno : empty(below);
		if (!err && unlinkat(fd, entry->d_name, AT_REMOVEDIR))
			err = -errno;
	}
	closedir(d);
	return err;
}

int folder_remove(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), err;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	err = empty(fd);
	return !err && rmdir(path) ? -errno : err;
}
