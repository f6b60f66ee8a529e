/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/require.h"
#include <errno.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/cpus.h"

static int missing(struct err *e, int err)
{
	if (e)
		e->status = EXIT_UNFIT;
	return err;
}

static int check_root(const struct lab_manifest *lab, struct err *e)
{
	if (!geteuid())
		return 0;
	err_set(e, -ENOTSUP, "lab %s needs root, as tracing does", lab->id);
	return missing(e, err_hint(e, "run the same command with sudo"));
}

static int check_cpus(const struct lab_manifest *lab, int need, struct err *e)
{
	int have = cpus_given() ?: (int)sysconf(_SC_NPROCESSORS_ONLN);

	if (have >= need)
		return 0;
	err_set(e, -ENOTSUP, "lab %s needs %d CPUs, and this process may use %d", lab->id, need,
		have);
	return missing(e, err_hint(e,
				   "use a machine with %d CPUs, or lift the limit (taskset, "
				   "cpuset, container)",
				   need));
}

static bool has_word(const char *list, const char *word, const char *between)
{
	size_t n = strlen(word);

	for (; *list; list += strcspn(list, between)) {
		list += strspn(list, between);
		if (strcspn(list, between) == n && !strncmp(list, word, n))
			return true;
	}
	return false;
}

/* Of a mounted hierarchy: v1 names its controllers as mount options, v2 in a file. */
static bool has_cpu(const struct mntent *m)
{
	char path[4200], line[1024] = "";
	FILE *in;

	if (!strcmp(m->mnt_type, "cgroup"))
		return has_word(m->mnt_opts, "cpu", ",");
	if (strcmp(m->mnt_type, "cgroup2") != 0)
		return false;
	snprintf(path, sizeof(path), "%s/cgroup.controllers", m->mnt_dir);
	in = fopen(path, "re");
	if (!in)
		return false;
	if (!fgets(line, sizeof(line), in))
		*line = '\0';
	fclose(in);
	return has_word(line, "cpu", " \n");
}

static int check_cgroup(const struct lab_manifest *lab, struct err *e)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	const struct mntent *m;
	bool found = false;

	while (mounts && !found && (m = getmntent(mounts)))
		found = has_cpu(m);
	if (mounts)
		endmntent(mounts);
	if (found)
		return 0;
	err_set(e, -ENOTSUP, "lab %s needs the cgroup controller 'cpu', and none is mounted",
		lab->id);
	return missing(e,
		       err_hint(e, "sudo mount -t cgroup2 none /sys/fs/cgroup, or on a kernel with "
				   "cgroup v1: sudo mount -t cgroup -o cpu none "
				   "/sys/fs/cgroup/cpu"));
}

int require_check(const struct lab_manifest *lab, bool root, struct err *e)
{
	int err = 0;

	for (size_t i = 0; i < lab->requires.n && !err; i++) {
		const char *word = lab->requires.items[i];

		if (!strcmp(word, "root"))
			err = root ? check_root(lab, e) : 0;
		else if (!strncmp(word, "cpus:", 5))
			err = check_cpus(lab, atoi(word + 5), e);
		else if (!strcmp(word, "cgroup-cpu"))
			err = check_cgroup(lab, e);
	}
	return err;
}
