/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/invoker.h"
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int invoker_find(struct invoker *who, struct err *e)
{
	const char *user = getenv("SUDO_UID"), *group = getenv("SUDO_GID"), *home = getenv("HOME");
	struct passwd *pw;

	*who = (struct invoker){ .uid = geteuid(), .gid = getegid() };
	who->sudo = !who->uid && user && strtoul(user, NULL, 10);
	if (who->sudo) {
		who->uid = strtoul(user, NULL, 10);
		pw = getpwuid(who->uid);
		who->gid = group ? strtoul(group, NULL, 10) : pw ? pw->pw_gid : who->uid;
		/* sudo keeps HOME or sets root's, by its configuration */
		home = pw ? pw->pw_dir : NULL;
	}
	if (!home || *home != '/') {
		pw = getpwuid(who->uid);
		home = pw ? pw->pw_dir : NULL;
	}
	if (!home || *home != '/' || strlen(home) >= sizeof(who->home)) {
		err_set(e, -ENOENT, "user %u has no home folder", (unsigned int)who->uid);
		return err_hint(e, "set HOME");
	}
	strcpy(who->home, home);
	return 0;
}

static int make_one(const struct invoker *who, const char *path, struct err *e)
{
	struct stat st;

	if (mkdir(path, 0755)) {
		if (errno == EEXIST && !stat(path, &st) && S_ISDIR(st.st_mode))
			return 0;
		return err_set(e, -errno, "cannot make the folder %s: %s", path, strerror(errno));
	}
	if (who->sudo && lchown(path, who->uid, who->gid))
		return err_set(e, -errno, "cannot give %s to its user: %s", path, strerror(errno));
	return 0;
}

int invoker_make_folder(const struct invoker *who, const char *path, struct err *e)
{
	char upto[PATH_MAX];
	int err = 0;

	if (strlen(path) >= sizeof(upto))
		return err_set(e, -ENAMETOOLONG, "the path %s is too long", path);
	for (const char *at = path + 1; !err; at++) {
		if (*at && *at != '/')
			continue;
		snprintf(upto, sizeof(upto), "%.*s", (int)(at - path), path);
		err = make_one(who, upto, e);
		if (!*at)
			break;
	}
	return err;
}
